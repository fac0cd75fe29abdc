"""Numbers and moments that may differ in every row, read as whole columns of floats.

Plain numbers of up to 15 digits and moments in digits are parsed by polars; whatever is not plain (a thousands mark, a
blank, a unit) is read value by value by the one reader of facts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from rulectl.cases.facts import Slot
from rulectl.columnar.affixes import Affixes
from rulectl.columnar.codes import Mask
from rulectl.columnar.columns import Column, Moments, Numbers, ends_of, in_floats, seconds_of, told_apart
from rulectl.columnar.ruler import Floats, Ruler
from rulectl.lang.region import Partition
from rulectl.lang.scope import Problem
from rulectl.types import Kind
from rulectl.values import Value

_NUMBER = r"^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$"
_NUMBER_LENGTH = 16
"""So many characters hold at most 15 digits, with a point or a sign."""


@dataclass(slots=True)
class Read:
    """A column of a frame, read. `bad` marks the rows whose values cannot be read, `null` those left blank."""

    column: Column
    null: Mask
    bad: Mask | None


@dataclass
class Measuring:
    """How numbers or moments of a term are read. `points`: the end points that tables ask for; None when none does."""

    slot: Slot
    points: Partition | None

    @cached_property
    def _affixes(self) -> Affixes:
        return Affixes(self.slot)

    @cached_property
    def of_moments(self) -> bool:
        """Whether these are moments."""
        type_ = self.slot.term.type
        return type_.kind is Kind.DATETIME and not type_.many

    @cached_property
    def of_numbers(self) -> bool:
        """Whether these are numbers, and floats tell apart what this term's tests do."""
        type_ = self.slot.term.type
        if type_.kind is not Kind.NUMBER or type_.many:
            return False
        ends = [end for end in (type_.low, type_.high) if end is not None]
        points = () if self.points is None else self.points.points
        return told_apart(sorted({*points, *ends}))

    def moments(self, series: pl.Series, seconds: pl.Series) -> Read:
        """Moments, of which some are known in `seconds`."""
        return self._mixed(series, seconds, seconds.is_not_null(), self.slot.native)

    def native_numbers(self, series: pl.Series) -> Read:
        """Floats or integers."""
        # as floats: the bounds fit in no shorter kind of integer
        floats = series.cast(pl.Float64)
        values = floats.fill_null(float("nan")).to_numpy()
        fits = np.abs(values) <= 10**15 - 1
        type_ = self.slot.term.type
        for end, within in ((type_.low, np.greater_equal), (type_.high, np.less_equal)):
            if end is not None:
                fits &= within(values, float(end))
        if np.count_nonzero(fits) + series.null_count() == len(series):
            return Read(self.column(values, {}), ~fits, None)
        exact = floats.is_between(-(10**15) + 1, 10**15 - 1)
        return self._mixed(series, series, exact.fill_null(False), self.slot.native)

    def numbers(self, series: pl.Series) -> Read:
        """Numbers as texts."""
        fits = pl.first().str.contains(_NUMBER) & (pl.first().str.len_bytes() <= _NUMBER_LENGTH)
        plain = series.to_frame().select_seq(fits.fill_null(False)).to_series()
        digits = series
        if not plain.all():
            digits, plain = self._affixes.bared(series, plain)
        return self._mixed(series, digits, plain, self.slot.text)

    def _mixed(
        self, series: pl.Series, digits: pl.Series, plain: pl.Series, read: Callable[[Any], Value | Problem]
    ) -> Read:
        """Numbers or moments, those in `plain` form as floats (`digits` holds them), the others by their distinct
        values."""
        type_ = self.slot.term.type
        all_plain = plain.all()
        there = digits if all_plain else digits.set(~plain, None)
        values = there.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for end, outside in ((type_.low, np.less), (type_.high, np.greater)):
            if end is not None:
                out = outside(values, float(end))
                if out.any():
                    plain = plain & ~pl.Series(out)
                    all_plain = False
        if all_plain:
            return Read(self.column(values, {}), np.zeros(len(series), np.bool_), None)
        values = values.copy()
        odd: dict[int, Value] = {}
        rows = (~plain & series.is_not_null()).arg_true().to_numpy()
        bad: Mask | None = None
        known: dict[object, Value | Problem] = {}
        for row, raw in zip(rows.tolist(), series.gather(rows).to_list(), strict=True):
            if raw not in known:
                known[raw] = read(raw)
            value = known[raw]
            values[row] = float("nan")
            if isinstance(value, Problem):
                bad = np.zeros(len(series), np.bool_) if bad is None else bad
                bad[row] = True
            elif isinstance(value, dt.datetime):
                values[row] = seconds_of(value)
            elif isinstance(value, Decimal) and in_floats(value):
                values[row] = float(value)
            elif value is not None:
                odd[row] = value
        null = np.isnan(values)
        null[list(odd)] = False
        return Read(self.column(values, odd), null, bad)

    def column(self, values: Floats, odd: Mapping[int, Value]) -> Numbers | Moments:
        """Numbers or moments, as the tables ask for them."""
        return (Moments if self.of_moments else Numbers)(values, odd, *self._ends)

    @cached_property
    def _ends(self) -> tuple[Partition, Ruler]:
        points = self.points or Partition.of(self.slot.term.type, ())
        return points, ends_of([seconds_of(point) for point in points.points] if self.of_moments else points.points)
