"""Classes as people say them: a value of a class, plain ones first, and a set of classes as a condition to write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any as Anything

from rulectl.lang.region import ABSENT, FIRST, Partition, Region, intersection
from rulectl.lang.syntax import ANYTHING, Between, Comparison, Except, Is, IsNull, Literal, OneOf, Test
from rulectl.types import Kind, Type, fits
from rulectl.values import CONTEXT, Value, plain_text

_OPPOSITE: dict[Comparison, Comparison] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

OTHER_TEXTS = ("其他", "其它", "别的", "另外的")
"""What stands for a text that no rule names."""

PLAIN = (*map(Decimal, range(11)), Decimal(100))
DAY = dt.date(2025, 1, 1)
"""Numbers and a day that are easy to read."""

_STEPS: dict[Kind, Anything] = {
    Kind.DATE: dt.timedelta(days=1),
    Kind.DATETIME: dt.timedelta(minutes=1),
    Kind.DURATION: dt.timedelta(days=1),
}
_FINEST: dict[Kind, dt.timedelta] = {
    Kind.DATE: dt.timedelta(days=1),
    Kind.DATETIME: dt.timedelta(seconds=1),
    Kind.DURATION: dt.timedelta(seconds=1),
}
_SOME: dict[Kind, Anything] = {
    Kind.NUMBER: Decimal(0),
    Kind.DATE: dt.date(2025, 1, 1),
    Kind.DATETIME: dt.datetime(2025, 1, 1, 12),
    Kind.DURATION: dt.timedelta(days=1),
}


def inhabited(partition: Partition, type_: Type) -> Region:
    """The value classes of a partition in which some value of a type lies: allowed values, the least and the greatest
    number, days with no other day between them."""
    if partition.ordered:
        return _ordered(partition, type_)
    if type_.values and type_.kind.textual:
        numbers = sorted({partition.locate(text) for text in type_.values})
        return _runs(numbers)
    return ((FIRST, partition.size),)


def _ordered(partition: Partition, type_: Type) -> Region:
    start, stop = FIRST, partition.size
    if type_.kind is Kind.NUMBER:
        # an open stretch in which a bound lies is cut by it, and keeps a value unless the bound is its only end
        if type_.low is not None:
            start = partition.locate(type_.low)
        if type_.high is not None:
            stop = partition.locate(type_.high) + 1
        return ((start, stop),) if start < stop else ()
    points = partition.points
    finest = _FINEST[type_.kind]
    numbers = []
    for number in range(start, stop):
        at, on = divmod(number - FIRST, 2)
        if on or not 0 < at < len(points) or points[at] - points[at - 1] > finest:
            numbers.append(number)
    return _runs(numbers)


def _runs(numbers: Iterable[int]) -> Region:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return tuple(runs)


def sample(partition: Partition, number: int, type_: Type) -> Value:
    """A value of a class, such as a person would think of; None for the class of null."""
    if number < FIRST:
        return None
    if not partition.ordered:
        return _text(partition, number, type_)
    at, on = divmod(number - FIRST, 2)
    points = partition.points
    if on:
        value: Value = points[at]
        return value
    below = points[at - 1] if at else None
    above = points[at] if at < len(points) else None
    if type_.kind is Kind.NUMBER:
        return _number(below, above, type_)
    step = _STEPS[type_.kind]
    if below is None:
        found: Value = _SOME[type_.kind] if above is None else above - step
        return found
    if above is None or below + step < above:
        after: Value = below + step
        return after
    between: Value = below + _FINEST[type_.kind]
    return between


def plainest(values: Sequence[Value]) -> Value:
    """The value that is shortest to write, whole numbers first; None of none."""
    return min(
        values, key=lambda value: len(plain_text(value).lstrip("-")) + plain_text(value).count("-"), default=None
    )


def opposite(test: Test) -> Test:
    """A test that holds where another is false."""
    if isinstance(test, Is):
        return replace(test, op=_OPPOSITE[test.op])
    return test.test if isinstance(test, Except) else Except(test)


def _text(partition: Partition, number: int, type_: Type) -> Value:
    if partition.type.kind is Kind.BOOLEAN:
        truth: Value = partition.points[number - FIRST]
        return truth
    if number > FIRST:
        named: Value = partition.points[number - FIRST - 1]
        return named
    free = type_.values or (*OTHER_TEXTS, *(f"{OTHER_TEXTS[0]}{n}" for n in range(len(partition.points) + 1)))
    return next(text for text in free if text not in partition.number)


def _number(below: Decimal | None, above: Decimal | None, type_: Type) -> Decimal:
    """The plainest number in an open stretch, within what the type allows: a whole one, else with few digits."""
    low_open, high_open = True, True
    if type_.low is not None and (below is None or type_.low > below):
        below, low_open = type_.low, False
    if type_.high is not None and (above is None or type_.high < above):
        above, high_open = type_.high, False
    if below is None:
        if above is None or above > 0:
            return Decimal(0)
        return above.to_integral_value(ROUND_FLOOR) - 1 if high_open else above
    if not low_open and above is None:
        return below
    if above is None:
        return below.to_integral_value(ROUND_FLOOR) + 1
    for digits in range(35):
        unit = Decimal(1).scaleb(-digits)
        candidate = below.quantize(unit, ROUND_CEILING, CONTEXT)
        if candidate == below and low_open:
            candidate = CONTEXT.add(candidate, unit)
        if candidate < above or (candidate == above and not high_open):
            return candidate
    return CONTEXT.divide(CONTEXT.add(below, above), Decimal(2)).quantize(below, ROUND_HALF_EVEN)


def any_value(type_: Type) -> Value:
    """A plain value of a type."""
    if type_.many:
        item = any_value(type_.item)
        return () if item is None or isinstance(item, tuple) else (item,)
    if type_.values:
        return type_.values[0]
    match type_.kind:
        case Kind.BOOLEAN:
            return False
        case Kind.NUMBER:
            low, high = type_.low, type_.high
            return next((n for n in PLAIN[1:] if fits(n, type_)), low if low is not None else high)
        case Kind.DATE:
            return DAY
        case Kind.DATETIME:
            return dt.datetime.combine(DAY, dt.time(9))
        case Kind.DURATION:
            return dt.timedelta(days=1)
        case _:
            return "1"


def condition(partition: Partition, region: Region, whole: Region) -> Test:
    """A test that holds in these of the classes that there are: anything, a list, a range, or all but a few."""
    if region == whole:
        return ANYTHING
    parts: list[Test] = [IsNull()] if any(start <= ABSENT for start, _ in region) else []
    values = intersection(region, ((FIRST, partition.size),))
    if partition.ordered:
        parts += _ranges(partition, values)
    else:
        parts += _named(partition, values, whole)
    return parts[0] if len(parts) == 1 else OneOf(tuple(parts))


def _ranges(partition: Partition, region: Region) -> Iterator[Test]:
    points = partition.points
    for start, stop in region:
        at, on = divmod(start - FIRST, 2)
        low = points[at] if on else points[at - 1] if at else None
        end, end_on = divmod(stop - 1 - FIRST, 2)
        high = points[end] if end_on else points[end] if end < len(points) else None
        if low is not None and high is not None:
            if start + 1 == stop and on:
                yield Is("=", Literal(low))
            else:
                yield Between(Literal(low), Literal(high), bool(on), bool(end_on))
        elif low is not None:
            yield Is(">=" if on else ">", Literal(low))
        elif high is not None:
            yield Is("<=" if end_on else "<", Literal(high))
        else:
            yield Except(IsNull())


def _named(partition: Partition, region: Region, whole: Region) -> list[Test]:
    """Texts by name; where those that no rule names are among them, or where it is shorter, all but the others."""
    mine = [number for start, stop in region for number in range(start, stop)]
    every = [number for start, stop in whole for number in range(max(start, FIRST), stop)]
    others = [number for number in every if number not in set(mine)]
    if partition.type.kind is Kind.BOOLEAN:
        return [Is("=", Literal(partition.points[number - FIRST])) for number in mine]
    unnamed = FIRST in mine and not partition.type.values
    if not unnamed:
        texts = _sorted(partition, mine)
        tests: list[Test] = [Is("=", Literal(text)) for text in texts]
        if len(texts) <= 6 or not others:
            return tests
    left: list[Test] = [Is("=", Literal(text)) for text in _sorted(partition, others)]
    if not left:
        return [Except(IsNull())]
    if not unnamed and len(left) >= len(tests):
        return tests
    return [Except(left[0] if len(left) == 1 else OneOf(tuple(left)))]


def _sorted(partition: Partition, numbers: Iterable[int]) -> list[str]:
    """The texts of classes, allowed values in the order of the vocabulary."""
    order = {text: at for at, text in enumerate(partition.type.values)}
    texts = [text for number in numbers for text in _texts(partition, number)]
    return sorted(texts, key=lambda text: order.get(text, len(order)))


def _texts(partition: Partition, number: int) -> Iterator[str]:
    """The texts of a class; of allowed values that no rule names, all of them."""
    if number > FIRST:
        yield partition.points[number - FIRST - 1]
    else:
        yield from (text for text in partition.type.values if text not in partition.number)
