"""What a tree comes to for the facts of a case: exact, three-valued, bounded.

Null is unknown: whatever leans on an unknown fact is unknown, unless it does not matter (`or` with a true side). Only a
comparison with the word `null` itself asks whether something is known. Source: DMN 1.5 sections 10.3.2.13 and 10.3.2.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from rulectl.lang.compute import CannotCompute, arithmetic, called, contains, negative, ordered, same, short_enough
from rulectl.lang.dates import written
from rulectl.lang.syntax import (
    AllOf,
    Any,
    Between,
    Binary,
    Both,
    Call,
    Compare,
    Comparison,
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
from rulectl.source import Span
from rulectl.values import Value, and3, not3, or3

__all__ = ["CannotCompute", "evaluate", "meets"]

Facts = Mapping[str, Value]


def evaluate(expr: Expr, facts: Facts) -> Value:
    """The value of an expression; None is unknown. Raises CannotCompute where arithmetic has no result."""
    match expr:
        case Literal(value):
            return value
        case Name(id_):
            return facts.get(id_)
        case Sequence(items):
            found = [evaluate(item, facts) for item in items]
            return None if any(item is None for item in found) else tuple(found)
        case Negative(operand, span):
            return negative(evaluate(operand, facts), span)
        case Binary(op, left, right, span):
            return arithmetic(op, evaluate(left, facts), evaluate(right, facts), span)
        case Compare(op, left, right):
            return _compare(op, left, right, facts)
        case Meets(subject, test):
            return meets(test, evaluate(subject, facts), facts)
        case Both(items):
            return and3(_truth(item, facts) for item in items)
        case Either(items):
            return or3(_truth(item, facts) for item in items)
        case Not(operand):
            return not3(_truth(operand, facts))
        case If(condition, then, otherwise):
            truth = _truth(condition, facts)
            return None if truth is None else evaluate(then if truth else otherwise, facts)
        case Call(function, arguments, span):
            return called(function, [evaluate(argument, facts) for argument in arguments], span)
        case Text(parts, span):
            return _text(parts, facts, span)
        case _:
            assert_never(expr)


def _truth(expr: Expr, facts: Facts) -> bool | None:
    value = evaluate(expr, facts)
    return value if isinstance(value, bool) else None


def _text(parts: tuple[Expr, ...], facts: Facts, span: Span) -> Value:
    texts: list[str] = []
    for part in parts:
        value = evaluate(part, facts)
        if value is None:
            return None
        texts.append(written(value))
    return short_enough("".join(texts), span)


def _compare(op: Comparison, left: Expr, right: Expr, facts: Facts) -> bool | None:
    """Against the word null: whether something is known. Else three-valued."""
    one, other = evaluate(left, facts), evaluate(right, facts)
    if op in ("=", "!=") and (is_null(left) or is_null(right)):
        return (one is None and other is None) is (op == "=")
    return compared(op, one, other)


def is_null(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value is None


def compared(op: Comparison, one: Value, other: Value) -> bool | None:
    """`one op other`; None when either is unknown or the two have no order."""
    if one is None or other is None:
        return None
    if op in ("=", "!="):
        alike = same(one, other)
        return alike if op == "=" else not3(alike)
    return ordered(op, one, other)


def meets(test: Test, value: Value, facts: Facts) -> bool | None:
    """Whether a value meets a test; None when that hangs on something unknown. Raises CannotCompute, as evaluate."""
    match test:
        case Any():
            return True
        case IsNull():
            return value is None
        case Is(op, expr):
            return _is(op, value, evaluate(expr, facts))
        case Between(low, high, low_closed, high_closed):
            return and3(
                (
                    compared(">=" if low_closed else ">", value, evaluate(low, facts)),
                    compared("<=" if high_closed else "<", value, evaluate(high, facts)),
                )
            )
        case Contains(expr):
            part = evaluate(expr, facts)
            return part in value if isinstance(part, str) and isinstance(value, str) else None
        case OneOf(items):
            return or3([meets(item, value, facts) for item in items])
        case AllOf(items):
            return and3([meets(item, value, facts) for item in items])
        case Except(inner):
            return not3(meets(inner, value, facts))
        case _:
            assert_never(test)


def _is(op: Comparison, value: Value, other: Value) -> bool | None:
    """`op other`; of a list `=` with a single value means that it contains it."""
    if isinstance(value, tuple) and other is not None and not isinstance(other, tuple):
        return None if op not in ("=", "!=") else contains(value, other) is (op == "=")
    return compared(op, value, other)
