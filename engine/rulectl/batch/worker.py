"""A process that decides: rows in through one pipe, what goes into the files out through another.

Deciding that computes in Python is bound to one processor, however many threads there are; a process for each is not.
A worker is a plain child that loads the program anew (a fork would copy the threads' locks without the threads), is
handed the compiled rulebook, and forgets by itself what its engine has too much of. It ends when its pipe does, also in
the middle of deciding: whatever becomes of the one who started it, no worker is left behind.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any, BinaryIO, NamedTuple, TypeVar

import polars as pl

from rulectl.batch import heap
from rulectl.batch.making import Made, Maker, Making
from rulectl.cases.table import Chunk

_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from rulectl.batch.worker import main; main()"
"""What a worker runs, on the path of the one who starts it; by itself Python would look in the folder of the cases."""

_ALONE = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""There is a worker for each processor already."""

_BUFFER = 1 << 16


T = TypeVar("T")


class WorkerGoneError(Exception):
    """A worker has ended that nobody told to."""


class Done(NamedTuple):
    """What a worker made of some rows, and the seconds that its processor took for it."""

    made: Made
    seconds: float


class Failed(NamedTuple):
    """An error in its parts: not every error can be put together again from what it says."""

    kind: type[BaseException]
    args: tuple[object, ...]
    state: dict[str, object]

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        error.add_note("".join(traceback.format_exception(error)))
        return cls(type(error), error.args, dict(error.__dict__))

    def error(self) -> BaseException:
        error = self.kind.__new__(self.kind, *self.args)
        error.__dict__.update(self.state)
        return error


# -- the side of the one who starts it -----------------------------------------------------------------------------


def possible() -> bool:
    """Whether there is a Python to run workers with: a program that carries its own inside has none."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def order(making: Making) -> bytes:
    """What a worker must know before anything else; made once for all of them."""
    return pickle.dumps((gc.get_threshold(), making), pickle.HIGHEST_PROTOCOL)


class Worker:
    """A worker process. Raises OSError where there can be no further one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("RULECTL_DEBUG") else subprocess.DEVNULL,
            bufsize=_BUFFER,
            env={**os.environ, **_ALONE, **heap.of_worker()},
            # Ctrl-C is for the one who started it
            process_group=0,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    def begin(self, order: bytes) -> None:
        """Have it load the rulebook, until it has. Raises WorkerGoneError, and what was raised there."""
        self._ask(lambda to: to.write(order))

    def make(self, chunk: Chunk, counts: pl.DataFrame | None) -> Done:
        """Have rows decided. Raises WorkerGoneError, and what was raised there."""
        done = self._ask(lambda to: pickle.dump((chunk, counts), to, pickle.HIGHEST_PROTOCOL))
        assert isinstance(done, Done)
        return done

    def _ask(self, send: Callable[[IO[bytes]], object]) -> object:
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None
        assert answers is not None
        try:
            send(to)
            to.flush()
            answer = pickle.load(answers)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            raise WorkerGoneError from None
        if isinstance(answer, Failed):
            raise answer.error()
        return answer

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what it did not read is nowhere
                    pipe.close()


# -- the side of the worker ----------------------------------------------------------------------------------------


def main() -> None:
    """Decide what comes through standard input until there is no more."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", _BUFFER)
    # whoever prints does not print into the answers
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    gc.disable()
    asked: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, asked), daemon=True).start()
    pace, making = asked.get()
    ready = _tried(lambda: _maker(making))
    _send(answers, ready if isinstance(ready, Failed) else None)
    gc.freeze()
    gc.set_threshold(*pace)
    gc.enable()
    while isinstance(ready, Maker):
        _send(answers, _tried(lambda: _done(ready, *asked.get())))


def _maker(making: Making) -> Maker:
    if making.engine != "durable":
        return Maker(making)
    from rulectl.runtime.durable_engine import DurableEngine  # late: few batches are decided by it

    return Maker(making, DurableEngine(making.rulebook).decide)


def _done(maker: Maker, chunk: Chunk, counts: pl.DataFrame | None) -> Done:
    began = time.thread_time()
    made = maker.write(maker.answer(chunk, counts))
    return Done(made._replace(piece=bytes(made.piece)), time.thread_time() - began)


def _tried(make: Callable[[], T]) -> T | Failed:
    """What is made, or why it could not be."""
    try:
        return make()
    except Exception as error:  # whatever it is, it is raised again where the answer is waited for
        return Failed.of(error)


def _send(answers: BinaryIO, answer: Done | Failed | None) -> None:
    if isinstance(answer, Failed):
        try:
            pickle.dumps(answer)
        except (pickle.PicklingError, TypeError, AttributeError):  # an error may hold what cannot be sent
            answer = Failed(RuntimeError, (repr(answer)[:200],), {})
    pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
    answers.flush()


def _listen(stream: BinaryIO, asked: SimpleQueue[Any]) -> None:
    """Take in what comes. Where nothing can come any more, nobody waits for an answer either."""
    try:
        while True:
            asked.put(pickle.load(stream))
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
