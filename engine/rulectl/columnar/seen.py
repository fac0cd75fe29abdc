"""Case ids met so far, over as many frames as a file takes: an id that comes again is told of with its first row.

Exports are mostly sorted by id, so ids that only ascend are proved new by comparing neighbours; only when one does not
are all of them looked up, by a hash first and by the text where hashes are equal.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl


class Seen:
    """The ids of the cases decided so far, and their rows."""

    def __init__(self) -> None:
        self._ids: list[pl.Series] = []
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._last: str | None = None
        self._ascending = True

    def again(self, ids: pl.Series, numbers: npt.NDArray[np.int64], good: npt.NDArray[np.bool_]) -> dict[int, int]:
        """Row of this frame -> number of the row that had its id first. Only `good` rows count."""
        where = np.flatnonzero(good)
        if len(where) < len(ids):
            ids, numbers = ids.filter(pl.Series(good)), numbers[good]
        if not len(ids):
            return {}
        if self._ascending and self._ascends(ids):
            self._last = str(ids[-1])
            self._keep(ids, numbers)
            return {}
        self._ascending = False
        found = self._look_up(ids, numbers)
        if not found:
            self._keep(ids, numbers)
            return {}
        fresh = np.ones(len(ids), np.bool_)
        fresh[list(found)] = False
        self._keep(ids.filter(pl.Series(fresh)), numbers[fresh])
        return {int(where[row]): first for row, first in found.items()}

    def _ascends(self, ids: pl.Series) -> bool:
        if self._last is not None and not str(ids[0]) > self._last:
            return False
        return bool((ids.slice(1) > ids.slice(0, len(ids) - 1)).all())

    def _keep(self, ids: pl.Series, numbers: npt.NDArray[np.int64]) -> None:
        self._ids.append(ids)
        self._numbers.append(numbers)

    def _look_up(self, ids: pl.Series, numbers: npt.NDArray[np.int64]) -> dict[int, int]:
        before = self._ids[0] if len(self._ids) == 1 else pl.concat(self._ids) if self._ids else ids.clear()
        rows = np.concatenate(self._numbers) if self._numbers else np.zeros(0, np.int64)
        self._ids, self._numbers = [before], [rows]
        found: dict[int, int] = {}
        known = ids.is_in(before.implode()) if len(before) else None
        if known is not None and known.any():
            mine = pl.DataFrame({"id": ids, "row": np.arange(len(ids))}).filter(known)
            first = mine.join(pl.DataFrame({"id": before, "first": rows}), on="id", how="left")
            found |= dict(zip(first["row"].to_list(), first["first"].to_list(), strict=True))
        repeated = ~ids.is_first_distinct()
        if repeated.any():
            mine = pl.DataFrame({"id": ids, "row": np.arange(len(ids)), "number": numbers})
            firsts = mine.unique("id", keep="first")
            again = mine.filter(repeated).join(firsts, on="id", how="left")
            for row, first in zip(again["row"].to_list(), again["number_right"].to_list(), strict=True):
                found.setdefault(row, first)
        return found
