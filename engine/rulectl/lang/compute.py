"""Arithmetic on values that are already there: exact decimals, dates, durations, texts, lists. All of it is bounded.

A value of another kind than an operation takes gives null, as DMN has it; the parser lets no such thing through. What
has no result (a division by zero, a number or a date out of bounds) raises CannotCompute, the one exception here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException, DivisionByZero
from typing import assert_never

from rulectl.lang.chars import plain
from rulectl.lang.dates import moment_of, read_moment, written
from rulectl.lang.syntax import Arithmetic, Comparison, Function
from rulectl.lang.units import MAX_DAYS
from rulectl.lang.workdays import (
    TooFarError,
    UnknownYearError,
    is_workday,
    workday_after,
    workdays_between,
    worktime_after,
)
from rulectl.source import Span
from rulectl.values import CONTEXT, Scalar, Value, number_text, plain_text

MAX_EXPONENT = 1000
MAX_TEXT = 100_000
_DAY = Decimal(86400)


class CannotCompute(Exception):  # noqa: N818 - it is the case's arithmetic that failed, not the engine
    """A computation without a result: the slug of its finding, the part of the cell, the fields of the sentence."""

    def __init__(self, slug: str, span: Span, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(slug)
        self.slug = slug
        self.span = span
        self.fields = fields


# -- comparing ---------------------------------------------------------------------------------------------------


def same(one: Value, other: Value) -> bool | None:
    """Whether two known values are equal; None when they are not of a kind."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(same(a, b) is True for a, b in zip(one, other, strict=True))
    one, other = _moments(one, other)
    if type(one) is not type(other):
        return None
    return one == other


def ordered(op: Comparison, one: Value, other: Value) -> bool | None:
    """`<` and its kin on numbers, dates and durations; None on anything else."""
    one, other = _moments(one, other)
    if isinstance(one, Decimal) and isinstance(other, Decimal):  # noqa: SIM114 - one branch a kind: plain types
        sign = (one > other) - (one < other)
    elif isinstance(one, dt.timedelta) and isinstance(other, dt.timedelta):  # noqa: SIM114
        sign = (one > other) - (one < other)
    elif isinstance(one, dt.date) and isinstance(other, dt.date):
        sign = (one > other) - (one < other)
    else:
        return None
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}.get(op)


def _moments(one: Value, other: Value) -> tuple[Value, Value]:
    """A date beside a datetime is its midnight."""
    if isinstance(one, dt.date) and isinstance(other, dt.date) and type(one) is not type(other):
        return moment_of(one), moment_of(other)
    return one, other


def contains(whole: tuple[Value, ...], item: Value) -> bool:
    """Whether a list holds a value."""
    return any(same(one, item) is True for one in whole)


# -- arithmetic --------------------------------------------------------------------------------------------------


def negative(value: Value, span: Span) -> Value:
    """`-value` of a number or a duration."""
    if isinstance(value, Decimal):
        return -value
    return -value if isinstance(value, dt.timedelta) else None


def arithmetic(op: Arithmetic, one: Value, other: Value, span: Span) -> Value:
    """`one op other`; None when either is unknown."""
    if one is None or other is None or isinstance(one, tuple) or isinstance(other, tuple):
        return None
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return _numbers(op, one, other, span)
    if op == "+" and (isinstance(one, str) or isinstance(other, str)):
        return short_enough(written(one) + written(other), span)
    try:
        return _times(op, one, other, span)
    except OverflowError:
        raise CannotCompute("date-overflow", span) from None


def short_enough(text: str, span: Span) -> str:
    """The text. Raises CannotCompute where it is longer than any that is made."""
    if len(text) > MAX_TEXT:
        raise CannotCompute("text-overflow", span, (("limit", str(MAX_TEXT)),))
    return text


def _numbers(op: Arithmetic, one: Decimal, other: Decimal, span: Span) -> Decimal:
    if (op == "/" and not other) or (op == "**" and not one and other < 0):
        raise CannotCompute("division-by-zero", span, (("left", number_text(one)),))
    if op == "**" and abs(other) > MAX_EXPONENT:
        raise CannotCompute("number-overflow", span)
    operations: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
        "+": CONTEXT.add,
        "-": CONTEXT.subtract,
        "*": CONTEXT.multiply,
        "/": CONTEXT.divide,
        "**": _power,
    }
    try:
        return operations[op](one, other)
    except DivisionByZero:
        raise CannotCompute("division-by-zero", span, (("left", number_text(one)),)) from None
    except DecimalException:
        raise CannotCompute("number-overflow", span) from None


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    return Decimal(1) if not exponent else CONTEXT.power(base, exponent)


def _times(op: Arithmetic, one: Scalar, other: Scalar, span: Span) -> Value:
    """Dates and durations. A date moved by hours stays the date on which it ends."""
    match op, one, other:
        case "+", dt.date(), dt.timedelta():
            return one + other
        case "+", dt.timedelta(), dt.date():
            return other + one
        case "-", dt.date(), dt.timedelta():
            return one - other
        case "-", dt.date(), dt.date():
            return moment_of(one) - moment_of(other)
        case "+", dt.timedelta(), dt.timedelta():
            return _time(_seconds(one) + _seconds(other), span)
        case "-", dt.timedelta(), dt.timedelta():
            return _time(_seconds(one) - _seconds(other), span)
        case "*", dt.timedelta(), Decimal():
            return _time(_numbers("*", _seconds(one), other, span), span)
        case "*", Decimal(), dt.timedelta():
            return _time(_numbers("*", _seconds(other), one, span), span)
        case "/", dt.timedelta(), Decimal():
            return _time(_numbers("/", _seconds(one), other, span), span)
        case "/", dt.timedelta(), dt.timedelta():
            return _numbers("/", _seconds(one), _seconds(other), span)
        case _:
            return None


def _seconds(value: dt.timedelta) -> Decimal:
    return Decimal(value // dt.timedelta(seconds=1))


def _time(seconds: Decimal, span: Span) -> dt.timedelta:
    """Seconds as a duration, to the second."""
    if abs(seconds) > MAX_DAYS * 86400:
        raise CannotCompute("date-overflow", span)
    return dt.timedelta(seconds=int(seconds.to_integral_value(context=CONTEXT)))


# -- functions ---------------------------------------------------------------------------------------------------


def called(function: Function, arguments: list[Value], span: Span) -> Value:
    """A function of known values; None when one is unknown."""
    if any(argument is None for argument in arguments):
        return None
    first = arguments[0]
    match function:
        case "min" | "max":
            return _extreme(function, _pool(arguments))
        case "sum":
            return _sum(_pool(arguments), span)
        case "abs":
            if isinstance(first, dt.timedelta):
                return abs(first)
            return abs(first) if isinstance(first, Decimal) else None
        case "round" | "floor" | "ceiling":
            return _rounded(function, arguments, span)
        case "date":
            return _date(arguments, span)
        case "count":
            return Decimal(len(first)) if isinstance(first, tuple) else None
        case "contains":
            return _contains(first, arguments[1])
        case "days":
            return _days(arguments, span)
        case "clock" | "is_workday" | "workday_after" | "workdays" | "worktime_after":
            return _calendar(function, arguments, span)
        case _:
            assert_never(function)


def _pool(arguments: list[Value]) -> tuple[Value, ...]:
    """The values of one list, or the arguments themselves."""
    first = arguments[0]
    return first if len(arguments) == 1 and isinstance(first, tuple) else tuple(arguments)


def _extreme(function: Function, values: tuple[Value, ...]) -> Value:
    best: Value = values[0] if values else None
    for value in values[1:]:
        better = ordered("<" if function == "min" else ">", value, best)
        if better is None:
            return None
        best = value if better else best
    return best


def _sum(values: tuple[Value, ...], span: Span) -> Value:
    total: Value = values[0] if values else Decimal(0)
    for value in values[1:]:
        total = arithmetic("+", total, value, span) if not isinstance(value, str) else None
    return total if isinstance(total, Decimal | dt.timedelta) else None


def _rounded(function: Function, arguments: list[Value], span: Span) -> Value:
    """To `n` places, 0 by default; half goes away from zero, as Excel and 四舍五入 have it."""
    value, places = arguments[0], arguments[1] if len(arguments) > 1 else Decimal(0)
    if not isinstance(value, Decimal) or not isinstance(places, Decimal):
        return None
    if abs(places) > MAX_EXPONENT or places != places.to_integral_value(context=CONTEXT):
        raise CannotCompute("number-overflow", span)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -int(places):
        return value
    how = {"round": ROUND_HALF_UP, "floor": ROUND_FLOOR}.get(function, ROUND_CEILING)
    try:
        return value.quantize(Decimal(1).scaleb(-int(places), CONTEXT), how, CONTEXT)
    except DecimalException:
        raise CannotCompute("number-overflow", span) from None


def _date(arguments: list[Value], span: Span) -> Value:
    if len(arguments) == 3:
        parts = [int(a) for a in arguments if isinstance(a, Decimal) and a == a.to_integral_value(context=CONTEXT)]
        text = "-".join(plain_text(a) for a in arguments)
        try:
            return dt.date(*parts) if len(parts) == 3 else None
        except (ValueError, OverflowError):
            raise CannotCompute("not-a-date", span, (("text", text[:40]),)) from None
    value = arguments[0]
    moment = read_moment(plain(value)) if isinstance(value, str) else value
    if moment is None:
        raise CannotCompute("not-a-date", span, (("text", plain_text(value)[:40]),))
    if isinstance(moment, dt.datetime):
        return moment.date()
    return moment if isinstance(moment, dt.date) else None


def _contains(whole: Value, item: Value) -> bool | None:
    if isinstance(whole, tuple):
        return contains(whole, item)
    return item in whole if isinstance(whole, str) and isinstance(item, str) else None


def _days(arguments: list[Value], span: Span) -> Value:
    """How many days a duration is, or lie between two dates; with a fraction where there are hours."""
    length = arguments[0] if len(arguments) == 1 else arithmetic("-", arguments[1], arguments[0], span)
    return CONTEXT.divide(_seconds(length), _DAY) if isinstance(length, dt.timedelta) else None


def _calendar(function: Function, arguments: list[Value], span: Span) -> Value:
    """Working days, working hours, a clock on a day. Numbers are hours, or whole working days."""
    day, *rest = arguments
    if not isinstance(day, dt.date):
        return None
    try:
        match function, rest:
            case "is_workday", []:
                return is_workday(_day(day))
            case "workday_after", [Decimal() as count]:
                return workday_after(_day(day), _whole(count, span))
            case "workdays", [dt.date() as end]:
                return Decimal(workdays_between(_day(day), _day(end)))
            case "clock", [Decimal() as hours]:
                return moment_of(_day(day)) + _hours(hours, span)
            case "worktime_after", [Decimal() as length, Decimal() as opens, Decimal() as closes]:
                lengths = (_hours(length, span), _hours(opens, span), _hours(closes, span))
                return worktime_after(moment_of(day), *lengths)
            case _:
                return None
    except UnknownYearError as unknown:
        raise CannotCompute("calendar-unknown", span, (("year", str(unknown.year)),)) from None
    except TooFarError:
        raise CannotCompute("working-time", span) from None
    except OverflowError:
        raise CannotCompute("date-overflow", span) from None


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _whole(value: Decimal, span: Span) -> int:
    """A count of days; a fraction of a working day is none."""
    if value != value.to_integral_value(context=CONTEXT):
        raise CannotCompute("working-time", span)
    return int(value)


def _hours(value: Decimal, span: Span) -> dt.timedelta:
    return _time(_numbers("*", value, Decimal(3600), span), span)
