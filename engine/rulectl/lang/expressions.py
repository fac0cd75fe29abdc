"""Expressions: a hand-written recursive descent whose docstrings are the grammar.

Operators bind as in DMN 1.5 section 10.3.1.2, rule 4: `or`, `and`, comparison, `+ -`, `* /`, `**`, unary minus; all to
the left. Everything is typed while it is read (see operands). Time is linear: tokens are read once and nothing is tried
twice; depth is bounded.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from rulectl.lang.brackets import look_ahead
from rulectl.lang.calls import call, list_of
from rulectl.lang.chars import plain
from rulectl.lang.dates import read_duration
from rulectl.lang.faults import Fault, clipped, fault, not_allowed
from rulectl.lang.operands import (
    Operand,
    arithmetic,
    built,
    chosen,
    comparison,
    literal,
    negated,
    spoken_of,
    text_literal,
    truth,
)
from rulectl.lang.reading import Reader
from rulectl.lang.scope import Problem
from rulectl.lang.syntax import Arithmetic, Both, Comparison, Either, Literal, Meets, Name, Not, Test, Text
from rulectl.lang.tokens import Lexer, Token
from rulectl.lang.units import as_number
from rulectl.source import Span
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Type

ANY_LEVEL, AND_LEVEL, COMPARE_LEVEL, SUM_LEVEL, ATOM_LEVEL = 1, 2, 3, 4, 7
_ARITHMETIC: dict[str, tuple[int, Arithmetic]] = {
    "+": (4, "+"),
    "-": (4, "-"),
    "*": (5, "*"),
    "/": (5, "/"),
    "**": (6, "**"),
}
_COMPARISONS: dict[str, Comparison] = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ELSE = "否则 / else"
_SETS = ("in", "notin", "contains", "notcontains", "null", "notnull", "between")

_BRACE = re.compile(r"[{}｛｝]")
_WORD = re.compile(r"[^\s,;、()\[\]{}&|+=<>\"“”「」『』]+")
_WORD_END = re.compile(
    r"\s*(?:$|[,;、)\]}&|+=\n]|且|并且|而且|或|那么|则|否则)|\s+(?:and|or|then|else)\b", re.IGNORECASE
)
"""What an allowed value without quotation marks ends before."""

Tests = Callable[["Parser", Operand], Test]
"""How the part after `in` is read: given from above, since tests are made of expressions."""


class Parser(Reader):
    """A reader of expressions; how tests are read is given from above, since tests are made of expressions."""

    def __init__(self, lexer: Lexer, tests: Tests, depth: int = 0) -> None:
        super().__init__(lexer, depth)
        self.tests = tests

    def expression(self, level: int = ANY_LEVEL) -> Operand:
        """expression := disjunction; disjunction := conjunction ('or' conjunction)*; conjunction := comparison ('and'
        comparison)*; comparison := sum (compare sum | 'in' tests | 'contains' sum | 'is null')*; sum := product
        (('+'|'-') product)*; product := power (('*'|'/') power)*; power := unary ('**' unary)*"""
        self.deeper()
        left = self.negation() if level <= COMPARE_LEVEL else self.unary()
        while True:
            token = self.peek()
            sign = _ARITHMETIC.get(token.word) if token.kind == "sign" else None
            compare = self._compares(token)
            if sign and sign[0] >= level:
                self.take()
                left = arithmetic(sign[1], left, self.expression(sign[0] + 1), self.raw)
            elif compare and level <= COMPARE_LEVEL:
                self.take()
                left = comparison(compare, left, self.worded(left.type), self.raw)
            elif token.kind == "word" and token.word in _SETS and level <= COMPARE_LEVEL:
                left = self.membership(left, self.take())
            elif token.kind == "word" and token.word == "and" and level <= AND_LEVEL:
                left = self.many("and", left, COMPARE_LEVEL)
            elif token.kind == "word" and token.word == "or" and level <= ANY_LEVEL:
                left = self.many("or", left, AND_LEVEL)
            else:
                break
        self.depth -= 1
        return left

    def _compares(self, token: Token) -> Comparison | None:
        if token.kind == "sign":
            return _COMPARISONS.get(token.word)
        if token.kind != "word":
            return None
        if token.word in ("is", "isnot"):
            return "=" if token.word == "is" else "!="
        return token.prefix

    def many(self, word: str, first: Operand, level: int) -> Operand:
        """The items of an `and` or an `or`. Raises Fault for `实付 & 运费`, which joins texts in a spreadsheet."""
        joint = self.peek().span
        if self.raw[joint.start : joint.end] in ("&", "＆") and first.type not in (None, BOOLEAN):
            left, right = spoken_of(first, self.raw), clipped(self.raw[joint.end :].strip())
            raise fault("not-computable", Span(first.span.start, len(self.raw)), left=left, right=right, operator="&")
        items = [truth(first, self.raw)]
        while self.accept(word):
            items.append(truth(self.expression(level), self.raw))
        span = Span(first.span.start, self.end)
        exprs = tuple(item.expr for item in items)
        return built(Both(exprs, span) if word == "and" else Either(exprs, span), BOOLEAN, *items)

    def negation(self) -> Operand:
        """negation := 'not' '(' expression ')' | 'not' comparison | unary"""
        if not self.is_word("not"):
            return self.unary()
        start = self.take().span.start
        if self.is_sign("("):
            operand = truth(self.bracketed(), self.raw)
        else:
            operand = truth(self.expression(COMPARE_LEVEL), self.raw)
        return built(Not(operand.expr, Span(start, self.end)), BOOLEAN, operand)

    def membership(self, subject: Operand, token: Token) -> Operand:
        """What follows a subject: `in (tests)`, `in list`, `contains x`, `is null`, `between a and b`."""
        start = subject.span.start
        if token.word in ("null", "notnull"):
            null = literal(None, None, token.span)
            return comparison("=" if token.word == "null" else "!=", subject, null, self.raw)
        if token.word in ("contains", "notcontains"):
            item = self.worded(subject.type)
            found = call("contains", (subject, item), Span(start, self.end), self.raw)
        elif token.word != "between" and (words := self._any_word(subject, start)):
            found = words
        elif token.word != "between" and not self.is_sign("(", "[", "]") and not self.is_word("not"):
            whole = self.expression(SUM_LEVEL)
            if self.is_word("to", "with") or self.is_sign("~", "—"):
                self.pos = token.span.end
                found = self._meets(subject, start)
            else:
                found = call("contains", (whole, subject), Span(start, self.end), self.raw)
        else:
            if token.word == "between":
                self.pos = token.span.start
            found = self._meets(subject, start)
        if token.word in ("notin", "notcontains"):
            return built(Not(found.expr, found.span), BOOLEAN, found)
        return found

    def _any_word(self, subject: Operand, start: int) -> Operand | None:
        """`in A、B` of allowed values without brackets; None when the first is none."""
        back = self.pos, self.end, len(self.problems)
        word = self.allowed_word(subject.type)
        self.pos, self.end = back[:2]
        if not word or len(self.problems) > back[2]:
            del self.problems[back[2] :]
            return None
        return self._meets(subject, start)

    def _meets(self, subject: Operand, start: int) -> Operand:
        test = self.tests(self, subject)
        return built(Meets(subject.expr, test, Span(start, self.end)), BOOLEAN, subject)

    def unary(self) -> Operand:
        """unary := ('-' | '+') unary | primary"""
        if not self.is_sign("-", "+"):
            return self.primary()
        self.deeper()
        sign = self.take()
        operand = self.unary()
        self.depth -= 1
        if sign.word == "+":
            return operand
        return negated(operand, Span(sign.span.start, self.end), self.raw)

    def bracketed(self) -> Operand:
        """'(' expression ')'"""
        opened = self.take().span
        inner = self.expression()
        self.expect(")", opened)
        return inner

    def primary(self) -> Operand:
        """primary := number unit? | date | text | name | function '(' … ')' | 'if' … | '(' expression ')' | list |
        'true' | 'false' | 'null' | 'duration' '(' text ')' | 'text' '(' text ')'"""
        token = self.peek()
        match token.kind:
            case "number":
                return self._quantity(self.take())
            case "date":
                self.take()
                return literal(token.date, DATETIME if isinstance(token.date, dt.datetime) else DATE, token.span)
            case "text":
                self.take()
                return text_literal(token.text, token.span)
            case "name" if token.symbol:
                self.take()
                symbol = token.symbol
                return Operand(Name(symbol.id, token.span), symbol.type, symbol.unit, symbol=symbol)
            case "function" if token.function:
                self.take()
                arguments = self.arguments(token.function == "contains")
                return call(token.function, arguments, Span(token.span.start, self.end), self.raw)
            case "word":
                return self._word(token)
            case "sign" if token.word == "(":
                return self.bracketed()
            case "sign" if token.word == "[":
                return self.list()
            case "unknown":
                strange = self.unknown(self.take())
                if self.is_sign("("):
                    # nothing says what belongs in the brackets of a function that nobody knows, such as `A1:B3`
                    raise Fault(strange)
                self.tell(strange)
                return literal(None, None, token.span)
            case _:
                raise self.unexpected()

    def _quantity(self, token: Token) -> Operand:
        quantity = token.quantity
        assert quantity is not None
        number = literal(quantity.number, NUMBER, token.span)
        if not quantity.unit:
            return number
        if quantity.unit == "%":
            return Operand(Literal(as_number(quantity, ""), token.span), NUMBER, "", quantity)
        return Operand(number.expr, NUMBER, "", quantity)

    def _word(self, token: Token) -> Operand:
        """A keyword where a value is due."""
        match token.word:
            case "true" | "false":
                self.take()
                return literal(token.word == "true", BOOLEAN, token.span)
            case "is" if self.raw[token.span.start : token.span.end] == "是":
                self.take()
                return literal(True, BOOLEAN, token.span)
            case "null":
                self.take()
                return literal(None, None, token.span)
            case "if":
                return self._if()
            case "not":
                return self.negation()
            case "duration" | "text" if self.lexer.text[self.lexer.skip(token.span.end) :][:1] == "(":
                return self._spelled(self.take())
            case _:
                raise self.unexpected()

    def _if(self) -> Operand:
        """'if' expression 'then' expression 'else' expression, or the three in brackets with commas"""
        start = self.take().span.start
        if self.is_sign("("):
            look = look_ahead(self.lexer, self.peek().span.start)
            if look.items and look.close == ")" and not look.dots:
                parts = self.arguments()
                if len(parts) != 3:
                    raise fault("unfinished-if", Span(start, self.end), word=_ELSE)
                condition, then, otherwise = parts
                return chosen(condition, then, otherwise, Span(start, self.end), self.raw)
        condition = self.expression()
        self.accept(",")
        if not self.accept("then"):
            raise self._lacking("then")
        then = self.expression()
        self.accept(",", ";")
        if not self.accept("else"):
            raise self._lacking("else")
        otherwise = self.expression()
        return chosen(condition, then, otherwise, Span(start, self.end), self.raw)

    def _lacking(self, word: str) -> Fault:
        if self.peek().kind != "end":
            return self.unexpected()
        return fault("unfinished-if", Span(0, len(self.raw)), word="那么 / then" if word == "then" else _ELSE)

    def _spelled(self, token: Token) -> Operand:
        """duration("P2D") and text("…{name}…"): literals that need a word to be told apart."""
        opened = self.peek().span
        self.take()
        inner = self.take()
        if inner.kind != "text":
            example = 'duration("P2D")' if token.word == "duration" else 'text("{a}")'
            text = clipped(self.raw[inner.span.start :])
            raise fault("wrong-argument", inner.span, function=token.word, text=text, example=example)
        self.expect(")", opened)
        span = Span(token.span.start, self.end)
        if token.word == "duration":
            time = read_duration(inner.text)
            if time is None:
                raise fault("not-a-duration", inner.span, text=clipped(inner.text))
            return literal(time, DURATION, span)
        sub = Parser(Lexer(inner.text, self.scope, self.lexer.units, newlines=False), self.tests, self.depth)
        try:
            found = sub.template(0)
        except Fault as why:
            raise Fault(Problem(why.problem.slug, inner.span, why.problem.fields, why.problem.cells)) from None
        self.problems.extend(Problem(p.slug, inner.span, p.fields, p.cells) for p in sub.problems)
        return found

    def worded(self, beside: Type | None, level: int = SUM_LEVEL) -> Operand:
        """An operand beside a term of this type, whose allowed values need no quotation marks."""
        return self.allowed_word(beside) or self.expression(level)

    def allowed_word(self, beside: Type | None) -> Operand | None:
        """The longest allowed value that stands here whole; what is none of them and no name is told. None where the
        type lists no values, or something else stands here."""
        token = self.peek()
        if not beside or not beside.values or token.kind not in ("unknown", "word", "number", "date"):
            return None
        text, start = self.lexer.text, token.span.start
        for value in sorted(beside.values, key=len, reverse=True):
            end = start + len(plain(value))
            if text.startswith(plain(value), start) and _WORD_END.match(text, end):
                self.pos = self.end = end
                return text_literal(value, Span(start, end))
        found = _WORD.match(text, start)
        strange = token.kind == "unknown" or (token.word == "not" and token.span.end - start == 1)
        if not strange or not found or self.unknown(token).slug != "unknown-word":
            return None
        span = Span(start, found.end())
        self.tell(not_allowed(self.raw[start : found.end()], beside.values, span))
        self.pos = self.end = found.end()
        return literal(None, None, span)

    def arguments(self, worded: bool = False) -> tuple[Operand, ...]:
        """'(' (expression (',' expression)*)? ')'; `worded` says that the others stand beside the first"""
        opened = self.take().span
        return self._items(")", opened, worded)

    def list(self) -> Operand:
        """'[' (expression (',' expression)*)? ']'"""
        opened = self.take().span
        items = self._items("]", opened)
        return list_of(items, Span(opened.start, self.end), self.raw)

    def _items(self, closing: str, opened: Span, worded: bool = False) -> tuple[Operand, ...]:
        items: list[Operand] = []
        while not self.is_sign(closing):
            items.append(self.worded(items[0].type if worded and items else None, ANY_LEVEL))
            if not self.accept(",", ";"):
                break
        self.expect(closing, opened)
        return tuple(items)

    # -- texts with places

    def template(self, start: int, end: int | None = None) -> Operand:
        """text := (characters | '{{' | '}}' | '{' expression '}')*, up to an offset or to the end"""
        raw, parts, plain_part, at = self.raw, list[Operand](), "", start
        stop = len(raw) if end is None else end
        while at < stop:
            found = _BRACE.search(raw, at, stop)
            brace = found.start() if found else stop
            plain_part, at = plain_part + raw[at:brace], brace
            if at == stop:
                break
            char = raw[at]
            if raw[at + 1 : at + 2] == char:
                plain_part, at = plain_part + char, at + 2
            elif char in "{｛":
                parts += _text_part(plain_part, at)
                plain_part = ""
                parts.append(self._place(at))
                at = self.pos
            else:
                raise fault("unclosed-place", Span(at, at + 1), part="}")
        self.pos = self.end = at
        parts += _text_part(plain_part, at)
        if all(isinstance(part.expr, Literal) for part in parts):
            joined = "".join(str(part.expr.value) for part in parts if isinstance(part.expr, Literal))
            return text_literal(joined, Span(start, at))
        return built(Text(tuple(part.expr for part in parts), Span(start, at)), STRING, *parts)

    def _place(self, at: int) -> Operand:
        """'{' expression '}'"""
        self.pos = at + 1
        if self.is_sign("}"):
            raise fault("unclosed-place", Span(at, self.peek().span.end), part=self.raw[at : self.peek().span.end])
        unclosed = fault("unclosed-place", Span(at, len(self.raw)), part=clipped(self.raw[at:]))
        try:
            inner = self.expression()
        except Fault as why:
            raise unclosed if why.problem.slug == "missing-value" and self.peek().kind == "end" else why from None
        if not self.is_sign("}"):
            raise unclosed if self.peek().kind == "end" or "}" not in self.lexer.text[at:] else self.unexpected()
        self.take()
        if isinstance(inner.expr, Literal) and not self.problems:
            raise fault("unknown-word", inner.span, name=spoken_of(inner, self.raw))
        return inner


def _text_part(text: str, end: int) -> list[Operand]:
    return [text_literal(text, Span(end - len(text), end))] if text else []
