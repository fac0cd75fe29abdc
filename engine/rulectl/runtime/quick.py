"""The short way for settled cases: every table's answer looked up by the classes into which the case falls.

Most cases know all that their rules ask for. Then no rule is merely possible, every literal answer of a table depends
on class numbers alone, and deciding is one look-up a table. A term has one partition for all tables, so that a raw value
is turned into a class number once, and values that come again are not even read again. Where anything is open,
provisional, contradictory, computed or badly written, the short way gives up (None) and the long one is taken; both must
agree (a property test sees to it).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from rulectl.lang.literals import value_of
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN, Partition
from rulectl.lang.scope import Problem
from rulectl.lang.syntax import Is, Literal, Name
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Term
from rulectl.runtime.merge import Contribution, merge
from rulectl.runtime.plan import Key, Plan, TablePlan
from rulectl.runtime.resolve import CLASH, NOTHING, Lack, Spoken
from rulectl.types import Kind
from rulectl.values import Value

KEPT: Final = 20_000
"""How many values a term, or answers a table, are remembered before all are forgotten."""

FLOAT_DIGITS: Final = 15
"""A decimal of so many digits is told apart from any other by its nearest binary float."""


class _Unreadable(Exception):  # noqa: N818 - not an error: the long way reads it again and says what is wrong
    """A raw value that is not plainly one of the term's."""


class Encoder(dict[Any, int]):
    """Raw value of a term -> class number; a dictionary that fills itself."""

    def __init__(self, term: Term, partition: Partition | None) -> None:
        super().__init__()
        self.term = term
        self.partition = partition
        self.plain = partition is None and term.type.kind is Kind.STRING and not term.type.values and not term.type.many
        self.floats: list[float] | None = None
        if partition is not None and term.type.kind is Kind.NUMBER:
            digits = [len(point.as_tuple().digits) for point in partition.points]
            if max(digits, default=0) <= FLOAT_DIGITS:
                self.floats = [float(point) for point in partition.points]

    def classify(self, value: Value) -> int:
        """The class of a typed value; a term that no test reads has one class for all of them."""
        if value is None:
            return UNKNOWN
        return FIRST if self.partition is None else self.partition.locate(value)

    def __missing__(self, raw: Any) -> int:
        kind = raw.__class__
        if kind is float and self.floats is not None and raw == raw and abs(raw) < 1e15:
            # no decimal is made: where floats differ, the decimals that they show differ the same way
            at = bisect_left(self.floats, raw)
            return FIRST + 2 * at + (1 if at < len(self.floats) and self.floats[at] == raw else 0)
        if kind is str and self.plain and len(raw) > 1 and raw.isprintable() and raw[0] != " " and raw[-1] != " ":
            # any text is as good as another, unless a spreadsheet may have rounded a long number in it
            if "E+" not in raw and "e+" not in raw:
                return FIRST
        value = value_of(raw, self.term.type, self.term.unit)
        if isinstance(value, Problem):
            raise _Unreadable
        number = self.classify(value)
        if self.term.type.kind is Kind.NUMBER and (raw == 0 or raw == 1):
            # True == 1: these two are read anew each time, so that a truth value never passes for a number
            return number
        if len(self) >= KEPT:
            self.clear()
        self[raw] = number
        return number


class Facts(Mapping[str, Value]):
    """The inputs of a case by term id, read into typed values when they are looked at."""

    __slots__ = ("_raw", "_terms", "_typed")

    def __init__(self, raw: Mapping[str, Any], terms: Mapping[str, Term], defaults: Mapping[str, Value]) -> None:
        self._raw = raw
        self._terms = terms
        self._typed: dict[str, Value] | None = None

    def _read(self) -> dict[str, Value]:
        if self._typed is None:
            self._typed = {}
            for term in dict.fromkeys(self._terms.values()):
                raw = next((self._raw[h] for h in (term.name, term.id, *term.aliases) if h in self._raw), None)
                value = value_of(raw, term.type, term.unit)
                value = term.default if value is None else value
                if value is not None and not isinstance(value, Problem):
                    self._typed[term.id] = value
        return self._typed

    def __getitem__(self, name: str) -> Value:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


@dataclass(frozen=True, slots=True)
class Answer:
    """What a settled table says: its firings, values and classes of the terms that it alone writes, the terms on which
    it is silent, and what it adds to terms that others write too."""

    firings: tuple[Firing, ...]
    outputs: Mapping[str, Value]
    derived: Mapping[str, Value]
    classes: tuple[tuple[int, int], ...]
    silent: tuple[str, ...]
    shares: tuple[tuple[str, Contribution], ...]


class _Table:
    """A table with the answers that it has given; `key` picks its classes from those of all terms."""

    __slots__ = ("answers", "key", "number", "plan", "slots")

    def __init__(self, number: int, plan: TablePlan, slots: tuple[int, ...]) -> None:
        self.number = number
        self.plan = plan
        self.slots = slots
        pick = itemgetter(*slots) if slots else None
        self.key: Any = pick if len(slots) > 1 else (lambda classes: tuple(classes[s] for s in slots))
        self.answers: dict[Key, Answer | None] = {}


class Quick:
    """Decides settled cases of a rulebook; `usable` is False where no table could ever be settled this way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        terms = plan.rulebook.terms
        self.slots = {term.id: i for i, term in enumerate(terms)}
        self.usable = not any(plan.cyclic) and all(
            type(c.subject) is Name and c.partition is not None and c.subject.id in self.slots
            for table in plan.tables
            for c in table.lowered.columns
        )
        self.strata: list[tuple[list[_Table], list[str]]] = []
        self.encoders: list[Encoder] = []
        self.headings: dict[str, tuple[int, Encoder]] = {}
        self.statuses: dict[tuple[str, ...], tuple[Mapping[str, Status], Status]] = {}
        if self.usable:
            self._prepare()

    def _prepare(self) -> None:
        plan = self.plan
        tests: dict[str, list[Is]] = {}
        for table in plan.tables:
            for column in table.lowered.columns:
                assert isinstance(column.subject, Name)
                assert column.partition is not None
                named = tests.setdefault(column.subject.id, [])
                named += [Is("=", Literal(point)) for point in column.partition.points]
        for term in plan.rulebook.terms:
            partition = Partition.of(term.type, tests[term.id]) if term.id in tests else None
            encoder = Encoder(term, partition)
            self.encoders.append(encoder)
            if term.role is Role.INPUT and term.id not in plan.writers:
                for heading in (term.name, term.id, *term.aliases):
                    self.headings[heading] = (self.slots[term.id], encoder)
        self.inputs = {h: plan.rulebook.terms[slot] for h, (slot, _) in self.headings.items()}
        self.defaults = {t.id: t.default for t in self.inputs.values() if t.default is not None}
        gone = {term.id for term in plan.unspoken}
        self.blank = [
            encoder.classify(e.default)
            if (e := encoder.term).role is Role.INPUT or (e.id in gone and e.default is not None)
            else ABSENT
            if e.id in gone
            else UNKNOWN
            for encoder in self.encoders
        ]
        self.required = [self.slots[t.id] for t in self.inputs.values() if t.required and t.default is None]
        for numbers, settled in zip(plan.strata, plan.settled_in, strict=True):
            tables = []
            for number in numbers:
                subjects = [column.subject for column in plan.tables[number].lowered.columns]
                slots = tuple(self.slots[subject.id] for subject in subjects if isinstance(subject, Name))
                tables.append(_Table(number, plan.tables[number], slots))
            self.strata.append((tables, [term for term in settled if len(plan.writers[term]) > 1]))
        self.outputs: dict[str, Value] = {t.id: t.default for t in plan.outputs}
        self.derived: dict[str, Value] = {t.id: None for t in plan.derived}
        self.derived |= {t.id: t.default for t in plan.unspoken if t.role is Role.DERIVED}
        self.unwritten = tuple(t.id for t in plan.unspoken)

    def decide_raw(self, case: Mapping[str, Any]) -> Outcome | None:
        """The outcome of a settled case given as it comes, by name, id or alias; None where the long way is needed."""
        classes = self.blank.copy()
        headings = self.headings
        try:
            for heading, raw in case.items():
                slot, encoder = headings[heading]
                number = encoder[raw]
                if number:
                    classes[slot] = number
        except (_Unreadable, KeyError, TypeError):
            return None
        for slot in self.required:
            if not classes[slot]:
                return None
        return self._decide(classes, Facts(case, self.inputs, self.defaults))

    def decide(self, facts: Mapping[str, Value]) -> Outcome | None:
        """The outcome of a settled case given as typed facts by term id; None where the long way is needed."""
        classes = self.blank.copy()
        for name, value in facts.items():
            if value is not None:
                slot = self.slots[name]
                classes[slot] = self.encoders[slot].classify(value)
        case = {**self.defaults, **{name: value for name, value in facts.items() if value is not None}}
        return self._decide(classes, case)

    def _decide(self, classes: list[int], case: Mapping[str, Value]) -> Outcome | None:
        firings: tuple[Firing, ...] = ()
        silent = self.unwritten
        outputs = self.outputs.copy()
        derived = self.derived.copy()
        shares: list[tuple[str, Contribution]] = []
        for tables, merged in self.strata:
            for table in tables:
                key = table.key(classes)
                try:
                    answer = table.answers[key]
                except KeyError:
                    answer = self._answer(table, key)
                if answer is None:
                    return None
                firings += answer.firings
                outputs.update(answer.outputs)
                if answer.derived:
                    derived.update(answer.derived)
                for slot, number in answer.classes:
                    classes[slot] = number
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
                value, number = self._settled(name, spoken)
                classes[self.slots[name]] = number
                (outputs if name in outputs else derived)[name] = value
        statuses = self.statuses.get(silent) or self._statuses(silent)
        return Outcome(case, outputs, derived, statuses[0], statuses[1], (), firings)

    def _settled(self, name: str, spoken: Spoken) -> tuple[Value, int]:
        """Value and class of a term that has been heard: its default, or absent, where nothing was said."""
        value = self.plan.terms[name].default if isinstance(spoken, Lack) else spoken
        return value, ABSENT if value is None else self.encoders[self.slots[name]].classify(value)

    def _answer(self, table: _Table, key: Key) -> Answer | None:
        """Work an answer out and remember it."""
        if len(table.answers) >= KEPT:
            table.answers.clear()
        answer = table.answers[key] = self._work_out(table, key)
        return answer

    def _work_out(self, table: _Table, key: Key) -> Answer | None:
        plan = table.plan
        own: list[int] = []
        for number, slot, column in zip(key, table.slots, plan.lowered.columns, strict=True):
            partition = self.encoders[slot].partition
            assert partition is not None
            assert column.partition is not None
            own.append(partition.coarser(column.partition, number))
        match = plan.match(tuple(own))
        if any(number not in plan.outputs.otherwise for number in match.open) or (match.open and not match.hits):
            return None
        if any((rule, column) in plan.expressions for rule in match.hits for column in range(len(plan.table.outputs))):
            return None

        def entry(rule: int, column: int) -> Spoken:
            return plan.spoken[rule][column]

        outputs: dict[str, Value] = {}
        derived: dict[str, Value] = {}
        classes: list[tuple[int, int]] = []
        silent: list[str] = []
        shares: list[tuple[str, Contribution]] = []
        for column_number, output in enumerate(plan.table.outputs):
            spoken = plan.outputs.resolve(column_number, match.hits, entry)
            if spoken is CLASH:
                return None
            if len(self.plan.writers[output.term]) > 1:
                shares.append((output.term, Contribution(table.number, plan.table.tier, spoken)))
                continue
            if spoken is NOTHING:
                silent.append(output.term)
            value, number = self._settled(output.term, spoken)
            (outputs if output.term in self.outputs else derived)[output.term] = value
            slot = self.slots[output.term]
            if self.encoders[slot].partition is not None:
                classes.append((slot, number))
        fired = tuple(plan.firings[rule] for rule in plan.outputs.fired(match.hits, entry))
        return Answer(fired, outputs, derived, tuple(classes), tuple(silent), tuple(shares))

    def _statuses(self, silent: tuple[str, ...]) -> tuple[Mapping[str, Status], Status]:
        statuses = {
            term.id: Status.NO_RULE if term.id in silent else Status.DECIDED
            for term in self.plan.rulebook.terms
            if term.id in self.plan.writers or term.id in self.unwritten
        }
        if len(self.statuses) >= KEPT:
            self.statuses.clear()
        found = self.statuses[silent] = (statuses, self.plan.case_status(statuses))
        return found
