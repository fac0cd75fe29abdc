"""A file that is longer than the memory, frame by frame: reading, deciding and writing at the same time.

polars and numpy let go of the interpreter's lock while they work, so threads do keep both cores busy. Each stage runs a
few frames ahead of the next and no further.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

import numpy as np
import polars as pl

from rulectl.cases.headings import Plan as Headings
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.seen import Seen

T = TypeVar("T")

_AHEAD = 2
"""Frames that wait between two stages."""


def ahead(items: Iterable[T], depth: int = _AHEAD) -> Iterator[T]:
    """The items, made in a thread of their own, up to `depth` before they are asked for. An error in the making comes
    where its item would have come; whoever stops asking stops the making."""
    made: Queue[tuple[T] | BaseException | None] = Queue(depth)
    stop = Event()

    def make() -> None:
        try:
            for item in items:
                made.put((item,))
                if stop.is_set():
                    return
            made.put(None)
        except BaseException as error:
            made.put(error)

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            item = made.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        stop.set()
        while thread.is_alive():
            # the maker may wait for room
            while not made.empty():
                made.get_nowait()
            thread.join(0.01)


def decide_frames(
    engine: ColumnarEngine, frames: Iterable[pl.DataFrame], headings: Headings, *, file: str = ""
) -> Iterator[Decided]:
    """Decide frames that follow each other in a file, rows numbered from 1. Frames are read ahead of deciding, and
    decided ahead of whoever writes. Not for rulebooks that count facts across cases: these need one frame."""
    seen = Seen()

    def decide() -> Iterator[Decided]:
        start = 1
        for frame in ahead(frames):
            numbers = np.arange(start, start + frame.height, dtype=np.int64)
            start += frame.height
            yield engine.decide(frame, headings, file=file, numbers=numbers, seen=seen)

    return ahead(decide())
