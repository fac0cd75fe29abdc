"""`rulectl test BOOK [--coverage]`: the workbook's own tests."""

from __future__ import annotations

import click

from rulectl.api import run_tests
from rulectl.cli.base import FINDINGS, Command, Option, common, session
from rulectl.cli.opening import open_book
from rulectl.diagnostics import finding
from rulectl.report.tests import coverage_text, test_run_json, test_run_text
from rulectl.source import FilePlace


@click.command("test", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--coverage", cls=Option, is_flag=True)
@common
def test(book: str, coverage: bool) -> int:
    """Texts stand in the catalogue."""
    here = session()
    loaded = open_book(book, here)
    run = run_tests(loaded)
    if not run.results:
        source = loaded.rulebook.source or book
        here.tell([finding("no-tests", FilePlace(source), book=loaded.rulebook.name or source)])
    if here.json:
        click.echo(test_run_json(run, loaded.rulebook, coverage))
    else:
        click.echo(test_run_text(run, loaded.rulebook, here.lang))
        if coverage:
            click.echo(coverage_text(run, loaded.rulebook, here.lang))
    return FINDINGS if run.failed or not run.results else 0
