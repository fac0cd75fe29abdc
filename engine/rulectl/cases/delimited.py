"""A delimited file as a table: its headings matched to terms, its rows piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO

import polars as pl

from rulectl.cases.delimited_file import DelimitedFile, open_file
from rulectl.cases.headings import Plan, by_heading, heading_row, own_columns, passed_over, plan, readable
from rulectl.cases.pieces import SIZE, Odd, Piece
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.table import ROW, Chunk, frame_of, positions
from rulectl.cases.totals import totals_finding
from rulectl.diagnostics import Finding, finding, has_errors
from rulectl.model.rulebook import Rulebook
from rulectl.source import Location, RowPlace

_ODD = 20_000
"""So many odd rows are told of at once."""


class DelimitedTable:
    """Rows of a CSV or TSV file; see `table.Table`."""

    def __init__(self, rows: DelimitedFile, columns: Plan, id_at: int | None, findings: Sequence[Finding] = ()) -> None:
        self.file = rows.file
        self.columns = columns
        self.headings = columns.headings
        self.findings: tuple[Finding, ...] = (*findings, *columns.findings)
        self._rows = rows
        self._id_at = id_at
        self._shape = rows.shape
        self._own = own_columns(columns.headings)

    def chunks(self) -> Iterator[Chunk]:
        """The rows from the start. Raises OtherEncodingError where the file turns out not to be UTF-8."""
        return map(self._chunk, chain.from_iterable(map(_parts, self._rows.pieces())))

    def _chunk(self, piece: Piece) -> Chunk:
        """A piece with its odd rows among the others or rejected, and blank rows left out."""
        width = self._shape.width
        rejects: list[Reject] = []
        extra: list[tuple[int, tuple[str, ...]]] = []
        blank = 0
        for odd in piece.odd:
            if odd.cells is not None and not any(cell.strip() for cell in odd.cells):
                blank += 1
                continue
            reason = self._not_a_row(odd)
            if reason is None and odd.cells is not None:
                extra.append((odd.number, odd.cells[:width]))
            elif reason is not None:
                cells = (odd.text,) if odd.cells is None else odd.cells
                rejects.append(Reject(odd.number, self._name(odd), cells, (("", reason),)))
        frame = _without_blank(piece.frame, width)
        blank += piece.frame.height - frame.height
        if extra:
            frame = pl.concat([frame, frame_of(extra, width)]).sort(ROW)
        return Chunk(frame, tuple(rejects), width, piece.records, blank, piece.digest)

    def _not_a_row(self, odd: Odd) -> Finding | None:
        """Why a row is no case beside the headings: broken quote, lost bytes, totals, too few or too many cells."""
        place = RowPlace(self.file, odd.number)
        cells = odd.cells
        if cells is None:
            return finding("endless-quote" if odd.endless else "broken-quote", Location(place, odd.text))
        spoilt = next((cell for cell in cells if "\ufffd" in cell or "\0" in cell), None)
        if spoilt is not None and not self._rows.sound:
            if "\ufffd" in spoilt:
                return finding("unreadable-bytes", Location(place, spoilt))
            return finding("control-character", Location(place, spoilt), character="U+0000")
        width, count = self._shape.width, len(cells)
        totals = totals_finding(cells[self._own :], place) if count != width else None
        if totals is not None:
            return totals
        if count < width or (count > width and any(cell.strip() for cell in cells[width:])):
            return finding("wrong-cell-count", Location(place, ""), count=count, expected=width)
        return None

    def _name(self, odd: Odd) -> str:
        if odd.cells is None or self._id_at is None or self._id_at >= len(odd.cells):
            return str(odd.number)
        return odd.cells[self._id_at].strip() or str(odd.number)

    def done(self) -> float:
        return self._rows.done()


def _parts(piece: Piece) -> Iterator[Piece]:
    """A piece of which many rows are odd in several, each with its own rows: what is told of a rejected row takes many
    times its bytes, and several pieces are under way at once."""
    starts = [odd.number for odd in piece.odd[::_ODD]]
    if len(starts) <= 1:
        yield piece
        return
    numbers = piece.frame[ROW]
    first = min([starts[0], *numbers.head(1)])
    ends = [*starts[1:], first + piece.records]
    at = [0, *numbers.search_sorted(pl.Series(ends)).to_list()]
    for part, (start, end) in enumerate(zip([first, *ends[:-1]], ends, strict=True)):
        frame = piece.frame.slice(at[part], at[part + 1] - at[part])
        yield Piece(frame, piece.odd[part * _ODD : (part + 1) * _ODD], end - start, piece.digest + part)


def _without_blank(frame: pl.DataFrame, width: int) -> pl.DataFrame:
    """The rows that say something."""
    first = frame.get_column("0")
    low, high = first.min(), first.max()
    if isinstance(low, str) and isinstance(high, str) and low >= "!" and high < "\x7f":
        return frame  # every first cell begins with a sign that is seen
    silent = (first.str.strip_chars() == "").arg_true()
    if not len(silent):
        return frame
    others = frame[silent].select(pl.all_horizontal(pl.col(positions(width)).str.strip_chars() == ""))
    blank = silent.filter(others.to_series())
    return frame.filter(~pl.int_range(frame.height, eager=True).is_in(blank.implode())) if len(blank) else frame


def open_delimited(
    stream: BinaryIO,
    file: str,
    rulebook: Rulebook,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    settled: bool = False,
    size: int = SIZE,
) -> DelimitedTable | Unreadable:
    """A delimited file from a seekable stream; see `delimited_file.open_file`."""
    rows = open_file(stream, file, encoding=encoding, delimiter=delimiter, settled=settled, size=size)
    return Unreadable((rows,)) if isinstance(rows, Finding) else table_of(rows, rulebook)


def table_of(rows: DelimitedFile, rulebook: Rulebook) -> DelimitedTable | Unreadable:
    """A delimited file, its headings found and matched to the terms of a rulebook."""
    first = [row.words for row in rows.front]
    at = heading_row(first, by_heading(readable(rulebook)))
    rows = rows if at is None else rows.headed(at)
    if rows.front[rows.at].broken:
        return Unreadable((finding("broken-heading-quote", Location(RowPlace(rows.file, 0), rows.headings[0])),))
    above = passed_over(first[: rows.at], rows.file)
    columns = plan(rows.headings, rulebook, rows.file)
    if has_errors(columns.findings):
        return Unreadable((*above, *columns.findings))
    return DelimitedTable(rows, columns, id_position(columns, rulebook), above)


def id_position(columns: Plan, rulebook: Rulebook) -> int | None:
    """The position of the column that names the cases."""
    from rulectl.cases.reader import id_term

    named = id_term(rulebook)
    return next((c.index for c in columns.columns if named is not None and c.term.id == named.id), None)
