"""Parameters put in their places, so that the rules of two rulebooks with other values can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from rulectl.lang.fold import fold, fold_test
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
from rulectl.values import Value

Constants = Mapping[str, Value]


def fixed_expr(expr: Expr, constants: Constants) -> Expr:
    """An expression without names of parameters that have a value; what is constant is computed."""
    match expr:
        case Literal():
            return expr
        case Name():
            return fold(expr, constants)
        case Sequence(items) | Both(items) | Either(items):
            done: Expr = replace(expr, items=_all(items, constants))
        case Negative(operand) | Not(operand):
            done = replace(expr, operand=fixed_expr(operand, constants))
        case Binary(_, left, right) | Compare(_, left, right):
            done = replace(expr, left=fixed_expr(left, constants), right=fixed_expr(right, constants))
        case Meets(subject, test):
            done = replace(expr, subject=fixed_expr(subject, constants), test=fixed_test(test, constants))
        case If():
            condition, then, otherwise = _all((expr.condition, expr.then, expr.otherwise), constants)
            done = If(condition, then, otherwise, expr.span)
        case Call(_, arguments):
            done = replace(expr, arguments=_all(arguments, constants))
        case Text(parts):
            done = replace(expr, parts=_all(parts, constants))
        case _:
            assert_never(expr)
    return fold(done, constants)


def fixed_test(test: Test, constants: Constants) -> Test:
    """A condition without names of parameters that have a value."""
    match test:
        case Any() | IsNull():
            return test
        case Is(_, value):
            return fold_test(replace(test, value=fixed_expr(value, constants)), constants)
        case Contains(value):
            return replace(test, value=fixed_expr(value, constants))
        case Between(low, high):
            return replace(test, low=fixed_expr(low, constants), high=fixed_expr(high, constants))
        case OneOf(items) | AllOf(items):
            return replace(test, items=tuple(fixed_test(item, constants) for item in items))
        case Except(inner):
            return replace(test, test=fixed_test(inner, constants))
        case _:
            assert_never(test)


def _all(items: tuple[Expr, ...], constants: Constants) -> tuple[Expr, ...]:
    return tuple(fixed_expr(item, constants) for item in items)
