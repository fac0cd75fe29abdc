"""Items made in a thread of their own, a few before they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Iterator[T], Generic[T]):
    """The items, up to `depth` of them waiting; the making begins at once. An error in it comes where its item would
    have come; whoever wants no more closes, which stops the making."""

    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._made: Queue[tuple[T] | BaseException | None] = Queue(depth)
        self._stop = Event()
        self._over = False
        self._thread = Thread(target=self._make, args=(items,), daemon=True)
        self._thread.start()

    def _make(self, items: Iterable[T]) -> None:
        try:
            for item in items:
                self._made.put((item,))
                if self._stop.is_set():
                    return
            self._made.put(None)
        except BaseException as error:  # whatever it is, it is raised where the item was wanted
            self._made.put(error)

    def __next__(self) -> T:
        if self._over:
            raise StopIteration
        item = self._made.get()
        if isinstance(item, tuple):
            return item[0]
        self.close()
        if item is None:
            raise StopIteration
        raise item

    def close(self) -> None:
        """Stop the making, and wait until it has."""
        self._over = True
        self._stop.set()
        while self._thread.is_alive():
            while not self._made.empty():  # the maker may wait for room
                self._made.get_nowait()
            self._thread.join(0.01)
