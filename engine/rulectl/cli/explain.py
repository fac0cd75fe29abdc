"""`rulectl explain BOOK CASES --case-id X`: which rows decided a case of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

import click

from rulectl.api import Book, CaseError
from rulectl.cases.reader import Reject, id_term
from rulectl.cli.base import (
    FINDINGS,
    USAGE,
    Command,
    Option,
    Session,
    StopError,
    common,
    near_text,
    refuse,
    session,
    status_of,
)
from rulectl.cli.opening import checked_encoding, one_input, open_book, open_cases, open_stream, parted
from rulectl.model.outcome import Outcome
from rulectl.report.outcome import Reporter

T = TypeVar("T")


@click.command("explain", cls=Command)
@click.argument("book", metavar="BOOK")
@click.argument("cases", metavar="CASES")
@click.option("--case-id", cls=Option, metavar="ID", required=True)
@click.option("--why-not", "wish", cls=Option, metavar="OUTPUT=VALUE", default=None)
@click.option("--headings", cls=Option, type=click.Choice(("name", "id")), default="name")
@click.option("--input-encoding", cls=Option, metavar="NAME", default=None)
@common
def explain(
    book: str,
    cases: str,
    case_id: str,
    wish: str | None,
    headings: Literal["name", "id"],
    input_encoding: str | None,
) -> int:
    """Texts stand in the catalogue."""
    here = session()
    if wish is not None and not all(parted(wish)):
        refuse("not-a-wish", "--why-not", USAGE, text=wish)
    checked_encoding(input_encoding, "--input-encoding", here.lang)
    one_input(book, cases)
    loaded = open_book(book, here)
    stream, file = open_stream(cases)
    ids: list[str] = []
    with stream:
        # every case is read, since some facts are counted across them
        rows = open_cases(loaded, stream, file, input_encoding)
        wanted = case_id.strip()
        for result in _unbroken(loaded.run(rows), file):
            id_ = result.id if isinstance(result, Reject) else result[0].id
            if id_ != wanted:
                ids.append(id_)
            elif isinstance(result, Reject):
                raise StopError([found for _, found in result.problems], FINDINGS)
            else:
                reporter = Reporter(loaded.rulebook, here.lang, headings)
                outcome = result[1]
                if wish is not None:
                    click.echo(_why_not(loaded, outcome, wish, reporter, here, id_))
                    return status_of(outcome.findings)
                click.echo(reporter.json(outcome, 2) if here.json else reporter.text(outcome, id_))
                return status_of(outcome.findings)
    named = id_term(loaded.rulebook)
    field = named.name if named else here.say("report-reject-row")
    refuse("case-not-found", "--case-id", id=wanted, field=field, near=near_text(wanted, ids[:10_000], here.lang))


def _unbroken(results: Iterable[T], file: str) -> Iterator[T]:
    """The results; stops where the file cannot be read to its end."""
    try:
        yield from results
    except OSError:
        refuse("cases-gone", file, FINDINGS, file=file)


def _why_not(book: Book, outcome: Outcome, wish: str, reporter: Reporter, here: Session, id_: str) -> str:
    """The answer to what the case did not get."""
    # late: it brings the checks and the solver along
    from rulectl.report.whynot import WhyNotReporter

    try:
        answer = book.why_not(outcome, *parted(wish))
    except CaseError as error:
        raise StopError(error.findings, USAGE) from None
    told = WhyNotReporter(reporter)
    return told.json(answer, 2) if here.json else told.text(answer, id_)
