"""Grids of cells and the blocks in them: shared by the workbook reader and the text reader.

A block opens at a row whose first non-blank cell is a marker and ends before an entirely blank row or the next marker;
its columns start at its marker. Sheets are sparse here: a million empty styled rows cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from rulectl.diagnostics import Finding, finding
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock, DraftCell
from rulectl.source import Cell, Location

MAX_COLUMNS = 1000
"""How wide a block may be: a stray cell at XFD5 must not make every row 16,384 cells wide."""

Row = Mapping[int, DraftCell]
"""Column (from 1) -> cell; blank cells are left out."""


class Grid(NamedTuple):
    """A sheet as plain text, row by row, blank rows between blocks included."""

    name: str
    rows: tuple[tuple[str, ...], ...]


def read_grid(grid: Grid, file: str) -> tuple[tuple[DraftBlock, ...], tuple[Finding, ...]]:
    """The blocks of a sheet of plain text and what is odd about them."""
    rows = {
        number: {
            column: DraftCell(Cell(file, grid.name, number, column), text, text)
            for column, text in enumerate(row, 1)
            if text
        }
        for number, row in enumerate(grid.rows, 1)
    }
    return split(rows, file, grid.name)


def split(rows: Mapping[int, Row], file: str, sheet: str) -> tuple[tuple[DraftBlock, ...], tuple[Finding, ...]]:
    """The blocks of a sheet, from its rows by number, and what is odd about them."""
    blocks: list[DraftBlock] = []
    findings: list[Finding] = []
    for kind, left, numbers, right in _stretches(rows, findings):
        width = right - left + 1
        cut = width > MAX_COLUMNS
        if cut:
            stray = next(c for n in numbers for c in sorted(rows[n]) if c - left + 1 > MAX_COLUMNS)
            number = next(n for n in numbers if stray in rows[n])
            findings.append(finding("too-wide", _location(rows[number][stray]), limit=MAX_COLUMNS))
            width = max(c for n in numbers for c in rows[n] if c - left < MAX_COLUMNS) - left + 1
        blocks.append(
            DraftBlock(
                kind, tuple(_filled(rows[n], Cell(file, sheet, n, left), width, n == numbers[0]) for n in numbers), cut
            )
        )
    return tuple(blocks), tuple(findings)


def _stretches(rows: Mapping[int, Row], findings: list[Finding]) -> Iterator[tuple[BlockKind, int, list[int], int]]:
    """Kind, first column, row numbers and last column of each block."""
    kind: BlockKind | None = None
    left, right, numbers, last, warned = 1, 1, [0], 0, False
    above = ""
    for number in sorted(rows):
        row = rows[number]
        shown = sorted(column for column, cell in row.items() if not cell.blank)
        if not shown:
            continue
        first = row[shown[0]]
        opened = None if first.merged else words.marker(first.text)
        ended = kind is not None and (opened is not None or number > last + 1 or shown[-1] < left)
        if ended and kind is not None:
            yield kind, left, numbers, right
            # a block of headings alone is told of where it is read
            headings = 3 if kind is BlockKind.TABLE else 2
            above = _title(rows[numbers[0]]) if len(numbers) > headings else ""
            kind = None
        if opened is not None:
            kind, left, right, numbers = opened, shown[0], shown[-1], [number]
        elif kind is not None:
            if not _under_marker(row, rows[numbers[0]], numbers):
                numbers.append(number)
                right = max(right, shown[-1])
        elif number > last + 1 or not warned:
            told = _looks_like_marker(row, findings)
            if not told and above and _looks_like_a_row(shown, left):
                # a blank row in the middle of a list is the most ordinary thing in Excel
                findings.append(finding("row-below-blank", _location(first), block=above))
                above, told = "", True
            warned = told or warned
        last = number
    if kind is not None:
        yield kind, left, numbers, right


def _title(row: Row) -> str:
    """A marker row as people would name its block: the marker and the name beside it."""
    shown = [row[column].text.strip() for column in sorted(row) if not row[column].blank]
    return " ".join(shown[:2])


def _looks_like_a_row(shown: Sequence[int], left: int) -> bool:
    """Whether a row outside all blocks may belong to the one above, by the columns that hold anything: a note is one
    cell, a row of a list is several."""
    return len(shown) > 1 and left <= shown[0] <= left + 1


def _under_marker(row: Row, first: Row, numbers: list[int]) -> bool:
    """Whether a row is only the lower part of a merged marker row."""
    return len(numbers) == 1 and all(
        cell.merged and column in first and cell.text == first[column].text for column, cell in row.items()
    )


def _looks_like_marker(row: Row, findings: list[Finding]) -> bool:
    """Tell of a row outside all blocks that may have been meant to open one."""
    shown = [row[column] for column in sorted(row) if not row[column].blank and not row[column].merged]
    later = next((cell for cell in shown[1:] if words.marker(cell.text)), None)
    if later is not None:
        findings.append(finding("marker-not-first", _location(later), text=later.text.strip(), first=shown[0].text))
        return True
    if not shown or len(shown[0].text) > 20:
        return False
    known = {words.fold(word): word for lang in ("zh", "en") for word in words.choices("marker", lang)}
    near = get_close_matches(words.fold(shown[0].text), known, 1, 0.79)
    if near:
        findings.append(
            finding("marker-misspelt", _location(shown[0]), text=shown[0].text.strip(), suggestion=known[near[0]])
        )
    return bool(near)


def _filled(row: Row, start: Cell, width: int, opens: bool) -> tuple[DraftCell, ...]:
    """A row of a block from `start` on, `width` cells wide. A merged marker row says each thing once."""
    columns = range(start.column, start.column + width)
    cells = [
        cell if cell is not None else DraftCell(Cell(start.file, start.sheet, start.row, column))
        for column, cell in zip(columns, map(row.get, columns), strict=True)
    ]
    if opens:
        cells = [cell._replace(value=None, text="") if cell.merged else cell for cell in cells]
    return tuple(cells)


def _location(cell: DraftCell) -> Location:
    return Location(cell.at, cell.text)
