"""How written workbooks look: colours, fonts, widths. Plain enough to print, and the same everywhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from rulectl.codes import Language
from rulectl.model.draft import BlockKind

FONTS: dict[Language, str] = {"zh": "Microsoft YaHei", "en": "Calibri"}

BANDS = {
    BlockKind.RULEBOOK: "37474F",
    BlockKind.VOCABULARY: "455A64",
    BlockKind.PARAMETERS: "6D4C41",
    BlockKind.TABLE: "1F5F8B",
    BlockKind.AGGREGATES: "00695C",
    BlockKind.TEMPLATES: "5E548E",
    BlockKind.TESTS: "2E7D32",
    BlockKind.POLICIES: "8E3B46",
}
"""The colour of each block's title band and tab."""

ROLE_FILLS = {"condition": "D6E6F2", "conclusion": "DDEBD5"}
TERM_FILLS = {"condition": "EAF3F9", "conclusion": "EEF5E9"}
BODY_FILLS = {"conclusion": "F8FBF6"}
HEADING_FILL = "E9ECEF"
KEY_FILL = "F4F6F7"

_LINE = Side(style="thin", color="D5DADF")
BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
WRAP = Alignment(wrap_text=True, vertical="center")
CENTRED = Alignment(wrap_text=True, vertical="center", horizontal="center")
PLAIN = Alignment(vertical="center")

NARROWEST, WIDEST, WIDEST_PROSE, SHARED_PROSE = 8, 22, 46, 26
"""Widths in digits. Texts wrap, so that a sheet of many columns still prints at a size that can be read; prose that
stands above or below the conditions of another table takes no more than it needs to be read."""
PROSE = frozenset(("note", "notes", "description", "text", "statement", "where", "values"))
ROW_HEIGHT, LINE_HEIGHT, HIGHEST = 19.0, 15.0, 400.0

READABLE = 215.0
"""The widths that A4 across holds when 10 points print as 7, which can still be read."""
LEAST, FURTHEST = 0.72, 1.4
"""How far the columns of a wider sheet give way; and how much wider than that a sheet may be before it is printed on
several sheets of paper side by side."""


def pressed(widths: Mapping[int, float], headings: Mapping[int, int]) -> dict[int, float]:
    """The widths of a sheet's columns, narrower where they are more than can be read on paper: texts wrap, but for the
    headings, of which the widest is given for each column."""
    share = max(LEAST, min(1.0, READABLE / max(sum(widths.values()), 1.0)))
    least = {number: max(NARROWEST, headings.get(number, 0) + 2.0) for number in widths}
    return {number: max(min(width, least[number]), round(width * share)) for number, width in widths.items()}


def fill(colour: str) -> PatternFill:
    return PatternFill("solid", start_color=colour, end_color=colour)


def font(lang: Language, *, bold: bool = False, colour: str = "212529", size: int = 10, italic: bool = False) -> Font:
    return Font(name=FONTS[lang], size=size, bold=bold, color=colour, italic=italic)


def band_border(colour: str) -> Border:
    """A border that does not show on a title band."""
    side = Side(style="thin", color=colour)
    return Border(left=side, right=side, top=side, bottom=side)


def row_height(texts: Iterable[tuple[str, float]]) -> float | None:
    """The height that a row needs, by its texts and the widths of their columns; None when one line will do."""
    lines = max((sum(-(-shown_width(line) // max(int(width), 1)) or 1 for line in t.split("\n")) for t, width in texts))
    return min(LINE_HEIGHT * lines + 6, HIGHEST) if lines > 1 else None


def shown_width(text: str) -> int:
    """How wide the longest line of a text is, in the widths of a digit: Chinese counts double."""
    return max((sum(_width(char) for char in line) for line in text.split("\n")), default=0)


def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def column_width(texts: Iterable[str], prose: bool) -> float:
    """A width for a column: most of its texts on one line, the longest ones wrapped."""
    widths = sorted(shown_width(text) for text in texts if text)
    if not widths:
        return NARROWEST
    # nine of ten fit; one long remark does not stretch the whole column
    usual = max(widths[int((len(widths) - 1) * 0.9)], min(widths[-1], 18))
    return float(min(max(usual + 3, NARROWEST), WIDEST_PROSE if prose else WIDEST))
