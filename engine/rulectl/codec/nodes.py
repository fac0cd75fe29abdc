"""Values and syntax trees as JSON, both ways.

Every node is an object of one key, which names what it is; a reader dispatches on the key and a schema on the
property. Numbers are texts, so that no binary float comes between. Spans are not kept: they are offsets in a text that
the canonical one replaces.

    {"text": "质量问题"} {"number": "1.5"} {"date": "2025-01-01"} {"list": [...]} {"null": true}     values
    {"name": "paid"} {"+": [a, b]} {"<=": [a, b]} {"if": [a, b, c]} {"call": ["min", a, b]}          expressions
    {"<=": a} {"[..)": [a, b]} {"one of": [...]} {"except": test} {"any": true}                      tests
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any as Json
from typing import assert_never

from rulectl.lang.syntax import (
    AllOf,
    Any,
    Between,
    Binary,
    Both,
    Call,
    Compare,
    Contains,
    Either,
    Except,
    Expr,
    If,
    Is,
    IsNull,
    Literal,
    Meets,
    Name,
    Negative,
    Not,
    OneOf,
    Sequence,
    Test,
    Text,
)
from rulectl.values import Value, duration_text, number, number_text

_DURATION = re.compile(r"^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?$")


VALUES = frozenset(("null", "boolean", "text", "number", "date", "datetime", "duration", "list"))
"""The keys of values."""

# -- values ------------------------------------------------------------------------------------------------------


def duration_json(value: dt.timedelta) -> str:
    """ISO 8601, to the microsecond: P1DT2H3M4S, PT0.5S."""
    if not value.microseconds:
        return duration_text(value)
    micros = abs(value) // dt.timedelta(microseconds=1)
    seconds, micros = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86400)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    clock = f"T{seconds}{fraction}S" if seconds or micros or not days else ""
    return f"{'-' if value < dt.timedelta(0) else ''}P{f'{days}D' if days else ''}{clock}"


def duration_value(text: str) -> dt.timedelta:
    """The reverse; raises ValueError, OverflowError."""
    found = _DURATION.match(text)
    if found is None or text.endswith(("P", "T")):
        raise ValueError(text)
    sign, days, hours, minutes, seconds, fraction = found.groups()
    length = dt.timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "").ljust(6, "0")),
    )
    return -length if sign else length


def value_json(value: Value) -> dict[str, Json]:
    """A value as a node of one key."""
    match value:
        case str():
            return {"text": value}
        case Decimal():
            return {"number": number_text(value)}
        case None:
            return {"null": True}
        case bool():
            return {"boolean": value}
        case dt.datetime():
            return {"datetime": value.isoformat()}
        case dt.date():
            return {"date": value.isoformat()}
        case dt.timedelta():
            return {"duration": duration_json(value)}
        case tuple():
            return {"list": [value_json(item) for item in value]}
        case _:
            assert_never(value)


def value_of(node: dict[str, Json]) -> Value:
    """The reverse; raises KeyError when the node is no value."""
    ((key, inner),) = node.items()
    match key:
        case "null":
            return None
        case "boolean" | "text":
            as_is: bool | str = inner
            return as_is
        case "number":
            return number(inner)
        case "date":
            return dt.date.fromisoformat(inner)
        case "datetime":
            return dt.datetime.fromisoformat(inner)
        case "duration":
            return duration_value(inner)
        case "list":
            return tuple(value_of(item) for item in inner)
    raise KeyError(key)


# -- expressions -------------------------------------------------------------------------------------------------


def expr_json(expr: Expr) -> dict[str, Json]:
    """An expression as a node of one key."""
    match expr:
        case Literal(value):
            return value_json(value)
        case Name(id_):
            return {"name": id_}
        case Sequence(items):
            return {"sequence": [expr_json(item) for item in items]}
        case Negative(operand):
            return {"negative": expr_json(operand)}
        case Binary(op, left, right) | Compare(op, left, right):
            return {op: [expr_json(left), expr_json(right)]}
        case Meets(subject, test):
            return {"meets": [expr_json(subject), unary_json(test)]}
        case Both(items):
            return {"and": [expr_json(item) for item in items]}
        case Either(items):
            return {"or": [expr_json(item) for item in items]}
        case Not(operand):
            return {"not": expr_json(operand)}
        case If(condition, then, otherwise):
            return {"if": [expr_json(condition), expr_json(then), expr_json(otherwise)]}
        case Call(function, arguments):
            return {"call": [function, *(expr_json(argument) for argument in arguments)]}
        case Text(parts):
            return {"join": [expr_json(part) for part in parts]}
        case _:
            assert_never(expr)


def expr_of(node: dict[str, Json]) -> Expr:
    """The reverse, of a node that fits the schema."""
    ((key, inner),) = node.items()
    match key:
        case "name":
            return Name(inner)
        case "sequence":
            return Sequence(_exprs(inner))
        case "negative":
            return Negative(expr_of(inner))
        case "meets":
            return Meets(expr_of(inner[0]), unary_of(inner[1]))
        case "and":
            return Both(_exprs(inner))
        case "or":
            return Either(_exprs(inner))
        case "not":
            return Not(expr_of(inner))
        case "if":
            condition, then, otherwise = _exprs(inner)
            return If(condition, then, otherwise)
        case "call":
            return Call(inner[0], _exprs(inner[1:]))
        case "join":
            return Text(_exprs(inner))
        case "+" | "-" | "*" | "/" | "**":
            left, right = _exprs(inner)
            return Binary(key, left, right)
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            left, right = _exprs(inner)
            return Compare(key, left, right)
    return Literal(value_of(node))


def _exprs(nodes: list[dict[str, Json]]) -> tuple[Expr, ...]:
    return tuple(expr_of(node) for node in nodes)


# -- tests -------------------------------------------------------------------------------------------------------


def unary_json(test: Test) -> dict[str, Json]:
    """A unary test as a node of one key."""
    match test:
        case Is(op, value):
            return {op: expr_json(value)}
        case Between(low, high, low_closed, high_closed):
            return {f"{'[' if low_closed else '('}..{']' if high_closed else ')'}": [expr_json(low), expr_json(high)]}
        case Contains(value):
            return {"contains": expr_json(value)}
        case OneOf(items):
            return {"one of": [unary_json(item) for item in items]}
        case AllOf(items):
            return {"all of": [unary_json(item) for item in items]}
        case Except(inner):
            return {"except": unary_json(inner)}
        case IsNull():
            return {"null": True}
        case Any():
            return {"any": True}
        case _:
            assert_never(test)


def unary_of(node: dict[str, Json]) -> Test:
    """The reverse, of a node that fits the schema."""
    ((key, inner),) = node.items()
    match key:
        case "any":
            return Any()
        case "null":
            return IsNull()
        case "one of":
            return OneOf(tuple(unary_of(item) for item in inner))
        case "all of":
            return AllOf(tuple(unary_of(item) for item in inner))
        case "contains":
            return Contains(expr_of(inner))
        case "except":
            return Except(unary_of(inner))
        case "[..]" | "[..)" | "(..]" | "(..)":
            return Between(expr_of(inner[0]), expr_of(inner[1]), key[0] == "[", key[-1] == "]")
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            return Is(key, expr_of(inner))
    raise KeyError(key)
