"""Rules and tables that nothing can reach, given what the tables before them can say.

A rule by itself may well apply to some case; but where the terms that it asks for come from other tables, only what
these can say counts. A rule that even by itself never fires is told of with its own table and passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.questions import conditions, firing
from rulectl.analysis.chains.search import Never, Open, Shown
from rulectl.analysis.chains.telling import search_of, world_of
from rulectl.analysis.chains.world import World
from rulectl.analysis.smt import Answer
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer as Verdicts
from rulectl.analysis.verdict import Subject, Verdict, undecided
from rulectl.analysis.witness import alone
from rulectl.codes import LANGUAGES, Language, say
from rulectl.lang.printer import print_expr
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace, Location, Place
from rulectl.types import Kind
from rulectl.values import Value

_VALUES = 12
"""How many values of an input are tried by themselves."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Of a table that leans on others: the rules that never fire, those that may, and those of which nobody knows."""

    dead: tuple[int, ...]
    alive: int
    open_: tuple[tuple[int, Open], ...]


def unreachable_table(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """A table none of whose rules ever fires."""
    assert subject.table is not None
    reached = _reached(study, subject.table, budget)
    if reached.dead and not reached.alive and not reached.open_:
        study.once("dead tables", set[int]).add(subject.table)
        fields = (("name", subject.name),)
        yield Verdict("unreachable-table", Verdicts.COUNTEREXAMPLE, subject.at, subject.name, fields=fields)


def unreachable_rule(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """The rules of a table that never fire, though others of it do."""
    assert subject.table is not None
    reached = _reached(study, subject.table, budget)
    table = study.rulebook.tables[subject.table]
    for number, doubt in reached.open_:
        yield undecided("unreachable-rule", subject, doubt.reason, doubt.cell or table.rules[number].cells)
    for number in reached.dead:
        rule = table.rules[number]
        at, why = _culprit(study, subject.table, number, budget)
        fields = (("name", subject.name), ("rule", rule.id), ("why_zh", why["zh"]), ("why_en", why["en"]))
        yield Verdict("unreachable-rule", Verdicts.COUNTEREXAMPLE, at, subject.name, (rule.id,), fields=fields)


def _reached(study: Study, number: int, budget: Budget) -> Reached:
    """What can be reached of a table; worked out once for both questions."""
    return study.once(("reached", number), lambda: _reach(study, number, budget))


def _reach(study: Study, number: int, budget: Budget) -> Reached:
    table = study.rulebook.tables[number]
    fired = _fired(study)
    dead: list[int] = []
    open_: list[tuple[int, Open]] = []
    alive = 0
    if all((table.name, rule.id) in fired for rule in table.rules if rule.enabled):
        return Reached((), len(table.rules), ())
    owner = f"reach {number}"
    world = world_of(study, budget)
    rules = firing(world, owner, number)
    if not rules:
        doubt = Open("note-round" if study.plan.cyclic[table.stratum] else "note-too-large")
        left = [n for n, rule in enumerate(table.rules) if rule.enabled and (table.name, rule.id) not in fired]
        return Reached((), len(table.rules) - len(left), tuple((n, doubt) for n in left))
    search = search_of(study, owner, budget)
    for rule, truth in rules:
        name = (table.name, table.rules[rule].id)
        if name in fired:
            alive += 1
            continue
        budget.check()
        match search.any(truth, partial(_fires, name)):
            case Never():
                dead.append(rule)
            case Shown() as shown:
                fired |= _firings(shown)
                alive += 1
            case Open() as why:
                open_.append((rule, why))
    by_itself = _alive_alone(study, number, dead, budget) if dead else ()
    alive += len(dead) - len(by_itself)
    return Reached(tuple(by_itself), alive, tuple(open_))


def _fires(name: tuple[str, str], shown: Shown) -> bool:
    return name in _firings(shown)


def _firings(shown: Shown) -> set[tuple[str, str]]:
    return {(one.table, one.rule) for one in shown.outcome.firings}


def _fired(study: Study) -> set[tuple[str, str]]:
    """The rules that some case is known to reach, by table and id: by the workbook's own tests, and by cases that give
    one value alone."""
    cases = chain((dict(test.facts) for test in study.rulebook.tests), _plain_cases(study.rulebook))
    firings = (one for case in cases for one in study.engine.decide(case).firings)
    return study.once("fired", lambda: {(one.table, one.rule) for one in firings})


def _plain_cases(book: Rulebook) -> Iterator[dict[str, Value]]:
    """The case that says nothing but what it must, and with each allowed value of an input."""
    inputs = [term for term in book.terms if term.role is Role.INPUT and not term.type.many]
    choices = {t.id: t.type.values or ((True, False) if t.type.kind is Kind.BOOLEAN else ()) for t in inputs}
    must: dict[str, Value] = {t.id: choices[t.id][0] for t in inputs if t.required and choices[t.id]}
    yield must
    for term in inputs:
        yield from ({**must, term.id: value} for value in choices[term.id][:_VALUES])


def _alive_alone(study: Study, number: int, numbers: list[int], budget: Budget) -> tuple[int, ...]:
    """Those of some rules that would fire if the tables before could say anything."""
    engine = alone(study, (number,))
    world = World(engine.rulebook, engine.plan, budget)
    rules = dict(firing(world, "alone", 0))
    solver = world.solver("alone")
    return tuple(n for n in numbers if solver.can(rules[n], seconds=budget.left)[0] is not Answer.NO)


def _culprit(study: Study, number: int, rule: int, budget: Budget) -> tuple[Location | Place, dict[Language, str]]:
    """The one condition of a rule that never holds, where there is one, else the rule; and in words why not."""
    owner = f"reach {number}"
    world = world_of(study, budget)
    asked = list(conditions(world, owner, number, rule))
    solver = world.solver(owner)
    for column, entry, holds in asked:
        if entry.cell is not None and solver.can(holds, seconds=min(2.0, budget.left))[0] is Answer.NO:
            name = print_expr(column.subject, study.names)
            return Location(entry.cell, entry.text), {x: say("check-never-given", x, name=name) for x in LANGUAGES}
    place = study.rulebook.tables[number].rules[rule].cells or FilePlace(study.rulebook.source)
    return place, {x: say("check-never-together", x) for x in LANGUAGES}
