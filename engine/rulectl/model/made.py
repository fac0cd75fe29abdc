"""Sequences whose items are made when they are first asked for: of a large table few ever are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, overload

T = TypeVar("T")


class Made(Sequence[T]):
    """As many items as `size` says, each what `make` says of its number, once. They go to other processes with it."""

    __slots__ = ("_items", "_make")

    def __init__(self, size: int, make: Callable[[int], T]) -> None:
        self._items: list[Any] = [...] * size
        self._make = make

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...
    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        if isinstance(at, slice):
            return tuple([self[number] for number in range(*at.indices(len(self)))])
        item: T = self._items[at]
        if item is ...:
            item = self._items[at] = self._make(at if at >= 0 else at + len(self))
        return item

    def __iter__(self) -> Iterator[T]:
        return map(self.__getitem__, range(len(self)))
