"""One mistake, one finding: what follows from a finding already told is left out.

Several questions come upon the same mistake from different sides. A table that is out of reach has no rule for any case
and rules that never hold; a rule that is never in force never holds; a required output has no value where the table
that should give it has a gap. The finding that names the cause, or the row to add, stands; the others would only send
the manager to the same cell again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Verdict


def told_once(study: Study, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """The verdicts without those that repeat another."""
    shown = [one for one in verdicts if one.answer is Answer.COUNTEREXAMPLE]
    dead_tables = {one.table for one in shown if one.slug == "unreachable-table"}
    causes = ("unreachable-rule", "never-in-force")
    dead_rules = {(one.table, rule) for one in shown if one.slug in causes for rule in one.rules}
    gaps = {one.table for one in shown if one.slug == "gap"} - dead_tables
    for verdict in verdicts:
        match verdict.slug, verdict.answer:
            case "gap" | "gap-unknown" | "never-holds", Answer.COUNTEREXAMPLE if verdict.table in dead_tables:
                continue
            case "never-holds", Answer.COUNTEREXAMPLE if (verdict.table, verdict.rules[0]) in dead_rules:
                continue
            case "no-value", Answer.COUNTEREXAMPLE if gaps and _left_by(study, verdict, gaps):
                continue
        yield verdict


def _left_by(study: Study, verdict: Verdict, gaps: set[str]) -> bool:
    """Whether an output stays blank because no rule covers a case, and a table that writes it has a gap."""
    fields = dict(verdict.fields)
    tables = {
        study.rulebook.tables[number].name
        for term, places in study.plan.writers.items()
        if study.names[term] == fields["name"]
        for number, _ in places
    }
    return fields["silence"] == "no-rule" and bool(tables & gaps)
