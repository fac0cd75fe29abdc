"""Two versions of a table in one space of classes: the axes are what either asks, the boxes the rules of both.

A rule that is the same in both stands there once. Parameters are in their places already (matching.py), so that a limit
that moved is two limits, and the classes between them are the cases that changed sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box
from rulectl.compare.matching import Matched, Pair, match_rules, moved
from rulectl.lang.syntax import Literal, Name
from rulectl.model.grid import Grid, Mark, Rules, Strip
from rulectl.model.policy import HitPolicy
from rulectl.model.rulebook import InputColumn, Rulebook, Table, Term
from rulectl.runtime.plan import TablePlan
from rulectl.types import Type


@dataclass(frozen=True)
class Version:
    """One version of a table: its rulebook under study, and its number there."""

    study: Study
    number: int

    @property
    def table(self) -> Table:
        return self.study.rulebook.tables[self.number]

    @property
    def plan(self) -> TablePlan:
        return self.study.plan.tables[self.number]


@dataclass(frozen=True, slots=True)
class Group:
    """Conclusions that are compared together. `collects`: each value adds to a list. `same`: the same hits come to the
    same in both versions; `first`: the first hit alone decides, in both."""

    terms: tuple[str, ...]
    collects: bool
    same: bool
    first: bool = False


@dataclass(frozen=True)
class Joint:
    """Both versions. `members[i]` is the rule whose box is `space.boxes[i]`; `changed` the members that decide
    otherwise, are new, gone, or stand elsewhere among the others."""

    before: Version
    after: Version
    matched: Matched
    members: tuple[Pair, ...]
    changed: tuple[int, ...]
    study: Study

    @cached_property
    def space(self) -> Space:
        return space_of(self.study, (0,))

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        return self.space.boxes

    @property
    def otherwise(self) -> tuple[bool, ...]:
        return self.space.otherwise

    def said(self, member: int, term: str) -> int:
        """The number of what a member says of a term, 0 where it says nothing; alike in both versions."""
        pair = self.members[member]
        row = self.matched.after[pair.after] if pair.after is not None else self.matched.before[pair.before or 0]
        return row.deciding[len(self.matched.headings) + self.matched.terms.index(term)]

    def items(self, member: int, term: str) -> frozenset[object]:
        """What a member adds to a list; what it computes stands for itself."""
        expr = self.matched.said[self.matched.terms.index(term)][self.said(member, term)]
        if expr is None:
            return frozenset()
        if not isinstance(expr, Literal):
            return frozenset((expr,))
        return frozenset(expr.value if isinstance(expr.value, tuple) else (expr.value,))

    def moved(self, member: int) -> bool:
        """Whether a member changed its place alone."""
        return self.matched.same(self.members[member])

    def policies(self, term: str) -> tuple[HitPolicy, ...]:
        """By which policies a term is decided, in the versions that conclude it."""
        tables = (self.before.table, self.after.table)
        return tuple(column.policy for table in tables for column in table.outputs if column.term == term)

    def collects(self, term: str) -> bool:
        """Whether what is said of a term adds to a list."""
        return all(policy.lists for policy in self.policies(term))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The conclusions by how they are compared: those that collect each by itself, the others together."""
        lists = [term for term in self.matched.terms if self.collects(term)]
        single = tuple(term for term in self.matched.terms if term not in lists)
        same = self.before.table.policy is self.after.table.policy
        elses = [n for n, other in enumerate(self.otherwise) if other]
        found = [
            # where an else rule adds to a list, every other rule keeps it from doing so
            Group((term,), not any(self.said(n, term) for n in elses), same and len(set(self.policies(term))) == 1)
            for term in lists
        ]
        if single:
            policies = [self.policies(term) for term in single]
            first = all(policy is HitPolicy.FIRST for own in policies for policy in own)
            both = all(len(set(own)) == 1 for own in policies)
            found.insert(0, Group(single, False, same and both, first))
        return tuple(found)


def incomparable(old: Rulebook, new: Rulebook, table: Table) -> Term | None:
    """A term of a table that is of another kind in the other version, so that no condition means the same in both."""
    terms = {term.id: term for term in old.terms}
    for term in new.terms:
        other = terms.get(term.id)
        if other is not None and (other.type.kind, other.type.many) != (term.type.kind, term.type.many):
            names = {column.subject.id for column in table.inputs if isinstance(column.subject, Name)}
            if term.id in names | {column.term for column in table.outputs}:
                return term
    return None


def joint_of(before: Version, after: Version) -> Joint:
    """Both versions of a table as one."""
    old, new = before.study.rulebook, after.study.rulebook
    matched = match_rules(old, before.table, new, after.table)
    members = tuple(_members(matched))
    shifted = moved(matched)
    changed = tuple(n for n, pair in enumerate(members) if not matched.same(pair) or pair.after in shifted)
    book = Rulebook("joint", "", event=new.event, terms=tuple(_terms(old, new)), tables=(_table(matched, members),))
    return Joint(before, after, matched, members, changed, Study(book))


def _members(matched: Matched) -> Iterator[Pair]:
    """The rules in force, once where they decide alike, else each version by itself."""
    for pair in matched.pairs:
        if matched.same(pair):
            yield pair
            continue
        if pair.before is not None and matched.before[pair.before].enabled:
            yield Pair(pair.before, None)
        if pair.after is not None and matched.after[pair.after].enabled:
            yield Pair(None, pair.after)


def _table(matched: Matched, members: tuple[Pair, ...]) -> Table:
    """The rules of both under the headings of both, without conclusions."""
    rows = [
        matched.after[pair.after] if pair.after is not None else matched.before[pair.before or 0] for pair in members
    ]
    when = tuple(
        Strip(tuple(row.deciding[at] for row in rows), tests, ("",) * len(tests))
        for at, tests in enumerate(matched.tests)
    )
    marks = {number: Mark(otherwise=True) for number, row in enumerate(rows) if row.deciding[-1]}
    grid = Grid(tuple(str(n) for n in range(len(rows))), when, (), marks)
    inputs = tuple(InputColumn(heading.subject, heading.type) for heading in matched.headings)
    return Table("joint", HitPolicy.COLLECT, inputs, (), Rules(grid))


def _terms(old: Rulebook, new: Rulebook) -> Iterator[Term]:
    """The terms of both; what either allows is allowed."""
    before = {term.id: term for term in old.terms}
    for term in new.terms:
        other = before.pop(term.id, None)
        yield term if other is None else _wider(term, other)
    yield from before.values()


def _wider(term: Term, other: Term) -> Term:
    """A term with what it allows in either version; it may be blank where one lets it."""
    default = term.default if other.default is not None else None
    return replace(term, type=_hull(term.type, other.type), required=term.required and other.required, default=default)


def _hull(one: Type, other: Type) -> Type:
    values = tuple(dict.fromkeys((*one.values, *other.values))) if one.values and other.values else ()
    low = None if one.low is None or other.low is None else min(one.low, other.low)
    high = None if one.high is None or other.high is None else max(one.high, other.high)
    return replace(one, values=values, low=low, high=high)
