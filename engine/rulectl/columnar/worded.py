"""Texts with amounts and times in them, in columns: put together of what their places say, for all rows at once.

Only for rows in which all that is read is certain: what an unknown place makes of a text is a matter of a case
(lang/compute.py). A list of one text is a text here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from rulectl.columnar.amounts import PLACES, PLAIN
from rulectl.columnar.codes import Rows, constant, occurring
from rulectl.columnar.columns import Coded, Column, Moments, Numbers, Texts
from rulectl.columnar.owned import Owned, number_texts
from rulectl.columnar.truths import TRUE, UNKNOWN, Kept, truths
from rulectl.lang.compute import MAX_TEXT
from rulectl.lang.dates import written
from rulectl.lang.syntax import Binary, Expr, If, Literal, Name, Sequence, Text
from rulectl.types import Kind, Type
from rulectl.values import Value


def wording(expr: Expr, type_: Type) -> Expr | None:
    """The text that an entry of a type is, or the only one in it; None where it is something else."""
    if type_.kind is not Kind.STRING or type_.values:
        return None
    match expr:
        case Sequence((Text() as text,)) if type_.many:
            return text
        case Text():
            return expr
        case _:
            return None


def texts(
    expr: Expr, columns: Mapping[str, Column], constants: Mapping[str, Value], where: Rows, kept: Kept
) -> pl.Series | None:
    """What a text comes to in some rows; None where that must be worked out one by one."""
    match expr:
        case Text(parts):
            return _joined([texts(part, columns, constants, where, kept) for part in parts])
        case Binary("+", left, right) if _is_text(left) or _is_text(right):
            return _joined([texts(side, columns, constants, where, kept) for side in (left, right)])
        case If(condition, then, otherwise):
            held = truths(condition, columns, constants, _size(columns), kept)
            one, other = (texts(side, columns, constants, where, kept) for side in (then, otherwise))
            if held is None or one is None or other is None or (held[where] == UNKNOWN).any():
                return None
            frame = pl.DataFrame({"held": held[where] == TRUE, "one": one, "other": other})
            return frame.select(pl.when("held").then("one").otherwise("other")).to_series()
        case Literal(value) if value is not None:
            return pl.Series([written(value)], dtype=pl.String).new_from_index(0, len(where))
        case Name(name) if name in columns:
            return _cells(columns[name], where)
        case _:
            return None


def _is_text(expr: Expr) -> bool:
    """Whether an expression is a text whatever its places hold."""
    match expr:
        case Text() | Literal(str()):
            return True
        case Binary("+", left, right):
            return _is_text(left) or _is_text(right)
        case _:
            return False


def _size(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values())).forms)


def _joined(parts: list[pl.Series | None]) -> pl.Series | None:
    series = [part.alias(str(number)) for number, part in enumerate(parts) if part is not None]
    if len(series) < len(parts):
        return None
    whole = pl.DataFrame(series).select(pl.concat_str(pl.all())).to_series()
    most = whole.str.len_chars().max()
    return whole if isinstance(most, int) and most <= MAX_TEXT else None


def _cells(column: Column, where: Rows) -> pl.Series | None:
    """A term as it stands in a text."""
    match column:
        case Numbers() | Owned(type=Type(kind=Kind.NUMBER)):
            found = column.amounts
            if found is None or (found.kinds[where] != PLAIN).any():
                return None
            units, number = np.unique(found.at(PLACES)[where], return_inverse=True)
            return number_texts(pl.Series(units)).gather(pl.Series(number))
        case Coded() | Texts() | Moments():
            codes, states = column.exact()
            codes = codes[where]
            lut = constant(len(states))
            met = occurring(codes)
            lut[met] = np.arange(len(met))
            values = [written(states.items[code].now) for code in met]
            return pl.Series(values, dtype=pl.String).gather(pl.Series(lut.take(codes)))
        case Owned(type=Type(many=False)):
            if column.type.kind is Kind.DURATION:  # a sentence has it in words
                return None
            return column.texts().gather(pl.Series(where))
        case _:
            return None
