"""What an operand of FEEL means: a literal, a name, a call, brackets, a context, `if`, `some`, `every` and `for`, and
what is asked of one of its parts (DMN 1.5 section 10.3.1). How operands are joined stands in feel.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import DecimalException

from rulectl.diagnostics import listed
from rulectl.dmn.cursor import Cursor
from rulectl.dmn.feel_calls import call_known, quantified
from rulectl.dmn.feel_text import FeelFault, Names, Token, token_at
from rulectl.dmn.meaning import SUBJECT, Meaning, Parts, Routine, chosen, single
from rulectl.lang.syntax import Between, Expr, Literal, Not
from rulectl.lang.trees import sequence
from rulectl.values import number


class Operands(Cursor, ABC):
    """Reads operands; what stands inside of them is read by whoever joins them."""

    @abstractmethod
    def expression(self) -> Meaning:
        """Any expression."""

    @abstractmethod
    def sum(self, least: int = 1) -> Meaning:
        """An expression that compares and joins nothing; of operators that bind as `least` does or more."""

    def value(self, read: Callable[[], Meaning] | None = None) -> Expr:
        """An expression that is no structure; `read` says which, any where it is left out."""
        start = self.peek().span.start
        meaning = self.expression() if read is None else read()
        return single(meaning, self.since(start))

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
            known = listed(tuple(parts)) or "-"
            raise FeelFault("dmn-feel-part", self.since(start), name=token.text, known=known)
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
        return sequence(tuple(items))

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

    def if_(self) -> Meaning:
        """'if' expression 'then' expression 'else' expression"""
        start = self.take().span.start
        condition = self.value()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return chosen(condition, then, self.expression(), self.since(start))

    def each_of(self) -> Meaning:
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
