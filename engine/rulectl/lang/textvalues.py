"""Values in a condition on texts: quoted, allowed, free, or worked out; where one ends, and what else it may mean.

An allowed value wins over everything else, the longest first; a free text that may be more than itself is asked back.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from rulectl.lang import marks
from rulectl.lang.allowed import AFTER, OUTSIDE, side_by_side, standing
from rulectl.lang.chars import QUOTES, plain, visible
from rulectl.lang.expressions import SUM_LEVEL, Parser
from rulectl.lang.faults import Fault, fault, not_allowed
from rulectl.lang.fitting import fit
from rulectl.lang.freetext import no_measure, no_pattern
from rulectl.lang.literals import match_allowed
from rulectl.lang.operands import Operand
from rulectl.lang.pieces import Column, Piece, ambiguous, bound
from rulectl.lang.printer import print_test
from rulectl.lang.syntax import Except, Expr, Is, Literal, Name, OneOf, Test
from rulectl.lang.words import meant
from rulectl.source import Span
from rulectl.types import compatible


class Values:
    """The reading of one cell: where we are, and what stands there as a value."""

    def __init__(self, parser: Parser, column: Column) -> None:
        self.parser = parser
        self.column = column
        self.raw = parser.raw
        self.text = parser.lexer.text
        self.pos = 0
        self.open = not column.type.values

    @cached_property
    def _joints(self) -> tuple[int, ...]:
        """Where `包含 …` and `不是 …` are joined to what stands before them: asked at each piece of a list."""
        return tuple(found.start() for found in marks.MORE.finditer(self.text))

    @cached_property
    def _outside(self) -> int:
        """Where the last 外 is, which ends `除 … 外`; 0 where there is none."""
        return max((found.start() for found in OUTSIDE.finditer(self.text)), default=0)

    def _value(self, closing: bool) -> Expr:
        """A value after a sign or a word."""
        self._blanks()
        if self.pos >= len(self.text):
            raise fault("missing-value", Span(self.pos, self.pos), text=visible(self.raw))
        start = self.pos
        known = self._known()
        if known:
            return known
        test = self._literal(start, closing, False, named=True).test
        return test.value if isinstance(test, Is) else Literal(None)

    def _known(self) -> Expr | None:
        """A quoted text, an expression after `:=`, or the longest allowed value that stands here whole."""
        start = self.pos
        if self.text.startswith(":=", start):
            return self._expression(start + 2)
        if self.raw[start] in QUOTES:
            quoted = self._quoted(start)
            if quoted:
                return quoted
        found = standing(self.column.type.values, self.text, start)
        if found is None:
            return None
        value, self.pos = found
        return Literal(value, Span(start, self.pos))

    def _quoted(self, start: int) -> Expr | None:
        token = self.parser.lexer.at(start)
        if not AFTER.match(self.text, token.span.end):
            if self.open and self.raw[start] in "\"'":
                return None
            rest = visible(self.raw[token.span.end :])[:40]
            raise fault("unexpected-text", Span(token.span.end, len(self.raw)), part=rest)
        self.pos = token.span.end
        return self._checked(token.text, token.span)

    def _checked(self, text: str, span: Span) -> Expr:
        value = text if self.open else self._value_of(text)
        if value is None:
            raise self._stranger(text, span)
        return Literal(value, span)

    def _expression(self, at: int) -> Expr:
        self.parser.pos = at
        operand = self.parser.expression(SUM_LEVEL)
        self.pos = self.parser.end
        return fit(operand, self.column, self.parser).expr

    def _literal(self, start: int, closing: bool, excepting: bool, named: bool = False) -> Piece:
        """Unquoted text up to the next separator."""
        end = self._end_of_text(start, closing, excepting)
        text, span = visible(self.raw[start:end]), Span(start, start + len(self.raw[start:end].rstrip()))
        symbol = self.parser.scope.find(text)
        self.pos = end
        if self.open:
            if not named:
                self._other_readings(text, span)
            no_pattern(text, span)
            no_measure(text, span, self.column)
            return Piece(Is("=", Literal(text, span), span), "value")
        value = self._value_of(text)
        if value is not None:
            return Piece(Is("=", Literal(value, span), span), "value")
        if symbol and compatible(symbol.type.item, self.column.type.item):
            operand = Operand(Name(symbol.id, span), symbol.type, symbol=symbol)
            return Piece(Is("=", fit(operand, self.column, self.parser).expr, span), "value")
        several = None if named else side_by_side(text, self.column.type)
        if several:
            return Piece(OneOf(tuple(Is("=", Literal(one)) for one in several), span), "other")
        raise self._stranger(text, span, meant(plain(text).lower(), self.column.type.values))

    def _stranger(self, text: str, span: Span, hint: str | None = None) -> Fault:
        """A text that is none of the allowed values; `hint` as in `not_allowed`."""
        cell = self.column.symbol.cell if self.column.symbol else None
        return Fault(not_allowed(text, self.column.type.values, span, cell, hint))

    def _other_readings(self, text: str, span: Span) -> None:
        """Raises Fault for a free text that may be more than itself: a term's name, two texts, all but one."""
        itself = Is("=", Literal(text))
        symbol = self.parser.scope.find(text)
        if symbol and compatible(symbol.type.item, self.column.type.item):
            raise self._asked(span, itself, Is("=", Name(symbol.id)))
        joint = marks.OR.search(self.text, span.start, span.end) or marks.JOINED.search(self.text, *span)
        if joint and span.start < joint.start() and joint.end() < span.end:
            parts = [visible(self.raw[span.start : joint.start()]), visible(self.raw[joint.end() : span.end])]
            raise self._asked(span, OneOf(tuple(Is("=", Literal(part)) for part in parts)), itself)
        but = marks.BUT.match(self.text, span.start, span.end)
        outside = OUTSIDE.search(self.text, *span)
        if but and but.end() < span.end:
            raise self._asked(span, Except(Is("=", Literal(visible(self.raw[but.end() : span.end])))), itself)
        if outside and outside.end() == span.end > outside.start() > span.start:
            raise self._asked(span, Except(Is("=", Literal(visible(self.raw[span.start : outside.start()])))), itself)

    def _asked(self, span: Span, *readings: Test) -> Fault:
        """Two readings of a part of the cell, each with the rest of it as it is."""
        shown = [print_test(one, self.column.type, self.column.names or {}) for one in readings]
        before, after = self.raw[: span.start], self.raw[span.end :]
        return ambiguous(span, self.column, *(visible(f"{before}{one}{after}") for one in shown))

    def _maybe_outside(self, value: Expr, start: int, excepting: bool) -> Piece:
        """`A 以外` is all but A; inside `除 … 外` the word belongs to that."""
        outside = None if excepting else OUTSIDE.match(self.text, self.pos)
        if not outside:
            return Piece(bound("=", value, Span(start, self.pos)), "value", self.raw[start] in QUOTES)
        self.pos = outside.end()
        span = Span(start, self.pos)
        return Piece(Except(Is("=", value, span), span), "outside")

    def _value_stands(self, at: int) -> bool:
        """Whether an allowed value begins here."""
        return self.raw[at] in QUOTES or standing(self.column.type.values, self.text, at) is not None

    def _value_of(self, text: str) -> str | None:
        return match_allowed(text, self.column.type.values) if text else None

    def _end_of_text(self, start: int, closing: bool, excepting: bool) -> int:
        """Where unquoted text ends: at a separator, the closing bracket of a group, or 外."""
        depth = 0
        joints = self._joints if self.open else ()
        last = next(iter(joints[bisect_right(joints, start) :]), len(self.text))
        for at in range(start, last):
            char = self.text[at]
            depth += (char in "([") - (char in ")]")
            if char in marks.ENDS or (closing and depth < 0):
                return at
            if excepting and at > start and OUTSIDE.match(self.text, at):
                return at
        return last

    def _blanks(self) -> None:
        while self.text[self.pos : self.pos + 1] in (" ", "\n"):
            self.pos += 1

    def _separators(self) -> None:
        while self.pos < len(self.text) and self.text[self.pos] in " ;,、\n":
            self.pos += 1
