"""How a formula came to its value, step by step: the case's values put in, then its parts worked out, then the result.

`round(实付 * 比例, 2)` of a case is `round(129 * 0.333, 2) = round(42.957, 2) = 42.96`: a person with a pocket
calculator can follow it to the cent. Only arithmetic has steps; a choice among words is seen from the conditions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from rulectl.codes import Language
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.fold import fold_test
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.syntax import Any, Expr, If, Literal, Name, Test
from rulectl.lang.trees import names_of, with_parts
from rulectl.types import Type
from rulectl.values import Value

Facts = Mapping[str, Value]

_WIDEST = 160
"""A step that takes more characters than this explains nothing."""


def value_of(expr: Expr, facts: Facts) -> Value:
    """What an expression comes to; None where that is unknown or cannot be worked out."""
    try:
        return evaluate(expr, facts)
    except CannotCompute:
        return None


def steps(expr: Expr, facts: Facts, lang: Language) -> tuple[str, ...]:
    """What stands between a formula and its value, as text; nothing where there is no arithmetic in it."""
    if isinstance(expr, Literal | Name) or not all(_measured(facts.get(name)) for name in names_of(expr)):
        return ()
    put_in = _filled(expr, facts)
    result = print_expr(Literal(value_of(expr, facts)), {}, lang=lang)
    texts = [print_expr(one, {}, lang=lang) for one in (put_in, _worked_out(put_in))]
    return tuple(text for text in dict.fromkeys(texts) if text != result and len(text) <= _WIDEST)


def limit(test: Test, column: Type, facts: Facts, lang: Language) -> str:
    """What a condition asks of this case, where it names parameters or other terms that are known; else nothing."""
    names = names_of(test)
    if not names or isinstance(test, Any) or any(facts.get(name) is None for name in names):
        return ""
    told = print_test(fold_test(test, {name: facts[name] for name in names}), column, {}, lang)
    return told if len(told) <= _WIDEST else ""


def _measured(value: Value) -> bool:
    """Whether a value is one that is reckoned with."""
    return isinstance(value, Decimal | dt.date | dt.timedelta) and not isinstance(value, bool)


def _filled(expr: Expr, facts: Facts) -> Expr:
    """A formula with values for names, and of what it chooses between the one that was chosen."""
    if isinstance(expr, Name):
        return Literal(facts[expr.id])
    if isinstance(expr, If):
        return _filled(expr.then if value_of(expr.condition, facts) is True else expr.otherwise, facts)
    return with_parts(expr, lambda part: _filled(part, facts) if isinstance(part, Expr) else part)


def _worked_out(expr: Expr) -> Expr:
    """The same with each of its parts worked out."""
    if isinstance(expr, Literal):
        return expr
    return with_parts(expr, lambda part: _result(part) if isinstance(part, Expr) else part)


def _result(expr: Expr) -> Expr:
    value = value_of(expr, {})
    return expr if value is None else Literal(value)
