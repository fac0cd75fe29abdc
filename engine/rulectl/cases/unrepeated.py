"""A table without the rows that say its headings again (`repeated.py`).

Of all rows one column is asked, by the first signs of its cells: the column in which fewest of the first rows can be
the heading, which in most files are none. For 100,000 rows of 14 columns that takes 3 ms, where to read them takes 70.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.headings import key_of
from rulectl.cases.pieces import ROW
from rulectl.cases.repeated import LEAST, MOST, HeadingRow
from rulectl.cases.table import Chunk, Table
from rulectl.diagnostics import Finding

_SAMPLE = 256
"""So many rows say which column is asked."""

Places = npt.NDArray[np.int64]


class Unrepeated:
    """See `table.Table`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.file = table.file
        self.columns = table.columns
        self.headings = table.headings
        self._row = HeadingRow(table.columns.headings)
        self._asked: int | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._table.findings

    def chunks(self) -> Iterator[Chunk]:
        return map(self._without, self._table.chunks())

    def done(self) -> float:
        return self._table.done()

    def _without(self, chunk: Chunk) -> Chunk:
        frame = chunk.frame
        if not self._row.named or not frame.height:
            return chunk
        if self._asked is None:
            head = frame.head(_SAMPLE)
            self._asked = min(self._row.named, key=lambda at: len(self._possible(head, at)))
        places = self._possible(frame, self._asked)
        if len(places):
            places = self._same(frame, self._asked, places)
        again = [at for at in places.tolist() if self._row.again(frame.row(at)[1 : 1 + chunk.raw])]
        if not again:
            return chunk
        left = np.ones(frame.height, np.bool_)
        left[again] = False
        return chunk._replace(frame=frame.filter(left), repeated=tuple(frame[ROW].gather(again).to_list()))

    def _possible(self, rows: pl.DataFrame, at: int) -> Places:
        """Where the heading of a column may stand in it."""
        column = rows.get_column(str(at))
        low, high = column.min(), column.max()
        # most columns have no cell that begins like their heading: the first and the last in order tell that
        if isinstance(low, str) and isinstance(high, str) and low >= LEAST and high[:1] <= MOST:
            between = [sign for sign in self._row.signs(at) if low[0] <= sign <= high[0]]
            if not between:
                return np.zeros(0, np.int64)
        possible = (column < LEAST) | (column > MOST)
        for sign in self._row.signs(at):
            possible |= column.str.starts_with(sign)
        places: Places = possible.arg_true().to_numpy().astype(np.int64)
        return places

    def _same(self, rows: pl.DataFrame, at: int, places: Places) -> Places:
        """In which of these places it stands."""
        texts = rows.get_column(str(at)).gather(places).to_list()
        same = {text for text in set(texts) if key_of(text) == self._row.keys[at]}
        return places[[text in same for text in texts]] if same else places[:0]
