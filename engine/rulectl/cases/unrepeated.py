"""A table without the rows that say its headings again (`repeated.py`).

Of all rows one column is asked, by the first bytes of its cells where these are at hand: the column in which fewest of
the first rows can be the heading, which in most files are none. For 100,000 rows of 14 columns that takes 2 ms, where
to read them takes 50.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.headings import key_of
from rulectl.cases.pieces import ROW
from rulectl.cases.repeated import LEAST, MOST, HeadingRow
from rulectl.cases.spans import Spans
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
        self._first_bytes = {at: _first_bytes(self._row.signs(at)) for at in self._row.named}
        self._asked: int | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._table.findings

    def chunks(self) -> Iterator[Chunk]:
        return map(self._without, self._table.chunks())

    def done(self) -> float:
        return self._table.done()

    def _without(self, chunk: Chunk) -> Chunk:
        if not self._row.named or not chunk.height:
            return chunk
        if self._asked is None:
            head = chunk.part(0, _SAMPLE, ()).rows
            self._asked = min(self._row.named, key=lambda at: len(self._possible(head, at)))
        places = self._possible(chunk.rows, self._asked)
        if len(places):
            places = self._same(chunk.rows, self._asked, places)
        again = [at for at in places.tolist() if self._row.again(_cells(chunk, at)[: chunk.raw])]
        if not again:
            return chunk
        frame = chunk.frame
        left = np.ones(frame.height, np.bool_)
        left[again] = False
        return replace(chunk, rows=frame.filter(left), repeated=tuple(frame[ROW].gather(again).to_list()))

    def _possible(self, rows: Spans | pl.DataFrame, at: int) -> Places:
        """Where the heading of a column may stand in it."""
        if isinstance(rows, Spans):
            # where the cell before ends: quotes and blank cells are for `_same`
            starts = rows.ends[:, at - 1].astype(np.int64) + 1 if at else rows.cells(0).starts
            first = np.frombuffer(rows.body, np.uint8).take(starts, mode="clip")
            return np.flatnonzero(self._first_bytes[at].take(first))
        column = rows.get_column(str(at))
        possible = (column < LEAST) | (column > MOST)
        for sign in self._row.signs(at):
            possible |= column.str.starts_with(sign)
        places: Places = possible.arg_true().to_numpy().astype(np.int64)
        return places

    def _same(self, rows: Spans | pl.DataFrame, at: int, places: Places) -> Places:
        """In which of these places it stands."""
        if isinstance(rows, Spans):
            texts = rows.cells(at).at(places).texts()
        else:
            texts = rows.get_column(str(at)).gather(places).to_list()
        same = {text for text in set(texts) if key_of(text) == self._row.keys[at]}
        return places[[text in same for text in texts]] if same else places[:0]


def _cells(chunk: Chunk, at: int) -> tuple[str, ...]:
    """One row as texts."""
    rows = chunk.rows
    return rows.row(at) if isinstance(rows, Spans) else rows.row(at)[1:]


def _first_bytes(signs: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """With which bytes a cell, or the quotes around it, may begin where its heading begins with one of some signs of
    ASCII, or with none."""
    possible = np.ones(256, np.bool_)
    possible[ord(LEAST) : ord(MOST) + 1] = False
    possible[[ord(sign) for sign in (*signs, '"')]] = True
    return possible
