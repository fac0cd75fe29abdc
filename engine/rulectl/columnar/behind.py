"""What terms that are not inputs wait for, row by row: the inputs behind them, as sets.

A rule that asks a decided term which may yet change waits for what that term waits for itself, followed down to what
can be asked for (runtime/waiting.py says it of one case). In a frame that is a column: the number of a set of names for
each row. Few sets occur, whatever the rows, and a set is an integer whose bits are places in the vocabulary. The tables
above take the number for one more digit of a combination, or look the bits up beside those of their rules (doubts.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rulectl.columnar.codes import Codes, Numbered, Part, Rows, constant, distinct_words, each, occurring
from rulectl.columnar.columns import Column
from rulectl.columnar.doubts import Counted, Doubts, Reached
from rulectl.columnar.states import GONE, MISSING
from rulectl.columnar.terms import TermColumns, Verdicts
from rulectl.runtime.plan import Plan


class Sets:
    """The sets that were met behind each name of a rulebook, kept from frame to frame."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.forget()

    def forget(self) -> None:
        """Forget all sets; what holds their numbers must be forgotten with them."""
        self._of: dict[str, Numbered[int]] = {}

    @property
    def held(self) -> int:
        """How many are remembered."""
        return sum(map(len, self._of.values()))

    def of(self, name: str) -> Numbered[int]:
        """The sets behind a name."""
        return self._of.setdefault(name, Numbered(0))

    def bit(self, name: str) -> int:
        """A name as a set; an event date that no term gives cannot be asked for."""
        return 1 << self.plan.order[name] if name in self.plan.order else 0


class Behind:
    """What is behind the names of one frame. `verdicts` may grow meanwhile."""

    def __init__(
        self,
        sets: Sets,
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Verdicts],
        columns: Mapping[str, Column],
        rows: int,
    ) -> None:
        self.sets = sets
        self._terms = terms
        self._verdicts = verdicts
        self._columns = columns
        self._rows = rows
        self._known: dict[str, Reached] = {}
        self._under_way: set[str] = set()
        self._cut = False

    def inner(self, name: str) -> bool:
        """Whether a name stands for others."""
        return name in self._verdicts or name in self.sets.plan.aggregates

    def of(self, name: str) -> Reached:
        """What is behind a name for which rows wait; empty where a term is settled."""
        known = self._known.get(name)
        if known is not None:
            return known
        if name in self._under_way:
            # a rulebook made by hand may read what is only written later: round a circle nothing is added
            self._cut = True
            return Reached(constant(self._rows), Numbered(0))
        self._under_way.add(name)
        made = self._decided(name) if name in self._verdicts else self._given(name)
        self._under_way.remove(name)
        if not self._cut or not self._under_way:
            self._known[name] = made
            self._cut = False
        return made

    def _given(self, name: str) -> Reached:
        """An input is behind itself; behind a fact counted across cases are the keys that a row lacks for it."""
        sets, bit = self.sets.of(name), self.sets.bit
        aggregate = self.sets.plan.aggregates.get(name)
        if aggregate is None:
            return Reached(constant(self._rows, sets.number(bit(name))), sets)
        needed = (*aggregate.by[:1], aggregate.time if aggregate.window is not None else None)
        keys = [key for key in needed if key is not None]
        there = [key for key in keys if key in self._columns]
        always = sum(bit(key) for key in set(keys).difference(there))
        blank = [np.isin(self._columns[key].forms, (MISSING, GONE)).astype(np.int32) for key in there]

        def missing(flags: tuple[int, ...]) -> int:
            lacks = sum(bit(key) for key, flag in zip(there, flags, strict=True) if flag)
            return sets.number(always | lacks or bit(name))

        return Reached(each([Part(flags, 2) for flags in blank], self._rows, missing), sets)

    def _decided(self, name: str) -> Reached:
        """The names for which a term's verdict waits, with those behind them."""
        sets, term, verdict = self.sets.of(name), self._terms[name], self._verdicts[name]
        codes = constant(self._rows)
        judged = term.judged(verdict.codes)
        if judged is not None and judged.any():
            codes = self._judged(term, judged, sets)
        if verdict.doubts is not None:
            codes = np.where(verdict.doubts.codes != 0, self._counted(verdict.doubts, sets), codes)
        return Reached(codes, sets)

    def _judged(self, term: TermColumns, judged: Codes, sets: Numbered[int]) -> Codes:
        (where,) = judged.nonzero()
        behind = term.behind(judged[where])
        names = [term.unions.items[number] for number in occurring(behind)]
        inner = [name for name in sorted(frozenset[str]().union(*names)) if self.inner(name)]
        reached = [self.of(name) for name in inner]

        def together(key: tuple[int, ...]) -> int:
            own = term.unions.items[key[0]]
            found = 0
            for name in own.difference(inner):
                found |= self.sets.bit(name)
            for name, other, code in zip(inner, reached, key[1:], strict=True):
                found |= other.sets.items[code] if name in own else 0
            return sets.number(found)

        codes = constant(self._rows)
        parts = [Part(one.codes[where], len(one.sets)) for one in reached]
        codes[where] = each([Part(behind, len(term.unions)), *parts], len(where), together)
        return codes

    def _counted(self, doubts: Doubts, sets: Numbered[int]) -> Codes:
        """The names that rows lack beside their verdicts."""
        bits = [self.sets.bit(name) for name in doubts.names]
        at, number = _alike(doubts.counts)
        masks = [sum(bit for bit, flag in zip(bits, row, strict=True) if flag) for row in doubts.counts[at].tolist()]
        lut = np.array([sets.number(mask) for mask in masks], np.int32)
        return lut.take(number).take(doubts.codes)


def _alike(counts: Counted) -> tuple[Rows, Codes]:
    """A row of each pattern of names that are counted at all, and which of them each row has."""
    packed = np.packbits(counts > 0, axis=1)
    words = np.zeros((len(packed), -(-max(1, packed.shape[1]) // 8) * 8), np.uint8)
    words[:, : packed.shape[1]] = packed
    at, number = distinct_words(words.view(np.uint64))
    return at, number
