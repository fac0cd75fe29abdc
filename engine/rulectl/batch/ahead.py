"""Items made in a thread of their own, a few before they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int) -> Iterator[T]:
    """The items, up to `depth` of them waiting. An error in the making comes where its item would have come; whoever
    stops asking stops the making."""
    made: Queue[tuple[T] | BaseException | None] = Queue(depth)
    stop = Event()

    def make() -> None:
        try:
            for item in items:
                made.put((item,))
                if stop.is_set():
                    return
            made.put(None)
        except BaseException as error:  # whatever it is, it is raised where the item was wanted
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
            while not made.empty():  # the maker may wait for room
                made.get_nowait()
            thread.join(0.01)
