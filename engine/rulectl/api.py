"""The public functions: load a rulebook, check it, compare it with another, run its own tests; it decides by itself.

    book = rulectl.load("after_sales.xlsx")
    outcome = book.decide({"问题类型": "色差", "签收天数": 2})
    for result in book.decide_many([{"问题类型": "色差"}, ...]): ...
    results = book.decide_many("cases.csv")  # or a polars, pandas or Arrow table: a polars frame

What cannot be loaded or decided raises an error that carries all its findings.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rulectl.analysis.turns import in_turn
from rulectl.book import Book as Book
from rulectl.book import Cases as Cases
from rulectl.diagnostics import Finding
from rulectl.errors import CaseError as CaseError
from rulectl.errors import RulebookError as RulebookError
from rulectl.errors import sound
from rulectl.loading import Loaded, load_rulebook
from rulectl.model.rulebook import Rulebook

if TYPE_CHECKING:
    from rulectl.analysis.suggest import Suggestion
    from rulectl.report.check import CheckReport
    from rulectl.report.diff import DiffReport
    from rulectl.testing import TestRun

BUDGET = 60.0
"""Seconds that checks and comparisons take at most, unless the caller says otherwise."""


def load(book: str | Path) -> Book:
    """A rulebook from a workbook, compiled JSON, or the name of a shipped one. Raises RulebookError with every finding
    when there are errors; notices and warnings are in `Book.findings`."""
    loaded = compile_workbook(book)
    if loaded.rulebook is None:
        raise RulebookError(loaded.findings)
    return Book(loaded.rulebook, loaded.findings, loaded.doubt)


def compile_workbook(book: str | Path) -> Loaded:
    """The rulebook of a workbook and every finding; `rulebook` is None when there are errors."""
    return load_rulebook(book)


@in_turn
def check(
    book: Book | str | Path, *, budget: float | None = BUDGET, since: Book | str | Path | None = None
) -> CheckReport:
    """Look for gaps, overlaps, conflicts and rules that do nothing. `budget` is in seconds, None without end; what is
    not settled by then is undecided. Nothing is raised for what a workbook holds. `since` is an earlier version: what
    changed is then told too, what it decides otherwise, and which findings are new; RulebookError where that one cannot
    be loaded."""
    from rulectl.analysis.budget import Budget  # deciding a case must not wait for the checks to be loaded
    from rulectl.analysis.checks import analyse
    from rulectl.analysis.once import told_better
    from rulectl.report.check import CheckReport

    loaded = Loaded(book.rulebook, book.findings, doubt=book.doubt) if isinstance(book, Book) else load_rulebook(book)
    old = None if since is None else _loaded(since)
    try:
        verdicts = analyse(loaded.rulebook, Budget.of(budget)) if loaded.rulebook is not None else ()
    except Exception:  # it may come of compiled JSON that is none (errors.sound); what is wrong with that is the result
        if found := loaded.doubt():
            return CheckReport(None, (*loaded.findings, *found), (), loaded.path, loaded.sources)
        raise
    changes: tuple[Finding, ...] = ()
    if old is not None and loaded.rulebook is not None:
        from rulectl.compare.since import since as compared_with

        with sound(old.doubt):
            earlier = analyse(old.rulebook, Budget.of(budget))
            told = compared_with(earlier, verdicts, old.rulebook, loaded.rulebook)
            changes = (*_changes(old.rulebook, loaded.rulebook, budget), *told)
    compiled = told_better(loaded.findings, verdicts)
    return CheckReport(loaded.rulebook, compiled, verdicts, loaded.path, loaded.sources, changes)


@in_turn
def diff(
    old: Book | str | Path,
    new: Book | str | Path,
    *,
    cases: str | Path | BinaryIO | None = None,
    encoding: str | None = None,
    budget: float | None = BUDGET,
) -> DiffReport:
    """Compare two rulebooks: parts and rules that were added, removed or changed, what each touches, and the regions of
    cases that tables answer otherwise, each with a case that both decide. With a file of `cases`, or a seekable stream
    of one, the conclusions that differ in it. `budget` is in seconds; what is not settled by then is told as open.
    Raises RulebookError where one of the two cannot be loaded, CaseError where the cases cannot be read."""
    from rulectl.report.diff import DiffReport

    before, after = _loaded(old), _loaded(new)
    with sound(before.doubt, after.doubt):
        told = _changes(before.rulebook, after.rulebook, budget)
    if cases is None:
        return DiffReport(before.rulebook, after.rulebook, told)
    from rulectl.cases.opening import name_of
    from rulectl.compare.decisions import compare_cases

    frames = [book.decide_file(cases, encoding, "en") for book in (before, after)]
    twice = compare_cases(before.rulebook, frames[0], after.rulebook, frames[1], name_of(cases))
    return DiffReport(before.rulebook, after.rulebook, told, twice)


def _loaded(book: Book | str | Path) -> Book:
    return book if isinstance(book, Book) else load(book)


def _changes(old: Rulebook, new: Rulebook, budget: float | None) -> tuple[Finding, ...]:
    """The comparison of two rulebooks as findings."""
    from rulectl.analysis.budget import Budget
    from rulectl.compare.comparison import compare
    from rulectl.compare.telling import tell

    limit = Budget.of(budget)
    return tell(compare(old, new, limit), limit)


@in_turn
def suggest_tests(book: Book, *, budget: float | None = BUDGET, untested: bool = False) -> Suggestion:
    """Few tests that between them fire every rule and stand on both sides of every threshold. What they expect is the
    outcome as it stands: whether it is right, a person must say."""
    from rulectl.analysis.budget import Budget
    from rulectl.analysis.study import Study
    from rulectl.analysis.suggest import suggest

    with sound(book.doubt):
        return suggest(Study(book.rulebook), Budget.of(budget), untested=untested)


def run_tests(book: Book) -> TestRun:
    """Run the workbook's own tests."""
    from rulectl import testing

    with sound(book.doubt):
        return testing.run(book.rulebook, book.engine.decide)
