"""Trees as functions: what `evaluate` walks at each case is put together once, as closures, and called from then on.

The idea is as old as Lisp (Feeley and Lapalme, Using closures for code generation, Computer Languages 12(1), 1987):
each node becomes a function of the facts that calls those of its parts, so that which node it is is asked once. What
values come to stays in one place (lang/compute.py, lang/evaluate.py): a closure answers by itself only what is plain
(decimals added, compared, put into a text) and leaves all else, whatever fails above all, to the function that
`evaluate` calls. `tests/lang/test_compiled.py` holds the two to each other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any, Final, assert_never

from rulectl.lang.compute import arithmetic, called, negative, short_enough
from rulectl.lang.dates import written
from rulectl.lang.evaluate import compared, is_null, meets
from rulectl.lang.syntax import (
    Arithmetic,
    Binary,
    Both,
    Call,
    Compare,
    Comparison,
    Either,
    Expr,
    Function,
    If,
    Literal,
    Meets,
    Name,
    Negative,
    Not,
    Sequence,
    Text,
)
from rulectl.source import Span
from rulectl.values import CONTEXT, Value, and3, not3, or3

Facts = Mapping[str, Value]
Compute = Callable[[Facts], Value]
"""The value of an expression; None is unknown. Raises CannotCompute, as evaluate."""

Truth = Callable[[Facts], bool | None]

_EXACT: Final[Mapping[Arithmetic, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
}
"""What needs no look at the numbers first."""

_PLAINLY: Final[Mapping[Comparison, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""Comparisons of two values of one kind, as far as it has them."""


def compiled(expr: Expr) -> Compute:
    """What `evaluate(expr, facts)` says, as a function of the facts."""
    match expr:
        case Literal(value):
            return lambda facts: value
        case Name(id_):
            return lambda facts: facts.get(id_)
        case Sequence(items):
            return _sequence([compiled(item) for item in items])
        case Negative(operand, span):
            inner = compiled(operand)
            return lambda facts: negative(inner(facts), span)
        case Binary(op, left, right, span):
            return _binary(op, compiled(left), compiled(right), span)
        case Compare():
            return _compare(expr)
        case Meets(subject, test):
            held = compiled(subject)
            return lambda facts: meets(test, held(facts), facts)
        case Both(items):
            sides = [_truth(item) for item in items]
            return lambda facts: and3(side(facts) for side in sides)
        case Either(items):
            sides = [_truth(item) for item in items]
            return lambda facts: or3(side(facts) for side in sides)
        case Not(operand):
            truth = _truth(operand)
            return lambda facts: not3(truth(facts))
        case If(condition, then, otherwise):
            return _if(_truth(condition), compiled(then), compiled(otherwise))
        case Call(function, arguments, span):
            return _call(function, [compiled(argument) for argument in arguments], span)
        case Text(parts, span):
            return _text(parts, span)
        case _:
            assert_never(expr)


def _truth(expr: Expr) -> Truth:
    compute = compiled(expr)

    def truth(facts: Facts) -> bool | None:
        value = compute(facts)
        return value if value is True or value is False else None

    return truth


def _sequence(items: list[Compute]) -> Compute:
    def compute(facts: Facts) -> Value:
        found = [item(facts) for item in items]
        return None if None in found else tuple(found)

    return compute


def _binary(op: Arithmetic, left: Compute, right: Compute, span: Span) -> Compute:
    exact = _EXACT.get(op)
    if exact is None:
        return lambda facts: arithmetic(op, left(facts), right(facts), span)

    def compute(facts: Facts) -> Value:
        one, other = left(facts), right(facts)
        if type(one) is Decimal and type(other) is Decimal:
            try:
                return exact(one, other)
            except DecimalException:
                return arithmetic(op, one, other, span)  # which says why not
        return arithmetic(op, one, other, span)

    return compute


def _compare(expr: Compare) -> Compute:
    op, left, right = expr.op, compiled(expr.left), compiled(expr.right)
    if op in ("=", "!=") and (is_null(expr.left) or is_null(expr.right)):
        wanted = op == "="
        asked = right if is_null(expr.left) else left
        return lambda facts: (asked(facts) is None) is wanted
    plainly = _PLAINLY[op]
    kinds = (Decimal, str) if op in ("=", "!=") else (Decimal,)

    def compute(facts: Facts) -> bool | None:
        one, other = left(facts), right(facts)
        if type(one) is type(other) and type(one) in kinds:
            return plainly(one, other)
        return compared(op, one, other)

    return compute


def _if(condition: Truth, then: Compute, otherwise: Compute) -> Compute:
    def compute(facts: Facts) -> Value:
        truth = condition(facts)
        if truth is None:
            return None
        return then(facts) if truth else otherwise(facts)

    return compute


def _call(function: Function, arguments: list[Compute], span: Span) -> Compute:
    extreme: Callable[[list[Decimal]], Decimal] | None
    extreme = {"min": min, "max": max}.get(function)
    if extreme is None or len(arguments) < 2:
        return lambda facts: called(function, [argument(facts) for argument in arguments], span)

    def compute(facts: Facts) -> Value:
        values = [argument(facts) for argument in arguments]
        numbers = [value for value in values if type(value) is Decimal]
        return extreme(numbers) if len(numbers) == len(values) else called(function, values, span)

    return compute


def _text(parts: tuple[Expr, ...], span: Span) -> Compute:
    pieces = [
        written(part.value) if isinstance(part, Literal) and part.value is not None else compiled(part)
        for part in parts
    ]

    def compute(facts: Facts) -> Value:
        texts: list[str] = []
        for piece in pieces:
            if type(piece) is str:
                texts.append(piece)
                continue
            assert callable(piece)
            value = piece(facts)
            if value is None:
                return None
            texts.append(value if type(value) is str else written(value))
        return short_enough("".join(texts), span)

    return compute
