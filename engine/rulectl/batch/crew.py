"""Who decides the chunks of a batch: engines in threads of this process, and where that pays, workers beside it.

Engines in threads share memory, and on rows that repeat most of their work is done outside Python's lock: a million
such rows take little longer than it takes to start a worker. Where hardly two rows are alike the lock is held nearly
all the time, and only processes use a second processor. Nobody can know beforehand. So a batch begins in threads, and
the processor time a row is what tells: where it stays high and enough rows are left, workers are started, and the
engines here go on until these are ready.

Chunks wait in a line. Whoever is free cuts off as many rows as take a while; the one who commits puts the parts
together again, in their order, so that nothing of this can be seen in the results.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Lock, Thread
from typing import NamedTuple

import polars as pl

from rulectl.batch import heap
from rulectl.batch.answers import Answers
from rulectl.batch.making import Made, Maker, Making
from rulectl.batch.worker import Worker, WorkerGoneError, order
from rulectl.cases.table import ROW, Chunk

PACE = 10e-6
"""Seconds of processor time a row from which on workers are thought of. To send a row to a worker and its results back
takes two millionths."""

WORTH = 3.0
"""Seconds of deciding that must be left: workers take half a second until they are ready, and each has to learn what
the engines here know."""

TURN, SHORT = 1.5, 0.75
"""Seconds of deciding in one part, and in one of the last, for which some will wait who have nothing more to do. A
frame of a rulebook of hundreds of tables costs a quarter of a second whatever its rows."""

FRESH = 5
"""How many times as long as later ones the rows of the first part take, on most rulebooks."""

FIRST = 250_000
"""Cells of the first part, by which the pace is taken. The first piece of a delimited file has fewer and stays whole,
which matters where rows take little time; the first of others would be long where they take much."""

LEAST = 200
"""Rows of a part at least; fewer say nothing of the pace. Where cases are decided one at a time, the first part has no
more: there is no frame to pay for, and they take long."""


class Part(NamedTuple):
    """Some rows of a chunk, in the form of one, and what becomes of them."""

    chunk: Chunk
    counts: pl.DataFrame | None
    made: Future[Made]


@dataclass(slots=True, eq=False)
class Task:
    """A chunk under way: the parts that were cut off so far (`at` rows), and whether these are all of it."""

    chunk: Chunk
    counts: pl.DataFrame | None
    parts: list[Part] = field(default_factory=list)
    at: int = 0
    whole: bool = False

    @property
    def done(self) -> bool:
        return self.whole and all(part.made.done() for part in self.parts)

    @property
    def left(self) -> int:
        return self.chunk.frame.height - self.at

    def cut(self, most: int) -> Part:
        """The next rows: about `most`, such that those after them are not much fewer."""
        start, left = self.at, self.left
        rows = -(-left // max(1, round(left / most))) if left > most else left
        self.at += rows
        self.whole = rows == left
        chunk, counts = self.chunk, self.counts
        if rows < chunk.frame.height:
            chunk = self._rows(start, self.at)
            counts = None if counts is None else counts.slice(start, rows)
        part = Part(chunk, counts, Future())
        self.parts.append(part)
        return part

    def _rows(self, start: int, end: int) -> Chunk:
        """Rows of the frame, with the rejected ones among them and those before the next."""
        chunk = self.chunk
        numbers = chunk.frame[ROW]
        first = numbers[start] if start else 0
        rejects = (r for r in chunk.rejects if r.number >= first and (self.whole or r.number < numbers[end]))
        return chunk._replace(frame=chunk.frame.slice(start, end - start), rejects=tuple(rejects))


class _Turns(NamedTuple):
    """An engine here, and who may use it: one thread decides, another writes what it decided before."""

    maker: Maker
    deciding: Lock
    writing: Lock


class Crew:
    """Decides chunks in the order in which they are put. `makers` are the engines here, `beside` is how many workers
    may come: at once where there is no engine here. `missing` of them could not be started."""

    def __init__(self, making: Making, makers: Sequence[Maker], beside: int) -> None:
        self.missing = 0
        self._making = making
        self._here = len(makers)
        self._beside = beside
        self._ordering = Lock()
        self._order: bytes | None = None
        # held by whoever looks at what is below
        self._turn = Condition()
        self._line: deque[Task] = deque()
        self._uncut = self._decided = 0
        self._paces: deque[float] = deque(maxlen=2)
        self._writings: deque[float] = deque(maxlen=2)
        self._begun = self._hired = self._over = self._closed = False
        self._ready = 0
        self._workers: list[Worker] = []
        self._threads: list[Thread] = []
        self._error: BaseException | None = None
        for maker in makers:
            turns = _Turns(maker, Lock(), Lock())
            self._start(partial(self._serve_here, turns))
            self._start(partial(self._serve_here, turns))
        self._here_threads = tuple(self._threads)
        self._left = False
        self._tidied = time.monotonic()
        if not makers:
            self._hire()

    # -- for the one who commits --------------------------------------------------------------------------------

    def put(self, chunk: Chunk, counts: pl.DataFrame | None, first: bool = False) -> Task:
        """Have a chunk decided, after the others or before them; `counts` holds facts counted for each of its rows."""
        task = Task(chunk, counts)
        with self._turn:
            (self._line.appendleft if first else self._line.append)(task)
            self._uncut += task.left
            self._turn.notify_all()
        return task

    def full(self, waiting: int) -> bool:
        """Whether nobody gains by another chunk where so many wait to be committed."""
        with self._turn:
            if not self._ready:
                return waiting > self._here + 1
            if waiting > self._beside + 2:
                return True
            # while the first is waited for, others go on with the next
            return waiting > 1 and bool(self._line) and self._uncut > self._beside * self._most(self._line[0])

    def over(self) -> None:
        """There are no more chunks."""
        self._over = True

    def parts(self, task: Task) -> Iterator[Part]:
        """The parts of a chunk in their order, each when it is done."""
        number = 0
        while (part := self._part(task, number)) is not None:
            part.made.result()
            yield part
            number += 1

    def _part(self, task: Task, number: int) -> Part | None:
        """A part as soon as it is cut off; None where the chunk has no more of them."""
        with self._turn:
            self._turn.wait_for(lambda: task.whole or len(task.parts) > number or self._error is not None)
            if self._error is not None:
                raise self._error
            return task.parts[number] if number < len(task.parts) else None

    def slow(self) -> bool:
        """Whether rows take so long that reading them never does."""
        with self._turn:
            return bool(self._paces) and self._pace >= PACE

    def tidy(self) -> None:
        """Between two chunks: where rows take long, now and then give back what was held for the last, and what
        engines held that went home."""
        if not self.slow() or time.monotonic() < self._tidied + TURN:
            return
        self._tidied = time.monotonic()
        home = bool(self._ready) and not any(thread.is_alive() for thread in self._here_threads)
        heap.give_back(cycles=home and not self._left)
        self._left = home

    def close(self) -> None:
        """Send everybody home, and wait until they are gone."""
        with self._turn:
            self._closed = True
            self._line.clear()
            workers = tuple(self._workers)
            self._turn.notify_all()
        for worker in workers:
            worker.close()
        for thread in self._threads:
            thread.join()

    # -- the line -----------------------------------------------------------------------------------------------

    def _next(self, here: bool) -> Part | None:
        """The next rows to decide; None: go home."""
        with self._turn:
            while not self._closed and not (here and self._ready == self._beside > 0):
                # the first part tells how many rows make a part
                if self._line and (self._paces or not self._begun or not self._beside):
                    return self._cut()
                self._turn.wait()
        return None

    def _cut(self) -> Part:
        task = self._line[0]
        before = task.left
        part = task.cut(self._most(task))
        self._uncut -= before - task.left
        self._begun = True
        if task.whole:
            self._line.popleft()
        self._turn.notify_all()
        return part

    def _most(self, task: Task) -> int:
        """How many rows make a part."""
        whole = max(1, task.chunk.frame.height)
        if not self._beside:
            return whole
        if not self._paces:
            return LEAST if self._making.singly else max(LEAST, FIRST // task.chunk.frame.width)
        pace = self._pace
        if pace < PACE:
            return whole
        share = self._uncut // (2 * self._beside) if self._over and self._hired else whole
        return max(LEAST, int(SHORT / pace), min(int(TURN / pace), share))

    @property
    def _pace(self) -> float:
        """Seconds a row, to decide and to write."""
        return self._paces[-1] + (self._writings[-1] if self._writings else 0.0)

    def _measured(self, rows: int, seconds: float, written: bool = False) -> None:
        """To decide so many rows (`written`: and to write what was decided) took so many seconds of processor time."""
        with self._turn:
            if written:
                self._writings.clear()
            self._decided += rows
            self._paces.append(seconds / max(rows, LEAST))
            self._turn.notify_all()
            self._consider()

    def _wrote(self, rows: int, seconds: float) -> None:
        """To write what was decided of so many rows took so many seconds, later than they were decided."""
        with self._turn:
            self._writings.append(seconds / max(rows, LEAST))
            self._consider()

    def _consider(self) -> None:
        """Have workers come if they pay."""
        if self._hired or not self._beside or min(self._paces) + min(self._writings, default=0.0) < PACE:
            return
        # nobody knows how many rows there are: as many again as there were, unless the file has been read
        left = self._uncut if self._over else max(self._uncut, self._decided)
        # whatever comes in the first part is met for the first time
        if left * self._pace >= WORTH * (FRESH if len(self._paces) == 1 else 1):
            self._hire()

    # -- engines here -------------------------------------------------------------------------------------------

    def _start(self, serve: Callable[[], None]) -> None:
        thread = Thread(target=serve, name="rulectl", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve_here(self, turns: _Turns) -> None:
        while self._decide_here(turns):
            pass

    def _decide_here(self, turns: _Turns) -> bool:
        """One part; whether there may be more. What it held is let go before the next is waited for."""
        with turns.deciding:
            part = self._next(here=True)
            if part is None:
                return False
            try:
                began = time.thread_time()
                answers: Answers = turns.maker.answer(part.chunk, part.counts)
                self._measured(part.chunk.frame.height, time.thread_time() - began)
            except BaseException as error:  # whatever it is, it is raised where the part is waited for
                part.made.set_exception(error)
                return True
        with turns.writing:
            try:
                began = time.thread_time()
                made = turns.maker.write(answers)
                self._wrote(part.chunk.frame.height, time.thread_time() - began)
                part.made.set_result(made)
            except BaseException as error:  # the same
                part.made.set_exception(error)
        return True

    # -- workers ------------------------------------------------------------------------------------------------

    def _hire(self) -> None:
        self._hired = True
        for _ in range(self._beside):
            self._start(self._serve_beside)

    def _serve_beside(self) -> None:
        """Start a worker and keep it busy."""
        try:
            worker = self._worker()
        except (OSError, WorkerGoneError):
            self._missed()
        except BaseException as error:  # the same
            self._fail(error)
        else:
            while worker is not None and self._decide_beside(worker):
                pass

    def _worker(self) -> Worker | None:
        """A worker that can decide; None where none is needed any more. Raises OSError, WorkerGoneError, and what went
        wrong while it was getting ready."""
        with self._ordering:
            self._order = self._order or order(self._making)
        with self._turn:
            if self._closed:
                return None
            worker = Worker()
            self._workers.append(worker)
        worker.begin(self._order)
        with self._turn:
            self._ready += 1
            self._turn.notify_all()
        return worker

    def _decide_beside(self, worker: Worker) -> bool:
        part = self._next(here=False)
        if part is None:
            return False
        try:
            done = worker.make(part.chunk, part.counts)
        except BaseException as error:  # the same
            part.made.set_exception(error)
            return True
        self._measured(part.chunk.frame.height, done.seconds, written=True)
        part.made.set_result(done.made)
        return True

    def _missed(self) -> None:
        """A worker could not be started. The others do without it, if there are any."""
        with self._turn:
            if self._closed:
                return
            self.missing += 1
            if not self._here and self.missing == self._beside:
                self._error = WorkerGoneError()
            self._turn.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._turn:
            self._error = self._error or error
            self._turn.notify_all()
