"""Amounts as whole numbers: exact arithmetic on whole columns where numbers are plain, as those of a shop are.

A number with few digits after its point is so many hundredths, or millionths: an integer, which a processor adds,
multiplies and compares exactly. The rows of a column are so many `units`, each of one unit 10**-places (fixed point;
Knuth, TAOCP 2, 4.2.1). Every result is bounded before it is worked out; where it might not fit 62 bits there is none,
and so of everything that is not plain arithmetic: then numbers are taken one by one, as decimals (lang/evaluate.py).
Within these bounds nothing is rounded to 34 digits, so the digits are those of the decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Mask
from rulectl.columnar.ruler import Floats
from rulectl.lang.syntax import Binary, Call, Comparison, Expr, Literal, Name, Negative
from rulectl.values import CONTEXT, Value

Whole = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.int8]

PLAIN, NULL, ODD = np.int8(0), np.int8(1), np.int8(2)
"""A number in units; unknown; something else. Of several the greatest holds for what is made of them."""

PLACES: Final = 6
"""So many digits after the point are plain."""

LARGEST: Final = 10**15
"""A plain number has fewer units of 10**-6 than this: floats tell these apart."""

_MOST: Final = 1 << 62

COMPARED: Final[Mapping[Comparison, Callable[[Any, Any], Any]]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
"""Comparisons of columns, row by row."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """A number in each row, or one for all rows. `most`: no row has more units, of 10**-places. `sure`: where it
    cannot change."""

    units: Whole
    places: int
    most: int
    kinds: Kinds
    sure: Mask

    def at(self, places: int) -> Whole:
        """The same in smaller units."""
        return self.units * np.int64(10 ** (places - self.places)) if places > self.places else self.units

    def most_at(self, places: int) -> int:
        return int(self.most * 10 ** (places - self.places))

    @staticmethod
    def of(units: Whole, kinds: Kinds, sure: Mask) -> Amounts:
        """Units of 10**-6, in the largest unit that does."""
        units = np.where(kinds == PLAIN, units, np.int64(0))
        places = PLACES
        for step in (4, 1, 1):
            while places >= step and not (units % np.int64(10**step)).any():
                units, places = units // np.int64(10**step), places - step
        return Amounts(units, places, int(np.abs(units).max(initial=0)), kinds, sure)


class HasAmounts(Protocol):
    """A column that may hold numbers."""

    @property
    def amounts(self) -> Amounts | None: ...


def units_of(value: Decimal) -> int | None:
    """A plain number in units of 10**-6; None where it is not plain."""
    if not -(10**9) < value < 10**9:
        return None
    scaled = value.scaleb(PLACES, CONTEXT)
    units = int(scaled)
    return units if units == scaled else None


def decimal_of(units: int, places: int) -> Decimal:
    """The number again, without zeros at its end."""
    while places and units % 10 == 0:
        units, places = units // 10, places - 1
    return Decimal(units).scaleb(-places, CONTEXT)


def of_floats(values: Floats, odd: Sequence[int]) -> Amounts:
    """Numbers of up to 15 digits as floats, NaN where unknown, but for the rows that are odd."""
    with np.errstate(invalid="ignore"):
        units = np.rint(values * 10.0**PLACES)
        # of numbers with so few digits no two are the same float
        plain = (np.abs(units) < LARGEST) & (units / 10.0**PLACES == values)
    kinds = np.where(plain, PLAIN, np.where(np.isnan(values), NULL, ODD))
    kinds[list(odd)] = ODD
    return Amounts.of(np.where(kinds == PLAIN, units, 0.0).astype(np.int64), kinds, np.ones(len(values), np.bool_))


def amounts(expr: Expr, columns: Mapping[str, HasAmounts], constants: Mapping[str, Value]) -> Amounts | None:
    """What plain arithmetic comes to in each row; None where the expression is none, or its bounds are too wide. A row
    is odd where a decimal may be needed, or something may have no result."""
    match expr:
        case Name(name) if name in columns:
            return columns[name].amounts
        case Name(name):
            return _constant(constants.get(name))
        case Literal(value):
            return _constant(value)
        case Negative(operand):
            one = amounts(operand, columns, constants)
            return None if one is None else Amounts(-one.units, one.places, one.most, one.kinds, one.sure)
        case Binary(op, left, right) if op in ("+", "-", "*"):
            sides = _all((left, right), columns, constants)
            return None if sides is None else _joined(op, *sides)
        case Call("min" | "max" as function, arguments) if len(arguments) > 1:
            several = _all(arguments, columns, constants)
            return None if several is None else reduce(lambda a, b: _extreme(function, a, b), several)
        case Call("abs", (operand,)):
            one = amounts(operand, columns, constants)
            return None if one is None else Amounts(np.abs(one.units), one.places, one.most, one.kinds, one.sure)
        case Call("round" | "floor" | "ceiling" as function, (inner, *rest)):
            return _rounded(function, inner, rest[0] if rest else Literal(Decimal(0)), columns, constants)
        case _:
            return None


def compared(
    op: Comparison, left: Expr, right: Expr, columns: Mapping[str, HasAmounts], constants: Mapping[str, Value]
) -> tuple[Mask, Amounts] | None:
    """`left op right` in each row, which holds where their difference, the second part, is plain; None where there is
    none."""
    difference = amounts(Binary("-", left, right), columns, constants)
    return None if difference is None else (COMPARED[op](difference.units, 0), difference)


def places_among(points: Sequence[Value], numbers: Amounts) -> Whole | None:
    """How many of the sorted end points lie below each number, twice, and one more where it is one; None where they
    are no plain numbers."""
    plain = [units_of(point) for point in points if isinstance(point, Decimal)]
    ends = [units for units in plain if units is not None]
    if len(ends) != len(points) or numbers.most_at(PLACES) >= _MOST:
        return None
    lines, units = np.array(ends, np.int64), numbers.at(PLACES)
    below = np.searchsorted(lines, units)
    return below + np.searchsorted(lines, units, side="right")


def _constant(value: Value) -> Amounts | None:
    """A constant; None where it is no plain number."""
    units = units_of(value) if isinstance(value, Decimal) else None
    if units is None:
        return None
    return Amounts.of(np.array(units, np.int64), np.array(PLAIN), np.array(True))


def _all(
    items: Sequence[Expr], columns: Mapping[str, HasAmounts], constants: Mapping[str, Value]
) -> list[Amounts] | None:
    """Each of several, in units of one size; None where one is none."""
    found: list[Amounts] = []
    for item in items:
        one = amounts(item, columns, constants)
        if one is None:
            return None
        found.append(one)
    places = max(one.places for one in found)
    if any(one.most_at(places) >= _MOST for one in found):
        return None
    return [Amounts(one.at(places), places, one.most_at(places), one.kinds, one.sure) for one in found]


def _joined(op: str, one: Amounts, other: Amounts) -> Amounts | None:
    kinds, sure = np.maximum(one.kinds, other.kinds), one.sure & other.sure
    most = one.most * other.most if op == "*" else one.most + other.most
    if most >= _MOST:
        return None
    match op:
        case "+":
            return Amounts(one.units + other.units, one.places, most, kinds, sure)
        case "-":
            return Amounts(one.units - other.units, one.places, most, kinds, sure)
        case _:
            return Amounts(one.units * other.units, 2 * one.places, most, kinds, sure)


def _extreme(function: str, one: Amounts, other: Amounts) -> Amounts:
    units = (np.minimum if function == "min" else np.maximum)(one.units, other.units)
    kinds, sure = np.maximum(one.kinds, other.kinds), one.sure & other.sure
    return Amounts(units, one.places, max(one.most, other.most), kinds, sure)


def _rounded(
    function: str, inner: Expr, digits: Expr, columns: Mapping[str, HasAmounts], constants: Mapping[str, Value]
) -> Amounts | None:
    """A number, or a quotient, to so many places: half goes away from zero. A quotient of two numbers of 62 bits is
    nearer to no half than 10**-19 of itself, if it is none, so that to round it to 34 digits first changes nothing."""
    digit = amounts(digits, {}, constants)
    if digit is None or digit.places or not 0 <= (places := int(digit.units)) <= PLACES:
        return None
    if isinstance(inner, Binary) and inner.op == "/":
        sides = _all((inner.left, inner.right), columns, constants)
        if sides is None:
            return None
        over, under = sides
        by_nothing = (under.units == 0) & (under.kinds == PLAIN)
        kinds = np.where(by_nothing, ODD, np.maximum(over.kinds, under.kinds))
    else:
        found = amounts(inner, columns, constants)
        if found is None or found.places <= places:
            return found
        tens = 10**found.places
        over, under = found, Amounts(np.array(tens), 0, tens, np.array(PLAIN), np.array(True))
        kinds = found.kinds
    most = over.most * 10**places
    if 2 * most + under.most >= _MOST:
        return None
    top, bottom = np.abs(over.units) * np.int64(10**places), np.maximum(np.abs(under.units), np.int64(1))
    negative = (over.units < 0) != (under.units < 0)
    if function == "round":
        size = (2 * top + bottom) // (2 * bottom)
    else:
        size = np.where(negative == (function == "floor"), -(-top // bottom), top // bottom)
    return Amounts(np.where(negative, -size, size), places, most + 1, kinds, over.sure & under.sure)
