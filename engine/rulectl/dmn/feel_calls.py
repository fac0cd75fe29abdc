"""The functions of FEEL that cells can say (DMN 1.5 section 10.3.4), and `some`, `every`, `for` over what is listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException

from rulectl.dmn.feel_text import FeelFault, Token
from rulectl.dmn.meaning import Meaning, mentions, single
from rulectl.lang.chars import plain
from rulectl.lang.dates import read_duration, read_moment
from rulectl.lang.syntax import (
    Binary,
    Both,
    Call,
    Compare,
    Either,
    Expr,
    Function,
    If,
    Is,
    Literal,
    Meets,
    Name,
    Not,
    Sequence,
    Text,
)
from rulectl.lang.trees import sequence
from rulectl.source import Span
from rulectl.values import number

_ITEM = Name("?item")
_ZERO = Literal(Decimal(0))

_SAME: Mapping[str, tuple[Function, int, int]] = {
    "min": ("min", 1, 64),
    "max": ("max", 1, 64),
    "sum": ("sum", 1, 64),
    "count": ("count", 1, 1),
    "abs": ("abs", 1, 1),
    "floor": ("floor", 1, 2),
    "ceiling": ("ceiling", 1, 2),
    "contains": ("contains", 2, 2),
    "round half up": ("round", 1, 2),
}
"""Functions that cells have too, with how many arguments they take. `round half up` goes away from zero in both."""


def _list_contains(given: list[Expr]) -> Expr:
    return Meets(given[0], Is("=", given[1]))


def _mean(given: list[Expr]) -> Expr:
    if len(given) == 1 and isinstance(given[0], Name | Literal):
        return Binary("/", Call("sum", (given[0],)), Call("count", (given[0],)))
    items = given[0].items if len(given) == 1 and isinstance(given[0], Sequence) else tuple(given)
    return Binary("/", Call("sum", items), Literal(Decimal(len(items))))


def _modulo(given: list[Expr]) -> Expr:
    """The sign is the divisor's, as DMN has it."""
    return Binary("-", given[0], Binary("*", given[1], Call("floor", (Binary("/", given[0], given[1]),))))


def _rounded(up: Function, down: Function) -> Callable[[list[Expr]], Expr]:
    """Away from zero or towards it: by the sign."""
    return lambda given: If(Compare(">=", given[0], _ZERO), Call(up, tuple(given)), Call(down, tuple(given)))


def _joined(kind: type[Both] | type[Either]) -> Callable[[list[Expr]], Expr]:
    def made(given: list[Expr]) -> Expr:
        items = _items(given[0]) if len(given) == 1 else tuple(given)
        if items is None or not items:
            raise LookupError
        return kind(items) if len(items) > 1 else items[0]

    return made


def _concatenated(given: list[Expr]) -> Expr:
    every = [_items(one) for one in given]
    if any(items is None for items in every):
        raise LookupError
    return sequence(tuple(item for items in every if items is not None for item in items))


def _appended(given: list[Expr]) -> Expr:
    items = _items(given[0])
    if items is None:
        raise LookupError
    return sequence((*items, *given[1:]))


_MADE: Mapping[str, tuple[Callable[[list[Expr]], Expr], int, int]] = {
    "list contains": (_list_contains, 2, 2),
    "mean": (_mean, 1, 64),
    "modulo": (_modulo, 2, 2),
    "round down": (_rounded("floor", "ceiling"), 1, 2),
    "round up": (_rounded("ceiling", "floor"), 1, 2),
    "all": (_joined(Both), 1, 64),
    "any": (_joined(Either), 1, 64),
    "concatenate": (_concatenated, 1, 64),
    "append": (_appended, 2, 64),
    "is defined": (lambda given: Compare("!=", given[0], Literal(None)), 1, 1),
    "string": (lambda given: Text((given[0],)), 1, 1),
}

_CONSTANT = ("date", "date and time", "duration", "number", "@")
_OTHERS = ("time", "string length", "upper case", "lower case", "starts with", "ends with", "substring before",
           "substring after", "string join", "day of week", "day of year", "month of year", "week of year",
           "distinct values", "insert before", "index of", "round half down", "years and months duration", "get value",
           "get entries", "list replace", "range")  # fmt: skip

FUNCTIONS: frozenset[str] = frozenset((*_SAME, *_MADE, *_CONSTANT, *_OTHERS))
"""Names of functions, also of those that cells have not: their words belong together."""


def call_known(name: str, given: list[Meaning], named: Mapping[str, Meaning], span: Span) -> Expr:
    """A call of a function of FEEL. Raises FeelFault for one that cells cannot say."""
    arguments = [single(one, span) for one in (*given, *named.values())]
    if named and name not in ("date", "count", "abs", "sum", "min", "max", "floor", "ceiling"):
        raise FeelFault("dmn-feel-arguments", span, function=name)
    if name in _SAME:
        function, fewest, most = _SAME[name]
        if fewest <= len(arguments) <= most:
            if function == "count" and isinstance(arguments[0], Literal | Sequence):
                return _counted(arguments[0])
            return Call(function, _spread(function, arguments))
    elif name in _MADE:
        made, fewest, most = _MADE[name]
        if fewest <= len(arguments) <= most:
            try:
                return made(arguments)
            except LookupError:
                raise FeelFault("dmn-feel-function", span, function=name) from None
    elif name in _CONSTANT and arguments:
        return _constant(name, arguments, span)
    else:
        raise FeelFault("dmn-feel-function", span, function=name)
    raise FeelFault("dmn-feel-arguments", span, function=name)


def _spread(function: Function, arguments: list[Expr]) -> tuple[Expr, ...]:
    """`min([a, b])` is `min(a, b)`."""
    if function in ("min", "max", "sum") and len(arguments) == 1 and isinstance(arguments[0], Sequence):
        return arguments[0].items
    return tuple(arguments)


def _counted(items: Literal | Sequence) -> Expr:
    if isinstance(items, Sequence):
        return Literal(Decimal(len(items.items)))
    return Literal(Decimal(len(items.value))) if isinstance(items.value, tuple) else Call("count", (items,))


def _constant(name: str, arguments: list[Expr], span: Span) -> Expr:
    """date("…"), date and time("…"), duration("…"), number("…"), @"…": a constant, or a date of an expression."""
    first = arguments[0]
    text = first.value if isinstance(first, Literal) and len(arguments) == 1 else None
    if not isinstance(text, str):
        if name == "date" and len(arguments) in (1, 3):
            return Call("date", tuple(arguments))
        raise FeelFault("dmn-feel-function", span, function=name)
    moment = read_moment(plain(text))
    length = read_duration(text) if "P" in text.upper() else None
    match name:
        case "number":
            try:
                return Literal(number(text.strip()))
            except DecimalException:
                raise FeelFault("dmn-feel-constant", span, text=text[:40]) from None
        case "date" if isinstance(moment, dt.date):
            return Literal(moment.date() if isinstance(moment, dt.datetime) else moment)
        case "date and time" if isinstance(moment, dt.datetime):
            return Literal(moment)
        case "date and time" if isinstance(moment, dt.date):
            return Literal(dt.datetime.combine(moment, dt.time()))
        case "duration" if length is not None:
            return Literal(length)
        case "@" if length is not None or moment is not None:
            return Literal(length if length is not None else moment)
        case _:
            raise FeelFault("dmn-feel-constant", span, text=text[:40])


def _items(expr: Expr) -> tuple[Expr, ...] | None:
    """The items of a list that is written out; None of any other."""
    if isinstance(expr, Sequence):
        return expr.items
    if isinstance(expr, Literal) and isinstance(expr.value, tuple):
        return tuple(Literal(value) for value in expr.value)
    return None


MAX_ITEMS = 200


def quantified(word: Token, items: Expr, body: Callable[[Expr], Expr]) -> Expr:
    """`some`, `every` and `for` over a list that is written out are `or`, `and` and a list; over any other list `some …
    satisfies item = x` asks whether it holds x. Raises FeelFault for the rest."""
    written = _items(items)
    if written is not None and 0 < len(written) <= MAX_ITEMS:
        made = [body(item) for item in written]
        if word.text == "for":
            return sequence(tuple(made))
        if len(made) == 1:
            return made[0]
        return Either(tuple(made)) if word.text == "some" else Both(tuple(made))
    said = body(_ITEM)
    match word.text, said:
        case "some", Compare("=", left, right) if left == _ITEM and not mentions(right, _ITEM):
            return Meets(items, Is("=", right))
        case "some", Compare("=", left, right) if right == _ITEM and not mentions(left, _ITEM):
            return Meets(items, Is("=", left))
        case "every", Compare("!=", left, right) if left == _ITEM and not mentions(right, _ITEM):
            return Not(Meets(items, Is("=", right)))
        case _:
            raise FeelFault("dmn-feel-construct", word.span, construct=word.text)
