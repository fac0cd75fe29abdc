"""`rulectl import MODEL.dmn -o BOOK.xlsx`: a decision model as a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from rulectl.cli.base import USAGE, Command, Option, StopError, common, refuse, session, status_of
from rulectl.cli.opening import check_place, open_stream
from rulectl.dmn.xml import MAX_BYTES


@click.command("import", cls=Command)
@click.argument("model", metavar="MODEL.dmn")
@click.option("-o", "--output", cls=Option, metavar="BOOK.xlsx", required=True)
@common
def import_(model: str, output: str) -> int:
    """Texts stand in the catalogue."""
    from rulectl.dmn.importing import import_model  # nor this, which compiles, nor openpyxl is needed to refuse a name
    from rulectl.sheets.writer import write_workbook

    here = session()
    output = check_place(output, model, endings=(".xlsx",))
    stream, file = open_stream(model)
    with stream:
        # one byte more than is read at most, so that a file without end is refused as too large
        data = stream.read(MAX_BYTES + 1)
    imported = import_model(data, file, here.lang, Path(output).name)
    if not imported.grids:
        raise StopError(imported.findings)
    here.tell(imported.findings)
    try:
        write_workbook(imported.grids, Path(output), here.lang)
    except OSError:
        refuse("cannot-write", output, USAGE, file=output)
    click.echo(here.say("dmn-made", file=output, **imported.counts))
    return status_of(imported.findings)
