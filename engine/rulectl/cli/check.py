"""`rulectl check BOOK [--annotate OUT.xlsx] [--since OLD] [--budget S]`: every finding on a workbook, and what can be
proved of its rules or shown against them; they are the result, so they go to the output, and into a copy of the
workbook where one is asked for. `--since`: what changed from an earlier version, and what else that touches.
`--suggest-tests [--untested] [-o TESTS.xlsx]`: test rows for it."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

import click

from rulectl.api import BUDGET, Book, suggest_tests
from rulectl.api import check as checked
from rulectl.cli.base import (
    FINE,
    USAGE,
    Command,
    Option,
    Seconds,
    Session,
    StopError,
    common,
    refuse,
    session,
    status_of,
)
from rulectl.cli.opening import check_place, one_input, open_book, spare
from rulectl.report.check import check_text, suggestion_text
from rulectl.report.diff import diff_text
from rulectl.sheets.blocks import Grid


@click.command("check", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--annotate", "annotated", cls=Option, metavar="OUT.xlsx", default=None)
@click.option("--since", cls=Option, metavar="OLD", default=None)
@click.option("--budget", cls=Option, type=Seconds(), metavar="SECONDS", default=BUDGET)
@click.option("--suggest-tests", "suggest", cls=Option, is_flag=True)
@click.option("--untested", cls=Option, is_flag=True)
@click.option("-o", "--output", cls=Option, text="cli-check-output", metavar="TESTS", default=None)
@common
def check(
    book: str,
    annotated: str | None,
    since: str | None,
    budget: float,
    suggest: bool,
    untested: bool,
    output: str | None,
) -> int:
    """Texts stand in the catalogue."""
    here = session()
    if annotated is not None:
        annotated = check_place(annotated, book, endings=(".xlsx", ".xlsm"))
    if (output is not None or untested) and not suggest:
        refuse("missing-argument", "--suggest-tests", USAGE, argument="--suggest-tests", usage="rulectl check BOOK")
    if suggest:
        if output not in (None, "-"):
            output = check_place(str(output), book)
        return _suggest(open_book(book, here, *([output] if output else [])), budget, untested, output, here)
    one_input(book, since)
    old = None if since is None else open_book(since, here)
    report = checked(book, budget=budget, since=old)
    if annotated is not None:
        spare(annotated, report.sources)
    here.tell(report.compiled, to_output=True)
    if report.compiled or report.rulebook is None:
        here.counts(report.compiled, to_output=True)
    if here.json:
        here.tell(report.verdicts, to_output=True)
        here.tell(report.changes, to_output=True)
    elif report.rulebook is not None:
        click.echo(check_text(report.verdicts, here.lang))
        if old is not None:
            click.echo("\n".join(("", here.say("report-since-heading"), diff_text(report.changes, None, here.lang))))
    if annotated is not None and report.path is not None:
        from rulectl.sheets.annotate import annotate  # openpyxl takes its time, and reading a workbook needs none of it

        refused = annotate(report.path, report.findings, Path(annotated), here.lang)
        if refused:
            raise StopError(refused)
    return USAGE if report.path is None and report.rulebook is None else status_of(report.findings)


def _suggest(book: Book, budget: float, untested: bool, output: str | None, here: Session) -> int:
    """Print the tests as rows, or write them to a file; what they reach is told on the error stream."""
    from rulectl.sheets.export import export_tests

    found = suggest_tests(book, budget=budget, untested=untested)
    grid = export_tests(replace(book.rulebook, tests=found.tests), here.lang)
    if output in (None, "-"):
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(grid.rows)
        click.echo(text.getvalue(), nl=False)
    else:
        try:
            _write(grid, Path(str(output)), here)
        except OSError:
            refuse("cannot-write", str(output), USAGE, file=output)
    click.echo(suggestion_text(found, here.lang, untested), err=True)
    return FINE


def _write(grid: Grid, path: Path, here: Session) -> None:
    if path.suffix.lower() == ".xlsx":
        from rulectl.sheets.writer import write_workbook

        write_workbook((grid,), path, here.lang)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",").writerows(grid.rows)
