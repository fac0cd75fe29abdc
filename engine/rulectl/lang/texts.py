"""Conditions on texts and allowed values, where people write the words themselves: `质量问题;瑕疵`, `除 A 外`, `非 A`.

The cell is read character by character. An allowed value wins over everything else, the longest first, so that a value
such as `非卖品` or `退货;退款` means itself; quotes always make a literal.
"""

from __future__ import annotations

import re

from rulectl.lang import marks
from rulectl.lang.allowed import AFTER, OUTSIDE, standing
from rulectl.lang.chars import QUOTES, plain, visible
from rulectl.lang.faults import Fault, fault
from rulectl.lang.pieces import Piece, ambiguous, bound, checked_list, met
from rulectl.lang.syntax import AllOf, Any, Comparison, Contains, Except, Is, IsNull, Literal, OneOf, Test
from rulectl.lang.textvalues import Values
from rulectl.source import Span


class TextReader(Values):
    """What joins, parts and denies values."""

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
            raise self._stranger(visible(self.raw[start:end]), Span(start, end)) from None
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
