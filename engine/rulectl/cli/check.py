"""`rulectl check BOOK`: every finding on a workbook; they are the result, so they go to the output."""

from __future__ import annotations

import click

from rulectl.api import compile_workbook
from rulectl.cli.base import USAGE, Command, common, session, status_of


@click.command("check", cls=Command)
@click.argument("book", metavar="BOOK")
@common
def check(book: str) -> int:
    """Texts stand in the catalogue."""
    here = session()
    loaded = compile_workbook(book)
    here.tell(loaded.findings, to_output=True)
    here.counts(loaded.findings, to_output=True)
    return USAGE if loaded.path is None else status_of(loaded.findings)
