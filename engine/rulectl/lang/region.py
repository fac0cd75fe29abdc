"""Regions: the elementary classes of a column, and a unary test as the set of classes where it holds.

The end points and literals that a column's constant tests name cut its values into classes that no test can tell
apart. A test is then a set of class numbers, a rule is a box of such sets, and matching, overlap and gap are questions
about small integers. (Lakshman and Stiliadis, "High-speed policy-based packet forwarding using efficient
multi-dimensional range matching", SIGCOMM 1998; Calvanese et al., "Semantics, Analysis and Simplification of DMN
Decision Tables", Inf. Syst. 78, 2018.)

Class numbers: 0 is the unknown, 1 is null known for certain (no rule gave a value), 2 and up are values. Among ordered
values, points and the open stretches between them alternate: 2 below the first point, 3 the first point, 4 between.
Among texts, 2 is every text that no test names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any as Anything
from typing import assert_never

from rulectl.lang.syntax import AllOf, Any, Between, Contains, Except, Expr, Is, IsNull, Literal, OneOf, Test
from rulectl.lang.trees import nodes_of
from rulectl.types import Kind, Type
from rulectl.values import Value, and3, not3, or3

UNKNOWN = 0
ABSENT = 1
FIRST = 2

Region = tuple[tuple[int, int], ...]
"""Disjoint, sorted, non-adjacent runs of class numbers, end excluded; values only (FIRST and up)."""


def union(regions: Iterable[Region]) -> Region:
    """The classes that lie in any of the regions."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(run for region in regions for run in region):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def intersection(one: Region, other: Region) -> Region:
    """The classes that lie in both."""
    met: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, stop = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < stop:
            met.append((start, stop))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(met)


def complement(region: Region, size: int) -> Region:
    """The value classes that lie outside; `size` is one more than the last class number."""
    left: list[tuple[int, int]] = []
    at = FIRST
    for start, stop in region:
        if at < start:
            left.append((at, start))
        at = stop
    if at < size:
        left.append((at, size))
    return tuple(left)


def constants(test: Test) -> Iterator[Expr]:
    """The expressions that a test compares with."""
    match test:
        case Any() | IsNull():
            return
        case Is() | Contains():
            yield test.value
        case Between():
            yield test.low
            yield test.high
        case OneOf() | AllOf():
            for item in test.items:
                yield from constants(item)
        case Except():
            yield from constants(test.test)
        case _:
            assert_never(test)


def plain(test: Test) -> bool:
    """Whether a test compares with literals only, so that it is a region of its column."""
    literal = all(isinstance(expr, Literal) and expr.value is not None for expr in constants(test))
    return literal and not any(isinstance(node, Contains) for node in nodes_of(test))


def on_null(test: Test) -> bool | None:
    """What a test says of null: true, false, or unknown."""
    match test:
        case Any() | IsNull():
            return True
        case Is() | Between() | Contains():
            return None
        case OneOf():
            return or3(on_null(item) for item in test.items)
        case AllOf():
            return and3(on_null(item) for item in test.items)
        case Except():
            return not3(on_null(test.test))
        case _:
            assert_never(test)


def _value(expr: Expr) -> Value:
    assert isinstance(expr, Literal)
    return expr.value


@dataclass(frozen=True, slots=True)
class Partition:
    """The classes of one scalar column. `points` are the sorted end points of an ordered type, else the texts or truth
    values that are named; `number` finds a text's class at once."""

    type: Type
    points: tuple[Anything, ...]
    number: Mapping[Anything, int] = field(compare=False)
    ordered: bool = field(compare=False)

    @staticmethod
    def of(type_: Type, tests: Iterable[Test]) -> Partition:
        """The coarsest partition of a type (not a list) that keeps these plain tests apart."""
        return Partition.over(type_, {_value(expr) for test in tests for expr in constants(test)})

    @staticmethod
    def over(type_: Type, named: Collection[Value]) -> Partition:
        """The coarsest partition of a type that keeps these values, which tests compare with, apart."""
        if type_.ordered:
            points = tuple(sorted(named))  # type: ignore[type-var]  # one ordered type throughout
            return Partition(type_, points, {}, True)
        if type_.kind is Kind.BOOLEAN:
            return Partition(type_, (False, True), {False: FIRST, True: FIRST + 1}, False)
        points = tuple(sorted(named, key=str))
        return Partition(type_, points, {text: FIRST + 1 + i for i, text in enumerate(points)}, False)

    @property
    def size(self) -> int:
        """One more than the last class number."""
        if self.ordered:
            return FIRST + 2 * len(self.points) + 1
        return FIRST + len(self.points) + (0 if self.type.kind is Kind.BOOLEAN else 1)

    def locate(self, value: Value) -> int:
        """The class of a value; null is UNKNOWN."""
        if value is None:
            return UNKNOWN
        if not self.ordered:
            return self.number.get(value, FIRST)
        at = bisect_left(self.points, value)
        on = at < len(self.points) and self.points[at] == value
        return FIRST + 2 * at + (1 if on else 0)

    def coarser(self, other: Partition, number: int) -> int:
        """The class of `other`, whose points are all points of this one, that holds this one's class `number`."""
        if number < FIRST:
            return number
        if not self.ordered:
            at = number - FIRST - (0 if self.type.kind is Kind.BOOLEAN else 1)
            return other.number.get(self.points[at], FIRST) if at >= 0 else FIRST
        at, on = divmod(number - FIRST, 2)
        if on:
            return other.locate(self.points[at])
        # an open stretch: no point of the other lies inside it, so its lower end tells
        return FIRST + 2 * (bisect_right(other.points, self.points[at - 1]) if at else 0)

    def region(self, test: Test) -> Region:
        """The value classes where a plain test holds."""
        match test:
            case Any():
                return ((FIRST, self.size),)
            case IsNull():
                return ()
            case Is():
                return self._compare(test.op, _value(test.value))
            case Between():
                low = self._compare(">=" if test.low_closed else ">", _value(test.low))
                high = self._compare("<=" if test.high_closed else "<", _value(test.high))
                return intersection(low, high)
            case Contains():
                raise ValueError("what a text has in it is no region")
            case OneOf():
                return union(self.region(item) for item in test.items)
            case AllOf():
                region: Region = ((FIRST, self.size),)
                for item in test.items:
                    region = intersection(region, self.region(item))
                return region
            case Except():
                # `not(空)` holds of every value; the complement of its empty region says so
                return complement(self.region(test.test), self.size)
            case _:
                assert_never(test)

    def _compare(self, op: str, value: Value) -> Region:
        at = self.locate(value)
        match op:
            case "=":
                return ((at, at + 1),)
            case "!=":
                return complement(((at, at + 1),), self.size)
            case "<":
                runs = ((FIRST, at),)
            case "<=":
                runs = ((FIRST, at + 1),)
            case ">":
                runs = ((at + 1, self.size),)
            case _:
                runs = ((at, self.size),)
        return tuple(run for run in runs if run[0] < run[1])
