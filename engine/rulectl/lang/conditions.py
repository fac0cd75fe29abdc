"""Conditions made of tokens: unary tests on numbers, dates, durations, yes-or-no, and on anything after `in`.

Source: DMN 1.5 section 10.3.1.2 (unary tests) with the ways in which people write them in a spreadsheet; all of it is
lowered to the few nodes of syntax. What can be read in two ways is refused, with both readings as texts to choose from.
"""

from __future__ import annotations

from rulectl.lang import noted
from rulectl.lang.brackets import look_ahead
from rulectl.lang.expressions import ATOM_LEVEL, Parser
from rulectl.lang.faults import clipped, fault
from rulectl.lang.fitting import fit, has_order, in_brackets, value, whole_day
from rulectl.lang.operands import Operand, spoken_of
from rulectl.lang.pieces import Column, Form, Piece, ambiguous, between, bound, checked_list, met
from rulectl.lang.ranges import plain_range, spanned
from rulectl.lang.syntax import Any, Between, Binary, Comparison, Except, Is, IsNull, Literal, OneOf, Test
from rulectl.lang.tokens import Token
from rulectl.lang.trees import names_of
from rulectl.source import Span
from rulectl.types import STRING, Kind

_OPS: dict[str, Comparison] = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FROM = ("从", "自", "from")
_JOINTS = ("to", "~", "—", "..", "with", "-", "[", "(")
_CLOSING = (",", ";", ")", "]", "and", "or")


def subject_tests(parser: Parser, subject: Operand) -> Test:
    """What follows `x in`: `(tests)`, a range, `[a, b]`, `not(…)`; `between a and b`."""
    column = Column(subject.type or STRING, subject.unit, subject.symbol, {})
    if parser.is_sign("("):
        look = look_ahead(parser.lexer, parser.peek().span.start)
        if look.close == ")" and not look.dots:
            opened = parser.take().span
            test = list_of_tests(parser, column)
            parser.expect(")", opened)
            return test
    one = piece(parser, column)
    if one.form != "value" or not column.type.values:
        return one.test
    pieces = [one]
    while parser.raw[parser.peek().span.start :][:1] == "、":
        # `属于 A、B`; a comma may belong to what stands around
        parser.take()
        pieces.append(piece(parser, column))
    return checked_list(pieces, column, Span(one.test.span.start, parser.end))


def list_of_tests(parser: Parser, column: Column, closing: str = ")", excepting: bool = False) -> Test:
    """tests := conjunction ((',' | ';' | '、' | 'or' | '和' | 'and' | line break)+ conjunction)*"""
    start = parser.lexer.skip(parser.pos)
    pieces: list[Piece] = []
    worded = True
    while True:
        while parser.accept(",", ";"):
            worded = False
        if parser.peek().kind == "end" or parser.is_sign(closing) or (excepting and _outside(parser.peek())):
            break
        pieces.append(conjunction(parser, column, excepting))
        worded = worded and not parser.is_sign(",", ";")
        if not _goes_on(parser, column):
            break
    if not pieces:
        raise parser.unexpected()
    if column.type.kind is Kind.BOOLEAN and worded:
        _answers_alone(pieces, parser)
    return checked_list(pieces, column, Span(start, parser.end), worded)


def _goes_on(parser: Parser, column: Column) -> bool:
    """Take what parts an item of a list from the next: a comma, `or`, `, and`. Raises Fault for `3 or` at the end."""
    parted = parser.accept(",", ";")
    worded = parser.accept("or") if column.type.many else parser.accept("or", "with", "and")
    if worded and parser.peek().kind == "end":
        raise parser.unexpected()
    return parted or worded


def _answers_alone(pieces: list[Piece], parser: Parser) -> None:
    """Raises Fault for `是 且 签收天数 > 3`: a plain answer, and a statement that does not ask of this column."""
    asked = [piece.test for piece in pieces if isinstance(piece.test, Is)]
    stated = [test for test in asked if not isinstance(test.value, Literal)]
    if stated and len(stated) < len(asked):
        part = parser.raw[stated[0].span.start : stated[0].span.end]
        raise fault("statement-in-condition", stated[0].span, text=clipped(part.strip()))


def conjunction(parser: Parser, column: Column, excepting: bool = False) -> Piece:
    """conjunction := piece ('and' piece)* | bound bound, as in `超过3天不足7天`. `3 and 5` is a list, as `3和5` is, for
    one value cannot be both; `3 且 5` says so all the same."""
    start = parser.lexer.skip(parser.pos)
    pieces, joined = [piece(parser, column, excepting)], True
    while True:
        listed = pieces[-1].form == "value" and not column.type.many
        if parser.is_word("and") and not (listed and _lists(parser.peek(), parser)):
            parser.take()
            pieces.append(piece(parser, column, excepting))
        elif pieces[-1].form == "bound" and _starts_value(parser.peek()):
            joined = False
            pieces.append(piece(parser, column, excepting))
        else:
            return met(pieces, joined, column, Span(start, parser.end))


def _lists(joint: Token, parser: Parser) -> bool:
    """Whether an `and` stands before a plain value, and no comparison or negation."""
    following = parser.lexer.at(joint.span.end)
    plainly = following.kind not in ("sign", "word", "end") or following.word in ("is", "true", "false")
    return plainly and parser.lexer.lower[joint.span.start : joint.span.end] in ("and", "&")


def _starts_value(token: Token) -> bool:
    return token.kind in ("number", "date") or token.prefix is not None or (token.kind == "sign" and token.word in _OPS)


def piece(parser: Parser, column: Column, excepting: bool = False) -> Piece:
    """piece := '-' | 'null' | 'not' ('(' tests ')' | piece) | 'except' tests 'outside' | bracketed | compare value
    | 'between' value 'and' value | value suffix? | value 'to' value"""
    parser.deeper()
    found = _piece(parser, column, excepting)
    parser.depth -= 1
    return found


def _piece(parser: Parser, column: Column, excepting: bool) -> Piece:
    token = parser.peek()
    start = token.span.start
    word = parser.allowed_word(column.type)
    if word:
        return Piece(Is("=", fit(word, column, parser).expr, word.span), "value")
    if token.kind == "sign" and token.word in ("-", "—") and _closes(parser.lexer.at(token.span.end)):
        parser.take()
        return Piece(Any(token.span), "other")
    if token.kind == "word" and token.word in ("null", "notnull"):
        parser.take()
        null = IsNull(token.span)
        return Piece(null if token.word == "null" else Except(null, token.span), "other")
    if parser.accept("not", "isnot", "notin", "notcontains"):
        return _negated(parser, column, start)
    if parser.accept("except"):
        return _all_but(parser, column, start)
    if parser.accept("between"):
        low = value(parser, column, "=")
        if not parser.accept("and", "with", "to", "~", "—", ","):
            raise parser.unexpected()
        return _ends(parser, column, low)
    if parser.is_word("in") or (parser.is_word("contains") and column.type.many):
        said = parser.take().span
        if column.type.ordered and parser.lexer.lower[said.start : said.end] in _FROM and not _ranged(parser):
            return _bounded(parser, column, ">=", start, excepting)
        return piece(parser, column, excepting)
    if token.kind == "sign" and token.word in ("(", "[", "]"):
        bracketed = _bracketed(parser, column, token)
        if bracketed:
            return bracketed
    op = _OPS.get(token.word) if token.kind == "sign" else token.prefix
    if token.word == "is" and not _closes(parser.lexer.at(token.span.end)) and not _yes(parser, column):
        op = "="
    if op:
        parser.take()
        return _bounded(parser, column, op, start, excepting)
    return _valued(parser, column, start, excepting)


def _ranged(parser: Parser) -> bool:
    """Whether a second end or a word such as 起 stands in the piece at hand."""
    token = parser.peek()
    while not _closes(token):
        if token.word in _JOINTS or token.suffix:
            return True
        token = parser.lexer.at(token.span.end)
    return False


def _closes(token: Token) -> bool:
    return token.kind == "end" or (token.kind in ("sign", "word") and token.word in _CLOSING)


def _yes(parser: Parser, column: Column) -> bool:
    """Whether the word at hand is the answer 是 rather than `is`."""
    return column.type.kind is Kind.BOOLEAN and parser.raw[parser.peek().span.start] == "是"


def _negated(parser: Parser, column: Column, start: int) -> Piece:
    if parser.is_sign("("):
        look = look_ahead(parser.lexer, parser.peek().span.start)
        if look.close == ")" and not look.dots:
            opened = parser.take().span
            inner = list_of_tests(parser, column)
            parser.expect(")", opened)
            return Piece(Except(inner, Span(start, parser.end)), "other")
    one = piece(parser, column)
    return Piece(Except(one.test, Span(start, parser.end)), "negated")


def _all_but(parser: Parser, column: Column, start: int) -> Piece:
    """`除 A、B 外`"""
    inner = list_of_tests(parser, column, excepting=True)
    if not _outside(parser.peek()):
        raise parser.unexpected()
    parser.take()
    return Piece(Except(inner, Span(start, parser.end)), "other")


def _outside(token: Token) -> bool:
    return token.kind == "word" and token.word in ("outside", "以外", "之外")


def _bracketed(parser: Parser, column: Column, token: Token) -> Piece | None:
    """'[' value '..' value ']' and its kin; '(' tests ')'; '[' value, … ']'; None for an expression's bracket, and for
    a number alone in brackets, which has to be asked back."""
    if in_brackets(parser, column):
        return None
    look = look_ahead(parser.lexer, token.span.start)
    start = token.span.start
    half_open = (token.word == "(" and look.close == "]") or (token.word in ("[", "]") and look.close in (")", "["))
    if look.dots or (look.commas == 1 and (half_open or token.word == "]")):
        return _range(parser, column if look.dots else column._replace(thousands=False), token, look.dots)
    if not look.close:
        raise fault("unclosed-bracket", Span(start, len(parser.raw)), bracket=")" if token.word == "(" else "]")
    tests = look.items or (column.type.kind is not Kind.BOOLEAN and (look.test or look.joint))
    if token.word == "(" and not tests:
        return None
    if token.word == "[" and column.type.many and not look.items:
        return None
    opened = parser.take().span
    closing = ")" if token.word == "(" else "]"
    test = list_of_tests(parser, column._replace(thousands=False), closing)
    parser.expect(closing, opened)
    if look.commas == look.items == 1 and column.type.ordered:
        _interval(test, Span(start, parser.end), column, closing == "]")
    return Piece(test, "other")


def _range(parser: Parser, column: Column, token: Token, dots: bool) -> Piece:
    """('[' | '(' | ']') value '..' value (']' | ')' | '[')"""
    start = parser.take().span.start
    low = value(parser, column, ">=" if token.word == "[" else ">", grouped=dots)
    if not parser.accept("..", ","):
        raise parser.unexpected()
    high = value(parser, column, "<", grouped=dots)
    closing = parser.peek()
    if not parser.is_sign(")", "]", "["):
        raise fault("unclosed-range", Span(start, len(parser.raw)), text=clipped(parser.raw[start:].strip()))
    parser.take()
    closed = (token.word == "[", closing.word == "]")
    whole_day(high, "<=" if closed[1] else "<", column, (low.expr, closed[0]))
    return Piece(between((low.expr, closed[0]), (high.expr, closed[1]), Span(start, parser.end)), "range")


def _interval(test: Test, span: Span, column: Column, closed: bool) -> None:
    """Raises Fault for `[1,5]` and `(1,5)`, which a mathematician reads as a range."""
    values = [item.value for item in test.items if isinstance(item, Is)] if isinstance(test, OneOf) else []
    if len(values) == 2 and all(isinstance(value, Literal) for value in values):
        raise ambiguous(span, column, Between(values[0], values[1], closed, closed), test)


def _bounded(parser: Parser, column: Column, op: Comparison, start: int, excepting: bool) -> Piece:
    """compare value suffix? included?"""
    one = value(parser, column, op)
    suffix = None if excepting else parser.peek().suffix
    if suffix and op not in ("=", "!="):
        token = parser.take()
        if suffix[0] != op[0]:
            parser.pos = token.span.start
            raise parser.unexpected()
        if suffix != op:
            span = Span(start, parser.end)
            raise ambiguous(span, column, Is(op, one.expr), Is(suffix, one.expr))
    return noted.included(parser, column, Piece(bound(op, one.expr, Span(start, parser.end)), _form(op)), one)


def _form(op: Comparison) -> Form:
    return "value" if op == "=" else "negated" if op == "!=" else "bound"


def _valued(parser: Parser, column: Column, start: int, excepting: bool) -> Piece:
    """value (suffix | 'to' value)? included?"""
    two = plain_range(parser, column) or _dates(parser, column)
    if two and not excepting and _outside(parser.peek()):
        parser.take()
        return Piece(Except(two.test, Span(start, parser.end)), "other")
    if two:
        return noted.ends_noted(parser, column, two, start)
    number = parser.peek()
    one = value(parser, column, None)
    _no_subtraction(one, start, parser, column)
    inside = noted.note(parser, column, one) if parser.is_sign("(") else None
    if parser.is_word("起", "开始") and parser.lexer.at(parser.peek().span.end).word in ("to", "~", "—"):
        parser.take()
    token = parser.peek()
    if parser.accept("..", "~", "—", "to"):
        has_order(column, "<=", one, parser)
        whole = _ends(parser, column, one)
        if inside is not None:
            return noted.both_noted(parser, column, whole, inside)
        return noted.ends_noted(parser, column, whole, start)
    if column.type.ordered and parser.is_word("with"):
        two = _among(parser, column, one)
        if two:
            return two
        token = parser.peek()
    if token.suffix and not excepting and column.type.kind is not Kind.BOOLEAN:
        parser.take()
        span = Span(start, parser.end)
        if _outside(token) and not column.type.ordered:
            return Piece(Except(Is("=", one.expr, span), span), "outside")
        if _outside(token) and not _measured(number):
            raise ambiguous(span, column, Is(">", one.expr), Is("!=", one.expr))
        has_order(column, token.suffix, one, parser)
        whole_day(one, token.suffix, column)
        whole = noted.marked(Piece(bound(token.suffix, one.expr, span), "bound"), inside)
        return noted.included(parser, column, whole, one)
    if inside is not None:
        raise parser.unexpected()
    whole_day(one, "=", column)
    return Piece(bound("=", one.expr, Span(start, parser.end)), "value")


def _ends(parser: Parser, column: Column, low: Operand) -> Piece:
    """The second end of a range, after its first: `5天`, `5天之间`."""
    high = value(parser, column, None)
    whole_day(high, "<=", column, (low.expr, True))
    parser.accept("among", "以内", "之内", "内", "止", "为止")
    return spanned(parser, column, low, high)


def _among(parser: Parser, column: Column, low: Operand) -> Piece | None:
    """'with' value 'among', as in `X与Y之间`; None for `X与Y`, which is a list."""
    back = parser.pos, parser.end
    parser.take()
    high = value(parser, column, None)
    if parser.accept("among"):
        return spanned(parser, column, low, high)
    parser.pos, parser.end = back
    return None


def _dates(parser: Parser, column: Column) -> Piece | None:
    """date '-' date, None when it is something else"""
    low = parser.peek()
    sign = parser.lexer.at(low.span.end)
    high = parser.lexer.at(sign.span.end)
    if column.type.kind not in (Kind.DATE, Kind.DATETIME) or (low.kind, sign.word, high.kind) != ("date", "-", "date"):
        return None
    one = fit(parser.expression(ATOM_LEVEL), column, parser)
    parser.take()
    return _ends(parser, column, one)


def _measured(token: Token) -> bool:
    return token.quantity is not None and bool(token.quantity.unit)


def _no_subtraction(one: Operand, start: int, parser: Parser, column: Column) -> None:
    """Raises Fault for `1-3-5`, which is neither a range nor likely to be meant as a sum, and for `1/2/3`, which may be
    a list."""
    expr = one.expr
    while isinstance(expr, Binary) and expr.op == "+":
        expr = expr.left
    if parser.lexer.text[start] == "(":
        return
    items = parser.lexer.text[one.span.start : one.span.end].split("/")
    if isinstance(expr, Binary) and expr.op == "/" and all(item.strip().isdecimal() for item in items):
        raise ambiguous(one.span, column, ";".join(item.strip() for item in items), f"({'/'.join(items)})")
    if isinstance(expr, Binary) and expr.op == "-" and not names_of(one.expr):
        raise fault("unexpected-text", one.span, part=spoken_of(one, parser.raw))
