"""Delimited rows as the bytes they came in and where their cells end, for pieces in which every line is a whole row.

To know where cells end takes a few calls over all bytes, which needs numpy alone and runs outside Python's lock; to
make texts of them takes three times as long, and most are never wanted as texts: a column of few values is told apart
by the bytes of its cells (`columnar/spelt.py`), and numbers are parsed from these (`columnar/digits.py`). A cell's
first eight bytes are one 64-bit word, the next eight another, and so on, with zeros behind its last byte; no cell here
holds a NUL, so equal words are equal cells.

Quotes are those of RFC 4180: around whole cells, doubled inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rulectl.cases.quoting import BREAK, QUOTE, RETURN, Places, well_quoted

Ends = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

WORD = 8
"""Bytes of a word."""

_WASTE = 2
"""Cells are cut out with the bytes behind them, up to the length of the longest; not where these would be more."""


_WORDS = 8
"""So many words of a cell can be asked for."""


_SEEN = np.ones(256, np.bool_)
"""First bytes of signs that are seen: no space of any kind begins with one of these."""
_SEEN[: ord(" ") + 1] = False
_SEEN[[0x7F, 0xC2, 0xE1, 0xE2, 0xE3]] = False


def _mask(number: int) -> Words:
    """For each length of a cell in bytes: the bytes of its word of this number that belong to it."""
    kept = [min(max(length - WORD * number, 0), WORD) for length in range(WORD * _WORDS + 1)]
    return np.array([(1 << (8 * size)) - 1 for size in kept], np.uint64)


_MASKS = tuple(map(_mask, range(_WORDS)))


@dataclass(frozen=True)
class Cells:
    """Some cells of a text, in their order: where each begins and how many bytes it has, without quotes around it.
    `quoted`: a quote inside is doubled."""

    body: bytes
    starts: Places
    lengths: Places
    quoted: bool

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def longest(self) -> int:
        """The bytes of the longest; 0 where there are none."""
        return int(self.lengths.max(initial=0))

    def at(self, rows: Places | slice) -> Cells:
        """Some of them, in their order."""
        return Cells(self.body, self.starts[rows], self.lengths[rows], self.quoted)

    def words(self, count: int) -> tuple[Words, ...]:
        """Their first `count` words; no cell may have more."""
        return tuple(self.word(number) & _MASKS[number].take(self.lengths) for number in range(count))

    def word(self, number: int = 0) -> Words:
        """A word of each, with what stands behind the cell; zeros behind the last byte of the text."""
        after = number * WORD
        # one word for each byte of the text: numpy reads them where they stand
        every = np.ndarray((max(len(self.body) - WORD + 1, 0),), "<u8", self.body, 0, (1,))
        starts = self.starts + after if after else self.starts
        inside = int(starts.searchsorted(len(every)))
        if inside == len(starts):
            return every[starts]
        found = np.empty(len(starts), np.uint64)
        found[:inside] = every[starts[:inside]]
        found[inside:] = [int.from_bytes(self.body[at : at + WORD], "little") for at in starts[inside:].tolist()]
        return found

    def texts(self) -> list[str]:
        """The cells as texts."""
        body, places = self.body, zip(self.starts.tolist(), self.lengths.tolist(), strict=True)
        cells = [body[at : at + size].decode() for at, size in places]
        return [cell.replace('""', '"') for cell in cells] if self.quoted else cells

    def lines(self) -> bytes | None:
        """The cells as lines, one below the other, quotes inside still doubled; None where to cut them out of the text
        does not pay, since some are much longer than others."""
        room = self.longest + 1
        total = int(self.lengths.sum()) + len(self)
        if room * len(self) > _WASTE * total:
            return None
        every = np.ndarray((max(len(self.body) - room + 1, 0),), f"V{room}", self.body, 0, (1,))
        inside = int(self.starts.searchsorted(len(every)))
        cells = np.zeros((len(self), room), np.uint8)
        cells[:inside] = every[self.starts[:inside]].view(np.uint8).reshape(inside, room)
        for row in range(inside, len(self)):
            some = self.body[self.starts[row] : self.starts[row] + room]
            cells[row, : len(some)] = np.frombuffer(some, np.uint8)
        if room * len(self) == total:
            cells[:, room - 1] = BREAK
            return cells.tobytes()
        cells[np.arange(len(self)), self.lengths] = BREAK
        return cells[np.arange(room) <= self.lengths[:, None]].tobytes()


@dataclass(frozen=True, slots=True)
class Spans:
    """Rows of delimited text, of which the first has the number `first`. `ends` are the places of what ends each cell,
    (rows, cells); `begin` is where the first row begins. `cut`: which lines end in CR LF, None: no line does; `quoted`:
    whether any cell is in quotes."""

    first: int
    body: bytes
    ends: Ends
    begin: int
    cut: npt.NDArray[np.bool_] | None
    quoted: bool

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.ends)

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return int(self.ends.shape[1])

    def part(self, start: int, stop: int) -> Spans:
        """Some of the rows."""
        begin = self.begin if start == 0 else int(self.ends[start - 1, -1]) + 1
        cut = None if self.cut is None else self.cut[start:stop]
        return Spans(self.first + start, self.body, self.ends[start:stop], begin, cut, self.quoted)

    def cells(self, index: int) -> Cells:
        """A column."""
        ends = self.ends[:, index].astype(np.int64)
        if index:
            starts = np.add(self.ends[:, index - 1], 1, dtype=np.int64)
        else:
            starts = np.empty(len(ends), np.int64)
            starts[:1] = self.begin
            np.add(self.ends[:-1, -1], 1, out=starts[1:])
        if self.cut is not None and index == self.width - 1:
            ends -= self.cut
        lengths = np.subtract(ends, starts, out=ends)
        if self.quoted:
            # where there is nothing up to the end of the text, no byte stands at the beginning
            in_quotes = np.frombuffer(self.body, np.uint8).take(starts, mode="clip") == QUOTE
            in_quotes &= lengths > 0
            if in_quotes.any():
                starts += in_quotes
                lengths -= in_quotes
                lengths -= in_quotes
        return Cells(self.body, starts, lengths, self.quoted)

    def row(self, at: int) -> tuple[str, ...]:
        """One row as texts."""
        some = self.part(at, at + 1)
        return tuple(some.cells(index).texts()[0] for index in range(self.width))


def may_be_blank(rows: Spans) -> bool:
    """Whether there may be a row that says nothing. One does that has a cell whose first sign is seen for certain."""
    data = np.frombuffer(rows.body, np.uint8)
    left: Places | slice = slice(None)
    for index in range(rows.width):
        cells = rows.cells(index).at(left)
        (unseen,) = (~_SEEN[data.take(cells.starts, mode="clip")] | (cells.lengths == 0)).nonzero()
        if not len(unseen):
            return False
        left = unseen if isinstance(left, slice) else left[unseen]
    return True


def spans_of(body: bytes, width: int, delimiter: str, first: int) -> Spans | None:
    """Lines of which each is a row of `width` cells, two at least, numbered from `first`; None where some are not. What
    the bytes stand for is not asked, but no delimiter of one byte cuts a character of UTF-8 in two."""
    data, mark = np.frombuffer(body, np.uint8), ord(delimiter)
    # one look at all bytes: what counts here are the lowest that a text has, but for some delimiters
    low = data <= max(QUOTE, mark if mark < ord("0") else 0)
    if mark >= ord("0"):
        low |= data == mark
    found = np.flatnonzero(low)
    kinds = data.take(found)
    places: Ends = found.astype(np.int32)
    quotes = kinds == QUOTE
    ends = (kinds == mark) | (kinds == BREAK)
    quoted = bool(quotes.any())
    if quoted:
        if not well_quoted(data, found[quotes], delimiter):
            return None
        # every other quote closes; what stands in quotes ends no cell
        ends &= ~np.bitwise_xor.accumulate(quotes)
    returns, breaks = np.count_nonzero(kinds == RETURN), np.count_nonzero(kinds == BREAK)
    places, kinds = places[ends], kinds[ends]
    if body[-1] != BREAK:
        places = np.concatenate([places, np.array([len(body)], np.int32)])
        kinds = np.concatenate([kinds, np.array([BREAK], np.uint8)])
        breaks += 1
    if len(places) != breaks * width:
        return None
    # as many line ends as rows, and one at the end of each: then no other cell ends with one
    if (kinds.reshape(breaks, width)[:, -1] != BREAK).any():
        return None
    table = places.reshape(breaks, width)
    cut: npt.NDArray[np.bool_] | None = None
    if returns:
        last = table[:, -1]
        cut = data.take(last - 1) == RETURN
        if body[-1] != BREAK:
            cut[-1] = False
        if np.count_nonzero(cut) != returns:
            return None
    return Spans(first, body, table, 0, cut, quoted)
