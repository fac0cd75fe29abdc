"""A large table's rules parted by a column of texts: of each class only the rules that hold there are looked at.

Each class of the column has its rules as bits of its own (bits.py), side by side with those of all other classes, so
that rows of all classes are looked at together: 10,000 rules that name one of 200 regions each are two words a row
instead of 157. What other columns tell apart among the rules of one class is little, so their classes are numbered
anew in each. (One cut of HiCuts: Gupta and McKeown, IEEE Micro 20(1), 2000; runtime/index.py makes a tree of them.)

Only for tables in which the first rule that holds decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.bits import MOST_BYTES, Walk, Words, steps, together, waiting
from rulectl.columnar.codes import Codes, Rows
from rulectl.columnar.grid import NONE, Runs
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.runtime.lowering import Lowered, Slot

_COPIES: Final = 8
"""A rule may be held so often on average, by so many classes."""

_WORTH: Final = 3
"""Parting must leave no more than one in so many words."""

_PLACES: Final = 1 << 16
_ONE: Final = np.uint64(1)


class Matrix(NamedTuple):
    """The rules of each class of the parting column by the classes of another one: `holds` word by word, at the place
    `start[group] + lut[group * size + class]`."""

    column: int
    size: int
    start: Rows
    lut: npt.NDArray[np.uint16]
    holds: Words

    def places(self, groups: Rows, classes: Codes) -> Rows:
        """The place of each row."""
        whole = groups * self.size
        whole += classes
        found: Rows = self.lut.take(whole).astype(np.int64)
        found += self.start.take(groups)
        return found


class Parts(NamedTuple):
    """Rules parted by a `column` of so many classes: bit `n` of word `w` of a class is the rule
    `rule[(class * words + w) * 64 + n]`, NONE where there is none. `null_of[column]` are the rules that hold of null,
    `asks_of[column]` those that ask it something that null leaves open, (words, classes)."""

    column: int
    words: int
    rule: Codes
    columns: tuple[Matrix, ...]
    null_of: Mapping[int, Words]
    asks_of: Mapping[int, Words]

    @staticmethod
    def of(lowered: Lowered, sizes: Sequence[int], column: int, runs: Mapping[int, Runs]) -> Parts | None:
        """The rules parted by a column; None where that leaves too many, or takes too much memory. `runs` are those of
        each column."""
        count, groups = len(lowered.numbers), sizes[column]
        slots = {slot.column: slot for slot in lowered.slots}
        rule, first, last = runs[column]
        span = (last - first).astype(np.int64)
        if int(span.sum()) > _COPIES * count:
            return None
        others = [c for c in range(len(sizes)) if c != column]
        if not others:
            return None
        if 2 * groups * sum(sizes[c] for c in others) > MOST_BYTES // 2:
            return None
        copy = np.repeat(rule, span)
        group = np.repeat(first.astype(np.int64), span) + np.arange(len(copy)) - np.repeat(np.cumsum(span) - span, span)
        late = np.isin(np.array(lowered.numbers), np.array(sorted(lowered.otherwise), np.int64))
        order = np.lexsort((copy, late[copy], group))
        copy, group = copy[order], group[order]
        of_group = np.bincount(group, minlength=groups)
        place = np.arange(len(copy)) - np.repeat(np.cumsum(of_group) - of_group, of_group)
        words = int(of_group.max(initial=0)) // 64 + 1
        if _WORTH * words > count // 64:
            return None
        named = np.full(groups * words * 64, NONE, np.int32)
        named[group * words * 64 + place] = np.array(lowered.numbers, np.int32)[copy]
        laid = _Laid(count, copy, group, place >> 6, _ONE << (place & 63).astype(np.uint64), words, groups)
        matrices: list[Matrix] = []
        null: dict[int, Words] = {}
        asks: dict[int, Words] = {}
        for c in others:
            made = laid.matrix(c, slots[c], sizes[c], runs[c])
            if made is None:
                return None
            matrix, null[c], asks[c] = made
            matrices.append(matrix)
        return Parts(column, words, named, tuple(matrices), null, asks)

    @property
    def groups(self) -> int:
        """How many classes the column has."""
        return len(self.rule) // (64 * self.words)

    def first(self, classes: Sequence[Codes], rows: int) -> Codes:
        """The first rule that holds in each row, NONE where none does; all classes are known."""
        found = np.full(rows, NONE, np.int32)
        for part in steps(rows):
            groups, places = self.rows([column[part] for column in classes])
            walk = Walk(places)
            for word in walk.words(self.words):
                walk.leave(walk.going(together(self.matrices, walk.places, word)), word)
            found[part] = self.named(walk.first, groups)
        return found

    def rows(self, classes: Sequence[Codes]) -> tuple[Rows, list[Rows]]:
        """The class by which each row is parted, and its places in the matrices."""
        groups = classes[self.column].astype(np.int64)
        return groups, [matrix.places(groups, classes[matrix.column]) for matrix in self.columns]

    @property
    def matrices(self) -> Sequence[Words]:
        """The matrices, word by word."""
        return [matrix.holds for matrix in self.columns]

    def named(self, bits: Rows, groups: Rows | None) -> Codes:
        """The rules of some bits, NONE for -1."""
        assert groups is not None
        rules = self.rule.take(groups * (64 * self.words) + bits, mode="clip")
        rules[bits < 0] = NONE
        return rules


class _Laid(NamedTuple):
    """So many rules as they are laid out: which they are, in which class, word and bit."""

    many: int
    rule: Rows
    group: Rows
    word: Rows
    mask: Words
    words: int
    groups: int

    def matrix(self, column: int, slot: Slot, size: int, found: Runs) -> tuple[Matrix, Words, Words] | None:
        """The matrix of a column, the rules that hold of null there, and those that ask it something."""
        rule, first, last = found
        runs = np.bincount(rule, minlength=self.many)
        copies = runs[self.rule]
        at = np.repeat(np.arange(len(self.rule)), copies)
        run = np.repeat((np.cumsum(runs) - runs)[self.rule], copies)
        run += np.arange(len(at)) - np.repeat(np.cumsum(copies) - copies, copies)
        begin, end = self.group[at] * size + first[run], self.group[at] * size + last[run]
        # a place wherever some rule of the class begins or ends to hold, and for each class one of what is unknown
        marks = np.zeros(self.groups * size + 1, np.bool_)
        marks[-1] = True
        heads = np.arange(self.groups) * size
        for one in (begin, end, heads + UNKNOWN, heads + ABSENT):
            marks[one] = True
        place = np.cumsum(marks, dtype=np.int32)
        place -= 1
        start = place[heads].astype(np.int64)
        places = int(place[-1])
        if int(np.diff(start, append=places).max()) >= _PLACES or 8 * self.words * places > MOST_BYTES // 2:
            return None
        holds = np.zeros((self.words, places + 1), np.uint64)
        for one in (begin, end):
            np.bitwise_xor.at(holds, (self.word[at], place[one]), self.mask[at])
        holds = np.bitwise_xor.accumulate(holds, axis=1)
        waits = np.zeros(self.many, np.bool_)
        waits[waiting(slot)] = True
        asks = np.zeros((self.words, self.groups), np.uint64)
        mine = waits[self.rule]
        np.bitwise_or.at(asks, (self.word[mine], self.group[mine]), self.mask[mine])
        null: Words = holds[:, place[heads + ABSENT]]
        holds[:, start + UNKNOWN] = null | asks
        lut = (place[:-1].reshape(self.groups, size) - start.astype(np.int32)[:, None]).astype(np.uint16).ravel()
        return Matrix(column, size, start, lut, holds), null, asks
