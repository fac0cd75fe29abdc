"""Conditions on texts and allowed values, where people write the words themselves: `质量问题;瑕疵`, `除 A 外`, `非 A`.

The cell is read character by character. An allowed value wins over everything else, the longest first, so that a value
such as `非卖品` or `退货;退款` means itself; quotes always make a literal.
"""

from __future__ import annotations

import re
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
from rulectl.lang.pieces import Column, Piece, ambiguous, bound, checked_list, met
from rulectl.lang.printer import print_test
from rulectl.lang.syntax import AllOf, Any, Comparison, Contains, Except, Expr, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.lang.words import meant
from rulectl.source import Span
from rulectl.types import compatible


class TextReader:
    """The reading of one cell: where we are and what was wrong with single pieces, which does not stop the others."""

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

    def whole(self) -> Test:
        """cell := '-' | tests"""
        self._blanks()
        stripped = self.text.strip()
        value = self._value_of(visible(self.raw))
        if value is not None:
            return Is("=", Literal(value, Span(self.pos, self.pos + len(stripped))))
        if stripped in ("-", "—", "——"):
            return Any(Span(self.pos, self.pos + 1))
        test = self.tests()
        self._blanks()
        if self.pos < len(self.text):
            rest = Span(self.pos, len(self.raw))
            raise fault("unexpected-text", rest, part=visible(self.raw[self.pos :])[:40])
        return test

    def tests(self, closing: bool = False, excepting: bool = False) -> Test:
        """tests := conjunction ((';' | ',' | '、' | line break | 'or') conjunction)*"""
        start = self.pos
        pieces: list[Piece] = []
        commas = self.column.type.many
        while True:
            self._separators()
            if self.pos >= len(self.text) or (closing and self.text[self.pos] in ")]"):
                break
            if excepting and pieces and OUTSIDE.match(self.text, self.pos):
                break
            try:
                pieces.append(self.conjunction(closing, excepting))
            except Fault as why:
                if why.problem.slug != "value-not-allowed":
                    raise
                self.parser.tell(why.problem)
                pieces.append(Piece(Any(why.problem.span), "other"))
            joint = marks.SEPARATOR.match(self.text, self.pos) or marks.OR.match(self.text, self.pos) or self._with()
            if not joint:
                break
            self.pos = self._after(joint)
            commas = commas and joint[0].strip() in (",", "、")
            if self.pos >= len(self.text) and joint.re is not marks.SEPARATOR:
                raise fault("missing-value", Span(start, len(self.raw)), text=visible(self.raw))
        if not pieces:
            raise fault("missing-value", Span(start, len(self.raw)), text=visible(self.raw))
        if self.parser.problems:
            return Any()
        last = pieces[-1].test
        if commas and len(pieces) > 1 and isinstance(last, AllOf) and all(one.form == "value" for one in pieces[:-1]):
            # `A, B and C` of a list: all of them, or one
            each = (*(one.test for one in pieces[:-1]), *last.items)
            raise ambiguous(Span(start, self.pos), self.column, OneOf(each), AllOf(each))
        return checked_list(pieces, self.column, Span(start, self.pos))

    def _after(self, joint: re.Match[str]) -> int:
        """Where the next item of a list begins: after the `and` of `A, B, and C`, unless that begins a value."""
        last = marks.LAST.match(self.text, joint.end())
        if not last or joint.re is not marks.SEPARATOR or last.end() >= len(self.text):
            return joint.end()
        if self.open and not (last[0].isascii() and joint[0].strip() == ","):
            return joint.end()
        if not self.open and standing(self.column.type.values, self.text, joint.end()):
            return joint.end()
        if self.column.type.many and "and" in last[0].lower():
            raise self._either_or_all(Span(joint.start(), last.end()))
        return last.end()

    def _either_or_all(self, joint: Span) -> Fault:
        """`A, B和C` of a list: one of them, or all."""
        before, after = self.raw[: joint.start].strip(), self.raw[joint.end :].strip()
        items = [*marks.SEPARATOR.split(plain(before)), after]
        return ambiguous(joint, self.column, ";".join(items), " 且 ".join(items))

    def _with(self) -> re.Match[str] | None:
        """`A和B`: for a single value it can only be either; a list may mean both."""
        joint = marks.WITH.match(self.text, self.pos)
        if joint and not self.open and self.pos:
            if not self.column.type.many:
                return joint
            if self.raw[: joint.start()].strip() and self.raw[joint.end() :].strip():
                raise self._either_or_all(Span(*joint.span()))
        return None

    def conjunction(self, closing: bool, excepting: bool) -> Piece:
        """conjunction := piece ('and' piece)*"""
        start = self.pos
        pieces = [self.piece(closing, excepting)]
        while joint := marks.AND.match(self.text, self.pos):
            # a single value cannot be both: `A and B` is a list, as `A和B` is
            plain_ = not self.open and not self.column.type.many and pieces[-1].form == "value"
            if joint.end() >= len(self.text) or (plain_ and self._with() and self._value_stands(joint.end())):
                break
            self.pos = joint.end()
            pieces.append(self.piece(closing, excepting))
        return met(pieces, True, self.column, Span(start, self.pos))

    def piece(self, closing: bool, excepting: bool) -> Piece:
        """piece := value 'outside'? | 'null' | 'not' '(' tests ')' | '(' tests ')' | 'except' tests 'outside'
        | ('!=' | '非' | '=' | 'contains') value | ':=' expression"""
        self.parser.deeper()
        found = self._piece(closing, excepting)
        self.parser.depth -= 1
        return found

    def _piece(self, closing: bool, excepting: bool) -> Piece:
        start = self.pos
        value = self._known()
        if value:
            return self._maybe_outside(value, start, excepting)
        if marks.DASH.match(self.text, start):
            self.pos += 1
            return Piece(Any(Span(start, self.pos)), "other")
        for pattern, build in ((marks.NOT_NULL, True), (marks.NULL, False), (marks.NOT_KNOWN, False)):
            # in a column of free text the word may well be a text
            if (found := pattern.match(self.text, start)) and not (self.open and pattern is marks.NOT_KNOWN):
                self.pos = found.end()
                null = IsNull(Span(start, self.pos))
                return Piece(Except(null, null.span) if build else null, "other")
        if found := marks.NOT_GROUP.match(self.text, start):
            return Piece(Except(self._group(found.end()), Span(start, self.pos)), "other")
        if found := (marks.GROUP if self.open else marks.BRACKET).match(self.text, start):
            return Piece(self._group(found.end()), "other")
        if not self.open and (found := marks.NONE_OF.match(self.text, start) or marks.ANY_OF.match(self.text, start)):
            return self._listed(found, start, closing)
        if (found := marks.EXCEPT.match(self.text, start)) and start < self._outside:
            return self._all_but(found.end(), start)
        if found := marks.UNEQUAL.match(self.text, start):
            return self._compared("!=", found.end(), start, closing)
        if found := marks.EQUAL.match(self.text, start):
            return self._compared("=", found.end(), start, closing)
        if found := marks.ORDER.match(self.text, start):
            part = visible(self.raw[start:])[:40]
            raise fault("not-ordered", Span(start, len(self.raw)), text=part, operator=visible(found.group()))
        if (found := marks.NEGATION.match(self.text, start)) and found.end() < len(self.text):
            return self._negated(found, start, closing)
        if found := marks.CONTAINS.match(self.text, start):
            contained = self._contains(found, start, closing)
            if contained:
                return contained
        return self._literal(start, closing, excepting)

    def _group(self, at: int) -> Test:
        opened, sign = self.pos, "]" if "[" in self.text[self.pos : at] else ")"
        self.pos = at
        test = self.tests(closing=True)
        self._blanks()
        if self.text[self.pos : self.pos + 1] != sign:
            raise fault("unclosed-bracket", Span(opened, len(self.raw)), bracket=sign)
        self.pos += 1
        return test

    def _listed(self, found: re.Match[str], start: int, closing: bool) -> Piece:
        """`属于 A、B` and `不属于 A、B`, which speak of the whole list behind them."""
        if found.end() >= len(self.text):
            raise fault("missing-value", Span(start, len(self.raw)), text=visible(self.raw))
        self.pos = found.end()
        inner = self.tests(closing)
        span = Span(start, self.pos)
        return Piece(Except(inner, span) if marks.NONE_OF.match(self.text, start) else inner, "other")

    def _all_but(self, at: int, start: int) -> Piece:
        """`除 A、B 外`"""
        self.pos = at
        inner = self.tests(excepting=True)
        outside = OUTSIDE.match(self.text, self.pos)
        if not outside:
            rest = visible(self.raw[self.pos :])[:40]
            raise fault("unexpected-text", Span(self.pos, len(self.raw)), part=rest or "除")
        self.pos = outside.end()
        return Piece(Except(inner, Span(start, self.pos)), "other")

    def _compared(self, op: Comparison, at: int, start: int, closing: bool) -> Piece:
        self.pos = at
        if at >= len(self.text):
            raise fault("missing-value", Span(start, len(self.raw)), text=visible(self.raw))
        if found := marks.NULL.match(self.text, at):
            self.pos = found.end()
            return Piece(bound(op, Literal(None), Span(start, self.pos)), "other")
        value = self._value(closing)
        return Piece(bound(op, value, Span(start, self.pos)), "value" if op == "=" else "negated")

    def _negated(self, found: re.Match[str], start: int, closing: bool) -> Piece:
        """`非 A`; in a column of free text `非卖品` may be a text of its own."""
        word, at = found.group(), found.end()
        if self.open and word == "非" and self.raw[at] not in QUOTES:
            end = self._end_of_text(start, closing, False)
            whole, rest = visible(self.raw[start:end]), visible(self.raw[at:end])
            raise ambiguous(Span(start, end), self.column, Is("=", Literal(whole)), Except(Is("=", Literal(rest))))
        self.pos = at
        try:
            value = self._value(closing)
        except Fault as why:
            if why.problem.slug != "value-not-allowed":
                raise
            end = self._end_of_text(start, closing, False)
            cell = self.column.symbol.cell if self.column.symbol else None
            raise Fault(
                not_allowed(visible(self.raw[start:end]), self.column.type.values, Span(start, end), cell)
            ) from None
        span = Span(start, self.pos)
        return Piece(Except(Is("=", value, span), span), "negated")

    def _contains(self, found: re.Match[str], start: int, closing: bool) -> Piece | None:
        """`含 A` of a list; None when it is the start of a free text such as `含税价`, as `包含…` hardly ever is."""
        spaced = bool(found.group(2)) or self.raw[found.end() : found.end() + 1] in QUOTES
        inside = not self.column.type.many
        if inside:
            asks = found.group(1) in ("包含", "不包含") and not AFTER.match(self.text, found.end())
            if self.open and not spaced and not asks:
                return None
            if not self.open:
                raise fault("contains-needs-list", Span(start, len(self.raw)), text=visible(self.raw[start:])[:40])
        negative = found.group(1).lower().startswith(("不", "not", "does"))
        if self.open and not spaced and not inside:
            end = self._end_of_text(start, closing, False)
            rest = Is("=", Literal(visible(self.raw[found.end() : end])))
            meant = Except(rest) if negative else rest
            raise ambiguous(Span(start, end), self.column, Is("=", Literal(visible(self.raw[start:end]))), meant)
        self.pos = found.end()
        values = [self._value(closing)]
        while joint := re.compile(r"\s*[、,]\s*").match(self.text, self.pos):
            self.pos = joint.end()
            values.append(self._value(closing))
        span = Span(start, self.pos)
        tests = tuple(Contains(value, span) if inside else Is("=", value, span) for value in values)
        if len(tests) > 1:
            either, both = OneOf(tests), AllOf(tests)
            raise ambiguous(span, self.column, *((Except(either), Except(both)) if negative else (either, both)))
        if inside:
            return Piece(Except(tests[0], span) if negative else tests[0], "contains")
        return Piece(Except(tests[0], span), "negated") if negative else Piece(tests[0], "value")

    # -- values

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
            cell = self.column.symbol.cell if self.column.symbol else None
            raise Fault(not_allowed(text, self.column.type.values, span, cell))
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
        cell = self.column.symbol.cell if self.column.symbol else None
        raise Fault(
            not_allowed(text, self.column.type.values, span, cell, meant(plain(text).lower(), self.column.type.values))
        )

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
