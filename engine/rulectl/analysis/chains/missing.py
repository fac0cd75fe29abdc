"""Outputs that may stay without a value though everything that they hang on is known.

There are three ways to it, asked one by one, so that none hides behind another until that is mended: a rule covers the
case and leaves the conclusion blank; a rule of an earlier table does, or a list there stays empty, so that no rule that
asks for it applies; no rule covers the case. The last is a gap, and left out where the table's gap is told already
(once.py); what a gap of an earlier table takes away is told there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import assert_never

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.questions import Silence, before_it, silences
from rulectl.analysis.chains.search import Never, Open, Shown
from rulectl.analysis.chains.telling import search_of, value_of, world_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Subject, Verdict, undecided
from rulectl.codes import LANGUAGES, Severity, say
from rulectl.diagnostics import listed
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import OutputEntry, Rule, Table, Term
from rulectl.source import FilePlace, Location, Place


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
            return bool(_covering(study, term.id, outcome))
        case Silence.BEFORE:
            return bool(_left_blank(study, term.id, outcome)) and not _covering(study, term.id, outcome)
        case Silence.NO_RULE:
            return not _covering(study, term.id, outcome) and not _left_blank(study, term.id, outcome)


def _told(study: Study, subject: Subject, term: Term, why: Silence, shown: Shown) -> Verdict:
    outcome = shown.outcome
    name = _left_blank(study, term.id, outcome)[0] if why is Silence.BEFORE else term.id
    covering = _covering(study, name, outcome)
    at: Location | Place = subject.at
    key, missing = f"check-{why.value}", study.names[name]
    if why is Silence.BEFORE and not covering:
        key = "check-empty"
    if covering:
        entry = _entry(*covering[0], name)
        at = entry.cell or covering[0][1].cells or subject.at
        needs = sorted(n for n in names_of(entry.expr) if value_of(outcome, n) is None) if entry.expr else []
        if needs and why is Silence.BLANK:
            key, missing = "check-lacks", study.names[needs[0]]
    ids = tuple(rule.id for _, rule in covering)
    words = [(f"why_{lang}", say(key, lang, rules=listed(ids), missing=missing)) for lang in LANGUAGES]
    return Verdict(
        "no-value",
        Answer.COUNTEREXAMPLE,
        at,
        covering[0][0].name if covering else "",
        ids,
        case=tuple(shown.case.items()),
        fields=(("name", subject.name), ("silence", why.value), *words),
        severity=None if term.required else Severity.NOTICE,
    )


def _covering(study: Study, name: str, outcome: Outcome) -> list[tuple[Table, Rule]]:
    """The rules that fire of the tables that write a term."""
    numbers = {number for number, _ in study.plan.writers[name]}
    tables = {study.rulebook.tables[number].name: study.rulebook.tables[number] for number in numbers}
    fired = [(tables[firing.table], firing.rule) for firing in outcome.firings if firing.table in tables]
    return [(table, next(rule for rule in table.rules if rule.id == id_)) for table, id_ in fired]


def _left_blank(study: Study, name: str, outcome: Outcome) -> list[str]:
    """The terms before a term that have no value although a rule that writes them fires; lists in which nothing is."""
    missing = [other for other in sorted(before_it(study.plan, name)) if value_of(outcome, other) is None]
    return [other for other in missing if study.terms[other].type.many or _covering(study, other, outcome)]


def _entry(table: Table, rule: Rule, name: str) -> OutputEntry:
    """What a rule says of a term."""
    return next(entry for column, entry in zip(table.outputs, rule.then, strict=True) if column.term == name)
