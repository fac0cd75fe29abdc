"""Cells of delimited text as texts: columns and frames of them."""

from __future__ import annotations

import polars as pl

from rulectl.cases.pieces import ROW, positions
from rulectl.cases.spans import Cells, Spans


def series(cells: Cells) -> pl.Series:
    """Cells as a column of texts."""
    lines = cells.lines()
    if lines is None:
        return pl.Series(cells.texts(), dtype=pl.String)
    texts = pl.read_lines(lines).to_series() if lines else pl.Series(dtype=pl.String)
    if cells.quoted and b'"' in lines:
        return texts.str.replace_all('""', '"', literal=True)
    return texts


def framed(rows: Spans) -> pl.DataFrame:
    """Rows as a frame: a column `row` of their numbers, and one of texts for each position."""
    numbers = pl.int_range(rows.first, rows.first + rows.height, dtype=pl.Int64, eager=True).alias(ROW)
    names = positions(rows.width)
    return pl.DataFrame([numbers, *(series(rows.cells(at)).alias(name) for at, name in enumerate(names))])
