"""What facts counted across cases need of columns, and what they come to over the rows of one frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import numpy as np
import polars as pl

from rulectl.columnar.across import COUNTS, OF, ROW, TIME, UNITS, VALUE, Across, key
from rulectl.columnar.amounts import ODD, PLACES, PLAIN
from rulectl.columnar.codes import Codes, Part, Rows, constant, each, occurring
from rulectl.columnar.columns import Coded, Column, Moments, Texts, in_floats, numbers_of
from rulectl.columnar.points import ID
from rulectl.columnar.reading import BLANK_CODE, TermReader
from rulectl.columnar.ruler import Floats
from rulectl.lang.dates import moment_of
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.syntax import Expr
from rulectl.lang.trees import names_of
from rulectl.model.rulebook import Aggregate, Rulebook
from rulectl.values import Value, number, plain_text

_TIMES = pl.Datetime("us")


def counts_of(rulebook: Rulebook, columns: Mapping[str, Column], ids: pl.Series) -> dict[str, pl.Series]:
    """The facts counted across the rows of one frame, null where unknown (`Across.values`)."""
    rows = len(ids)
    counted: dict[str, pl.Series] = {}
    for aggregate, own in Needed(rulebook).columns(columns, rows):
        frame = pl.DataFrame({ROW: pl.int_range(rows, eager=True), ID: ids, **own})
        across = Across(aggregate)
        across.add(frame)
        asked = across.asks(frame)
        across.count()
        found = frame.select(ROW).join(across.values(asked), on=ROW, how="left", maintain_order="left")
        counted[aggregate.term] = found[VALUE]
    return counted


def take_counts(
    columns: dict[str, Column], counted: Mapping[str, pl.Series], at: Rows, readers: Mapping[str, TermReader]
) -> None:
    """Put facts that were counted, for each row of a frame (floats, or texts where some have more digits than floats
    tell apart), in the place of what the cases do not give themselves; `at` are the places of the columns' rows in the
    frame. They stay floats, since hardly two rows may have the same."""
    for name, series in counted.items():
        values, odd = _floats(series.gather(at))
        own, own_odd = numbers_of(columns[name])
        lacks = np.isnan(own)
        lacks[list(own_odd)] = False
        kept = {row: value for row, value in odd.items() if lacks[row]}
        measuring = readers[name].measuring
        column = measuring.column(np.where(lacks, values, own), {**kept, **own_odd})
        # where floats do not tell apart what tables ask for, the values do
        columns[name] = column if measuring.of_numbers else Coded(*column.exact())


def _floats(series: pl.Series) -> tuple[Floats, dict[int, Decimal]]:
    """Numbers as floats, NaN for null, and those by row that floats do not tell apart."""
    if series.dtype != pl.String:
        return series.fill_null(np.nan).to_numpy(), {}
    distinct = series.unique()
    exact = [None if text is None else number(text) for text in distinct.to_list()]
    floats = [float(value) if value is not None and in_floats(value) else None for value in exact]
    values = series.replace_strict(distinct, floats, return_dtype=pl.Float64).fill_null(np.nan).to_numpy()
    rows = (series.is_not_null() & pl.Series(np.isnan(values))).arg_true().to_list()
    return values, {row: number(series[row]) for row in rows}


class Needed:
    """What the aggregates of a rulebook need of each case, as columns: `key(n)` its keys as texts, OF what is counted,
    UNITS what is added up where that is plain, TIME, and COUNTS, whether it is counted."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._aggregates = rulebook.aggregates
        self._constants: dict[str, Value] = {p.id: p.value for p in rulebook.parameters}

    def columns(self, columns: Mapping[str, Column], rows: int) -> Iterator[tuple[Aggregate, dict[str, pl.Series]]]:
        """The columns of each aggregate, in their order."""
        cases = _Cases(columns, rows, self._constants)
        for aggregate in self._aggregates:
            made = {key(n): cases.texts(name) for n, name in enumerate(aggregate.by)}
            if aggregate.function == "sum" and aggregate.of is not None:
                made |= cases.amounts(aggregate.of)
            else:
                made[OF] = cases.texts(aggregate.of)
            made[TIME] = cases.times(aggregate.time)
            made[COUNTS] = cases.holds(aggregate.where)
            yield aggregate, made


class _Cases:
    """Cases as columns; what several aggregates ask is made once."""

    def __init__(self, columns: Mapping[str, Column], rows: int, constants: Mapping[str, Value]) -> None:
        self._columns = columns
        self._rows = rows
        self._constants = constants
        self._texts: dict[str | None, pl.Series] = {}
        self._times: dict[str | None, pl.Series] = {}

    def _values(self, name: str) -> tuple[Codes, list[Value]]:
        """Codes of a term's values, and the values."""
        column: Column | None = self._columns.get(name)
        if column is None:
            return constant(self._rows), [self._constants.get(name)]
        codes, states = column.exact()
        return codes, [state.now for state in states.items]

    def _each(self, name: str, make: Callable[[Value], object], dtype: pl.DataType) -> pl.Series:
        """What is made of a term's values, each once."""
        codes, values = self._values(name)
        made: list[object] = [None] * len(values)
        for code in occurring(codes):
            made[code] = make(values[code])
        return pl.Series(made, dtype=dtype).gather(codes)

    def texts(self, name: str | None) -> pl.Series:
        """A term as texts."""
        if name not in self._texts:
            self._texts[name] = self._made_texts(name)
        return self._texts[name]

    def _made_texts(self, name: str | None) -> pl.Series:
        if name is None:
            return pl.repeat(None, self._rows, dtype=pl.String, eager=True)
        column = self._columns.get(name)
        if isinstance(column, Texts):
            blank = pl.Series(column.codes == BLANK_CODE)
            return column.series.set(blank, None) if blank.any() else column.series
        return self._each(name, lambda value: None if value is None else plain_text(value), pl.String())

    def amounts(self, name: str) -> dict[str, pl.Series]:
        """Plain amounts in UNITS, the others as texts in OF."""
        column: Column | None = self._columns.get(name)
        plain = None if column is None else column.amounts
        if plain is None:
            return {OF: self.texts(name), UNITS: pl.repeat(None, self._rows, dtype=pl.Int64, eager=True)}
        kinds = pl.Series(plain.kinds)
        units = pl.Series(plain.at(PLACES)).set(kinds != PLAIN, None)
        return {OF: self.texts(name).set(kinds != ODD, None) if ODD in plain.kinds else self.texts(None), UNITS: units}

    def times(self, name: str | None) -> pl.Series:
        """A term as moments; a day as its beginning."""
        if name not in self._times:
            self._times[name] = self._made_times(name)
        return self._times[name]

    def _made_times(self, name: str | None) -> pl.Series:
        if name is None:
            return pl.repeat(None, self._rows, dtype=_TIMES, eager=True)
        column = self._columns.get(name)
        if isinstance(column, Moments):
            return (pl.Series(column.values, nan_to_null=True).cast(pl.Int64) * 1_000_000).cast(_TIMES)
        return self._each(name, lambda value: moment_of(value) if isinstance(value, dt.date) else None, _TIMES)

    def holds(self, where: Expr | None) -> pl.Series:
        """Whether a filter holds for certain."""
        if where is None:
            return pl.repeat(True, self._rows, eager=True)
        names = sorted(names_of(where))
        columns = [self._values(name) for name in names]

        def holds(codes: tuple[int, ...]) -> int:
            facts = {name: values[code] for name, (_, values), code in zip(names, columns, codes, strict=True)}
            try:
                return int(evaluate(where, {**self._constants, **facts}) is True)
            except CannotCompute:
                return 0

        parts = [Part(codes, len(values)) for codes, values in columns]
        return pl.Series(each(parts, self._rows, holds)).cast(pl.Boolean)
