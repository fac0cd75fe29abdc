"""From what class numbers come to (a start) to runs: rows of one start are told apart by what its expressions come to.

Three ways, each for the rows that allow it. Where nothing is open and all that is computed is certain, only what a
column says differs from row to row (`voices`): such rows share one run, that of their start. Else a run is made for
each combination of results (`judge.KnownEntries`): rows whose expressions come to the same are one. Where something
cannot be computed or does not fit, a run is made for each combination of the values that are read, as the one-case
engine makes it: it evaluates what is asked of it and knows what to say of what went wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Part, Rows, constant, distinct, each, occurring
from rulectl.columnar.columns import Column
from rulectl.columnar.computed import ODD
from rulectl.columnar.listed import Added, Slot, end_to_end
from rulectl.columnar.owned import Gathering, Own
from rulectl.columnar.starting import PLAIN, SEVERAL, Start, Starting
from rulectl.columnar.states import Facts, State
from rulectl.columnar.voices import Said, Voices
from rulectl.model.policy import Gives, Takes
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import Entries, KnownEntries, TableRun
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import NOTHING, UNKNOWN, Lack, Spoken
from rulectl.values import Value


class Finished(NamedTuple):
    """The number of each row's run; by output column what is said beside that (no columns: nothing)."""

    runs: Codes
    voices: tuple[Said, ...] = ()


class Result(NamedTuple):
    """What an expression comes to in each row, by number, and values of rows' own."""

    codes: Codes
    own: Own | None

    def of(self, where: Rows) -> Result:
        """The same for some of the rows."""
        return Result(self.codes[where], None if self.own is None else self.own.of(where))


class _Saying:
    """What a column says in each row, while it is put together."""

    def __init__(self, rows: int) -> None:
        self.codes = constant(rows, -1)
        self.own = Gathering(rows)

    def all(self) -> Said:
        return Said(self.codes, self.own.all())


class Runs:
    """The runs of one table. `terms` are those of its columns, `every` those of the rulebook by id."""

    def __init__(
        self, plan: TablePlan, terms: Sequence[Term], every: Mapping[str, Term], constants: Mapping[str, Value]
    ) -> None:
        self.plan = plan
        self.terms = terms
        self.constants = constants
        self.voices = tuple(Voices(column) for column in range(len(terms)))
        self.starting = Starting(plan, terms, every, constants)
        self._computed = self.starting.computed
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
        voices = tuple(_Saying(rows) for _ in self.terms)
        for numbers in groups.values():
            where = _rows_of(numbers, starts, len(known))
            start = known[numbers[0]]
            if start.steady:
                sure = np.logical_and.reduce([self._computed[c].sure(said[c].codes[where]) != 0 for c in start.shape])
                self._say(known, start, where[sure], starts, said, voices)
                where = where[~sure]
            if len(where):
                runs[where] = self._apart(known, start.shape, where, starts, said, columns)
        return Finished(runs, tuple([one.all() for one in voices]))

    def _own(self, start: Start) -> int:
        """The run of a start itself."""
        if start.number < 0:
            start.number = len(self.runs)
            self.runs.append(start.run)
            for voices, how in zip(self.voices, start.says, strict=False):
                if how != PLAIN:
                    voices.unsaid.add(start.number)
        return start.number

    def _work_out(self, computed: int, where: Rows, columns: Mapping[str, Column], rows: int) -> Result:
        """What an expression comes to in the rows that ask it."""
        found, gathering = constant(rows, ODD), Gathering(rows)
        found[where], own = self._computed[computed].codes(columns, where)
        gathering.add(where, own)
        return Result(found, gathering.all())

    def _say(
        self,
        known: Sequence[Start],
        start: Start,
        where: Rows,
        starts: Codes,
        said: Mapping[int, Result],
        voices: Sequence[_Saying],
    ) -> None:
        """Write down what columns say in rows of which all is certain; `start` is like those of all these rows."""
        for column, how in enumerate(start.says):
            if how == PLAIN:
                continue
            if how != SEVERAL:
                computed, result = self._computed[start.shape[how]], said[start.shape[how]]
                codes, own = result.of(where)
                voices[column].codes[where] = computed.voices(codes, self.voices[column])
                voices[column].own.add(where, own)
                continue
            mine = [place for place, at in enumerate(start.live) if at[1] == column]
            results = [said[start.shape[place]] for place in mine]
            own = None
            if any(one.own is not None and one.own.rows[where].any() for one in results):
                own = self._listed(known, starts[where], column, mine, start.shape, [one.of(where) for one in results])
            if own is not None:
                voices[column].codes[where] = self.voices[column].own
                voices[column].own.add(where, own)
            else:
                voices[column].codes[where] = self._resolved(known, starts, where, column, mine, start.shape, said)

    def _listed(
        self,
        known: Sequence[Start],
        starts: Codes,
        column: int,
        mine: Sequence[int],
        shape: Sequence[int],
        results: Sequence[Result],
    ) -> Own | None:
        """The lists that rules come to, some of whose texts are rows' own; None where that must be worked out."""
        term, policy, plain = self.terms[column], self.plan.outputs.policies[column], self.plan.spoken
        if policy.gives is not Gives.LIST or policy.takes is not Takes.EVERY or not term.type.many:
            return None
        slots: dict[int, list[Slot]] = {}
        for number in occurring(starts):
            start = known[number]
            live = {start.live[place]: at for at, place in enumerate(mine)}
            slots[number] = said = []
            for rule in self.plan.outputs.active(start.run.hits):
                spoken = live.get((rule, column), plain[rule][column])
                if spoken is NOTHING:
                    continue
                if isinstance(spoken, Lack) or (isinstance(spoken, tuple) and UNKNOWN in spoken):
                    return None
                said.append(spoken)
        made = [self._computed[shape[place]] for place in mine]
        added = [Added(one.codes, len(c), c.now, one.own) for one, c in zip(results, made, strict=True)]
        return end_to_end(starts, slots, added, term.type, self.plan.outputs.repeats[column])

    def _resolved(
        self,
        known: Sequence[Start],
        starts: Codes,
        where: Rows,
        column: int,
        mine: Sequence[int],
        shape: Sequence[int],
        said: Mapping[int, Result],
    ) -> Codes:
        """The number of what several rules come to in some rows, worked out for each combination of what they say."""
        made = [self._computed[shape[place]] for place in mine]
        numbered = [self._numbered(shape[place], said, where) for place in mine]
        parts = [Part(codes, len(one)) for codes, one in zip(numbered, made, strict=True)]
        plain = self.plan.spoken

        def voice(key: tuple[int, ...]) -> int:
            start = known[key[0]]
            says = {
                start.live[place]: one.entries[code].now for place, one, code in zip(mine, made, key[1:], strict=True)
            }

            def entry(rule: int, column: int) -> Spoken:
                return says[rule, column] if (rule, column) in says else plain[rule][column]

            return self.voices[column].number(self.plan.outputs.resolve(column, start.run.hits, entry))

        return each([Part(starts[where], len(known)), *parts], len(where), voice)

    def _numbered(self, computed: int, said: Mapping[int, Result], where: Rows) -> Codes:
        """The number of what an expression comes to in some rows, also of values of their own."""
        return self._computed[computed].numbered(*said[computed].of(where))

    def _apart(
        self,
        known: Sequence[Start],
        shape: Sequence[int],
        where: Rows,
        starts: Codes,
        said: Mapping[int, Result],
        columns: Mapping[str, Column],
    ) -> Codes:
        """The runs of rows that are told apart by what their expressions come to."""
        odd = np.logical_or.reduce([said[c].codes[where] == ODD for c in shape])
        if odd.any():
            runs = constant(len(where))
            runs[odd] = self.exactly(known, starts, columns, where[odd])
            if not odd.all():
                runs[~odd] = self._apart(known, shape, where[~odd], starts, said, columns)
            return runs
        computed = [self._computed[c] for c in shape]
        numbered = [self._numbered(c, said, where) for c in shape]
        parts = [Part(starts[where], len(known))]
        parts += [Part(codes, len(one)) for codes, one in zip(numbered, computed, strict=True)]

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
            rows = where[mine]
            apart = [columns[name].apart for name in names]
            parts = [Part(starts[rows], len(known)), *(Part(codes[rows], size) for codes, size in apart)]
            at, number = distinct(parts, len(rows))
            states = [columns[name].at(rows[at]) for name in names]
            keys = zip(starts[rows[at]].tolist(), zip(*states, strict=True) if names else [()] * len(at), strict=True)
            runs[mine] = np.array([self._run_of(known, key, names) for key in keys], np.int32).take(number)
        return runs

    def _run_of(self, known: Sequence[Start], key: tuple[int, tuple[State, ...]], names: tuple[str, ...]) -> int:
        """The number of the run of a start and of the states that its expressions read."""
        found = self._by_values.get(key)
        if found is None:
            found = self._by_values[key] = len(self.runs)
            self.runs.append(self._with(known[key[0]], names, key[1]))
        return found

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
