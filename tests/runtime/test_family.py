"""The shipped rulebooks are one family (design note 0017): whichever is named, the same tables decide alike, and each
branch workbook can be trusted by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

import rulectl
from rulectl.api import Book
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook, Table, TestCase

ENTRY = "after_sales"
BRANCHES = ("apparel", "food", "wholesale")
SOURCE = re.compile(r"(?:S[0-4]-\d{2,3}|[CG]\d\d)(?:,(?:S[0-4]-\d{2,3}|[CG]\d\d))*")


@cache
def loaded(name: str) -> Book:
    return rulectl.load(name)


def place(test: TestCase) -> tuple[str, str]:
    """Workbook and cells of a test: ids depend on which workbook is named first."""
    assert test.cells is not None
    return test.cells.first.file, str(test.cells)


@cache
def entry_decides() -> dict[tuple[str, str], Outcome]:
    """The outcome of every test of the family."""
    book = loaded(ENTRY)
    return {place(test): book.engine.decide(dict(test.facts)) for test in book.rulebook.tests}


def answer(outcome: Outcome) -> tuple[object, ...]:
    """All that does not depend on the order of the workbooks. Tables of one stratum and priority may come in another
    order, and so may what they fire and ask for."""
    firings = sorted(firing.name for firing in outcome.firings)
    values = (dict(outcome.derived), dict(outcome.outputs), dict(outcome.statuses))
    return (*values, outcome.status, sorted(outcome.asks), firings)


def own_tests(book: Rulebook) -> Iterator[TestCase]:
    return (test for test in book.tests if place(test)[0] == book.source)


def own_tables(book: Rulebook) -> Iterator[Table]:
    return (table for table in book.tables if table.book == book.id)


@pytest.mark.parametrize("name", BRANCHES)
def test_every_entry_decides_alike(name: str) -> None:
    book = loaded(name)
    assert len(book.rulebook.tests) == len(entry_decides())
    for test in book.rulebook.tests:
        outcome = book.engine.decide(dict(test.facts))
        assert answer(outcome) == answer(entry_decides()[place(test)]), test.id


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_fires_all_its_rules_by_its_own_tests(name: str) -> None:
    book = loaded(name)
    tests = list(own_tests(book.rulebook))
    assert len(tests) >= 25
    fired = {firing.name for test in tests for firing in entry_decides()[place(test)].firings}
    enabled = {f"{t.name}/{rule.id}" for t in own_tables(book.rulebook) for rule in t.rules if rule.enabled}
    assert enabled - fired == set()


@pytest.mark.parametrize("name", BRANCHES)
def test_every_rule_of_a_branch_says_where_it_comes_from(name: str) -> None:
    book = loaded(name).rulebook
    wanting = [f"{t.name}/{r.id}" for t in own_tables(book) for r in t.rules if not SOURCE.fullmatch(r.source)]
    assert wanting == []


@pytest.mark.parametrize(("name", "kind"), [("apparel", "服饰"), ("food", "食品"), ("wholesale", "批发")])
def test_a_branch_workbook_takes_its_own_branch_for_granted(name: str, kind: str) -> None:
    facts: dict[str, object] = {"工单号": "A1", "问题类型": "七天无理由", "订单实付金额": 100}
    assert loaded(name).decide(facts).case["shop_type"] == kind
    with pytest.raises(rulectl.CaseError):
        loaded(ENTRY).decide(facts)
