"""`rulectl compile BOOK.xlsx [-o BOOK.json]`."""

from __future__ import annotations

import sys

import click

from rulectl.cases.writer import Target
from rulectl.cli.base import FINDINGS, USAGE, Command, Option, common, refuse, session, status_of
from rulectl.cli.places import check_place, spare
from rulectl.codec.encode import dumps
from rulectl.collecting import uncollected
from rulectl.loading import load_rulebook


@click.command("compile", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("-o", "--output", cls=Option, metavar="BOOK.json", default="-")
@common
@uncollected()  # one pause for the whole run: after each, all that was made would be looked through
def compile_(book: str, output: str) -> int:
    """Texts stand in the catalogue."""
    here = session()
    output = check_place(output, book, not_endings=(".xlsx", ".xlsm"), kind="not-a-compiled-name")
    loaded = load_rulebook(book)
    spare(output, loaded.sources)
    here.tell(loaded.findings)
    if loaded.rulebook is None:
        here.counts(loaded.findings)
        return USAGE if loaded.path is None else FINDINGS
    try:
        with Target(output, sys.stdout, "utf-8") as target:
            target.stream.write(dumps(loaded.rulebook))
    except OSError:
        refuse("cannot-write", output, USAGE, file=output)
    if output != "-":
        here.counts(loaded.findings)
    return status_of(loaded.findings)
