"""The index of a table: which rules hold, and which could, for the classes into which a case falls.

A column turns a value into a class number (lang/region.py); for each class it knows the rules whose test holds there
and the rules whose test is at least not false, as bits of an integer. Matching is one look-up and one AND a column
(bit vectors: Lakshman and Stiliadis, SIGCOMM 1998), and all hits, all possible rules and so hit policy, status and
trace come from that one pass. A table too large for this is first split by its most selective text column, and only
the buckets that cases reach are ever built.

A test that names other terms or parameters cannot be a region of its column: it becomes a column of its own with the
classes unknown, absent, false and true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rulectl.lang.evaluate import evaluate, meets, names_of
from rulectl.lang.fold import fold_test
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN, Partition, Region, intersection, on_null, plain
from rulectl.lang.syntax import AllOf, Any, Expr, Is, Literal, Name, Test
from rulectl.model.rulebook import Period, Rulebook, Table
from rulectl.types import Kind, Type
from rulectl.values import Value, and3

FALSE, TRUE = FIRST, FIRST + 1

DENSE_RULES = 1024
"""Up to here a table has one dense index; larger ones are split first (memory is rules x classes bits)."""

KEPT_MATCHES = 20_000
"""How many matches a table remembers before it forgets all of them (bounds memory; a hit saves the whole search)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One question to a case: `subject` against constant tests (`partition`), or one whole `test` of its own.
    `names` are the terms that the answer needs."""

    subject: Expr
    partition: Partition | None
    test: Test | None
    names: frozenset[str]

    def classify(self, facts: Mapping[str, Value], absent: frozenset[str]) -> int:
        """The class of a case; names in `absent` are null for certain, other nulls unknown. Raises CannotCompute."""
        value = evaluate(self.subject, facts)
        if self.test is not None:
            holds = meets(self.test, value, facts)
            if holds is None:
                return ABSENT if self._absent(facts, absent) else UNKNOWN
            return TRUE if holds else FALSE
        assert self.partition is not None
        if value is None:
            return ABSENT if self._absent(facts, absent) else UNKNOWN
        return self.partition.locate(value)

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


@dataclass(frozen=True, slots=True)
class Match:
    """Rule numbers in rule order: those that hold, and those that do not hold yet but are not false."""

    hits: tuple[int, ...]
    open: tuple[int, ...]


def _bits(mask: int) -> tuple[int, ...]:
    """The numbers of the bits that are set, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return tuple(found)


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


@dataclass(frozen=True, slots=True)
class Lowered:
    """A table as columns and boxes: `rules[i]` are the constraints of the rule with number `numbers[i]` in the table
    (disabled rules are left out); `otherwise` numbers the else rules."""

    columns: tuple[Column, ...]
    rules: tuple[tuple[Constraint, ...], ...]
    numbers: tuple[int, ...]
    otherwise: frozenset[int]


def lower(table: Table, rulebook: Rulebook) -> Lowered:
    """Columns and constraints of a table. Parameters are constants: a test against one is a plain test."""
    constants = {parameter.id: parameter.value for parameter in rulebook.parameters}
    types = {term.id: term.type for term in rulebook.terms}
    asked: list[tuple[int, Expr, Type, Test]] = []
    for number, rule in enumerate(table.rules):
        if not rule.enabled:
            continue
        for column, entry in zip(table.inputs, rule.when, strict=True):
            if not isinstance(entry.test, Any):
                asked.append((number, column.subject, column.type, fold_test(entry.test, constants)))
        period = rule.period.meet(table.period)
        if not period.always:
            event = rulebook.event or ""
            type_ = types.get(event, Type(Kind.DATE))
            asked.append((number, Name(event), type_, period_test(period, type_)))

    shared: dict[Expr, list[Test]] = {}
    for _, subject, type_, test in asked:
        if plain(test) and not type_.many:
            shared.setdefault(subject, []).append(test)
    columns: list[Column] = []
    of_subject: dict[Expr, int] = {}
    of_test: dict[tuple[Expr, Test], int] = {}
    boxes: dict[int, dict[int, Constraint]] = {n: {} for n, rule in enumerate(table.rules) if rule.enabled}
    for number, subject, type_, test in asked:
        if plain(test) and not type_.many:
            if subject not in of_subject:
                of_subject[subject] = len(columns)
                names = names_of(subject) - constants.keys()
                columns.append(Column(subject, Partition.of(type_, shared[subject]), None, names))
            at = of_subject[subject]
            partition = columns[at].partition
            assert partition is not None
            region, null = partition.region(test), on_null(test)
            if at in boxes[number]:
                # the same subject twice in a row, e.g. a condition on the event date and an effective date
                region = intersection(region, boxes[number][at].region)
                null = and3((null, boxes[number][at].null))
            boxes[number][at] = Constraint(at, region, null)
        else:
            if (subject, test) not in of_test:
                of_test[subject, test] = len(columns)
                columns.append(Column(subject, None, test, (names_of(subject) | names_of(test)) - constants.keys()))
            at = of_test[subject, test]
            boxes[number][at] = Constraint(at, ((TRUE, TRUE + 1),), None)
    otherwise = frozenset(n for n, rule in enumerate(table.rules) if rule.otherwise)
    return Lowered(tuple(columns), tuple(tuple(box.values()) for box in boxes.values()), tuple(boxes), otherwise)


@dataclass(slots=True)
class _Dense:
    """The bit-vector index of some rules."""

    numbers: tuple[int, ...]
    holds: tuple[dict[int, int] | list[int], ...]
    open: tuple[dict[int, int] | list[int], ...]

    @staticmethod
    def of(lowered: Lowered, members: Sequence[int]) -> _Dense:
        everyone = (1 << len(members)) - 1
        holds: list[list[int]] = []
        unfalse: list[list[int]] = []
        for at, column in enumerate(lowered.columns):
            size = column.partition.size if column.partition is not None else TRUE + 1
            changes: dict[int, int] = {}
            free = everyone
            true_on_null = open_on_null = 0
            for bit, member in enumerate(members):
                for constraint in lowered.rules[member]:
                    if constraint.column != at:
                        continue
                    free &= ~(1 << bit)
                    for start, stop in constraint.region:
                        changes[start] = changes.get(start, 0) ^ (1 << bit)
                        changes[stop] = changes.get(stop, 0) ^ (1 << bit)
                    if constraint.null is True:
                        true_on_null |= 1 << bit
                    if constraint.null is not False:
                        open_on_null |= 1 << bit
            masks = [free | true_on_null, free | true_on_null]
            current = free
            for number in range(FIRST, size):
                current ^= changes.get(number, 0)
                masks.append(current)
            holds.append(masks)
            unfalse.append([free | open_on_null, *masks[1:]])
        return _Dense(tuple(lowered.numbers[m] for m in members), tuple(holds), tuple(unfalse))

    def match(self, key: Sequence[int]) -> Match:
        hits = unfalse = (1 << len(self.numbers)) - 1
        for classes, masks, loose in zip(key, self.holds, self.open, strict=True):
            hits &= masks[classes]
            unfalse &= loose[classes]
        numbers = self.numbers
        return Match(tuple(numbers[b] for b in _bits(hits)), tuple(numbers[b] for b in _bits(unfalse & ~hits)))


class Matcher(Protocol):
    """What finds the rules for class numbers: the bit vectors below, or another engine."""

    def match(self, key: Sequence[int]) -> Match: ...


@dataclass(slots=True)
class Index:
    """All of a table's rules, ready to be matched by class numbers, one a column."""

    lowered: Lowered
    split: int | None = None
    buckets: dict[int, tuple[int, ...]] = field(default_factory=dict)
    dense: dict[int, _Dense] = field(default_factory=dict)

    @staticmethod
    def of(lowered: Lowered) -> Index:
        """Split when the table is large and a column of texts spreads it."""
        index = Index(lowered)
        everyone = range(len(lowered.rules))
        if len(lowered.rules) > DENSE_RULES:
            index._split(everyone)
        return index

    def _split(self, everyone: Iterable[int]) -> None:
        """Bucket the rules by the column that leaves the smallest largest bucket."""
        best: dict[int, list[int]] | None = None
        for at, column in enumerate(self.lowered.columns):
            if column.partition is None or column.partition.ordered:
                continue
            size = column.partition.size
            buckets: dict[int, list[int]] = {number: [] for number in range(ABSENT, size)}
            for member in everyone:
                mine = [c for c in self.lowered.rules[member] if c.column == at]
                if not mine or mine[0].null is True:
                    buckets[ABSENT].append(member)
                numbers = range(FIRST, size) if not mine else [n for run in mine[0].region for n in range(*run)]
                for number in numbers:
                    buckets[number].append(member)
            if best is None or max(map(len, buckets.values())) < max(map(len, best.values())):
                best, self.split = buckets, at
        if best is not None and max(map(len, best.values())) * 2 < len(self.lowered.rules):
            self.buckets = {number: tuple(members) for number, members in best.items()}
        else:
            self.split = None

    def match(self, key: Sequence[int]) -> Match:
        """The rules that hold and those that could, for the classes of one case."""
        bucket = UNKNOWN if self.split is None else key[self.split]
        if self.split is not None and bucket == UNKNOWN:
            return self._scan(key)
        dense = self.dense.get(bucket)
        if dense is None:
            members = range(len(self.lowered.rules)) if self.split is None else self.buckets[bucket]
            dense = self.dense[bucket] = _Dense.of(self.lowered, members)
        return dense.match(key)

    def _scan(self, key: Sequence[int]) -> Match:
        """A large table whose splitting column is unknown: rule by rule."""
        hits: list[int] = []
        unfalse: list[int] = []
        for number, box in zip(self.lowered.numbers, self.lowered.rules, strict=True):
            truth: bool | None = True
            for constraint in box:
                at = key[constraint.column]
                if at >= FIRST:
                    if not any(start <= at < stop for start, stop in constraint.region):
                        truth = False
                        break
                elif constraint.null is not True:
                    if at == ABSENT or constraint.null is False:
                        truth = False
                        break
                    truth = None
            if truth:
                hits.append(number)
            elif truth is None:
                unfalse.append(number)
        return Match(tuple(hits), tuple(unfalse))
