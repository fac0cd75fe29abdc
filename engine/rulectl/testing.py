"""The workbook's own tests (测试表): each case decided, each expectation held against the outcome; which rules no test
reaches.

Tests of included workbooks are run too. They say what is right with the included workbook's own parameters; where the
workbook that includes it decides otherwise, that is told and is no failure (design note 0017)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from rulectl.lang.evaluate import CannotCompute, meets
from rulectl.lang.syntax import Test
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import (
    STATUS,
    Expectation,
    Expected,
    ListIs,
    ListSize,
    Rule,
    Rulebook,
    Table,
    TestCase,
    ValueIs,
)
from rulectl.values import Value


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An expectation that does not hold, and what came instead."""

    expected: Expected
    actual: Value


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test: passed when there is no mismatch; `included` when it stands in a workbook that is included."""

    __test__ = False
    case: TestCase
    outcome: Outcome
    mismatches: tuple[Mismatch, ...]
    included: bool = False

    @property
    def passed(self) -> bool:
        return not self.mismatches


@dataclass(frozen=True, slots=True)
class TestRun:
    """All tests of a rulebook. `rules` counts the enabled ones, `uncovered` are those that fired in no test."""

    __test__ = False
    results: tuple[TestResult, ...]
    rules: int
    uncovered: tuple[tuple[Table, Rule], ...]

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The workbook's own tests that do not pass."""
        return tuple(result for result in self.results if not result.passed and not result.included)

    @property
    def differing(self) -> tuple[TestResult, ...]:
        """The tests of included workbooks that come out otherwise here."""
        return tuple(result for result in self.results if not result.passed and result.included)


def run(rulebook: Rulebook, decide: Callable[[Mapping[str, Value]], Outcome]) -> TestRun:
    """Decide every test of the rulebook and compare. Counted terms are as the test gives them."""
    results = []
    fired: set[tuple[str, str]] = set()
    parameters = {parameter.id: parameter.value for parameter in rulebook.parameters}
    for case in rulebook.tests:
        outcome = decide(dict(case.facts))
        fired.update((firing.table, firing.rule) for firing in outcome.firings)
        included = case.cells is not None and rulebook.source not in ("", case.cells.first.file)
        results.append(TestResult(case, outcome, _mismatches(case, outcome, parameters), included))
    enabled = [(table, rule) for table in rulebook.tables for rule in table.rules if rule.enabled]
    uncovered = tuple((table, rule) for table, rule in enabled if (table.name, rule.id) not in fired)
    return TestRun(tuple(results), len(enabled), uncovered)


def _mismatches(case: TestCase, outcome: Outcome, parameters: Mapping[str, Value]) -> tuple[Mismatch, ...]:
    facts: dict[str, Value] = {**parameters, **outcome.case, **outcome.derived, **outcome.outputs}
    found = []
    for expected in case.expected:
        actual = outcome.status.value if expected.term == STATUS else facts.get(expected.term)
        if not all(_holds(one, actual, facts) for one in expected.all_of):
            found.append(Mismatch(expected, actual))
    return tuple(found)


def _holds(expectation: Expectation, actual: Value, facts: Mapping[str, Value]) -> bool:
    """Whether an expectation is true of a value; unknown is not enough."""
    items = actual if isinstance(actual, tuple) else () if actual is None else (actual,)
    match expectation:
        case ValueIs():
            return _meets(expectation.test, actual, facts)
        case ListSize():
            return _meets(expectation.test, Decimal(len(items)), facts)
        case ListIs(op="="):
            return items == expectation.items
        case ListIs(op="+"):
            return all(item in items for item in expectation.items)
        case ListIs():
            return not any(item in items for item in expectation.items)
        case _:
            assert_never(expectation)


def _meets(test: Test, value: Value, facts: Mapping[str, Value]) -> bool:
    try:
        return meets(test, value, facts) is True
    except CannotCompute:
        return False
