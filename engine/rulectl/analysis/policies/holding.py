"""Whether a statement holds of every case that can occur: the whole chain of tables, proved or refuted.

The statement has the meaning that it has at run time (runtime/engine.py): a case breaks it when it comes out false;
what is unknown breaks nothing. It is read over the formulas of the terms that it names, which lean on those of the
tables before them, and so on: only this slice of the rulebook is looked at. A refutation is the case with the fewest
fields on which the engine itself, deciding it, says that the statement is broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.search import Case, Never, Open, Shown
from rulectl.analysis.chains.telling import given_by, reckoned, search_of, world_of
from rulectl.analysis.smt import both, no
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Subject, Verdict, proved, undecided
from rulectl.codes import Severity
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Policy
from rulectl.source import Location


def holds(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """The one verdict on a statement."""
    policy = next(policy for policy in study.rulebook.policies if policy.id == subject.name)
    world = world_of(study, budget)
    owner = f"policy {policy.id}"
    said = world.statement(owner, policy.statement, policy.cell)
    found = search_of(study, owner, budget).find(
        both(no(said.failed), said.false), lambda shown: breaks(shown.outcome, policy)
    )
    at = Location(subject.at, policy.text)
    match found:
        case Never():
            yield replace(proved("policy-violated", subject), at=at)
        case Open(reason, cell):
            yield replace(undecided("policy-violated", subject, reason, cell or at), at=at)
        case Shown(case, outcome):
            yield _refuted(study, at, policy, case, outcome)


def breaks(outcome: Outcome, policy: Policy) -> bool:
    """Whether the engine says of a case that it breaks a statement."""
    return any(f.slug == "policy-violated" and dict(f.fields)["policy"] == policy.id for f in outcome.findings)


def _refuted(study: Study, at: Location, policy: Policy, case: Case, outcome: Outcome) -> Verdict:
    named = [term.id for term in study.rulebook.terms if term.id in names_of(policy.statement)]
    rules, notes = given_by(study, outcome, named)
    zh, en = reckoned(study, outcome, named)
    return Verdict(
        "policy-violated",
        Answer.COUNTEREXAMPLE,
        at,
        rules=rules,
        notes=notes,
        case=tuple(case.items()),
        fields=(("policy", policy.id), ("name", policy.id), ("given_zh", zh), ("given_en", en)),
        severity=Severity(policy.severity),
    )
