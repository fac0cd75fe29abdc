"""Decided terms over all rows: the verdict of each combination of its writers' runs (runtime/judge.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Combined, Lut, Numbered, Part
from rulectl.columnar.columns import Coded, State
from rulectl.columnar.holding import Waits
from rulectl.columnar.tables import Pass, TableColumns
from rulectl.model.policy import HitPolicy, Status
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import TableRun, Verdict, judge, settled
from rulectl.runtime.merge import Contribution
from rulectl.runtime.resolve import UNKNOWN, Lack, Spoken


class Verdicts(NamedTuple):
    """The verdicts of all rows, and the sets of names for which rows in doubt wait beside them."""

    codes: Codes
    waits: Codes | None = None


_PARTLY = frozenset((HitPolicy.COUNT, HitPolicy.PRIORITY))
"""What a column of these policies comes to does not hang on its own entries alone, or on none of them."""

_RANK = {status: status.rank for status in Status}


def state_of(term: Term, verdict: Verdict) -> State:
    """What a judged term is from then on."""
    value = verdict.value if verdict.value is not None else term.default
    return State(value, value if verdict.settled else None, verdict.settled and value is None)


@dataclass(slots=True)
class TermColumns:
    """One decided term. `writers` are (table, output column) in firing order. By verdict number: `state` the number of
    the state, `rank` that of the status, `waits` that of the sets of names for which it waits (`groups`), `clash` 1 or
    0. A verdict in doubt for what bits say is open (bits.py) has what it waits for beside it, row by row."""

    term: Term
    writers: Sequence[tuple[TableColumns, int]]
    verdicts: list[Verdict] = field(default_factory=list)
    states: Numbered[State] = field(default_factory=Numbered)
    state: Lut = field(default_factory=Lut)
    rank: Lut = field(default_factory=Lut)
    waits: Lut = field(default_factory=Lut)
    groups: Numbered[Waits] = field(default_factory=lambda: Numbered(frozenset()))
    unions: Numbered[frozenset[str]] = field(default_factory=lambda: Numbered(frozenset()))
    clash: Lut = field(default_factory=Lut)
    _behind: Lut = field(default_factory=Lut)
    _group_of: Lut = field(default_factory=Lut)
    _doubted: Lut = field(default_factory=Lut)
    _number: dict[Verdict, int] = field(default_factory=dict)
    _verdict_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _said: list[tuple[Numbered[_Voice | _Said], Lut]] = field(default_factory=list)
    _combined: Combined = field(default_factory=Combined)

    def forget(self) -> None:
        """Forget all verdicts; columns that hold their numbers must be forgotten with them."""
        self.verdicts, self.states = [], Numbered()
        self.state, self.rank, self.waits, self.clash = Lut(), Lut(), Lut(), Lut()
        self._behind, self._group_of, self._doubted = Lut(), Lut(), Lut()
        self.groups, self.unions = Numbered(frozenset()), Numbered(frozenset())
        self._number, self._verdict_of, self._said = {}, {}, []
        self._combined = Combined()

    def decide(self, passes: Mapping[int, Pass], rows: int) -> Verdicts:
        """The number of each row's verdict, and of the sets of names that it waits for beyond those of the verdict."""
        verdicts = self._settle(passes, rows)
        if len(self.writers) != 1:
            return Verdicts(verdicts)
        ((table, column),) = self.writers
        doubts = passes[table.number].doubts
        if not doubts or not doubts[column].any():
            return Verdicts(verdicts)
        self._group_of.items += [self.groups.number(waits) for waits in table.doubts.items[len(self._group_of) :]]
        for number in range(len(self._doubted), len(self.verdicts)):
            value = self.verdicts[number].value
            status = Status.UNDETERMINED if value is None else Status.PROVISIONAL
            self._doubted.items.append(self.number(Verdict(value, status, False)))
        waits = self._group_of.array()[doubts[column]]
        return Verdicts(np.where(waits != 0, self._doubted.array()[verdicts], verdicts), waits)

    def waiting(self, verdicts: Codes, more: Codes | None) -> Codes | None:
        """The number of the sets of names that each row waits for, among `groups`; None where no row does."""
        lut = self.waits.array()
        if more is None:
            return lut[verdicts] if lut.any() else None
        return np.where(more != 0, more, lut[verdicts])

    def behind(self, waits: Codes) -> Codes:
        """The number of all names in each row's sets, among `unions`."""
        for group in self.groups.items[len(self._behind) :]:
            self._behind.items.append(self.unions.number(frozenset[str]().union(*(names for names, _ in group))))
        return self._behind.array()[waits]

    def _settle(self, passes: Mapping[int, Pass], rows: int) -> Codes:
        """The number of each row's verdict, as far as runs say."""
        if not self._said:
            self._said = [(Numbered(), Lut()) for _ in self.writers]
        if len(self.writers) == 1:
            ((table, column),) = self.writers
            return self._of_one(table, column, passes[table.number].runs)
        parts: list[Part] = []
        for (table, column), (said, lut) in zip(self.writers, self._said, strict=True):
            # runs that say the same, and could say nothing else, are one
            for number in range(len(lut), len(table.runs)):
                lut.items.append(said.number(self._voice(table.runs[number], number, column)))
            parts.append(Part(lut.array().take(passes[table.number].runs), len(said)))
        return self._combined.of(parts, rows, self._verdict)

    def _of_one(self, table: TableColumns, column: int, runs: Codes) -> Codes:
        """The same where one table says all there is: a verdict for each run, looked up in one step."""
        ((said, lut),) = self._said
        for number in range(len(lut), len(table.runs)):
            voice = self._voice(table.runs[number], number, column)
            lut.items.append(self._verdict((said.number(voice),)))
        return lut.array().take(runs)

    def _voice(self, run: TableRun, number: int, column: int) -> _Voice | _Said:
        reach = run.reach
        if reach.variations or reach.joint:
            return _Voice(run, number)
        spoken = run.spoken(column)
        if run.plan.expressions:
            if isinstance(spoken, Lack) or (isinstance(spoken, tuple) and UNKNOWN in spoken):
                return _Voice(run, number)
            # what was said of certain values by all rules that matter cannot change
            partly = run.plan.outputs.policies[column] in _PARTLY
            if (partly or run.now is not run.may) and (any(True for _ in run.changes(column)) or run.unknown(column)):
                return _Voice(run, number)
        return _Said(type(spoken), spoken, run)

    def _verdict(self, key: tuple[int, ...]) -> int:
        found = self._verdict_of.get(key)
        if found is None:
            voices = [said.items[code] for (said, _), code in zip(self._said, key, strict=True)]
            found = self._verdict_of[key] = self.number(self._judged(voices))
        return found

    def _judged(self, voices: Sequence[_Voice | _Said]) -> Verdict:
        said: list[Contribution] = []
        for (table, _), voice in zip(self.writers, voices, strict=True):
            if isinstance(voice, _Voice):
                places = zip(self.writers, voices, strict=True)
                return judge(self.term, [(table.number, one.run, column) for (table, column), one in places])
            if not voice.run.reach.silent:
                said.append(Contribution(table.number, table.plan.table.tier, voice.spoken))
        return settled(self.term, said)

    def number(self, verdict: Verdict) -> int:
        """The number of a verdict."""
        found = self._number.get(verdict)
        if found is None:
            found = self._number[verdict] = len(self.verdicts)
            self.verdicts.append(verdict)
            self.state.items.append(self.states.number(state_of(self.term, verdict)))
            self.rank.items.append(_RANK[verdict.status])
            self.waits.items.append(
                self.groups.number(frozenset(Counter(verdict.waits).items())) if verdict.waits else 0
            )
            self.clash.items.append(int(verdict.clash))
        return found

    def column(self, verdicts: Codes) -> Coded:
        """The term as the tables above read it."""
        return Coded(self.state.array().take(verdicts), self.states)


@dataclass(frozen=True, slots=True)
class _Voice:
    """A run that may yet say something else."""

    run: TableRun = field(compare=False)
    number: int


@dataclass(frozen=True, slots=True)
class _Said:
    """What a settled run says."""

    kind: type
    spoken: Spoken
    run: TableRun = field(compare=False)
