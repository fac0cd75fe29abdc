"""An auditor follows explanations to the cells: what is named stands in the named workbook, sheet and row."""

from __future__ import annotations

import csv
import random
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

import rulectl
from rulectl.cli import main
from rulectl.lang.syntax import Any as Anything
from rulectl.model.outcome import Outcome
from rulectl.report.outcome import Reporter
from rulectl.report.whynot import WhyNotReporter

FOLDER = Path(__file__).parents[2] / "rulebooks"
BOOKS = ("after_sales", "apparel", "food", "wholesale")
CASES = 30


@cache
def workbook(name: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(FOLDER / name)


@cache
def book(name: str) -> rulectl.Book:
    return rulectl.load(name)


def row(home: str, place: str) -> list[str]:
    """What stands at a place such as `判定!A4:E4` or `[food.xlsx]判定!A4:E4`, cell by cell."""
    file, _, rest = place.rpartition("]")
    sheet, _, cells = rest.rpartition("!")
    ws = workbook(file.lstrip("[") or home)[sheet]
    found = []
    for line in ws[cells] if ":" in cells else ((ws[cells],),):
        for cell in line:
            spread = next((area for area in ws.merged_cells.ranges if cell.coordinate in area), None)
            value = ws.cell(spread.min_row, spread.min_col).value if spread else cell.value
            found.append("" if value is None else str(value))
    return [text.strip() for text in found]


def decided(name: str) -> list[Outcome]:
    """Some of the rulebook's own tests, decided."""
    tests = list(book(name).rulebook.tests)
    random.Random(7).shuffle(tests)
    return [book(name).decide({"case_id": test.id, **dict(test.facts)}) for test in tests[:CASES]]


@pytest.mark.parametrize("name", BOOKS)
def test_each_cell_that_an_explanation_names_says_so(name: str) -> None:
    rulebook = book(name).rulebook
    reporter = Reporter(rulebook, "zh")
    elsewhere = 0
    for outcome in decided(name):
        explained = reporter.text(outcome)
        for firing in outcome.firings:
            place = str(reporter.firing(firing)["cell"])
            assert f"  {firing.name}  {place}\n" in explained
            stands = row(rulebook.source, place)
            _, rule = reporter.book.rules[firing.table, firing.rule]
            assert rule.id in stands
            assert {e.text.strip() for e in rule.when if not isinstance(e.test, Anything)} <= set(stands), place
            assert {e.text.strip() for e in rule.then if e.expr is not None} <= set(stands), place
            elsewhere += place.startswith("[")
    assert elsewhere > 0  # they include each other


def test_each_cell_that_a_missed_condition_names_says_so() -> None:
    name = "after_sales"
    reporter = WhyNotReporter(Reporter(book(name).rulebook, "zh"))
    places = []
    for outcome in decided(name)[:5]:
        answer = book(name).why_not(outcome, "责任方", "店铺")
        for candidate in answer.rules:
            for missed in candidate.missed:
                if missed.entry.cell is not None:
                    places.append(reporter.reporter.cells(missed.entry.cell))
                    assert row(book(name).rulebook.source, places[-1]) == [missed.entry.text.strip()]
                    assert places[-1] in reporter.text(answer) or len(answer.rules) > 5
    assert any(place.startswith("[") for place in places)


@pytest.mark.parametrize("lines", [False, True], ids=["in columns", "case by case"])
def test_the_column_of_reasons_names_the_same_cells(tmp_path: Path, lines: bool) -> None:
    """Both engines that write it: columns, and one case at a time."""
    cases = FOLDER.parent / "examples" / "after_sales" / "cases.csv"
    engine = ["--engine", "durable"] if lines else []
    target = tmp_path / "out.csv"
    asked = ["batch", str(FOLDER / "after_sales.xlsx"), str(cases), "-o", str(target), "--trace", "full"]
    assert CliRunner().invoke(main, [*asked, *engine]).exit_code in (0, 1)
    with open(target, encoding="utf-8-sig", newline="") as stream:
        reasons = [reason for row in csv.DictReader(stream) for reason in row["why"].split(";") if reason]
    assert any("@[" in reason for reason in reasons)
    for reason in dict.fromkeys(reasons):
        name, _, place = reason.partition("@")
        assert name.rpartition("/")[2] in row("after_sales.xlsx", place), reason
