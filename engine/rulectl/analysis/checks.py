"""All checks, in the order in which they are asked and reported, and how they are run.

To add one: write a function `(study, subject, budget) -> verdicts` that yields the counterexamples and what stays
undecided, name it in a `CHECKS` with its code, and give the code its sentences in the catalogue. That nothing was found
is said here, for every subject, so that no table is ever passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rulectl.analysis import allowed, gaps, never, overlaps, repeats, shadows
from rulectl.analysis.accepting import with_accepted
from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.chains import CHECKS as CHAINS
from rulectl.analysis.once import told_once
from rulectl.analysis.policies import CHECKS as POLICIES
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Question, Verdict, as_finding, proved, undecided
from rulectl.analysis.wording import any_value
from rulectl.diagnostics import Finding
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook

TABLES: tuple[Question, ...] = (
    *gaps.CHECKS,
    *overlaps.CHECKS,
    *never.CHECKS,
    *shadows.CHECKS,
    *repeats.CHECKS,
    *allowed.CHECKS,
)

CHECKS: tuple[Question, ...] = (*TABLES, *CHAINS, *POLICIES)


def verdicts(study: Study, budget: Budget, checks: tuple[Question, ...] = CHECKS) -> Iterator[Verdict]:
    """Every check on every subject: counterexamples, what is undecided, and `proved` where there is neither."""
    for question in checks:
        for subject in question.about(study):
            silent = True
            try:
                share = budget.part()
                share.check()
                for verdict in question.ask(study, subject, share):
                    silent = False
                    yield _whole(study, verdict)
            except OutOfTime:
                yield undecided(question.slug, subject, "note-out-of-time")
                continue
            if silent:
                yield proved(question.slug, subject)


def _whole(study: Study, verdict: Verdict) -> Verdict:
    """The verdict with a case that can be decided as it stands: the required fields on which nothing hangs are filled
    in, since every rule that the claim is about is settled without them. A case of what a table is given by others
    stays the row that it is."""
    case = dict(verdict.case)
    if not case or any(name in study.plan.writers for name in case):
        return verdict
    must = [term for term in study.rulebook.terms if term.role is Role.INPUT and term.required]
    more = {t.id: any_value(t.type) for t in must if t.default is None and t.id not in case}
    return replace(verdict, case=tuple((case | more).items())) if more else verdict


def analyse(rulebook: Rulebook, budget: Budget) -> tuple[Finding, ...]:
    """The verdicts of all checks as findings, each mistake once, those that the workbook accepts marked so."""
    study = Study(rulebook)
    told = told_once(study, tuple(verdicts(study, budget)))
    return with_accepted((as_finding(verdict, study.names) for verdict in told), rulebook)
