"""A table without the rows that are no cases: headings among its rows (`repeated.py`), which are passed over, totals
and closing lines (`totals.py`), which are rejected. What the others say of codes is told of (`spoilt.py`).

Of all rows few cells are asked, by their first signs: for the headings those of the columns in which fewest of the
first rows can be one, which in most files are none; for totals the first cell, and further ones only where that is
blank. For 100,000 rows of 14 columns that takes 1 ms, 20 where the first column is Chinese; to read them takes 70.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.headings import own_columns
from rulectl.cases.pieces import ROW
from rulectl.cases.reader import Reject
from rulectl.cases.repeated import ASKED, LEAST, MOST, OTHER, HeadingRow, Order, Standing
from rulectl.cases.spoilt import SAMPLE, Spoilt
from rulectl.cases.table import Chunk, Table
from rulectl.cases.totals import BEGINS, SIGNS, SILENT, totals_finding
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Term
from rulectl.source import RowPlace

_SOME = 8
"""Of the first rows so many may be headings."""

Places = npt.NDArray[np.int64]


class Sifted:
    """See `table.Table`."""

    def __init__(self, table: Table, known: Mapping[str, Term]) -> None:
        """`known`: folded heading -> term."""
        self._table = table
        self.file = table.file
        self.columns = table.columns
        self.headings = table.headings
        self._row = HeadingRow(table.columns, known)
        self._own = own_columns(table.columns.headings)
        self._asked: tuple[int, ...] | None = None
        self._spoilt: Spoilt | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self._table.findings, *(self._spoilt.findings if self._spoilt else ()))

    def chunks(self) -> Iterator[Chunk]:
        standing = Standing(self._row.straight)
        self._spoilt = None
        for chunk in self._table.chunks():
            if self._row.named and chunk.frame.height:
                chunk = self._sifted(chunk, standing)
                self._spoilt = self._spoilt or Spoilt(self.columns, self.file, chunk.frame.head(SAMPLE))
                self._spoilt.look(chunk.frame)
            yield chunk

    def done(self) -> float:
        return self._table.done()

    def _sifted(self, chunk: Chunk, standing: Standing) -> Chunk:
        headings = list(self._headings(chunk))
        rejects = {at: one for at in self._closing(chunk) if (one := self._reject(chunk, at)) is not None}
        if not headings and not rejects and standing.order == self._row.straight:
            return chunk
        left = np.ones(chunk.frame.height, np.bool_)
        left[list(rejects)] = False
        frames: list[pl.DataFrame] = []
        others: list[Reject] = []
        again: dict[bool, list[int]] = {True: [], False: []}
        start = 0
        for at, order in [*headings, (chunk.frame.height, standing.order)]:
            rows = chunk.frame.slice(start, at - start).filter(left[start:at])
            if standing.order == OTHER:
                others += self._under_others(rows, standing, chunk.raw)
            else:
                frames.append(_laid(rows, standing.order))
            if at < chunk.frame.height:
                number = chunk.frame[ROW][at]
                if order != OTHER:
                    again[order == standing.order].append(number)
                standing.order, standing.row = order, number
            # a row of other headings is told like those below it
            start = at if order == OTHER else at + 1
        return chunk._replace(
            frame=pl.concat(frames) if frames else chunk.frame.clear(),
            rejects=(*chunk.rejects, *rejects.values(), *others),
            repeated=tuple(again[True]),
            moved=tuple(again[False]),
        )

    # -- headings among the rows ----------------------------------------------------------------------------------

    def _headings(self, chunk: Chunk) -> Iterator[tuple[int, Order]]:
        """Where headings stand, and how the rows below them are laid."""
        frame = chunk.frame
        if self._asked is None:
            head = frame.head(SAMPLE)
            counts = {at: len(self._possible(head, at)) for at in self._row.named}
            # some more than the fewest may be headings, which others need not have in every column
            few = [at for at, count in counts.items() if count <= min(counts.values()) + _SOME]
            few.sort(key=lambda at: _may_begin(head.get_column(str(at)), self._row.signs))
            self._asked = tuple(few[:ASKED])
        places = sorted({at for column in self._asked for at in self._spelt(frame, column)})
        for at in places:
            order = self._row.order(frame.row(at)[1 : 1 + chunk.raw])
            if order is not None:
                yield at, order

    def _possible(self, rows: pl.DataFrame, at: int) -> Places:
        """Where a heading may stand in a column."""
        column = rows.get_column(str(at))
        if not _may_begin(column, self._row.signs):
            return np.zeros(0, np.int64)
        possible = (column < LEAST) | (column > MOST) | column.str.head(1).is_in(list(self._row.signs))
        places: Places = (possible & (column != "")).arg_true().to_numpy().astype(np.int64)
        return places

    def _spelt(self, rows: pl.DataFrame, at: int) -> list[int]:
        """Where one stands in it."""
        places = self._possible(rows, at)
        texts = rows.get_column(str(at)).gather(places)
        headings = [text for text in texts.unique().to_list() if self._row.spelt(text)]
        return places[texts.is_in(headings).to_numpy()].tolist() if headings else []

    def _under_others(self, rows: pl.DataFrame, standing: Standing, raw: int) -> Iterator[Reject]:
        """Rows below headings that are others, rejected."""
        for number, *cells in rows.iter_rows():
            yield Reject(number, str(number), tuple(cells[:raw]), (("", standing.other(self.file, number)),))

    # -- totals ---------------------------------------------------------------------------------------------------

    def _closing(self, chunk: Chunk) -> Iterator[int]:
        """Where totals and closing lines may stand: their first cell that says something begins like one."""
        left = pl.int_range(chunk.frame.height, eager=True)
        for at in range(self._own, chunk.raw):
            column = chunk.frame.get_column(str(at))
            column = column if len(left) == len(column) else column.gather(left)
            if not _may_begin(column, SIGNS):
                return
            yield from left.filter(column.str.contains(BEGINS)).to_list()
            left = left.filter(column.str.contains(SILENT))
            if not len(left):
                return

    def _reject(self, chunk: Chunk, at: int) -> Reject | None:
        """A row that is no case, rejected."""
        number, *cells = chunk.frame.row(at)[: 1 + chunk.raw]
        found = totals_finding(cells[self._own :], RowPlace(self.file, number))
        return None if found is None else Reject(number, str(number), tuple(cells), (("", found),))


def _laid(rows: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Rows that stand under other headings as the file begins."""
    moved = [rows.get_column(str(at)).alias(str(column)) for column, at in enumerate(order) if at != column]
    return rows.with_columns(moved) if moved else rows


def _may_begin(column: pl.Series, signs: Iterable[str]) -> bool:
    """Whether a cell of a column can begin with one of some signs, with a blank or beyond ASCII. Most columns have none
    that does: the first and the last in order tell that."""
    low, high = column.min(), column.max()
    if isinstance(low, str) and isinstance(high, str) and low >= LEAST and high[:1] <= MOST:
        return any(low[0] <= sign <= high[0] for sign in signs)
    return True
