"""Rules that say again what another says, with the same conditions or with narrower ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rulectl.analysis.budget import EVERY, Budget
from rulectl.analysis.neighbours import Neighbours, bits
from rulectl.analysis.overlaps import place_of, rule_of
from rulectl.analysis.rows import region_fields, region_of
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, tables_of
from rulectl.analysis.walk import Box, meet, within
from rulectl.diagnostics import Note
from rulectl.model.policy import Merge, Takes
from rulectl.model.rulebook import Table
from rulectl.source import Location


def alike(study: Study, space: Space, one: int, other: int) -> bool:
    """Whether two rules hold alike and say the same."""
    return (
        space.boxes[one] == space.boxes[other]
        and not space.otherwise[one]
        and not space.otherwise[other]
        and _same(study, space, one, other)
    )


def _same(study: Study, space: Space, one: int, other: int) -> bool:
    mine, theirs = (tuple(e.expr for e in rule_of(study, space, member).then) for member in (one, other))
    return mine == theirs


def repeating(study: Study) -> Iterator[Subject]:
    """Tables where a repeated rule is no overlap already."""
    for subject in tables_of(study):
        table = study.rulebook.tables[subject.table or 0]
        if not any(column.policy.takes is Takes.ONLY for column in table.outputs):
            yield subject


def _again(study: Study, subject: Subject, budget: Budget, *, equal: bool) -> Iterator[Verdict]:
    """Rules that could be taken out: with the very conditions of another (`equal`), or with narrower ones."""
    assert subject.table is not None
    space = space_of(study, (subject.table,))
    table = study.rulebook.tables[subject.table]
    for group in _saying_the_same(study, space):
        if equal:
            yield from _duplicates(study, subject, space, group)
            continue
        near = Neighbours.of([space.boxes[member] for member in group], space.whole)
        for at, member in enumerate(group):
            if at % EVERY == 0:
                budget.check()
            box = space.boxes[member]
            for other in (group[i] for i in bits(near.of_box(box, near.every & ~(1 << at)))):
                outer = space.boxes[other]
                if outer != box and within(box, outer) and _spare(table, study, space, member, other):
                    yield _repeat("subsumed-rule", study, subject, space, member, other)
                    break


def _saying_the_same(study: Study, space: Space) -> Iterator[list[int]]:
    """The rules that can hold, by what they conclude; only where there are two or more."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for member, box in enumerate(space.boxes):
        if all(box) and not space.otherwise[member]:
            said = tuple(entry.expr for entry in rule_of(study, space, member).then)
            groups.setdefault(said, []).append(member)
    return (group for group in groups.values() if len(group) > 1)


def _duplicates(study: Study, subject: Subject, space: Space, group: Sequence[int]) -> Iterator[Verdict]:
    first: dict[Box, int] = {}
    for member in group:
        if first.setdefault(space.boxes[member], member) != member:
            yield _repeat("duplicate-rule", study, subject, space, member, first[space.boxes[member]])


def _spare(table: Table, study: Study, space: Space, member: int, other: int) -> bool:
    """Whether a rule inside another that says the same changes nothing: no sum or count is made, no list keeps what is
    said twice, and no rule between the two says something else where it holds. Under F an earlier one that covers it is
    a shadow."""
    for column in table.outputs:
        keeps = column.policy.lists and study.terms[column.term].merge is Merge.ALL
        if keeps or column.policy.gives.tallies:
            return False
    if other < member:
        return not any(column.policy.takes is Takes.FIRST for column in table.outputs)
    box = space.boxes[member]
    return all(
        space.otherwise[one] or meet(box, space.boxes[one]) is None or _same(study, space, member, one)
        for one in range(member + 1, other)
    )


def _repeat(slug: str, study: Study, subject: Subject, space: Space, member: int, other: int) -> Verdict:
    rule, kept = rule_of(study, space, member), rule_of(study, space, other)
    fields = {
        "name": subject.name,
        "rule": rule.id,
        "other": kept.id,
        **region_fields(study, region_of(study, space, space.boxes[member])),
    }
    note = Note("note-same-rule", Location(place_of(study, kept)))
    ids = (rule.id, kept.id)
    place = place_of(study, rule)
    return Verdict(slug, Answer.COUNTEREXAMPLE, place, subject.name, ids, (note,), fields=tuple(fields.items()))


CHECKS: tuple[Question, ...] = (
    Question("duplicate-rule", repeating, partial(_again, equal=True)),
    Question("subsumed-rule", repeating, partial(_again, equal=False)),
)
