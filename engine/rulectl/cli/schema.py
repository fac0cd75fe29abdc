"""`rulectl schema BOOK --case|--outcome`: JSON Schema of a rulebook's cases or outcomes."""

from __future__ import annotations

import json

import click

from rulectl.cli.base import Command, Option, common, session
from rulectl.cli.opening import open_book


@click.command("schema", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--case/--outcome", "case", cls=Option, default=True)
@common
def schema(book: str, case: bool) -> int:
    """Texts stand in the catalogue."""
    from rulectl.codec.case_schema import case_schema, outcome_schema  # of no use to any other command

    loaded = open_book(book, session())
    made = case_schema(loaded.rulebook) if case else outcome_schema(loaded.rulebook)
    click.echo(json.dumps(made, ensure_ascii=False, indent=2))
    return 0
