"""What to ask, row by row: as the one-case engine counts it, for each combination of unsettled verdicts that occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rulectl.columnar.codes import Codes, Numbered, Part, Rows, constant, each
from rulectl.columnar.columns import Column
from rulectl.columnar.terms import TermColumns
from rulectl.model.rulebook import Term
from rulectl.runtime.plan import Plan

Asks = tuple[str, ...]


class Asking:
    """Asks of a rulebook. `asks` by number; 0 is none."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.forget()

    def forget(self) -> None:
        """Forget all asks; columns that hold their numbers must be forgotten with them."""
        self.asks: Numbered[Asks] = Numbered(())
        self._weights: Numbered[tuple[tuple[str, int], ...]] = Numbered(())

    def decide(
        self,
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Codes],
        columns: Mapping[str, Column],
        rows: int,
    ) -> Codes:
        """The number of each row's asks."""
        weights: list[tuple[Term, Codes]] = []
        for output in self.plan.outputs:
            if output.id not in verdicts:
                continue
            lut = terms[output.id].waits.array()
            if not lut.any():
                continue
            codes = lut[verdicts[output.id]]
            if codes.any():
                weights.append((output, self._weigh(output, terms, verdicts, columns, codes)))
        if not weights:
            return constant(rows)
        where = np.flatnonzero(np.logical_or.reduce([codes != 0 for _, codes in weights]))
        parts = [Part(codes[where], len(self._weights)) for _, codes in weights]
        outputs = [output for output, _ in weights]
        asks = constant(rows)
        asks[where] = each(parts, len(where), lambda key: self.asks.number(self._asks(outputs, key)))
        return asks

    def _weigh(
        self,
        output: Term,
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Codes],
        columns: Mapping[str, Column],
        waits: Codes,
    ) -> Codes:
        """How often an output waits for each input: numbers of `_weights`, 0 where it waits for none. `waits` are the
        numbers of its sets of names."""
        where = np.flatnonzero(waits)
        groups = terms[output.id].groups
        behind = self._behind_all(output.id, terms, verdicts, where)
        decided = [name for name in behind if name in verdicts]
        parts = [Part(waits[where], len(groups))]
        parts += [Part(terms[name].behind.array()[verdicts[name][where]], len(terms[name].unions)) for name in decided]
        blanks = sorted({k for name in behind if name not in verdicts for k in self._keys(name) if k in columns})
        for name in blanks:
            codes, states = columns[name].exact()
            null = np.array([state.now is None for state in states.items], np.int32)
            parts.append(Part(null[codes[where]], 2))

        def weigh(key: tuple[int, ...]) -> int:
            unions = {name: terms[name].unions.items[code] for name, code in zip(decided, key[1:], strict=False)}
            blank = {name for name, code in zip(blanks, key[1 + len(decided) :], strict=True) if code}
            counts: Counter[str] = Counter()
            for names, rules in groups.items[key[0]]:
                found = _inputs(names, unions, verdicts)
                for asked in frozenset(other for name in found for other in self._behind(name, blank, columns)):
                    counts[asked] += rules
            order = self.plan.order
            return self._weights.number(tuple(sorted((n, c) for n, c in counts.items() if n in order)))

        result = constant(len(waits))
        result[where] = each(parts, len(where), weigh)
        return result

    def _behind_all(
        self, output: str, terms: Mapping[str, TermColumns], verdicts: Mapping[str, Codes], where: Rows
    ) -> list[str]:
        """The terms that an output may wait for in these rows, and those behind them."""
        seen: list[str] = []
        left = [output]
        while left:
            term = terms[left.pop()]
            unions = term.behind.array()[verdicts[term.term.id][where]]
            names = {n for met in np.unique(unions).tolist() for n in term.unions.items[met]}
            fresh = sorted(names.difference(seen))
            seen += fresh
            left += [name for name in fresh if name in verdicts]
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

    def _asks(self, outputs: Sequence[Term], key: tuple[int, ...]) -> Asks:
        required: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for output, code in zip(outputs, key, strict=True):
            counts = dict(self._weights.items[code])
            total.update(counts)
            if output.required:
                required.update(counts)
        order = self.plan.order
        return tuple(sorted(total, key=lambda n: (-required[n], -total[n], order[n])))


def _inputs(
    names: frozenset[str], unions: Mapping[str, frozenset[str]], decided: Mapping[str, Codes]
) -> frozenset[str]:
    """The names with decided terms replaced by what these wait for themselves."""
    found: set[str] = set()
    seen: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in decided:
            left += unions[name]
        else:
            found.add(name)
    return frozenset(found)
