"""How rows whose classes hardly ever come together twice are held against a table's rules: by a grid, or by bits.

The grid (grid.py) looks at the few rules near a row, wherever texts part them well; bits (bits.py) look at all rules,
64 at a time, however they lie. A grid whose cells would hold too many boxes is not used, nor are bits that would take
too much memory; tables of both kinds are decided combination by combination.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rulectl.columnar.bits import FEW_WORDS, MOST_BYTES, Bits, Voices
from rulectl.columnar.codes import Codes, Numbered, Part, distinct, distinct_words, each
from rulectl.columnar.grid import Grid
from rulectl.runtime.lowering import TRUE
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import NOTHING, Spoken

Waits = frozenset[tuple[frozenset[str], int]]
"""Sets of names, and for how many rules each stands."""

_GRID_WORK, _BITS_WORK = 4, 20
"""A box takes about as long as four words of bits for each column asked, a row of a matrix as long as twenty words and
its own (measured on tables of 100 to 10,000 rules with 3 to 20 columns)."""

_MOST_BOXES = 2_000
"""A grid that leaves a row with more boxes than this is worse than combinations."""


@dataclass
class Holding:
    """One table whose columns all sort a row into a class. `first_only`: nothing but the first rule that holds
    matters."""

    plan: TablePlan
    first_only: bool

    @cached_property
    def sizes(self) -> list[int]:
        """How many classes each column has."""
        return [TRUE + 1 if c.partition is None else c.partition.size for c in self.plan.lowered.columns]

    @cached_property
    def bits(self) -> Bits | None:
        """The rules as bits; None where these would be too many."""
        return Bits.of(self.plan.lowered, self.sizes)

    @cached_property
    def grid(self) -> Grid | None:
        """The rules laid out in a grid, where that is less work than bits."""
        if not self.first_only or not self.plan.simple or (self.bits is not None and self.bits.words <= FEW_WORDS):
            return None
        grid = Grid.of(self.plan.lowered, self.sizes)
        if grid is None or grid.depth > _MOST_BOXES:
            return None
        bits = self.bits
        work = len(bits.shared) * (_BITS_WORK + bits.words) if bits is not None else None
        return grid if work is None or len(grid.asked) * grid.depth * _GRID_WORK < work else None

    @property
    def possible(self) -> bool:
        """Whether there is a way at all."""
        return self.bits is not None or self.grid is not None

    @property
    def tells_doubts(self) -> bool:
        """Whether bits can say what unknown values leave open without taking too much memory."""
        return self.bits is not None and len(self.plan.table.outputs) * self.bits.voice_bytes <= MOST_BYTES

    def first(self, classes: Sequence[Codes], rows: int) -> Codes:
        """The first rule that holds in each row, NONE where none does; all classes are known."""
        if self.grid is not None:
            return self.grid.first(classes, rows)
        assert self.bits is not None
        return self.bits.first(classes, rows)

    def sets(self, classes: Sequence[Codes], rows: int) -> tuple[list[tuple[int, ...]], Codes]:
        """The sets of rules that hold, and which of them each row has; all classes are known."""
        bits = self.bits
        assert bits is not None
        words = bits.sets(classes, rows)
        at, codes = distinct_words(words)
        return [bits.rules(words[row]) for row in at.tolist()], codes

    @cached_property
    def _voices(self) -> list[Voices]:
        """What the rules say, by output column; columns whose rules differ alike share one."""
        bits = self.bits
        assert bits is not None
        made: dict[tuple[int, ...], Voices] = {}
        found: list[Voices] = []
        for column in range(len(self.plan.table.outputs)):
            said: Numbered[Spoken] = Numbered(NOTHING)
            numbers = tuple(said.number(self.plan.spoken[rule][column]) for rule in bits.rule.tolist())
            if numbers not in made:
                made[numbers] = Voices.of(numbers, bits.words)
            found.append(made[numbers])
        return found

    def doubts(
        self, classes: Sequence[Codes], rows: int, names: Sequence[str], number: Callable[[Waits], int]
    ) -> tuple[Codes, list[Codes]]:
        """For rows that lack inputs: the first rule that holds, and by output column the `number` of what they lack;
        `names` are those of the columns."""
        bits = self.bits
        assert bits is not None
        parts = [Part(column, size) for column, size in zip(classes, self.sizes, strict=True)]
        at, codes = distinct(parts, rows)
        found, waiting = bits.doubts([column[at] for column in classes], len(at), self._voices)
        single = [frozenset((name,)) for name in names]
        doubts: list[Codes] = []
        for n, counts in enumerate(waiting):
            if n and self._voices[n] is self._voices[0]:
                doubts.append(doubts[0])
                continue
            doubts.append(_numbered(counts, len(at), len(bits.rule) + 1, single, number)[codes])
        return found[codes], doubts


def _numbered(
    counts: dict[int, Codes], rows: int, size: int, names: Sequence[frozenset[str]], number: Callable[[Waits], int]
) -> Codes:
    """The number of what each row waits for; `counts` say for how many rules it waits for each column."""
    columns = list(counts)

    def note(key: tuple[int, ...]) -> int:
        return number(frozenset((names[c], rules) for c, rules in zip(columns, key, strict=True) if rules))

    return each([Part(count, size) for count in counts.values()], rows, note)
