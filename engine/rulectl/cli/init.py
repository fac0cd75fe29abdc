"""`rulectl init [DIR|BOOK.xlsx] [--template NAME]`: a new workbook to start from, with a case file to try it on."""

from __future__ import annotations

from pathlib import Path

import click

from rulectl.cli.base import Command, Option, StopError, common, session
from rulectl.diagnostics import Finding


@click.command("init", cls=Command)
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--template", cls=Option, metavar="NAME", default=None)
@common
def init(folder: str, template: str | None) -> int:
    """Texts stand in the catalogue."""
    from rulectl.starter import start  # openpyxl takes its time, and no other command should wait for it

    here = session()
    made = start(Path(folder), template, here.lang)
    if isinstance(made, Finding):
        raise StopError([made])
    book, cases = made
    # as they have to be typed
    typed = {name: f'"{path}"' if " " in str(path) else path for name, path in (("book", book), ("cases", cases))}
    click.echo(here.say("cli-init-made", **typed))
    return 0
