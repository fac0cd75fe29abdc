"""Folding: parameters replaced by their values, and what is constant then computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.syntax import Except, Expr, Is, Literal, Name, Node, OneOf, Test
from rulectl.lang.trees import names_of, with_parts
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
    if isinstance(expr, Literal | Name):
        return fold(expr, constants)
    return fold(with_parts(expr, lambda part: _folded(part, constants, fold_parts)), constants)


def fold_test(test: Test, constants: Constants, folded: Fold = fold) -> Test:
    """The test with every constant expression folded; `folded` says how, `fold_parts` their parts too."""
    if isinstance(test, Is):
        value = folded(test.value, constants)
        if isinstance(value, Literal) and isinstance(value.value, tuple) and test.op in ("=", "!="):
            # a list parameter stands for any of its items
            any_of = OneOf(tuple(Is("=", Literal(item)) for item in value.value), test.span)
            return any_of if test.op == "=" else Except(any_of, test.span)
        return replace(test, value=value)
    return with_parts(test, lambda part: _folded(part, constants, folded))


def _folded(part: Node, constants: Constants, folded: Fold) -> Node:
    return folded(part, constants) if isinstance(part, Expr) else fold_test(part, constants, folded)
