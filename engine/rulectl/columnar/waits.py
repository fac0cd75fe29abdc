"""What rows wait for that lack inputs: which rules hold of null, and for how many each input is asked.

Both as rules are laid out in words of bits, whole (bits.py) or parted by a column (parted.py); then each class of that
column has its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from rulectl.columnar.bits import Walk, Words, together
from rulectl.columnar.codes import Codes, Rows
from rulectl.lang.region import UNKNOWN

Counted = npt.NDArray[np.integer]
"""Counts of rules, by row and name, or by name and row."""

_TOGETHER: Final = 8
"""Which rules hold of null is one matrix for so many columns, by which of them are blank."""

_SELDOM: Final = 8
"""Rows that could be moved by rules of a word are looked at alone where they are less than one in so many."""


class Laid(Protocol):
    """Rules laid out in words of bits, in so many `groups`: bit `n` of word `w` of a group is the rule
    `rule[(group * words + w) * 64 + n]`, NONE where there is none."""

    @property
    def column(self) -> int:
        """The column of whose classes there is a group each, -1 for none."""

    @property
    def words(self) -> int:
        """How many words a group has."""

    @property
    def groups(self) -> int:
        """How many groups there are."""

    @property
    def rule(self) -> Codes:
        """The rules by bit."""

    @property
    def matrices(self) -> Sequence[Words]:
        """For columns the rules that hold, or could where they are blank, word by word."""

    @property
    def null_of(self) -> Mapping[int, Words]:
        """By column the rules that hold of null, (words, groups)."""

    @property
    def asks_of(self) -> Mapping[int, Words]:
        """By column the rules that ask it something that null leaves open, (words, groups)."""

    def rows(self, classes: Sequence[Codes]) -> tuple[Rows | None, list[Rows]]:
        """The group of each row, None where there is one, and its places in the matrices."""

    def named(self, bits: Rows, groups: Rows | None) -> Codes:
        """The rules of some bits, NONE for -1."""


class Blanks(NamedTuple):
    """For some columns at a time the rules that hold of null in those that are blank, word by word: at the class by
    which rules are parted, if any, and the number whose binary digits say which are blank."""

    columns: Sequence[Sequence[int]]
    holds: Sequence[Words]

    @staticmethod
    def of(columns: Sequence[int], null: Sequence[Words]) -> Blanks:
        """`null` has for each column the rules that hold of null, (words, classes)."""
        parts = [slice(at, at + _TOGETHER) for at in range(0, len(columns), _TOGETHER)]
        found: list[Words] = []
        for part in parts:
            words, groups = null[part][0].shape
            holds = np.full((words, groups, 1 << len(columns[part])), ~np.uint64(0))
            which = np.arange(holds.shape[2])
            for digit, one in enumerate(null[part]):
                holds[:, :, which >> digit & 1 == 1] &= one[:, :, None]
            found.append(holds.reshape(words, -1))
        return Blanks([columns[part] for part in parts], found)

    def places(self, classes: Sequence[Codes], groups: Rows | None = None) -> list[Rows]:
        """The place of each row."""
        found: list[Rows] = []
        for columns in self.columns:
            which = np.zeros(len(classes[0]), np.uint8)
            for digit, column in enumerate(columns):
                which |= (classes[column] == UNKNOWN).view(np.uint8) << np.uint8(digit)
            place: Rows = which.astype(np.int64)
            if groups is not None:
                place += groups << np.int64(len(columns))
            found.append(place)
        return found


class Left(NamedTuple):
    """The rules of a word that are open, in some rows or in all."""

    word: int
    rows: Rows | None
    open: Words


def opened(rules: Laid, blanks: Blanks, walk: Walk) -> list[Left]:
    """Lead rows, whose places in the matrices of `rules` and in `blanks` are those of a walk, to the first rule that
    holds, and say what is open before it."""
    left: list[Left] = []
    count = len(rules.matrices)
    for word in walk.words(rules.words):
        rows = walk.rows
        standing = walk.going(together(rules.matrices, walk.places[:count], word))
        holding = standing & together(blanks.holds, walk.places[count:], word)
        standing ^= holding
        at, before = walk.leave(holding, word)
        standing[at] &= before
        left.append(Left(word, rows, standing))
    return left


class Asks(NamedTuple):
    """Word by word, for the names of which some rule asks something that null leaves open, which rules these are, by
    the class by which rules are parted, if any."""

    words: Sequence[Sequence[tuple[int, Words]]]

    @staticmethod
    def of(asks: Sequence[Words]) -> Asks:
        """`asks` has these rules by name, (words, classes)."""
        words = range(len(asks[0]))
        return Asks([[(name, mine[word]) for name, mine in enumerate(asks) if mine[word].any()] for word in words])

    def add(self, word: int, movable: Words, counts: Counted, groups: Rows | None) -> None:
        """Add for how many of the movable rules of a word each row waits, by name and row; of all names, blank or
        not."""
        at: slice | Rows = slice(None)
        if _SELDOM * np.count_nonzero(movable) < len(movable):
            (at,) = movable.nonzero()
            movable = movable.take(at)
            groups = None if groups is None else groups.take(at)
        for name, mine in self.words[word]:
            rules = mine[0] if groups is None else mine.take(groups)
            counts[name, at] += np.bitwise_count(movable & rules)

    def waiting(
        self, left: Sequence[Left], moves: Words | None, which: Rows, counts: Counted, groups: Rows | None
    ) -> None:
        """Add for how many of the rules that are left each row waits: of those that would change what is said, which
        `moves` has word by word, at the place that `which` says; all where there are no `moves`."""
        # rows leave now and then: what is counted meanwhile is counted in their order
        for _, some in itertools.groupby(left, lambda one: id(one.rows)):
            words = list(some)
            rows = words[0].rows
            mine, here, place = counts, groups, which
            if rows is not None:
                mine, place = np.zeros((len(counts), len(rows)), counts.dtype), which.take(rows)
                here = None if groups is None else groups.take(rows)
            for word, _, open_ in words:
                movable = open_ if moves is None else open_ & moves[word].take(place)
                self.add(word, movable, mine, here)
            if rows is not None:
                counts[:, rows] += mine
