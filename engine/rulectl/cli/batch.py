"""`rulectl batch BOOK CASES -o OUT`: many cases, in their order; rows in = rows decided + rows rejected."""

from __future__ import annotations

from typing import Literal

import click

from rulectl.cases.formats import FORMATS
from rulectl.cases.writer import Trace
from rulectl.cli.base import Command, Option, common


@click.command("batch", cls=Command)
@click.argument("book", metavar="BOOK")
@click.argument("cases", metavar="CASES")
@click.option("-o", "--output", cls=Option, metavar="OUT", required=True)
@click.option("--rejects", cls=Option, metavar="FILE")
@click.option("--trace", cls=Option, type=click.Choice(("none", "rules", "full")), default="rules")
@click.option("--engine", cls=Option, type=click.Choice(("native", "durable")), default="native")
@click.option("--columns", cls=Option, metavar="A,B,...")
@click.option("--headings", cls=Option, type=click.Choice(("name", "id")), default="name")
@click.option("--encoding", cls=Option, metavar="NAME", default=None)
@click.option("--input-encoding", cls=Option, metavar="NAME", default=None)
@click.option("--format-in", cls=Option, type=click.Choice(FORMATS), default=None)
@click.option("--format-out", cls=Option, type=click.Choice(FORMATS), default=None)
@click.option("--jobs", cls=Option, type=click.IntRange(1, 64), default=1)
@click.option("--resume", cls=Option, is_flag=True)
@common
def batch(
    book: str,
    cases: str,
    output: str,
    rejects: str | None,
    trace: Trace,
    engine: Literal["native", "durable"],
    columns: str | None,
    headings: Literal["name", "id"],
    encoding: str | None,
    input_encoding: str | None,
    format_in: str | None,
    format_out: str | None,
    jobs: int,
    resume: bool,
) -> int:
    """Texts stand in the catalogue."""
    # late: data frames take longer to load than most commands take in all
    from rulectl.cli.batching import batch as run

    return run(
        book=book,
        cases=cases,
        output=output,
        rejects=rejects,
        trace=trace,
        engine=engine,
        columns=columns,
        headings=headings,
        encoding=encoding,
        input_encoding=input_encoding,
        format_in=format_in,
        format_out=format_out,
        jobs=jobs,
        resume=resume,
    )
