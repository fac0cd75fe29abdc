"""What is noted behind a value of whether it is in itself: `3天以内(不含)`, `3-5天(不含5天)`, `7天(不含)至15天(含)`."""

from __future__ import annotations

from dataclasses import replace

from rulectl.lang.expressions import Parser
from rulectl.lang.faults import fault
from rulectl.lang.fitting import value
from rulectl.lang.operands import Operand, spoken_of
from rulectl.lang.pieces import Column, Piece, ambiguous, between
from rulectl.lang.syntax import Between, Comparison, Is
from rulectl.lang.tokens import Token
from rulectl.source import Span


def included(parser: Parser, column: Column, whole: Piece, one: Operand) -> Piece:
    """A bound and what is noted behind it."""
    return marked(whole, note(parser, column, one))


def ends_noted(parser: Parser, column: Column, whole: Piece, start: int) -> Piece:
    """A range and what is noted behind it of one end: `3-5天(不含5天)`; of which end has to be said."""
    token, test = parser.peek(), whole.test
    word = parser.lexer.at(token.span.end)
    if isinstance(test, Between) and token.kind == "word" and token.word == "contains" and _ends(parser, token):
        parser.take()  # `13 to 17 inclusive`
        return whole
    if not parser.is_sign("(") or word.word not in ("contains", "notcontains") or not isinstance(test, Between):
        return whole
    inside = word.word == "contains"
    parser.pos = parser.end = word.span.end
    low, high = test.low_closed, test.high_closed
    if parser.is_sign(")"):
        parser.take()
        if not inside:
            texts = [replace(test, low_closed=closed, high_closed=False) for closed in (True, False)]
            raise ambiguous(Span(start, parser.end), column, *texts)
        return whole
    end = value(parser, column, None)
    if end.expr not in (test.low, test.high):
        raise fault("unexpected-text", end.span, part=spoken_of(end, parser.raw))
    parser.expect(")", token.span)
    low, high = (inside if end.expr == test.low else low), (inside if end.expr == test.high else high)
    return whole._replace(test=replace(test, low_closed=low, high_closed=high))


def _ends(parser: Parser, token: Token) -> bool:
    """Whether nothing of the same piece follows a token."""
    following = parser.lexer.at(token.span.end)
    return following.kind == "end" or following.word in (",", ";", "or", "and", ")")


def both_noted(parser: Parser, column: Column, whole: Piece, low: bool) -> Piece:
    """A range of which it is noted at each end whether that is in: `7天(不含)至15天(含)`; unnoted it is."""
    test = whole.test
    if not isinstance(test, Between):
        return whole
    span = Span(test.span.start, parser.end)
    high = note(parser, column, Operand(test.high, column.type))
    return whole._replace(test=between((test.low, low), (test.high, high is not False), span))


def marked(whole: Piece, included: bool | None) -> Piece:
    """A bound of which it is noted whether it is in itself."""
    if included is None or not isinstance(whole.test, Is) or whole.test.op in ("=", "!="):
        return whole
    ops: tuple[Comparison, Comparison] = (">=", ">") if whole.test.op in (">", ">=") else ("<=", "<")
    return Piece(replace(whole.test, op=ops[not included]), whole.form)


def note(parser: Parser, column: Column, one: Operand) -> bool | None:
    """note := ('(' | ',')? ('含' | '不含') value? ')'?, as in `3天以内(不含)`; None when there is none"""
    token = parser.peek()
    opened = parser.is_sign("(")
    word = parser.lexer.at(token.span.end) if opened or parser.is_sign(",") else token
    if word.kind != "word" or word.word not in ("contains", "notcontains") or not column.type.ordered:
        return None
    parser.pos = parser.end = word.span.end
    if not (parser.peek().kind == "end" or parser.peek().suffix or parser.is_sign(")", ",", ";")):
        again = value(parser, column, None)
        if again.expr != one.expr:
            raise fault("unexpected-text", again.span, part=spoken_of(again, parser.raw))
    if opened:
        parser.expect(")", token.span)
    return word.word == "contains"
