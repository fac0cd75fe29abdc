"""`rulectl export BOOK.json -o BOOK.xlsx`: compiled JSON back to a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from rulectl.cli.base import USAGE, Command, Option, common, refuse, session
from rulectl.cli.opening import check_place, open_book


@click.command("export", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("-o", "--output", cls=Option, metavar="BOOK.xlsx", required=True)
@common
def export(book: str, output: str) -> int:
    """Texts stand in the catalogue."""
    from rulectl.sheets.export import export_grids  # openpyxl takes its time, and no other command should wait for it
    from rulectl.sheets.writer import write_workbook

    here = session()
    check_place(output, book, endings=(".xlsx",))
    loaded = open_book(book, here, output)
    try:
        write_workbook(export_grids(loaded.rulebook, here.lang), Path(output), here.lang)
    except OSError:
        refuse("cannot-write", output, USAGE, file=output)
    return 0
