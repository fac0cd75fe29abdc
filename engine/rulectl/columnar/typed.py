"""Values of one type as a column of a data frame: exact decimals, dates, truth values, lists.

Decimals and lists go the long way round, by their texts and by all items end to end: polars takes 7 µs for a decimal
and 10 µs for a list that Python holds, where their texts take a fifth of that (30,000 of each).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import polars as pl

from rulectl.columnar.lists import cut
from rulectl.types import Kind, Type
from rulectl.values import Value, plain_text

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
    if not type_.many:
        return _flat(values, type_.kind)
    lists = [value if isinstance(value, tuple) else () for value in values]
    sizes = np.array([len(items) for items in lists], np.int64)
    null = np.array([value is None for value in values], np.bool_)
    return cut(_flat([item for items in lists for item in items], type_.kind), sizes, null)


def _flat(values: Sequence[Value], kind: Kind) -> pl.Series:
    if kind is not Kind.NUMBER:
        return pl.Series(values, dtype=_TYPES[kind])
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
