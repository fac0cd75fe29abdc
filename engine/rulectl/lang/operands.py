"""Typing: what an expression under construction is, and the rules by which two of them combine.

Idea: an expression is typed while it is built, so that no untyped tree exists. Two things are settled only by their
surroundings: the meaning of a unit (`3天` is the number 3 beside a number of days, else a duration) and whether a text
is one of an enum's values; until then a text literal is an enum of one value and a quantity keeps its unit.
`type` None is null's: it fits everything. Source: DMN 1.5 section 10.3.2.13, made strict.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from rulectl.lang.chars import plain
from rulectl.lang.dates import MIDNIGHT
from rulectl.lang.faults import Fault, clipped, fault, not_allowed
from rulectl.lang.literals import read_one
from rulectl.lang.scope import Problem, Symbol
from rulectl.lang.syntax import Arithmetic, Binary, Compare, Comparison, Expr, If, Literal, Negative
from rulectl.lang.units import Quantity, as_duration, as_number
from rulectl.source import Span
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Kind, Type, compatible
from rulectl.values import Value, number_text

_CLOCK = re.compile(r"[0-9]+:[0-9:]+")
"""`72:00`, which may be hours or minutes."""

MAX_HEIGHT = 64
"""How deep a tree may be; every pass over trees recurses this far."""


class Operand(NamedTuple):
    """A typed part of an expression. `quantity` is there while a unit is not settled, `symbol` for a bare name,
    `day` for a date written without a clock."""

    expr: Expr
    type: Type | None
    unit: str = ""
    quantity: Quantity | None = None
    symbol: Symbol | None = None
    day: bool = False
    height: int = 1

    @property
    def span(self) -> Span:
        return self.expr.span

    @property
    def kind(self) -> Kind | None:
        return self.type.kind if self.type else None

    @property
    def many(self) -> bool:
        return self.type is not None and self.type.many


def built(expr: Expr, type_: Type | None, *parts: Operand, unit: str = "") -> Operand:
    """An operand made of others; raises Fault when the tree would be too deep."""
    height = 1 + max((part.height for part in parts), default=0)
    if height > MAX_HEIGHT:
        raise fault("nested-too-deep", expr.span, limit=MAX_HEIGHT)
    return Operand(expr, type_, unit, height=height)


def literal(value: Value, type_: Type | None, span: Span) -> Operand:
    return Operand(Literal(value, span), type_)


def text_literal(text: str, span: Span) -> Operand:
    """A text is, until it meets an enum or a string, an enum of itself."""
    return Operand(Literal(text, span), Type(Kind.ENUM, values=(text,)))


def spoken_of(operand: Operand, text: str) -> str:
    """The part of the cell's text that an operand is."""
    return clipped(text[operand.span.start : operand.span.end])


def settled(operand: Operand, text: str, wanted: Kind | None = None, unit: str = "") -> Operand:
    """A quantity by itself, or beside something of a kind: a number, or a duration. Raises Fault on a wrong unit."""
    quantity = operand.quantity
    if quantity is None:
        return operand
    if wanted in (Kind.DURATION, Kind.DATE, Kind.DATETIME) or (wanted is None and quantity.timely):
        time = as_duration(quantity, unit)
        if time is None or time == dt.timedelta.max:
            raise fault("not-a-duration", operand.span, text=spoken_of(operand, text))
        return literal(time, DURATION, operand.span)
    number = as_number(quantity, unit)
    if number is None:
        slug = "wrong-unit" if unit else "not-a-number"
        raise fault(slug, operand.span, text=spoken_of(operand, text), unit=unit)
    return literal(number, NUMBER, operand.span)._replace(unit=unit or quantity.unit)


def negated(operand: Operand, span: Span, text: str) -> Operand:
    """Unary minus; a literal is folded."""
    if operand.quantity:
        quantity = operand.quantity
        time = None if quantity.time is None else -quantity.time
        turned = Quantity(-quantity.number, quantity.unit, quantity.factor, time)
        return Operand(Literal(turned.number, span), NUMBER, operand.unit, turned)
    if operand.type not in (None, NUMBER, DURATION):
        raise fault("not-a-number", operand.span, text=spoken_of(operand, text))
    if isinstance(operand.expr, Literal) and operand.type in (NUMBER, DURATION):
        value = operand.expr.value
        if isinstance(value, Decimal | dt.timedelta):
            return literal(-value, operand.type, span)
    return built(Negative(operand.expr, span), operand.type, operand, unit=operand.unit)


def arithmetic(op: Arithmetic, left: Operand, right: Operand, text: str) -> Operand:
    """`left op right` by the kinds of both. Raises Fault when the two cannot be combined."""
    span = Span(left.span.start, right.span.end)
    left, right = _pair(op, left, right, text)
    type_ = _result(op, left, right)
    if type_ is False:
        one, other = spoken_of(left, text), spoken_of(right, text)
        raise fault("not-computable", span, left=one, right=other, operator=op)
    if op == "/" and constant(right.expr) in (0, dt.timedelta(0)):
        raise fault("division-by-zero", span, left=spoken_of(left, text))
    if type_ == DATE and op in ("+", "-"):
        _whole_days(left, right, span, text)
    unit = (left.unit or right.unit) if op in ("+", "-") else ""
    return built(
        Binary(op, left.expr, right.expr, span), type_ if isinstance(type_, Type) else None, left, right, unit=unit
    )


def _whole_days(left: Operand, right: Operand, span: Span, text: str) -> None:
    """Raises Fault where a date without a clock is moved by hours, which it cannot keep."""
    for moved, by in ((left, right), (right, left)):
        time = constant(by.expr)
        if isinstance(time, dt.timedelta) and time % dt.timedelta(days=1):
            raise fault("hours-on-date", span, date=spoken_of(moved, text), time=spoken_of(by, text))


def _pair(op: Arithmetic, left: Operand, right: Operand, text: str) -> tuple[Operand, Operand]:
    """Both sides with their units settled."""
    if left.quantity and right.quantity:
        return settled(left, text), settled(right, text)
    wanted = op in ("+", "-")
    if left.quantity:
        left = settled(left, text, right.kind if wanted else None, right.unit if wanted else "")
    if right.quantity:
        right = settled(right, text, left.kind if wanted else None, left.unit if wanted else "")
    return left, right


def _result(op: Arithmetic, left: Operand, right: Operand) -> Type | bool | None:
    """The type of a result; False when there is none; None when null is all that can be known."""
    if left.many or right.many:
        return False
    if left.type is None or right.type is None:
        known = left.type or right.type
        return known if known is None or known in (NUMBER, DURATION) else STRING if known.kind.textual else known
    one, other = left.type.kind, right.type.kind
    dates = (Kind.DATE, Kind.DATETIME)
    match op:
        case "+" if one.textual or other.textual:
            return STRING
        case "+" if one in dates and other is Kind.DURATION:
            return left.type
        case "+" if one is Kind.DURATION and other in dates:
            return right.type
        case "-" if (one in dates and other in dates) or one is other is Kind.DURATION:
            return DURATION
        case "-" if one in dates and other is Kind.DURATION:
            return left.type
        case "+" if one is other is Kind.DURATION:
            return DURATION
        case "*" if {one, other} == {Kind.NUMBER, Kind.DURATION}:
            return DURATION
        case "/" if one is Kind.DURATION and other is Kind.NUMBER:
            return DURATION
        case "/" if one is other is Kind.DURATION:
            return NUMBER
        case _:
            return NUMBER if one is other is Kind.NUMBER else False


def comparison(op: Comparison, left: Operand, right: Operand, text: str) -> Operand:
    """`left op right`: yes or no. Raises Fault when the two are not of a kind, or have no order."""
    span = Span(left.span.start, right.span.end)
    if left.quantity and right.quantity:
        left, right = settled(left, text), settled(right, text)
    left = fitted(left, right, text) if _bare(left) and not _bare(right) else left
    right = fitted(right, left, text)
    left = settled(left, text)
    if left.type and right.type and not compatible(left.type, right.type):
        raise fault("not-comparable", span, left=spoken_of(left, text), right=spoken_of(right, text))
    known = left.type or right.type
    if op not in ("=", "!=") and known and not known.ordered:
        raise fault("not-ordered", span, text=spoken_of(left if left.type else right, text), operator=op)
    return built(Compare(op, left.expr, right.expr, span), BOOLEAN, left, right)


def _bare(operand: Operand) -> bool:
    return isinstance(operand.expr, Literal)


def fitted(operand: Operand, beside: Operand, text: str) -> Operand:
    """A literal as what it is compared with takes it: its unit, its date, its place among the allowed values."""
    if beside.type is None:
        return settled(operand, text)
    if operand.quantity and beside.kind in (Kind.DATE, Kind.DATETIME):
        raise fault(f"not-a-{beside.kind.value}", operand.span, text=spoken_of(operand, text))
    operand = settled(operand, text, beside.kind, beside.unit)
    value = operand.expr.value if isinstance(operand.expr, Literal) else None
    if isinstance(value, Decimal):
        value = number_text(value)
    if isinstance(value, str) and beside.kind in (Kind.DATE, Kind.DATETIME, Kind.DURATION):
        read = read_one(value, beside.type.item, beside.unit)
        clock = _CLOCK.match(plain(text), operand.span.start)
        if isinstance(read, Problem) and read.slug == "not-a-duration" and clock:
            raise fault("not-a-duration", Span(*clock.span()), text=clock.group())
        if isinstance(read, Problem):
            raise Fault(Problem(read.slug, operand.span, read.fields))
        return literal(read, beside.type.item, operand.span)
    if isinstance(value, dt.date) and beside.kind is Kind.DATETIME and not isinstance(value, dt.datetime):
        moment = dt.datetime.combine(value, MIDNIGHT)
        return literal(moment, DATETIME, operand.span)._replace(day=True)
    if not (_bare(beside) and isinstance(constant(beside.expr), str)):
        among(operand, beside.type, beside.symbol)
    return operand


def among(operand: Operand, type_: Type, symbol: Symbol | None = None) -> None:
    """Raises Fault when none of the texts that an operand can be is one of the type's values."""
    own = operand.type
    if own is None or not own.values or not type_.values or own.kind is not Kind.ENUM:
        return
    if not set(own.values) & set(type_.values):
        cell = symbol.cell if symbol else None
        raise Fault(not_allowed(";".join(own.values[:3]), type_.values, operand.span, cell))


def assigned(operand: Operand, type_: Type, unit: str, text: str, symbol: Symbol | None = None) -> Operand:
    """An operand as the value of a column or term of a type. Raises Fault when it is not of that type."""
    operand = settled(operand, text, type_.kind, unit)
    own = operand.type
    if own is None:
        return operand
    if isinstance(operand.expr, Literal) and not own.many and type_.kind in (Kind.DATE, Kind.DATETIME, Kind.DURATION):
        operand = fitted(operand, Operand(operand.expr, type_.item, unit), text)
        own = operand.type or own
    if own.many and not type_.many:
        raise fault("not-a-single-value", operand.span, text=spoken_of(operand, text))
    if not _gives(own.kind, type_.kind):
        raise fault(f"not-a-{_noun(type_)}", operand.span, text=spoken_of(operand, text))
    if type_.values:
        outside = tuple(value for value in own.values if value not in type_.values)
        if outside:
            raise Fault(not_allowed(outside[0], type_.values, operand.span, symbol.cell if symbol else None))
    return operand


def _gives(own: Kind, wanted: Kind) -> bool:
    """Whether a value of one kind can stand for another: a date is the midnight of itself."""
    return own is wanted or (own is Kind.ENUM and wanted is Kind.STRING) or (own is Kind.STRING and wanted is Kind.ENUM)


def _noun(type_: Type) -> str:
    return "text" if type_.kind.textual else type_.kind.value


def chosen(condition: Operand, then: Operand, otherwise: Operand, span: Span, text: str) -> Operand:
    """`if`: both branches of one kind; texts keep all the values that they can be."""
    truth(condition, text)
    if then.quantity and not otherwise.quantity:
        then = settled(then, text, otherwise.kind, otherwise.unit)
    if otherwise.quantity:
        otherwise = settled(otherwise, text, then.kind if not then.quantity else None, then.unit)
    then = settled(then, text)
    type_ = joined(then, otherwise, text)
    unit = then.unit or otherwise.unit
    return built(If(condition.expr, then.expr, otherwise.expr, span), type_, condition, then, otherwise, unit=unit)


def joined(one: Operand, other: Operand, text: str) -> Type | None:
    """The type that covers both operands. Raises Fault when there is none."""
    if one.type is None or other.type is None:
        return one.type or other.type
    if one.type == other.type:
        return one.type
    if one.kind is other.kind is Kind.NUMBER and one.many == other.many:
        # two numbers with bounds of their own
        return Type(Kind.NUMBER, one.many)
    if one.kind is other.kind is Kind.ENUM and one.many == other.many:
        return replace(one.type, values=tuple(dict.fromkeys((*one.type.values, *other.type.values))))
    if compatible(one.type, other.type) and one.type.kind.textual:
        return Type(Kind.STRING, one.many)
    raise fault("not-alike", other.span, left=spoken_of(one, text), right=spoken_of(other, text))


def truth(operand: Operand, text: str) -> Operand:
    """The operand, which must be yes or no."""
    if operand.quantity or operand.type not in (None, BOOLEAN):
        raise fault("not-a-boolean", operand.span, text=spoken_of(operand, text))
    return operand


def constant(expr: Expr) -> Value:
    """The value of a literal, None of anything else."""
    return expr.value if isinstance(expr, Literal) else None
