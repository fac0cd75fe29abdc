"""Where something was written: cells, ranges, spans, places.

Everything that a rulebook says was typed by someone into a cell, a case file or an option; a finding that cannot
point there is of no use to that person. Positions therefore travel with every node, but outside its equality. Cells and
spans, of which there are as many as cells in a workbook, are tuples: these are made in half the time of a dataclass.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import NamedTuple

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where a disk takes no more."""


def column_letters(column: int) -> str:
    """The letters of a column, counted from 1: 1 -> A, 28 -> AB."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The reverse: AB -> 28."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class Span(NamedTuple):
    """A part of a text: offsets in characters, end excluded."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)


class Cell(NamedTuple):
    """One cell of a workbook; row and column count from 1, file is the workbook's name as people know it."""

    file: str
    sheet: str
    row: int
    column: int

    @property
    def a1(self) -> str:
        """`C7`."""
        return f"{column_letters(self.column)}{self.row}"

    def __str__(self) -> str:
        return f"{self.sheet}!{self.a1}"

    def seen_from(self, home: str) -> str:
        """`判定!C7`, or `[other.xlsx]判定!C7` where it is of another file than `home`, as spreadsheets write it."""
        return str(self) if self.file == home else f"[{self.file}]{self}"


class CellRange(NamedTuple):
    """A rectangle of cells, corners included: what a firing quotes as `责任判定!A4:E4`."""

    first: Cell
    last: Cell

    @property
    def file(self) -> str:
        return self.first.file

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}:{self.last.a1}"

    def seen_from(self, home: str) -> str:
        """`判定!A4:E4`, or `[other.xlsx]判定!A4:E4`."""
        first = self.first.seen_from(home)
        return first if self.first == self.last else f"{first}:{self.last.a1}"


@dataclass(frozen=True, slots=True)
class RowPlace:
    """A row of a case file, counted from 1 for the one below the first, where headings usually are (cases/records.py);
    and the field where there is one."""

    file: str
    row: int
    field: str = ""

    def __str__(self) -> str:
        return f"{self.row}:{self.field}" if self.field else str(self.row)


@dataclass(frozen=True, slots=True)
class OptionPlace:
    """An option or argument of a command, or a key of a case given in code."""

    name: str
    file: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A whole file: it cannot be opened, or is not what it seems."""

    file: str

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class ElementPlace:
    """An element of a model, by the names that its author gave it, from the outside in: `Routing › rule 3 › Age`."""

    file: str
    path: tuple[str, ...]

    def inside(self, *names: str) -> ElementPlace:
        """A part of the element."""
        return ElementPlace(self.file, (*self.path, *names))

    def __str__(self) -> str:
        return " › ".join(self.path)


Place = Cell | CellRange | RowPlace | OptionPlace | FilePlace | ElementPlace


@dataclass(frozen=True, slots=True)
class Location:
    """A place, the text that stands there and the part of it that is meant."""

    place: Place
    text: str = ""
    span: Span | None = None
