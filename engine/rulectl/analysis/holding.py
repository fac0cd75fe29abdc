"""Whether a rule holds in a case, by the engine's own index, and a claim on a case asked of its outcome."""

from __future__ import annotations

from collections.abc import Callable

from rulectl.analysis.study import Study
from rulectl.analysis.witness import Case
from rulectl.model.outcome import Outcome


def hits(study: Study, number: int, rule: int, case: Case) -> bool:
    """Whether a rule of a table holds in a case, by the engine's index."""
    plan = study.plan.tables[number]
    defaults = {term.id: term.default for term in study.rulebook.terms if term.default is not None}
    key, _ = plan.key({**defaults, **study.plan.parameters, **case}, frozenset())
    return rule in plan.match(key).hits


def of_case(told: Callable[[Case], bool]) -> Callable[[Outcome], bool]:
    """A claim on a case, asked of the outcome that holds it."""
    return lambda outcome: told(dict(outcome.case))
