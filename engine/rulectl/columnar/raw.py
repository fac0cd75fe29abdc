"""The raw values of a frame, whatever it is: cells as the bytes of a file, or the columns of a data frame."""

from __future__ import annotations

import numpy as np
import polars as pl

from rulectl.cases.spans import Cells, Spans

Rows = pl.DataFrame | Spans


def column_of(rows: Rows, index: int) -> pl.Series | Cells:
    """One column."""
    return rows.cells(index) if isinstance(rows, Spans) else rows.to_series(index)


def some_of(raw: pl.Series | Cells, at: list[int]) -> list[object]:
    """Some values of a column, by their places, which ascend."""
    return [*raw.at(np.array(at, np.int64)).texts()] if isinstance(raw, Cells) else raw.gather(at).to_list()


def row_of(rows: Rows, at: int) -> tuple[str, ...]:
    """One row as texts."""
    if isinstance(rows, Spans):
        return rows.row(at)
    return tuple(["" if value is None else str(value) for value in rows.row(at)])
