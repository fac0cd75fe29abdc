"""One mistake, one finding: what follows from a finding already told is left out.

Several questions come upon the same mistake from different sides. A table that is out of reach has no rule for any case
and rules that never hold; a rule that is never in force never holds; a required output has no value where the table
that should give it has a gap; a value that no rule gives may be what a rule with a blank conclusion was to give. The
finding that names the cause, or the row to add, stands; the others would only send the manager to the same cell again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Verdict
from rulectl.diagnostics import Fields, Finding
from rulectl.source import Cell


def told_once(study: Study, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """The verdicts without those that repeat another."""
    shown = [one for one in verdicts if one.answer is Answer.COUNTEREXAMPLE]
    dead_tables = {one.table for one in shown if one.slug == "unreachable-table"}
    causes = ("unreachable-rule", "never-in-force")
    dead_rules = {(one.table, rule) for one in shown if one.slug in causes for rule in one.rules}
    gaps = {one.table for one in shown if one.slug == "gap"} - dead_tables
    blank = set(_left_blank(study, shown))
    asked: set[Verdict] = set()
    for verdict in verdicts:
        if verdict.answer is Answer.UNDECIDED:
            if verdict in asked:
                continue  # of two other rules, but it is the same cell that stands in the way
            asked.add(verdict)
        match verdict.slug, verdict.answer:
            case "gap" | "gap-unknown" | "never-holds", Answer.COUNTEREXAMPLE if verdict.table in dead_tables:
                continue
            case "never-holds", Answer.COUNTEREXAMPLE if (verdict.table, verdict.rules[0]) in dead_rules:
                continue
            case "no-value", Answer.COUNTEREXAMPLE if gaps and _left_by(study, verdict, gaps):
                continue
            case "value-never-concluded", Answer.COUNTEREXAMPLE if dict(verdict.fields)["name"] in blank:
                continue
        yield verdict


def _left_blank(study: Study, shown: Sequence[Verdict]) -> Iterator[str]:
    """The names of what the rules leave blank that were to give a required output and do not."""
    rules = {
        (one.table, rule) for one in shown if one.slug == "no-value" and _forgotten(one.fields) for rule in one.rules
    }
    for table in study.rulebook.tables:
        for rule in table.rules:
            if (table.name, rule.id) in rules:
                for column, entry in zip(table.outputs, rule.then, strict=True):
                    if entry.expr is None:
                        yield study.names[column.term]


def _forgotten(fields: Fields) -> bool:
    """Whether an output stays without a value because a rule leaves it blank."""
    return dict(fields).get("silence") == "blank"


def told_better(compiled: Sequence[Finding], checked: Sequence[Finding]) -> tuple[Finding, ...]:
    """What compiling found, without the rules without a conclusion that leave a required output blank: the check says
    so of the same row, with a case."""
    rows = {
        (_row(one), one.rules) for one in checked if one.slug == "no-value" and one.verdict and _forgotten(one.fields)
    }
    return tuple(one for one in compiled if one.slug != "rule-without-conclusion" or (_row(one), one.rules) not in rows)


def _row(one: Finding) -> tuple[str, str, int] | None:
    """The row that a finding is about."""
    at = one.at.place
    return (at.file, at.sheet, at.row) if isinstance(at, Cell) else None


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
