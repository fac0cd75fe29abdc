"""`rulectl check BOOK [--annotate OUT.xlsx]`: every finding on a workbook; they are the result, so they go to the
output, and into a copy of the workbook where one is asked for."""

from __future__ import annotations

from pathlib import Path

import click

from rulectl.api import compile_workbook
from rulectl.cli.base import USAGE, Command, Option, StopError, common, session, status_of
from rulectl.cli.opening import check_place, spare


@click.command("check", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--annotate", "annotated", cls=Option, metavar="OUT.xlsx", default=None)
@common
def check(book: str, annotated: str | None) -> int:
    """Texts stand in the catalogue."""
    here = session()
    if annotated is not None:
        check_place(annotated, book, endings=(".xlsx", ".xlsm"))
    loaded = compile_workbook(book)
    if annotated is not None:
        spare(annotated, loaded.sources)
    here.tell(loaded.findings, to_output=True)
    here.counts(loaded.findings, to_output=True)
    if annotated is not None and loaded.path is not None:
        from rulectl.sheets.annotate import annotate  # openpyxl takes its time, and reading a workbook needs none of it

        refused = annotate(loaded.path, loaded.findings, Path(annotated), here.lang)
        if refused:
            raise StopError(refused)
    return USAGE if loaded.path is None else status_of(loaded.findings)
