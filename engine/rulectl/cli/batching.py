"""What `rulectl batch` does: find the files, have the batch run, say what came of it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

import click

from rulectl import __version__
from rulectl.api import Book
from rulectl.batch.order import Wanted, order_of
from rulectl.batch.run import StopBatchError, run, unwritable_finding
from rulectl.cases.formats import Format, Kind, ending_of, kind_of
from rulectl.cases.opening import CaseSource, open_table
from rulectl.cases.pieces import SIZE, OtherEncodingError
from rulectl.cases.reader import Unreadable, id_term
from rulectl.cases.table import Table
from rulectl.cases.writer import EXTRAS, Trace, UnwritableError, layout
from rulectl.cli.base import FINDINGS, USAGE, Session, StopError, refuse, session
from rulectl.cli.opening import book_and_files, check_place, checked_encoding, chosen_columns, open_stream
from rulectl.cli.progress import Bar
from rulectl.report.summary import Summary, summary_json, summary_text
from rulectl.runtime.durable_engine import DurableEngine, DurableError

_CANNOT = (".xls", ".xlsm", ".xlsb", ".ods")


def batch(
    *,
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
    """Decide a file of cases; the exit status."""
    here = session()
    given = checked_encoding(encoding, "--encoding", here.lang)
    checked_encoding(input_encoding, "--input-encoding", here.lang)
    kind = _kind(output, format_out)
    if rejects == "-":
        refuse("rejects-need-file", "--rejects", USAGE)
    if resume and "-" in (cases, output):
        refuse("cannot-resume-pipe", "--resume", USAGE)
    rejected = rejects or _beside(output, cases)
    for path in (output, rejected):
        check_place(path, cases, book, not_endings=() if path == output and format_out else _CANNOT)
    if kind_of(rejected).format not in (Format.CSV, Format.TSV):
        refuse("cannot-write-rejects-kind", "--rejects", USAGE, kind=ending_of(rejected))
    if output != "-" and Path(output).resolve() == Path(rejected).resolve():
        refuse("same-file-twice", "--rejects", USAGE, file=rejected)
    with ExitStack() as stack:
        loaded, files = book_and_files(book, here, output, rejected)
        stream, file = open_stream(cases)
        stack.callback(stream.close)
        source = CaseSource(stream, None if cases == "-" else cases, file, format_in, input_encoding, SIZE)
        table = _table(source, loaded)
        here.tell(table.findings)
        told = len(table.findings)
        chosen = chosen_columns(loaded.rulebook, columns, EXTRAS, here.lang)
        wanted = Wanted(
            output=output,
            rejects=rejected,
            kind=kind,
            layout=layout(loaded.rulebook, id_term(loaded.rulebook), trace=trace, headings=headings, columns=chosen),
            encoding="utf-8" if kind.format is Format.JSONL else given or ("utf-8" if output == "-" else "utf-8-sig"),
            rejects_encoding=given or "utf-8-sig",
            lang=here.lang,
            headings=headings,
            engine=engine,
            jobs=jobs,
            resume=resume,
            options=(__version__, trace, columns, headings, format_in, format_out, input_encoding, engine, here.lang),
        )
        decide = stack.enter_context(_durable(loaded)).decide if engine == "durable" else None
        bar = stack.enter_context(Bar(here))
        summary = Summary()
        start = time.perf_counter()
        try:
            try:
                order = order_of(
                    wanted, loaded.rulebook, source, table, files, _standard(), decide, bar.tell, bar.progress, summary
                )
                run(order)
            except OtherEncodingError:
                # what looked like UTF-8 is none: nothing is lost but the time
                table = _table(source, loaded, settled=True)
                summary = Summary()
                order = order_of(
                    wanted, loaded.rulebook, source, table, files, _standard(), decide, bar.tell, bar.progress, summary
                )
                run(order)
        except StopBatchError as stop:
            raise StopError(stop.findings, USAGE if _usage(stop) else FINDINGS) from None
        except DurableError as error:
            raise StopError([error.finding]) from None
        except UnwritableError as error:
            raise StopError([unwritable_finding(error, file, given or wanted.encoding)], USAGE) from None
        except BrokenPipeError:  # the reader of our output has seen enough
            _let_go(sys.stdout)
            raise StopError(()) from None
        summary.seconds = time.perf_counter() - start
    here.tell(table.findings[told:])
    _sum_up(summary, loaded, here, rejected if summary.rejected else None)
    return FINDINGS if summary.rejected or summary.troubled else 0


def _usage(stop: StopBatchError) -> bool:
    """Whether a batch stopped for something about its command, rather than its cases."""
    return any(found.slug in ("cannot-write", "disk-full", "output-busy") for found in stop.findings)


def _kind(output: str, wanted: str | None) -> Kind:
    """The format of the results; through a pipe only text can go."""
    kind = kind_of(output, wanted)
    if output == "-" and not kind.format.text:
        refuse("cannot-pipe-kind", "--format-out", USAGE, kind=kind.format.value)
    if kind.packed and not kind.format.text:
        refuse("cannot-write-kind", output, USAGE, kind="".join(Path(output).suffixes[-2:]), file=output)
    return kind


def _beside(output: str, cases: str) -> str:
    """`out.csv` -> `out.rejects.csv`; for standard output, after the case file but where the command is run."""
    if output == "-":
        return (_stem(Path(cases)) if cases != "-" else "cases") + ".rejects.csv"
    path = Path(output)
    return str(path.with_name(_stem(path) + ".rejects.csv"))


def _stem(path: Path) -> str:
    """`a.csv.gz` -> `a`"""
    return Path(path.stem).stem if path.suffix.lower() in (".gz", ".zst") else path.stem


def _table(source: CaseSource, book: Book, settled: bool = False) -> Table:
    """The case file's table; stops with its findings when it cannot be read at all."""
    table = open_table(source, book.rulebook, settled)
    if isinstance(table, Unreadable):
        raise StopError(table.findings)
    return table


def _durable(book: Book) -> DurableEngine:
    try:
        return DurableEngine(book.rulebook)
    except DurableError as error:
        raise StopError([error.finding]) from None


def _standard() -> BinaryIO:
    return sys.stdout.buffer


def _let_go(stream: TextIO) -> None:
    """Send what is still held for a reader that went away to nowhere, so that the end of the process does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _sum_up(summary: Summary, book: Book, here: Session, rejects: str | None) -> None:
    labels = {term.id: term.name for term in book.rulebook.terms}
    if here.json:
        click.echo(summary_json(summary, labels), err=True)
        return
    click.echo(summary_text(summary, labels, here.lang), err=True)
    if rejects is not None:
        click.echo(here.say("cli-batch-rejects-in", file=rejects), err=True)
