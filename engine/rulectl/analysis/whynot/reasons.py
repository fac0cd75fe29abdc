"""Which rules would have given a value, and for each why it did not: the conditions that the case does not meet, or
what was put before it.

A rule that holds and still does not decide is kept back within its table (hit policy) or among tables (tier, order,
merge); one that does not hold is shown condition by condition, with the case's own value and, where that value is a
conclusion itself, with the rules that drew it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from rulectl.analysis.study import Study
from rulectl.analysis.whynot.asking import Goal
from rulectl.lang.evaluate import CannotCompute, evaluate, meets
from rulectl.lang.fold import fold
from rulectl.lang.syntax import Any, Expr, Literal
from rulectl.lang.trees import names_of
from rulectl.model.grid import grid_of
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import InputColumn, OutputEntry, Rule, Table, TestEntry
from rulectl.runtime.judge import Entries
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import CLASH
from rulectl.values import Value

Facts = Mapping[str, Value]
SETTLED = (Status.DECIDED, Status.NO_RULE)


class Why(Enum):
    """Why a rule that would have given the value did not."""

    CONDITIONS = "conditions"
    OFF = "switched-off"
    DATE = "not-in-force"
    ELSE = "otherwise"
    VALUE = "other-value"
    BEHIND = "behind"
    CLASH = "clash"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Missed:
    """A condition that the case does not meet. `value` is the case's own, None where nothing is known; `by` are the
    rules that concluded it."""

    column: InputColumn
    entry: TestEntry
    value: Value
    unknown: bool
    by: tuple[Firing, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that would have given the value: the entry that says so, why it did not, and the rules that went before
    it. `value` is what a formula comes to for this case, None for a plain entry."""

    table: Table
    rule: Rule
    entry: OutputEntry
    value: Value
    why: Why
    missed: tuple[Missed, ...]
    before: tuple[Firing, ...]

    @property
    def far(self) -> tuple[int, int]:
        """How far the case is from it: conditions that are false, conditions in all."""
        return sum(not one.unknown for one in self.missed), len(self.missed)


@dataclass(frozen=True)
class Scene:
    """A decided case as its tables saw it."""

    study: Study
    outcome: Outcome
    facts: Facts
    absent: frozenset[str]
    fired: Mapping[str, tuple[Firing, ...]]
    """Term -> the rules that fired and say something of it."""

    @staticmethod
    def of(study: Study, outcome: Outcome) -> Scene:
        unknown: dict[str, Value] = dict.fromkeys(study.terms)
        facts = {**unknown, **study.plan.parameters, **outcome.case, **outcome.derived, **outcome.outputs}
        absent = frozenset(
            term.id
            for term in study.rulebook.terms
            if facts[term.id] is None and term.role is not Role.INPUT and outcome.statuses.get(term.id) in SETTLED
        )
        return Scene(study, outcome, facts, absent, _fired(study, outcome))


def _fired(study: Study, outcome: Outcome) -> Mapping[str, tuple[Firing, ...]]:
    tables = {table.name: table for table in study.rulebook.tables}
    numbers = {table.name: {id_: n for n, id_ in enumerate(grid_of(table).ids)} for table in study.rulebook.tables}
    found: dict[str, list[Firing]] = {}
    for firing in outcome.firings:
        grid, number = grid_of(tables[firing.table]), numbers[firing.table][firing.rule]
        for column, strip in zip(tables[firing.table].outputs, grid.then, strict=True):
            if strip.items[strip.refs[number]] is not None:
                found.setdefault(column.term, []).append(firing)
    return {term: tuple(firings) for term, firings in found.items()}


def candidates(scene: Scene, goal: Goal, formulas: bool = False) -> tuple[Candidate, ...]:
    """The rules whose conclusion would be as wanted, those first to which the case comes nearest; with `formulas`, also
    those that compute theirs, whatever it comes to for this case."""
    found = [
        candidate
        for number, column in scene.study.plan.writers.get(goal.term.id, ())
        for candidate in _of_column(scene, goal, number, column, formulas)
    ]
    return tuple(sorted(found, key=lambda one: one.far))


def gives(expr: Expr, facts: Facts) -> Value:
    """What a conclusion comes to for a case; None where that cannot be said."""
    try:
        return evaluate(expr, facts)
    except CannotCompute:
        return None


def _of_column(scene: Scene, goal: Goal, number: int, column: int, every: bool) -> Iterator[Candidate]:
    plan = scene.study.plan.tables[number]
    strip = grid_of(plan.table).then[column]
    said = {ref: expr for ref, expr in enumerate(strip.items) if expr is not None}
    values = {ref: gives(expr, scene.facts) for ref, expr in said.items()}
    wanted = {ref for ref in said if goal.helped(values[ref])}
    formulas = {ref for ref, expr in said.items() if not isinstance(fold(expr, scene.study.plan.parameters), Literal)}
    if not wanted | formulas:
        return
    key, _ = plan.key(scene.facts, scene.absent)
    hits = plan.match(key).hits
    for at, ref in enumerate(strip.refs):
        own = values[ref] if ref in formulas else None
        if ref in wanted or (every and ref in formulas and at not in hits):
            yield _candidate(scene, plan, column, at, hits, own)
        elif ref in formulas and at in hits:
            rule = plan.table.rules[at]
            yield Candidate(plan.table, rule, rule.then[column], own, Why.VALUE, (), ())


def _candidate(scene: Scene, plan: TablePlan, column: int, at: int, hits: Sequence[int], own: Value) -> Candidate:
    table, rule = plan.table, plan.table.rules[at]
    entry = rule.then[column]
    if not rule.enabled:
        return Candidate(table, rule, entry, own, Why.OFF, (), ())
    if at in hits:
        why, before = _behind(scene, plan, column, at, hits)
        return Candidate(table, rule, entry, own, why, (), before)
    missed = tuple(missed_by(scene, table, rule))
    return Candidate(table, rule, entry, own, Why.CONDITIONS if missed else Why.DATE, missed, ())


def _behind(scene: Scene, plan: TablePlan, column: int, at: int, hits: Sequence[int]) -> tuple[Why, tuple[Firing, ...]]:
    """What went before a rule whose conditions hold."""
    outputs = plan.outputs
    active = outputs.active(hits)
    if at not in active:
        return Why.ELSE, tuple(plan.firings[n] for n in active)
    terms = [scene.study.terms[output.term] for output in plan.table.outputs]
    entries = Entries(plan, terms, scene.facts, scene.absent)
    deciders = outputs.deciders(column, hits, entries)
    if at not in deciders:
        return Why.BEHIND, tuple(plan.firings[n] for n in deciders)
    if outputs.resolve(column, hits, entries) is CLASH:
        return Why.CLASH, tuple(plan.firings[n] for n in deciders if n != at)
    name = plan.table.outputs[column].term
    others = tuple(firing for firing in scene.fired.get(name, ()) if firing != plan.firings[at])
    return Why.CLASH if scene.facts.get(name) is None else Why.MERGED, others


def missed_by(scene: Scene, table: Table, rule: Rule) -> Iterator[Missed]:
    """The conditions of a rule that the case does not meet, or not for certain."""
    for column, entry in zip(table.inputs, rule.when, strict=True):
        if isinstance(entry.test, Any):
            continue
        names = names_of(column.subject) | names_of(entry.test)
        try:
            value = evaluate(column.subject, scene.facts)
            holds = meets(entry.test, value, scene.facts)
        except CannotCompute:
            value, holds = None, False
        if holds is True:
            continue
        missing = {name for name in names if scene.facts.get(name) is None}
        unknown = holds is None and not missing <= scene.absent
        by = tuple(firing for name in sorted(names_of(column.subject)) for firing in scene.fired.get(name, ()))
        yield Missed(column, entry, value, unknown, tuple(dict.fromkeys(by)))
