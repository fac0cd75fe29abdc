"""The cases that a table tells apart, as a space of classes: one axis a column, one box a rule.

The axes are the columns of the engine's own index (runtime/index.py), so what is shown here holds of it. An axis
holds the classes in which some value lies that the vocabulary allows, and the class of null where the term may be
unknown or stay without a value. Axes that share a term are *tied*: not every combination of their classes can occur, so
what is shown to be impossible is so, and what seems possible must be shown by a case (see witness.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box, inside
from rulectl.analysis.wording import condition, inhabited, opposite, plainest, sample
from rulectl.lang.region import ABSENT, Region, intersection, union
from rulectl.lang.syntax import ANYTHING, Name, Test
from rulectl.model.policy import Merge, Role
from rulectl.model.rulebook import Period, Rule, Table, Term, TestEntry
from rulectl.runtime.index import FALSE, TRUE, Column, Lowered, lower
from rulectl.runtime.resolve import Lack
from rulectl.types import BOOLEAN, Type
from rulectl.values import Value

_TRIED = 8
"""How many classes of a region are looked at for a plain value."""

NULL: Region = ((ABSENT, ABSENT + 1),)
_TRUTHS: Region = ((FALSE, TRUE + 1),)


@dataclass(frozen=True, slots=True)
class Living:
    """Of an ordered axis on which no value lies in some classes (between a day and the next): for each class the next
    in which one does. Runs start and stop at such classes only, so that a stretch of days stays one run: a table of 200
    rules over eight columns of dates takes half a second, with the empty classes cut out it took three."""

    after: tuple[int, ...]

    @staticmethod
    def of(values: Region, size: int) -> Living | None:
        """None where there is no such class between others."""
        if len(values) < 2:
            return None
        alive = {number for start, stop in values for number in range(start, stop)}
        after = [values[-1][1]] * (size + 1)
        for number in range(values[-1][1] - 1, -1, -1):
            after[number] = number if number in alive else after[number + 1]
        return Living(tuple(after))

    def region(self, region: Region) -> Region:
        """A region from class with a value to class with a value."""
        runs = ((self.after[start], self.after[stop]) for start, stop in region)
        return union(((start, stop),) for start, stop in runs if start < stop)

    def trimmed(self, region: Region) -> Region:
        """The runs of a region without the empty classes at their ends."""
        found = []
        for start, stop in region:
            end = stop
            while end - 1 > start and self.after[end - 1] != end - 1:
                end -= 1
            found.append((start, end))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Axis:
    """One column. `values` are the classes that a known value can fall into, `whole` these and null where that can
    be. `term` is the one term that the column asks, None where it is computed or compares with other terms; `tied` when
    another axis hangs on the same terms, or it is computed."""

    column: Column
    values: Region
    whole: Region
    term: Term | None
    type: Type
    tied: bool
    living: Living | None = None

    def region(self, region: Region) -> Region:
        """The classes of a region in which values lie."""
        return intersection(region, self.values) if self.living is None else self.living.region(region)

    def test(self, region: Region) -> Test:
        """The classes as a condition to write under the column's heading."""
        if self.column.partition is not None:
            trimmed = region if self.living is None or region == self.whole else self.living.trimmed(region)
            return condition(self.column.partition, trimmed, self.whole)
        assert self.column.test is not None
        if region == self.whole:
            return ANYTHING
        return self.column.test if intersection(region, ((TRUE, TRUE + 1),)) else opposite(self.column.test)

    def pick(self, region: Region) -> Value:
        """The plainest value in some classes of an axis that asks one term; None where only null is left."""
        known = intersection(region, self.values)
        numbers = [n for start, stop in known for n in range(start, min(stop, start + _TRIED)) if self.lives(n)]
        return plainest([self.sample(number) for number in numbers[:_TRIED]])

    def lives(self, number: int) -> bool:
        """Whether some value lies in a class."""
        return inside(number, self.values) if self.living is None else self.living.after[number] == number

    def sample(self, number: int) -> Value:
        """A value of a class of an axis that asks one term."""
        assert self.term is not None
        assert self.column.partition is not None
        return sample(self.column.partition, number, self.term.type)


@dataclass(frozen=True)
class Space:
    """Some tables' rules in one space. `boxes[i]` is where the rule holds, `open[i]` where it is at least not false;
    `rules[i]` are the number of its table and its own."""

    axes: tuple[Axis, ...]
    rules: tuple[tuple[int, int], ...]
    boxes: tuple[Box, ...]
    open: tuple[Box, ...]
    otherwise: tuple[bool, ...]
    lowered: Lowered = field(repr=False)

    @cached_property
    def whole(self) -> Box:
        return tuple(axis.whole for axis in self.axes)

    @cached_property
    def values(self) -> Box:
        """All cases in which everything asked is known."""
        return tuple(axis.values for axis in self.axes)

    @cached_property
    def tied(self) -> bool:
        return any(axis.tied for axis in self.axes)

    def asked(self, box: Box) -> tuple[int, ...]:
        """The axes on which a box says something."""
        return tuple(i for i, axis in enumerate(self.axes) if box[i] != axis.whole)

    def freed(self, box: Box) -> Box:
        """A box among known values, as one that says nothing of an axis on which it holds all of them: where no rule
        meets it, none does so because of that axis."""
        return tuple(axis.whole if own == axis.values else own for axis, own in zip(self.axes, box, strict=True))


def space_of(study: Study, numbers: tuple[int, ...]) -> Space:
    """The space of some tables of the rulebook, made once."""
    return study.once(("space", numbers), lambda: _space(study, numbers))


def joined(tables: tuple[Table, ...]) -> Table:
    """The rules of several tables under all their conditions; an else rule is one without conditions."""
    width = sum(len(table.inputs) for table in tables)
    rules: list[Rule] = []
    before = 0
    for table in tables:
        for rule in table.rules:
            blank = [TestEntry(ANYTHING)] * width
            blank[before : before + len(rule.when)] = rule.when
            rules.append(replace(rule, when=tuple(blank), then=(), period=rule.period.meet(table.period)))
        before += len(table.inputs)
    inputs = tuple(column for table in tables for column in table.inputs)
    return replace(tables[0], inputs=inputs, outputs=(), rules=tuple(rules), period=Period())


def _space(study: Study, numbers: tuple[int, ...]) -> Space:
    book = study.rulebook
    tables = tuple(book.tables[number] for number in numbers)
    lowered = study.plan.tables[numbers[0]].asked if len(numbers) == 1 else lower(joined(tables), book)
    shared = Counter(name for column in lowered.columns for name in column.names)
    axes = tuple(_axis(study, column, shared) for column in lowered.columns)
    own = [(number, rule) for number in numbers for rule in range(len(book.tables[number].rules))]
    rules = tuple(own[member] for member in lowered.numbers)
    boxes, open_ = [], []
    whole = tuple(axis.whole for axis in axes)
    for constraints in lowered.rules:
        holds, unfalse = list(whole), list(whole)
        for constraint in constraints:
            axis = axes[constraint.column]
            region = axis.region(constraint.region)
            null = NULL if axis.whole != axis.values else ()
            holds[constraint.column] = union((region, null)) if constraint.null is True else region
            unfalse[constraint.column] = union((region, null)) if constraint.null is not False else region
        boxes.append(tuple(holds))
        open_.append(tuple(unfalse))
    otherwise = tuple(book.tables[number].rules[rule].otherwise for number, rule in rules)
    return Space(axes, rules, tuple(boxes), tuple(open_), otherwise, lowered)


def _axis(study: Study, column: Column, shared: Mapping[str, int]) -> Axis:
    tied = any(shared[name] > 1 for name in column.names)
    terms = [study.terms[name] for name in column.names if name in study.terms]
    null = any(may_be_null(term) for term in terms) or len(terms) < len(column.names)
    only = terms[0] if isinstance(column.subject, Name) and terms and column.partition is not None else None
    if column.partition is None:
        values = _TRUTHS
        type_ = Type(study.terms[column.subject.id].type.kind) if isinstance(column.subject, Name) else BOOLEAN
        return Axis(column, values, union((NULL, values)) if null else values, None, type_, True)
    if only is None:
        values = inhabited(column.partition, column.partition.type)
        return Axis(column, values, union((NULL, values)) if null else values, None, column.partition.type, True)
    values = inhabited(column.partition, only.type)
    said = producible(study, only)
    if said is not None:
        numbers = union(((n, n + 1),) for n in (column.partition.locate(value) for value in said))
        values = intersection(values, numbers)
    living = Living.of(values, column.partition.size) if column.partition.ordered else None
    if living is not None:
        values = ((values[0][0], values[-1][1]),)
    return Axis(column, values, union((NULL, values)) if null else values, only, only.type, tied, living)


def may_be_null(term: Term) -> bool:
    """Whether a case can reach the tables with no value for a term."""
    return term.default is None and not (term.role is Role.INPUT and term.required)


def producible(study: Study, term: Term) -> frozenset[Value] | None:
    """Every value that tables can give a term, where they are all written out; None when it is an input or computed."""
    writers = study.plan.writers.get(term.id)
    if not writers or term.type.many or term.merge not in (Merge.SINGLE, Merge.FIRST):
        return None
    values: set[Value] = set() if term.default is None else {term.default}
    for number, column in writers:
        plan = study.plan.tables[number]
        if plan.outputs.policies[column].gives.coins:
            return None
        for rule, _ in enumerate(plan.table.rules):
            if not plan.table.rules[rule].enabled:
                continue
            expr = plan.table.rules[rule].then[column].expr
            if (rule, column) in plan.expressions:
                return None
            said = plan.spoken[rule][column]
            if expr is not None and not isinstance(said, Lack):
                values.add(said)
    return frozenset(values)
