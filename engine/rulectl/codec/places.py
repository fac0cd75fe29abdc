"""Cells as JSON has them: `判定!C7`, `判定!A4:E4`; `[other.xlsx]判定!C7` for a cell of another file than the rulebook's
own, as spreadsheets write it. A sheet's name holds no `]`, so the form reads back in one way."""

from __future__ import annotations

import re

from rulectl.source import Cell, CellRange

_CELL = re.compile(r"^(?:\[(.*)\])?([^\]]*)!([A-Z]{1,3})([0-9]{1,7})$", re.DOTALL)


def cell_json(cell: Cell, home: str) -> str:
    """A cell, its file left out where it is `home`."""
    plain = str(cell)
    return plain if cell.file == home else f"[{cell.file}]{plain}"


def range_json(cells: CellRange, home: str) -> str:
    first = cell_json(cells.first, home)
    return first if cells.first == cells.last else f"{first}:{cells.last.a1}"


def cell_of(text: str, home: str) -> Cell:
    """The reverse; raises ValueError when the text names no cell."""
    found = _CELL.match(text)
    if found is None:
        raise ValueError(text)
    file, sheet, letters, row = found.groups()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return Cell(home if file is None else file, sheet, int(row), column)


def range_of(text: str, home: str) -> CellRange:
    """The reverse; a single cell is a range of one."""
    head, mark, tail = text.rpartition(":")
    if not mark or "!" in tail:
        only = cell_of(text, home)
        return CellRange(only, only)
    first = cell_of(head, home)
    return CellRange(first, cell_of(f"{head.rpartition('!')[0]}!{tail}", home))
