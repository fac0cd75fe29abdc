"""Values that rows have to themselves: amounts, times and texts that hardly another row has, as columns.

What many rows have in common gets a number, and all that hangs on it is worked out once (codes.py). A value of a row's
own would get an entry, a voice, a verdict, a state and a text for that one row, each of them made in Python. So such
values stay in a column of their type from where they are computed to where they are written. Among numbered things all
of them are one, which says: look beside. A value is made a Python object only where somebody asks for it: a rule that
may yet change what is said, a statement that does not hold, an expression that is no plain arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.columnar.amounts import PLACES, PLAIN, Amounts, decimal_of, places_among, units_of
from rulectl.columnar.codes import Codes, Mask, Numbered, Part, Rows, constant
from rulectl.columnar.columns import Coded
from rulectl.columnar.lists import cut
from rulectl.columnar.states import CERTAIN, Lens, Pair, State, classes_of, given
from rulectl.lang.region import FIRST, Partition
from rulectl.runtime.contents import Contents
from rulectl.types import Kind, Type
from rulectl.values import Value, plain_text

_HELD: Final[Mapping[Kind, pl.DataType]] = {
    Kind.NUMBER: pl.Int64(),
    Kind.STRING: pl.String(),
    Kind.ENUM: pl.String(),
    Kind.DATETIME: pl.Datetime("us"),
    Kind.DATE: pl.Date(),
    Kind.DURATION: pl.Duration("us"),
}
"""How values of a kind are held; numbers in units of 10**-PLACES."""

_YEARS = 1000, 9999
"""Years that are written with four digits, whoever writes them."""


class Own(NamedTuple):
    """Values of rows' own: the place of each row's among `values`, -1 where a row has none."""

    places: Codes
    values: pl.Series

    @property
    def rows(self) -> Mask:
        """The rows that have one."""
        return self.places >= 0

    def of(self, rows: Rows | Mask | Codes) -> Own:
        """The same for some of the rows."""
        return Own(self.places[rows], self.values)


class Gathering:
    """The own values of one column, gathered from those of several."""

    def __init__(self, rows: int) -> None:
        self._places = constant(rows, -1)
        self._values: list[pl.Series] = []
        self._at: dict[int, int] = {}
        self._size = 0

    def add(self, where: Rows, own: Own | None) -> None:
        """Some rows, and the values of these."""
        if own is None:
            return
        start = self._at.get(id(own.values))
        if start is None:
            start = self._at[id(own.values)] = self._size
            self._values.append(own.values)
            self._size += len(own.values)
        self._places[where] = np.where(own.places < 0, own.places, own.places + np.int32(start))

    def all(self) -> Own | None:
        """What was gathered; None where nothing was."""
        if not self._values:
            return None
        return Own(self._places, self._values[0] if len(self._values) == 1 else pl.concat(self._values))


# -- values as columns, and as objects again ------------------------------------------------------------------------


def can_hold(type_: Type) -> bool:
    """Whether values of a type can be held as columns. Of lists, those of texts."""
    return type_.kind in _HELD and (not type_.many or type_.kind in (Kind.STRING, Kind.ENUM))


def held(values: Sequence[Value], type_: Type) -> pl.Series | None:
    """Known values as a column; None where one of them is a number that is not plain."""
    dtype = _HELD[type_.kind]
    if type_.many:
        lists = [value for value in values if isinstance(value, tuple)]
        flat = pl.Series(list(chain.from_iterable(lists)), dtype=dtype)
        return cut(flat, np.array([len(items) for items in lists], np.int64))
    if type_.kind is Kind.NUMBER:
        units = [units_of(value) for value in values if isinstance(value, Decimal)]
        return None if None in units else pl.Series(units, dtype=dtype)
    return pl.Series(values, dtype=dtype)


def fitting(units: npt.NDArray[np.int64], type_: Type) -> tuple[pl.Series, Mask] | None:
    """Amounts in units as a column, and which of them are of a type; None where that must be asked one by one."""
    ends = [None if end is None else units_of(end) for end in (type_.low, type_.high)]
    known = [end is None or at is not None for end, at in zip((type_.low, type_.high), ends, strict=True)]
    if type_.kind is not Kind.NUMBER or type_.many or type_.values or not all(known):
        return None
    low, high = ends
    fit = np.ones(len(units), np.bool_)
    if low is not None:
        fit &= units >= low
    if high is not None:
        fit &= units <= high
    return pl.Series(units, dtype=pl.Int64), fit


def objects(values: pl.Series, type_: Type) -> list[Value]:
    """Such a column as values."""
    items: list[Any] = values.to_list()
    if type_.many:
        return list(map(tuple, items))
    return [decimal_of(units, PLACES) for units in items] if type_.kind is Kind.NUMBER else items


def cells(values: pl.Series, type_: Type) -> pl.Series:
    """Such a column as texts; lists joined by `;`."""
    if type_.many:
        return values.list.join(";")
    match type_.kind:
        case Kind.NUMBER:
            return number_texts(values)
        case Kind.STRING | Kind.ENUM:
            return values
        case Kind.DATETIME if len(values) and values.dt.year().is_between(*_YEARS).all():
            clock = (values.dt.second() == 0) & (values.dt.microsecond() == 0)
            texts = values.dt.strftime("%Y-%m-%d %H:%M:%S")
            return _either(clock, texts.str.head(16), texts)
        case _:
            return pl.Series([plain_text(value) for value in values.to_list()], dtype=pl.String)


def number_texts(units: pl.Series) -> pl.Series:
    """As `number_text` has them: no zeros at the end, no point behind a whole number."""
    whole, rest = units.abs() // 10**PLACES, units.abs() % 10**PLACES
    sign = pl.when(pl.col("units") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    after = pl.lit(".") + pl.col("rest").cast(pl.String).str.zfill(PLACES).str.strip_chars_end("0")
    after = pl.when(pl.col("rest") == 0).then(pl.lit("")).otherwise(after)
    frame = pl.DataFrame({"units": units, "whole": whole, "rest": rest})
    return frame.select(pl.concat_str(sign, pl.col("whole").cast(pl.String), after)).to_series()


def _either(mask: pl.Series, one: pl.Series, other: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"mask": mask, "one": one, "other": other})
    return frame.select(pl.when("mask").then("one").otherwise("other")).to_series()


# -- a term of which some rows have values of their own ---------------------------------------------------------------


@dataclass
class Owned:
    """A decided term: rows with a value of their `own`, which stands for good, and the others by their states."""

    rest: Coded
    own: Own
    type: Type

    @cached_property
    def _mine(self) -> Mask:
        return self.own.rows

    def seen(self, lens: Lens) -> Part:
        if isinstance(lens.partition, Contents):
            codes, states = self.exact()
            pairs = [lens.pairs.number(classes_of(state, lens.partition)) for state in states.items]
            return Part(np.array(pairs, np.int32).take(codes), len(lens.pairs))
        rest, classes = self.rest.seen(lens), self._classes(lens)
        lut = constant(lens.partition.size)
        for klass in np.flatnonzero(np.bincount(classes)).tolist():
            lut[klass] = lens.pairs.number(Pair(klass, klass))
        return Part(self._with(rest.codes, lut.take(classes)), len(lens.pairs))

    def width(self, lens: Lens) -> int:
        return self.seen(lens).size

    def classes(self, lens: Lens) -> Codes:
        return self._with(self.rest.classes(lens), self._classes(lens))

    def _with(self, codes: Codes, own: Codes) -> Codes:
        """Codes of the rows, and those of own values in their places."""
        codes = codes.copy()
        codes[self._mine] = own.take(self.own.places[self._mine])
        return codes

    def _classes(self, lens: Lens) -> Codes:
        """The class of each own value."""
        partition, values = lens.partition, self.own.values
        assert isinstance(partition, Partition)
        found: npt.NDArray[np.int64] | None = None
        if partition.ordered and self.type.kind is Kind.NUMBER:
            found = places_among(partition.points, self._units)
        elif partition.ordered:
            ends = pl.Series(partition.points, dtype=values.dtype).to_physical().to_numpy()
            at = values.to_physical().to_numpy()
            found = np.searchsorted(ends, at) + np.searchsorted(ends, at, side="right")
        if found is not None:
            return (found + FIRST).astype(np.int32)
        return np.array([partition.locate(value) for value in objects(values, self.type)], np.int32)

    @cached_property
    def _units(self) -> Amounts:
        units = self.own.values.to_numpy()
        return Amounts.of(units, np.full(len(units), PLAIN), np.ones(len(units), np.bool_))

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self._exact

    @cached_property
    def _exact(self) -> tuple[Codes, Numbered[State]]:
        """With states of their own for this frame: they hardly come again."""
        states: Numbered[State] = Numbered(*self.rest.states.items)
        lut = [states.number(given(value)) for value in objects(self.own.values, self.type)]
        return self._with(self.rest.codes, np.array(lut, np.int32)), states

    @property
    def apart(self) -> Part:
        """Numbers that tell values apart."""
        others = len(self.rest.states)
        return Part(self.among(others), others + len(self.own.values))

    def at(self, rows: Rows) -> list[State]:
        found, own = self.rest.at(rows), self.own.of(rows)
        (where,) = own.rows.nonzero()
        values = objects(own.values.gather(own.places[where]), self.type)
        for row, value in zip(where.tolist(), values, strict=True):
            found[row] = given(value)
        return found

    @property
    def forms(self) -> Codes:
        """What is known of each row."""
        return np.where(self._mine, np.int32(CERTAIN), self.rest.forms)

    @cached_property
    def amounts(self) -> Amounts | None:
        """Numbers in units; None where these are none."""
        rest = self.rest.amounts if self.type.kind is Kind.NUMBER else None
        if rest is None or rest.most_at(PLACES) >= 1 << 62:
            return None
        units, kinds, sure = rest.at(PLACES).copy(), rest.kinds.copy(), rest.sure | self._mine
        units[self._mine] = self.own.values.to_numpy()[self.own.places[self._mine]]
        kinds[self._mine] = PLAIN
        return Amounts.of(units, kinds, sure)

    def kept(self, rows: Mask) -> Owned:
        return Owned(self.rest.kept(rows), self.own.of(rows), self.type)

    def texts(self) -> pl.Series:
        others = [None if state.now is None else plain_text(state.now) for state in self.rest.states.items]
        texts = pl.concat([pl.Series(others, dtype=pl.String), cells(self.own.values, self.type)])
        return texts.gather(pl.Series(self.among(len(others))))

    def among(self, others: int) -> Codes:
        """The place of each row's value among so many states of `others` and the own values behind these."""
        return np.where(self._mine, self.own.places + np.int32(others), self.rest.codes)

    def values(self) -> tuple[Codes, list[Value]]:
        """By number of a value, and the values."""
        others = [state.now for state in self.rest.states.items]
        return self.among(len(others)), [*others, *objects(self.own.values, self.type)]
