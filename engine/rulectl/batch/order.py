"""From what a command asks for to an order that can be run: which engine, which files, what the journal is of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Literal

from rulectl.batch.answers import Answerer, ColumnAnswerer, RowAnswerer
from rulectl.batch.counting import Counting
from rulectl.batch.journal import Journal, fingerprint
from rulectl.batch.run import Order, StopBatchError
from rulectl.batch.sinks import FrameSink, RejectSink, Sink, TextSink
from rulectl.batch.writing import PieceWriter, RejectWriter, delimiter_of
from rulectl.cases.facts import FactReader
from rulectl.cases.formats import Format, Kind, kind_of
from rulectl.cases.opening import CaseSource
from rulectl.cases.parquet import write_parquet
from rulectl.cases.table import RowReader, Table
from rulectl.cases.writer import Layout
from rulectl.codec.hashing import content_hash
from rulectl.codes import Language, say
from rulectl.diagnostics import Finding, finding
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook
from rulectl.report.outcome import Reporter
from rulectl.report.summary import Summary
from rulectl.runtime.engine import Counted, Engine
from rulectl.source import FilePlace
from rulectl.values import Value

Decide = Callable[[Mapping[str, Value], Counted | None], Outcome]

_DECIDED = 0.1
"""The share of the work when all cases are decided and the workbook is still to be put together."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for. `options` are those that change the results and stand nowhere else here."""

    output: str
    rejects: str
    kind: Kind
    layout: Layout
    encoding: str
    rejects_encoding: str
    lang: Language
    headings: Literal["name", "id"]
    engine: Literal["native", "durable"]
    jobs: int
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
    pieces = PieceWriter(wanted.kind, wanted.layout, wanted.encoding)
    front = [say(f"report-reject-{part}", wanted.lang) for part in ("row", "field", "reason")]
    reject_kind = kind_of(wanted.rejects)
    rejects = RejectWriter(
        (*front, *table.headings),
        wanted.lang,
        wanted.rejects_encoding,
        delimiter_of(reject_kind.format),
        reject_kind.packed,
    )
    head, reject_head = pieces.head(), rejects.head()
    reporter = Reporter(rulebook, wanted.lang, wanted.headings)
    answerers: list[Answerer] = []
    for _ in range(wanted.jobs if decide is None else 1):
        if decide is not None or lines:
            one = decide or Engine(rulebook).decide
            answerers.append(RowAnswerer(rulebook, table, one, reporter))
        else:
            answerers.append(ColumnAnswerer(rulebook, table, wanted.layout))
    counting = Counting(rulebook, table, rows.unique is not None, lines) if rulebook.aggregates else None
    # last: once there is a folder, nothing may be refused before the run, which takes it away
    folder = _folder(wanted.output)
    return Order(
        table=table,
        rows=rows,
        answerers=answerers,
        results=_sink(wanted, rulebook, head, standard, folder, summary, tell, progress),
        rejected=RejectSink(wanted.rejects, reject_head, reject_kind.packed, None, folder),
        pieces=pieces,
        reject_pieces=rejects,
        journal=Journal(folder, key),
        resume=wanted.resume,
        unchanged=lambda: source.path is None or _now(source) == before,
        tell=tell,
        progress=_part(progress, 0.0, _DECIDED) if wanted.kind.format is Format.XLSX else progress,
        counting=counting,
        summary=summary,
    )


def _sink(
    wanted: Wanted,
    rulebook: Rulebook,
    head: bytes,
    standard: BinaryIO,
    folder: Path,
    summary: Summary,
    tell: Callable[[Iterable[Finding]], None],
    progress: Callable[[int, float], None],
) -> Sink:
    headings = [column.heading for column in wanted.layout.columns]
    match wanted.kind.format:
        case Format.PARQUET:
            return FrameSink(wanted.output, folder, lambda parts, target: write_parquet(parts, headings, target))
        case Format.XLSX:
            # late: loading the writer of workbooks takes longer than deciding some thousand cases
            from rulectl.batch.decisions_book import write_workbook

            def put_together(parts: Sequence[Path], target: Path) -> None:
                fired = summary.rules
                done = _part(progress, _DECIDED, 1.0)
                tell(write_workbook(parts, wanted.layout, rulebook, fired, wanted.lang, target, folder, done))

            return FrameSink(wanted.output, folder, put_together)
        case _:
            return TextSink(wanted.output, head, wanted.kind.packed, standard, folder)


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
    if not files:
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
