"""A table without the rows that are no cases: its headings once more (`repeated.py`), which are passed over, and totals
and closing lines (`totals.py`), which are rejected.

Of all rows few cells are asked, by their first signs: for the headings those of one column, in which fewest of the
first rows can be the heading, which in most files are none; for totals the first cell, and further ones only where that
is blank. For 100,000 rows of 14 columns that takes 1 ms, 20 where the first column is Chinese; to read them takes 70.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.headings import Plan, key_of, own_columns
from rulectl.cases.pieces import ROW
from rulectl.cases.reader import Reject
from rulectl.cases.repeated import LEAST, MOST, HeadingRow
from rulectl.cases.table import Chunk, Table
from rulectl.cases.totals import BEGINS, SIGNS, SILENT, totals_finding
from rulectl.diagnostics import Finding, finding
from rulectl.lang.literals import EXACT_DIGITS
from rulectl.source import RowPlace
from rulectl.types import Kind

_SAMPLE = 256
"""So many rows say which column is asked, and whether long numbers are whole."""
_LONG, _SURE = "^[0-9]{17,30}$", 4

Places = npt.NDArray[np.int64]


class Sifted:
    """See `table.Table`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.file = table.file
        self.columns = table.columns
        self.headings = table.headings
        self._row = HeadingRow(table.columns.headings)
        self._own = own_columns(table.columns.headings)
        self._asked: int | None = None
        self._rounded: tuple[Finding, ...] | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self._table.findings, *(self._rounded or ()))

    def chunks(self) -> Iterator[Chunk]:
        return map(self._sifted, self._table.chunks())

    def done(self) -> float:
        return self._table.done()

    def _sifted(self, chunk: Chunk) -> Chunk:
        if not self._row.named or not chunk.frame.height:
            return chunk
        if self._rounded is None:
            self._rounded = tuple(rounded(chunk.frame.head(_SAMPLE), self.columns, self.file))
        again = self._repeated(chunk)
        rejects = {at: one for at in self._closing(chunk) if (one := self._reject(chunk, at)) is not None}
        if not again and not rejects:
            return chunk
        left = np.ones(chunk.frame.height, np.bool_)
        left[[*again, *rejects]] = False
        return chunk._replace(
            frame=chunk.frame.filter(left),
            rejects=(*chunk.rejects, *rejects.values()),
            repeated=tuple(chunk.frame[ROW].gather(again).to_list()),
        )

    # -- headings once more ---------------------------------------------------------------------------------------

    def _repeated(self, chunk: Chunk) -> list[int]:
        """Where the headings stand once more."""
        frame = chunk.frame
        if self._asked is None:
            head = frame.head(_SAMPLE)
            self._asked = min(self._row.named, key=lambda at: len(self._possible(head, at)))
        places = self._possible(frame, self._asked)
        if len(places):
            places = self._same(frame, self._asked, places)
        return [at for at in places.tolist() if self._row.again(frame.row(at)[1 : 1 + chunk.raw])]

    def _possible(self, rows: pl.DataFrame, at: int) -> Places:
        """Where the heading of a column may stand in it."""
        column = rows.get_column(str(at))
        if not _may_begin(column, self._row.signs(at)):
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


def rounded(rows: pl.DataFrame, columns: Plan, file: str) -> Iterator[Finding]:
    """A warning for each column of texts whose long numbers a spreadsheet has rounded: all of them end in zeros, as
    one in ten thousand columns would by chance."""
    for column in columns.columns:
        kind = column.term.type
        if kind.kind is Kind.STRING and not kind.many and not kind.values:
            texts = rows.get_column(str(column.index))
            long = texts.filter(texts.str.contains(_LONG)).unique().sort().to_list()
            lost = sum(len(text) - EXACT_DIGITS for text in long)
            if lost >= _SURE and not any(text[EXACT_DIGITS:].strip("0") for text in long):
                place = RowPlace(file, 0, column.heading.strip())
                yield finding("rounded-ids", place, field=column.heading.strip(), text=long[0])


def _may_begin(column: pl.Series, signs: Iterable[str]) -> bool:
    """Whether a cell of a column can begin with one of some signs, with a blank or beyond ASCII. Most columns have none
    that does: the first and the last in order tell that."""
    low, high = column.min(), column.max()
    if isinstance(low, str) and isinstance(high, str) and low >= LEAST and high[:1] <= MOST:
        return any(low[0] <= sign <= high[0] for sign in signs)
    return True
