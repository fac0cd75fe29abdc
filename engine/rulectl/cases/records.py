"""Rows of a delimited file, one by one, such that no row is lost to a broken quote.

The csv module in strict mode does the parsing (RFC 4180: quoted delimiters, doubled quotes, line breaks inside quotes).
What it cannot do is get up again: one quote that is never closed swallows everything up to the next quote or the end of
the file. So the physical lines of the record under way are kept; when the record turns out to be none, or grows past
all measure, only its first line is given up, as a broken record, and reading goes on at the second.

Headings need not come first: exports have a title, a date, a blank line above them. So the first rows (`front`) are
looked at before any is read, each parted by the delimiter that it shows itself, and whoever knows what headings may be
says which of them holds these (`headings.heading_row`); as long as nobody does, `likely` guesses.

A record's number counts from 1 for the row below the first of the file, where headings usually are. Blank rows and
those above the headings count, so that number + 1 is the row that a spreadsheet shows (as long as no cell holds a line
break, which a spreadsheet does not count either).
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

DELIMITERS = (",", "\t", ";", "|")

# Below so many columns a line of running text with a few commas may look like a row of its own.
_WIDE = 5

LONGEST = 1 << 17
"""Characters of a record over several lines: where a quote is never closed, so many are looked at in vain."""
csv.field_size_limit((1 << 31) - 1)  # in one line a cell may be of any length

LOOK = 30
"""Headings stand in one of the first rows."""
LOOK_FAR = 1 << 16
"""Characters in which these rows begin."""


class Record(NamedTuple):
    """One row. A broken one holds its line whole, as its only cell; `endless`: it went on for longer than LONGEST."""

    number: int
    cells: tuple[str, ...]
    broken: bool = False
    endless: bool = False


class EndlessError(csv.Error):
    """A record over several lines that goes on for longer than LONGEST."""


def delimiter_of(line: str) -> str:
    """The delimiter that stands most often outside quotes in the line of headings; a comma when none does."""
    outside = "".join(line.split('"')[::2])
    counts = {delimiter: outside.count(delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda d: (counts[d], -DELIMITERS.index(d)))


def width_of(headings: Sequence[str]) -> int:
    """How many headings there are: those without a text at the end are the commas that a spreadsheet leaves behind."""
    width = len(headings)
    while width and not headings[width - 1].strip():
        width -= 1
    return width


class Given(NamedTuple):
    """A line that is given up, and whether its record went on for longer than LONGEST."""

    line: str
    endless: bool


class FrontRow(NamedTuple):
    """One of the first rows of a file: its cells by the delimiter that stands most often in its first line; whether its
    quotes are broken; its lines."""

    cells: tuple[str, ...]
    broken: bool
    delimiter: str
    lines: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What the cells say, also where quotes are broken: headings are known by it, and told as broken."""
        return tuple(self.cells[0].replace('"', "").split(self.delimiter)) if self.broken else self.cells


def likely(rows: Sequence[Sequence[str]]) -> int | None:
    """The row that looks most like headings: the first of which more cells are filled than half of what any row fills;
    None where all are blank."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    most = max(filled, default=0)
    return next((at for at, count in enumerate(filled) if count * 2 > most), None)


class Records:
    """The rows of a text: `front` at once, those below the headings by iterating once. The headings stand in the row
    that looks most like them, unless `start` says otherwise. `blank` counts the empty rows passed over, below them."""

    def __init__(self, text: Iterable[str], delimiter: str | None = None) -> None:
        self._source = iter(text)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.blank = 0
        self.before = 0
        """Blank rows above the front."""
        self.passed = 0
        """Characters above it: those of these rows, and of a line that names the delimiter."""
        self.front = self._front(delimiter or self._named())
        self.start(likely([row.words for row in self.front]))

    def start(self, at: int | None) -> None:
        """Have the headings in a row of `front`; to be said before any row is asked for."""
        self._above = () if at is None else self.front[: at + 1]
        self.header = Record(0, self._above[-1].cells, self._above[-1].broken) if self._above else None
        self.delimiter = self._above[-1].delimiter if self._above else ","

    def _named(self) -> str | None:
        """The delimiter that Excel's `sep=;` names in the first line that says something; that line is done with."""
        seen: list[str] = []
        for line in self._source:
            seen.append(line)
            mark = line.strip()
            if mark[:4].lower() == "sep=" and len(mark) == 5:
                self.passed = sum(map(len, seen))
                return mark[4]
            if mark.strip(",;|\t "):
                break
        self._again.extend(seen)
        return None

    def _front(self, delimiter: str | None) -> tuple[FrontRow, ...]:
        """The rows that can be headings, from the first that says something on; their lines are put back."""
        rows: list[FrontRow] = []
        far = 0
        taken = self._taken
        while len(rows) < LOOK and far < LOOK_FAR:
            taken.clear()
            first = next(self._lines(), None)
            if first is None:
                break
            mark = delimiter or delimiter_of(first)
            try:
                cells = next(csv.reader(chain((first,), self._lines()), delimiter=mark, strict=True))
                row = FrontRow(tuple(cells), False, mark, tuple(taken))
            except csv.Error:
                self._again.extendleft(reversed(taken[1:]))
                row = FrontRow((first.rstrip("\r\n"),), True, mark, (first,))
            length = sum(map(len, row.lines))
            if rows or any(cell.strip() for cell in row.cells):
                rows.append(row)
                far += length
            else:
                self.before += 1
                self.passed += length
        taken.clear()
        self._again.extendleft(line for row in reversed(rows) for line in reversed(row.lines))
        return tuple(rows)

    def __iter__(self) -> Iterator[Record]:
        width = len(self.header.cells) if self.header else 0
        for _ in range(sum(len(row.lines) for row in self._above)):
            self._again.popleft()
        for number, cells in enumerate(self._parsed(width), start=self.before + len(self._above)):
            if isinstance(cells, Given):
                yield Record(number, (cells.line,), True, cells.endless)
            elif any(cells) and any(cell.strip() for cell in cells):
                yield Record(number, tuple(cells))
            else:
                self.blank += 1

    def _lines(self) -> Iterator[str]:
        """The lines to come, those put back first. Raises EndlessError within a record that does not end."""
        again, taken = self._again, self._taken
        length = sum(map(len, taken))
        while (line := again.popleft() if again else next(self._source, None)) is not None:
            length = len(line) if not taken else length + len(line)
            taken.append(line)
            if length > LONGEST and len(taken) > 1:
                raise EndlessError
            yield line

    def _parsed(self, width: int) -> Iterator[list[str] | Given]:
        """Each record's cells, or a line that is given up. `width` 0: any is right."""
        taken = self._taken
        while True:
            broken = endless = False
            reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
            taken.clear()
            try:
                for cells in reader:
                    if len(taken) > 1 and swallowed(cells, taken, width, self.delimiter):
                        broken = True
                        break
                    taken.clear()
                    yield cells
            except csv.Error as error:
                broken, endless = True, isinstance(error, EndlessError)
            if not broken:
                return
            first, rest = taken[0], taken[1:]
            self._again.extendleft(reversed(rest))
            taken.clear()
            yield Given(first.rstrip("\r\n"), endless)


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
    line; no line at all where the record goes on beyond what is there; `endless` as of a Record."""

    lines: int
    cells: tuple[str, ...] | None
    endless: bool = False


def step(lines: Sequence[str], at: int, delimiter: str, width: int, final: bool) -> Step:
    """The record that starts at a line, by the rules of `Records`; `final`: no lines follow these."""
    taken = 0

    def source() -> Iterator[str]:
        nonlocal taken
        length = 0
        # by number: an iterator would be led past all earlier lines for each record
        for number in range(at, len(lines)):
            taken += 1
            line = lines[number]
            length += len(line)
            if length > LONGEST and taken > 1:
                raise EndlessError
            yield line

    try:
        cells = next(csv.reader(source(), delimiter=delimiter, strict=True))
    except EndlessError:
        return Step(1, None, True)
    except csv.Error:
        # what is there was no more than the start of a record that may
        return Step(0 if at + taken == len(lines) and not final else 1, None)
    if taken > 1 and swallowed(cells, lines[at : at + taken], width, delimiter):
        return Step(1, None)
    return Step(taken, tuple(cells))
