"""Values in a condition: what stands after a sign or at an end of a range, as the column takes it."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from rulectl.lang.dates import MIDNIGHT
from rulectl.lang.expressions import ANY_LEVEL, SUM_LEVEL, Parser
from rulectl.lang.faults import clipped, fault
from rulectl.lang.literals import read_boolean, read_quantity
from rulectl.lang.operands import Operand, constant, fitted, literal, spoken_of
from rulectl.lang.pieces import Column, ambiguous
from rulectl.lang.syntax import Between, Both, Comparison, Either, Except, Expr, Is, Literal, Test
from rulectl.lang.units import GROUPED, Quantity, as_number, quantity_at, unit_at
from rulectl.source import Span
from rulectl.types import BOOLEAN, NUMBER, Kind, compatible
from rulectl.values import Value

_CLOCK = re.compile(r"[0-9]{1,2}:[0-9:]+")
"""A time of day without its day."""
_ALONE_IN_BRACKETS = re.compile(r"\(\s*(?P<inner>[^-+()\[\]{};\n][^()\[\]{};\n]{0,40}?)\s*\)")
_ENDS = re.compile(r"\s*(?:$|[,;、\n)\]]|或|且|or\b|and\b)")
_ANSWER_ENDS = re.compile(r"$|[,;、\n)\]或和与及且&|]|\s(?:or|and)\b")
"""What ends a plain yes or no."""


def value(parser: Parser, column: Column, op: Comparison | None, grouped: bool = False) -> Operand:
    """value := sum, of the column's kind; in a column of yes and no a whole expression. `op` is what stands before it,
    None when nothing does; `grouped` says that a comma can only part thousands here."""
    if column.type.kind is Kind.BOOLEAN:
        whole = parser.is_sign("(")
        answer = fit(_answer(parser, op), column, parser)
        if (
            not whole
            and isinstance(answer.expr, Both | Either)
            and any(isinstance(item, Literal) for item in answer.expr.items)
        ):
            # `签收天数 > 3 或 否` would be compared as one statement
            raise fault("statement-in-condition", answer.span, text=spoken_of(answer, parser.raw))
        has_order(column, op or "=", answer, parser)
        return answer
    bracketed = in_brackets(parser, column)
    if bracketed:
        span, number = bracketed
        raise ambiguous(span, column, *(Is(op or "=", Literal(one)) for one in (number, -number)))
    one = whole_number(parser, column, grouped) or parser.expression(SUM_LEVEL)
    taken = fit(one, column, parser)
    compares = parser.is_sign("<", "<=", ">", ">=", "=", "!=")
    if op is None and compares and not (isinstance(taken.expr, Literal) and _compares_number(parser)):
        raise fault("statement-in-condition", Span(one.span.start, len(parser.raw)), text=clipped(parser.raw.strip()))
    if op is not None:
        has_order(column, op, taken, parser)
        whole_day(taken, op, column)
    return taken


def in_brackets(parser: Parser, column: Column) -> tuple[Span, Decimal] | None:
    """A number that stands in brackets by itself at the parser's place, `(5)` or `(￥1,299.00)`, and where: accountants
    write less than nothing so. None for what can only be read in one way, and for `(1,299)`, which may be much else."""
    if column.type.kind is not Kind.NUMBER:
        return None
    text, start = parser.lexer.text, parser.lexer.skip(parser.pos)
    found = _ALONE_IN_BRACKETS.match(text, start)
    if not found or (GROUPED.fullmatch(found["inner"]) and "." not in found["inner"]):
        return None
    end = found.end() + (text[found.end() : found.end() + 1] == " ")
    unit = unit_at(text, end, parser.lexer.units)
    end = end + len(unit) if unit else found.end()
    read = read_quantity(found["inner"] + unit, parser.lexer.units)
    number = as_number(read, column.unit) if isinstance(read, Quantity) and _ENDS.match(text, end) else None
    return (Span(start, end), number) if number else None


def _compares_number(parser: Parser) -> bool:
    """Whether the sign at hand stands before anything but a term: `3 <5`, and not `3 <= days < 7`."""
    return parser.lexer.at(parser.peek().span.end).kind != "name"


def _answer(parser: Parser, op: Comparison | None) -> Operand:
    """Yes or no in any spelling that fills a piece, else an expression."""
    text = parser.lexer.text
    start = parser.lexer.skip(parser.pos)
    ends = _ANSWER_ENDS.search(text, start)
    end = ends.start() if ends else len(text)
    answer = read_boolean(text[start:end]) if end - start <= 8 else None
    if answer is not None:
        parser.pos = parser.end = start + len(text[start:end].rstrip())
        return literal(answer, BOOLEAN, Span(start, parser.end))
    return parser.expression(ANY_LEVEL if op is None else SUM_LEVEL)


def fit(one: Operand, column: Column, parser: Parser) -> Operand:
    """The operand as the column takes it. Raises Fault when it is not of its kind."""
    item = column.type.item
    beside = Operand(Literal(None), item, column.unit, symbol=column.symbol)
    if one.many:
        if not column.type.many:
            raise fault("not-a-single-value", one.span, text=spoken_of(one, parser.raw))
        beside = beside._replace(type=column.type)
    one = fitted(one, beside, parser.raw)
    moment = constant(one.expr)
    if item.kind is Kind.DATE and isinstance(moment, dt.datetime):
        if moment.time() != MIDNIGHT:
            raise fault("clock-in-date", one.span, text=spoken_of(one, parser.raw), date=moment.date())
        one = literal(moment.date(), item, one.span)
    wanted = column.type if one.many else item
    if one.type is not None and not compatible(one.type, wanted):
        if one.type == BOOLEAN and not isinstance(one.expr, Literal):
            raise fault("statement-in-condition", one.span, text=spoken_of(one, parser.raw))
        noun = "text" if item.kind.textual else item.kind.value
        clock = _CLOCK.match(parser.lexer.text, one.span.start)
        raise fault(f"not-a-{noun}", one.span, text=clock.group() if clock else spoken_of(one, parser.raw))
    return one


def has_order(column: Column, op: Comparison, one: Operand, parser: Parser) -> None:
    if op not in ("=", "!=") and not column.type.ordered:
        raise fault("not-ordered", Span(one.span.start, one.span.end), text=spoken_of(one, parser.raw), operator=op)


def whole_day(one: Operand, op: Comparison, column: Column, low: tuple[Expr, bool] | None = None) -> None:
    """Raises Fault where a day without a clock may mean the whole day or its first moment."""
    moment: Value = constant(one.expr)
    if not one.day or op in ("<", ">=") or not isinstance(moment, dt.datetime) or moment.date() == dt.date.max:
        return
    day, next_day = Literal(moment), Literal(dt.datetime.combine(moment.date() + dt.timedelta(days=1), MIDNIGHT))
    first: Test
    second: Test = Is(op, day)
    if low:
        first, second = Between(low[0], next_day, low[1], False), Between(low[0], day, low[1], True)
    elif op == "<=":
        first = Is("<", next_day)
    elif op == ">":
        first = Is(">=", next_day)
    else:
        first = Between(day, next_day, True, False)
        first = Except(first) if op == "!=" else first
    raise ambiguous(one.span, column, first, second)


def whole_number(parser: Parser, column: Column, grouped: bool) -> Operand | None:
    """`1,299.00`: one number where it is plainly one; ambiguous where it may be a list; None when there is none."""
    text = parser.lexer.text
    start = parser.lexer.skip(parser.pos)
    money = text[start : start + 1] == "¥"
    at = start + money + (text[start + 1 : start + 2] == " " if money else 0)
    found = GROUPED.match(text, at)
    if not found or column.type.kind is not Kind.NUMBER or not (grouped or column.thousands):
        return None
    groups = found.group().split(".")[0].split(",")
    unit = unit_at(text, found.end() + (text[found.end() : found.end() + 1] == " "), parser.lexer.units)
    plainly = grouped or money or unit or "." in found.group() or any(g.startswith("0") for g in groups[1:])
    digits = found.group().replace(",", "")
    if not plainly:
        whole = text[:at] + digits + text[found.end() :]
        parts = text[:at] + found.group().replace(",", ";") + text[found.end() :]
        raise ambiguous(Span(at, found.end()), column, whole.strip(), parts.strip())
    read = quantity_at(digits + text[found.end() : found.end() + 16], 0, parser.lexer.units)
    if not isinstance(read, tuple):
        raise fault(read or "not-a-number", Span(at, found.end()), text=found.group())
    end = found.end() + read[1] - len(digits)
    parser.pos = parser.end = end
    quantity = Quantity(read[0].number, read[0].unit or ("元" if money else ""), read[0].factor)
    return Operand(Literal(quantity.number, Span(start, end)), NUMBER, quantity=quantity)
