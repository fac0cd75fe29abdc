"""What a rulebook decides of the cases of a story, as text that a person can read and diff.

The cases take the way of a case file: a table as text becomes CSV and is read, counted and decided as `rulectl batch`
would. Each outcome is checked, on the way, to be the same from the careful engine and with the rows turned round.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO

from rulectl.api import Book
from rulectl.cases.reader import CaseRow, Reject, Unreadable
from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Finding
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook
from rulectl.report.outcome import Reporter
from rulectl.report.whynot import WhyNotReporter
from rulectl.runtime.engine import Engine
from rulectl.sheets.text import grids
from rulectl.source import Place
from rulectl.values import plain_text

NULL = "-"

Result = tuple[CaseRow, Outcome] | Reject
Where = Callable[[Place], str]


def case_file(body: str) -> bytes:
    """The rows `| a | b |` of a fence `cases` as the CSV file that a shop would have."""
    (grid,) = grids(body)
    width = max(map(len, grid.rows))
    text = StringIO()
    csv.writer(text).writerows([*map(str, row), *[""] * (width - len(row))] for row in grid.rows if any(row))
    return text.getvalue().encode("utf-8")


def decided(book: Book, file: bytes) -> list[Result]:
    """Every row of a case file, decided or rejected, in its order."""
    rows = book.open_stream(BytesIO(file), "cases.csv")
    assert not isinstance(rows, Unreadable), rows.findings
    assert rows.findings == (), rows.findings
    return list(book.run(rows))


def turned(file: bytes) -> bytes:
    """A case file with its rows in the opposite order."""
    rows = list(csv.reader(StringIO(file.decode("utf-8"))))
    text = StringIO()
    csv.writer(text).writerows([rows[0], *reversed(rows[1:])])
    return text.getvalue().encode("utf-8")


def outcomes(rulebook: Rulebook, body: str, where: Where) -> str:
    """The outcomes of the cases in a fence; laws 3 and 6 are held on the way."""
    book, file = Book(rulebook), case_file(body)
    results = decided(book, file)
    careful = Book(rulebook)
    careful.engine = Engine(rulebook, quick=False)
    assert [by_id(result) for result in decided(careful, file)] == [by_id(result) for result in results]
    if "case_id" in {term.id for term in rulebook.terms}:  # without, cases are named by their rows
        other = decided(Book(rulebook), turned(file))
        assert [by_id(result) for result in reversed(other)] == [by_id(result) for result in results]
    return "".join(f"{line}\n" for result in results for line in _lines(result, rulebook, where))


def answers(rulebook: Rulebook, body: str, wish: str) -> str:
    """Why the cases in a fence did not get what is wished for, in Chinese and English."""
    book = Book(rulebook)
    name, _, value = wish.partition("=")
    texts: list[str] = []
    for result in decided(book, case_file(body)):
        assert not isinstance(result, Reject)
        row, outcome = result
        answer = book.why_not(outcome, name, value)
        texts += [WhyNotReporter(Reporter(rulebook, lang)).text(answer, row.id) for lang in LANGUAGES]
    return "\n\n".join(texts) + "\n"


def by_id(result: Result) -> tuple[str, object]:
    """A result without the number of its row; mappings as plain ones."""
    if isinstance(result, Reject):
        return result.id, tuple(found.slug for _, found in result.problems)
    row, outcome = result
    return row.id, outcome._replace(case=dict(outcome.case), counted=dict(outcome.counted))


def _lines(result: Result, rulebook: Rulebook, where: Where) -> Iterator[str]:
    if isinstance(result, Reject):
        yield f"{result.id}: rejected"
        yield from (f"  finding: {_finding(found, where)}" for _, found in result.problems)
        return
    row, outcome = result
    names = {term.id: term.name for term in rulebook.terms}
    yield f"{row.id}: {outcome.status.value}"
    for term in rulebook.terms:
        if term.id in outcome.counted:
            yield f"  {term.name}: {plain_text(outcome.derived[term.id])} (from {' '.join(outcome.counted[term.id])})"
        elif term.id in outcome.statuses:
            value = {**outcome.derived, **outcome.outputs}[term.id]
            text = NULL if value is None else plain_text(value)
            yield f"  {term.name}: {text} ({outcome.statuses[term.id].value})"
    if outcome.asks:
        yield f"  asks: {', '.join(names[term] for term in outcome.asks)}"
    if outcome.firings:
        yield f"  fired: {', '.join(firing.name for firing in outcome.firings)}"
    yield from (f"  finding: {_finding(found, where)}" for found in outcome.findings)


def _finding(found: Finding, where: Where) -> str:
    """`RB601 error rules-overlap 判定!A4:C4 (R1, R2)`, with what is underlined in `«»`."""
    at = found.at
    part = at.text if at.span is None else at.text[at.span.start : at.span.end]
    rules = f" ({', '.join(found.rules)})" if found.rules else ""
    underlined = f" «{part}»" if part else ""
    return f"{found.code} {found.severity.value} {found.slug} {where(at.place)}{rules}{underlined}"
