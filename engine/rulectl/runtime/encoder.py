"""From a raw value to its class number: what the short way asks of each input, remembered.

Most values of a case come again (allowed values, counts, prices), so a term keeps the class of each raw value that it
has met. Numbers that a program hands over are placed among the end points as they are, without a decimal being made.
The class comes as a code, moved up to the term's field (runtime/coding.py).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from rulectl.cases.placeholders import meant_by
from rulectl.lang.literals import value_of
from rulectl.lang.region import FIRST, UNKNOWN, Partition
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Term
from rulectl.runtime.coding import Field
from rulectl.runtime.contents import Contents
from rulectl.runtime.memo import Memo
from rulectl.types import Kind, Type
from rulectl.values import Value

KEPT_VALUES: Final = 2_000
"""How many values of a term: few enough to stay in the processor's cache."""

FLOAT_DIGITS: Final = 15
"""A decimal of so many digits is told apart from any other by its nearest binary float."""

WRAPPED: Final = '="'
"""So texts begin that exports keep from being rounded; what they hold is read the long way."""

_NUMBERS: Final = (int, float, Decimal)


class Unreadable(Exception):  # noqa: N818 - not an error: the long way reads it again and says what is wrong
    """A raw value that is not plainly one of the term's."""


def told_apart(partition: Partition) -> bool:
    """Whether floats tell the end points of a column of numbers apart.

    Then no decimal is made of a number that is placed among them: where floats differ, the decimals that they show
    differ the same way, and between an end point and the float after it there is no float and, up to 1e15, no whole
    number."""
    if max(map(len, map(str, partition.points)), default=0) <= FLOAT_DIGITS:
        return True
    return all(len(point.as_tuple().digits) <= FLOAT_DIGITS for point in partition.points)


def edges_of(partition: Partition) -> list[float]:
    """Where each class of numbers but the first begins, as floats: every end point, and the float after it. What is
    below the first edge is of class FIRST."""
    points = [float(point) for point in partition.points]
    return [edge for point in points for edge in (point, math.nextafter(point, math.inf))]


def bounds_of(type_: Type) -> tuple[float, float]:
    """Between which floats a number is plainly one that the type allows; the others are read the long way."""
    low, high = type_.low, type_.high
    return (
        -1e15 if low is None else math.nextafter(float(low), math.inf) if low != int(low) else max(int(low), -1e15),
        1e15 if high is None else math.nextafter(float(high), -math.inf) if high != int(high) else min(int(high), 1e15),
    )


class Encoder(Memo[Any, int]):
    """Raw value of a term -> class number, moved up to the term's field; a memory that fills itself. Null is the
    term's default; a term that is `needed` has no null. `exact`: plain numbers have the codes `codes`, by where they
    stand among the `edges`."""

    def __init__(self, term: Term, partition: Partition | Contents | None, field: Field, needed: bool) -> None:
        super().__init__(KEPT_VALUES)
        self.term = term
        self.partition = partition
        self.field = field
        self.needed = needed
        kind = term.type.kind
        self.plain = partition is None and kind is Kind.STRING and not term.type.values and not term.type.many
        self.numeric = kind is Kind.NUMBER and not term.type.many
        self.boolean = kind is Kind.BOOLEAN
        self.exact = self.numeric and not (isinstance(partition, Partition) and not told_apart(partition))
        self.low, self.high = bounds_of(term.type) if self.exact else (0.0, 0.0)

    @cached_property
    def edges(self) -> list[float]:
        """Of an exact term: see `edges_of`."""
        return edges_of(self.partition) if isinstance(self.partition, Partition) else []

    @cached_property
    def codes(self) -> list[int]:
        """Of an exact term: the code between each two edges."""
        if self.partition is None:
            return [0]
        return [(FIRST + at) << self.field.shift for at in range(len(self.edges) + 1)]

    @cached_property
    def whole(self) -> Whole:
        """Of an exact term: the codes of whole numbers."""
        return Whole(self)

    def code(self, value: Value) -> int:
        """The code of a typed value; a term that no test reads has the one code 0."""
        return 0 if self.partition is None else self.classify(value) << self.field.shift

    def classify(self, value: Value) -> int:
        """The class number of a typed value; a term that no test reads has one class for all of them."""
        if value is None:
            return UNKNOWN
        return FIRST if self.partition is None else self.partition.locate(value)

    def __missing__(self, raw: Any) -> int:
        if self.exact and raw.__class__ is float and self.low <= raw <= self.high:
            return self.codes[bisect_right(self.edges, raw)]
        code = self._read(raw)
        if isinstance(raw, _NUMBERS) and not self._one_value(raw):
            return code
        return self.keep(raw, code)

    def _one_value(self, raw: int | float | Decimal) -> bool:
        """Whether all numbers that equal this one, and so are one key with it, mean the same here: True == 1, which is
        another number, and 1e16 == 10**16, which alone is exact; as texts even 2 and 2.0 are two."""
        return self.boolean or (self.numeric and raw not in (0, 1) and -(10**15) < raw < 10**15)

    def _read(self, raw: Any) -> int:
        meant = meant_by(raw, self.term.type)
        value = meant if isinstance(meant, Problem) else value_of(meant, self.term.type, self.term.unit)
        if isinstance(value, Problem) or (isinstance(raw, str) and raw.startswith(WRAPPED)):
            raise Unreadable
        if value is None:
            if self.needed:
                raise Unreadable
            value = self.term.default
        return self.code(value)


class ListEncoder(Encoder):
    """The same of lists. They hardly come again, but what they hold does: of one that a program hands over as a list,
    each item is read by itself and remembered."""

    def __init__(self, term: Term, partition: Partition | Contents | None, field: Field, needed: bool) -> None:
        super().__init__(term, partition, field, needed)
        self._items = Items(self)
        self._empty = self.code(())

    def __getitem__(self, raw: Any) -> int:
        if raw.__class__ is not list and raw.__class__ is not tuple:
            return super().__getitem__(raw)
        code, items = self._empty, self._items
        for item in raw:
            code |= items[item]
        return code


class Items(Memo[str, int]):
    """What each item adds to the code of a list, texts remembered."""

    def __init__(self, encoder: ListEncoder) -> None:
        super().__init__(KEPT_VALUES)
        self._type = encoder.term.type.item
        self._unit = encoder.term.unit
        contents = encoder.partition
        self._bits = contents.bit if isinstance(contents, Contents) else {}
        self._shift = encoder.field.shift

    def __missing__(self, raw: Any) -> int:
        value = value_of(raw, self._type, self._unit)
        if isinstance(value, Problem):
            raise Unreadable
        code = self._bits.get(value, 0) << self._shift if isinstance(value, str) else 0
        return self.keep(raw, code) if raw.__class__ is str else code


class Whole(Memo[int, int]):
    """The codes of whole numbers, which are looked up only where a value is an `int`: in the encoder's own dictionary
    True would be taken for 1."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(KEPT_VALUES)
        self.encoder = encoder

    def __missing__(self, raw: int) -> int:
        encoder = self.encoder
        if not encoder.low <= raw <= encoder.high:
            return encoder[raw]
        return self.keep(raw, encoder.codes[bisect_right(encoder.edges, raw)])
