"""Workbooks as drafts: what Excel did to people's cells, undone where that is safe and told where it is not.

Idea: raw cells (see ooxml) become values exact as shown - numbers of at most the 15 digits that Excel keeps, dates of
either system, booleans, text without stray spaces - merged cells give their value to every cell they cover, and the
blocks are cut out. Findings are made for blocks alone: other cells are the manager's own notes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rulectl.codes import LANGUAGES, say
from rulectl.collecting import uncollected
from rulectl.diagnostics import Finding, finding, listed
from rulectl.model.draft import Draft, DraftBlock, DraftCell, Native
from rulectl.sheets.blocks import split
from rulectl.sheets.ooxml import (
    RawBook,
    RawCell,
    RawSheet,
    Shared,
    clean,
    read_package,
)
from rulectl.sheets.package import UnreadableError, refusal
from rulectl.source import Cell, FilePlace, Location, column_letters, column_number
from rulectl.values import date_text, duration_text, number_text

EXCEL_DIGITS = 15
MAX_SPREAD = 2_000_000
"""How many cells merges may fill in one sheet."""

_RANGE = re.compile(r"^\$?([A-Z]+)\$?(\d+):\$?([A-Z]+)\$?(\d+)$")
# quoted text, escapes, [Red] and the like say nothing of the kind of a number format; [h] [m] [s] do
_FORMAT_NOISE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_TRUTH = {"1": True, "0": False, "true": True, "false": False}


def read_workbook(path: Path) -> Draft:
    """A workbook as a draft. Whatever is wrong with the file is a finding of the draft; nothing is raised."""
    with uncollected():
        return _read(path)


def _read(path: Path) -> Draft:
    refused = refusal(path)
    if refused is not None:
        return Draft(path.name, (), (refused,))
    try:
        book = read_package(path)
    except UnreadableError as error:
        place = FilePlace(path.name)
        return Draft(path.name, (), (finding(error.slug, place, file=path.name, what=error.what),))
    formats = _formats(book)
    blocks: list[DraftBlock] = []
    findings: list[Finding] = []
    if book.others:
        kinds_zh, kinds_en = (
            " / ".join(say(f"kind-{kind}", lang) for kind in sorted(book.others)) for lang in LANGUAGES
        )
        place = FilePlace(path.name)
        findings.append(finding("not-looked-at", place, file=path.name, kinds_zh=kinds_zh, kinds_en=kinds_en))
    # by their numbers as nearly every cell gives them
    numbered = {str(number): text for number, text in enumerate(book.shared)}
    for sheet in book.sheets:
        found, odd = _read_sheet(book, sheet, path.name, formats, numbered)
        blocks.extend(found)
        findings.extend(odd)
    if not blocks and all(found.slug == "not-looked-at" for found in findings):
        findings.append(finding("no-blocks", FilePlace(path.name), file=path.name))
    return Draft(path.name, tuple(blocks), tuple(findings))


# -- one sheet ---------------------------------------------------------------------------------------------------


class _Format(NamedTuple):
    """What a number format makes of a number."""

    percent: bool = False
    day: bool = False
    clock: bool = False
    elapsed: bool = False
    short: str = ""
    """How a date is shown without its year or its day, for strftime."""


def _read_sheet(
    book: RawBook, sheet: RawSheet, file: str, formats: tuple[_Format, ...], numbered: Mapping[str, Shared]
) -> tuple[tuple[DraftBlock, ...], list[Finding]]:
    rows: dict[int, dict[int, DraftCell]] = {}
    odd: dict[tuple[int, int], Finding] = {}
    struck: set[int] = set()
    struck_styles = frozenset(number for number, is_struck in enumerate(book.styles.struck) if is_struck)
    lost: Cell | None = None
    for number, raw_row in sheet.rows.items():
        row: dict[int, DraftCell] = {}
        for column, raw in raw_row.items():
            at = Cell(file, sheet.name, number, column)
            shared = (numbered.get(raw.text) or _shared_at(raw.text, book)) if raw.type == "s" and raw.text else None
            if shared is not None:  # nearly every cell that is no plain number
                value: Native = shared.text
                text = shared.text
            else:
                value, text, slug = _value(raw, book, formats)
                if lost is None and raw.type == "s" and raw.text:
                    lost = at
                if slug:
                    odd[number, column] = finding(slug, Location(at, text), text=text, digits=len(text.lstrip("-")))
                    if slug != "long-number":
                        row[column] = DraftCell(at)
                        continue
            if raw.linked:
                odd[number, column] = finding("external-value", Location(at, text))
            if text:
                row[column] = DraftCell(at, value, text)
                if raw.struck or raw.style in struck_styles or (shared is not None and shared.struck):
                    struck.add(number)
                elif raw.half_struck or (shared is not None and shared.half_struck):
                    odd[number, column] = finding("half-struck", Location(at, text), text=text)
        rows[number] = row
    findings = list(_spread_merges(sheet, rows, file))
    if lost:
        findings.append(finding("damaged-workbook", lost, file=file, what=str(lost)))
    blocks, others = split(rows, file, sheet.name)
    findings.extend(others)
    if blocks and sheet.hidden:
        findings.append(finding("hidden-sheet", blocks[0].at, sheet=sheet.name))
    for block in blocks:
        findings.extend(_about_block(block, sheet, odd, struck))
    return blocks, findings


def _about_block(
    block: DraftBlock, sheet: RawSheet, odd: Mapping[tuple[int, int], Finding], struck: set[int]
) -> Iterator[Finding]:
    """The findings that belong to the cells of a block."""
    first, last = block.rows[0][0].at, block.rows[-1][-1].at
    numbers = [row[0].at.row for row in block.rows]
    if odd:
        for number in numbers:
            for column in range(first.column, last.column + 1):
                if (number, column) in odd:
                    yield odd[number, column]
    for row in block.rows:
        if row[0].at.row in struck:
            shown = next((cell for cell in row if not cell.blank), row[0])
            yield finding("struck-through", Location(shown.at, shown.text))
    hidden = sorted(set(numbers) & sheet.hidden_rows)
    if hidden:
        yield finding("hidden-rows", Cell(first.file, first.sheet, hidden[0], first.column), which=_runs(hidden, str))
    covered = sorted(
        {
            column
            for low, high in sheet.hidden_columns
            for column in range(max(low, first.column), min(high, last.column) + 1)
        }
    )
    if covered:
        which = _runs(covered, column_letters)
        yield finding("hidden-columns", Cell(first.file, first.sheet, first.row, covered[0]), which=which)


def _runs(numbers: list[int], name: Callable[[int], str]) -> str:
    """`3, 5-8` of sorted numbers, each named."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return listed([name(a) if a == b else f"{name(a)}-{name(b)}" for a, b in runs])


def _spread_merges(sheet: RawSheet, rows: dict[int, dict[int, DraftCell]], file: str) -> Iterator[Finding]:
    """Give the first cell of each merge to the others, no further than the sheet is used."""
    if not sheet.merges:
        return
    lowest = max((n for n, row in rows.items() if row), default=0)
    widest = max((c for row in rows.values() for c in row), default=0)
    budget = MAX_SPREAD
    for text in sheet.merges:
        found = _RANGE.match(text.upper())
        if found is None:
            continue
        left, top, right, bottom = column_number(found[1]), int(found[2]), column_number(found[3]), int(found[4])
        source = rows.get(top, {}).get(left)
        if source is None or source.blank:
            continue
        right, bottom = min(right, max(widest, left)), min(bottom, lowest)
        budget -= (right - left + 1) * (bottom - top + 1)
        if budget < 0:
            yield finding("workbook-too-large", Location(source.at, source.text), file=file, what=text)
            return
        for number in range(top, bottom + 1):
            row = rows.setdefault(number, {})
            for column in range(left, right + 1):
                if (number, column) != (top, left):
                    at = Cell(file, sheet.name, number, column)
                    row[column] = DraftCell(at, source.value, source.text, True)


# -- one cell ----------------------------------------------------------------------------------------------------


def _value(raw: RawCell, book: RawBook, formats: tuple[_Format, ...]) -> tuple[Native, str, str]:
    """Value, text as typed, and the slug of what is wrong with the cell (then the text is what to quote)."""
    stored = raw.text
    match raw.type:
        case "s":
            return None, "", ""  # a number of no shared text
        case "inlineStr" | "str":
            text = clean(stored) if stored else ""
            return text or None, text, ""
        case "b":
            truth = _TRUTH.get((stored or "").strip())
            return truth, "" if truth is None else str(truth).upper(), ""
        case "e":
            return None, (stored or "").strip(), "error-value"
        case "d":
            return _iso_date((stored or "").strip())
    if not stored or not stored.strip():
        return None, "", "formula-not-computed" if raw.formula else ""
    format_ = formats[raw.style] if 0 <= raw.style < len(formats) else _Format()
    return _number(stored.strip(), format_, book.date1904)


def _shared_at(number: str, book: RawBook) -> Shared | None:
    """The shared text of a number; None when there is none."""
    text = number.strip()
    index = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    return book.shared[index] if 0 <= index < len(book.shared) else None


def _number(stored: str, format_: _Format, date1904: bool) -> tuple[Native, str, str]:
    """A stored number as its format shows it: a date, a duration, a percentage or a plain number."""
    try:
        binary = float(stored)
    except ValueError:
        return stored, stored, ""
    if format_.elapsed:
        length = dt.timedelta(seconds=round(binary * 86400))
        return length, duration_text(length), ""
    if format_.day or format_.clock:
        moment = _moment(binary, format_, date1904)
        if isinstance(moment, dt.timedelta):
            return moment, duration_text(moment), ""
        if moment is not None:
            return moment, _shown_date(moment, format_), ""
    exact = exact_number(stored, binary)
    if exact is None:
        return stored, stored, ""
    if format_.percent:
        return exact, f"{number_text(exact * 100)}%", ""
    text = number_text(exact)
    digits = len(text.lstrip("-").partition(".")[0])
    return exact, text, "long-number" if digits > EXCEL_DIGITS else ""


def _shown_date(moment: dt.date, format_: _Format) -> str:
    """A date as its format shows it: `3-12` may not have been one when it was typed, nor `2025-03` a day."""
    midnight = not isinstance(moment, dt.datetime) or moment.time() == dt.time()
    return moment.strftime(format_.short) if format_.short and midnight else date_text(moment)


def exact_number(stored: str, binary: float) -> Decimal | None:
    """The number that Excel shows: 15 significant digits, so that 1.1000000000000001 is 1.1 and a formula's
    0.30000000000000004 is 0.3. None for infinities and numbers beyond Excel's own."""
    if binary != binary or abs(binary) > 1e308:
        return None
    digits = stored.lstrip("+-").lstrip("0")
    if digits.isdecimal():
        return Decimal(stored)
    return Decimal(format(binary, f".{EXCEL_DIGITS}g"))


def _moment(serial: float, format_: _Format, date1904: bool) -> dt.date | dt.timedelta | None:
    """An Excel date serial; a clock without a day is a duration. None where no date can be meant."""
    if serial < 0 or serial >= 2958466:  # the year 10000
        return None
    day, seconds = divmod(round(serial * 86400), 86400)
    if not format_.day and day == 0:
        return dt.timedelta(seconds=seconds)
    if date1904:
        start = dt.datetime(1904, 1, 1)
    else:
        # Excel believes in 29 February 1900: serials before it are a day later than the plain count says
        start = dt.datetime(1899, 12, 30) if serial >= 60 else dt.datetime(1899, 12, 31)
    moment = start + dt.timedelta(days=day, seconds=seconds)
    return moment if format_.clock or seconds else moment.date()


def _iso_date(text: str) -> tuple[Native, str, str]:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text or None, text, ""
    moment = moment.replace(tzinfo=None)
    value = moment.date() if "T" not in text else moment
    return value, date_text(value), ""


# -- number formats ----------------------------------------------------------------------------------------------

_BUILT_IN = (
    {9: "0%", 10: "0.00%", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-m-d h:mm"}
    | {45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"}
    | {14: "yyyy-m-d", 15: "yyyy-m-d", 16: "d-mmm", 17: "mmm-yy"}
    # what these mean depends on the country of the Excel; in China, Japan and Korea they are dates and clocks, in China
    # those that are made of `3-12` and `2025-3` have no year and no day (ECMA-376 part 1, 18.8.30)
    | dict.fromkeys((30, 31), "yyyy-m-d")
    | dict.fromkeys((28, 29, 51, 53, 54, 58), "m-d")
    | dict.fromkeys((27, 36, 50, 52, 57), "yyyy-m")
    | dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm")
)


def _formats(book: RawBook) -> tuple[_Format, ...]:
    """What each cell format makes of a number."""
    codes = book.styles.codes
    return tuple(_format(codes.get(id_) or _BUILT_IN.get(id_, "")) for id_ in book.styles.formats)


@cache
def _format(code: str) -> _Format:
    """Read the positive section of a number format."""
    bare = _FORMAT_NOISE.sub("", code).split(";")[0].lower()
    if bare in ("", "general", "@"):
        return _Format()
    if re.search(r"\[[hms]+\]", bare):
        return _Format(elapsed=True)
    day = "y" in bare or "d" in bare or ("m" in bare and "h" not in bare and "s" not in bare)
    clock = "h" in bare or "s" in bare
    short = "" if clock or "m" not in bare else "%m-%d" if "y" not in bare else "%Y-%m" if "d" not in bare else ""
    return _Format("%" in bare, day, clock, short=short if day else "")
