"""What several tables say of one term: contradictions, and tiers that overrule each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.part import leaning_on, part
from rulectl.analysis.chains.questions import disagreement, overruling
from rulectl.analysis.chains.search import Found, Never, Open, Shown, Shows
from rulectl.analysis.chains.telling import given_by, reckoned, search_of, value_of, world_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Subject, Verdict, term_of, undecided
from rulectl.codes import Severity
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Tier
from rulectl.model.rulebook import Rulebook, Term
from rulectl.model.words import word
from rulectl.runtime.engine import Engine


def disagree(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Whether tables give a term different values in one case, so that it gets none."""
    term = term_of(study, subject)
    owner = f"disagreement {term.id}"
    wanted = disagreement(world_of(study, budget), owner, term.id)

    def shows(shown: Shown) -> bool:
        found = shown.outcome.findings
        return any(f.slug == "tables-disagree" and dict(f.fields)["term"] == term.name for f in found)

    found = search_of(study, owner, budget).find(wanted, shows)
    yield from _told(study, subject, "tables-contradict", found, [term.id])


def overruled(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Whether a lower tier says something of a term that the tiers above it do not let through."""
    term = term_of(study, subject)
    owner = f"overruled {term.id}"
    for tier, wanted in overruling(world_of(study, budget), owner, term.id):
        found = search_of(study, owner, budget).find(wanted, _ruled_out(study, term, tier))
        severity = Severity.WARNING if term.favours is not None else Severity.NOTICE
        for verdict in _told(study, subject, "tier-overruled", found, [term.id]):
            if verdict.answer is not Answer.COUNTEREXAMPLE or not isinstance(found, Shown):
                yield verdict
                continue
            own = _without(study, term, tier, higher=True).decide(found.case)
            zh, en = reckoned(study, own, [term.id])
            mine, cells = given_by(study, own, [term.id], [tier])
            above, notes = given_by(study, found.outcome, [term.id], list(Tier)[: tier.rank], "note-overrules")
            words = (
                ("tier_zh", word("tier", tier.value, "zh")),
                ("tier_en", word("tier", tier.value, "en")),
                ("own_zh", zh),
                ("own_en", en),
            )
            at = cells[0].at if cells else verdict.at
            yield replace(
                verdict,
                at=at,
                rules=(*mine, *above),
                notes=notes,
                fields=(*verdict.fields, *words),
                severity=severity,
            )


def _ruled_out(study: Study, term: Term, tier: Tier) -> Shows:
    """Shown where a tier alone would give another value than comes out, and what comes out is that of those above."""

    def shows(shown: Shown) -> bool:
        above = value_of(_without(study, term, tier, higher=False).decide(shown.case), term.id)
        own = value_of(_without(study, term, tier, higher=True).decide(shown.case), term.id)
        return None not in (above, own) and above != own and value_of(shown.outcome, term.id) == above

    return shows


def _without(study: Study, term: Term, tier: Tier, higher: bool) -> Engine:
    """The engine of a rulebook in which, of one term, only the tiers above a tier speak; or, with those above taken
    away (`higher`), only that tier itself."""

    def made() -> Engine:
        writers = (number for number, _ in study.plan.writers[term.id])
        return Engine(_cut(part(study.engine, leaning_on(study.plan, writers)).rulebook, term, tier, higher))

    return study.once(("without", term.id, tier, higher), made)


def _cut(book: Rulebook, term: Term, tier: Tier, higher: bool) -> Rulebook:
    tables = []
    for table in book.tables:
        speaks = table.tier is tier if higher else table.tier.rank < tier.rank
        places = [at for at, column in enumerate(table.outputs) if speaks or column.term != term.id]
        if places:
            rules = tuple(replace(rule, then=tuple(rule.then[at] for at in places)) for rule in table.rules)
            tables.append(replace(table, outputs=tuple(table.outputs[at] for at in places), rules=rules))
    # a default is nobody's word
    terms = tuple(replace(t, default=None) if t.id == term.id else t for t in book.terms)
    return replace(book, tables=tuple(tables), terms=terms, policies=(), tests=())


def _told(study: Study, subject: Subject, slug: str, found: Found, terms: list[str]) -> Iterator[Verdict]:
    match found:
        case Never():
            return
        case Open(reason, cell):
            yield undecided(slug, subject, reason, cell)
        case Shown(case, outcome):
            zh, en = reckoned(study, outcome, terms)
            rules, notes = given_by(study, outcome, terms)
            fields = (("name", subject.name), ("given_zh", zh), ("given_en", en), *_said(study, outcome, terms))
            yield Verdict(
                slug,
                Answer.COUNTEREXAMPLE,
                subject.at,
                rules=rules,
                notes=notes,
                case=tuple(case.items()),
                fields=fields,
            )


def _said(study: Study, outcome: Outcome, terms: list[str]) -> Iterator[tuple[str, str]]:
    """What the engine says of a contradiction: which rule gave which value."""
    for found in outcome.findings:
        if found.slug == "tables-disagree" and dict(found.fields)["term"] in {study.names[term] for term in terms}:
            yield from ((name, text) for name, text in found.fields if name.startswith("said_"))
