"""What to ask, row by row: as the one-case engine counts it.

How often a row's outputs wait for each input is one row of counts. What bits leave open (doubts.py) is counted there,
row by row; what was judged is counted once for each combination of what an output hangs on. Adding these up over the
outputs and sorting the inputs by them is done in columns: with many blanks, hardly two rows wait for the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.behind import Behind
from rulectl.columnar.codes import Codes, Numbered, Part, Rows, constant, each, occurring
from rulectl.columnar.doubts import Counted
from rulectl.columnar.met import Met, Words
from rulectl.columnar.terms import TermColumns, Verdicts
from rulectl.columnar.wanted import Places, Wanted
from rulectl.model.rulebook import Term
from rulectl.runtime.plan import Plan

_CELLS: Final = 1 << 16
"""So many words of counts are added up and sorted at once: few enough to stay in the processor's cache."""

_FEW_WORDS: Final = 4
"""Sums of so many words are found again from row to row and from frame to frame."""

Weights = frozenset[tuple[int, int]]
"""Sets of inputs, as bits, and for how many rules each stands."""


class Share(NamedTuple):
    """What one output adds: the counts of each row are `counts[codes]`, for the names at some places."""

    required: bool
    codes: Codes
    counts: Counted
    places: Rows


class Asking:
    """Asks of a rulebook. `asks` by number; 0 is none."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._names = sorted(plan.order, key=plan.order.__getitem__)
        self._place = {name: place for place, name in enumerate(self._names)}
        self.forget()

    def forget(self) -> None:
        """Forget all asks; columns that hold their numbers must be forgotten with them."""
        self.asks = Wanted(self._names)
        self._weights: Numbered[Weights] = Numbered(frozenset())
        self._counts = np.zeros((0, len(self._names)), np.int32)
        self._weighed: dict[tuple[object, ...], dict[tuple[int, ...], int]] = {}
        self._met: dict[tuple[object, ...], Met] = {}

    @property
    def held(self) -> int:
        """How many things are remembered."""
        return len(self.asks) + len(self._weights) + sum(map(len, self._weighed.values()))

    def decide(
        self,
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Verdicts],
        behind: Behind,
        rows: int,
    ) -> Codes:
        """The number of each row's asks."""
        shares: list[Share] = []
        judged: list[tuple[Term, Codes]] = []
        for output in self.plan.outputs:
            verdict = verdicts.get(output.id)
            if verdict is None:
                continue
            if verdict.doubts is not None:
                lacks, codes, counts = verdict.doubts
                shares.append(Share(output.required, codes, counts, np.array([self._place[name] for name in lacks])))
            mine = terms[output.id].judged(verdict.codes)
            if mine is not None and mine.any():
                judged.append((output, self._weigh(terms[output.id], behind, mine)))
        if judged:
            self._count()
            some = np.flatnonzero(self._counts.any(axis=0))
            counts = np.ascontiguousarray(self._counts[:, some])
            shares += [Share(output.required, codes, counts, some) for output, codes in judged]
        if not shares:
            return constant(rows)
        names = np.unique(np.concatenate([share.places for share in shares]))
        if not len(names):
            return constant(rows)
        sums = _Sums.of(shares, names)
        asks = constant(rows)
        step = max(1, _CELLS // sums.words)
        for part in (slice(start, start + step) for start in range(0, rows, step)):
            asks[part] = self._of_some(sums, [share.codes[part] for share in shares])
        return asks

    def _of_some(self, sums: _Sums, codes: Sequence[Codes]) -> Codes:
        """The asks of some rows."""
        (where,) = np.logical_or.reduce([mine != 0 for mine in codes]).nonzero()
        if 2 * len(where) > len(codes[0]):  # what waits for nothing has a sum, too
            return self._numbers(sums, sums.added(codes))
        asks = constant(len(codes[0]))
        asks[where] = self._numbers(sums, sums.added([mine.take(where) for mine in codes]))
        return asks

    def _numbers(self, sums: _Sums, added: Words) -> Codes:
        """The numbers of what rows ask for whose counts are added up."""
        if sums.words > _FEW_WORDS:  # then hardly two rows have the same
            return self.asks.numbers(self._inorder(sums, added))
        met = self._met.setdefault(sums.key, Met())
        return met.of(added, lambda fresh: self.asks.numbers(self._inorder(sums, fresh)))

    def _inorder(self, sums: _Sums, added: Words) -> Places:
        """The places of names that some rows ask for, from 1, in order: first what required outputs wait for most, then
        what all do."""
        counts = added.view(sums.lane)[:, : len(sums.names)]
        # sorted as one number with its place, since that takes a fifth of the time; names stand in their own order,
        # and stay so where they are waited for alike
        bits = len(sums.names).bit_length()
        last = (1 << bits) - 1
        most = int(counts.max(initial=0)).bit_length() + bits
        size: type[np.unsignedinteger[Any]] = np.uint16 if most <= 16 else np.uint32 if most <= 32 else np.uint64
        whole: npt.NDArray[np.unsignedinteger[Any]] = (counts.astype(size) << size(bits)) | (
            last - np.arange(len(sums.names))
        ).astype(size)
        whole.sort(axis=1)
        whole = whole[:, ::-1]
        lut = np.zeros(last + 1, self.asks.size)
        lut[last - np.arange(len(sums.names))] = sums.names + 1
        places: Places = lut.take(whole & size(last))
        places *= whole > size(last)
        return places

    def _count(self) -> None:
        """One row of counts, a column a name, for each of `_weights`."""
        fresh = self._weights.items[len(self._counts) :]
        if fresh:
            more = np.zeros((len(fresh), len(self._names)), np.int32)
            for row, weights in enumerate(fresh):
                for names, rules in weights:
                    for place in range(names.bit_length()):
                        if names >> place & 1:
                            more[row, place] += rules
            self._counts = np.concatenate([self._counts, more])

    def _weigh(self, term: TermColumns, behind: Behind, mine: Codes) -> Codes:
        """How often an output waits for each input where it was judged: numbers of `_weights`, 0 where it waits for
        none. `mine` are the numbers of its sets of names."""
        (where,) = mine.nonzero()
        met = [term.groups.items[number] for number in occurring(mine[where])]
        every = frozenset(name for group in met for names, _ in group for name in names)
        inner = sorted(filter(behind.inner, every))
        reached = [behind.of(name) for name in inner]
        memory = self._weighed.setdefault((term.term.id, *inner), {})

        def weigh(key: tuple[int, ...]) -> int:
            found = memory.get(key)
            if found is None:
                found = memory[key] = weigh_anew(key)
            return found

        def weigh_anew(key: tuple[int, ...]) -> int:
            sets = {name: one.sets.items[code] for name, one, code in zip(inner, reached, key[1:], strict=True)}
            counts: Counter[int] = Counter()
            for names, rules in term.groups.items[key[0]]:
                whole = 0
                for name in names:
                    whole |= sets[name] if name in sets else behind.sets.bit(name)
                counts[whole] += rules
            return self._weights.number(frozenset(counts.items()))

        result = constant(len(mine))
        parts = [Part(mine[where], len(term.groups)), *(Part(one.codes[where], len(one.sets)) for one in reached)]
        result[where] = each(parts, len(where), weigh)
        return result


class _Sums(NamedTuple):
    """How counts of some `names` (their places) are added up: several to a word, each in a `lane`. A count for required
    outputs stands above all counts for any; `heavy` is what it is multiplied by for that."""

    names: Rows
    lane: type[np.unsignedinteger[Any]]
    heavy: int
    luts: tuple[Words, ...]

    @classmethod
    def of(cls, shares: Sequence[Share], names: Rows) -> _Sums:
        """What `shares` add, in lanes that no sum exceeds."""
        tops = [int(share.counts.max(initial=0)) for share in shares]
        # powers of two, so that sums are found again in the next frame, whose counts are others
        heavy = 0 if len({share.required for share in shares}) == 1 else 1 << sum(tops).bit_length()
        most = sum(top * (1 + heavy * share.required) for top, share in zip(tops, shares, strict=True))
        lane = next(size for size in (np.uint16, np.uint32, np.uint64) if most <= np.iinfo(size).max)
        in_word = 8 // lane().itemsize
        luts: list[Words] = []
        for share in shares:
            lut = np.zeros((len(share.counts), -(-len(names) // in_word) * in_word), lane)
            # one slice where an output waits for all of the names: a row at a time takes five times as long
            mine = slice(len(names)) if len(share.places) == len(names) else np.searchsorted(names, share.places)
            lut[:, mine] = share.counts
            if heavy and share.required:
                lut *= lane(1 + heavy)
            luts.append(lut.view(np.uint64))
        return cls(names, lane, heavy, tuple(luts))

    @property
    def words(self) -> int:
        """Words of a sum."""
        return int(self.luts[0].shape[1])

    @property
    def key(self) -> tuple[object, ...]:
        """What sums mean."""
        return self.names.tobytes(), self.lane, self.heavy

    def added(self, codes: Sequence[Codes]) -> Words:
        """The sums of rows, (rows, words); `codes` are those of each share."""
        whole = self.luts[0].take(codes[0], axis=0)
        for lut, mine in zip(self.luts[1:], codes[1:], strict=True):
            whole += lut.take(mine, axis=0)
        return whole
