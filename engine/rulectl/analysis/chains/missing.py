"""Outputs that may stay without a value though everything that they hang on is known.

There are three ways to it, asked one by one, so that none hides behind another until that is mended: a rule covers the
case and leaves the conclusion blank; a table asks for a term that the tables before leave without a value; no rule
covers the case. The last is a gap, and left out where the table's gap is told already (once.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import assert_never

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.questions import Silence, silences
from rulectl.analysis.chains.search import Never, Open, Shown
from rulectl.analysis.chains.telling import search_of, value_of, world_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Subject, Verdict, undecided
from rulectl.codes import LANGUAGES, Severity, say
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Rule, Table, Term
from rulectl.source import FilePlace, Location


def needed(study: Study) -> Iterator[Subject]:
    """The outputs that every case must have; where none is marked as required, all that have one value. A default is
    a value."""
    outputs = [term for term in study.rulebook.terms if term.role is Role.OUTPUT]
    marked = any(term.required for term in outputs)
    for term in outputs:
        wanted = term.required if marked else not term.type.many
        if wanted and term.default is None and term.id in study.plan.writers:
            yield Subject(term.name, term.cell or FilePlace(study.rulebook.source))


def no_value(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Whether an output stays without a value though nothing is missing. Where no output is marked as required, a blank
    conclusion is meant so, a gap is told by itself, and what is left is a value that is missing before."""
    term = next(term for term in study.rulebook.terms if term.name == subject.name)
    owner = f"silence {term.id}"
    for why, wanted in silences(world_of(study, budget), owner, term.id).items():
        if not term.required and why is not Silence.BEFORE:
            continue
        found = search_of(study, owner, budget).find(wanted, partial(_silent, study, term, why), least=False)
        match found:
            case Never():
                continue
            case Open(reason, cell):
                yield undecided("no-value", subject, reason, cell)
            case Shown():
                yield _told(study, subject, term, why, found)
            case _:
                assert_never(found)


def _silent(study: Study, term: Term, why: Silence, shown: Shown) -> bool:
    """Whether the engine leaves a term without a value, for the reason that is looked for."""
    outcome = shown.outcome
    if value_of(outcome, term.id) is not None or outcome.statuses[term.id] is not Status.NO_RULE:
        return False
    match why:
        case Silence.BLANK:
            return bool(_covering(study, term, outcome))
        case Silence.BEFORE:
            return bool(_lacking(study, term, outcome)) and not _covering(study, term, outcome)
        case Silence.NO_RULE:
            return not _covering(study, term, outcome)


def _told(study: Study, subject: Subject, term: Term, why: Silence, shown: Shown) -> Verdict:
    outcome = shown.outcome
    covering = _covering(study, term, outcome)
    fields = {
        "rules": "、".join(rule.id for _, rule in covering),
        "missing": "、".join(study.names[name] for name in _lacking(study, term, outcome)),
    }
    words = [(f"why_{lang}", say(f"check-{why.value}", lang, **fields)) for lang in LANGUAGES]
    at: Location = Location(subject.at)
    for table, rule in covering[:1]:
        column = next(i for i, column in enumerate(table.outputs) if column.term == term.id)
        at = Location(rule.then[column].cell or rule.cells or subject.at)
    return Verdict(
        "no-value",
        Answer.COUNTEREXAMPLE,
        at,
        covering[0][0].name if covering else "",
        tuple(rule.id for _, rule in covering),
        case=tuple(shown.case.items()),
        fields=(("name", subject.name), ("silence", why.value), *words),
        severity=None if term.required else Severity.NOTICE,
    )


def _covering(study: Study, term: Term, outcome: Outcome) -> list[tuple[Table, Rule]]:
    """The rules that fire of the tables that write a term."""
    numbers = {number for number, _ in study.plan.writers[term.id]}
    tables = {study.rulebook.tables[number].name: study.rulebook.tables[number] for number in numbers}
    fired = [(tables[firing.table], firing.rule) for firing in outcome.firings if firing.table in tables]
    return [(table, next(rule for rule in table.rules if rule.id == id_)) for table, id_ in fired]


def _lacking(study: Study, term: Term, outcome: Outcome) -> list[str]:
    """The terms without a value that other tables should have given to those that write a term."""
    tables = [study.plan.tables[number] for number, _ in study.plan.writers[term.id]]
    asked = sorted({name for plan in tables for name in plan.reads & study.plan.writers.keys()})
    return [name for name in asked if value_of(outcome, name) is None]
