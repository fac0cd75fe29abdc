"""Lowering: a table's rules as boxes of class numbers.

A column is one question to a case: a subject against constants, whose values fall into classes (lang/region.py), or one
whole test that names other terms, with the classes unknown, absent, false and true. Entries are lowered once each
however many rules have them (model/grid.py), and their classes are looked up when the index first needs them. Lists are
first asked test by test; to decide cases these are put together (runtime/bundling.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, overload

from rulectl.lang.compiled import Compute
from rulectl.lang.evaluate import evaluate, meets
from rulectl.lang.flat import Flat, region_of, values_of
from rulectl.lang.fold import fold_test
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN, Partition, Region, constants, intersection, on_null, plain
from rulectl.lang.syntax import AllOf, Any, Expr, Is, Literal, Name, Test
from rulectl.lang.trees import names_of
from rulectl.model.grid import flats_of, grid_of
from rulectl.model.rulebook import Period, Rulebook, Table
from rulectl.runtime.contents import Contents
from rulectl.types import Kind, Type
from rulectl.values import Value, and3

FALSE, TRUE = FIRST, FIRST + 1
NONE: Final = -1
"""In place of an entry's number: no constraint."""

Form = Flat | Test


@dataclass(frozen=True, slots=True)
class Column:
    """One question to a case: `subject` against constant tests (`partition`), or one whole `test` of its own, or what a
    list holds (`contents`). `names` are the terms that the answer needs."""

    subject: Expr
    partition: Partition | None
    test: Test | None
    names: frozenset[str]
    contents: Contents | None = None

    @property
    def classes(self) -> Partition | Contents | None:
        """What places a term's value by itself; None where more than one term, or more than a place, is asked for."""
        return (self.partition or self.contents) if type(self.subject) is Name else None

    def classify(self, facts: Mapping[str, Value], absent: frozenset[str], subject: Compute | None = None) -> int:
        """The class of a case; names in `absent` are null for certain, other nulls unknown. `subject` works out the
        subject, where that has been put together. Raises CannotCompute."""
        value = evaluate(self.subject, facts) if subject is None else subject(facts)
        if self.test is not None:
            holds = meets(self.test, value, facts)
            if holds is None:
                return ABSENT if self._absent(facts, absent) else UNKNOWN
            return TRUE if holds else FALSE
        classes = self.partition or self.contents
        assert classes is not None
        if value is None:
            return ABSENT if self._absent(facts, absent) else UNKNOWN
        return classes.locate(value)

    def _absent(self, facts: Mapping[str, Value], absent: frozenset[str]) -> bool:
        """Whether nothing that could still become known is missing."""
        missing = {name for name in self.names if facts.get(name) is None}
        return bool(missing) and missing <= absent


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule's test on one column: the value classes where it holds, and what it says of null."""

    column: int
    region: Region
    null: bool | None


def period_test(period: Period, type_: Type) -> Test:
    """A unary test on the event term that says `period`; days are whole days, also of a datetime."""
    tests: list[Test] = []
    if type_.kind is Kind.DATETIME:
        if period.start is not None:
            tests.append(Is(">=", Literal(dt.datetime.combine(period.start, dt.time()))))
        if period.end is not None:
            tests.append(Is("<", Literal(dt.datetime.combine(period.end, dt.time()) + dt.timedelta(days=1))))
    else:
        if period.start is not None:
            tests.append(Is(">=", Literal(period.start)))
        if period.end is not None:
            tests.append(Is("<=", Literal(period.end)))
    return AllOf(tuple(tests)) if len(tests) > 1 else tests[0]


@dataclass(slots=True)
class Slot:
    """What the rules ask of one column. `refs[rule]` is the number of its entry among `forms`, NONE where it asks
    nothing; an entry is one form or several that must all hold. A column of one test has `members` instead: the rules
    that have it, which are few."""

    column: int
    partition: Partition | None
    refs: Sequence[int]
    forms: Sequence[tuple[Form, ...]]
    members: Sequence[int] = ()
    contents: Contents | None = None
    _made: dict[int, Constraint] = field(default_factory=dict)

    def of(self, rule: int) -> Constraint | None:
        """The constraint of a rule, None where it has none."""
        ref = self.refs[rule]
        return None if ref == NONE else self.constraint(ref)

    def constraint(self, ref: int) -> Constraint:
        """An entry's constraint."""
        made = self._made.get(ref)
        if made is None:
            made = self._made[ref] = self._make(self.forms[ref])
        return made

    def _make(self, forms: tuple[Form, ...]) -> Constraint:
        if self.contents is not None:  # where it holds, its tests say
            return Constraint(self.column, ((FIRST, self.contents.size),), None)
        assert self.partition is not None
        if len(forms) == 1 and type(forms[0]) is tuple:
            return Constraint(self.column, region_of(forms[0], self.partition), None)
        regions = [region_of(f, self.partition) if type(f) is tuple else self.partition.region(f) for f in forms]  # type: ignore[arg-type]  # a short form is a tuple, a test is not
        region = regions[0]
        for other in regions[1:]:
            region = intersection(region, other)
        return Constraint(self.column, region, and3([None if type(f) is tuple else on_null(f) for f in forms]))  # type: ignore[arg-type]

    def holds(self, ref: int, number: int) -> bool:
        """Whether an entry holds for a class number that is not unknown."""
        constraint = self.constraint(ref)
        if number == ABSENT:
            return bool(constraint.null)
        if self.contents is not None:
            return self.contents.met(self.tests(ref), number)
        return any(start <= number < stop for start, stop in constraint.region)

    def tests(self, ref: int) -> Sequence[Test]:
        """What an entry asks of a list."""
        return [form for form in self.forms[ref] if not isinstance(form, tuple)]

    def asked(self) -> Iterator[tuple[int, Constraint]]:
        """Rules and their constraints, in rule order."""
        if self.partition is None:
            holds = Constraint(self.column, ((TRUE, TRUE + 1),), None)
            yield from ((rule, holds) for rule in self.members)
            return
        for rule, ref in enumerate(self.refs):
            if ref != NONE:
                yield rule, self.constraint(ref)


@dataclass(frozen=True)
class Lowered:
    """A table as columns and boxes: `rules[i]` are the constraints of the rule with number `numbers[i]` in the table
    (disabled rules are left out); `otherwise` numbers the else rules. `slots` say the same by column."""

    columns: tuple[Column, ...]
    numbers: Sequence[int]
    otherwise: frozenset[int]
    slots: tuple[Slot, ...]

    @property
    def rules(self) -> Sequence[tuple[Constraint, ...]]:
        return Boxes(self)

    @cached_property
    def dense(self) -> tuple[Slot, ...]:
        """The slots that every rule has an entry in."""
        return tuple(slot for slot in self.slots if slot.partition is not None or slot.contents is not None)

    @cached_property
    def tests(self) -> Mapping[int, Sequence[Constraint]]:
        """The whole tests of each rule that has some."""
        found: dict[int, list[Constraint]] = {}
        for slot in self.slots:
            if slot.members:
                for rule, constraint in slot.asked():
                    found.setdefault(rule, []).append(constraint)
        return found


class Boxes(Sequence[tuple[Constraint, ...]]):
    """The boxes of a table's rules, each put together when it is looked at."""

    def __init__(self, lowered: Lowered) -> None:
        self._lowered = lowered

    def __len__(self) -> int:
        return len(self._lowered.numbers)

    @overload
    def __getitem__(self, at: int) -> tuple[Constraint, ...]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[tuple[Constraint, ...]]: ...
    def __getitem__(self, at: int | slice) -> tuple[Constraint, ...] | Sequence[tuple[Constraint, ...]]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        if at < 0 or at >= len(self):
            raise IndexError(at)
        plain_ = [slot.of(at) for slot in self._lowered.dense]
        return (*(constraint for constraint in plain_ if constraint is not None), *self._lowered.tests.get(at, ()))


class _Asked:
    """The questions of a table as they come up: plain ones by subject, whole tests each by itself."""

    def __init__(self, constants_: Mapping[str, Value]) -> None:
        self.constants = constants_
        self.subjects: dict[Expr, tuple[Type, list[int], list[tuple[Form, ...]]]] = {}
        self.tests: dict[tuple[Expr, Test], list[int]] = {}
        self.order: list[Expr | tuple[Expr, Test]] = []

    def ask(self, subject: Expr, type_: Type, refs: Sequence[int], forms: Sequence[Form | None]) -> None:
        """One more column of entries: for each rule the number of its form, None for one that asks nothing."""
        plain_: list[tuple[Form, ...] | None] = []
        whole: dict[int, list[int]] = {}
        for number, form in enumerate(forms):
            if form is None or (not type_.many and (isinstance(form, tuple) or plain(form))):
                plain_.append(None if form is None else (form,))
                continue
            assert not isinstance(form, tuple)
            plain_.append(None)
            key = (subject, form)
            if key not in self.tests:
                self.order.append(key)
            whole[number] = self.tests.setdefault(key, [])
        if whole:
            for rule, ref in enumerate(refs):
                if ref in whole:
                    whole[ref].append(rule)
        if all(form is None for form in plain_):
            return
        if None in plain_:
            # renumbered so that what asks nothing has no number
            numbers = {at: n for n, at in enumerate(at for at, form in enumerate(plain_) if form is not None)}
            refs = [numbers.get(ref, NONE) for ref in refs]
        kept = [form for form in plain_ if form is not None]
        if subject not in self.subjects:
            self.order.append(subject)
            self.subjects[subject] = (type_, list(refs), kept)
            return
        # the same subject twice in a table, e.g. a condition on the event date and effective dates: both must hold
        first_type, first, others = self.subjects[subject]
        pairs: dict[tuple[int, int], int] = {}
        met = [
            NONE if one == other == NONE else pairs.setdefault((one, other), len(pairs))
            for one, other in zip(first, refs, strict=True)
        ]
        both = [
            (*(others[one] if one != NONE else ()), *(kept[other] if other != NONE else ())) for one, other in pairs
        ]
        self.subjects[subject] = (first_type, met, both)


def lower(table: Table, rulebook: Rulebook) -> Lowered:
    """Columns and constraints of a table. Parameters are constants: a test against one is a plain test."""
    constants_ = {parameter.id: parameter.value for parameter in rulebook.parameters}
    grid = grid_of(table)
    off = {number for number, mark in grid.marks.items() if not mark.enabled}
    everyone = range(len(grid.ids))
    numbers: Sequence[int] = [number for number in everyone if number not in off] if off else everyone
    asked = _Asked(constants_)
    for column, strip in zip(table.inputs, grid.when, strict=True):
        refs = [strip.refs[number] for number in numbers] if off else strip.refs
        used = set(refs) if off else None
        forms = [
            None
            if used is not None and number not in used
            else _form(flat, strip.items, number, column.type, constants_)
            for number, flat in enumerate(flats_of(strip))
        ]
        asked.ask(column.subject, column.type, refs, forms)
    _ask_periods(asked, table, rulebook, {n: m.period for n, m in grid.marks.items() if not m.period.always}, numbers)
    columns: list[Column] = []
    slots: list[Slot] = []
    for at, what in enumerate(asked.order):
        if isinstance(what, tuple):
            subject, test = what
            columns.append(Column(subject, None, test, (names_of(subject) | names_of(test)).difference(constants_)))
            slots.append(Slot(at, None, (), (), sorted(set(asked.tests[what]))))
        else:
            type_, refs, entries = asked.subjects[what]
            partition = Partition.over(type_, {value for forms in entries for form in forms for value in _values(form)})
            columns.append(Column(what, partition, None, names_of(what).difference(constants_)))
            slots.append(Slot(at, partition, refs, entries))
    otherwise = frozenset(number for number, mark in grid.marks.items() if mark.otherwise)
    return Lowered(tuple(columns), numbers, otherwise, tuple(slots))


def _form(
    flat: Flat | None, items: Sequence[Test], number: int, type_: Type, constants_: Mapping[str, Value]
) -> Form | None:
    """An entry's short form, else its test with parameters folded in; None for one that asks nothing."""
    if flat is not None and not type_.many:
        return flat
    test = items[number]
    return None if isinstance(test, Any) else fold_test(test, constants_)


def _values(form: Form) -> Iterator[Value]:
    """The constants that an entry names."""
    if isinstance(form, tuple):
        yield from values_of(form)
    else:
        yield from (expr.value for expr in constants(form) if isinstance(expr, Literal))


def _ask_periods(
    asked: _Asked, table: Table, rulebook: Rulebook, periods: Mapping[int, Period], numbers: Sequence[int]
) -> None:
    """The effective dates of the table and of its rules, as conditions on the event term."""
    if table.period.always and not periods:
        return
    event = rulebook.event or ""
    type_ = next((term.type for term in rulebook.terms if term.id == event), Type(Kind.DATE))
    met = [periods[n].meet(table.period) if n in periods else table.period for n in numbers]
    distinct: dict[Period, int] = {}
    refs = [distinct.setdefault(period, len(distinct)) for period in met]
    asked.ask(Name(event), type_, refs, [None if p.always else period_test(p, type_) for p in distinct])
