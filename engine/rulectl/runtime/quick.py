"""The short way for settled cases: every table's answer looked up by the classes into which the case falls.

Most cases know all that their rules ask for. Then no rule is merely possible, every literal answer of a table depends
on its class numbers alone, and deciding is one look-up a table. Where anything is open, provisional, contradictory or
computed, the short way gives up and the engine takes the long one; both must agree (a property test sees to it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rulectl.lang.region import ABSENT, UNKNOWN, Partition
from rulectl.lang.syntax import Name
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role, Status
from rulectl.runtime.merge import Contribution, merge
from rulectl.runtime.plan import Key, Plan, TablePlan
from rulectl.runtime.resolve import CLASH, NOTHING, Lack, Spoken
from rulectl.values import Value


class _Gone:
    """Stands in a slot for null that is known for certain; plain None is unknown."""

    __slots__ = ()


GONE: Final = _Gone()

KEPT_CLASSES: Final = 10_000
"""How many values a column remembers the class of before it forgets them all."""


class Encoder(dict[object, int]):
    """Value -> class number; a dictionary that fills itself."""

    def __init__(self, partition: Partition) -> None:
        super().__init__({None: UNKNOWN, GONE: ABSENT})
        self.partition = partition

    def __missing__(self, value: object) -> int:
        if len(self) >= KEPT_CLASSES:
            self.clear()
            self.update({None: UNKNOWN, GONE: ABSENT})
        number = self[value] = self.partition.locate(value)  # type: ignore[arg-type]  # only values are ever looked up
        return number


@dataclass(frozen=True, slots=True)
class Answer:
    """What a settled table says: its firings, the slots that it alone fills, the terms on which it is silent, and what
    it adds to terms that others write too."""

    firings: tuple[Firing, ...]
    writes: tuple[tuple[int, object], ...]
    silent: tuple[str, ...]
    shares: tuple[tuple[str, Contribution], ...]


@dataclass(frozen=True, slots=True)
class _Table:
    number: int
    plan: TablePlan
    columns: tuple[tuple[Encoder, int], ...]
    answers: dict[Key, Answer | None]


class Quick:
    """Decides settled cases of a rulebook; `usable` is False where no table could ever be settled this way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        terms = plan.rulebook.terms
        self.slots = {term.id: i for i, term in enumerate(terms)}
        self.blank: list[object] = [term.default if term.role is Role.INPUT else None for term in terms]
        self.defaults = {t.id: t.default for t in terms if t.role is Role.INPUT and t.default is not None}
        self.usable = not any(plan.cyclic) and all(
            type(c.subject) is Name and c.partition is not None and c.subject.id in self.slots
            for table in plan.tables
            for c in table.lowered.columns
        )
        encoders: dict[tuple[int, Partition], Encoder] = {}
        self.strata: list[tuple[list[_Table], list[str]]] = []
        if not self.usable:
            return
        for numbers, settled in zip(plan.strata, plan.settled_in, strict=True):
            tables = []
            for number in numbers:
                columns = []
                for column in plan.tables[number].lowered.columns:
                    assert isinstance(column.subject, Name)
                    assert column.partition is not None
                    slot = self.slots[column.subject.id]
                    encoder = encoders.setdefault((slot, column.partition), Encoder(column.partition))
                    columns.append((encoder, slot))
                tables.append(_Table(number, plan.tables[number], tuple(columns), {}))
            self.strata.append((tables, [term for term in settled if len(plan.writers[term]) > 1]))
        self.outputs = [(t.id, self.slots[t.id]) for t in plan.outputs]
        self.derived = [(t.id, self.slots[t.id]) for t in plan.derived]
        self.unwritten = tuple(t.id for t in plan.outputs if t.id not in plan.writers)
        self.statuses: dict[tuple[str, ...], tuple[Mapping[str, Status], Status]] = {}

    def decide(self, facts: Mapping[str, Value]) -> Outcome | None:
        """The outcome of a settled case; None where the long way is needed."""
        values = self.blank.copy()
        slots = self.slots
        for name, value in facts.items():
            if value is not None and name in slots:
                values[slots[name]] = value
        firings: tuple[Firing, ...] = ()
        silent = self.unwritten
        shares: list[tuple[str, Contribution]] = []
        for tables, merged in self.strata:
            for table in tables:
                key = tuple([encoder[values[slot]] for encoder, slot in table.columns])
                try:
                    answer = table.answers[key]
                except KeyError:
                    answer = self._answer(table, key)
                if answer is None:
                    return None
                firings += answer.firings
                for slot, value in answer.writes:
                    values[slot] = value
                if answer.silent:
                    silent += answer.silent
                if answer.shares:
                    shares += answer.shares
            for name in merged:
                spoken = merge(self.plan.terms[name], [c for term, c in shares if term == name])
                if isinstance(spoken, Lack):
                    if spoken is not NOTHING:
                        return None
                    silent += (name,)
                values[slots[name]] = self._slot(name, spoken)
        statuses = self.statuses.get(silent) or self._statuses(silent)
        case = {**self.defaults, **facts}
        if None in case.values():
            case = {name: value for name, value in case.items() if value is not None}
        return Outcome(
            case,
            {name: (None if (v := values[slot]) is GONE else v) for name, slot in self.outputs},  # type: ignore[misc]
            {name: (None if (v := values[slot]) is GONE else v) for name, slot in self.derived},  # type: ignore[misc]
            statuses[0],
            statuses[1],
            (),
            firings,
        )

    def _slot(self, name: str, spoken: Spoken) -> object:
        if spoken is not NOTHING:
            return spoken
        default = self.plan.terms[name].default
        return GONE if default is None else default

    def _answer(self, table: _Table, key: Key) -> Answer | None:
        """Work an answer out and remember it."""
        plan = table.plan
        if len(table.answers) >= KEPT_CLASSES:
            table.answers.clear()
        table.answers[key] = None
        match = plan.match(key)
        if any(number not in plan.outputs.otherwise for number in match.open) or (match.open and not match.hits):
            return None
        if any((rule, column) in plan.expressions for rule in match.hits for column in range(len(plan.table.outputs))):
            return None

        def entry(rule: int, column: int) -> Spoken:
            return plan.spoken[rule][column]

        writes: list[tuple[int, object]] = []
        silent: list[str] = []
        shares: list[tuple[str, Contribution]] = []
        for column, output in enumerate(plan.table.outputs):
            spoken = plan.outputs.resolve(column, match.hits, entry)
            if spoken is CLASH:
                return None
            if len(self.plan.writers[output.term]) > 1:
                shares.append((output.term, Contribution(table.number, plan.table.tier, spoken)))
                continue
            if spoken is NOTHING:
                silent.append(output.term)
            writes.append((self.slots[output.term], self._slot(output.term, spoken)))
        fired = tuple(plan.firings[rule] for rule in plan.outputs.fired(match.hits, entry))
        answer = table.answers[key] = Answer(fired, tuple(writes), tuple(silent), tuple(shares))
        return answer

    def _statuses(self, silent: tuple[str, ...]) -> tuple[Mapping[str, Status], Status]:
        statuses = {
            term.id: Status.NO_RULE if term.id in silent else Status.DECIDED
            for term in self.plan.rulebook.terms
            if term.id in self.plan.writers or term.role is Role.OUTPUT
        }
        if len(self.statuses) >= KEPT_CLASSES:
            self.statuses.clear()
        found = self.statuses[silent] = (statuses, self.plan.case_status(statuses))
        return found
