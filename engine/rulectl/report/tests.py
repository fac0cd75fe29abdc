"""Results of a workbook's own tests."""

from __future__ import annotations

from collections.abc import Mapping

from rulectl.codes import Language, say
from rulectl.model.rulebook import STATUS, Rulebook
from rulectl.report.findings import finding_text
from rulectl.report.jsontext import dumps
from rulectl.source import Cell, CellRange
from rulectl.testing import TestResult, TestRun
from rulectl.values import Value, told_text


def test_run_text(run: TestRun, rulebook: Rulebook, lang: Language) -> str:
    """Each failed test with what was expected and what came, then the count."""
    names = {term.id: term.name for term in rulebook.terms}
    lines = []
    for result in (*run.differing, *run.failed):
        key = "report-test-differs" if result.included else "report-test-failed"
        lines.append(say(key, lang, test=result.case.id, cell=_at(result.case.cells, rulebook)).rstrip())
        for miss in result.mismatches:
            term = names.get(miss.expected.term, miss.expected.term)
            actual = _shown(miss.expected.term, miss.actual, lang)
            cell = _at(miss.expected.cell, rulebook)
            lines.append(
                "    "
                + say("report-test-expected", lang, term=term, expected=miss.expected.text, cell=cell, actual=actual)
            )
        lines += [f"    {line}" for found in result.outcome.findings for line in finding_text(found, lang).splitlines()]
    failed, differing = len(run.failed), len(run.differing)
    lines.append(say("report-test-passed", lang, passed=len(run.results) - failed - differing, failed=failed))
    if differing:
        lines.append(say("report-tests-differ", lang, count=differing))
    return "\n".join(lines)


def coverage_text(run: TestRun, rulebook: Rulebook, lang: Language) -> str:
    """The rules that no test reaches, each with its cell, then the share of those that are reached."""
    lines = [
        say("report-not-covered", lang, rule=f"{table.name}/{rule.id}", cell=_at(rule.cells, rulebook)).rstrip()
        for table, rule in run.uncovered
    ]
    covered = run.rules - len(run.uncovered)
    # rounded down, so that 100 % is all of them
    share = 100 * covered // run.rules if run.rules else 100
    lines.append(say("report-coverage", lang, rules=run.rules, covered=covered, share=share))
    return "\n".join(lines)


def test_run_json(run: TestRun, rulebook: Rulebook, coverage: bool) -> str:
    """The same as one line of JSON."""
    names = {term.id: term.name for term in rulebook.terms}
    fields: dict[str, object] = {
        "passed": len(run.results) - len(run.failed) - len(run.differing),
        "failed": [_missed(result, names, rulebook) for result in run.failed],
        "included_differing": [_missed(result, names, rulebook) for result in run.differing],
    }
    if coverage:
        fields["rules"] = run.rules
        fields["uncovered"] = [
            {"table": table.name, "rule": rule.id, "cell": _at(rule.cells, rulebook)} for table, rule in run.uncovered
        ]
    return dumps(fields)


def _missed(result: TestResult, names: Mapping[str, str], rulebook: Rulebook) -> dict[str, object]:
    """A test that came out otherwise, as a JSON object."""
    return {
        "test": result.case.id,
        "cell": _at(result.case.cells, rulebook),
        "mismatches": [
            {
                "term": names.get(miss.expected.term, miss.expected.term),
                "expected": miss.expected.text,
                "actual": miss.actual,
                "cell": _at(miss.expected.cell, rulebook),
            }
            for miss in result.mismatches
        ],
    }


def _at(place: Cell | CellRange | None, rulebook: Rulebook) -> str:
    """Where something stands; the workbook is named where it is one that the rulebook includes."""
    return "" if place is None else place.seen_from(rulebook.source)


def _shown(term: str, value: Value, lang: Language) -> str:
    if term == STATUS and isinstance(value, str):
        return say(f"report-status-{value}", lang)
    return told_text(value, lang) or say("report-nothing", lang)
