"""`rulectl schema BOOK --case|--outcome`: JSON Schema of a rulebook's cases or outcomes."""

from __future__ import annotations

import json
from typing import Literal

import click

from rulectl.cli.base import Command, Option, common, session
from rulectl.cli.opening import open_book


@click.command("schema", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--case/--outcome", "case", cls=Option, default=True)
@click.option("--headings", cls=Option, type=click.Choice(("name", "id")), default="name")
@common
def schema(book: str, case: bool, headings: Literal["name", "id"]) -> int:
    """Texts stand in the catalogue."""
    from rulectl.codec.case_schema import case_schema, outcome_schema  # of no use to any other command

    loaded = open_book(book, session())
    made = (case_schema if case else outcome_schema)(loaded.rulebook, headings)
    click.echo(json.dumps(made, ensure_ascii=False, indent=2))
    return 0
