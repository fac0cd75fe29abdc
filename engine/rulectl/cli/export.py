"""`rulectl export BOOK -o FILE`: a rulebook back to a workbook, or to a decision model of DMN."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from rulectl.cases.writer import Target
from rulectl.cli.base import USAGE, Command, Option, asked_form, common, refuse, session
from rulectl.cli.opening import check_place, open_book

FORMS = {"xlsx": (".xlsx",), "dmn": (".dmn", ".xml"), "dmn-1.5": (".dmn", ".xml")}
"""What can be written, and how its file is called."""


@click.command("export", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("-o", "--output", cls=Option, metavar="FILE", required=True)
@partial(common, forms=tuple(FORMS))
def export(book: str, output: str) -> int:
    """Texts stand in the catalogue."""
    here = session()
    form = asked_form() or ("dmn" if output.lower().endswith(".dmn") else "xlsx")
    other = "not-a-workbook-name" if form == "xlsx" else "not-a-model-name"
    output = check_place(output, book, endings=FORMS[form], other=other)
    loaded = open_book(book, here, output)
    try:
        if form == "xlsx":
            if Path(output).name == loaded.rulebook.source and Path(output).exists():
                # most likely the very workbook that it was compiled from, with all that compiling leaves behind
                refuse("output-exists", output, file=output)
            from rulectl.sheets.export import export_grids  # openpyxl takes its time, and only this one waits for it
            from rulectl.sheets.writer import write_workbook

            write_workbook(export_grids(loaded.rulebook, here.lang), Path(output), here.lang)
        else:
            from rulectl.dmn.exporting import COMMON, export_model

            version = form.partition("-")[2] or COMMON
            with Target(output, sys.stdout, "utf-8") as target:
                target.stream.write(export_model(loaded.rulebook, here.lang, version).decode("utf-8"))
    except OSError:
        refuse("cannot-write", output, USAGE, file=output)
    return 0
