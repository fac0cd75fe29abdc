"""Values of one type as a column of a data frame: exact decimals, dates, truth values, lists.

Decimals and lists go the long way round, by their texts and by all items end to end: polars takes 7 µs for a decimal
and 10 µs for a list that Python holds, where their texts take a fifth of that (30,000 of each).

How many decimals a column of numbers needs, and whether 38 digits hold it, hangs on all of its numbers. So what is put
aside of a longer column has them as texts (`unfitted`), which are made numbers once all are there (cases/parquet.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import numpy as np
import polars as pl

from rulectl.columnar.lists import cut
from rulectl.types import Kind, Type
from rulectl.values import Value, fixed_text, plain_text

_TYPES: Mapping[Kind, pl.DataType] = {
    Kind.STRING: pl.String(),
    Kind.ENUM: pl.String(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.DATE: pl.Date(),
    Kind.DATETIME: pl.Datetime("us"),
    Kind.DURATION: pl.Duration("us"),
}


def typed(values: Sequence[Value], type_: Type) -> pl.Series:
    """Values of one type as a column, null where there is none. Numbers that no 38 digits hold are written as texts."""
    return _column(values, type_, _numbers)


def unfitted(values: Sequence[Value], type_: Type) -> pl.Series:
    """The same of a part of a column: numbers as texts without an exponent."""
    return _column(values, type_, _texts)


def _column(values: Sequence[Value], type_: Type, numbers: Callable[[Sequence[Value]], pl.Series]) -> pl.Series:
    def flat(items: Sequence[Value]) -> pl.Series:
        return numbers(items) if type_.kind is Kind.NUMBER else pl.Series(items, dtype=_TYPES[type_.kind])

    if not type_.many:
        return flat(values)
    lists = [value if isinstance(value, tuple) else () for value in values]
    sizes = np.array([len(items) for items in lists], np.int64)
    null = np.array([value is None for value in values], np.bool_)
    return cut(flat([item for items in lists for item in items]), sizes, null)


def _texts(values: Sequence[Value]) -> pl.Series:
    return pl.Series([fixed_text(v) if isinstance(v, Decimal) else None for v in values], dtype=pl.String)


def _numbers(values: Sequence[Value]) -> pl.Series:
    texts = [format(value, "f") if isinstance(value, Decimal) else None for value in values]
    numbers = pl.Series(texts, dtype=pl.String)
    whole, scale = 1, 0
    for text in texts:
        if text is not None:
            size, point = len(text), text.find(".")
            if point >= 0:
                scale = max(scale, size - point - 1)
                size = point
            whole = max(whole, size - (text[0] == "-"))
    if whole + scale <= 38:
        return numbers.cast(pl.Decimal(38, scale))
    return pl.Series([None if value is None else plain_text(value) for value in values], dtype=pl.String)
