"""From what class numbers come to (a start) to runs: rows of one start are told apart by what its expressions come to.

Three ways, each for the rows that allow it. Where nothing is open and all that is computed is certain, only what a
column says differs from row to row (`voices`): such rows share one run, that of their start. Else a run is made for
each combination of results (`judge.KnownEntries`): rows whose expressions come to the same are one. Where something
cannot be computed or does not fit, a run is made for each combination of the values that are read, as the one-case
engine makes it: it evaluates what is asked of it and knows what to say of what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Part, Rows, constant, each
from rulectl.columnar.columns import Column, Facts, State
from rulectl.columnar.computed import ODD, Computed
from rulectl.columnar.voices import Voices
from rulectl.lang.evaluate import CannotCompute, names_of
from rulectl.model.policy import Takes
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import Entries, Entry, KnownEntries, TableRun
from rulectl.runtime.plan import Reach, TablePlan
from rulectl.runtime.resolve import Spoken
from rulectl.values import Value

At = tuple[int, int]
"""A rule and an output column."""

_SOME: Final = Entry("\0", "\0")
"""Stands for what an expression comes to where that is not asked."""

_NOTHING: Final = Facts({})

_PLAIN, _SEVERAL = -1, -2
"""A column that says what its start says, and one whose value is made of several entries or changed on the way."""


@dataclass(slots=True)
class Start:
    """What class numbers come to: a run as it is before any expression is looked at. `live` are the expressions that
    may be asked, by rule and column; `steady`: nothing but what columns say hangs on them, and how that does is in
    `says`: by column the place among `live`, _PLAIN or _SEVERAL."""

    now: Facts
    may: Facts
    absent: frozenset[str]
    failed: tuple[CannotCompute, ...]
    run: TableRun
    live: tuple[At, ...]
    shape: tuple[int, ...]
    steady: bool
    says: tuple[int, ...]
    number: int = -1
    reads: tuple[str, ...] = ()
    places: dict[At, int] = field(default_factory=dict)


class Finished(NamedTuple):
    """The number of each row's run; by output column the number of what is said, -1 where that is what the run says
    (no columns: everywhere)."""

    runs: Codes
    voices: tuple[Codes, ...] = ()


class Runs:
    """The runs of one table. `terms` are those of its columns, `every` those of the rulebook by id."""

    def __init__(
        self, plan: TablePlan, terms: Sequence[Term], every: Mapping[str, Term], constants: Mapping[str, Value]
    ) -> None:
        self.plan = plan
        self.terms = terms
        self.constants = constants
        self._every = every
        self.voices = tuple(Voices(column) for column in range(len(terms)))
        self._plain = KnownEntries(plan, {}, ())
        self._computed: list[Computed] = []
        self._computed_of: dict[tuple[int, int], int] = {}
        self._number_of: dict[At, int] = {}
        self.forget()

    def forget(self) -> None:
        """Forget all runs; columns that hold their numbers must be forgotten with them."""
        self.runs: list[TableRun] = []
        self._by_values: dict[tuple[object, ...], int] = {}
        for voices in self.voices:
            voices.forget()
        for computed in self._computed:
            computed.forget()

    @property
    def held(self) -> int:
        """How many things are remembered."""
        return len(self.runs) + sum(map(len, self.voices)) + sum(map(len, self._computed))

    # -- starts -------------------------------------------------------------------------------------------------

    def start(
        self, made: TableRun, now: Facts, may: Facts, absent: frozenset[str], failed: tuple[CannotCompute, ...]
    ) -> Start:
        """The start of some class numbers, for which a run was made of what little is known."""
        if not made.reach.computes:
            # nothing is ever worked out of what is known: to let go of it leaves a third of the start
            plain = KnownEntries(self.plan, {}, (), columns_failed=failed) if failed else self._plain
            made = TableRun(self.plan, plain, plain, made.reach)
            return Start(_NOTHING, _NOTHING, frozenset(), failed, made, (), (), False, ())
        live = tuple(self._live(made.reach))
        if not live:
            return Start(now, may, absent, failed, made, (), (), False, ())
        steady = self._steady(made.reach)
        start = Start(now, may, absent, failed, made, live, tuple(map(self._compute, live)), steady, ())
        start.places = {at: place for place, at in enumerate(live)}
        read = frozenset[str]().union(*(names_of(self.plan.expressions[at]) for at in live))
        start.reads = tuple(sorted(read & self._every.keys()))
        if steady:
            start.says = tuple(self._says(made.reach, live, column) for column in range(len(self.terms)))
            entries = KnownEntries(self.plan, start.places, (_SOME,) * len(live), columns_failed=failed)
            start.run = TableRun(self.plan, entries, entries, made.reach)
        return start

    def _live(self, reach: Reach) -> Iterator[At]:
        """The expressions of the rules that decide a column, or may come to."""
        outputs = self.plan.outputs
        sets = [outputs.active(hits) for hits in (reach.hits, *(v.hits for v in (*reach.variations, *reach.joint)))]
        for column, policy in enumerate(outputs.policies):
            first = policy.takes is Takes.FIRST
            rules = {rule for hits in sets for rule in (hits[:1] if first else hits)}
            for rule in sorted(rules):
                if (rule, column) in self.plan.expressions:
                    yield rule, column

    def _compute(self, at: At) -> int:
        """The number of what works out an expression; rules that say the same share it."""
        found = self._number_of.get(at)
        if found is None:
            expr, column = self.plan.expressions[at], at[1]
            # by what it is: equal ones need not say the same, since 1 equals true
            found = self._computed_of.get((id(expr), column))
            if found is None:
                found = self._computed_of[id(expr), column] = len(self._computed)
                self._computed.append(Computed(expr, self.terms[column].type, self._every, self.constants))
            self._number_of[at] = found
        return found

    def _steady(self, reach: Reach) -> bool:
        """Whether neither which rules fire nor what there is to tell of them hangs on certain values."""
        outputs = self.plan.outputs
        ordered = any(policy.takes.by_values for policy in (outputs.policy, *outputs.policies))
        if reach.variations or reach.joint or ordered:
            return False
        return not (outputs.exclusive and len(outputs.active(reach.hits)) > 1)

    def _says(self, reach: Reach, live: Sequence[At], column: int) -> int:
        """How what a column says hangs on expressions."""
        mine = [place for place, at in enumerate(live) if at[1] == column]
        if not mine:
            return _PLAIN
        policy = self.plan.outputs.policies[column]
        alone = policy.takes is Takes.FIRST or (policy.single and len(self.plan.outputs.active(reach.hits)) == 1)
        return mine[0] if alone else _SEVERAL

    # -- rows ---------------------------------------------------------------------------------------------------

    def finish(self, known: Sequence[Start], starts: Codes, columns: Mapping[str, Column], rows: int) -> Finished:
        """Tell apart the rows of one start; `starts` are numbers of `known`."""
        if not self.plan.expressions:  # then each start is a run
            self.runs += [start.run for start in known[len(self.runs) :]]
            return Finished(starts)
        met = np.flatnonzero(np.bincount(starts, minlength=len(known))).tolist() if rows else []
        lut = constant(len(known), -1)
        groups: dict[tuple[object, ...], list[int]] = {}
        asked: dict[int, list[int]] = {}
        for number in met:
            start = known[number]
            if start.steady or not start.live:
                lut[number] = self._own(start)
            if start.live:
                groups.setdefault((start.shape, start.says, tuple([at[1] for at in start.live])), []).append(number)
                for computed in start.shape:
                    asked.setdefault(computed, []).append(number)
        runs: Codes = lut.take(starts)
        if not groups:
            return Finished(runs)
        said = {computed: self._work_out(computed, _rows_of(numbers, starts, len(known)), columns, rows)
                for computed, numbers in asked.items()}  # fmt: skip
        voices = tuple(constant(rows, -1) for _ in self.terms)
        for numbers in groups.values():
            where = _rows_of(numbers, starts, len(known))
            start = known[numbers[0]]
            if start.steady:
                sure = np.logical_and.reduce([self._computed[c].sure(said[c][where]) != 0 for c in start.shape])
                self._say(known, start, where[sure], starts, said, voices)
                where = where[~sure]
            if len(where):
                runs[where] = self._apart(known, start.shape, where, starts, said, columns)
        return Finished(runs, voices)

    def _own(self, start: Start) -> int:
        """The run of a start itself."""
        if start.number < 0:
            start.number = len(self.runs)
            self.runs.append(start.run)
            for voices, how in zip(self.voices, start.says, strict=False):
                if how != _PLAIN:
                    voices.unsaid.add(start.number)
        return start.number

    def _work_out(self, computed: int, where: Rows, columns: Mapping[str, Column], rows: int) -> Codes:
        """What an expression comes to in the rows that ask it."""
        found = constant(rows, ODD)
        found[where] = self._computed[computed].codes(columns, where)
        return found

    def _say(
        self,
        known: Sequence[Start],
        start: Start,
        where: Rows,
        starts: Codes,
        said: Mapping[int, Codes],
        voices: Sequence[Codes],
    ) -> None:
        """Write down what columns say in rows of which all is certain; `start` is like those of all these rows."""
        for column, how in enumerate(start.says):
            if how == _PLAIN:
                continue
            if how != _SEVERAL:
                number = start.shape[how]
                voices[column][where] = self._computed[number].voices(said[number][where], self.voices[column])
                continue
            mine = [place for place, at in enumerate(start.live) if at[1] == column]
            computed = [self._computed[start.shape[place]] for place in mine]
            parts = [Part(starts[where], len(known))]
            parts += [Part(said[start.shape[place]][where], len(self._computed[start.shape[place]])) for place in mine]

            def voice(
                key: tuple[int, ...], column: int = column, mine: list[int] = mine, made: list[Computed] = computed
            ) -> int:
                start = known[key[0]]
                says = {
                    start.live[place]: one.entries[code].now
                    for place, one, code in zip(mine, made, key[1:], strict=True)
                }
                plain = self.plan.spoken

                def entry(rule: int, column: int) -> Spoken:
                    return says[rule, column] if (rule, column) in says else plain[rule][column]

                return self.voices[column].number(self.plan.outputs.resolve(column, start.run.hits, entry))

            voices[column][where] = each(parts, len(where), voice)

    def _apart(
        self,
        known: Sequence[Start],
        shape: Sequence[int],
        where: Rows,
        starts: Codes,
        said: Mapping[int, Codes],
        columns: Mapping[str, Column],
    ) -> Codes:
        """The runs of rows that are told apart by what their expressions come to."""
        odd = np.logical_or.reduce([said[c][where] == ODD for c in shape])
        if odd.any():
            runs = constant(len(where))
            runs[odd] = self.exactly(known, starts, columns, where[odd])
            if not odd.all():
                runs[~odd] = self._apart(known, shape, where[~odd], starts, said, columns)
            return runs
        computed = [self._computed[c] for c in shape]
        parts = [Part(starts[where], len(known))]
        parts += [Part(said[c][where], len(one)) for c, one in zip(shape, computed, strict=True)]

        def run_of(key: tuple[int, ...]) -> int:
            found = self._by_values.get(key)
            if found is None:
                found = self._by_values[key] = len(self.runs)
                start = known[key[0]]
                entries = [one.entries[code] for one, code in zip(computed, key[1:], strict=True)]
                now = may = KnownEntries(self.plan, start.places, entries, columns_failed=start.failed)
                if not all(entry.same for entry in entries):
                    may = KnownEntries(self.plan, start.places, entries, True)
                self.runs.append(TableRun(self.plan, now, may, start.run.reach))
            return found

        return each(parts, len(where), run_of)

    # -- what cannot be computed, and whatever wants to know all ---------------------------------------------------

    def exactly(self, known: Sequence[Start], starts: Codes, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The runs of some rows, told apart by the values that their expressions read, and evaluating these."""
        runs = constant(len(where))
        groups: dict[tuple[str, ...], list[int]] = {}
        for number in np.unique(starts[where]).tolist():
            groups.setdefault(known[number].reads, []).append(number)
        for names, numbers in groups.items():
            (mine,) = np.isin(starts[where], np.array(numbers, np.int32)).nonzero()
            exact = [columns[name].exact() for name in names]
            states = [numbered.items for _, numbered in exact]
            parts = [Part(starts[where[mine]], len(known))]
            parts += [Part(codes[where[mine]], len(numbered)) for codes, numbered in exact]

            def run_of(key: tuple[int, ...], states: list[list[State]] = states, names: tuple[str, ...] = names) -> int:
                values = tuple([items[code] for items, code in zip(states, key[1:], strict=True)])
                found = self._by_values.get((key[0], values))
                if found is None:
                    found = self._by_values[key[0], values] = len(self.runs)
                    self.runs.append(self._with(known[key[0]], names, values))
                return found

            runs[mine] = each(parts, len(mine), run_of)
        return runs

    def _with(self, start: Start, names: tuple[str, ...], states: tuple[State, ...]) -> TableRun:
        values = zip(names, states, strict=True)
        now = Facts(self.constants, {**start.now, **{name: state.now for name, state in values}})
        if start.now == start.may and all(state.certain is state.now for state in states):
            may = now
        else:
            values = zip(names, states, strict=True)
            may = Facts(self.constants, {**start.may, **{name: state.certain for name, state in values}})
        absent = [name for name, state in zip(names, states, strict=True) if state.absent]
        one, other = self.entries(now, may, start.absent.union(absent) if absent else start.absent)
        one.columns_failed = start.failed
        return TableRun(self.plan, one, other, start.run.reach)

    def entries(self, now: Facts, may: Facts, absent: frozenset[str]) -> tuple[Entries, Entries]:
        """What rules say as a case stands, and as far as it is certain; what does not differ is worked out once."""
        one = Entries(self.plan, self.terms, now, absent)
        unlike = {name for name in now if now[name] is not may[name]} if may is not now else set[str]()
        return one, Entries(self.plan, self.terms, may, absent, one, unlike) if unlike else one


def _rows_of(numbers: Sequence[int], starts: Codes, size: int) -> Rows:
    """The rows of some starts."""
    mine = np.zeros(size, np.bool_)
    mine[list(numbers)] = True
    return np.flatnonzero(mine.take(starts))
