"""Cells as JSON has them: `判定!C7`, `判定!A4:E4`, columns `判定!A:E`; `[other.xlsx]判定!C7` for a cell of another file
than the rulebook's own, as spreadsheets write it. A sheet's name holds no `]`, so the form reads back in one way."""

from __future__ import annotations

import re

from rulectl.model.grid import Anchor
from rulectl.source import Cell, CellRange, column_letters, column_number

_CELL = re.compile(r"^(?:\[(.*)\])?([^\]]*)!([A-Z]{1,3})([0-9]{1,7})$", re.DOTALL)


def columns_json(anchor: Anchor | None, home: str) -> str | None:
    """Columns of a sheet: `判定!A:E`."""
    if anchor is None:
        return None
    file = "" if anchor.file == home else f"[{anchor.file}]"
    return f"{file}{anchor.sheet}!{column_letters(anchor.first)}:{column_letters(anchor.last)}"


def columns_of(text: str, home: str) -> Anchor:
    """The reverse; raises ValueError when the text names no columns."""
    head, _, last = text.rpartition(":")
    one, other = cell_of(f"{head}1", home), cell_of(f"!{last}1", home)
    return Anchor(one.file, one.sheet, one.column, other.column)


def cell_of(text: str, home: str) -> Cell:
    """The reverse; raises ValueError when the text names no cell."""
    found = _CELL.match(text)
    if found is None:
        raise ValueError(text)
    file, sheet, letters, row = found.groups()
    return Cell(home if file is None else file, sheet, int(row), column_number(letters))


def range_of(text: str, home: str) -> CellRange:
    """The reverse; a single cell is a range of one."""
    head, mark, tail = text.rpartition(":")
    if not mark or "!" in tail:
        only = cell_of(text, home)
        return CellRange(only, only)
    first = cell_of(head, home)
    return CellRange(first, cell_of(f"{head.rpartition('!')[0]}!{tail}", home))
