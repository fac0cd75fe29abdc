"""Delimited text in pieces: millions of rows as data frames, with the same rows, rejects and numbers as `records`
gives.

In the commonest piece each line is a whole row with as many cells as there are headings: then it is enough to know
where these end (`spans.py`). Any other is looked at line by line (`lines.py`).

A piece ends at the end of a record. Text of other encodings becomes UTF-8 on the way. Carriage returns that stand
alone are line breaks.
"""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from rulectl.cases.encoding import Encoding
from rulectl.cases.records import LOOK, LOOK_FAR, FrontRow, Records
from rulectl.cases.spans import Spans, spans_of

if TYPE_CHECKING:
    import polars as pl

ROW = "row"
"""The column that holds the number of a row, as `records` counts them."""

SIZE = 1 << 23
"""Bytes of a piece. Results do not depend on it, but what is compressed in pieces does."""

_LINE = 4
"""A line longer than so many pieces is cut: no cell that can be read is nearly as long."""

_HEAD = 1 << 20
_FRONT = 1 << 23
"""Bytes in which the first rows are looked for."""
_TAIL = 1 << 16
_UTF8 = ("utf-8", "utf-8-sig")


def positions(width: int) -> list[str]:
    """The names of the columns of a frame."""
    return [str(n) for n in range(width)]


class OtherEncodingError(Exception):
    """A file that looked like UTF-8 at its start is not."""


class Head(NamedTuple):
    """The first rows of a text, how many blank ones stand above them, and its bytes from them on."""

    front: tuple[FrontRow, ...]
    before: int
    data: bytes

    def below(self, at: int) -> tuple[bytes, int]:
        """The bytes below one of these rows, and the number of the row that they begin with."""
        used = sum(len(line.encode()) for row in self.front[: at + 1] for line in row.lines)
        return self.data[used:], self.before + at + 1


class Odd(NamedTuple):
    """A row that was taken by itself; `cells` None: its quotes are broken, and `text` is its first line."""

    number: int
    cells: tuple[str, ...] | None
    text: str = ""
    endless: bool = False


class Piece(NamedTuple):
    """Rows as they came, or as a frame (`row` and one column a cell), odd rows, how many records there are, a digest of
    the bytes. Of rows as they came nobody has asked whether they are UTF-8."""

    rows: Spans | pl.DataFrame
    odd: list[Odd]
    records: int
    digest: int


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows are laid out: `width` headings that say something, `full` with the empty ones after them."""

    width: int
    full: int
    delimiter: str

    @property
    def plain(self) -> str:
        """The pattern of a line that is a whole row: cells beyond the headings are blank."""
        mark = re.escape(self.delimiter)
        cell = rf'(?:[^"\r{mark}]*|"(?:[^"\r]|"")*")'
        return rf"^{cell}(?:{mark}{cell}){{{self.width - 1}}}(?:{mark}[ \t]*)*$"


def blocks(stream: BinaryIO, encoding: Encoding, tentative: bool, size: int) -> Iterator[tuple[bytes, bool, bool]]:
    """A stream from its start as UTF-8 without a mark: bytes, whether they may hold U+FFFD or NUL, whether they are the
    last. Raises OtherEncodingError where `tentative` UTF-8 turns out to be none at once; later bytes are looked at by
    whoever parses them."""
    stream.seek(0)
    wide = _LINE * size
    if encoding.name in _UTF8:
        first, rest = True, b""
        while True:
            data = stream.read(_up_to_line_end(stream, min(size, _HEAD) if first else size))
            # cut between characters: the rest of the last line goes to the next block
            end = _last_line_end(data)
            if data and not end and len(rest) < wide:
                rest += data
                continue
            whole = end == len(data) and not rest
            kept = data if whole else b"".join((rest, memoryview(data)[:end])) if end else rest
            rest = data[end:]
            if first:
                kept = _sound(kept.removeprefix(codecs.BOM_UTF8), tentative)
            first = False
            yield kept, b"\0" in kept or not (encoding.whole or tentative), not data
            if not data:
                return
    decoder = codecs.getincrementaldecoder(encoding.name)("strict" if encoding.whole else "replace")
    first = True
    while True:
        data = stream.read(min(size, _HEAD) if first else size)
        text = decoder.decode(data, not data)
        if first:
            text = text.removeprefix("\ufeff")
        first = False
        yield text.encode(), not encoding.whole, not data
        if not data:
            return


def _last_line_end(data: bytes) -> int:
    """Where the last line of some bytes ends, 0 where none does. A carriage return that comes last may be half of a
    line break."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _up_to_line_end(stream: BinaryIO, size: int) -> int:
    """How many of the next `size` bytes of a plain file hold whole lines; `size` where only reading would tell. Blocks
    that end where lines do need not be put together from two."""
    if not isinstance(getattr(stream, "raw", None), io.FileIO):
        return size
    at = stream.tell()
    stream.seek(max(at, at + size - _TAIL))
    before = stream.tell()
    tail = stream.read(at + size - before)
    stream.seek(at)
    end = _last_line_end(tail)
    return before - at + end if end else size


def _sound(data: bytes, tentative: bool) -> bytes:
    """The first bytes of UTF-8 as they are, others with U+FFFD. Raises OtherEncodingError where `tentative` UTF-8 is
    none."""
    try:
        data.decode()
    except UnicodeDecodeError:
        if tentative:
            raise OtherEncodingError from None
        return data.decode("utf-8", "replace").encode()
    return data


def head_of(data: bytes, delimiter: str | None) -> Head:
    """The first rows, from the first bytes of a text."""
    text = data.decode("utf-8", "replace")
    records = Records(io.StringIO(text, newline=""), delimiter)
    return Head(records.front, records.before, data[len(text[: records.passed].encode()) :])


def opening(following: Iterator[tuple[bytes, bool, bool]], delimiter: str | None) -> tuple[Head, bool, bool]:
    """The first rows, from as many blocks as hold them, and what `blocks` says of these."""
    data, spoilt, final = next(following)
    head = head_of(data, delimiter)
    while not final and _short(head) and len(data) < _FRONT:
        more, also, final = next(following)
        data, spoilt = data + more, spoilt or also
        head = head_of(data, delimiter)
    return head, spoilt, final


def _short(head: Head) -> bool:
    """Whether more rows may be needed to see which holds the headings."""
    return len(head.front) < LOOK and sum(len(line) for row in head.front for line in row.lines) < LOOK_FAR


def pieces(
    below: tuple[bytes, int],
    following: Iterator[tuple[bytes, bool, bool]],
    start: tuple[bool, bool],
    shape: Shape,
    tentative: bool,
) -> Iterator[Piece]:
    """The rows below the headings, piece by piece; `start` says of the first bytes what `blocks` says of the others.
    Raises OtherEncodingError where `tentative` UTF-8 turns out to be none."""
    carry = b""
    first, number = below
    for data, spoilt, final in chain([(first, *start)], following):
        whole = carry + data if carry else data
        end = len(whole) if final else _last_line_end(whole) or (len(whole) if len(whole) > _LINE * SIZE else 0)
        body, rest = whole[:end], whole[end:]
        piece, unfinished = _parse(body, shape, spoilt, final, number, tentative)
        carry = unfinished + rest
        if piece is not None and piece.records:
            number += piece.records
            yield piece


def _parse(
    body: bytes, shape: Shape, spoilt: bool, final: bool, first: int, tentative: bool
) -> tuple[Piece | None, bytes]:
    """The records of some whole lines, numbered from `first`, and what of them belongs to the next piece."""
    if not body:
        return None, b""
    one_byte = len(shape.delimiter.encode()) == 1
    if not spoilt and one_byte and shape.width == shape.full > 1:
        rows = spans_of(body, shape.width, shape.delimiter, first)
        if rows is not None:
            return Piece(rows, [], rows.height, zlib.crc32(body)), b""
    # late: a file is begun to be read before data frames are loaded, and most have no such piece
    from rulectl.cases.lines import by_lines

    return by_lines(body, shape, spoilt, final, first, one_byte, tentative)
