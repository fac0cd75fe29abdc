"""From what a command asks for to an order that can be run: which engine, which files, what the journal is of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, assert_never

from rulectl.batch.answers import Decide
from rulectl.batch.counting import Counting
from rulectl.batch.crew import Crew
from rulectl.batch.journal import Journal, fingerprint
from rulectl.batch.making import Maker, Making
from rulectl.batch.run import Order, StopBatchError
from rulectl.batch.sinks import FrameSink, RejectSink, Sink, TextSink
from rulectl.batch.worker import possible
from rulectl.batch.writing import RejectWriter, delimiter_of
from rulectl.cases.facts import FactReader
from rulectl.cases.formats import Format, Kind, kind_of
from rulectl.cases.headings import REJECT_HEADINGS, own_columns
from rulectl.cases.opening import CaseSource
from rulectl.cases.table import RowReader, Table
from rulectl.cases.writer import Layout, Trace
from rulectl.codes import Language, say
from rulectl.diagnostics import Finding, finding
from rulectl.model.rulebook import Rulebook, Term
from rulectl.report.summary import Summary
from rulectl.source import FilePlace

_DECIDED = 0.1
"""The share of the work when all cases are decided and the workbook is still to be put together."""

Way = Literal["auto", "threads", "processes"]
"""How chunks are decided: as their pace suggests, or as is to be measured or tested."""

_MOST = 8
"""Workers at most, unless the user asks for more: each takes half a gigabyte."""


class Wanted(NamedTuple):
    """What the user asks for. `chosen` are the columns of the results, None: the usual ones; `options` are those that
    change the results and stand nowhere else here."""

    output: str
    rejects: str
    kind: Kind
    trace: Trace
    chosen: Sequence[Term | str] | None
    encoding: str
    rejects_encoding: str
    lang: Language
    headings: Literal["name", "id"]
    engine: Literal["native", "durable"]
    jobs: int | None
    way: Way
    resume: bool
    options: tuple[object, ...]


def order_of(
    wanted: Wanted,
    rulebook: Rulebook,
    source: CaseSource,
    table: Table,
    files: Sequence[Path],
    standard: BinaryIO,
    decide: Decide | None,
    tell: Callable[[Iterable[Finding]], None],
    progress: Callable[[int, float], None],
    summary: Summary,
) -> Order:
    """Everything that `run` needs. `files` are those of the rulebook; `decide` is an engine that takes a case at a
    time, in place of our own. Raises UnwritableError where the headings cannot be written, StopBatchError where nothing
    can be put aside."""
    key = _key(wanted, rulebook, source, files)
    before = source.begun.stamp if source.begun is not None else _now(source)
    rows = RowReader(table.columns, FactReader(rulebook), rulebook, table.file)
    lines = wanted.kind.format is Format.JSONL
    front = [say(key, wanted.lang) for key in REJECT_HEADINGS]
    reject_kind = kind_of(wanted.rejects)
    own = own_columns(table.headings)
    rejects = RejectWriter(
        (*front, *table.headings[own:]), wanted.lang, wanted.rejects_encoding, delimiter_of(reject_kind.format), own
    )
    making = Making(
        rulebook=rulebook,
        columns=table.columns,
        file=table.file,
        unique=rows.unique is not None,
        engine=wanted.engine,
        format=wanted.kind.format,
        encoding=wanted.encoding,
        trace=wanted.trace,
        headings=wanted.headings,
        chosen=wanted.chosen,
        lang=wanted.lang,
        rejects=rejects,
    )
    pieces = making.pieces()
    head, reject_head = pieces.head(), rejects.head()
    here, beside = hands(wanted.jobs, wanted.way)

    def crew() -> Crew:
        # an engine that is there already serves one thread at a time
        makers = [Maker(making, decide) for _ in range(here if decide is None else min(here, 1))]
        return Crew(making, makers, beside)

    counting = Counting(rulebook, table, rows.unique is not None, lines) if rulebook.aggregates else None
    # last: once there is a folder, nothing may be refused before the run, which takes it away
    folder = _folder(wanted.output)
    return Order(
        rulebook=rulebook,
        table=table,
        rows=rows,
        crew=crew,
        results=_sink(wanted, pieces.layout, rulebook, head, standard, folder, summary, tell, progress),
        rejected=_rejected(wanted.rejects, reject_head, reject_kind, folder),
        journal=Journal(folder, key),
        resume=wanted.resume,
        unchanged=lambda: source.path is None or _now(source) == before,
        tell=tell,
        progress=_part(progress, 0.0, _DECIDED) if wanted.kind.format is Format.XLSX else progress,
        counting=counting,
        summary=summary,
    )


def _rejected(path: str, head: bytes, kind: Kind, folder: Path) -> RejectSink:
    if kind.format is Format.XLSX:
        from rulectl.batch.rejects_book import RejectBook  # late: it brings the writer of workbooks

        return RejectBook(path, head, "", None, folder)
    return RejectSink(path, head, kind.packed, None, folder)


def _sink(
    wanted: Wanted,
    layout: Layout,
    rulebook: Rulebook,
    head: bytes,
    standard: BinaryIO,
    folder: Path,
    summary: Summary,
    tell: Callable[[Iterable[Finding]], None],
    progress: Callable[[int, float], None],
) -> Sink:
    headings = [column.heading for column in layout.columns]
    match wanted.kind.format:
        case Format.PARQUET:
            from rulectl.cases.parquet import write_parquet  # late, like the next

            numeric = [column.numeric for column in layout.columns]
            return FrameSink(
                wanted.output, folder, lambda parts, target: write_parquet(parts, headings, numeric, target)
            )
        case Format.XLSX:
            # late: loading the writer of workbooks takes longer than deciding some thousand cases
            from rulectl.batch.decisions_book import write_workbook

            def put_together(parts: Sequence[Path], target: Path) -> None:
                fired = summary.rules
                done = _part(progress, _DECIDED, 1.0)
                tell(write_workbook(parts, layout, rulebook, fired, wanted.lang, target, folder, done))

            return FrameSink(wanted.output, folder, put_together)
        case Format.CSV | Format.TSV | Format.JSONL:
            return TextSink(wanted.output, head, wanted.kind.packed, standard, folder)
        case never:
            assert_never(never)


class Hands(NamedTuple):
    """How many engines decide in threads of this process, and how many workers may come."""

    here: int
    beside: int


def hands(jobs: int | None, way: Way) -> Hands:
    """Who decides where the user asks for so many jobs (None: does not say). One job is one engine, and that here."""
    if way == "processes":
        return Hands(0, jobs or _usual())
    beside = (jobs or _usual()) if way == "auto" and possible() else 0
    return Hands(jobs or 1, beside if beside > 1 else 0)


def _usual() -> int:
    """A worker for each processor that this process may use, while there is memory for it."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        gigabytes = _MOST
    return max(1, min(_MOST, processors, gigabytes))


def _part(progress: Callable[[int, float], None], start: float, stop: float) -> Callable[[int, float], None]:
    """Takes the share of a part of the work, and tells that of the whole."""
    return lambda rows, share: progress(rows, start + (stop - start) * share)


def _folder(output: str) -> Path:
    """Where the journal lies: beside the results, or where the system keeps what is passing. Raises StopBatchError
    where that cannot be written."""
    if output == "-":
        try:
            return Path(tempfile.mkdtemp(prefix="rulectl-"))
        except OSError:
            folder = os.environ.get("TMPDIR", "/tmp")
            raise StopBatchError(finding("cannot-write", FilePlace(""), file=folder)) from None
    place = Path(output)
    return place.with_name(f".{place.name}.batch")


def _key(wanted: Wanted, rulebook: Rulebook, source: CaseSource, files: Sequence[Path]) -> dict[str, Any]:
    """What a run that is gone on with must have in common with the one that was cut off."""
    digest = blake2b(digest_size=16)
    for file in files:
        digest.update(file.read_bytes())
    if not files:  # it came through a pipe
        from rulectl.codec.hashing import content_hash  # late: whoever has files needs no encoder

        digest.update(content_hash(rulebook).encode())
    options = [source.size, str(wanted.kind), wanted.encoding, wanted.rejects_encoding, wanted.rejects]
    return {
        "input": fingerprint(source.stream, source.path),
        "rulebook": digest.hexdigest(),
        "options": [*options, *(str(option) for option in wanted.options)],
    }


def _now(source: CaseSource) -> tuple[int, int]:
    """Size and time of the last change of the file that has the name of the case file now; (-1, -1): none has."""
    try:
        stat = Path(source.path or "").stat()
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns
