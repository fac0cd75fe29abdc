"""`rulectl batch BOOK CASES -o OUT`: many cases, in their order; rows in = rows decided + rows rejected."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from rulectl.batch import heap
from rulectl.cases.formats import FORMATS
from rulectl.cli.asked import Asked
from rulectl.cli.base import Command, Option, common

_HAND_OVER = 0.001
"""Seconds after which a thread that computes in Python lets others go on. Whoever reads ahead asks a dozen times a
piece, and at the usual 5 ms would wait longer than read."""


@click.command("batch", cls=Command)
@click.argument("book", metavar="BOOK")
@click.argument("cases", metavar="CASES")
@click.option("-o", "--output", cls=Option, metavar="OUT", required=True)
@click.option("--rejects", cls=Option, metavar="FILE")
@click.option("--summary", cls=Option, metavar="FILE")
@click.option("--trace", cls=Option, type=click.Choice(("none", "rules", "full")), default="rules")
@click.option("--engine", cls=Option, type=click.Choice(("native", "durable")), default="native")
@click.option("--columns", cls=Option, metavar="A,B,...")
@click.option("--headings", cls=Option, type=click.Choice(("name", "id")), default="name")
@click.option("--encoding", cls=Option, metavar="NAME", default=None)
@click.option("--input-encoding", cls=Option, metavar="NAME", default=None)
@click.option("--format-in", cls=Option, type=click.Choice(FORMATS), default=None)
@click.option("--format-out", cls=Option, type=click.Choice(FORMATS), default=None)
@click.option("--jobs", cls=Option, type=click.IntRange(1, 64), default=None)
@click.option("--resume", cls=Option, is_flag=True)
@common
def batch(**options: Any) -> int:
    """Texts stand in the catalogue."""
    asked = Asked(**options)
    heap.spare()
    # numpy's linear algebra is not used here; starting its threads would cost as much as reading 20 MB
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # the stages of a batch are threads of their own, so that half of the processors are enough for each of them
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_HAND_OVER)
    # late: data frames take longer to load than most commands take in all
    from rulectl.cases.delimited_file import begin

    # a long file is being read while the rest of the program is loaded and the rulebook compiled
    begun = begin(asked.cases, asked.format_in) if asked.input_encoding is None else None
    try:
        from rulectl.cli.batching import run_batch

        return run_batch(asked, begun)
    finally:
        if begun is not None:
            begun.close()
        sys.setswitchinterval(usual)
