"""FEEL as the language of cells: expressions and unary tests (DMN 1.5 sections 10.3.1 and 7.3.12).

A recursive descent that builds no tree of its own: what is read is at once what it means where it stands, so that a
call of a model's function is already its body with the arguments in place. What cells cannot say is a FeelFault with
the part of the text that is to blame.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from rulectl.dmn.feel_operands import Operands
from rulectl.dmn.feel_text import FeelFault, token_at
from rulectl.dmn.meaning import Env, Meaning, as_test, single
from rulectl.lang.syntax import (
    ANYTHING,
    Arithmetic,
    Between,
    Binary,
    Both,
    Compare,
    Comparison,
    Either,
    Except,
    Is,
    IsNull,
    Literal,
    Meets,
    Negative,
    OneOf,
    Test,
)
from rulectl.source import Span

_COMPARISONS: Mapping[str, Comparison] = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LEVELS: Mapping[str, tuple[int, Arithmetic]] = {
    "+": (1, "+"),
    "-": (1, "-"),
    "*": (2, "*"),
    "/": (2, "/"),
    "**": (3, "**"),
}


def read_expression(text: str, env: Env) -> Meaning:
    """What an expression means. Raises FeelFault."""
    reader = _Reader(text, env)
    found = reader.expression()
    reader.end()
    return found


def read_tests(text: str, env: Env) -> Test:
    """What the text of an input entry means. Raises FeelFault, and NeedsColumnError where no unary test says it."""
    reader = _Reader(text, env)
    if reader.peek().kind == "end" or text.strip() == "-":
        return ANYTHING
    found = reader.tests()
    reader.end()
    return found


def _test_of(meaning: Meaning, span: Span) -> Test:
    """An item of a list of tests."""
    if isinstance(meaning, Between):
        return meaning
    expr = single(meaning, span)
    if expr == Literal(None):
        return IsNull()
    if isinstance(expr, Literal) and isinstance(expr.value, tuple):
        items = tuple(Is("=", Literal(value)) for value in expr.value)
        return OneOf(items) if len(items) > 1 else items[0] if items else Except(ANYTHING)
    return Is("=", expr)


class _Reader(Operands):
    """Reads what a text means."""

    # -- tests

    def tests(self) -> Test:
        """tests := 'not' '(' tests ')' | test (',' test)*"""
        token = self.peek()
        if token.kind == "keyword" and token.text == "not":
            mark = self.pos
            self.take()
            if self.accept("("):
                inner = self._several()
                self.expect(")")
                if self.peek().kind == "end" or self.peek().text in (")", ","):
                    return Except(inner)
            self.pos = mark
        return self._several()

    def _several(self) -> Test:
        items = [self.test()]
        while self.accept(","):
            items.append(self.test())
        return items[0] if len(items) == 1 else OneOf(tuple(items))

    def test(self) -> Test:
        """test := ('<' | '<=' | '>' | '>=' | '=' | '!=') sum | '-' | expression"""
        token = self.peek()
        if token.kind == "sign" and token.text in _COMPARISONS:
            self.take()
            value = self.value(self.sum)
            if value == Literal(None) and token.text in ("=", "!="):
                return IsNull() if token.text == "=" else Except(IsNull())
            return Is(_COMPARISONS[token.text], value)
        if token.kind == "sign" and token.text == "-":
            following = token_at(self.text, token.span.end)
            if following.kind == "end" or following.text in (",", ")"):
                self.take()
                return ANYTHING
        before, self.asked = self.asked, False
        meaning = self.expression()
        asked, self.asked = self.asked, before
        if asked and not isinstance(meaning, Between):
            return as_test(single(meaning, self.since(token.span.start)))
        return _test_of(meaning, self.since(token.span.start))

    # -- expressions

    def expression(self) -> Meaning:
        """expression := 'if' … | 'for' … | 'some' … | 'every' … | disjunction"""
        self.deeper()
        token = self.peek()
        found: Meaning
        if token.kind == "keyword" and token.text == "if":
            found = self.if_()
        elif token.kind == "keyword" and token.text in ("some", "every", "for"):
            found = self.each_of()
        elif token.kind == "keyword" and token.text == "function":
            raise FeelFault("dmn-feel-construct", token.span, construct=token.text)
        else:
            found = self._joined("or")
        self.depth -= 1
        return found

    def _joined(self, word: str) -> Meaning:
        """disjunction := conjunction ('or' conjunction)*; conjunction := comparison ('and' comparison)*"""
        start = self.peek().span.start
        first = self._joined("and") if word == "or" else self.comparison()
        if self.peek().text != word or self.peek().kind != "keyword":
            return first
        items = [single(first, self.since(start))]
        while self.accept(word):
            begin = self.peek().span.start
            following = self._joined("and") if word == "or" else self.comparison()
            items.append(single(following, self.since(begin)))
        return Either(tuple(items)) if word == "or" else Both(tuple(items))

    def comparison(self) -> Meaning:
        """comparison := sum (compare sum | 'between' sum 'and' sum | 'in' tests)*"""
        start = self.peek().span.start
        left = self.sum()
        while True:
            token = self.peek()
            if token.kind == "sign" and token.text in _COMPARISONS:
                self.take()
                one, other = single(left, self.since(start)), self.value(self.sum)
                left = Compare(_COMPARISONS[token.text], one, other)
            elif token.kind == "keyword" and token.text == "between":
                self.take()
                low = self.value(self.sum)
                self.expect("and")
                left = Meets(single(left, self.since(start)), Between(low, self.value(self.sum)))
            elif token.kind == "keyword" and token.text == "in":
                self.take()
                left = Meets(single(left, self.since(start)), self._among())
            elif token.kind == "keyword" and token.text == "instance":
                raise FeelFault("dmn-feel-construct", token.span, construct="instance of")
            else:
                return left

    def _among(self) -> Test:
        """tests := '(' test (',' test)* ')' | test"""
        opened = self.peek()
        if opened.text == "(" and opened.kind == "sign":
            mark = self.pos
            self.take()
            found = self.tests()
            if self.accept(")"):
                return found
            self.pos = mark  # `(1..5)`
        elif opened.kind == "sign" and opened.text in _COMPARISONS:
            return self.test()
        start = self.peek().span.start
        return _test_of(self.sum(), self.since(start))

    def sum(self, least: int = 1) -> Meaning:
        """sum := product (('+'|'-') product)*; product := power (('*'|'/') power)*; power := unary ('**' unary)*"""
        self.deeper()
        start = self.peek().span.start
        left = self.unary()
        while True:
            token = self.peek()
            level = _LEVELS.get(token.text) if token.kind == "sign" else None
            if level is None or level[0] < least:
                self.depth -= 1
                return left
            self.take()
            one = single(left, self.since(start))
            other = self.value(partial(self.sum, level[0] + 1))
            # a cell may not divide by nothing, where DMN says that this is null (10.3.2.5)
            nothing = level[1] == "/" and other == Literal(Decimal(0))
            left = Literal(None) if nothing else Binary(level[1], one, other)

    def unary(self) -> Meaning:
        """unary := '-' unary | postfix"""
        token = self.accept("-")
        if token is None:
            return self.postfix()
        self.deeper()
        operand = self.value(self.unary)
        self.depth -= 1
        if isinstance(operand, Literal) and not isinstance(operand.value, bool | str | tuple | None):
            value = operand.value
            if hasattr(value, "__neg__"):
                return Literal(-value)
        return Negative(operand)
