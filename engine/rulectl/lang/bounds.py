"""Bounds: which way a test bounds its column, and what two of them leave between or cover together."""

from __future__ import annotations

from collections.abc import Sequence

from rulectl.lang.syntax import Between, Expr, Is, Literal, Test


def lower(test: Test) -> tuple[Expr, bool] | None:
    """A lower bound and whether it is in."""
    return (test.value, test.op == ">=") if isinstance(test, Is) and test.op in (">", ">=") else None


def upper(test: Test) -> tuple[Expr, bool] | None:
    """An upper bound and whether it is in."""
    return (test.value, test.op == "<=") if isinstance(test, Is) and test.op in ("<", "<=") else None


def below(low: Expr, high: Expr) -> bool | None:
    """Whether a bound is less than another; None when that is not known before the case is."""
    one, other = (end.value if isinstance(end, Literal) else None for end in (low, high))
    if one is None or other is None or type(one) is not type(other) or isinstance(one, tuple):
        return None
    return one < other  # type: ignore[operator]  # both are of one ordered type: the parser has seen to it


def covering(tests: Sequence[Test]) -> Between | None:
    """What lies between two of the tests that, either being enough, are true of every value: `>3`, `<7`."""
    for low in filter(None, map(lower, tests)):
        for high in filter(None, map(upper, tests)):
            if below(low[0], high[0]):
                return Between(low[0], high[0], low[1], high[1])
    return None
