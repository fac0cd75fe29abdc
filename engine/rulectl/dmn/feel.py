"""FEEL as the language of cells: expressions and unary tests (DMN 1.5 sections 10.3.1 and 7.3.12).

A recursive descent that builds no tree of its own: what is read is at once what it means where it stands, so that a
call of a model's function is already its body with the arguments in place. What cells cannot say is a FeelFault with
the part of the text that is to blame.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import DecimalException

from rulectl.dmn.cursor import Cursor
from rulectl.dmn.feel_calls import call_known, quantified
from rulectl.dmn.feel_text import FeelFault, Names, Token, token_at
from rulectl.dmn.meaning import SUBJECT, Env, Meaning, Parts, Routine, as_test, listed, single
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
    Expr,
    If,
    Is,
    IsNull,
    Literal,
    Meets,
    Negative,
    Not,
    OneOf,
    Test,
)
from rulectl.source import Span
from rulectl.values import number

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


class _Reader(Cursor):
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

    def value(self, read: object = None) -> Expr:
        """An expression that is no structure."""
        start = self.peek().span.start
        meaning = read() if callable(read) else self.expression()
        return single(meaning, self.since(start))

    def expression(self) -> Meaning:
        """expression := 'if' … | 'for' … | 'some' … | 'every' … | disjunction"""
        self.deeper()
        token = self.peek()
        found: Meaning
        if token.kind == "keyword" and token.text == "if":
            found = self._if()
        elif token.kind == "keyword" and token.text in ("some", "every", "for"):
            found = self._quantified()
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
            left = Binary(level[1], one, self.value(lambda level=level: self.sum(level[0] + 1)))

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

    def postfix(self) -> Meaning:
        """postfix := primary ('.' name | '(' arguments ')')*"""
        start = self.peek().span.start
        found = self.primary()
        while True:
            token = self.peek()
            if token.kind == "sign" and token.text == ".":
                self.take()
                found = self._part(found, start)
            elif token.kind == "sign" and token.text == "(" and isinstance(found, Routine):
                found = self._applied(found, start)
            elif token.kind == "sign" and token.text == "[" and not isinstance(found, Between):
                after = token_at(self.text, token.span.end)
                if after.kind == "end" or after.text in (",", ")", "and", "or", "then", "else", "}"):
                    return found  # the end of a range, `[1..3[`
                raise FeelFault("dmn-feel-construct", token.span, construct="[…]")
            else:
                return found

    def _part(self, whole: Meaning, start: int) -> Meaning:
        """A part of a structure."""
        parts = whole.parts if isinstance(whole, Parts) else {}
        token = token_at(self.text, self.pos, Names(parts))
        self.pos = self.last = token.span.end
        if token.text not in parts:
            raise FeelFault("dmn-feel-part", self.since(start), name=token.text, known=", ".join(parts) or "-")
        return parts[token.text]

    def _applied(self, routine: Routine, start: int) -> Meaning:
        """A call of a function of the model."""
        given, named = self.arguments()
        if len(given) > len(routine.parameters) or not set(named) <= set(routine.parameters):
            raise FeelFault("dmn-feel-arguments", self.since(start), function=routine.name)
        meanings: dict[str, Meaning] = dict.fromkeys(routine.parameters, Literal(None))
        meanings |= dict(zip(routine.parameters, given, strict=False)) | named
        try:
            return routine.apply(meanings)
        except FeelFault as why:
            raise FeelFault(why.slug, self.since(start), **why.fields) from None

    def arguments(self) -> tuple[list[Meaning], dict[str, Meaning]]:
        """arguments := '(' (argument (',' argument)*)? ')'; argument := expression | name ':' expression"""
        self.expect("(")
        given: list[Meaning] = []
        named: dict[str, Meaning] = {}
        while not self.accept(")"):
            mark = self.pos
            name = self.take()
            if name.kind == "name" and self.accept(":"):
                named[name.text] = self.expression()
            else:
                self.pos = mark
                given.append(self.expression())
            if not self.accept(",") and self.peek().text != ")":
                raise self.strange()
        return given, named

    def primary(self) -> Meaning:
        """primary := number | string | 'true' | 'false' | 'null' | '@' string | '?' | name | function arguments |
        '(' expression ')' | list | range | context"""
        token = self.take()
        match token.kind, token.text:
            case "number", text:
                try:
                    return Literal(number(text))
                except DecimalException:
                    raise FeelFault("dmn-feel", token.span, part=text[:30]) from None
            case "string", text:
                return Literal(text)
            case "keyword", "true" | "false":
                return Literal(token.text == "true")
            case "keyword", "null":
                return Literal(None)
            case "keyword", "not":
                self.expect("(")
                inner = self.value()
                self.expect(")")
                return Not(inner)
            case "sign", "?":
                self.asked = True
                return SUBJECT
            case "sign", "@" if self.peek().kind == "string":
                return call_known("@", [Literal(self.take().text)], {}, self.since(token.span.start))
            case "sign", "(" | "[" | "]":
                return self._bracket(token)
            case "sign", "{":
                return self._context()
            case "name", _:
                return self._named(token)
            case _:
                self.pos = token.span.start
                raise self.strange()

    def _named(self, token: Token) -> Meaning:
        """A name, or a call of a known function."""
        meaning = self.env.find(token.text)
        if meaning is not None:
            return meaning
        if self.peek().text == "(" and self.peek().kind == "sign":
            given, named = self.arguments()
            return call_known(token.text, given, named, self.since(token.span.start))
        raise FeelFault("dmn-feel-name", token.span, name=token.text)

    def _bracket(self, opened: Token) -> Meaning:
        """'(' expression ')' | '[' list ']' | a range with any of its brackets"""
        if opened.text == "[" and self.accept("]"):
            return Literal(())
        start = self.peek().span.start
        first = self.expression()
        if self.accept(".."):
            low, high = single(first, self.since(start)), self.value(self.sum)
            closed = self.accept("]", ")", "[")
            if closed is None:
                raise self.strange()
            return Between(low, high, opened.text == "[", closed.text == "]")
        if opened.text == "(":
            self.expect(")")
            return first
        if opened.text == "]":
            raise self.strange()
        items = [single(first, self.since(start))]
        while self.accept(","):
            items.append(self.value())
        self.expect("]")
        return listed(items)

    def _context(self) -> Meaning:
        """'{' (key ':' expression (',' key ':' expression)*)? '}'; a key may be used after it"""
        parts: dict[str, Meaning] = {}
        around = self.env
        while not self.accept("}"):
            key = self.take()
            if key.kind not in ("name", "string"):
                raise self.strange()
            name = key.text
            while key.kind == "name" and self.peek().kind == "name":
                name += " " + self.take().text
            self.expect(":")
            parts[name] = self.expression()
            self.env = around.plus(parts)
            if not self.accept(",") and self.peek().text != "}":
                raise self.strange()
        self.env = around
        return Parts(parts)

    def _if(self) -> Meaning:
        """'if' expression 'then' expression 'else' expression"""
        start = self.take().span.start
        condition = self.value()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return chosen(condition, then, self.expression(), self.since(start))

    def _quantified(self) -> Meaning:
        """('some' | 'every') name 'in' expression 'satisfies' expression | 'for' name 'in' expression 'return'
        expression"""
        word = self.take()
        name = self.take()
        if name.kind != "name":
            raise self.strange()
        self.expect("in")
        items = self.value()
        if self.peek().text not in ("satisfies", "return"):
            raise FeelFault("dmn-feel-construct", word.span, construct=word.text)
        self.take()
        around, start = self.env, self.pos

        def body(meaning: Expr) -> Expr:
            self.pos, self.env = start, around.plus({name.text: meaning})
            found = self.value()
            self.env = around
            return found

        return quantified(word, items, body)


def chosen(condition: Expr, then: Meaning, otherwise: Meaning, span: Span) -> Meaning:
    """`if` of values, or of structures part by part."""
    if isinstance(then, Parts) and isinstance(otherwise, Parts) and set(then.parts) == set(otherwise.parts):
        return Parts({n: chosen(condition, then.parts[n], otherwise.parts[n], span) for n in then.parts})
    return If(condition, single(then, span), single(otherwise, span))
