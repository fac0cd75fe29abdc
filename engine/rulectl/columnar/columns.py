"""What a term is, row by row: a column of states, seen finely (its values) or coarsely (the classes a table asks for).

Most terms have few states and are coded by them. An amount or a moment may differ in every row: `Numbers` keeps the
numbers themselves, as binary floats where these tell all decimals apart (15 digits), `Moments` the seconds, and both
code them by value only where a rule computes. What is decided row by row is in owned.py.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.columnar.amounts import NULL, ODD, PLAIN, Amounts, of_floats, units_of
from rulectl.columnar.codes import Codes, Numbered, Part, Rows, constant, occurring
from rulectl.columnar.ruler import Floats, Ruler
from rulectl.columnar.states import BLANK, CERTAIN, MISSING, Lens, State, form_of, given
from rulectl.lang.region import FIRST, UNKNOWN, Partition
from rulectl.values import Value, number, plain_text

_BEGIN = dt.datetime(1970, 1, 1)


class Column(Protocol):
    """A term over all rows."""

    def seen(self, lens: Lens) -> Part:
        """As a table column sees it: pair numbers."""

    def width(self, lens: Lens) -> int:
        """How many pairs of classes it may fall into."""

    def classes(self, lens: Lens) -> Codes:
        """As a table column sees it: classes, UNCERTAIN for what is not certain."""

    def exact(self) -> tuple[Codes, Numbered[State]]:
        """By its states."""

    @property
    def apart(self) -> Part:
        """Numbers that tell states apart; of the same state there may be several."""

    def at(self, rows: Rows) -> list[State]:
        """The states of some rows."""

    @property
    def forms(self) -> Codes:
        """What is known of each row: CERTAIN, OPEN, MISSING or GONE."""

    @property
    def amounts(self) -> Amounts | None:
        """Numbers in units; None where these are none."""

    def kept(self, rows: npt.NDArray[np.bool_]) -> Column:
        """The same for some of the rows."""

    def texts(self) -> pl.Series:
        """As texts, null where it is not known."""


@dataclass
class Coded:
    """A term with few states."""

    codes: Codes
    states: Numbered[State]

    def seen(self, lens: Lens) -> Part:
        lut = lens.of_states(self.states)
        if len(lens.pairs) == 1:
            return Part(constant(len(self.codes)), 1)
        return Part(lut.take(self.codes), len(lens.pairs))

    def width(self, lens: Lens) -> int:
        return len(occurring(lens.of_states(self.states)))

    def classes(self, lens: Lens) -> Codes:
        return lens.class_of_states(self.states).take(self.codes)

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self.codes, self.states

    @property
    def apart(self) -> Part:
        """Numbers that tell states apart."""
        return Part(self.codes, len(self.states))

    def at(self, rows: Rows) -> list[State]:
        return [self.states.items[code] for code in self.codes[rows].tolist()]

    @cached_property
    def forms(self) -> Codes:
        """What is known of each row."""
        lut = constant(len(self.states))
        for code in occurring(self.codes):
            lut[code] = form_of(self.states.items[code])
        return lut.take(self.codes)

    @cached_property
    def floats(self) -> Floats | None:
        """Numbers as floats, NaN for null; None where floats do not tell them apart, or these are no numbers."""
        lut = np.full(len(self.states), np.nan)
        for code in occurring(self.codes):
            value = self.states.items[code].now
            if value is not None:
                if not isinstance(value, Decimal) or not in_floats(value):
                    return None
                lut[code] = float(value)
        return lut.take(self.codes)

    @cached_property
    def amounts(self) -> Amounts | None:
        """Numbers in units; None where these are none."""
        size = len(self.states)
        units, kinds, sure = np.zeros(size, np.int64), np.full(size, NULL), np.zeros(size, np.bool_)
        for code in occurring(self.codes):
            now, certain, _ = self.states.items[code]
            sure[code] = certain is now
            if now is None:
                continue
            if type(now) is not Decimal:
                return None
            found = units_of(now)
            kinds[code] = ODD if found is None else PLAIN
            units[code] = found or 0
        whole, codes = Amounts.of(units, kinds, sure), self.codes
        return replace(whole, units=whole.units.take(codes), kinds=kinds.take(codes), sure=sure.take(codes))

    def kept(self, rows: npt.NDArray[np.bool_]) -> Coded:
        return Coded(self.codes[rows], self.states)

    def texts(self) -> pl.Series:
        codes, states = self.exact()
        texts = [None if state.now is None else plain_text(state.now) for state in states.items]
        return pl.Series(texts, dtype=pl.String).gather(pl.Series(codes))


@dataclass(slots=True)
class Texts:
    """Free text: coded by the texts that rules name, written as it was read. `simple`: every text is one of letters and
    digits, which no file and no spreadsheet takes for anything else."""

    codes: Codes
    states: Numbered[State]
    series: pl.Series
    simple: bool = False

    def seen(self, lens: Lens) -> Part:
        return Coded(self.codes, self.states).seen(lens)

    def width(self, lens: Lens) -> int:
        return Coded(self.codes, self.states).width(lens)

    def classes(self, lens: Lens) -> Codes:
        return Coded(self.codes, self.states).classes(lens)

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self.codes, self.states

    @property
    def apart(self) -> Part:
        """Numbers that tell states apart."""
        return Part(self.codes, len(self.states))

    def at(self, rows: Rows) -> list[State]:
        return Coded(self.codes, self.states).at(rows)

    @property
    def forms(self) -> Codes:
        """What is known of each row."""
        return Coded(self.codes, self.states).forms

    @property
    def amounts(self) -> None:
        """Texts are no numbers."""
        return None

    def kept(self, rows: npt.NDArray[np.bool_]) -> Texts:
        return Texts(self.codes[rows], self.states, self.series.filter(pl.Series(rows)), self.simple)

    def texts(self) -> pl.Series:
        return self.series


@dataclass
class Measured(ABC):
    """A value that may differ in every row, as a float that keeps order and tells values apart: NaN where a case leaves
    it blank. `odd` are the rows whose values no float tells from others. `ends` are the end points of `points` as
    `ends_of` gives them."""

    values: Floats
    odd: Mapping[int, Value]
    points: Partition
    ends: Ruler

    @abstractmethod
    def value_of(self, measure: float) -> Value:
        """The value of a float."""

    @cached_property
    def _classes(self) -> Codes:
        """The class of each row among the points of all tables."""
        found = self.ends.places(self.values)
        found += np.int32(FIRST)
        blank = np.isnan(self.values)
        if blank.any():
            found[blank] = UNKNOWN
        for row, value in self.odd.items():
            found[row] = self.points.locate(value)
        return found

    def seen(self, lens: Lens) -> Part:
        return Part(lens.of_classes(self.points).take(self._classes), len(lens.pairs))

    def width(self, lens: Lens) -> int:
        return lens.partition.size

    def classes(self, lens: Lens) -> Codes:
        if isinstance(lens.partition, Partition) and lens.partition.points == self.points.points:
            return self._classes
        return lens.class_of_classes(self.points).take(self._classes)

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self._exact

    @cached_property
    def apart(self) -> Part:
        """Numbers that tell values apart."""
        values, found = np.unique(self.values, return_inverse=True)
        codes: Codes = found.astype(np.int32)
        codes[list(self.odd)] = np.arange(len(values), len(values) + len(self.odd))
        return Part(codes, len(values) + len(self.odd))

    def at(self, rows: Rows) -> list[State]:
        odd = self.odd
        values = zip(rows.tolist(), self.values[rows].tolist(), strict=True)
        return [
            given(odd[row]) if row in odd else BLANK if value != value else given(self.value_of(value))
            for row, value in values
        ]

    @property
    def forms(self) -> Codes:
        """What is known of each row."""
        found = np.where(np.isnan(self.values), MISSING, CERTAIN).astype(np.int32)
        found[list(self.odd)] = CERTAIN
        return found

    @cached_property
    def _exact(self) -> tuple[Codes, Numbered[State]]:
        codes, size = self.apart
        row_of = np.zeros(size, np.int64)
        row_of[codes] = np.arange(len(codes))
        states: Numbered[State] = Numbered()
        lut = [states.number(state) for state in self.at(row_of)] if len(codes) else []
        return np.array(lut, np.int32).take(codes), states

    def kept(self, rows: npt.NDArray[np.bool_]) -> Self:
        at = np.cumsum(rows) - 1
        odd = {int(at[row]): value for row, value in self.odd.items() if rows[row]}
        return replace(self, values=self.values[rows], odd=odd)

    def texts(self) -> pl.Series:
        return Coded(*self.exact()).texts()


class Numbers(Measured):
    """Numbers; the odd ones have too many digits for floats."""

    def value_of(self, measure: float) -> Value:
        return number(measure)

    @cached_property
    def amounts(self) -> Amounts:
        """The numbers in units."""
        return of_floats(self.values, list(self.odd))


class Moments(Measured):
    """Moments by their seconds (`seconds_of`); none is odd."""

    def value_of(self, measure: float) -> Value:
        return _BEGIN + dt.timedelta(seconds=measure)

    @property
    def amounts(self) -> None:
        """Moments are no numbers."""
        return None


def ends_of(points: Sequence[Decimal | float]) -> Ruler:
    """Each end point and the very next float: to the right of both lies the open stretch above it."""
    ends = np.array([float(point) for point in points], np.float64)
    return Ruler.of(np.stack([ends, np.nextafter(ends, np.inf)], axis=1).ravel())


def seconds_of(moment: dt.datetime) -> float:
    """The seconds from 1970 to a moment, which are whole."""
    return (moment - _BEGIN).total_seconds()


def in_floats(value: Decimal) -> bool:
    """Whether floats tell a number from all others of up to 15 digits, and keep their order."""
    return len(value.as_tuple().digits) <= 15 and abs(value) < 10**15


def told_apart(points: Sequence[Decimal]) -> bool:
    """Whether floats tell these end points from every number of up to 15 digits."""
    return all(map(in_floats, points)) and all(float(a) < float(b) for a, b in pairwise(points))


def numbers_of(column: Column) -> tuple[Floats, Mapping[int, Value]]:
    """A column of numbers as floats, NaN for null, and those by row that floats do not tell apart."""
    if isinstance(column, Numbers):
        return column.values, column.odd
    codes, states = column.exact()
    lut, odd = np.full(len(states), np.nan), dict[int, Value]()
    for code in occurring(codes):
        value = states.items[code].now
        if isinstance(value, Decimal) and in_floats(value):
            lut[code] = float(value)
        elif value is not None:
            odd |= dict.fromkeys(np.flatnonzero(codes == code).tolist(), value)
    return lut.take(codes), odd


def as_floats(column: Column) -> Floats | None:
    """A column of numbers, or of moments that differ, as floats, NaN for null; None where floats do not tell them
    apart, or these are something else."""
    match column:
        case Measured():
            return None if column.odd else column.values
        case Coded():
            return column.floats
        case _:
            return None
