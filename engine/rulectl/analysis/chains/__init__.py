"""Checks on tables that lean on each other.

What asks the solver is imported when it is asked: loading it takes time that deciding a case must not pay.
"""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.unused import never_in_force, unused_parameter, unused_template, unused_term
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Question, Subject, Verdict, about, tables_of, whole_book
from rulectl.model.policy import Merge


def leaning(study: Study) -> Iterator[Subject]:
    """Tables that ask for what other tables say."""
    for subject in tables_of(study):
        if subject.table is not None and study.plan.tables[subject.table].reads & study.plan.writers.keys():
            yield subject


def reachable(study: Study) -> Iterator[Subject]:
    """The same but for tables that were found to be out of reach as a whole."""
    dead = study.once("dead tables", set[int])
    yield from (subject for subject in leaning(study) if subject.table not in dead)


def shared(study: Study) -> Iterator[Subject]:
    """Terms that several tables write and that take one value only."""
    for term in study.rulebook.terms:
        if len(study.plan.writers.get(term.id, ())) > 1 and term.merge is Merge.SINGLE and not term.type.many:
            yield about(study, term)


def tiered(study: Study) -> Iterator[Subject]:
    """Terms that tables of several tiers write; lists are joined, so that no tier overrules another."""
    for term in study.rulebook.terms:
        tiers = {study.rulebook.tables[number].tier for number, _ in study.plan.writers.get(term.id, ())}
        if len(tiers) > 1 and not term.type.many:
            yield about(study, term)


def dated(study: Study) -> Iterator[Subject]:
    """Tables with a rule that has dates of its own."""
    for subject in tables_of(study):
        table = study.rulebook.tables[subject.table or 0]
        if any(not rule.period.always for rule in table.rules):
            yield subject


def _unreachable_table(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    from rulectl.analysis.chains.reach import unreachable_table

    yield from unreachable_table(study, subject, budget)


def _unreachable_rule(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    from rulectl.analysis.chains.reach import unreachable_rule

    yield from unreachable_rule(study, subject, budget)


def needed(study: Study) -> Iterator[Subject]:
    """Outputs that should not stay without a value."""
    from rulectl.analysis.chains.missing import needed as found

    yield from found(study)


def _no_value(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    from rulectl.analysis.chains.missing import no_value

    yield from no_value(study, subject, budget)


def _disagree(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    from rulectl.analysis.chains.contradictions import disagree

    yield from disagree(study, subject, budget)


def _overruled(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    from rulectl.analysis.chains.contradictions import overruled

    yield from overruled(study, subject, budget)


def _cycle(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """A rulebook that compiled has no cycle that does not come to rest: the compiler tells of each."""
    yield from ()


CHECKS: tuple[Question, ...] = (
    Question("cycle", whole_book, _cycle),
    Question("unused-term", whole_book, unused_term),
    Question("unused-parameter", whole_book, unused_parameter),
    Question("unused-template", whole_book, unused_template),
    Question("never-in-force", dated, never_in_force),
    Question("no-value", needed, _no_value),
    Question("tables-contradict", shared, _disagree),
    Question("tier-overruled", tiered, _overruled),
    Question("unreachable-table", leaning, _unreachable_table),
    Question("unreachable-rule", reachable, _unreachable_rule),
)
