"""From a raw value to its class number: what the short way asks of each input, remembered.

Most values of a case come again (allowed values, counts, prices), so a term keeps the class of each raw value that it
has met. Numbers that a program hands over are placed among the end points as they are, without a decimal being made.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from decimal import Decimal
from typing import Any, Final

from rulectl.lang.literals import value_of
from rulectl.lang.region import FIRST, UNKNOWN, Partition
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Term
from rulectl.types import Kind
from rulectl.values import Value

KEPT_VALUES: Final = 2_000
"""How many values of a term: few enough to stay in the processor's cache."""

FLOAT_DIGITS: Final = 15
"""A decimal of so many digits is told apart from any other by its nearest binary float."""


_NUMBERS: Final = (int, float, Decimal)


class Unreadable(Exception):  # noqa: N818 - not an error: the long way reads it again and says what is wrong
    """A raw value that is not plainly one of the term's."""


class Encoder(dict[Any, int]):
    """Raw value of a term -> class number; a dictionary that fills itself. Null is the term's default."""

    def __init__(self, term: Term, partition: Partition | None) -> None:
        super().__init__()
        self.term = term
        self.partition = partition
        kind = term.type.kind
        self.plain = partition is None and kind is Kind.STRING and not term.type.values and not term.type.many
        self.numeric = kind is Kind.NUMBER
        self.boolean = kind is Kind.BOOLEAN
        # packed, so that a search stays in the processor's cache
        self.floats = array("d")
        self.low, self.high = -1e15, 1e15
        self.exact = False
        if partition is not None and self.numeric:
            digits = [len(point.as_tuple().digits) for point in partition.points]
            self.exact = max(digits, default=0) <= FLOAT_DIGITS
            if self.exact:
                self.floats = array("d", [*map(float, partition.points), math.inf])
            # a bound that a float cannot be is left to the long reading
            low, high = term.type.low, term.type.high
            self.low = -1e15 if low is None else math.nextafter(float(low), math.inf) if low != int(low) else int(low)
            self.high = (
                1e15 if high is None else math.nextafter(float(high), -math.inf) if high != int(high) else int(high)
            )
        self[None] = self.classify(term.default)

    def classify(self, value: Value) -> int:
        """The class of a typed value; a term that no test reads has one class for all of them."""
        if value is None:
            return UNKNOWN
        return FIRST if self.partition is None else self.partition.locate(value)

    def __missing__(self, raw: Any) -> int:
        kind = raw.__class__
        if self.exact and (kind is float or kind is int) and self.low <= raw <= self.high:
            # no decimal is made: where floats differ, the decimals that they show differ the same way
            at = bisect_left(self.floats, raw)
            number: int = FIRST + 2 * at + (self.floats[at] == raw)
            # 0 and 1 are common, and are not remembered because of True and False
            if raw == 0 or raw == 1:
                return number
        else:
            number = self._read(raw)
            if isinstance(raw, _NUMBERS) and not self._one_value(raw):
                return number
        if len(self) >= KEPT_VALUES:
            self.clear()
            self[None] = self.classify(self.term.default)
        self[raw] = number
        return number

    def _one_value(self, raw: int | float | Decimal) -> bool:
        """Whether all numbers that equal this one, and so are one key with it, mean the same here: True == 1, which is
        another number, and 1e16 == 10**16, which alone is exact; as texts even 2 and 2.0 are two."""
        return self.boolean or (self.numeric and raw not in (0, 1) and -(10**15) < raw < 10**15)

    def _read(self, raw: Any) -> int:
        value = value_of(raw, self.term.type, self.term.unit)
        if isinstance(value, Problem):
            raise Unreadable
        return self.classify(self.term.default if value is None else value)
