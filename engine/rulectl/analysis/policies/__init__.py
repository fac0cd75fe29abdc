"""Checks on statements that must hold of every case (守则表)."""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Question, Subject, Verdict
from rulectl.source import FilePlace


def policies_of(study: Study) -> Iterator[Subject]:
    """Every statement, by its id."""
    for policy in study.rulebook.policies:
        yield Subject(policy.id, policy.cell or FilePlace(study.rulebook.source))


def _holds(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    # the solver takes its time to load, and deciding a case needs none of it
    from rulectl.analysis.policies.holding import holds

    yield from holds(study, subject, budget)


CHECKS: tuple[Question, ...] = (Question("policy-violated", policies_of, _holds),)
