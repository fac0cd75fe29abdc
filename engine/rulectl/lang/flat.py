"""Plain tests in short: what nearly every cell of a large table says, without a syntax tree.

A cell such as `A;B`, `<= 3` or `[100..200)` is a few pieces joined by "or", each a comparison or a range of constants.
Large tables hold hundreds of thousands of them, and a tree of six nodes for each is what loading and indexing would
spend most of their time on. Whatever is not of this form (`not(...)`, other terms, null) has no short form and is asked
of its tree; both ways lead to the same classes (lang/region.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from rulectl.lang.region import FIRST, Partition, Region, union
from rulectl.lang.syntax import Between, Expr, Is, Literal, Node, OneOf, Test
from rulectl.values import Scalar

Piece = tuple[str, Scalar] | tuple[str, Scalar, Scalar]
"""A sign and its value, or the brackets of a range and its ends: ("<=", 3), ("[..)", 100, 200)."""

Flat = tuple[Piece, ...]
"""A test as its pieces, of which one must hold. What it says of null is unknown."""

COMPARISONS: Final = frozenset(("=", "<", "<=", ">", ">="))
RANGES: Final = frozenset(("[..]", "[..)", "(..]", "(..)"))


def flat_of(test: Test) -> Flat | None:
    """The short form of a test, None where it has none."""
    match test:
        case Is(op, expr) if op in COMPARISONS:
            value = _scalar(expr)
            return None if value is None else ((op, value),)
        case Between(low, high, low_closed, high_closed):
            start, end = _scalar(low), _scalar(high)
            if start is None or end is None:
                return None
            return ((f"{'[' if low_closed else '('}..{']' if high_closed else ')'}", start, end),)
        case OneOf(items):
            parts = [flat_of(item) for item in items]
            found = [part for part in parts if part is not None]
            return tuple(chain.from_iterable(found)) if len(found) == len(parts) else None
        case _:
            return None


def _scalar(expr: Expr) -> Scalar | None:
    """The value of a literal that is neither null nor a list."""
    return expr.value if isinstance(expr, Literal) and not isinstance(expr.value, tuple) else None


def bare(node: Node) -> bool:
    """Whether a node is seen at a glance to name nothing: most are, in a large table."""
    if type(node) is Is:
        return type(node.value) is Literal
    if type(node) is Between:
        return type(node.low) is Literal and type(node.high) is Literal
    if type(node) is OneOf:
        return all(map(bare, node.items))
    return type(node) is Literal


def values_of(flat: Flat) -> Iterator[Scalar]:
    """The constants that a short test names."""
    for piece in flat:
        yield from piece[1:]


def region_of(flat: Flat, partition: Partition) -> Region:
    """The value classes where a short test holds."""
    locate, size = partition.locate, partition.size
    runs: list[tuple[int, int]] = []
    for piece in flat:
        sign, at = piece[0], locate(piece[1])
        match sign:
            case "=":
                run = (at, at + 1)
            case "<":
                run = (FIRST, at)
            case "<=":
                run = (FIRST, at + 1)
            case ">":
                run = (at + 1, size)
            case ">=":
                run = (at, size)
            case _:
                end = locate(piece[-1])
                run = (at if sign[0] == "[" else at + 1, end + 1 if sign[-1] == "]" else end)
        if run[0] < run[1]:
            runs.append(run)
    return tuple(runs) if len(runs) < 2 else union([tuple(runs)])
