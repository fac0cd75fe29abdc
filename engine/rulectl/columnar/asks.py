"""What to ask, row by row: as the one-case engine counts it, for each combination of unsettled verdicts that occurs.

How often each output waits for each input is worked out once for each combination of what the output itself hangs on.
Adding that up over the outputs and sorting the inputs by it is done in columns: with many blanks, hardly two rows wait
for the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, Lut, Numbered, Part, Rows, constant, distinct, distinct_words, each
from rulectl.columnar.columns import Column
from rulectl.columnar.holding import Waits
from rulectl.columnar.terms import TermColumns, Verdicts
from rulectl.model.rulebook import Term
from rulectl.runtime.plan import Plan
from rulectl.runtime.waiting import waited_for

Asks = tuple[str, ...]

_CELLS = 1 << 21
"""So many counts, of rows and names, are added up and sorted at once: 16 MB each time they are held."""

_IN_WORD = 4
"""Places of names in a 64-bit word."""


class Asking:
    """Asks of a rulebook. `asks` by number; 0 is none."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._names = sorted(plan.order, key=plan.order.__getitem__)
        self._place = {name: place for place, name in enumerate(self._names)}
        self.forget()

    def forget(self) -> None:
        """Forget all asks; columns that hold their numbers must be forgotten with them."""
        self.asks: Numbered[Asks] = Numbered(())
        self._weights: Numbered[Waits] = Numbered(frozenset())
        self._of_group: dict[str, Lut] = {}
        self._counts = np.zeros((0, len(self._names)), np.int32)
        self._known: dict[bytes, int] = {}
        self._weighed: dict[tuple[object, ...], dict[tuple[int, ...], int]] = {}

    @property
    def held(self) -> int:
        """How many things are remembered."""
        return len(self.asks) + len(self._weights) + sum(map(len, self._weighed.values()))

    def decide(
        self,
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Verdicts],
        columns: Mapping[str, Column],
        rows: int,
    ) -> Codes:
        """The number of each row's asks."""
        weights: list[tuple[Term, Codes]] = []
        waits = {name: terms[name].waiting(*codes) for name, codes in verdicts.items()}
        for output in self.plan.outputs:
            codes = waits.get(output.id)
            if codes is not None and codes.any():
                weights.append((output, self._weigh(output, terms, waits, columns, codes)))
        if not weights:
            return constant(rows)
        where = np.flatnonzero(np.logical_or.reduce([codes != 0 for _, codes in weights]))
        self._count()
        names = np.flatnonzero(self._counts.any(axis=0))
        if not len(names) or not len(where):
            return constant(rows)
        at, codes = distinct([Part(codes[where], len(self._weights)) for _, codes in weights], len(where))
        step = max(1, _CELLS // len(names))
        said = np.concatenate(
            [
                self._inorder([(output, codes[where[at[start : start + step]]]) for output, codes in weights], names)
                for start in range(0, len(at), step)
            ]
        )
        asks = constant(rows)
        asks[where] = said[codes]
        return asks

    def _inorder(self, weights: Sequence[tuple[Term, Codes]], names: Rows) -> Codes:
        """The number of the asks of some rows, given the number of each output's weights, of which only some names
        have any: first what required outputs wait for most, then what all do."""
        rows = len(weights[0][1])
        required, total = (np.zeros((rows, len(names)), np.int64) for _ in range(2))
        counted = self._counts[:, names]
        for output, codes in weights:
            counts = counted[codes]
            total += counts
            if output.required:
                required += counts
        key = required * (total.max(initial=0) + 1) + total
        # names stand in their own order, and stay so where they are waited for alike
        order = np.argsort(-key, axis=1, kind="stable")
        places = np.zeros((rows, -(-len(names) // _IN_WORD) * _IN_WORD), np.uint16)
        places[:, : len(names)] = names[order] + 1
        places[np.arange(places.shape[1]) >= np.count_nonzero(total, axis=1)[:, None]] = 0
        at, codes = distinct_words(places.view(np.uint64))
        return np.fromiter((self._asked(some) for some in places[at]), np.int32, len(at))[codes]

    def _asked(self, places: npt.NDArray[np.uint16]) -> int:
        """The number of some asks: `places` of names, from 1, and after them 0."""
        asked = places[places != 0]
        key = asked.tobytes()
        found = self._known.get(key)
        if found is None:
            asks = tuple(self._names[place - 1] for place in asked.tolist())
            found = self._known[key] = self.asks.number(asks)
        return found

    def _count(self) -> None:
        """One row of counts, a column a name, for each of `_weights`."""
        fresh = self._weights.items[len(self._counts) :]
        if fresh:
            more = np.zeros((len(fresh), len(self._names)), np.int32)
            for row, waits in enumerate(fresh):
                for names, rules in waits:
                    for name in names:
                        # an event date that no term gives cannot be asked for
                        if name in self._place:
                            more[row, self._place[name]] += rules
            self._counts = np.concatenate([self._counts, more])

    def _weigh(
        self,
        output: Term,
        terms: Mapping[str, TermColumns],
        waits: Mapping[str, Codes | None],
        columns: Mapping[str, Column],
        mine: Codes,
    ) -> Codes:
        """How often an output waits for each input: numbers of `_weights`, 0 where it waits for none. `waits` are the
        numbers of each term's sets of names, `mine` those of the output."""
        where = np.flatnonzero(mine)
        groups = terms[output.id].groups
        behind = self._behind_all(output.id, terms, waits, where)
        decided = [name for name in behind if name in waits]
        if not decided and self.plan.aggregates.keys().isdisjoint(behind):
            # the names in its sets are what is asked for
            lut = self._of_group.setdefault(output.id, Lut())
            lut.items += [self._weights.number(waits) for waits in groups.items[len(lut) :]]
            return lut.array().take(mine)
        unions = [(name, terms[name].unions) for name in decided]
        parts = [Part(mine[where], len(groups)), *(Part(behind[name], len(named)) for name, named in unions)]
        blanks = sorted({k for name in behind if name not in waits for k in self._keys(name) if k in columns})
        for name in blanks:
            codes, states = columns[name].exact()
            null = np.array([state.now is None for state in states.items], np.int32)
            parts.append(Part(null[codes[where]], 2))

        memory = self._weighed.setdefault((output.id, tuple(decided), tuple(blanks)), {})

        def weigh(key: tuple[int, ...]) -> int:
            found = memory.get(key)
            if found is None:
                found = memory[key] = weigh_anew(key)
            return found

        def weigh_anew(key: tuple[int, ...]) -> int:
            counts: Counter[frozenset[str]] = Counter()
            inner = {name: named.items[code] for (name, named), code in zip(unions, key[1:], strict=False)}
            blank = {name for name, code in zip(blanks, key[1 + len(decided) :], strict=True) if code}
            known: dict[str, frozenset[str]] = {}
            for names, rules in groups.items[key[0]]:
                for name in names - known.keys():
                    found = waited_for((name,), lambda one: inner[one] if one in waits else None)
                    known[name] = frozenset(o for input_ in found for o in self._behind(input_, blank, columns))
                counts[frozenset[str]().union(*map(known.__getitem__, names))] += rules
            return self._weights.number(frozenset(counts.items()))

        result = constant(len(mine))
        result[where] = each(parts, len(where), weigh)
        return result

    def _behind_all(
        self, output: str, terms: Mapping[str, TermColumns], waits: Mapping[str, Codes | None], where: Rows
    ) -> dict[str, Codes]:
        """The terms that an output may wait for in these rows, and those behind them; of decided terms the numbers of
        what these wait for themselves."""
        seen: dict[str, Codes] = {}
        left = [output]
        while left:
            name = left.pop()
            term, codes = terms[name], waits[name]
            behind = term.behind(constant(len(where)) if codes is None else codes[where])
            if name in seen:
                seen[name] = behind
            names = {n for met in np.unique(behind).tolist() for n in term.unions.items[met]}
            fresh = sorted(names.difference(seen))
            seen |= dict.fromkeys(fresh, behind)
            left += [name for name in fresh if name in waits]
        return seen

    def _keys(self, name: str) -> tuple[str, ...]:
        """The keys and the time that a case needs for a fact counted across cases."""
        aggregate = self.plan.aggregates.get(name)
        if aggregate is None:
            return ()
        needed = (*aggregate.by[:1], aggregate.time if aggregate.window is not None else None)
        return tuple(key for key in needed if key is not None)

    def _behind(self, name: str, blank: set[str], columns: Mapping[str, Column]) -> Iterable[str]:
        if name not in self.plan.aggregates:
            return (name,)
        missing = [key for key in self._keys(name) if key in blank or key not in columns]
        return missing or (name,)
