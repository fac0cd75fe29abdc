"""Ranges without brackets: `3~5`, `3-5天`, `10到20%`, `1-3万`, `X与Y之间`."""

from __future__ import annotations

from rulectl.lang.bounds import below
from rulectl.lang.expressions import ATOM_LEVEL, Parser
from rulectl.lang.faults import fault
from rulectl.lang.fitting import fit
from rulectl.lang.operands import Operand
from rulectl.lang.pieces import Column, Piece, ambiguous, between
from rulectl.lang.syntax import Between, Binary, Expr, Is, Literal
from rulectl.lang.tokens import Token
from rulectl.lang.units import Quantity, as_duration, as_number
from rulectl.source import Span
from rulectl.types import Kind
from rulectl.values import CONTEXT


def plain_range(parser: Parser, column: Column) -> Piece | None:
    """number ('-' | '~' | 'to' | '..') number: a range; with `-` it is ambiguous where it does not rise. None when it
    is none of these, or its ends are more than numbers."""
    if column.type.many or column.type.kind not in (Kind.NUMBER, Kind.DURATION):
        return None
    low = parser.peek()
    sign = parser.lexer.at(low.span.end)
    if low.kind != "number" or sign.word not in ("-", "~", "—", "..", "to", "with"):
        return None
    high = parser.lexer.at(sign.span.end)
    after = parser.lexer.at(high.span.end)
    if high.kind != "number" or (after.kind == "sign" and after.word in ("+", "-", "*", "/", "**")):
        return None
    if sign.word == "with" and after.word != "among":
        return None
    one = parser.expression(ATOM_LEVEL)
    parser.take()
    two = parser.expression(ATOM_LEVEL)
    parser.accept("among", "以内", "之内", "内")
    return spanned(parser, column, one, two, (low, high), falling=sign.word == "-")


def spanned(
    parser: Parser,
    column: Column,
    low: Operand,
    high: Operand,
    tokens: tuple[Token, Token] | None = None,
    falling: bool = False,
) -> Piece:
    """The range of two ends, both in. `tokens` are the two numbers, `falling` says that it may be a subtraction."""
    span = Span(low.span.start, parser.end)
    one, other = low.expr, high.expr
    if tokens and tokens[0].quantity and tokens[1].quantity:
        one, other = _shared(column, tokens[0].quantity, tokens[1].quantity, low, high, span, parser)
    if falling and not below(one, other):
        raise ambiguous(span, column, Between(other, one), Is("=", Binary("-", one, other)))
    return Piece(between((one, True), (other, True), span), "range")


def _shared(
    column: Column, low: Quantity, high: Quantity, one: Operand, other: Operand, span: Span, parser: Parser
) -> tuple[Expr, Expr]:
    """Both ends with their units: what only the second has, the first has too where nothing else makes sense."""
    ends_: list[tuple[Expr, Expr]] = []
    for first in _readings(low, high):
        pair = [_settle(q, o, column, parser) for q, o in ((first, one), (high, other))]
        if pair not in [list(e) for e in ends_] and not below(pair[1], pair[0]):
            ends_.append((pair[0], pair[1]))
    if not ends_:
        return _settle(low, one, column, parser), _settle(high, other, column, parser)
    if len(ends_) > 1:
        raise ambiguous(span, column, Between(*ends_[0]), Between(*ends_[1]))
    return ends_[0]


def _readings(low: Quantity, high: Quantity) -> list[Quantity]:
    """The first end with the second's unit and scale, and as it stands where that is another thing."""
    if low.unit or low.factor:
        return [low]
    scaled = Quantity(low.number.scaleb(high.factor, CONTEXT), high.unit)
    if not high.factor and high.unit != "%":
        return [scaled]
    return [scaled, Quantity(low.number, "" if high.unit == "%" else high.unit)]


def _settle(quantity: Quantity, operand: Operand, column: Column, parser: Parser) -> Expr:
    if column.type.kind is Kind.DURATION:
        time = as_duration(quantity, column.unit)
        if time is None:
            raise fault("not-a-duration", operand.span, text=parser.raw[operand.span.start : operand.span.end])
        return Literal(time, operand.span)
    number = as_number(quantity, column.unit)
    if column.type.kind is not Kind.NUMBER or number is None:
        return fit(operand, column, parser).expr
    return Literal(number, operand.span)
