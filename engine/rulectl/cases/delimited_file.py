"""A delimited file without its rulebook: encoding, headings, and rows in pieces.

Nothing here asks what the columns mean, so that the pieces of a long file are being read while everything else is still
being loaded and the rulebook compiled (`begin`): reading is the half of a batch that needs no rulebook, and on two
processors it is done by the time the other half can start.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rulectl.cases import encoding as encodings
from rulectl.cases.ahead import Ahead
from rulectl.cases.encoding import Encoding
from rulectl.cases.formats import BROKEN, Format, kind_of, packed_as, sniffed, unpacked
from rulectl.cases.pieces import SIZE, Head, OtherEncodingError, Piece, Shape, blocks, opening, pieces
from rulectl.cases.records import likely, width_of
from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace

_HEAD = 64
_WORTH = 1 << 22
"""A file of fewer bytes is read faster than a thread pays for itself."""
_BEGUN = 6
"""So many pieces may wait for the rulebook: some 150 MB."""


_WIDE, _LEAST = 24, 1 << 20
"""Rows of more cells than this make pieces of fewer bytes, in proportion, but of so many at least: a piece takes six
times its bytes where rows are wide, and its results, which wait with it, more (design/0027)."""


class DelimitedFile:
    """An open file whose headings are in one of its first rows."""

    def __init__(
        self,
        stream: BinaryIO,
        file: str,
        head: Head,
        at: int,
        encoding: Encoding,
        tentative: bool,
        delimiter: str | None,
        size: int = SIZE,
    ) -> None:
        self.file = file
        self.front = head.front
        """The rows that can be headings."""
        self.at = at
        """Which of them are taken to be."""
        self.headings = head.front[at].cells
        self.sound = encoding.whole
        """Whether U+FFFD can only be there because it was written."""
        self.shape = Shape(width_of(self.headings), len(self.headings), head.front[at].delimiter)
        self._stream = stream
        self._head = head
        self._encoding = encoding
        self._tentative = tentative
        self._delimiter = delimiter
        self.size = size
        self._begun: Ahead[tuple[Piece, float]] | None = None
        self._given: float | None = None
        self.stamp = (0, 0)

    def begin(self, stamp: tuple[int, int]) -> None:
        """Start to read; the next `pieces` are those read by then, and the others. `stamp` is the size of the file and
        the time of its last change before it was opened."""
        self.stamp = stamp
        self._begun = Ahead(((piece, self._read()) for piece in self._pieces()), _BEGUN)

    def headed(self, at: int) -> DelimitedFile:
        """The file with its headings in a row of `front`. Whoever began to read guessed it; where the guess was wrong,
        what was read is of no use."""
        if at == self.at:
            return self
        self.close()
        known = (self._encoding, self._tentative, self._delimiter, self.size)
        return DelimitedFile(self._stream, self.file, self._head, at, *known)

    def pieces(self) -> Iterator[Piece]:
        """The rows from the start. Raises OtherEncodingError where the file turns out not to be UTF-8."""
        begun, self._begun, self._given = self._begun, None, None
        if begun is None:
            yield from self._pieces()
            return
        try:
            for piece, self._given in begun:
                yield piece
        finally:
            begun.close()

    def _pieces(self) -> Iterator[Piece]:
        size = min(self.size, max(_LEAST, self.size * _WIDE // max(_WIDE, self.shape.width)))
        following = blocks(self._stream, self._encoding, self._tentative, size)
        # as the first time: who is told a delimiter does not look for a line that names it
        head, spoilt, final = opening(following, self._delimiter)
        return pieces(head.below(self.at), following, (spoilt, final), self.shape, self._tentative)

    def close(self) -> None:
        """Stop what was begun and not asked for."""
        if self._begun is not None:
            self._begun.close()
            self._begun = None

    def done(self) -> float:
        """How much there was up to the last piece that was asked for: 0 to 1; 0 where that cannot be told."""
        return self._read() if self._given is None else self._given

    def _read(self) -> float:
        """How much was read, also ahead of who asks."""
        try:
            size = os.fstat(self._stream.fileno()).st_size
        except OSError:
            return 0.0
        return min(1.0, self._stream.tell() / size) if size else 0.0


def open_file(
    stream: BinaryIO,
    file: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    settled: bool = False,
    size: int = SIZE,
) -> DelimitedFile | Finding:
    """A delimited file from a seekable stream, or why it gives no rows at all. Unless `settled`, what starts as UTF-8
    is taken to be UTF-8 until a piece shows that it is not (`OtherEncodingError`); then it is to be opened again,
    settled, which reads all of it."""
    utf8 = None if settled or encoding is not None else encodings.looks_utf8(stream)
    found = utf8 or encodings.detect(stream, file, encoding)
    if isinstance(found, Finding):
        return found
    try:
        head, *_ = opening(blocks(stream, found, utf8 is not None, size), delimiter)
    except OtherEncodingError:
        return open_file(stream, file, encoding=encoding, delimiter=delimiter, settled=True, size=size)
    at = likely([row.words for row in head.front])
    if at is None:
        return finding("empty-case-file", FilePlace(file), file=file)
    return DelimitedFile(stream, file, head, at, found, utf8 is not None, delimiter, size)


def unwrapped(stream: BinaryIO, file: str, wanted: str | None) -> tuple[BinaryIO, str, Format]:
    """The plain bytes of a raw stream, rewound, how they are compressed, and their format: what the caller says it is,
    else what the name says, else, or where the bytes say otherwise, what these say. Raises what BROKEN holds."""
    stream.seek(0)
    packed = packed_as(stream.read(_HEAD))
    plain = unpacked(stream, packed)
    plain.seek(0)
    head = plain.read(_HEAD)
    plain.seek(0)
    if wanted is not None:
        return plain, packed, Format(wanted)
    if "." not in file and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return plain, packed, Format.JSONL
    return plain, packed, sniffed(head, kind_of(file).format)


def mark_of(form: Format) -> str | None:
    """The delimiter that a format fixes."""
    return "\t" if form is Format.TSV else None


def begin(path: str, wanted: str | None) -> DelimitedFile | None:
    """A long delimited file, already being read; None where there is nothing to gain, or something to be told of that
    whoever opens it next will tell."""
    try:
        known = os.stat(path)
        if not stat.S_ISREG(known.st_mode) or known.st_size < _WORTH:
            return None
        stream = open(path, "rb")  # noqa: SIM115 - open as long as there are pieces to be read
        plain, packed, form = unwrapped(stream, Path(path).name, wanted)
        if packed or form not in (Format.CSV, Format.TSV):
            return None
        found = open_file(plain, Path(path).name, delimiter=mark_of(form), size=SIZE)
    except (OSError, *BROKEN):
        return None
    if isinstance(found, Finding):
        return None
    found.begin((known.st_size, known.st_mtime_ns))
    return found
