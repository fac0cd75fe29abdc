"""A delimited file as a table: encoding, headings, then rows piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import polars as pl

from rulectl.cases import encoding as encodings
from rulectl.cases.encoding import Encoding
from rulectl.cases.headings import Plan, plan
from rulectl.cases.pieces import SIZE, Head, Odd, OtherEncodingError, Piece, Shape, blocks, head_of, pieces
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.table import ROW, Chunk, frame_of, positions
from rulectl.diagnostics import Finding, finding, has_errors
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace, Location, RowPlace


class DelimitedTable:
    """Rows of a CSV or TSV file; see `table.Table`."""

    def __init__(
        self,
        stream: BinaryIO,
        file: str,
        columns: Plan,
        head: Head,
        encoding: Encoding,
        tentative: bool,
        id_at: int | None,
        size: int = SIZE,
    ) -> None:
        self.file = file
        self.columns = columns
        self.headings = columns.headings
        self.findings: tuple[Finding, ...] = columns.findings
        self._stream = stream
        self._head = head
        self._encoding = encoding
        self._tentative = tentative
        self._id_at = id_at
        self._size = size
        full = len(head.cells or ())
        self._shape = Shape(columns.width, full, head.delimiter)

    def chunks(self) -> Iterator[Chunk]:
        """The rows from the start. Raises OtherEncodingError where the file turns out not to be UTF-8."""
        following = blocks(self._stream, self._encoding, self._tentative, self._size)
        data, spoilt, final = next(following)
        rest = head_of(data, self._head.delimiter).rest
        for piece in pieces(self._head._replace(rest=rest), following, (spoilt, final), self._shape):
            yield self._chunk(piece)

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
        """Why a row cannot be laid beside the headings: broken quote, lost bytes, too few or too many cells."""
        place = RowPlace(self.file, odd.number)
        cells = odd.cells
        if cells is None:
            return finding("broken-quote", Location(place, odd.text))
        spoilt = next((cell for cell in cells if "\ufffd" in cell or "\0" in cell), None)
        if spoilt is not None and not self._sound:
            if "\ufffd" in spoilt:
                return finding("unreadable-bytes", Location(place, spoilt))
            return finding("control-character", Location(place, spoilt), character="U+0000")
        width, count = self._shape.width, len(cells)
        if count < width or (count > width and any(cell.strip() for cell in cells[width:])):
            return finding("wrong-cell-count", Location(place, ""), count=count, expected=width)
        return None

    @property
    def _sound(self) -> bool:
        """Whether U+FFFD can only be there because it was written."""
        return self._encoding.whole

    def _name(self, odd: Odd) -> str:
        if odd.cells is None or self._id_at is None or self._id_at >= len(odd.cells):
            return str(odd.number)
        return odd.cells[self._id_at].strip() or str(odd.number)

    def done(self) -> float:
        return 0.0


def _without_blank(frame: pl.DataFrame, width: int) -> pl.DataFrame:
    """The rows that say something."""
    first = frame.get_column("0")
    if not (first.str.len_bytes() < 1).any() and not first.str.contains(r"^\s").any():
        return frame
    return frame.filter(pl.any_horizontal(pl.col(positions(width)).str.strip_chars() != ""))


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
    """A delimited file from a seekable stream. Unless `settled`, what starts as UTF-8 is taken to be UTF-8 until a
    piece shows that it is not (`OtherEncodingError`); then it is to be opened again, settled, which reads all of it."""
    likely = None if settled or encoding is not None else encodings.looks_utf8(stream)
    found = likely or encodings.detect(stream, file, encoding)
    if isinstance(found, Finding):
        return Unreadable((found,))
    try:
        data, *_ = next(blocks(stream, found, likely is not None, size))
    except OtherEncodingError:
        return open_delimited(stream, file, rulebook, encoding=encoding, delimiter=delimiter, settled=True, size=size)
    head = head_of(data, delimiter)
    if head.cells is None:
        return Unreadable((finding("empty-case-file", FilePlace(file), file=file),))
    if head.broken:
        place = Location(RowPlace(file, 0), head.cells[0])
        return Unreadable((finding("broken-heading-quote", place),))
    columns = plan(head.cells, rulebook, file)
    if has_errors(columns.findings):
        return Unreadable(columns.findings)
    return DelimitedTable(stream, file, columns, head, found, likely is not None, id_position(columns, rulebook), size)


def id_position(columns: Plan, rulebook: Rulebook) -> int | None:
    """The position of the column that names the cases."""
    from rulectl.cases.reader import id_term

    named = id_term(rulebook)
    return next((c.index for c in columns.columns if named is not None and c.term.id == named.id), None)
