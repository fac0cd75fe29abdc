"""How rows whose classes hardly ever come together twice are held against a table's rules: by a grid, or by bits.

The grid (grid.py) looks at the few rules near a row, wherever texts part them well; bits (bits.py) look at all rules,
64 at a time, however they lie. A grid whose cells would hold too many boxes is not used, nor are bits that would take
too much memory; tables of both kinds are decided combination by combination.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rulectl.columnar.bits import Bits, Words
from rulectl.columnar.codes import Codes
from rulectl.columnar.doubts import Asked, Opening
from rulectl.columnar.grid import Grid, Runs, runs_of
from rulectl.columnar.parted import Parts
from rulectl.lang.region import FIRST
from rulectl.runtime.lowering import TRUE, Column
from rulectl.runtime.plan import TablePlan

FEW_WORDS = 4
"""Bits of so few words are always less work than a grid."""

_GRID_WORK, _BITS_WORK = 4, 20
"""A box takes about as long as four words of bits for each column asked, a row of a matrix as long as twenty words and
its own (measured on tables of 100 to 10,000 rules with 3 to 20 columns)."""

_LEAST_WORDS, _MOST_PARTS = 6, 2
"""Rules of so many words are parted, by at most so many columns."""

_MOST_BOXES = 2_000
"""A grid that leaves a row with more boxes than this is worse than combinations."""


@dataclass
class Holding:
    """One table whose columns all sort a row into a class. `first_only`: nothing but the first rule that holds
    matters. `asked` is what columns ask, where bits say what is open."""

    plan: TablePlan
    first_only: bool
    asked: Asked | None

    @cached_property
    def sizes(self) -> list[int]:
        """How many classes each column has; of lists there are as many matrix rows as texts that are asked for."""
        return [_size(column) for column in self.plan.lowered.columns]

    @cached_property
    def _runs(self) -> Mapping[int, Runs]:
        """By column the runs of classes in which rules hold; of lists there are none."""
        lowered, sizes = self.plan.lowered, self.sizes
        count = len(lowered.numbers)
        return {
            slot.column: runs_of(slot, sizes[slot.column], count) for slot in lowered.slots if slot.contents is None
        }

    @cached_property
    def bits(self) -> Bits | None:
        """The rules as bits; None where these would be too many."""
        return Bits.of(self.plan.lowered, self.sizes, self._runs, self.first_only)

    @cached_property
    def parts(self) -> Sequence[Parts]:
        """The rules parted by columns of texts, the one that leaves fewest first."""
        bits, columns = self.bits, self.plan.lowered.columns
        if not self.first_only or bits is None or any(column.contents is not None for column in columns):
            return ()
        texts = [c for c, column in enumerate(columns) if column.partition and not column.partition.ordered]
        if bits.words < _LEAST_WORDS or not texts:
            return ()
        found = [Parts.of(self.plan.lowered, self.sizes, column, self._runs) for column in texts]
        return sorted([parts for parts in found if parts is not None], key=lambda parts: parts.words)[:_MOST_PARTS]

    @cached_property
    def grid(self) -> Grid | None:
        """The rules laid out in a grid, where that is less work than bits."""
        if not self.first_only or not self.plan.simple or (self.bits is not None and self.bits.words <= FEW_WORDS):
            return None
        if any(column.contents is not None for column in self.plan.lowered.columns):
            return None
        grid = Grid.of(self.plan.lowered, self.sizes, self._runs)
        if grid is None or grid.depth > _MOST_BOXES:
            return None
        bits = self.bits
        work = len(bits.shared) * (_BITS_WORK + bits.words) if bits is not None else None
        return grid if work is None or len(grid.asked) * grid.depth * _GRID_WORK < work else None

    @property
    def possible(self) -> bool:
        """Whether there is a way at all."""
        return self.bits is not None or self.grid is not None

    @cached_property
    def opening(self) -> Opening | None:
        """What says what rows leave open that lack inputs; None where bits do not."""
        if self.asked is None or self.bits is None:
            return None
        return Opening(self.plan, self.bits, self.asked, self.parts)

    def forget(self) -> None:
        """Forget what sets of rules come to."""
        if self.opening is not None:
            self.opening.forget()

    def over(self, sets: Mapping[int, Words]) -> Bits | None:
        """The bits of a frame in which lists have these sets of texts, by column."""
        return None if self.bits is None else self.bits.over(sets)

    def first(self, bits: Bits | None, classes: Sequence[Codes], rows: int) -> Codes:
        """The first rule that holds in each row, NONE where none does; all classes are known."""
        if self.grid is not None:
            return self.grid.first(classes, rows)
        if self.parts:
            return self.parts[0].first(classes, rows)
        assert bits is not None
        return bits.first(classes, rows)

    def rules(self, words: Words) -> list[tuple[int, ...]]:
        """The numbers of the rules that hold in each row, given as words."""
        assert self.bits is not None
        return self.bits.rules(words)

    def lowest(self, words: Words) -> Codes:
        """The first of the rules that hold in each row, given as words; NONE where none does."""
        assert self.bits is not None
        return self.bits.lowest(words)


def _size(column: Column) -> int:
    if column.contents is not None:
        return FIRST + len(column.contents.texts)
    return TRUE + 1 if column.partition is None else column.partition.size
