"""A copy of the manager's own workbook with every finding at its cell, and a first sheet that lists them.

Layout and formats stay: only fills and comments are added, and one sheet in front. The workbook itself is not touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.utils import quote_sheetname
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from rulectl.codes import Language, Severity, say
from rulectl.diagnostics import Finding, finding
from rulectl.model import words
from rulectl.sheets import looks
from rulectl.sheets.package import refusal
from rulectl.sheets.writer import free_name, text_cell
from rulectl.source import Cell, CellRange, FilePlace

FILLS = {Severity.ERROR: "FFC7CE", Severity.WARNING: "FFE8A3", Severity.NOTICE: "DCE9F7"}
AUTHOR = "rulectl"

_FILLED = 500
"""How many cells of one range are filled; beyond it, the first only."""

_COLUMNS = (("severity", 9.0), ("code", 9.0), ("place", 22.0), ("text", 26.0), ("message", 60.0), ("help", 60.0))


def annotate(source: Path, findings: Sequence[Finding], target: Path, lang: Language) -> tuple[Finding, ...]:
    """Write a copy of `source` with its findings to `target`; why not, as findings, when it cannot be copied."""
    refused = refusal(source)
    if refused is not None:
        return (refused,)
    try:
        book = load_workbook(source, keep_vba=source.suffix.lower() == ".xlsm", rich_text=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError):
        # openpyxl has many ways to stumble over style sheets of other programs
        return (finding("cannot-annotate", FilePlace(source.name), file=source.name),)
    for found in sorted(findings, key=lambda f: -f.severity.rank):  # the gravest fill is put on last
        _mark(book, found, source.name, lang)
    _list(book, findings, source.name, lang)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        book.save(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return ()


def _place(found: Finding, file: str) -> Cell | CellRange | None:
    """Where in this workbook a finding stands, None when it stands elsewhere."""
    place = found.at.place
    return place if isinstance(place, Cell | CellRange) and place.file == file else None


def _cells(book: Workbook, place: Cell | CellRange) -> Iterator[SheetCell]:
    """The cells of a place that can carry something: of a merged range, its first."""
    first, last = (place, place) if isinstance(place, Cell) else (place.first, place.last)
    page = book[first.sheet] if first.sheet in book.sheetnames else None
    if not isinstance(page, Worksheet):
        return
    if (last.row - first.row + 1) * (last.column - first.column + 1) > _FILLED:
        last = first
    seen: set[str] = set()
    for row in range(first.row, last.row + 1):
        for column in range(first.column, last.column + 1):
            cell = _own(page, row, column)
            if cell.coordinate not in seen:
                seen.add(cell.coordinate)
                yield cell


def _own(page: Worksheet, row: int, column: int) -> SheetCell:
    cell = page.cell(row, column)
    if isinstance(cell, SheetCell):
        return cell
    merged = next(m for m in page.merged_cells.ranges if cell.coordinate in m)
    first = page.cell(merged.min_row, merged.min_col)
    assert isinstance(first, SheetCell)
    return first


def _mark(book: Workbook, found: Finding, file: str, lang: Language) -> None:
    """Fill the cells of a finding and say it in a comment on the first."""
    place = _place(found, file)
    if place is None:
        return
    for n, cell in enumerate(_cells(book, place)):
        cell.fill = looks.fill(FILLS[found.severity])
        if n == 0:
            said = _said(found, lang)
            # the gravest comes last and is said first; the manager's own comment stays at the end
            text = f"{said}\n\n{cell.comment.text}" if cell.comment is not None else said
            comment = Comment(text, AUTHOR)
            comment.width = 340
            lines = sum(looks.shown_width(line) // 48 + 1 for line in text.split("\n"))
            comment.height = min(24 + 18 * lines, 480)
            cell.comment = comment


def _said(found: Finding, lang: Language) -> str:
    severity = words.word("severity", found.severity.value, lang)
    help_ = found.help(lang)
    return f"{severity} {found.code}: {found.message(lang)}" + (f"\n→ {help_}" if help_ else "")


def _list(book: Workbook, findings: Sequence[Finding], file: str, lang: Language) -> None:
    """The sheet in front."""
    page = book.create_sheet(free_name(say("annotate-sheet", lang), book.sheetnames), 0)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
    page.sheet_properties.tabColor = "C0392B" if findings else "2E7D32"
    count = {severity: sum(f.severity is severity for f in findings) for severity in Severity}
    about = say(
        "annotate-about",
        lang,
        file=file,
        errors=count[Severity.ERROR],
        warnings=count[Severity.WARNING],
        notices=count[Severity.NOTICE],
    )
    text_cell(page, 1, 1, about).font = looks.font(lang, bold=True, size=11)
    for column, (key, width) in enumerate(_COLUMNS, 1):
        cell = text_cell(page, 3, column, say(f"annotate-{key}", lang))
        cell.font, cell.fill = looks.font(lang, bold=True, colour="FFFFFF"), looks.fill("37474F")
        cell.alignment, cell.border = looks.CENTRED, looks.BORDER
        page.column_dimensions[cell.column_letter].width = width
    for row, found in enumerate(sorted(findings, key=lambda f: f.severity.rank), 4):
        _entry(page, row, found, file, lang)
    page.freeze_panes = "A4"
    looks.landscape(page)


def _entry(page: Worksheet, row: int, found: Finding, file: str, lang: Language) -> None:
    """One finding, its place a link to the cell."""
    place = _place(found, file)
    shown = f"{found.at.place.file} {found.at.place}".strip() if place is None else str(place)
    texts = (
        words.word("severity", found.severity.value, lang),
        found.code,
        shown,
        found.at.text,
        found.message(lang),
        found.help(lang),
    )
    for column, text in enumerate(texts, 1):
        cell = text_cell(page, row, column, text)
        cell.font, cell.alignment, cell.border = looks.font(lang), looks.WRAP, looks.BORDER
    page.cell(row, 1).fill = looks.fill(FILLS[found.severity])
    height = looks.row_height(_measured(texts))
    if height is not None:
        page.row_dimensions[row].height = height
    if place is not None:
        at = place if isinstance(place, Cell) else place.first
        area = at.a1 if isinstance(place, Cell) else f"{place.first.a1}:{place.last.a1}"
        linked = page.cell(row, 3)
        linked.hyperlink = Hyperlink(ref=linked.coordinate, location=f"{quote_sheetname(at.sheet)}!{area}")
        linked.font = looks.font(lang, colour="1155CC")


def _measured(texts: Iterable[str]) -> Iterator[tuple[str, float]]:
    return zip(texts, (width for _, width in _COLUMNS), strict=True)
