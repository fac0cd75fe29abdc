"""What to ask, row by row: as the one-case engine counts it, for each combination of unsettled verdicts that occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rulectl.columnar.codes import Codes, Numbered, Part, constant, each
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
        waiting = {name: terms[name].waits.array() for name in verdicts}
        weights: list[tuple[Term, Codes]] = []
        for output in self.plan.outputs:
            if output.id not in verdicts:
                continue
            lut = waiting[output.id]
            if not lut.any():
                continue
            codes = lut[verdicts[output.id]]
            if codes.any():
                weights.append((output, self._weigh(output, terms, verdicts, columns, waiting, codes != 0)))
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
        waiting: Mapping[str, Codes],
        open_: np.ndarray[tuple[int], np.dtype[np.bool_]],
    ) -> Codes:
        """How often an output waits for each input: numbers of `_weights`, 0 where it waits for none."""
        where = np.flatnonzero(open_)
        behind = self._behind_all(output.id, terms, verdicts, waiting, where)
        decided = [name for name in behind if name in verdicts]
        parts = []
        for name in decided:
            lut, size = _reduced(waiting[name])
            parts.append(Part(lut[verdicts[name][where]], size))
        keys = sorted({k for name in behind if name not in verdicts for k in self._keys(name) if k in columns})
        blanks = []
        for name in keys:
            codes, states = columns[name].exact()
            null = np.array([state.now is None for state in states.items], np.int32)
            blanks.append(name)
            parts.append(Part(null[codes[where]], 2))
        back = {name: _first(waiting[name]) for name in decided}

        def weigh(key: tuple[int, ...]) -> int:
            waits = {
                name: terms[name].verdicts[back[name][code]].waits if code else ()
                for name, code in zip(decided, key, strict=False)
            }
            blank = {name for name, code in zip(blanks, key[len(decided) :], strict=True) if code}
            counts: Counter[str] = Counter()
            for names in waits[output.id]:
                found = _inputs(names, waits, verdicts)
                counts.update(frozenset(other for name in found for other in self._behind(name, blank, columns)))
            order = self.plan.order
            return self._weights.number(tuple(sorted((n, c) for n, c in counts.items() if n in order)))

        result = constant(len(open_))
        result[where] = each(parts, len(where), weigh)
        return result

    def _behind_all(
        self,
        output: str,
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Codes],
        waiting: Mapping[str, Codes],
        where: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> list[str]:
        """The terms that an output may wait for in these rows, itself first, and those behind them."""
        seen = [output]
        for name in seen:
            if name not in verdicts:
                continue
            met = np.flatnonzero(np.bincount(verdicts[name][where], minlength=len(terms[name].verdicts)))
            names = {n for v in met.tolist() for wait in terms[name].verdicts[v].waits for n in wait}
            seen += sorted(names.difference(seen))
        return seen

    def _keys(self, name: str) -> tuple[str, ...]:
        """The keys and the time that a case needs for a fact counted across cases."""
        aggregate = self.plan.aggregates.get(name)
        if aggregate is None:
            return ()
        needed = (*aggregate.by[:1], aggregate.time if aggregate.window is not None else None)
        return tuple(key for key in needed if key is not None)

    def _behind(self, name: str, blank: set[str], columns: Mapping[str, Column]) -> Iterator[str]:
        missing = [key for key in self._keys(name) if key in blank or key not in columns]
        yield from missing or [name]

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


def _reduced(waiting: Codes) -> tuple[Codes, int]:
    """The same without gaps, and one more than its largest number."""
    lut = np.cumsum(waiting != 0).astype(np.int32) * (waiting != 0)
    return lut.astype(np.int32), int(lut.max(initial=0)) + 1


def _first(waiting: Codes) -> list[int]:
    """Number without gaps -> verdict number; 0 stands for none."""
    return [0, *np.flatnonzero(waiting).tolist()]


def _inputs(
    names: frozenset[str], waits: Mapping[str, tuple[frozenset[str], ...]], decided: Mapping[str, Codes]
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
            left += [other for wait in waits[name] for other in wait]
        else:
            found.add(name)
    return frozenset(found)
