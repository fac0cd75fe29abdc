"""What was worked out is kept by what it was worked out of, and all of it is forgotten when there is too much.

Forgetting one thing at a time, the longest unused first, would cost at each look-up what forgetting all costs once in
thousands; what is asked for often is soon there again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(dict[K, V]):
    """Things by what they were worked out of, at most so many."""

    __slots__ = ("most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def keep(self, key: K, value: V) -> V:
        """Remember a thing, and say it."""
        if len(self) >= self.most:
            self.clear()
        self[key] = value
        return value


class Asked(Memo[K, V]):
    """The same, worked out when it is asked for: `asked[key]`."""

    __slots__ = ("_work_out",)

    def __init__(self, most: int, work_out: Callable[[K], V]) -> None:
        super().__init__(most)
        self._work_out = work_out

    def __missing__(self, key: K) -> V:
        return self.keep(key, self._work_out(key))
