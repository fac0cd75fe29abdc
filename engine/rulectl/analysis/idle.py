"""Rules that do nothing: that can never hold, that earlier ones always decide for, that say again what another says.

A rule of an F table is shadowed when the earlier rules together cover it; of a P table, when those whose values come
before its own do. What a rule adds to a list column counts even then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rulectl.analysis.budget import Budget
from rulectl.analysis.exact import Never, Open, Shown, find, rule_holds
from rulectl.analysis.gaps import blamed
from rulectl.analysis.neighbours import Neighbours, bits
from rulectl.analysis.overlaps import place_of, rule_of
from rulectl.analysis.rows import region_fields, region_of
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, tables_of, undecided
from rulectl.analysis.walk import Box, meet, uncovered, within
from rulectl.analysis.witness import Case, decide, shown
from rulectl.codes import LANGUAGES, Severity, say
from rulectl.diagnostics import Note
from rulectl.lang.printer import print_expr
from rulectl.lang.region import ABSENT, intersection
from rulectl.lang.syntax import Any
from rulectl.model.outcome import Outcome
from rulectl.model.policy import HitPolicy
from rulectl.model.rulebook import Rule, Table
from rulectl.source import Location, Place

_EVERY = 64

_DECIDING = (HitPolicy.FIRST, HitPolicy.PRIORITY)
_REPEATING = (HitPolicy.SUM, HitPolicy.COUNT, HitPolicy.UNIQUE)


# -- rules that can never hold -------------------------------------------------------------------------------------


def never_holds(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules whose own conditions leave nothing over."""
    assert subject.table is not None
    space = space_of(study, (subject.table,))
    for member, box in enumerate(space.boxes):
        if member % _EVERY == 0:
            budget.check()
        rule = rule_of(study, space, member)
        empty = next((at for at, region in enumerate(box) if not region), None)
        if empty is not None:
            at = _entry(study, space, subject.table, rule, empty)
            fields = (("name", subject.name), ("rule", rule.id))
            yield Verdict("never-holds", Answer.COUNTEREXAMPLE, at, subject.name, (rule.id,), fields=fields)
        elif any(space.axes[at].tied for at in space.asked(box)):
            yield from _hangs_together(study, subject, space, member, budget)


def _hangs_together(study: Study, subject: Subject, space: Space, member: int, budget: Budget) -> Iterator[Verdict]:
    """A rule whose conditions look at the same thing: a case in which they hold, or the proof that there is none."""
    number, at = space.rules[member]
    rule = rule_of(study, space, member)
    if shown(study, space, space.boxes[member], budget, partial(_hits, study, number, at)) is not None:
        return
    yes = [rule_holds(study, study.rulebook.tables[number], rule)]
    found = find(study, (number,), yes, (), _any_outcome(partial(_hits, study, number, at)), budget, whole=False)
    if isinstance(found, Never):
        fields = (("name", subject.name), ("rule", rule.id))
        place = place_of(study, rule)
        yield Verdict("never-holds", Answer.COUNTEREXAMPLE, place, subject.name, (rule.id,), fields=fields)
    elif isinstance(found, Open):
        place = found.cell or blamed(study, space, space.boxes[member], (number,))
        yield undecided("never-holds", subject, found.reason, place)


def _hits(study: Study, number: int, rule: int, case: Case) -> bool:
    """Whether a rule of a table holds in a case, by the engine's index."""
    plan = study.plan.tables[number]
    defaults = {term.id: term.default for term in study.rulebook.terms if term.default is not None}
    key, _ = plan.key({**defaults, **study.plan.parameters, **case}, frozenset())
    return rule in plan.match(key).hits


def _entry(study: Study, space: Space, number: int, rule: Rule, axis: int) -> Location | Place:
    """The entry of a rule that an axis comes from; the rule where it is its effective dates."""
    table = study.rulebook.tables[number]
    for column, entry in zip(table.inputs, rule.when, strict=True):
        if column.subject == space.axes[axis].column.subject and not isinstance(entry.test, Any) and entry.cell:
            return Location(entry.cell, entry.text)
    return place_of(study, rule)


# -- rules that others decide for ----------------------------------------------------------------------------------


def deciding(study: Study) -> Iterator[Subject]:
    """Tables with a column where one of several hits decides."""
    for subject in tables_of(study):
        table = study.rulebook.tables[subject.table or 0]
        if any(column.policy in _DECIDING for column in table.outputs):
            yield subject


def shadowed(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules that hold only where other rules decide; a plain repetition is told of elsewhere."""
    assert subject.table is not None
    space = space_of(study, (subject.table,))
    near = Neighbours.of(space.boxes, space.whole)
    for member, box in enumerate(space.boxes):
        if member % _EVERY == 0:
            budget.check()
        if not all(box):
            continue
        rule = rule_of(study, space, member)
        for policy in _DECIDING:
            columns = _columns(study, subject.table, rule, policy)
            if not columns:
                continue
            rivals = _rivals(study, space, near, member, policy)
            if any(_alike(study, space, other, member) for other in rivals):
                continue
            decides = _decides(study, space, member, rivals, budget)
            if decides is None:
                place = blamed(study, space, box, (subject.table,))
                yield undecided("shadowed-rule", subject, "note-tied", place)
            elif not decides:
                yield from _shadow(study, subject, space, member, rivals, budget)
                break
            elif (unknown := _while_unknown(space, member, rivals, budget)) is not None:
                yield from _shadow(study, subject, space, member, rivals, budget, unknown)
                break


def _while_unknown(space: Space, member: int, rivals: Sequence[int], budget: Budget) -> int | None:
    """The axis that must be unknown for a rule to decide, though it does not ask for that; None where it decides
    cases in which everything asked is known."""
    known = tuple(map(intersection, space.boxes[member], space.values))
    if space.tied or not all(known) or space.otherwise[member]:
        return None
    if uncovered(known, [space.boxes[other] for other in rivals], budget) is not None:
        return None
    point = uncovered(space.boxes[member], [space.boxes[other] for other in rivals], budget)
    return None if point is None else next((at for at, n in enumerate(point) if n == ABSENT), None)


def _decides(study: Study, space: Space, member: int, rivals: Sequence[int], budget: Budget) -> bool | None:
    """Whether a rule holds somewhere where none of its rivals does; None where no case could be found or ruled out."""
    box = space.boxes[member]
    # an else rule waits as long as another is possible
    covers = [space.open[other] if space.otherwise[member] else space.boxes[other] for other in rivals]
    number, rule = space.rules[member]
    before = {space.rules[other][1] for other in rivals}

    def alone(case: Case) -> bool:
        return _hits(study, number, rule, case) and not any(_hits(study, number, other, case) for other in before)

    point = uncovered(box, covers, budget)
    if point is None:
        return False
    if not space.tied or shown(study, space, tuple(((n, n + 1),) for n in point), budget, alone) is not None:
        return True
    table = study.rulebook.tables[number]
    yes, no = (
        [rule_holds(study, table, rule_of(study, space, one)) for one in members] for members in ([member], rivals)
    )
    found = find(study, (number,), yes, no, _any_outcome(alone), budget, whole=False)
    return False if isinstance(found, Never) else True if isinstance(found, Shown) else None


def _columns(study: Study, number: int, rule: Rule, policy: HitPolicy) -> list[int]:
    """The columns of a policy in which a rule says something; of a rule that says nothing at all, all of them."""
    table = study.rulebook.tables[number]
    mine = [i for i, column in enumerate(table.outputs) if column.policy is policy]
    said = [i for i in mine if rule.then[i].expr is not None]
    silent = all(entry.expr is None for entry in rule.then)
    return mine if silent else said


def _rivals(study: Study, space: Space, near: Neighbours, member: int, policy: HitPolicy) -> list[int]:
    """The rules that decide wherever they hold together with this one."""
    box = space.boxes[member]
    if space.otherwise[member]:
        among = near.every & ~sum(1 << i for i, other in enumerate(space.otherwise) if other)
        if policy is HitPolicy.FIRST:
            among |= sum(1 << i for i, other in enumerate(space.otherwise[:member]) if other)
    elif policy is HitPolicy.FIRST:
        among = (1 << member) - 1
    else:
        among = near.every & ~(1 << member)
    found = [
        other
        for other in bits(near.of_box(box, among))
        if (space.otherwise[member] or not space.otherwise[other]) and meet(box, space.boxes[other]) is not None
    ]
    if policy is HitPolicy.PRIORITY and not space.otherwise[member]:
        found = [other for other in found if _before(study, space, other, member)]
    return found


def _before(study: Study, space: Space, one: int, other: int) -> bool:
    """Whether a rule comes before another by the order of values, for certain."""
    number = space.rules[one][0]
    plan = study.plan.tables[number]
    outputs = plan.outputs
    ranks = []
    for member in (one, other):
        rule = space.rules[member][1]
        rank: list[int] = []
        for column in (i for i, policy in enumerate(outputs.policies) if policy is HitPolicy.PRIORITY):
            if (rule, column) in plan.expressions:
                return False
            said = plan.spoken[rule][column]
            first = said[0] if isinstance(said, tuple) and said else said
            order = outputs.ranks[column]
            rank.append(order.get(first, len(order)) if isinstance(first, str) else len(order))
        ranks.append((*rank, rule))
    return ranks[0] < ranks[1]


def _shadow(
    study: Study,
    subject: Subject,
    space: Space,
    member: int,
    rivals: Sequence[int],
    budget: Budget,
    unknown: int | None = None,
) -> Iterator[Verdict]:
    """The verdict, with a case that the rule meets and others decide. `unknown` is the axis that must be unknown for
    the rule to decide at all: a notice, since that may be what it is for."""
    assert subject.table is not None
    number = subject.table
    rule = rule_of(study, space, member)
    box = space.boxes[member]
    if unknown is not None:
        box = tuple(map(intersection, box, space.values))
    alone = [other for other in rivals if within(box, space.boxes[other])]
    needed = alone[:1] or _needed(box, space, rivals, budget)
    rules = [rule_of(study, space, other) for other in needed]
    table = study.rulebook.tables[subject.table]
    collects = any(column.policy not in _DECIDING for column in table.outputs)
    name = (table.name, rule.id)

    def overruled(case: Case) -> bool:
        if not _hits(study, *space.rules[member], case):
            return False
        firings = decide(study, (number,), case).firings
        return collects or name not in {(firing.table, firing.rule) for firing in firings}

    case = shown(study, space, box, budget, overruled)
    if case is None and space.tied:
        found = find(
            study, (number,), [rule_holds(study, table, rule)], (), _any_outcome(overruled), budget, whole=False
        )
        if isinstance(found, Never):
            return  # it can never apply at all, which is told of by itself
        if isinstance(found, Open):
            yield undecided("shadowed-rule", subject, found.reason, found.cell or place_of(study, rule))
            return
        case = found.case
    elif case is None and not rule.otherwise:
        yield undecided("shadowed-rule", subject, "note-unconfirmed", place_of(study, rule))
        return
    slug = "otherwise-idle" if rule.otherwise else "shadowed-rule"
    fields = {
        "name": subject.name,
        "rule": rule.id,
        "others": "、".join(other.id for other in rules[:8]) + ("…" if len(rules) > 8 else ""),
    }
    if slug == "shadowed-rule":
        fields |= _when(study, space, unknown)
    yield Verdict(
        slug,
        Answer.COUNTEREXAMPLE,
        place_of(study, rule),
        subject.name,
        (rule.id, *(other.id for other in rules)),
        tuple(Note("note-shadows", Location(place_of(study, other))) for other in rules[:4]),
        tuple((case or {}).items()),
        tuple(fields.items()),
        Severity.NOTICE if unknown is not None else None,
    )


def _when(study: Study, space: Space, unknown: int | None) -> dict[str, str]:
    """In words, that a rule never decides, or only while something is unknown."""
    if unknown is None:
        return {f"when_{lang}": say("check-never-decides", lang) for lang in LANGUAGES}
    name = print_expr(space.axes[unknown].column.subject, study.names)
    return {f"when_{lang}": say("check-decides-unknown", lang, name=name) for lang in LANGUAGES}


def _any_outcome(told: Callable[[Case], bool]) -> Callable[[Outcome], bool]:
    """A claim on a case, asked of the outcome that holds it."""
    return lambda outcome: told(dict(outcome.case))


def _needed(box: Box, space: Space, rivals: Sequence[int], budget: Budget) -> list[int]:
    """Fewer rules that still cover a box: each that is not missed is left out."""
    kept = list(rivals)
    if len(kept) > 24:
        return kept
    for other in rivals:
        less = [one for one in kept if one != other]
        if uncovered(box, [space.boxes[one] for one in less], budget) is None:
            kept = less
    return kept


def rivals_of(study: Study, space: Space, member: int) -> list[int]:
    """The rules of a table that keep a rule from firing where they hold too."""
    table = study.rulebook.tables[space.rules[member][0]]
    if table.policy not in _DECIDING:
        return []
    key = ("near", space.rules[member][0])
    near = study.kept.get(key)
    if not isinstance(near, Neighbours):
        near = study.kept[key] = Neighbours.of(space.boxes, space.whole)
    return _rivals(study, space, near, member, table.policy)


# -- rules that say it again ---------------------------------------------------------------------------------------


def _alike(study: Study, space: Space, one: int, other: int) -> bool:
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
        if not any(column.policy is HitPolicy.UNIQUE for column in table.outputs):
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
            if at % _EVERY == 0:
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
    """Whether a rule inside another that says the same changes nothing: no sum or count is made, and no rule between
    the two says something else where it holds. Under F an earlier one that covers it is a shadow."""
    if any(column.policy in _REPEATING for column in table.outputs):
        return False
    if other < member:
        return not any(column.policy is HitPolicy.FIRST for column in table.outputs)
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
    Question("never-holds", tables_of, never_holds),
    Question("shadowed-rule", deciding, shadowed),
    Question("duplicate-rule", repeating, partial(_again, equal=True)),
    Question("subsumed-rule", repeating, partial(_again, equal=False)),
)
