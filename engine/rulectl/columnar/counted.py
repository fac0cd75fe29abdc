"""What facts counted across cases need of columns, and what they come to over the rows of one frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from rulectl.columnar.across import COUNTS, OF, ROW, TIME, UNITS, VALUE, Across, key
from rulectl.columnar.amounts import ODD, PLACES, PLAIN
from rulectl.columnar.codes import Codes, Numbered, Part, Rows, constant, each
from rulectl.columnar.columns import Coded, Column
from rulectl.columnar.points import ID
from rulectl.columnar.states import State, given
from rulectl.lang.dates import moment_of
from rulectl.lang.evaluate import CannotCompute, evaluate, names_of
from rulectl.lang.syntax import Expr
from rulectl.model.rulebook import Aggregate, Rulebook
from rulectl.values import Value, number, plain_text


class Given(NamedTuple):
    """Cases as columns."""

    columns: Mapping[str, Column]
    rows: int


def counts_of(rulebook: Rulebook, columns: Mapping[str, Column], ids: pl.Series) -> dict[str, pl.Series]:
    """The facts counted across the rows of one frame: texts, null where unknown."""
    needed = Needed(rulebook)
    rows = len(ids)
    counted: dict[str, pl.Series] = {}
    for aggregate in rulebook.aggregates:
        own = needed.columns(aggregate, columns, rows)
        frame = pl.DataFrame({ROW: pl.int_range(rows, eager=True), ID: ids, **own})
        across = Across(aggregate)
        across.add(frame)
        asked = across.asks(frame)
        across.count()
        found = frame.select(ROW).join(across.values(asked), on=ROW, how="left", maintain_order="left")
        counted[aggregate.term] = found[VALUE]
    return counted


def take_counts(columns: dict[str, Column], counted: Mapping[str, pl.Series], at: Rows) -> None:
    """Put facts that were counted, as texts for each row of a frame, in the place of what the cases do not give
    themselves; `at` are the places of the columns' rows in the frame."""
    for name, series in counted.items():
        texts = series.gather(at).fill_null("")
        names = texts.unique()
        codes = texts.replace_strict(names, pl.int_range(len(names), eager=True), return_dtype=pl.Int32)
        values = [given(number(text)) if text else None for text in names.to_list()]
        own, own_states = columns[name].exact()
        states: Numbered[State] = Numbered()

        def choose(
            key: tuple[int, ...],
            own_states: Numbered[State] = own_states,
            values: list[State | None] = values,
            states: Numbered[State] = states,
        ) -> int:
            state = own_states.items[key[0]]
            return states.number(values[key[1]] or state if state.now is None else state)

        parts = [Part(own, len(own_states)), Part(codes.to_numpy().astype(np.int32), len(names))]
        columns[name] = Coded(each(parts, len(at), choose), states)


class Needed:
    """What the aggregates of a rulebook need of each case, as columns: `key(n)` its keys as texts, OF what is counted,
    UNITS what is added up where that is plain, TIME, and COUNTS, whether it is counted."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._constants: dict[str, Value] = {p.id: p.value for p in rulebook.parameters}

    def columns(self, aggregate: Aggregate, columns: Mapping[str, Column], rows: int) -> dict[str, pl.Series]:
        """The columns of one aggregate."""
        cases = Given(columns, rows)
        made = {key(n): self._texts(name, cases) for n, name in enumerate(aggregate.by)}
        if aggregate.function == "sum" and aggregate.of is not None:
            made |= self._amounts(aggregate.of, cases)
        elif aggregate.of is not None:
            made[OF] = self._texts(aggregate.of, cases)
        else:
            made[OF] = pl.repeat(None, rows, dtype=pl.String, eager=True)
        made[TIME] = self._times(aggregate.time, cases)
        made[COUNTS] = self._holds(aggregate.where, cases)
        return made

    def _values(self, name: str, cases: Given) -> tuple[Codes, list[Value]]:
        """Codes of a term's values, and the values."""
        column: Column | None = cases.columns.get(name)
        if column is None:
            return constant(cases.rows), [self._constants.get(name)]
        codes, states = column.exact()
        return codes, [state.now for state in states.items]

    def _texts(self, name: str, cases: Given) -> pl.Series:
        codes, values = self._values(name, cases)
        texts = [None if value is None else plain_text(value) for value in values]
        return pl.Series(texts, dtype=pl.String).gather(codes)

    def _amounts(self, name: str, cases: Given) -> dict[str, pl.Series]:
        """Plain amounts in UNITS, the others as texts in OF."""
        column: Column | None = cases.columns.get(name)
        plain = None if column is None else column.amounts
        if plain is None:
            return {OF: self._texts(name, cases), UNITS: pl.repeat(None, cases.rows, dtype=pl.Int64, eager=True)}
        kinds = pl.Series(plain.kinds)
        units = pl.Series(plain.at(PLACES)).set(kinds != PLAIN, None)
        none = pl.repeat(None, cases.rows, dtype=pl.String, eager=True)
        return {OF: self._texts(name, cases).set(kinds != ODD, None) if ODD in plain.kinds else none, UNITS: units}

    def _times(self, name: str | None, cases: Given) -> pl.Series:
        codes, values = (constant(cases.rows), [None]) if name is None else self._values(name, cases)
        times = [moment_of(value) if isinstance(value, dt.date) else None for value in values]
        return pl.Series(times, dtype=pl.Datetime("us")).gather(codes)

    def _holds(self, where: Expr | None, cases: Given) -> pl.Series:
        """Whether the filter holds for certain."""
        if where is None:
            return pl.repeat(True, cases.rows, eager=True)
        names = sorted(names_of(where))
        columns = [self._values(name, cases) for name in names]

        def holds(codes: tuple[int, ...]) -> int:
            facts = {name: values[code] for name, (_, values), code in zip(names, columns, codes, strict=True)}
            try:
                return int(evaluate(where, {**self._constants, **facts}) is True)
            except CannotCompute:
                return 0

        parts = [Part(codes, len(values)) for codes, values in columns]
        return pl.Series(each(parts, cases.rows, holds)).cast(pl.Boolean)
