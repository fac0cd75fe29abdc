"""Rules that others always decide for.

A rule of an F table is shadowed when the earlier rules together cover it; of a P table, when those whose values come
before its own do. What a rule adds to a list column counts even then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import assert_never

from rulectl.analysis.blaming import blamed
from rulectl.analysis.budget import EVERY, Budget
from rulectl.analysis.exact import Never, Open, Shown, derived, find, rule_holds
from rulectl.analysis.holding import hits, of_case
from rulectl.analysis.neighbours import Neighbours, bits
from rulectl.analysis.overlaps import place_of, rule_of
from rulectl.analysis.repeats import alike
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, tables_of, undecided
from rulectl.analysis.walk import Box, meet, uncovered, within
from rulectl.analysis.witness import Case, decide, shown
from rulectl.codes import LANGUAGES, Severity, say
from rulectl.diagnostics import Note, listed
from rulectl.lang.printer import print_expr
from rulectl.lang.region import ABSENT, intersection
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Takes
from rulectl.model.rulebook import Rule
from rulectl.source import Location

Rank = tuple[int, ...]
"""Places in the order of values, column by column, then that of the rule; the smaller decides."""

_PICKING = tuple(takes for takes in Takes if takes.picks)


def deciding(study: Study) -> Iterator[Subject]:
    """Tables with a column where one of several hits decides."""
    for subject in tables_of(study):
        table = study.rulebook.tables[subject.table or 0]
        if any(column.policy.takes.picks for column in table.outputs):
            yield subject


def shadowed(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules that hold only where other rules decide; a plain repetition is told of elsewhere."""
    assert subject.table is not None
    space = space_of(study, (subject.table,))
    near = Neighbours.of(space.boxes, space.whole)
    for member, box in enumerate(space.boxes):
        if member % EVERY == 0:
            budget.check()
        if not all(box):
            continue
        rule = rule_of(study, space, member)
        for takes in _PICKING:
            columns = _columns(study, subject.table, rule, takes)
            if not columns:
                continue
            rivals = _rivals(study, space, near, member, takes)
            if any(alike(study, space, other, member) for other in rivals):
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
        return hits(study, number, rule, case) and not any(hits(study, number, other, case) for other in before)

    point = uncovered(box, covers, budget)
    if point is None:
        return False
    if not space.tied or shown(study, space, tuple(((n, n + 1),) for n in point), budget, alone) is not None:
        return True
    table = study.rulebook.tables[number]
    yes, no = (
        [rule_holds(study, table, rule_of(study, space, one)) for one in members] for members in ([member], rivals)
    )
    found = find(study, (number,), yes, no, of_case(alone), budget, whole=False)
    return False if isinstance(found, Never) else True if isinstance(found, Shown) else None


def _columns(study: Study, number: int, rule: Rule, takes: Takes) -> list[int]:
    """The columns that are decided so in which a rule says something; of a rule that says nothing, all of them."""
    table = study.rulebook.tables[number]
    mine = [i for i, column in enumerate(table.outputs) if column.policy.takes is takes]
    said = [i for i in mine if rule.then[i].expr is not None]
    silent = all(entry.expr is None for entry in rule.then)
    return mine if silent else said


def _rivals(study: Study, space: Space, near: Neighbours, member: int, takes: Takes) -> list[int]:
    """The rules that decide wherever they hold together with this one."""
    box = space.boxes[member]
    otherwise = space.otherwise[member]
    # every other rule goes before an else rule
    elses = sum(1 << i for i, other in enumerate(space.otherwise) if other) if otherwise else 0
    earlier = (1 << member) - 1
    match takes:
        case Takes.FIRST:
            among = (near.every & ~elses) | (earlier & elses) if otherwise else earlier
        case Takes.RANKED:
            among = near.every & ~(elses if otherwise else 1 << member)
        case Takes.ONLY | Takes.EVERY | Takes.SORTED:
            return []  # no rule is passed over for another
        case _:
            assert_never(takes)
    near_by = bits(near.of_box(box, among))
    if takes is Takes.RANKED and not otherwise:
        ranks = _ranks(study, space.rules[member][0])
        mine = ranks[space.rules[member][1]]
        near_by = (other for other in near_by if _before(ranks[space.rules[other][1]], mine))
    return [
        other
        for other in near_by
        if (otherwise or not space.otherwise[other]) and meet(box, space.boxes[other]) is not None
    ]


def _before(one: Rank | None, other: Rank | None) -> bool:
    """Whether a rule comes before another by the order of values, for certain."""
    return one is not None and other is not None and one < other


def _ranks(study: Study, number: int) -> list[Rank | None]:
    """Where each rule of a table stands by the order of its values; None where only a case tells its value."""
    return study.once(("ranks", number), lambda: _ranked(study, number))


def _ranked(study: Study, number: int) -> list[Rank | None]:
    plan = study.plan.tables[number]
    columns = [i for i, policy in enumerate(plan.outputs.policies) if policy.takes is Takes.RANKED]
    found: list[Rank | None] = []
    for rule in range(len(plan.table.rules)):
        rank: list[int] = []
        for column in columns:
            said = plan.spoken[rule][column]
            first = said[0] if isinstance(said, tuple) and said else said
            order = plan.outputs.ranks[column]
            rank.append(order.get(first, len(order)) if isinstance(first, str) else len(order))
        computed = any((rule, column) in plan.expressions for column in columns)
        found.append(None if computed else (*rank, rule))
    return found


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
    collects = any(not column.policy.takes.picks for column in table.outputs)
    name = (table.name, rule.id)

    def overruled(case: Case) -> bool:
        if not hits(study, *space.rules[member], case):
            return False
        firings = decide(study, (number,), case).firings
        return collects or name not in {(firing.table, firing.rule) for firing in firings}

    case = shown(study, space, box, budget, overruled)
    if case is None and space.tied:
        found = find(study, (number,), [rule_holds(study, table, rule)], (), of_case(overruled), budget, whole=False)
        if isinstance(found, Never):
            return  # it can never apply at all, which is told of by itself
        if isinstance(found, Open):
            yield undecided("shadowed-rule", subject, found.reason, found.cell or place_of(study, rule))
            return
        case = found.case
    elif case is None and not rule.otherwise:
        yield undecided("shadowed-rule", subject, "note-unconfirmed", place_of(study, rule))
        return
    if case is not None and derived(study, space):
        shows = partial(_passed_over, study, *space.rules[member])
        whole = find(study, (number,), [rule_holds(study, table, rule)], (), shows, budget, whole=True)
        case = whole.case if isinstance(whole, Shown) else case
    yield _told(study, subject, space, member, rules, case or {}, unknown)


def _told(
    study: Study,
    subject: Subject,
    space: Space,
    member: int,
    rules: Sequence[Rule],
    case: Case,
    unknown: int | None,
) -> Verdict:
    """That a rule is passed over for others, in words."""
    number, at = space.rules[member]
    table = study.rulebook.tables[number]
    rule = table.rules[at]
    slug = "otherwise-idle" if rule.otherwise else "shadowed-rule"
    fields = {
        "name": subject.name,
        "rule": rule.id,
        "others": listed([other.id for other in rules], 8),
    }
    if slug == "shadowed-rule":
        beside = [i for i, c in enumerate(table.outputs) if not c.policy.takes.picks and rule.then[i].expr is not None]
        said = [i for i in range(len(table.outputs)) if i not in beside and rule.then[i].expr is not None]
        fields |= _when(study, space, unknown, [study.names[table.outputs[i].term] for i in said] if beside else [])
    return Verdict(
        slug,
        Answer.COUNTEREXAMPLE,
        place_of(study, rule),
        subject.name,
        (rule.id, *(other.id for other in rules)),
        tuple(Note("note-shadows", Location(place_of(study, other))) for other in rules[:4]),
        tuple(case.items()),
        tuple(fields.items()),
        Severity.NOTICE if unknown is not None else None,
    )


def _passed_over(study: Study, number: int, rule: int, outcome: Outcome) -> bool:
    """Whether a rule holds in a decided case of the whole rulebook and does not fire."""
    table = study.rulebook.tables[number]
    fired = {(firing.table, firing.rule) for firing in outcome.firings}
    holds = hits(study, number, rule, {**outcome.case, **outcome.derived, **outcome.outputs})
    return holds and (table.name, table.rules[rule].id) not in fired


def _when(study: Study, space: Space, unknown: int | None, columns: Sequence[str]) -> dict[str, str]:
    """In words, that a rule never decides, or not in some `columns` alone, or only while something is unknown."""
    if unknown is None and columns:
        return {f"when_{lang}": say("check-columns-idle", lang, names=listed(columns)) for lang in LANGUAGES}
    if unknown is None:
        return {f"when_{lang}": say("check-never-decides", lang) for lang in LANGUAGES}
    name = print_expr(space.axes[unknown].column.subject, study.names)
    return {f"when_{lang}": say("check-decides-unknown", lang, name=name) for lang in LANGUAGES}


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
    if not table.policy.takes.picks:
        return []
    near = study.once(("near", space.rules[member][0]), lambda: Neighbours.of(space.boxes, space.whole))
    return _rivals(study, space, near, member, table.policy.takes)


CHECKS: tuple[Question, ...] = (Question("shadowed-rule", deciding, shadowed),)
