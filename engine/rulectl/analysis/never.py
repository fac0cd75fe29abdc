"""Rules that can never hold: an entry that no allowed value meets, or entries that no case meets together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rulectl.analysis.blaming import blamed
from rulectl.analysis.budget import EVERY, Budget
from rulectl.analysis.exact import Never, Open, find, rule_holds
from rulectl.analysis.holding import hits, of_case
from rulectl.analysis.overlaps import place_of, rule_of
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, tables_of, undecided
from rulectl.analysis.witness import shown
from rulectl.lang.syntax import Any
from rulectl.model.rulebook import Rule
from rulectl.source import Location, Place


def never_holds(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules whose own conditions leave nothing over."""
    assert subject.table is not None
    space = space_of(study, (subject.table,))
    for member, box in enumerate(space.boxes):
        if member % EVERY == 0:
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
    if shown(study, space, space.boxes[member], budget, partial(hits, study, number, at)) is not None:
        return
    yes = [rule_holds(study, study.rulebook.tables[number], rule)]
    found = find(study, (number,), yes, (), of_case(partial(hits, study, number, at)), budget, whole=False)
    if isinstance(found, Never):
        fields = (("name", subject.name), ("rule", rule.id))
        place = place_of(study, rule)
        yield Verdict("never-holds", Answer.COUNTEREXAMPLE, place, subject.name, (rule.id,), fields=fields)
    elif isinstance(found, Open):
        place = found.cell or blamed(study, space, space.boxes[member], (number,))
        yield undecided("never-holds", subject, found.reason, place)


def _entry(study: Study, space: Space, number: int, rule: Rule, axis: int) -> Location | Place:
    """The entry of a rule that an axis comes from; the rule where it is its effective dates."""
    table = study.rulebook.tables[number]
    for column, entry in zip(table.inputs, rule.when, strict=True):
        if column.subject == space.axes[axis].column.subject and not isinstance(entry.test, Any) and entry.cell:
            return Location(entry.cell, entry.text)
    return place_of(study, rule)


CHECKS: tuple[Question, ...] = (Question("never-holds", tables_of, never_holds),)
