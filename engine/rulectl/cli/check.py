"""`rulectl check BOOK [--annotate OUT.xlsx] [--budget S]`: every finding on a workbook, and what can be proved of its
rules or shown against them. They are the result, so they go to the output, and into a copy of the workbook where one is
asked for."""

from __future__ import annotations

from pathlib import Path

import click

from rulectl.api import check as checked
from rulectl.cli.base import USAGE, Command, Option, StopError, common, session, status_of
from rulectl.cli.opening import check_place, spare
from rulectl.report.check import check_text


@click.command("check", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--annotate", "annotated", cls=Option, metavar="OUT.xlsx", default=None)
@click.option("--budget", cls=Option, type=click.FloatRange(min=0), metavar="SECONDS", default=60.0)
@common
def check(book: str, annotated: str | None, budget: float) -> int:
    """Texts stand in the catalogue."""
    here = session()
    if annotated is not None:
        check_place(annotated, book, endings=(".xlsx", ".xlsm"))
    report = checked(book, budget=budget)
    if annotated is not None:
        spare(annotated, report.sources)
    here.tell(report.compiled, to_output=True)
    if report.compiled or report.rulebook is None:
        here.counts(report.compiled, to_output=True)
    if here.json:
        here.tell(report.verdicts, to_output=True)
    elif report.rulebook is not None:
        click.echo(check_text(report.verdicts, here.lang))
    if annotated is not None and report.path is not None:
        from rulectl.sheets.annotate import annotate  # openpyxl takes its time, and reading a workbook needs none of it

        refused = annotate(report.path, report.findings, Path(annotated), here.lang)
        if refused:
            raise StopError(refused)
    return USAGE if report.path is None and report.rulebook is None else status_of(report.findings)
