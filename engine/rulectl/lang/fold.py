"""Folding: parameters replaced by their values, and what is constant then computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from rulectl.lang.evaluate import CannotCompute, evaluate, names_of
from rulectl.lang.syntax import AllOf, Any, Between, Contains, Except, Expr, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.values import Value


def fold(expr: Expr, constants: Mapping[str, Value]) -> Expr:
    """The literal that an expression comes to when it names constants only; else the expression as it is."""
    if isinstance(expr, Literal) or not names_of(expr) <= constants.keys():
        return expr
    if isinstance(expr, Name) and constants[expr.id] is None:
        return expr
    try:
        value = evaluate(expr, constants)
    except CannotCompute:
        return expr
    return expr if value is None else Literal(value, expr.span)


def fold_test(test: Test, constants: Mapping[str, Value]) -> Test:
    """The test with every constant expression folded."""
    match test:
        case Any() | IsNull():
            return test
        case Is():
            value = fold(test.value, constants)
            if isinstance(value, Literal) and isinstance(value.value, tuple) and test.op in ("=", "!="):
                # a list parameter stands for any of its items
                any_of = OneOf(tuple(Is("=", Literal(item)) for item in value.value), test.span)
                return any_of if test.op == "=" else Except(any_of, test.span)
            return replace(test, value=value)
        case Contains():
            return replace(test, value=fold(test.value, constants))
        case Between():
            return replace(test, low=fold(test.low, constants), high=fold(test.high, constants))
        case OneOf() | AllOf():
            return replace(test, items=tuple(fold_test(item, constants) for item in test.items))
        case Except():
            return replace(test, test=fold_test(test.test, constants))
        case _:
            assert_never(test)
