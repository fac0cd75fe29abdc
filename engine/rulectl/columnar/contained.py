"""Columns of lists: the items of all rows end to end, each by a number.

What rules ask of a list is mostly what it holds (runtime/contents.py): for each item the bits of the texts that are
asked for, OR-ed over the items of each row. So of a frame of lists that are all different no list is ever made, unless
a rule computes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.columnar.codes import Codes, Mask, Numbered, Part, Rows, constant, distinct_words, occurring
from rulectl.columnar.columns import Column
from rulectl.columnar.held import or_of
from rulectl.columnar.states import BLANK, CERTAIN, MISSING, UNCERTAIN, Lens, Pair, State, classes_of, given
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN
from rulectl.runtime.contents import Contents
from rulectl.values import Value, plain_text

Words = npt.NDArray[np.uint64]

_SHIFT = FIRST.bit_length()
"""Where the bits of texts begin in a class number."""

_SAMPLE = 1 << 12
"""So many rows tell whether lists hold many sets of texts."""


class Sets(NamedTuple):
    """What the lists of all rows hold: `codes` are as other classes are (UNCERTAIN, UNKNOWN, ABSENT), but those of
    lists that are known are rows of `words`, in which a bit is a text."""

    codes: Codes
    words: Words


@dataclass(slots=True)
class ListLens(Lens):
    """How one table column sees lists."""

    _items: Numbered[Value] | None = None
    _bits: Words = field(default_factory=lambda: np.zeros((0, 0), np.uint64))

    @property
    def contents(self) -> Contents:
        """The texts that are asked for."""
        assert isinstance(self.partition, Contents)
        return self.partition

    def of_items(self, items: Numbered[Value]) -> Words:
        """Item number -> its bit, (items, words)."""
        done = len(self._bits)
        if self._items is not items or not done:
            self._items, done = items, 0
            self._bits = np.zeros((0, -(-len(self.contents.texts) // 64)), np.uint64)
        if done < len(items):
            numbers = [self.contents.bit.get(item, 0) if isinstance(item, str) else 0 for item in items.items[done:]]
            self._bits = np.concatenate([self._bits, self.words(numbers)])
        return self._bits

    def words(self, numbers: Sequence[int]) -> Words:
        """The bits of some class numbers, (numbers, words)."""
        size = -(-len(self.contents.texts) // 64)
        packed = b"".join([(number >> _SHIFT).to_bytes(8 * size, "little") for number in numbers])
        return np.frombuffer(packed, "<u8").astype(np.uint64).reshape(len(numbers), size)

    def numbers(self, words: Words) -> list[int]:
        """The class numbers of some bits."""
        return [int.from_bytes(row.tobytes(), "little") << _SHIFT | FIRST for row in words.astype("<u8")]

    def forget(self) -> None:
        self._seen.clear()
        self._items = None

    def sets_of_pairs(self, codes: Codes) -> Sets:
        """What the lists of pairs hold, by numbers of these."""
        met = occurring(codes)
        lut = constant(len(self.pairs))
        words: list[int] = [UNKNOWN] * FIRST
        for number in met:
            now, may = self.pairs.items[number]
            lut[number] = UNCERTAIN if now != may else len(words) if now >= FIRST else now
            if now == may and now >= FIRST:
                words.append(now)
        return Sets(lut.take(codes), self.words(words))


def sets_of(column: Column, lens: ListLens) -> Sets:
    """What the lists of a column hold."""
    if isinstance(column, Lists):
        return column.sets(lens)
    codes, states = column.exact()
    pairs = [classes_of(state, lens.contents) for state in states.items]
    own = [FIRST + n if pair.now >= FIRST else pair.now for n, pair in enumerate(pairs)]
    lut = [code if pair.now == pair.may else UNCERTAIN for code, pair in zip(own, pairs, strict=True)]
    numbers = [UNKNOWN] * FIRST + [pair.now for pair in pairs]
    return Sets(np.array(lut, np.int32).take(codes), lens.words(numbers))


@dataclass
class Lists:
    """Lists that may differ in every row: `items` are numbers of `values`, as many of each row as its size says."""

    items: Codes
    sizes: npt.NDArray[np.int64]
    null: Mask
    values: Numbered[Value]

    def __post_init__(self) -> None:
        self._sets: dict[tuple[str, ...], Sets] = {}

    def sets(self, lens: ListLens) -> Sets:
        """What the lists hold; each combination of texts that occurs is numbered."""
        found = self._sets.get(lens.contents.texts)
        if found is None:
            bits = lens.of_items(self.values)
            held = or_of(bits, self.items, self.sizes)
            at, codes = distinct_words(held)
            codes = codes + np.int32(FIRST)
            codes[self.null] = UNKNOWN
            words = np.concatenate([np.zeros((FIRST, bits.shape[1]), np.uint64), held[at]])
            found = self._sets[lens.contents.texts] = Sets(codes, words)
        return found

    def seen(self, lens: Lens) -> Part:
        assert isinstance(lens, ListLens)
        sets = self.sets(lens)
        nothing = lens.pairs.number(Pair(UNKNOWN, UNKNOWN))
        known = [lens.pairs.number(Pair(number, number)) for number in lens.numbers(sets.words[FIRST:])]
        lut = np.array([nothing] * FIRST + known, np.int32)
        return Part(lut.take(sets.codes), len(lens.pairs))

    def width(self, lens: Lens) -> int:
        assert isinstance(lens, ListLens)
        if len(self.sizes) > _SAMPLE:  # where some rows hold many sets, nobody asks how many more all rows do
            some = self.kept(np.arange(len(self.sizes)) < _SAMPLE).width(lens)
            if some > _SAMPLE // 4:
                return some
        return len(self.sets(lens).words) - ABSENT

    def classes(self, lens: Lens) -> Codes:
        assert isinstance(lens, ListLens)
        return self.sets(lens).codes

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self._exact

    @cached_property
    def _exact(self) -> tuple[Codes, Numbered[State]]:
        codes = constant(len(self.sizes))
        states: Numbered[State] = Numbered(BLANK)
        start = np.cumsum(self.sizes) - self.sizes
        # lists of one length are rows of numbers, which are told apart two by two
        for size in np.unique(self.sizes[~self.null]).tolist():
            (at,) = ((self.sizes == size) & ~self.null).nonzero()
            numbers = np.zeros((len(at), size + size % 2), np.int32)
            numbers[:, :size] = self.items[start[at, None] + np.arange(size)]
            first, of_row = distinct_words(numbers.view(np.uint64)) if size else (at[:1] * 0, constant(len(at)))
            lists = [tuple([self.values.items[item] for item in row[:size]]) for row in numbers[first].tolist()]
            codes[at] = np.array([states.number(given(one)) for one in lists], np.int32)[of_row]
        return codes, states

    def at(self, rows: Rows) -> list[State]:
        start = (np.cumsum(self.sizes) - self.sizes)[rows].tolist()
        values = self.values.items
        return [
            BLANK if null else given(tuple([values[item] for item in self.items[at : at + size].tolist()]))
            for at, size, null in zip(start, self.sizes[rows].tolist(), self.null[rows].tolist(), strict=True)
        ]

    @property
    def apart(self) -> Part:
        """Numbers that tell values apart."""
        codes, states = self.exact()
        return Part(codes, len(states))

    @property
    def forms(self) -> Codes:
        """What is known of each row."""
        return np.where(self.null, np.int32(MISSING), np.int32(CERTAIN))

    @property
    def amounts(self) -> None:
        """Lists are no numbers."""
        return None

    def kept(self, rows: Mask) -> Lists:
        return Lists(self.items[np.repeat(rows, self.sizes)], self.sizes[rows], self.null[rows], self.values)

    def texts(self) -> pl.Series:
        codes, states = self.exact()
        texts = [None if state.now is None else plain_text(state.now) for state in states.items]
        return pl.Series(texts, dtype=pl.String).gather(pl.Series(codes))
