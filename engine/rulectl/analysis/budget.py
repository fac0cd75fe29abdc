"""A budget of time: what is not settled when it is spent is reported as undecided, never dropped.

The general question (is there a case that no rule meets?) is coNP-complete in the number of columns (Calvanese et al.,
Inf. Syst. 78, 2018), so every search asks its budget now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

EVERY = 64
"""Of rules that are looked at one after the other, each of so many asks the budget: the clock costs more than one."""

_SHARE = 4
"""One question may take this part of what is left, so that a hard one does not starve those after it."""


class OutOfTime(Exception):  # noqa: N818 - not an error: the question stays undecided
    """The budget of a question is spent."""


@dataclass(slots=True)
class Budget:
    """Time until `deadline` on `clock`, in seconds."""

    deadline: float = inf
    clock: Callable[[], float] = time.monotonic

    @staticmethod
    def of(seconds: float | None, clock: Callable[[], float] = time.monotonic) -> Budget:
        """So many seconds from now; None is without end."""
        return Budget(inf if seconds is None else clock() + seconds, clock)

    @property
    def left(self) -> float:
        """Seconds left, 0 at least."""
        return max(0.0, self.deadline - self.clock())

    def check(self) -> None:
        """Raise OutOfTime when the time is up."""
        if self.clock() >= self.deadline:
            raise OutOfTime

    def part(self) -> Budget:
        """The budget of one question of many."""
        now = self.clock()
        return Budget(now + (self.deadline - now) / _SHARE, self.clock) if self.deadline != inf else self

    def without(self, part: float) -> Budget:
        """The budget with a part of what is left kept back."""
        return Budget(self.deadline - part * self.left, self.clock) if self.deadline != inf else self
