"""Things by number: each once, numbered in the order in which they are met, so that what is asked of many of them again
and again is asked of small integers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Numbered(Generic[T]):
    """Things by number, each once, in the order in which they are met."""

    __slots__ = ("items", "numbers")

    def __init__(self, *first: T) -> None:
        self.items: list[T] = list(first)
        self.numbers: dict[T, int] = {item: number for number, item in enumerate(first)}

    def number(self, item: T) -> int:
        """The number of a thing, a new one where it is met for the first time."""
        found = self.numbers.get(item)
        if found is None:
            found = self.numbers[item] = len(self.items)
            self.items.append(item)
        return found

    def __len__(self) -> int:
        return len(self.items)
