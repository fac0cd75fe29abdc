"""Who asks the solver, in a program of several threads: one after the other.

The solver keeps all formulas in one context, and two threads that touch it at once end the process. So checks,
comparisons and the search for what would decide otherwise take turns: in all they do, since formulas are made far from
where they are asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_turn = RLock()


def in_turn(work: Callable[P, T]) -> Callable[P, T]:
    """The same work, done by one thread at a time; within it a thread may begin more."""

    @wraps(work)
    def waiting(*args: P.args, **named: P.kwargs) -> T:
        with _turn:
            return work(*args, **named)

    return waiting
