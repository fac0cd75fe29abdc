"""A batch from its first row to its last: read, decide, write, chunk by chunk, in bounded memory.

One thread reads chunks, `jobs` others decide, one more turns answers into rows of text, and the main one puts these
into the files, in order. Reading, deciding and formatting are done in polars and numpy for the most part, outside
Python's lock, so these threads keep two cores busy. The results do not depend on `jobs`.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock
from typing import NamedTuple

import polars as pl

from rulectl.batch.answers import Answerer, Answers
from rulectl.batch.counting import Counting
from rulectl.batch.journal import BusyError, Journal, Step
from rulectl.batch.once import Once
from rulectl.batch.sinks import Lines, Sink, number_of
from rulectl.batch.writing import PieceWriter, RejectWriter
from rulectl.cases.ahead import Ahead
from rulectl.cases.formats import BROKEN
from rulectl.cases.reader import Reject
from rulectl.cases.table import ROW, Chunk, RowReader, Table
from rulectl.cases.writer import UnwritableError
from rulectl.diagnostics import Finding, finding
from rulectl.report.summary import Summary
from rulectl.source import FilePlace, Location, RowPlace

_OTHER = {"input": "resume-other-input", "rulebook": "resume-other-rulebook", "options": "resume-other-options"}


class StopBatchError(Exception):
    """The batch cannot go on: why, and whether what was done is worth going on with."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings


@dataclass(slots=True)
class Order:
    """What is to be done. `unchanged` says whether the case file is still the one that was opened; `progress` takes the
    rows met so far, and the share of the file that they are."""

    table: Table
    rows: RowReader
    answerers: Sequence[Answerer]
    results: Sink
    rejected: Sink
    pieces: PieceWriter
    reject_pieces: RejectWriter
    journal: Journal
    resume: bool
    unchanged: Callable[[], bool]
    tell: Callable[[Iterable[Finding]], None]
    progress: Callable[[int, float], None]
    counting: Counting | None = None
    summary: Summary = field(default_factory=Summary)


class Made(NamedTuple):
    """A chunk that was decided, as it goes into the files."""

    chunk: Chunk
    answers: Answers
    piece: bytes | Lines
    counts: pl.DataFrame | None


def run(order: Order) -> int:
    """Do it; the rows that were done before by a run that is gone on with. Raises StopBatchError, UnwritableError,
    OtherEncodingError and what engines raise; then nothing stands in the place of the results."""
    worth = order.resume
    try:
        before = _begin(order)
        _decide_all(order, before)
        if not order.unchanged():
            raise StopBatchError(finding("cases-changed", FilePlace(order.table.file), file=order.table.file))
        order.rejected.assemble()
        order.results.assemble()
        # before the decisions: whoever finds these there must find all that was rejected too
        order.rejected.publish()
        order.results.publish()
        worth = False
        return sum(step.rows for step in before)
    except BusyError as busy:
        (file,) = busy.args or (order.results.path,)
        # what another run is at, or one that was cut off has left
        worth = not busy.args or order.journal.found is not None
        raise StopBatchError(finding("output-busy", FilePlace(""), file=file)) from None
    except OSError as error:
        raise _stopped(error, order) from error
    finally:
        order.results.close(worth)
        order.rejected.close(worth)
        order.journal.close(worth)


def _stopped(error: OSError, order: Order) -> Exception:
    """What the system refused, as a finding; a reader that went away is for the caller."""
    if isinstance(error, BrokenPipeError):
        return error
    slug = "disk-full" if number_of(error) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "cannot-write"
    return StopBatchError(finding(slug, FilePlace(""), file=order.results.path))


def _begin(order: Order) -> tuple[Step, ...]:
    """Take the place and open the files, where they were left or anew; the chunks that need not be decided again."""
    journal = order.journal
    journal.open(order.resume)
    place = FilePlace("")
    if order.resume:
        changed = journal.changed()
        if changed:
            raise StopBatchError(*(finding(_OTHER[name], place, file=order.results.path) for name in changed))
        if not journal.steps:
            order.tell([finding("nothing-to-resume", place, file=order.results.path)])
    elif journal.found is not None:
        order.tell([finding("unfinished-run-dropped", place, file=order.results.path)])
    while journal.steps and not (
        order.results.holds(journal.steps[-1].decided) and order.rejected.holds(journal.steps[-1].rejected)
    ):
        journal.steps.pop()
    before = tuple(journal.steps)
    order.rejected.open(before[-1].rejected if before else 0)
    order.results.open(before[-1].decided if before else 0)
    journal.begin()
    if before:
        order.summary.restore(before[-1].summary)
        rows = sum(step.rows for step in before)
        order.tell([finding("resumed", place, rows=rows, file=order.results.path)])
    return before


def _decide_all(order: Order, before: Sequence[Step]) -> None:
    once = Once(order.journal.folder)
    if order.rows.unique is not None:
        once.open(len(before))
    if order.counting is not None:
        order.counting.count(_watched(order, 0.0, 0.4), order.journal.folder)
    started = 0.4 if order.counting is not None else 0.0
    idle: SimpleQueue[Answerer] = SimpleQueue()
    for answerer in order.answerers:
        idle.put(answerer)

    writing = Lock()

    def make(chunk: Chunk, counts: pl.DataFrame | None) -> Made:
        answerer = idle.get()
        try:
            answers = answerer.answer(chunk, counts)
        finally:
            idle.put(answerer)
        # while another thread decides the next chunk; what is remembered of writing serves one thread at a time
        with writing:
            return Made(chunk, answers, order.pieces.piece(answers), counts)

    told: set[Finding] = set()
    blank = 0
    waiting: deque[Future[Made]] = deque()
    # one more than can decide: it writes what was decided before
    threads = len(order.answerers) + 1
    pool = ThreadPoolExecutor(threads, "rulectl")
    try:
        for number, chunk in enumerate(_watched(order, started, 1.0)):
            blank += chunk.blank
            if number < len(before):
                if chunk.digest != before[number].digest:
                    raise StopBatchError(finding("resume-other-input", FilePlace(""), file=order.results.path))
                continue
            counts = order.counting.of(chunk) if order.counting is not None else None
            waiting.append(pool.submit(make, chunk, counts))
            if len(waiting) > threads:
                _commit(order, waiting.popleft().result(), once, make, told)
        while waiting:
            _commit(order, waiting.popleft().result(), once, make, told)
    finally:
        pool.shutdown(cancel_futures=True)
    if blank:
        order.tell([finding("blank-rows", FilePlace(order.table.file), count=blank)])


def _watched(order: Order, start: float, stop: float) -> Iterator[Chunk]:
    """The chunks of the file, told of as they are read."""
    rows = 0
    # read while others decide and write
    chunks = Ahead(order.table.chunks(), 1)
    try:
        while True:
            try:
                chunk = next(chunks, None)
            except (OSError, *BROKEN):
                file = order.table.file
                raise StopBatchError(finding("cases-gone", FilePlace(file), file=file)) from None
            if chunk is None:
                return
            if not order.unchanged():
                raise StopBatchError(finding("cases-changed", FilePlace(order.table.file), file=order.table.file))
            rows += chunk.met
            yield chunk
            order.progress(rows, start + (stop - start) * order.table.done())
    finally:
        chunks.close()


def _commit(
    order: Order,
    made: Made,
    once: Once,
    make: Callable[[Chunk, pl.DataFrame | None], Made],
    told: set[Finding],
) -> None:
    """One chunk into the files, and into the journal."""
    if order.rows.unique is not None:
        ids, rows = made.answers.ids, made.answers.numbers
        again = once.again(ids, rows)
        if again:
            made = make(*_without(order, made, {int(rows[at]): first for at, first in again.items()}))
            ids, rows = made.answers.ids, made.answers.numbers
        once.keep(ids, rows)
    answers, rejects = made.answers, made.answers.rejects
    order.results.add(made.piece)
    order.rejected.add(order.reject_pieces.piece(rejects))
    answers.add_to(order.summary)
    order.summary.rejected += len(rejects)
    fresh = [found for found in answers.findings() if found not in told]
    told.update(fresh)
    order.tell(fresh)
    order.journal.add(
        Step(
            made.chunk.digest,
            made.chunk.met,
            order.results.position(),
            order.rejected.position(),
            order.summary.state(),
        )
    )


def _without(order: Order, made: Made, again: dict[int, int]) -> tuple[Chunk, pl.DataFrame | None]:
    """The chunk with the cases rejected that were decided before: row -> first row of the same id."""
    chunk = made.chunk
    late = chunk.frame[ROW].is_in(list(again))
    rejects: list[Reject] = list(chunk.rejects)
    for at in late.arg_true().to_list():
        number, *cells = chunk.frame.row(at)
        name = order.rows.read_name(number, tuple(cells))
        rejects.append(order.rows.again(number, name, tuple(cells)[: chunk.raw], again[number]))
    kept = chunk._replace(frame=chunk.frame.filter(~late), rejects=tuple(rejects))
    return kept, None if made.counts is None else made.counts.filter(~late)


def unwritable_finding(error: UnwritableError, file: str, encoding: str) -> Finding:
    """A text that the encoding of the results cannot hold."""
    return finding("not-in-encoding", Location(RowPlace(file, error.row, error.field), error.text), encoding=encoding)
