"""The plainest cells, read without the parser: `[100..200)`, `<= 3`, `A;B`, a word.

Large tables are made of these, and the parser, which must be ready for everything that people type, takes fifty
microseconds for each. What is read here is what the parser reads (a property test holds it to that); at the least doubt
the parser is asked.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from rulectl.lang.misfits import repeats
from rulectl.lang.parser import Native, output_of, parse_test, test_of
from rulectl.lang.scope import Broken, Scope
from rulectl.lang.syntax import Between, Comparison, Expr, Is, Literal, OneOf, Test
from rulectl.source import Span
from rulectl.types import Kind, Type

# few enough digits for an exact number (values.number), whatever they are
_DIGITS = r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?"
_RANGE = re.compile(rf"([\[(])({_DIGITS})\.\.({_DIGITS})([\])])")
_BOUND = re.compile(rf"(<=|>=|<|>)({_DIGITS})")
_COMPARISONS: dict[str, Comparison] = {"<=": "<=", ">=": ">=", "<": "<", ">": ">"}
_OUTSIDE = re.compile("[除外]")
"""`除A;B外` is one thing, though `B` by itself is another."""

_SEPARATOR = re.compile("[;；,，、]")
_ITEM = re.compile(r"\w{1,100}")
_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]{1,99}")
MOST_ITEMS = 1_000
EXCEL_DIGITS = 15

span = lru_cache(maxsize=4096)(Span)
"""Cells are short, so that the same few spans come again and again."""


class Conditions:
    """The condition cells of one column. `alone` remembers the items of lists that by themselves are plain values."""

    def __init__(self, column: Type, unit: str, scope: Scope) -> None:
        self.column = column
        self.unit = unit
        self.scope = scope
        self.numeric = _plain_number(column, unit)
        self.listing = column.kind.textual and not column.many and not any(map(_SEPARATOR.search, column.values))
        self.alone: dict[str, str | None] = {}

    def read(self, value: Native, text: str) -> Test | Broken:
        """What `test_of` reads."""
        if self.numeric and type(value) is Decimal and _short(text):
            whole = span(0, len(text))
            return Is("=", Literal(value, whole), whole)
        if type(value) is str and value == text:
            test = _number_test(text) if self.numeric else self._list(text) if self.listing else None
            if test is not None:
                return test
        return test_of(value, text, self.column, self.scope, self.unit)

    def _list(self, text: str) -> Test | None:
        """`A;B` or `A、B`, of items that are plain values each."""
        parts = _SEPARATOR.split(text)
        if not 1 < len(parts) <= MOST_ITEMS or _OUTSIDE.search(text):
            return None
        items: list[Test] = []
        at = 0
        for part in parts:
            plain = self.alone[part] if part in self.alone else self._alone(part)
            if plain is None:
                return None
            where = span(at, at + len(part))
            items.append(Is("=", Literal(plain, where), where))
            at += len(part) + 1
        return OneOf(tuple(items), span(0, len(text)))

    def _alone(self, part: str) -> str | None:
        """The value that an item is by itself; None where it is anything more."""
        test = parse_test(part, self.column, self.scope, self.unit) if _ITEM.fullmatch(part) else None
        plain = test.value.value if isinstance(test, Is) and isinstance(test.value, Literal) else None
        found = plain if isinstance(plain, str) and plain == part else None
        self.alone[part] = found
        return found


def _number_test(text: str) -> Test | None:
    """A range or a bound of plain numbers."""
    found = _RANGE.fullmatch(text)
    if found:
        opens, first, last, closes = found.groups()
        low, high = Decimal(first), Decimal(last)
        if low >= high:
            return None
        end = len(text)
        ends = Literal(low, span(1, 1 + len(first))), Literal(high, span(end - 1 - len(last), end - 1))
        return Between(*ends, opens == "[", closes == "]", span(0, end))
    found = _BOUND.fullmatch(text)
    if found:
        sign, digits = found.groups()
        end = len(text)
        return Is(_COMPARISONS[sign], Literal(Decimal(digits), span(len(sign), end)), span(0, end))
    return None


class Conclusions:
    """The conclusion cells of one column."""

    def __init__(self, column: Type, unit: str, scope: Scope) -> None:
        self.column = column
        self.unit = unit
        self.scope = scope
        self.free = column.kind is Kind.STRING and not column.many and not column.values
        self.numeric = _plain_number(column, unit)

    def read(self, value: Native, text: str) -> Expr | Broken | None:
        """What `output_of` reads."""
        if self.free and type(value) is str and value == text and _WORD.fullmatch(text) and not repeats(text):
            return Literal(text, span(0, len(text)))
        if self.numeric and type(value) is Decimal and _short(text):
            return Literal(value, span(0, len(text)))
        return output_of(value, text, self.column, self.scope, self.unit)


def _plain_number(column: Type, unit: str) -> bool:
    """Whether a column takes any number, whatever it looks like."""
    return (
        not unit.endswith(("%", "％"))
        and column.kind is Kind.NUMBER
        and not column.many
        and not column.values
        and column.low is None
        and column.high is None
    )


def _short(text: str) -> bool:
    """Whether a number of Excel's stands in its cell as it is: no percentage, no more digits than Excel keeps."""
    return len(text) <= EXCEL_DIGITS and not text.endswith("%")
