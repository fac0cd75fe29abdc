"""A batch from its first row to its last: read, decide, write, chunk by chunk, in bounded memory.

One thread reads chunks, a crew decides them and makes what goes into the files, and the main thread puts it there, in
order. The results do not depend on who decides (`crew.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Semaphore
from typing import NamedTuple

import polars as pl

from rulectl.batch import heap
from rulectl.batch.counting import Counting
from rulectl.batch.crew import Crew, Part, Task
from rulectl.batch.journal import BusyError, Journal, Step
from rulectl.batch.once import Once
from rulectl.batch.sinks import Sink, number_of
from rulectl.batch.worker import WorkerGoneError
from rulectl.cases.ahead import Ahead
from rulectl.cases.formats import BROKEN
from rulectl.cases.reader import Reject
from rulectl.cases.repeated import PassedOver
from rulectl.cases.table import ROW, Chunk, RowReader, Table
from rulectl.cases.writer import UnwritableError
from rulectl.diagnostics import Finding, finding
from rulectl.model.rulebook import Rulebook
from rulectl.report.summary import Summary
from rulectl.source import FULL, FilePlace, Location, RowPlace

_OTHER = {"input": "resume-other-input", "rulebook": "resume-other-rulebook", "options": "resume-other-options"}

_AHEAD = 2
"""So many chunks are read ahead of the one that waits to be decided. One of wide rows takes six times its bytes."""

_COUNTED = 0.4
"""The share of the work when all cases are read that facts are counted over, and none is decided."""


class StopBatchError(Exception):
    """The batch cannot go on: why, and whether what was done is worth going on with."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings


@dataclass(slots=True)
class Order:
    """What is to be done. `crew` gathers who decides. `unchanged` says whether the case file is still the one that was
    opened; `progress` takes the rows that this run has done, and the share of the work that is done."""

    rulebook: Rulebook
    table: Table
    rows: RowReader
    crew: Callable[[], Crew]
    results: Sink
    rejected: Sink
    journal: Journal
    resume: bool
    unchanged: Callable[[], bool]
    tell: Callable[[Iterable[Finding]], None]
    progress: Callable[[int, float], None]
    counting: Counting | None = None
    summary: Summary = field(default_factory=Summary)


class _Read(NamedTuple):
    """A chunk, the rows met up to its end, and the share of the file that they are."""

    chunk: Chunk
    rows: int
    share: float


def run(order: Order) -> int:
    """Do it; the rows that were done before by a run that is gone on with. Raises StopBatchError, UnwritableError,
    OtherEncodingError and what engines raise; then nothing stands in the place of the results."""
    worth = order.resume
    try:
        before = _begin(order)
        _decide_all(order, before)
        order.summary.arrange(order.rulebook)
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
    except WorkerGoneError:
        raise StopBatchError(finding("worker-gone", FilePlace(""), file=order.results.path)) from None
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
    slug = "disk-full" if number_of(error) in FULL else "cannot-write"
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
        with closing(_counted(order)) as chunks:
            order.counting.count(chunks, order.journal.folder)
        heap.give_back()
    passed = PassedOver()
    waiting: deque[tuple[_Read, Task]] = deque()
    with closing(order.crew()) as crew, closing(_read(order, crew.slow)) as reads:
        commit = _Commit(order, crew, once)
        for number, read in enumerate(reads):
            read.chunk.pass_over(passed)
            if number < len(before):
                if read.chunk.digest != before[number].digest:
                    raise StopBatchError(finding("resume-other-input", FilePlace(""), file=order.results.path))
                commit.skip(read)
                continue
            # with the next chunk in hand: the crew is to know at once when there is none
            while waiting and (waiting[0][1].done or crew.full(len(waiting))):
                commit.chunk(*waiting.popleft())
                crew.tidy()
            counts = order.counting.of(read.chunk) if order.counting is not None else None
            waiting.append((read, crew.put(read.chunk, counts)))
        crew.over()
        while waiting:
            commit.chunk(*waiting.popleft())
            crew.tidy()
    if crew.missing:
        order.tell([finding("workers-missing", FilePlace(""), count=crew.missing)])
    order.tell(passed.findings(order.table.file))


def _read(order: Order, slow: Callable[[], bool]) -> Generator[_Read, None, None]:
    """The chunks of the file, each as it is read; one at a time where rows take so long (`slow`) that none is waited
    for. To be closed: where polars is at work, Ctrl-C comes from it and from Python, and where this is only forgotten,
    the second one is told as an error."""
    rows = 0
    room, taken = Semaphore(_AHEAD), 0

    def made_ahead() -> Iterator[tuple[Chunk, float]]:
        for chunk in order.table.chunks():
            # how far it has come is asked where it reads
            yield chunk, order.table.done()
            room.acquire()

    # read while others decide and write
    chunks = Ahead(made_ahead(), 1)
    try:
        while True:
            try:
                made = next(chunks, None)
            except (OSError, *BROKEN):
                file = order.table.file
                raise StopBatchError(finding("cases-gone", FilePlace(file), file=file)) from None
            if made is None:
                return
            if not order.unchanged():
                raise StopBatchError(finding("cases-changed", FilePlace(order.table.file), file=order.table.file))
            chunk, share = made
            rows += chunk.met
            yield _Read(chunk, rows, share)
            # the chunk is under way: room for another, but for what is held back
            taken += 1
            back = taken - (_AHEAD if slow() else 0)
            if back > 0:
                room.release(back)
                taken -= back
    finally:
        room.release(_AHEAD)
        chunks.close()


def _counted(order: Order) -> Generator[Chunk, None, None]:
    """The chunks of the file, for facts to be counted over all of them."""
    with closing(_read(order, lambda: False)) as reads:
        for read in reads:
            yield read.chunk
            order.progress(read.rows, _COUNTED * read.share)


class _Commit:
    """Puts chunks into the files, and into the journal."""

    def __init__(self, order: Order, crew: Crew, once: Once) -> None:
        self._order = order
        self._crew = crew
        self._once = once
        self._told: set[Finding] = set()
        self._before = 0.0 if order.counting is None else _COUNTED
        self._share = 0.0
        self._skipped = 0

    def skip(self, read: _Read) -> None:
        """A chunk that was decided by an earlier run: of no account in how fast this one is."""
        self._share, self._skipped = read.share, read.rows

    def chunk(self, read: _Read, task: Task) -> None:
        """One chunk, once all of it is decided."""
        order = self._order
        parts = list(self._shown(read, task))
        if order.rows.unique is not None:
            parts = self._first(parts)
        made = [part.made.result() for part in parts]
        order.results.add(*(one.piece for one in made))
        rejected = [one.rejected for one in made if one.rejected]
        if rejected:
            order.rejected.add(*rejected)
        for one in made:
            order.summary.merge(one.summary)
        fresh = [found for one in made for found in one.findings if found not in self._told]
        self._told.update(fresh)
        order.tell(dict.fromkeys(fresh))
        order.journal.add(
            Step(
                read.chunk.digest,
                read.chunk.met,
                order.results.position(),
                order.rejected.position(),
                order.summary.state(),
            )
        )

    def _shown(self, read: _Read, task: Task) -> Iterator[Part]:
        """The parts of a chunk, told of as they are done."""
        left, start = max(1, read.chunk.frame.height), self._share
        done = 0
        for part in self._crew.parts(task):
            yield part
            done += part.chunk.frame.height
            share = start + (read.share - start) * min(1.0, done / left)
            rows = read.rows - (left - done if done < left else 0)
            self._order.progress(rows - self._skipped, self._before + (1.0 - self._before) * share)
        self._share = read.share

    def _first(self, parts: Sequence[Part]) -> list[Part]:
        """The parts, those decided again in which an id came that was there before: without those cases."""
        ids, rows = _named(parts)
        again = self._once.again(ids, rows)
        if again:
            first_of = {int(rows[at]): first for at, first in again.items()}
            redone: dict[int, Task] = {}
            for number, part in enumerate(parts):
                late = part.chunk.frame[ROW].is_in(list(first_of))
                if late.any():
                    redone[number] = self._crew.put(*_without(self._order, part, late, first_of), first=True)
            done = {number: list(self._crew.parts(task)) for number, task in redone.items()}
            parts = [fresh for number, part in enumerate(parts) for fresh in done.get(number, [part])]
            ids, rows = _named(parts)
        self._once.keep(ids, rows)
        return list(parts)


def _named(parts: Sequence[Part]) -> tuple[pl.Series, pl.Series]:
    """The ids and the row numbers of the cases of some parts."""
    made = [part.made.result() for part in parts]
    return pl.concat([one.ids for one in made]), pl.concat([one.numbers for one in made])


def _without(
    order: Order, part: Part, late: pl.Series, first_of: Mapping[int, int]
) -> tuple[Chunk, pl.DataFrame | None]:
    """Rows with the `late` cases rejected, which were decided before: row -> first row of the same id."""
    chunk = part.chunk
    rejects: list[Reject] = list(chunk.rejects)
    for number, *cells in chunk.frame.filter(late).iter_rows():
        name = order.rows.read_name(number, tuple(cells))
        rejects.append(order.rows.again(number, name, tuple(cells)[: chunk.raw], first_of[number]))
    kept = chunk._replace(frame=chunk.frame.filter(~late), rejects=tuple(rejects))
    return kept, None if part.counts is None else part.counts.filter(~late)


def unwritable_finding(error: UnwritableError, file: str, encoding: str) -> Finding:
    """A text that the encoding of the results cannot hold."""
    return finding("not-in-encoding", Location(RowPlace(file, error.row, error.field), error.text), encoding=encoding)
