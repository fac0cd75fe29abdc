"""Overlaps that the hit policy forbids: two rules of a U table that can both hold; two of an A table that then say
different things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rulectl.analysis.blaming import blamed
from rulectl.analysis.budget import EVERY, Budget
from rulectl.analysis.exact import Found, Open, Shown, derived, find, rule_holds, some
from rulectl.analysis.neighbours import Neighbours, bits
from rulectl.analysis.rows import region_fields, region_of
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, tables_of, undecided
from rulectl.analysis.walk import Box, meet
from rulectl.analysis.witness import Case, case_in, decide, filled_in, only
from rulectl.diagnostics import Note, listed
from rulectl.lang.syntax import Compare, Literal, Not
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Outcome
from rulectl.model.policy import HitPolicy, Takes
from rulectl.model.rulebook import Rule
from rulectl.runtime.engine import Engine
from rulectl.source import FilePlace, Location, Place

_LARGE = 2000
"""From so many rules on, the engine confirms an overlap by the two rules alone."""


def _with(asked: Callable[[HitPolicy], bool], study: Study) -> Iterator[Subject]:
    for subject in tables_of(study):
        table = study.rulebook.tables[subject.table or 0]
        if any(map(asked, (table.policy, *(column.policy for column in table.outputs)))):
            yield subject


def unique(study: Study) -> Iterator[Subject]:
    """Tables with a column under U."""
    return _with(lambda policy: policy.takes is Takes.ONLY, study)


def agreeing(study: Study) -> Iterator[Subject]:
    """Tables with a column under A."""
    return _with(lambda policy: policy.agrees, study)


def overlap(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules of which one case may meet two."""
    return _pairs(study, subject, budget, "overlap", "rules-overlap")


def conflict(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules of which one case may meet two that say different things."""
    return _pairs(study, subject, budget, "conflict", "rules-disagree")


def _pairs(study: Study, subject: Subject, budget: Budget, slug: str, told: str) -> Iterator[Verdict]:
    """One verdict for each rule that overlaps later ones; it lists them all, and shows a case of the first."""
    assert subject.table is not None
    space = space_of(study, (subject.table,))
    near = Neighbours.of(space.boxes, space.whole)
    whole = derived(study, space)
    hard = space.tied or whole
    for one, box in enumerate(space.boxes):
        if one % EVERY == 0:
            budget.check()
        if not all(box):
            continue
        both_else = space.otherwise[one]  # two else rules may meet where no other rule holds
        first: tuple[Box, Case] | None = None
        with_: list[int] = []
        for other in bits(near.of_box(box) >> (one + 1) << (one + 1)):
            if space.otherwise[other] != both_else or (slug == "conflict" and not _differ(study, space, one, other)):
                continue
            common = meet(box, space.boxes[other])
            if common is None:
                continue
            plain = slug == "overlap" or _differ(study, space, one, other, plainly=True)
            if not hard and not both_else and first is not None and plain:
                with_.append(other)
                continue
            case = (
                None if hard or both_else else _shown(study, space, subject.table, common, (one, other), told, budget)
            )
            if case is None:
                found = _found(study, space, (one, other), told, budget, whole=whole)
                if isinstance(found, Open):
                    place = found.cell or blamed(study, space, common, (subject.table,))
                    yield undecided(slug, subject, found.reason, place)
                case = found.case if isinstance(found, Shown) else None
            if case is not None:
                with_.append(other)
                first = first or (common, case)
        if first is not None:
            yield _verdict(study, subject, space, slug, one, with_, first)


def _found(study: Study, space: Space, pair: tuple[int, int], told: str, budget: Budget, *, whole: bool) -> Found:
    """A case, where conditions hang together, read what tables conclude, or lead to computed conclusions."""
    number = space.rules[pair[0]][0]
    table = study.rulebook.tables[number]
    rules = [rule_of(study, space, member) for member in pair]
    yes = [rule_holds(study, table, rule) for rule in rules]
    if rules[0].otherwise:
        ordinary = [rule for rule in table.rules if rule.enabled and not rule.otherwise]
        yes.append(Not(some([rule_holds(study, table, rule) for rule in ordinary])))
    if told == "rules-disagree":
        entries = zip(table.outputs, rules[0].then, rules[1].then, strict=True)
        yes.append(
            some(
                [
                    Compare("!=", one.expr, other.expr)
                    for column, one, other in entries
                    if column.policy.agrees and one.expr is not None and other.expr is not None
                ]
            )
        )
    return find(study, (number,), yes, (), partial(_complains, told, {rule.id for rule in rules}), budget, whole=whole)


def _complains(told: str, ids: set[str], outcome: Outcome) -> bool:
    """Whether the engine complains of these rules."""
    return any(found.slug == told and ids <= set(found.rules) for found in outcome.findings)


def _differ(study: Study, space: Space, one: int, other: int, plainly: bool = False) -> bool:
    """Whether two rules have different entries under A; the engine says whether they ever differ in value, but of two
    `plainly` different values."""
    number = space.rules[one][0]
    table = study.rulebook.tables[number]
    mine, theirs = (table.rules[space.rules[member][1]].then for member in (one, other))
    return any(
        column.policy.agrees
        and a.expr is not None
        and b.expr is not None
        and a.expr != b.expr
        and (not plainly or (isinstance(a.expr, Literal) and isinstance(b.expr, Literal)))
        for column, a, b in zip(table.outputs, mine, theirs, strict=True)
    )


def _shown(
    study: Study, space: Space, number: int, box: Box, pair: Sequence[int], told: str, budget: Budget
) -> Case | None:
    """A case in which the engine itself complains of two rules; what their conclusions lean on is filled in."""
    rules = [rule_of(study, space, member) for member in pair]
    ids = {rule.id for rule in rules}
    names = {name for rule in rules for entry in rule.then if entry.expr is not None for name in names_of(entry.expr)}

    decided: Callable[[Case], Outcome] = partial(decide, study, (number,))
    if len(space.boxes) > _LARGE:
        # other rules cannot make two that meet agree, and the index of them all is dear
        decided = Engine(only(study.rulebook, number, rules)).decide
    for every in (False, True):
        case = case_in(study, space, box, budget, every)
        if case is not None:
            filled = filled_in(study, case, names if told == "rules-disagree" else ())
            found = next((one for one in filled if _complains(told, ids, decided(one))), None)
            if found is not None:
                return found
    return None


def rule_of(study: Study, space: Space, member: int) -> Rule:
    """The rule behind a box."""
    number, rule = space.rules[member]
    return study.rulebook.tables[number].rules[rule]


def place_of(study: Study, rule: Rule) -> Place:
    return rule.cells or FilePlace(study.rulebook.source)


def _verdict(
    study: Study, subject: Subject, space: Space, slug: str, one: int, others: Sequence[int], first: tuple[Box, Case]
) -> Verdict:
    rules = [rule_of(study, space, member) for member in (one, *others)]
    ids = tuple(rule.id for rule in rules)
    fields = {
        "name": subject.name,
        "rule": ids[0],
        "others": listed(ids[1:]),
        **region_fields(study, region_of(study, space, first[0])),
    }
    notes = tuple(Note("note-overlaps", Location(place_of(study, rule))) for rule in rules[1:4])
    at = place_of(study, rules[0])
    case = tuple(first[1].items())
    return Verdict(slug, Answer.COUNTEREXAMPLE, at, subject.name, ids, notes, case, tuple(fields.items()))


CHECKS: tuple[Question, ...] = (Question("overlap", unique, overlap), Question("conflict", agreeing, conflict))
