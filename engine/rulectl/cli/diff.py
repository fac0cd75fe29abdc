"""`rulectl diff OLD NEW [--cases FILE]`: what changed from one rulebook to another; it is the result, so it goes to the
output. Cases are read twice, once by each rulebook; those of a pipe wait in a temporary file."""

from __future__ import annotations

from contextlib import nullcontext

import click

from rulectl.api import BUDGET, CaseError
from rulectl.api import diff as compared
from rulectl.cli.base import FINDINGS, FINE, Command, Option, Seconds, StopError, common, session
from rulectl.cli.opening import checked_encoding, once_only, one_input, open_book, open_stream
from rulectl.report.diff import diff_text


@click.command("diff", cls=Command)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--cases", cls=Option, metavar="CASES", default=None)
@click.option("--input-encoding", cls=Option, metavar="NAME", default=None)
@click.option("--budget", cls=Option, type=Seconds(), metavar="SECONDS", default=BUDGET)
@common
def diff(old: str, new: str, cases: str | None, input_encoding: str | None, budget: float) -> int:
    """Texts stand in the catalogue."""
    here = session()
    encoding = checked_encoding(input_encoding, "--input-encoding", here.lang)
    one_input(old, new, cases)
    if cases is not None and not once_only(cases):
        open_stream(cases)[0].close()  # a wrong name is told before the rulebooks are compared
    books = open_book(old, here), open_book(new, here)
    with open_stream(cases)[0] if cases is not None and once_only(cases) else nullcontext(cases) as source:
        try:
            report = compared(*books, cases=source, encoding=encoding, budget=budget)
        except CaseError as error:
            raise StopError(error.findings) from None
    if here.json:
        here.tell(report.findings, to_output=True)
    else:
        click.echo(diff_text(report.changes, report.cases, here.lang))
    rejected = report.cases is not None and report.cases.undecided
    return FINE if report.same and not rejected else FINDINGS
