"""What the checks on chains share: the formulas of the rulebook, and how a case is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.search import Search
from rulectl.analysis.chains.world import World
from rulectl.analysis.study import Study
from rulectl.codes import Language
from rulectl.diagnostics import Note
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Tier
from rulectl.source import Location
from rulectl.values import Value, told_text

_WORDS: dict[Language, tuple[str, str, str]] = {
    "zh": ("「{}」为 {}", "「{}」没有值", "，"),
    "en": ('"{}" is {}', '"{}" has no value', ", "),
}


def world_of(study: Study, budget: Budget) -> World:
    """The formulas of the rulebook; made once for all checks, and held to the budget of the one that asks."""
    world = study.once("world", lambda: World(study.rulebook, study.plan, budget))
    world.budget = budget
    return world


def search_of(study: Study, owner: str, budget: Budget) -> Search:
    """The search for a question's cases."""
    return Search(world_of(study, budget), study.engine, owner, budget)


def value_of(outcome: Outcome, term: str) -> Value:
    """The value of any term after a case was decided."""
    for known in (outcome.outputs, outcome.derived, outcome.case):
        if term in known:
            return known[term]
    return None


def reckoned(study: Study, outcome: Outcome, terms: Iterable[str]) -> tuple[str, str]:
    """What terms came to, in both languages: `「应退金额」是 1.01，「责任方」没有值`."""
    told: list[str] = []
    for lang, (has, lacks, comma) in _WORDS.items():
        parts = []
        for term in terms:
            value = value_of(outcome, term)
            sentence = lacks if value is None else has
            parts.append(sentence.format(study.names[term], told_text(value, lang)))
        told.append(comma.join(parts))
    return told[0], told[1]


def given_by(
    study: Study, outcome: Outcome, terms: Iterable[str], tiers: Sequence[Tier] = tuple(Tier), key: str = "note-gave"
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """The rules of some tiers that spoke of terms in a case, and a note at the cell of each; `key` is its sentence."""
    wanted = set(terms)
    tables = {plan.table.name: plan.table for plan in study.plan.tables}
    rules: list[str] = []
    notes: list[Note] = []
    for firing in outcome.firings:
        table = tables[firing.table]
        rule = next(rule for rule in table.rules if rule.id == firing.rule)
        for column, entry in zip(table.outputs, rule.then, strict=True):
            if column.term in wanted and entry.expr is not None and table.tier in tiers:
                place = entry.cell or rule.cells
                if place is not None:
                    notes.append(Note(key, Location(place, entry.text)))
                if firing.name not in rules:
                    rules.append(firing.name)
    return tuple(rules), tuple(notes)
