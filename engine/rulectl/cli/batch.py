"""`rulectl batch BOOK CASES -o OUT`: many cases, in their order; rows in = rows decided + rows rejected."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal

import click

from rulectl.api import Book, Decider
from rulectl.cases.reader import CaseRow, Reject, id_term
from rulectl.cases.writer import EXTRAS, Layout, RejectsFile, Target, Trace, UnwritableError, layout, unwritable
from rulectl.cli.base import FINDINGS, USAGE, Command, Option, Session, StopError, common, refuse, session
from rulectl.cli.opening import check_place, checked_encoding, chosen_columns, open_book, open_cases, open_stream
from rulectl.diagnostics import Finding, finding
from rulectl.model.outcome import Outcome
from rulectl.report.outcome import Reporter
from rulectl.report.summary import Summary, summary_json, summary_text
from rulectl.runtime.durable_engine import DurableEngine, DurableError
from rulectl.source import Location, RowPlace

_TICK = 200
_CANNOT = (".xlsx", ".xls", ".xlsm", ".ods", ".parquet")


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
@common
def batch(
    book: str,
    cases: str,
    output: str,
    rejects: str | None,
    trace: Trace,
    engine: str,
    columns: str | None,
    headings: Literal["name", "id"],
    encoding: str | None,
    input_encoding: str | None,
) -> int:
    """Texts stand in the catalogue."""
    here = session()
    given = checked_encoding(encoding, "--encoding", here.lang)
    encoding = given or ("utf-8" if output == "-" else "utf-8-sig")
    checked_encoding(input_encoding, "--input-encoding", here.lang)
    if rejects == "-":
        refuse("rejects-need-file", "--rejects", USAGE)
    rejects = rejects or _beside(output, cases)
    for path in (output, rejects):
        check_place(path, cases, book, not_endings=_CANNOT)
    if output != "-" and Path(output).resolve() == Path(rejects).resolve():
        refuse("same-file-twice", "--rejects", USAGE, file=rejects)
    with ExitStack() as stack:
        loaded = open_book(book, here, output, rejects)
        stream, file = open_stream(cases)
        stack.callback(stream.close)
        size = stream.seek(0, os.SEEK_END)
        rows = open_cases(loaded, stream, file, input_encoding)
        here.tell(rows.findings)
        told = len(rows.findings)
        chosen = chosen_columns(loaded.rulebook, columns, EXTRAS, here.lang)
        table = layout(loaded.rulebook, id_term(loaded.rulebook), trace=trace, headings=headings, columns=chosen)
        decider = _engine(engine, loaded, stack)
        front = [here.say(f"report-reject-{part}") for part in ("row", "field", "reason")]
        rejected = RejectsFile(rejects, sys.stderr, rows.headings, front, here.lang, given or "utf-8-sig")
        summary = Summary()
        start = time.perf_counter()
        try:
            results = _watched(loaded.run(rows, decider), stream, size, here)
            reporter = Reporter(loaded.rulebook, here.lang, headings)
            _write(results, output, encoding, table, reporter, rejected, summary, here)
        except DurableError as error:
            rejected.close(failed=True)
            raise StopError([error.finding]) from None
        except UnwritableError as error:
            rejected.close(failed=True)
            at = Location(RowPlace(file, error.row, error.field), error.text)
            raise StopError([finding("not-in-encoding", at, encoding=encoding)], USAGE) from None
        except BrokenPipeError:  # the reader of our output has seen enough
            rejected.close(failed=True)
            raise StopError(()) from None
        except OSError:
            rejected.close(failed=True)
            refuse("cannot-write", output, USAGE, file=output)
        except BaseException:
            rejected.close(failed=True)
            raise
        summary.seconds = time.perf_counter() - start
    here.tell(rows.findings[told:])
    _sum_up(summary, loaded, here, rejects if summary.rejected else None)
    return FINDINGS if summary.rejected or summary.troubled else 0


def _beside(output: str, cases: str) -> str:
    """`out.csv` -> `out.rejects.csv`; for standard output, after the case file but where the command is run."""
    if output == "-":
        return (Path(cases).stem if cases != "-" else "cases") + ".rejects.csv"
    path = Path(output)
    return str(path.with_name(path.stem + ".rejects.csv"))


def _engine(name: str, book: Book, stack: ExitStack) -> Decider:
    if name == "native":
        return book.engine
    try:
        return stack.enter_context(DurableEngine(book.rulebook))
    except DurableError as error:
        raise StopError([error.finding]) from None


Result = tuple[CaseRow, Outcome] | Reject


def _write(
    results: Iterable[Result],
    output: str,
    encoding: str,
    table: Layout,
    reporter: Reporter,
    rejected: RejectsFile,
    summary: Summary,
    here: Session,
) -> None:
    """Every result to its place, in order."""
    lines = output.lower().endswith((".jsonl", ".ndjson", ".json"))
    told: set[Finding] = set()
    with Target(output, sys.stdout, "utf-8" if lines else encoding) as target:
        writer = csv.writer(target.stream, delimiter="\t" if output.lower().endswith(".tsv") else ",")
        if not lines:
            try:
                writer.writerow(table.headings)
            except UnicodeEncodeError:
                raise unwritable(0, table.headings, table.headings, encoding) from None
        for result in results:
            if isinstance(result, Reject):
                summary.rejected += 1
                rejected.add(result)
                continue
            case, outcome = result
            summary.add(outcome)
            try:
                if lines:
                    target.stream.write(reporter.json(outcome) + "\n")
                else:
                    writer.writerow(table.row(case, outcome))
            except UnicodeEncodeError:
                raise unwritable(case.number, table.headings, table.row(case, outcome), encoding) from None
            # rules that contradict each other do so for many cases alike: say it once
            if outcome.findings:
                fresh = [found for found in outcome.findings if found not in told]
                told.update(fresh)
                here.tell(fresh)
        # before the decisions: whoever finds these there must find all that was rejected too
        rejected.close()


def _watched(results: Iterator[Result], stream: BinaryIO, size: int, here: Session) -> Iterator[Result]:
    """The results, with a progress bar on a terminal."""
    if here.json or not sys.stderr.isatty():
        yield from results
        return
    done = 0
    with click.progressbar(length=size, file=sys.stderr) as bar:
        for number, result in enumerate(results):
            if number % _TICK == 0:
                at = stream.tell()
                bar.update(at - done)
                done = at
            yield result
        bar.update(size - done)


def _sum_up(summary: Summary, book: Book, here: Session, rejects: str | None) -> None:
    labels = {term.id: term.name for term in book.rulebook.terms}
    if here.json:
        click.echo(summary_json(summary, labels), err=True)
        return
    click.echo(summary_text(summary, labels, here.lang), err=True)
    if rejects is not None:
        click.echo(here.say("cli-batch-rejects-in", file=rejects), err=True)
