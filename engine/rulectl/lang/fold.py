"""Folding: parameters replaced by their values, and what is constant then computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from rulectl.lang.evaluate import CannotCompute, evaluate, names_of
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
Fold = Callable[[Expr, Constants], Expr]


def fold(expr: Expr, constants: Constants) -> Expr:
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


def fold_parts(expr: Expr, constants: Constants) -> Expr:
    """The same of every part of an expression, so that none names a constant that has a value: what two rulebooks with
    other parameters say can be told apart by it."""
    match expr:
        case Literal() | Name():
            return fold(expr, constants)
        case Sequence(items) | Both(items) | Either(items):
            done: Expr = replace(expr, items=_parts(items, constants))
        case Negative(operand) | Not(operand):
            done = replace(expr, operand=fold_parts(operand, constants))
        case Binary(_, left, right) | Compare(_, left, right):
            done = replace(expr, left=fold_parts(left, constants), right=fold_parts(right, constants))
        case Meets(subject, test):
            done = replace(expr, subject=fold_parts(subject, constants), test=fold_test(test, constants, fold_parts))
        case If():
            condition, then, otherwise = _parts((expr.condition, expr.then, expr.otherwise), constants)
            done = If(condition, then, otherwise, expr.span)
        case Call(_, arguments):
            done = replace(expr, arguments=_parts(arguments, constants))
        case Text(parts):
            done = replace(expr, parts=_parts(parts, constants))
        case _:
            assert_never(expr)
    return fold(done, constants)


def _parts(items: tuple[Expr, ...], constants: Constants) -> tuple[Expr, ...]:
    return tuple(fold_parts(item, constants) for item in items)


def fold_test(test: Test, constants: Constants, folded: Fold = fold) -> Test:
    """The test with every constant expression folded; `folded` says how, `fold_parts` their parts too."""
    match test:
        case Any() | IsNull():
            return test
        case Is():
            value = folded(test.value, constants)
            if isinstance(value, Literal) and isinstance(value.value, tuple) and test.op in ("=", "!="):
                # a list parameter stands for any of its items
                any_of = OneOf(tuple(Is("=", Literal(item)) for item in value.value), test.span)
                return any_of if test.op == "=" else Except(any_of, test.span)
            return replace(test, value=value)
        case Contains():
            return replace(test, value=folded(test.value, constants))
        case Between():
            return replace(test, low=folded(test.low, constants), high=folded(test.high, constants))
        case OneOf() | AllOf():
            return replace(test, items=tuple(fold_test(item, constants, folded) for item in test.items))
        case Except():
            return replace(test, test=fold_test(test.test, constants, folded))
        case _:
            assert_never(test)
