"""The shipped rulebooks decide their own tests and the example cases as they should, and alike with both engines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import rulectl
from rulectl.api import Book
from rulectl.books import shipped_names
from rulectl.cases.reader import CaseRow, Reject, Unreadable
from rulectl.model.outcome import Outcome
from rulectl.runtime.durable_engine import DurableEngine
from rulectl.values import Value

ROOT = Path(__file__).parents[2]
# the branches are of its family and decide alike (`test_family.py`)
NAMES = ("after_sales",)
EXAMPLES = sorted(path for name in NAMES for path in (ROOT / "examples" / name).glob("*.csv"))


@cache
def loaded(name: str) -> Book:
    return rulectl.load(name)


@pytest.fixture(scope="module", params=NAMES)
def book(request: pytest.FixtureRequest) -> Book:
    return loaded(request.param)


@pytest.fixture(scope="module")
def durable(book: Book) -> Iterator[DurableEngine]:
    pytest.importorskip("durable")
    with DurableEngine(book.rulebook) as engine:
        yield engine


def answer(outcome: Outcome) -> tuple[object, ...]:
    """All that the engines must agree on."""
    firings = tuple(firing.name for firing in outcome.firings)
    facts = (dict(outcome.case), dict(outcome.derived), dict(outcome.outputs), dict(outcome.counted))
    return (*facts, dict(outcome.statuses), outcome.status, outcome.asks, firings, outcome.findings)


def facts_of(book: Book) -> Iterator[tuple[str, dict[str, Value]]]:
    for test in book.rulebook.tests:
        yield test.id, dict(test.facts)


def rows_of(book: Book, path: Path) -> Iterator[CaseRow | Reject]:
    rows = book.open(path)
    assert not isinstance(rows, Unreadable), rows.findings
    yield from rows


def test_there_are_some() -> None:
    assert set(NAMES) <= set(shipped_names())
    assert EXAMPLES


def test_its_own_tests_pass(book: Book) -> None:
    run = rulectl.run_tests(book)
    assert run.results
    wrong = {r.case.id: [(m.expected.term, m.expected.text, m.actual) for m in r.mismatches] for r in run.failed}
    assert wrong == {}


def test_every_rule_in_force_is_fired_by_a_test(book: Book) -> None:
    run = rulectl.run_tests(book)
    assert [f"{table.name}/{rule.id}" for table, rule in run.uncovered] == []


def test_no_test_case_brings_a_finding_to_light(book: Book) -> None:
    """No rules at odds, nothing that cannot be computed, no policy broken."""
    told = {id_: [f.message("en") for f in book.engine.decide(facts).findings] for id_, facts in facts_of(book)}
    assert {id_: found for id_, found in told.items() if found} == {}


def test_both_engines_decide_its_tests_alike(book: Book, durable: DurableEngine) -> None:
    for id_, facts in facts_of(book):
        assert answer(durable.decide(facts)) == answer(book.engine.decide(facts)), id_


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_both_engines_decide_the_examples_alike(path: Path, book: Book, durable: DurableEngine) -> None:
    native, other = list(book.run(rows_of(book, path))), list(book.run(rows_of(book, path), durable))
    assert len(native) == len(other)
    for one, two in zip(native, other, strict=True):
        if isinstance(one, Reject):
            assert one == two
        else:
            assert isinstance(two, tuple)
            assert one[0] == two[0]
            assert answer(one[1]) == answer(two[1]), one[0].id
