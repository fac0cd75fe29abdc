"""Cells that have types of their own (workbooks, Parquet, JSON) as the texts that a person would have typed.

Nothing changes on the way: decimals keep their digits, dates become ISO texts, lists are joined by `;` with items in
quotation marks where they hold a delimiter themselves. The one thing that cannot be mended is a long number that a
spreadsheet has rounded to 15 digits: for a column of text it is written as the spreadsheet shows it (1.23457E+18), so
that it is rejected with the reason like one that was exported so.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from rulectl.lang.literals import EXACT_DIGITS
from rulectl.types import Type
from rulectl.values import date_text, duration_text, number, number_text

_PARTING = (";", "；", "、", "\n", ",", "，")


def text_of(cell: object, type_: Type | None) -> str:
    """A native cell as text; `type_` is that of the term that it is for, None where no term claims it."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return _answer(cell, type_)
        case float() | int() | Decimal():
            return _number(cell, type_)
        case dt.datetime():
            if cell.tzinfo is not None:
                return cell.isoformat(" ")
            return date_text(cell.date() if cell.time() == dt.time() else cell)
        case dt.date():
            return date_text(cell)
        case dt.timedelta():
            return duration_text(cell)
        case list() | tuple():
            return ";".join(_item(text_of(item, type_.item if type_ else None)) for item in cell)
        case dict():
            return json.dumps(cell, ensure_ascii=False, default=str)
        case _:
            return str(cell)


def _item(text: str) -> str:
    return f"“{text}”" if any(mark in text for mark in _PARTING) else text


def _answer(cell: bool, type_: Type | None) -> str:
    spellings = ("是", "TRUE", "true", "yes") if cell else ("否", "FALSE", "false", "no")
    values = type_.values if type_ is not None else ()
    return next((s for s in spellings if s in values), spellings[1])


def _number(cell: float | int | Decimal, type_: Type | None) -> str:
    if isinstance(cell, int):
        return str(cell)
    try:
        exact = number(cell)
    except ArithmeticError:  # NaN and infinity
        return str(cell)
    if (
        isinstance(cell, float)
        and exact
        and exact.adjusted() >= EXACT_DIGITS
        and type_ is not None
        and type_.kind.textual
    ):
        return f"{exact:.5E}"
    return number_text(exact)


def texts(series: pl.Series, type_: Type | None) -> pl.Series:
    """A typed column as texts, in columns where its type allows."""
    dtype = series.dtype
    if dtype == pl.String:
        return series.fill_null("")
    if dtype in (pl.Categorical, pl.Enum) or dtype.is_integer():
        return series.cast(pl.String).fill_null("")
    if dtype == pl.Date:
        return series.dt.strftime("%Y-%m-%d").fill_null("")
    if dtype == pl.Null:
        return pl.repeat("", len(series), dtype=pl.String, eager=True)
    if dtype == pl.Binary:
        return pl.Series([None if v is None else v.hex() for v in series.to_list()], dtype=pl.String).fill_null("")
    # each distinct value once: a column of amounts or times has far fewer of them than rows
    if dtype.is_nested() or dtype == pl.Object:
        return pl.Series([text_of(cell, type_) for cell in series.to_list()], dtype=pl.String)
    distinct = series.unique()
    written = pl.Series([text_of(cell, type_) for cell in distinct.to_list()], dtype=pl.String)
    frame = pl.DataFrame({"cell": distinct, "text": written})
    return (
        series.alias("cell")
        .to_frame()
        .join(frame, on="cell", how="left", nulls_equal=True, maintain_order="left")["text"]
    )


def columns_of(rows: Sequence[Sequence[object]], types: Sequence[Type | None]) -> list[pl.Series]:
    """Rows of native cells, all of the width of `types`, as columns of texts."""
    return [
        pl.Series(str(n), [text_of(row[n], type_) for row in rows], dtype=pl.String) for n, type_ in enumerate(types)
    ]
