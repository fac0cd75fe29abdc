"""All checks, in the order in which they are asked and reported, and how they are run.

To add one: write a function `(study, subject, budget) -> verdicts` that yields the counterexamples and what stays
undecided, name it in a `CHECKS` with its code, and give the code its sentences in the catalogue. That nothing was found
is said here, for every subject, so that no table is ever passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.analysis import allowed, gaps, idle, overlaps
from rulectl.analysis.accepting import with_accepted
from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.chains import CHECKS as CHAINS
from rulectl.analysis.once import told_once
from rulectl.analysis.policies import CHECKS as POLICIES
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Question, Verdict, as_finding, proved, undecided
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook

TABLES: tuple[Question, ...] = (*gaps.CHECKS, *overlaps.CHECKS, *idle.CHECKS, *allowed.CHECKS)

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
                    yield verdict
            except OutOfTime:
                yield undecided(question.slug, subject, "note-out-of-time")
                continue
            if silent:
                yield proved(question.slug, subject)


def analyse(rulebook: Rulebook, budget: Budget) -> tuple[Finding, ...]:
    """The verdicts of all checks as findings, each mistake once, those that the workbook accepts marked so."""
    study = Study(rulebook)
    told = told_once(study, tuple(verdicts(study, budget)))
    return with_accepted((as_finding(verdict, study.names) for verdict in told), rulebook)
