"""Days and moments as whole columns: moments as seconds, days by their number.

Hardly two cases have the same moment, so to read each in Python takes as long as all else of a case; polars parses them
together. What is parsed are moments in digits alone, of this century or the end of the last; all else is read one by
one, and a moment at which some program begins to count is told there (cases/placeholders.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl

from rulectl.columnar.codes import Codes

_DIGITS = r"^(?:199|20[0-9])[0-9][-/][01][0-9][-/][0-3][0-9](?: [0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?)?$"
_WHOLE = "2025-06-01 20:05:30"
_SECOND = 1_000_000

_EPOCH = dt.date(1970, 1, 1)
_FROM, _TO = (dt.date(1990, 1, 1) - _EPOCH).days, (dt.date(2100, 1, 1) - _EPOCH).days
_NEW = -2
"""A day that was not met before."""


def parsed(series: pl.Series) -> pl.Series:
    """Texts as seconds since 1970, null for all that are to be read one by one."""
    text = pl.first()
    digits = series.to_frame().select_seq(pl.when(text.str.contains(_DIGITS)).then(text)).to_series()
    if not (digits.str.len_bytes() == len(_WHOLE)).all():
        # one form for all: polars parses only one at a time
        tails = {len(_WHOLE): "", len(_WHOLE[:16]): ":00", len(_WHOLE[:10]): " 00:00:00"}
        lacking = pl.first().str.len_bytes().replace_strict(tails, default=None, return_dtype=pl.String)
        digits = digits.to_frame().select_seq(pl.first() + lacking).to_series()
    if digits.str.contains("/", literal=True).any():
        # 2025-06/01 is none
        digits = digits.set(digits.str.contains(r"-../|/..-"), None).str.replace_all("/", "-", literal=True)
    return _seconds(digits.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us"))


def whole(series: pl.Series) -> pl.Series:
    """The moments of a program in the same form: those between two seconds, and long ago, are read one by one."""
    micros = series.cast(pl.Datetime("us"))
    odd = (micros.to_physical() % _SECOND != 0) | ~micros.dt.year().is_between(1990, 2099)
    return _seconds(micros.set(odd, None))


def _seconds(moments: pl.Series) -> pl.Series:
    return (moments.to_physical() // _SECOND).cast(pl.Float64)


class DayCodes:
    """The numbers of what days are read as, by day."""

    def __init__(self) -> None:
        self._codes: Codes = np.full(_TO - _FROM, _NEW, np.int32)

    def of(self, series: pl.Series, read: Callable[[dt.date], int], blank: int) -> Codes | None:
        """The number of each row, `blank` where it is null; None where some day is out of the ordinary."""
        days = series.to_physical()
        if not days.is_between(_FROM, _TO - 1).all():  # null is neither
            return None
        places = days.fill_null(_FROM).to_numpy() - _FROM
        codes: Codes = self._codes.take(places)
        (new,) = (codes == _NEW).nonzero()
        if len(new):
            for place in np.unique(places[new]).tolist():
                self._codes[place] = read(_EPOCH + dt.timedelta(days=place + _FROM))
            codes = self._codes.take(places)
        if series.null_count():
            codes[series.is_null().to_numpy()] = blank
        return codes
