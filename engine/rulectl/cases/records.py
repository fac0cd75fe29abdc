"""Rows of a delimited file, one by one, such that no row is lost to a broken quote.

The csv module in strict mode does the parsing (RFC 4180: quoted delimiters, doubled quotes, line breaks inside quotes).
What it cannot do is get up again: one quote that is never closed swallows everything up to the next quote or the end of
the file. So the physical lines of the record under way are kept; when the record turns out to be none, only its first
line is given up, as a broken record, and reading goes on at the second.

A record's number counts from 1 for the first row below the headings; blank rows count, so that number + 1 is the row
that a spreadsheet shows (as long as no cell holds a line break, which a spreadsheet does not count either).
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

DELIMITERS = (",", "\t", ";", "|")

# Below so many columns a line of running text with a few commas may look like a row of its own.
_WIDE = 5


class Record(NamedTuple):
    """One row. A broken one holds its line whole, as its only cell."""

    number: int
    cells: tuple[str, ...]
    broken: bool = False


def delimiter_of(line: str) -> str:
    """The delimiter that stands most often outside quotes in the line of headings; a comma when none does."""
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for char in line:
        if char == '"':
            quoted = not quoted
        elif not quoted and char in counts:
            counts[char] += 1
    return max(DELIMITERS, key=lambda d: (counts[d], -DELIMITERS.index(d)))


def width_of(headings: Sequence[str]) -> int:
    """How many headings there are: those without a text at the end are the commas that a spreadsheet leaves behind."""
    width = len(headings)
    while width and not headings[width - 1].strip():
        width -= 1
    return width


class Records:
    """The rows of a text: `header` at once, the rest by iterating once. `blank` counts the empty rows passed over."""

    def __init__(self, text: Iterable[str], delimiter: str | None = None) -> None:
        self._source = iter(text)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.blank = 0
        self.delimiter = delimiter or self._sniff()
        self.header: Record | None = self._header()

    def _sniff(self) -> str:
        """Look at the first line that says something, and put back what was looked at; obeys Excel's `sep=;` line."""
        seen: list[str] = []
        found = ","
        for line in self._source:
            mark = line.strip()
            if mark[:4].lower() == "sep=" and len(mark) == 5:
                found = mark[4]
                seen.clear()
                break
            seen.append(line)
            if mark.strip(",;|\t "):
                found = delimiter_of(line)
                break
        self._again.extend(seen)
        return found

    def _header(self) -> Record | None:
        for cells in self._parsed(0):
            if isinstance(cells, str):
                return Record(0, (cells,), broken=True)
            if any(cell.strip() for cell in cells):
                return Record(0, tuple(cells))
        return None

    def put_back(self) -> tuple[str, ...]:
        """The lines that were looked at and belong to no record yet."""
        return tuple(self._again)

    def __iter__(self) -> Iterator[Record]:
        width = len(self.header.cells) if self.header else 0
        for number, cells in enumerate(self._parsed(width), start=1):
            if isinstance(cells, str):
                yield Record(number, (cells,), broken=True)
            elif any(cells) and any(cell.strip() for cell in cells):
                yield Record(number, tuple(cells))
            else:
                self.blank += 1

    def _lines(self) -> Iterator[str]:
        again, taken = self._again, self._taken
        while again:
            taken.append(again[0])
            yield again.popleft()
        for line in self._source:
            taken.append(line)
            yield line

    def _parsed(self, width: int) -> Iterator[list[str] | str]:
        """Each record's cells, or the text of a line that cannot be parsed. `width` 0: any is right."""
        taken = self._taken
        while True:
            broken = False
            reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
            taken.clear()
            try:
                for cells in reader:
                    if len(taken) > 1 and swallowed(cells, taken, width, self.delimiter):
                        broken = True
                        break
                    taken.clear()
                    yield cells
            except csv.Error:
                broken = True
            if not broken:
                return
            first, rest = taken[0], taken[1:]
            self._again.extendleft(reversed(rest))
            taken.clear()
            yield first.rstrip("\r\n")


def swallowed(cells: Sequence[str], taken: Sequence[str], width: int, delimiter: str) -> bool:
    """Whether a record of several lines has eaten rows of its own right: a line of it is a whole row."""
    if width < 2:
        return False

    def whole(line: str) -> bool:
        return len(next(csv.reader([line], delimiter=delimiter), [])) == width

    if len(cells) != width:
        return any(whole(line) for line in taken[1:])
    return width >= _WIDE and any(whole(line) for line in taken[1:-1])


class Step(NamedTuple):
    """What stands at a line: a record of so many lines; `cells` None where no record can be made of it, which is one
    line; no line at all where the record goes on beyond what is there."""

    lines: int
    cells: tuple[str, ...] | None


def step(lines: Sequence[str], at: int, delimiter: str, width: int, final: bool) -> Step:
    """The record that starts at a line, by the rules of `Records`; `final`: no lines follow these."""
    taken = 0

    def source() -> Iterator[str]:
        nonlocal taken
        # by number: an iterator would be led past all earlier lines for each record
        for number in range(at, len(lines)):
            taken += 1
            yield lines[number]

    try:
        cells = next(csv.reader(source(), delimiter=delimiter, strict=True))
    except csv.Error:
        if at + taken == len(lines) and not final and _goes_on(lines, at):
            return Step(0, None)
        return Step(1, None)
    if taken > 1 and swallowed(cells, lines[at : at + taken], width, delimiter):
        return Step(1, None)
    return Step(taken, tuple(cells))


def _goes_on(lines: Sequence[str], at: int) -> bool:
    """Whether what stands from a line on is short enough to be the start of one cell."""
    return sum(len(lines[number]) for number in range(at, len(lines))) <= csv.field_size_limit()
