"""Calls and lists: what each function takes and gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, assert_never

from rulectl.lang.chars import plain
from rulectl.lang.dates import read_moment
from rulectl.lang.faults import Fault, clipped, fault
from rulectl.lang.operands import Operand, among, built, fitted, joined, literal, settled, spoken_of
from rulectl.lang.syntax import Call, Expr, Function, Literal
from rulectl.lang.trees import sequence
from rulectl.source import Span
from rulectl.types import BOOLEAN, DATE, DATETIME, NUMBER, Kind, Type, compatible

_DAYS = (Kind.DATE, Kind.DATETIME)
_NUMBERS = (Kind.NUMBER,)


class Signature(NamedTuple):
    """How a function is called: the fewest and the most arguments, and a call to show. `gives` is the type of what it
    gives, None where that is the type of what it is given. `takes` says what each argument has to be, where there is no
    more to say than its kind (`_given` has the rest). `keeps_unit`: what it gives is of its first argument's unit."""

    fewest: int
    most: int
    example: str
    gives: Type | None = None
    takes: tuple[tuple[Kind, ...], ...] = ()
    keeps_unit: bool = False


SIGNATURES: Mapping[Function, Signature] = {
    "min": Signature(1, 64, "min(a, b)", keeps_unit=True),
    "max": Signature(1, 64, "max(a, b)", keeps_unit=True),
    "sum": Signature(1, 64, "sum(a, b)", keeps_unit=True),
    "abs": Signature(1, 1, "abs(a)", keeps_unit=True),
    "round": Signature(1, 2, "round(a, 2)", NUMBER, (_NUMBERS, _NUMBERS), keeps_unit=True),
    "floor": Signature(1, 2, "floor(a)", NUMBER, (_NUMBERS, _NUMBERS), keeps_unit=True),
    "ceiling": Signature(1, 2, "ceiling(a)", NUMBER, (_NUMBERS, _NUMBERS), keeps_unit=True),
    "date": Signature(1, 3, 'date("2025-06-01")', DATE),
    "count": Signature(1, 1, "count(a)", NUMBER),
    "contains": Signature(2, 2, 'contains(a, "b")', BOOLEAN),
    "days": Signature(1, 2, "days(a, b)", NUMBER),
    "clock": Signature(2, 2, "clock(a, 12)", DATETIME, (_DAYS, _NUMBERS)),
    "is_workday": Signature(1, 1, "is_workday(a)", BOOLEAN, (_DAYS,)),
    "workday_after": Signature(2, 2, "workday_after(a, 2)", DATE, (_DAYS, _NUMBERS)),
    "workdays": Signature(2, 2, "workdays(a, b)", NUMBER, (_DAYS, _DAYS)),
    "worktime_after": Signature(4, 4, "worktime_after(a, 8, 9, 18)", DATETIME, (_DAYS, _NUMBERS, _NUMBERS, _NUMBERS)),
}
"""All functions. How one is added: engine/docs/extending.md."""


def list_of(items: tuple[Operand, ...], span: Span, text: str) -> Operand:
    """`[a, b]`: a list of literals is one literal. Raises Fault when the items are not of one kind."""
    if not items:
        return literal((), None, span)
    items = _alike(items, text)
    type_ = items[0].type
    whole = items[0]
    for item in items:
        if item.many:
            raise fault("not-a-single-value", item.span, text=spoken_of(item, text))
        type_ = joined(whole, item, text)
        whole = whole._replace(type=type_)
    many = None if type_ is None else replace(type_, many=True)
    whole_list = sequence(tuple(item.expr for item in items), span)
    return Operand(whole_list, many) if isinstance(whole_list, Literal) else built(whole_list, many, *items)


def _alike(items: tuple[Operand, ...], text: str) -> tuple[Operand, ...]:
    """The items with their units settled, by the first whose kind is known."""
    known = next((item for item in items if item.type and not item.quantity), None)
    if known is None:
        return tuple(settled(item, text) for item in items)
    return tuple(settled(item, text, known.kind, known.unit) for item in items)


def call(function: Function, arguments: tuple[Operand, ...], span: Span, text: str) -> Operand:
    """A call, checked. Raises Fault when the arguments do not suit the function."""
    shape = SIGNATURES[function]
    if not shape.fewest <= len(arguments) <= shape.most or (function == "date" and len(arguments) == 2):
        raise fault("wrong-argument-count", span, function=function, count=len(arguments), example=shape.example)
    if function == "date" and len(arguments) == 1 and isinstance(arguments[0].expr, Literal):
        return _date_literal(arguments[0], span, text)
    arguments = _alike(arguments, text) if function in ("min", "max", "sum") else arguments
    arguments = tuple(settled(a, text) for a in arguments) if function != "contains" else arguments
    if function == "contains":
        arguments = _containing(arguments, text)
    type_ = _given(function, arguments, text)
    exprs: tuple[Expr, ...] = tuple(argument.expr for argument in arguments)
    unit = arguments[0].unit if shape.keeps_unit else ""
    return built(Call(function, exprs, span), type_, *arguments, unit=unit)


def _given(function: Function, arguments: tuple[Operand, ...], text: str) -> Type | None:
    """The type that a function gives for these arguments."""
    first = arguments[0]
    kinds: tuple[Kind, ...]
    match function:
        case "min" | "max" | "sum":
            type_ = _pooled(function, arguments, text)
            if type_ and (not type_.ordered or (function == "sum" and type_.kind not in (Kind.NUMBER, Kind.DURATION))):
                raise _wrong(function, first, text)
            return type_
        case "abs":
            return _of(function, first, (Kind.NUMBER, Kind.DURATION), text)
        case "date":
            kinds = _NUMBERS if len(arguments) == 3 else (*_DAYS, Kind.STRING, Kind.ENUM)
        case "count":
            if first.type is not None and not first.many:
                raise _wrong(function, first, text)
            return NUMBER
        case "contains":
            return BOOLEAN
        case "days":
            kinds = _DAYS if len(arguments) == 2 else (Kind.DURATION,)
        case "round" | "floor" | "ceiling" | "clock" | "is_workday" | "workday_after" | "workdays" | "worktime_after":
            kinds = ()
        case _:
            assert_never(function)
    shape = SIGNATURES[function]
    for number, argument in enumerate(arguments):
        _of(function, argument, kinds or shape.takes[number], text)
    return shape.gives


def _of(function: Function, argument: Operand, kinds: tuple[Kind, ...], text: str) -> Type | None:
    if argument.type is not None and (argument.many or argument.type.kind not in kinds):
        raise _wrong(function, argument, text)
    return argument.type


def _wrong(function: Function, argument: Operand, text: str) -> Fault:
    example = SIGNATURES[function].example
    return fault("wrong-argument", argument.span, function=function, text=spoken_of(argument, text), example=example)


def _pooled(function: Function, arguments: tuple[Operand, ...], text: str) -> Type | None:
    """The item type of one list, or of several single values."""
    first = arguments[0]
    if len(arguments) == 1:
        return first.type.item if first.type else None
    whole = first
    for argument in arguments:
        if argument.many:
            raise _wrong(function, argument, text)
        whole = whole._replace(type=joined(whole, argument, text))
    return whole.type


def _containing(arguments: tuple[Operand, ...], text: str) -> tuple[Operand, ...]:
    """A list and an item of its kind, or a text and a part of it."""
    whole, item = arguments
    if whole.type is None:
        return settled(whole, text), settled(item, text)
    if not whole.many:
        if not whole.type.kind.textual or (item.type and not (item.type.kind.textual and not item.many)):
            raise _wrong("contains", whole if not whole.type.kind.textual else item, text)
        return whole, item
    beside = whole._replace(type=whole.type.item)
    item = fitted(item, beside, text)
    if item.type and not compatible(item.type, whole.type.item):
        raise fault("not-comparable", item.span, left=spoken_of(whole, text), right=spoken_of(item, text))
    among(item, whole.type.item, whole.symbol)
    return whole, item


def _date_literal(argument: Operand, span: Span, text: str) -> Operand:
    """`date("2025-06-01")` is that date."""
    value = argument.expr.value if isinstance(argument.expr, Literal) else None
    moment = read_moment(plain(value)) if isinstance(value, str) else value if isinstance(value, dt.date) else None
    if moment is None:
        raise fault("not-a-date", argument.span, text=clipped(text[argument.span.start : argument.span.end]))
    return literal(moment, DATETIME if isinstance(moment, dt.datetime) else DATE, span)
