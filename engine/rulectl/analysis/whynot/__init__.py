"""Why not: why a case did not get a value, and the smallest change of its inputs that would bring it about.

Two halves that do not lean on each other. `reasons` says which rules would have given the value and what kept each of
them back. `search` looks for a change of the case: over the whole chain of tables, confirmed by the engine (design note
0026). What is asked is read by `asking`; `values` and `levers` say what is worth trying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from rulectl.analysis.budget import Budget
from rulectl.analysis.exact import Never
from rulectl.analysis.space import producible
from rulectl.analysis.study import Study
from rulectl.analysis.whynot.asking import Goal, asked, read_goal
from rulectl.analysis.whynot.reasons import Candidate, Missed, Scene, Why, candidates
from rulectl.analysis.whynot.search import Change, Search, Setting
from rulectl.analysis.whynot.values import slice_of
from rulectl.lang.syntax import Literal
from rulectl.model.grid import grid_of
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.rulebook import Term
from rulectl.runtime.engine import Counted
from rulectl.values import Value, distinct

__all__ = [
    "Candidate",
    "Change",
    "Goal",
    "Missed",
    "Setting",
    "Verdict",
    "Why",
    "WhyNot",
    "asked",
    "read_goal",
    "why_not",
]


class Verdict(Enum):
    """How the question ended: the case has the value already; a change was found; no case can have it; no change was
    found, though there may be one."""

    ALREADY = "already"
    CHANGE = "change"
    NEVER = "never"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer. `value` is what the case has, `by` the rules that gave it; `rules` would have given what was wanted;
    `changes` are the smallest that were found, the best first; `given` are the values that rules can give at all, where
    that is known and the wanted one is not among them; `counted` is what it hangs on that is counted across cases."""

    goal: Goal
    outcome: Outcome
    value: Value
    by: tuple[Firing, ...]
    verdict: Verdict
    rules: tuple[Candidate, ...] = ()
    changes: tuple[Change, ...] = ()
    given: tuple[Value, ...] = ()
    counted: tuple[Term, ...] = ()


def why_not(
    study: Study,
    facts: Mapping[str, Value],
    goal: Goal,
    budget: Budget,
    counted: Counted = MappingProxyType({}),
) -> WhyNot:
    """Why a case (typed facts by term id) did not get what is wanted of a term. Raises nothing for want of time."""
    outcome = study.engine.decide(facts, counted)
    name = goal.term.id
    value = outcome.outputs.get(name, outcome.derived.get(name))
    scene = Scene.of(study, outcome)
    by = scene.fired.get(name, ())
    if goal.met(value):
        return WhyNot(goal, outcome, value, by, Verdict.ALREADY)
    rules = candidates(scene, goal.missing(value))
    given = _given(study, goal)
    if given is not None and not _can_be(goal, given):
        return WhyNot(goal, outcome, value, by, Verdict.NEVER, rules, given=given)
    part = slice_of(study, name)
    search = Search(study, part, goal, dict(outcome.case), counted, budget)
    changes = search.changes()
    if not changes:
        found = search.solved()
        if isinstance(found, Never):
            return WhyNot(goal, outcome, value, by, Verdict.NEVER, rules)
        changes = (found,) if found is not None else ()
    verdict = Verdict.CHANGE if changes else Verdict.NOT_FOUND
    return WhyNot(goal, outcome, value, by, verdict, rules, changes, counted=part.counted)


def _given(study: Study, goal: Goal) -> tuple[Value, ...] | None:
    """The values that rules can give a term, in the order of its allowed values; None where they compute some."""
    term = goal.term
    if not term.type.many:
        values = producible(study, term)
        if values is None:
            return None
        order = {one: at for at, one in enumerate(term.type.values)}
        return tuple(sorted(values, key=lambda one: (order.get(str(one), len(order)), str(one))))
    items: list[Value] = list(term.default) if isinstance(term.default, tuple) else []
    for number, column in study.plan.writers.get(term.id, ()):
        for expr in grid_of(study.rulebook.tables[number]).then[column].items:
            if expr is not None and not isinstance(expr, Literal):
                return None
            said = expr.value if expr is not None else ()
            items += said if isinstance(said, tuple) else (said,)
    return tuple(distinct(items))


def _can_be(goal: Goal, given: tuple[Value, ...]) -> bool:
    """Whether what is wanted is among what rules can give."""
    return all(item in given for item in goal.items) if goal.items else any(map(goal.met, given)) or goal.met(None)
