"""What `rulectl batch` does: find the files, have the batch run, say what came of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import click

from rulectl import __version__
from rulectl.batch.answers import Decide
from rulectl.batch.order import Wanted, Way, order_of
from rulectl.batch.run import StopBatchError, run, unwritable_finding
from rulectl.cases.delimited_file import DelimitedFile
from rulectl.cases.formats import Format, Kind, ending_of, kind_of
from rulectl.cases.opening import CaseSource, open_table
from rulectl.cases.pieces import SIZE, OtherEncodingError
from rulectl.cases.reader import Unreadable
from rulectl.cases.table import Table
from rulectl.cases.writer import EXTRAS, Target, UnwritableError
from rulectl.cli.asked import Asked
from rulectl.cli.base import FINDINGS, USAGE, Session, StopError, refuse, session
from rulectl.cli.opening import (
    check_place,
    checked_encoding,
    chosen_columns,
    loaded_book,
    once_only,
    one_input,
    open_stream,
)
from rulectl.cli.progress import Bar
from rulectl.model.rulebook import Rulebook
from rulectl.report.summary import Summary, summary_json, summary_text

_CANNOT = (".xls", ".xlsm", ".xlsb", ".ods", ".doc", ".docx", ".numbers", ".pdf", ".htm", ".html", ".rtf")


def run_batch(asked: Asked, begun: DelimitedFile | None) -> int:
    """Decide a file of cases, which is already being read where it is `begun`; the exit status."""
    try:
        return _run_batch(asked, begun)
    except KeyboardInterrupt:
        here = session()
        if not here.json:
            key = "cli-batch-stopped-kept" if asked.resume else "cli-batch-stopped"
            click.echo(here.say(key, file=asked.output), err=True)
        raise


def _run_batch(asked: Asked, begun: DelimitedFile | None) -> int:
    here = session()
    one_input(asked.book, asked.cases)
    given = checked_encoding(asked.encoding, "--encoding", here.lang)
    checked_encoding(asked.input_encoding, "--input-encoding", here.lang)
    kind, output, rejects = _targets(asked)
    told = _summary_place(asked, output, rejects)
    asked = asked._replace(output=output)
    with ExitStack() as stack:
        rulebook, loaded = loaded_book(asked.book, here, asked.output, rejects)
        stream, file = open_stream(asked.cases)
        stack.callback(stream.close)
        source = CaseSource(
            stream=stream,
            path=None if asked.cases == "-" else asked.cases,
            file=file,
            wanted=asked.format_in,
            encoding=asked.input_encoding,
            size=SIZE if begun is None else begun.size,
            begun=begun,
        )
        table = _table(source, rulebook)
        here.tell(table.findings)
        known = len(table.findings)
        wanted = _wanted(asked, kind, rejects, given, rulebook, here)
        decide = stack.enter_context(_durable(rulebook)) if asked.engine == "durable" else None
        bar = stack.enter_context(Bar(here))
        start = time.perf_counter()

        def run_over(table: Table) -> Summary:
            summary = Summary()
            own = (decide, bar.tell, bar.progress, summary)
            run(order_of(wanted, rulebook, source, table, loaded.sources, sys.stdout.buffer, *own))
            return summary

        with _told(file, given or wanted.encoding):
            try:
                summary = run_over(table)
            except OtherEncodingError:
                # what looked like UTF-8 is none: nothing is lost but the time
                table = _table(source, rulebook, settled=True)
                summary = run_over(table)
        summary.seconds = time.perf_counter() - start
    here.tell(table.findings[known:])
    _sum_up(summary, rulebook, here, rejects if summary.rejected else None, told)
    return FINDINGS if summary.rejected or summary.troubled else 0


@contextmanager
def _told(file: str, encoding: str) -> Iterator[None]:
    """While a batch runs: what stops it, as the command tells it."""
    try:
        yield
    except StopBatchError as stop:
        raise StopError(stop.findings, USAGE if _usage(stop) else FINDINGS) from None
    except UnwritableError as error:
        raise StopError([unwritable_finding(error, file, encoding)], USAGE) from None
    except BrokenPipeError:  # the reader of our output has seen enough
        _let_go(sys.stdout)
        raise StopError(()) from None


def _targets(asked: Asked) -> tuple[Kind, str, str]:
    """The format of the results, where they go, and where the rejected rows go; refused where they cannot go there."""
    output = asked.output
    kind = _kind(output, asked.format_out)
    if asked.rejects == "-":
        refuse("rejects-need-file", "--rejects", USAGE)
    if asked.resume and (once_only(asked.cases) or output == "-"):
        refuse("cannot-resume-pipe", "--resume", USAGE)
    place = check_place(output, asked.cases, asked.book, not_endings=() if asked.format_out else _CANNOT)
    rejects = asked.rejects or _beside(output, asked.cases, ".xlsx" if kind.format is Format.XLSX else ".csv")
    rejected = check_place(rejects, asked.cases, asked.book, not_endings=_CANNOT)
    if kind_of(rejects).format not in (Format.CSV, Format.TSV, Format.XLSX):
        refuse("cannot-write-rejects-kind", "--rejects", USAGE, kind=ending_of(rejects))
    if output != "-" and os.path.realpath(place) == os.path.realpath(rejected):
        refuse("same-file-twice", "--rejects", USAGE, file=rejects)
    return kind, place, rejected


def _summary_place(asked: Asked, output: str, rejects: str) -> str | None:
    """Where the summary goes, too; refused where it cannot go there."""
    if asked.summary is None:
        return None
    place = check_place(asked.summary, asked.cases, asked.book, not_endings=_CANNOT)
    if any(place == other or os.path.realpath(place) == os.path.realpath(other) for other in (output, rejects)):
        refuse("same-file-twice", "--summary", USAGE, file=asked.summary)
    return place


def _wanted(asked: Asked, kind: Kind, rejects: str, encoding: str | None, rulebook: Rulebook, here: Session) -> Wanted:
    chosen = chosen_columns(rulebook, asked.columns, EXTRAS, here.lang)
    usual = "utf-8" if asked.output == "-" else "utf-8-sig"
    return Wanted(
        output=asked.output,
        rejects=rejects,
        kind=kind,
        trace=asked.trace,
        chosen=chosen,
        encoding="utf-8" if kind.format is Format.JSONL else encoding or usual,
        rejects_encoding="utf-8" if kind_of(rejects).format is Format.XLSX else encoding or "utf-8-sig",
        lang=here.lang,
        headings=asked.headings,
        engine=asked.engine,
        jobs=asked.jobs,
        way=_way(),
        resume=asked.resume,
        options=(
            __version__,
            asked.trace,
            asked.columns,
            asked.headings,
            asked.format_in,
            asked.format_out,
            asked.input_encoding,
            asked.engine,
            here.lang,
        ),
    )


def _way() -> Way:
    """How chunks are decided; RULECTL_JOBS says it where somebody measures."""
    match os.environ.get("RULECTL_JOBS"):
        case "threads" | "processes" as way:
            return way
        case _:
            return "auto"


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


def _beside(output: str, cases: str, ending: str) -> str:
    """`out.csv` -> `out.rejects.csv`; for standard output, after the case file but where the command is run. Beside a
    workbook there is a workbook: a text file that is mended in Excel loses its long numbers."""
    if output == "-":
        return (_stem(Path(cases)) if cases != "-" else "cases") + ".rejects" + ending
    path = Path(output)
    return str(path.with_name(_stem(path) + ".rejects" + ending))


def _stem(path: Path) -> str:
    """`a.csv.gz` -> `a`"""
    return Path(path.stem).stem if path.suffix.lower() in (".gz", ".zst") else path.stem


def _table(source: CaseSource, rulebook: Rulebook, settled: bool = False) -> Table:
    """The case file's table; stops with its findings when it cannot be read at all."""
    table = open_table(source, rulebook, settled)
    if isinstance(table, Unreadable):
        raise StopError(table.findings)
    return table


@contextmanager
def _durable(rulebook: Rulebook) -> Iterator[Decide]:
    """The second engine; stops with its finding where that cannot start or go on."""
    from rulectl.runtime.durable_engine import DurableEngine, DurableError  # late: few batches are decided by it

    try:
        with DurableEngine(rulebook) as engine:
            yield engine.decide
    except DurableError as error:
        raise StopError([error.finding]) from None


def _let_go(stream: TextIO) -> None:
    """Send what is still held for a reader that went away to nowhere, so that the end of the process does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _sum_up(summary: Summary, rulebook: Rulebook, here: Session, rejects: str | None, place: str | None) -> None:
    labels = {term.id: term.name for term in rulebook.terms}
    if place is not None:
        with Target(place, sys.stdout, "utf-8") as target:
            target.stream.write(summary_json(summary, labels, rulebook) + "\n")
    if here.json:
        click.echo(summary_json(summary, labels, rulebook), err=True)
        return
    click.echo(summary_text(summary, labels, here.lang), err=True)
    if rejects is not None:
        click.echo(here.say("cli-batch-rejects-in", file=rejects), err=True)
