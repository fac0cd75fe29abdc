"""Codes that a spreadsheet has taken for something else: numbers of more than 15 digits, which end in zeros since, and
`3-12`, which is a day since. Whoever counts by such codes counts wrong, and nothing else tells.

Both are told of as what they look like, and read as they stand: a shop may have codes that end in zeros, and batches
that are called by their day. So long numbers are told of where all of them end in zeros, as one in ten thousand columns
would by chance, and days where most of a column are codes, some of which could become days, and few are. In other
columns no cell is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from rulectl.cases.headings import Plan, PlannedColumn
from rulectl.cases.pieces import ROW
from rulectl.diagnostics import Finding, finding
from rulectl.lang.literals import EXACT_DIGITS
from rulectl.source import RowPlace
from rulectl.types import Kind

SAMPLE = 256
"""So many rows say what the codes of a file look like."""

_LONG, _SURE = "^[0-9]{17,30}$", 4

_CODE = "^[A-Za-z]*[-_./#]?[0-9][0-9A-Za-z._/#-]*$"
_ALIKE = "^(?:[0-9]{1,4}[-/][0-9]|[A-Za-z]{3,9}-?[0-9]{1,4}$)"
"""Codes of a kind of which some look like days to a spreadsheet: `3-12`, `3-45`; `MAR-12`, `JKT-12`."""
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = (
    r"^(?:[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?: 0?0:00(?::00)?)?|(?:[0-9]{4}年)?[0-9]{1,2}月(?:[0-9]{1,2}日)?"
    rf"|{_MONTH}-[0-9]{{2}}|[0-9]{{1,2}}-{_MONTH}(?:-[0-9]{{2}})?)$"
)
"""Days as spreadsheets show them."""
_CODES, _FEW = 16, 8
"""A column of codes has so many in the sample, and so many times fewer days."""


class Spoilt:
    """What is told of the codes of a file, as its rows are read from the start."""

    def __init__(self, columns: Plan, file: str, head: pl.DataFrame) -> None:
        """`head`: the first rows."""
        self._file = file
        self._rounded = tuple(_rounded(head, columns, file))
        self._codes = [column for column in _texts(columns) if _holds_codes(head[str(column.index)])]
        self._days: dict[int, tuple[int, str, int]] = {}

    def look(self, rows: pl.DataFrame) -> None:
        """Further rows."""
        if not self._codes:
            return
        # all columns in one go: to ask polars for one takes as long as to look through 50,000 cells
        days = pl.col([str(column.index) for column in self._codes]).str.contains(_DAY)
        for at, found in zip(self._codes, rows.select_seq(days.any()).row(0), strict=True):
            if found:
                seen = rows.select(ROW, str(at.index)).filter(pl.last().str.contains(_DAY))
                row, text, count = self._days.get(at.index, (*seen.row(0), 0))
                self._days[at.index] = row, text, count + seen.height

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One warning for each column of either kind."""
        days = [
            finding("days-among-codes", RowPlace(self._file, row, heading), field=heading, text=text, count=count)
            for column in self._codes
            if column.index in self._days
            for heading, (row, text, count) in [(column.heading.strip(), self._days[column.index])]
        ]
        return (*self._rounded, *days)


def _texts(columns: Plan) -> Iterator[PlannedColumn]:
    """The columns that hold any text."""
    for column in columns.columns:
        kind = column.term.type
        if kind.kind is Kind.STRING and not kind.many and not kind.values:
            yield column


def _holds_codes(cells: pl.Series) -> bool:
    """Whether most cells are codes, some of which could become days, and few did."""
    filled = cells.filter(cells != "")
    others = filled.filter(~filled.str.contains(_DAY))
    codes = int(others.str.contains(_CODE).sum())
    few = codes > _FEW * (len(filled) - len(others))
    return few and codes >= _CODES and codes * 2 > len(filled) and bool(others.str.contains(_ALIKE).any())


def _rounded(rows: pl.DataFrame, columns: Plan, file: str) -> Iterable[Finding]:
    """A warning for each column whose long numbers a spreadsheet has rounded."""
    for column in _texts(columns):
        texts = rows.get_column(str(column.index))
        long = texts.filter(texts.str.contains(_LONG)).unique().sort().to_list()
        lost = sum(len(text) - EXACT_DIGITS for text in long)
        if lost >= _SURE and not any(text[EXACT_DIGITS:].strip("0") for text in long):
            heading = column.heading.strip()
            yield finding("rounded-ids", RowPlace(file, 0, heading), field=heading, text=long[0])
