"""Working memory: what is known of a case so far, and what judged terms make of it.

A fact stands in it three times: as a value, as what is certain of it (a provisional term counts as unknown), and as the
code of its class (runtime/coding.py). What a verdict does to all of these hangs on the term and the verdict alone, so
that it is worked out once and kept with the verdict (`Settling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.model.rulebook import Term
from rulectl.runtime.coding import NO_FIELD, Coding
from rulectl.runtime.judge import TableRun, Verdict
from rulectl.runtime.memo import Asked
from rulectl.runtime.speaking import Speaking
from rulectl.runtime.standing import Look
from rulectl.runtime.waiting import waited_for
from rulectl.values import Value

KEPT_VALUES: Final = 2_000
"""How many values of a term are remembered with what they come to."""


Runs = Sequence[tuple[int, TableRun, int]]
"""The runs of a term's writers: (table number, run, output column), in firing order."""


class Settling(NamedTuple):
    """What a verdict makes of a term: its value, what of it is certain, the codes of both in the term's field (`rest`
    is all other fields) and the tables that they leave; whether it is null for certain, whether it may still change."""

    verdict: Verdict
    value: Value
    certain: Value
    code: int
    certain_code: int
    rest: int
    tables: int
    gone: bool
    doubtful: bool


class Placing:
    """Where values of one term stand: their codes, and the tables that they leave."""

    def __init__(self, term: Term, coding: Coding, speaking: Speaking) -> None:
        self.term = term
        self.field = coding.fields.get(term.id, NO_FIELD)
        self._partition = coding.partitions.get(term.id)
        self._speaking = speaking
        self._known: Asked[Value, tuple[int, int]] = Asked(KEPT_VALUES, self._of)

    def of(self, value: Value) -> tuple[int, int]:
        """The code of a value, and the tables that it leaves."""
        return self._known[value]

    def _of(self, value: Value) -> tuple[int, int]:
        if self._partition is None:
            return 0, self._speaking.every
        number = self._partition.locate(value)
        return number << self.field.shift, self._speaking.of(self.term.id, number)

    def settled(self, verdict: Verdict) -> Settling:
        """What a verdict makes of the term."""
        value = verdict.value if verdict.value is not None else self.term.default
        rest = ~self.field.mask
        if value is None:
            number = ABSENT if verdict.settled else UNKNOWN
            code = number << self.field.shift & self.field.mask
            tables = self._speaking.of(self.term.id, number)
            return Settling(verdict, None, None, code, code, rest, tables, verdict.settled, False)
        code, tables = self.of(value)
        if verdict.settled:
            return Settling(verdict, value, value, code, code, rest, tables, False, False)
        # as an unknown one it leaves all tables
        return Settling(verdict, value, None, code, 0, rest, self._speaking.every, False, True)


@dataclass(slots=True)
class Memory:
    """What is known now, what is certain (provisional terms unknown), what is absent for certain; the codes of both,
    the terms in which they differ, and the tables that may have something to say (runtime/speaking.py). Tables that say
    nothing have no run; `heard` are the runs of the others by the terms that they write, and `looks` says how the case
    stands in groups of columns (runtime/standing.py), now and for certain."""

    now: dict[str, Value]
    certain: dict[str, Value]
    codes: int
    certain_codes: int
    tables: int
    absent: frozenset[str] = frozenset()
    doubtful: set[str] = field(default_factory=set)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    runs: dict[int, TableRun] = field(default_factory=dict)
    heard: dict[str, list[tuple[int, TableRun, int]]] = field(default_factory=dict)
    looks: dict[int, tuple[Look, Look]] = field(default_factory=dict)

    def settle(self, settlings: Iterable[tuple[str, Settling]]) -> None:
        """Judged terms become facts."""
        gone: list[str] = []
        back: list[str] = []
        for name, it in settlings:
            self.verdicts[name] = it.verdict
            self.now[name] = it.value
            self.certain[name] = it.certain
            self.codes = self.codes & it.rest | it.code
            self.certain_codes = self.certain_codes & it.rest | it.certain_code
            self.tables &= it.tables
            if it.gone:
                gone.append(name)
            elif name in self.absent:
                back.append(name)
            if it.doubtful:
                self.doubtful.add(name)
        if gone or back:
            self.absent = self.absent.difference(back).union(gone)

    def inputs(self, names: frozenset[str]) -> frozenset[str]:
        """The names with decided terms replaced by what these wait for themselves."""
        if self.verdicts.keys().isdisjoint(names):
            return names
        return waited_for(names, self._waits)

    def _waits(self, name: str) -> Iterable[str] | None:
        verdict = self.verdicts.get(name)
        return None if verdict is None else chain.from_iterable(verdict.waits)
