"""Conclusions: literals of the column's type, lists, expressions (semantics section 4)."""

from __future__ import annotations

import re

from rulectl.lang.bounds import below
from rulectl.lang.calls import list_of
from rulectl.lang.chars import QUOTES, plain, visible
from rulectl.lang.expressions import Parser
from rulectl.lang.faults import Fault, clipped, fault, not_allowed
from rulectl.lang.fitting import in_brackets
from rulectl.lang.literals import in_brackets_whole, match_allowed, read_boolean, read_one, read_quantity, split_list
from rulectl.lang.operands import Operand, assigned, literal, text_literal
from rulectl.lang.pieces import Column, ambiguous
from rulectl.lang.places import no_formula, no_other_place
from rulectl.lang.ranges import plain_range
from rulectl.lang.scope import Problem
from rulectl.lang.syntax import Binary, Expr, Literal, Name, Sequence, Text
from rulectl.lang.tokens import Lexer
from rulectl.lang.words import meant
from rulectl.source import Span
from rulectl.types import Kind, Type
from rulectl.values import number_text

_PARTS = re.compile(r"[;；,，、\n]")
_AND = re.compile(r"以及|[和与及+＋&＆/／]|(?:[,，]\s*)?\band\b", re.IGNORECASE)
_NULL_WORDS = ("空", "null")


def output(parser: Parser, column: Column) -> Expr:
    """conclusion := ':=' expression | text | value (';' value)*"""
    raw, type_ = parser.raw, column.type
    if type_.kind.textual:
        return _textual(parser, column)
    whole = _plain_value(raw, 0, len(raw), column) if not type_.many else None
    if whole:
        return whole.expr
    start = parser.lexer.skip(0)
    opening = parser.lexer.text[start : start + 2]
    # `=a + b` is how a spreadsheet begins a formula
    parser.pos = start + (2 if opening == ":=" else opening[:1] == "=" and opening != "==")
    if not type_.many:
        _only_reading(parser, column)
        bare = parser.pos == start and not parser.is_sign("(")
        if bare:
            _no_range(parser, column)
        operand = _alone(parser.expression())
        finish(parser)
        if bare:
            _no_rise(parser, start, operand.expr)
        return assigned(operand, type_, column.unit, raw, column.symbol).expr
    if parser.is_sign("["):
        operand = parser.expression()
        finish(parser)
        return assigned(operand, type_, column.unit, raw, column.symbol).expr
    return _items(parser, column)


def _alone(operand: Operand) -> Operand:
    """The one item of `[实付]`, as spreadsheets write names, where one value is concluded."""
    match operand.expr:
        case Sequence((Name() as name,)) if operand.type is not None:
            return Operand(name, operand.type.item)
        case _:
            return operand


def _only_reading(parser: Parser, column: Column) -> None:
    """Raises Fault for `(5)`: five, or five less than nothing as accountants write it."""
    bracketed = in_brackets(parser, column)
    if bracketed:
        span, number = bracketed
        raise ambiguous(span, column, number_text(number), number_text(-number))


def _no_range(parser: Parser, column: Column) -> None:
    """Raises Fault for `50~100` and `50到100元`: one value is concluded."""
    at = parser.pos
    try:
        piece = plain_range(parser, column)
    except Fault as why:
        if why.problem.slug != "ambiguous-entry":
            raise
        piece = None  # `100-50`, `1-3万`: what it is as a sum is looked at below
    if piece is not None and parser.peek().kind == "end":
        raise _range(parser, at)
    parser.pos = at


def _no_rise(parser: Parser, at: int, expr: Expr) -> None:
    """Raises Fault for `50-100` and `1-3万`: nobody means less than nothing by it. `100-50`, which falls, is a sum."""
    if isinstance(expr, Binary) and expr.op == "-" and below(expr.left, expr.right):
        raise _range(parser, at)


def _range(parser: Parser, at: int) -> Fault:
    return fault("range-in-conclusion", Span(at, parser.end), text=clipped(visible(parser.raw)))


def finish(parser: Parser) -> None:
    """Nothing may follow."""
    if parser.peek().kind != "end":
        raise parser.unexpected()


def _plain_value(raw: str, start: int, end: int, column: Column) -> Operand | None:
    """A literal that fills its place, as a case file would have it; None when it is none."""
    text, item = raw[start:end], column.type.item
    if item.kind is Kind.NUMBER and isinstance(read_quantity(plain(text), (column.unit,)), str):
        return None
    if item.kind is Kind.BOOLEAN and read_boolean(text) is None:
        return None
    read = read_one(text, item, column.unit)
    if not isinstance(read, Problem):
        return literal(read, item, Span(start, end))
    if read.slug in ("wrong-unit", "number-too-long", "number-too-large", "clock-in-date"):
        raise Fault(Problem(read.slug, Span(start, end), read.fields))
    return None


def _items(parser: Parser, column: Column) -> Expr:
    """value (';' value)*"""
    raw = parser.raw
    spans = split_list(raw, column.type)
    values = [_plain_value(raw, span.start, span.end, column) for span in spans]
    if all(values):
        return Literal(tuple(v.expr.value for v in values if v and isinstance(v.expr, Literal)), Span(0, len(raw)))
    items: list[Operand] = []
    while True:
        _only_reading(parser, column)
        operand = parser.expression()
        if operand.many and not items and parser.peek().kind == "end":
            return assigned(operand, column.type, column.unit, raw, column.symbol).expr
        items.append(assigned(operand, column.type.item, column.unit, raw, column.symbol))
        if not parser.accept(",", ";"):
            break
    finish(parser)
    return list_of(tuple(items), Span(0, len(raw)), raw).expr


# -- texts -------------------------------------------------------------------------------------------------------


def _textual(parser: Parser, column: Column) -> Expr:
    """text := allowed value | 'null' | ':=' expression | '"' characters '"' | characters with {places}

    Free text may be any word, so there `空` is that word; among allowed values it can only mean none."""
    raw, type_ = parser.raw, column.type
    start = parser.lexer.skip(0)
    if visible(raw) in type_.values:
        one = literal(visible(raw), type_.item, Span(start, len(raw)))
        return _wrapped(one, column).expr
    if type_.values and visible(raw).lower() in _NULL_WORDS:
        return Literal(None, Span(start, len(raw)))
    if parser.lexer.text.startswith(":=", start):
        return _expression(parser, column, start + 2).expr
    if not type_.many:
        return _one(parser, column, Span(0, len(raw))).expr
    if not type_.values:
        _no_bracketed_list(raw, column)
    items = [_one(parser, column, part) for span in split_list(raw, type_) for part in _joined(raw, span, type_)]
    return list_of(tuple(items), Span(0, len(raw)), raw).expr


def _no_bracketed_list(raw: str, column: Column) -> None:
    """Raises Fault for `[甲, 乙]` among free texts: two of them, or one that stands in brackets."""
    inner = in_brackets_whole(plain(raw))
    if inner is None or not _PARTS.search(plain(raw), inner.start, inner.end):
        return
    parts = [visible(part) for part in _PARTS.split(raw[inner.start : inner.end]) if visible(part)]
    raise ambiguous(Span(0, len(raw)), column, ";".join(parts), f'"{visible(raw)}"')


def _expression(parser: Parser, column: Column, at: int) -> Operand:
    parser.pos = at
    parser.lexer.newlines = False
    operand = parser.expression()
    finish(parser)
    wanted = column.type if operand.many or not column.type.many else column.type.item
    operand = assigned(operand, wanted, column.unit, parser.raw, column.symbol)
    return _wrapped(operand, column)


def _wrapped(operand: Operand, column: Column) -> Operand:
    """A single value in a column of lists is a list of one; null stays null."""
    if not column.type.many or operand.many or operand.type is None:
        return operand
    if isinstance(operand.expr, Literal):
        return literal((operand.expr.value,), column.type, operand.span)
    return Operand(Sequence((operand.expr,), operand.span), column.type)


def _one(parser: Parser, column: Column, span: Span) -> Operand:
    """One text of a cell: quoted, or as it stands with its places."""
    raw = parser.raw
    start = span.start + len(raw[span.start : span.end]) - len(raw[span.start : span.end].lstrip())
    text = visible(raw[span.start : span.end])
    quoted = _quoted(parser, text, start)
    if quoted is not None:
        _no_quoted_place(parser, quoted, column)
        return assigned(quoted, column.type.item, "", raw, column.symbol)
    if column.type.values:
        read = read_one(text, column.type.item)
        if isinstance(read, Problem) and not column.type.many and _several(text, column.type):
            raise fault("not-a-single-value", Span(start, start + len(text)), text=clipped(text))
        if isinstance(read, Problem):
            cell = column.symbol.cell if column.symbol else None
            hint = meant(plain(text).lower(), column.type.values)
            hint = hint if hint == "lang-hint-if" else None
            parser.tell(not_allowed(text, column.type.values, Span(start, start + len(text)), cell, hint))
            return literal(None, None, span)
        return literal(read, column.type.item, Span(start, start + len(text)))
    end = start + len(raw[start : span.end].rstrip())
    no_other_place(text, Span(start, end), parser.scope)
    no_formula(text, Span(start, end), parser.scope)
    operand = parser.template(start, end)
    if isinstance(operand.expr, Literal) and isinstance(operand.expr.value, str):
        return text_literal(visible(operand.expr.value), operand.span)
    return operand


def _joined(raw: str, span: Span, type_: Type) -> list[Span]:
    """The items of `水果和早餐券`: allowed values all of them, so that nothing else can be meant; else all of it."""
    text = raw[span.start : span.end]
    if not type_.values or match_allowed(visible(text), type_.values) is not None:
        return [span]
    cuts = [found.span() for found in _AND.finditer(text)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    parts = [Span(start, end) for start, end in zip(starts, ends, strict=True)]
    whole = all(match_allowed(visible(text[one.start : one.end]), type_.values) is not None for one in parts)
    return [one.shifted(span.start) for one in parts] if whole else [span]


def _several(text: str, type_: Type) -> bool:
    """Whether a text is a list of allowed values, where one is wanted."""
    parts = [visible(text[span.start : span.end]) for span in split_list(text, type_)]
    return len(parts) > 1 and all(match_allowed(part, type_.values) is not None for part in parts)


def _quoted(parser: Parser, text: str, start: int) -> Operand | None:
    """The text of a cell that stands in quotes whole; None when it does not."""
    if len(text) < 2 or text[0] not in QUOTES or text[-1] != QUOTES[text[0]]:
        return None
    token = parser.lexer.at(start)
    if token.kind != "text" or token.span.end != start + len(text):
        return None
    return text_literal(token.text, token.span)


def _no_quoted_place(parser: Parser, quoted: Operand, column: Column) -> None:
    """Raises Fault for `“退您{实付}元”`: a text that holds braces, or a quoted sentence that names a term."""
    text = str(quoted.expr.value) if isinstance(quoted.expr, Literal) else ""
    if column.type.values or "{" not in plain(text):
        return
    inner = Parser(Lexer(text, parser.scope, parser.lexer.units, newlines=False), parser.tests, parser.depth)
    try:
        filled = inner.template(0)
    except Fault:
        return
    if isinstance(filled.expr, Text) and not inner.problems:
        raise ambiguous(quoted.span, column, text, re.sub("[{}｛｝]", r"\g<0>\g<0>", text))


def template_cell(parser: Parser) -> Expr:
    """A whole cell as a text with places."""
    return parser.template(0).expr


def of_type(operand: Operand, expected: Type | None, raw: str) -> Operand:
    """An expression by itself, or as what is expected of it."""
    if expected is None:
        return operand
    return assigned(operand, expected, "", raw)
