"""Delimited text in pieces: millions of rows as data frames, with the same rows, rejects and numbers as `records`
gives.

The commonest piece holds no quote and as many cells in each row as there are headings: polars reads it at once. Any
other is looked at line by line, still at once: a line is *plain* when it is a whole row by itself (RFC 4180). What is
left, rows over several lines and broken ones, is taken a record at a time by `records.step`; so a bad row costs what
it costs and the good ones around it nothing, and a quote that is never closed swallows no row but its own.

A piece ends at the end of a record. Text of other encodings becomes UTF-8 on the way. Carriage returns that stand
alone are line breaks.
"""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, NamedTuple, overload

import numpy as np
import polars as pl

from rulectl.cases.encoding import Encoding
from rulectl.cases.quoting import BREAK, QUOTE, alone, inside, well_quoted
from rulectl.cases.records import LOOK, LOOK_FAR, FrontRow, Records, step

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
_ALONE = re.compile(rb"\r(?!\n)")
_LONG = 1 << 20
_WIDE = 1_000
"""Rows of more cells have no pattern: as a program it would be too long."""


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
    """Rows as a frame (`row` and one column a cell), odd rows, how many records there are, a digest of the bytes."""

    frame: pl.DataFrame
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
    """Bytes of UTF-8 as they are, others with U+FFFD. Raises OtherEncodingError where `tentative` UTF-8 is none."""
    if data.isascii():
        return data
    try:
        pl.Series([data], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
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
        number += piece.records
        if piece.records:
            yield piece


def _parse(body: bytes, shape: Shape, spoilt: bool, final: bool, first: int, tentative: bool) -> tuple[Piece, bytes]:
    """The records of some whole lines, numbered from `first`, and what of them belongs to the next piece."""
    if not body:
        return Piece(_empty(shape), [], 0, 0), b""
    one_byte = len(shape.delimiter.encode()) == 1
    if not spoilt and one_byte and shape.width == shape.full > 1:
        frame = _at_once(body, shape)
        if frame is not None:
            return Piece(_numbered(frame, first), [], frame.height, zlib.crc32(body)), b""
    # what was read at once is UTF-8: polars looks at every cell, and delimiters cut no character in two
    sound = _sound(body, tentative)
    return _by_lines(sound, shape, spoilt or sound is not body, final, first, one_byte)


def _at_once(body: bytes, shape: Shape) -> pl.DataFrame | None:
    """The rows of a piece in which every line is a whole row with as many cells as there are headings; else None."""
    data = pl.Series(np.frombuffer(body, np.uint8))
    if b"\r" in body and alone(data):
        return None
    quotes = (data == QUOTE).arg_true().to_numpy().view(np.int32)
    if len(quotes) and not well_quoted(body, quotes, shape.delimiter):
        return None
    frame = _read(body, shape, "raise")
    if frame is None or frame.height != (data == BREAK).sum() + int(body[-1] != BREAK):
        return None
    # no row is longer than the headings, and one that is shorter is filled up with empty cells: so there are as many
    # delimiters as there should be if and only if no row is
    if (frame.to_series(shape.width - 1) == "").any():
        mark = ord(shape.delimiter)
        if (data == mark).sum() - inside(body, quotes, mark) != frame.height * (shape.width - 1):
            return None
    return frame


class _Lines(Sequence[str]):
    """The lines of a text, with their ends; each is made when it is asked for, since only odd ones are."""

    def __init__(self, body: bytes) -> None:
        breaks = np.flatnonzero(np.frombuffer(body, np.uint8) == BREAK) + 1
        whole = breaks if body.endswith(b"\n") else np.append(breaks, len(body))
        self.ends: list[int] = whole.tolist()
        self.starts = [0, *self.ends[:-1]]
        self._body = body

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        return self._body[self.starts[at] : self.ends[at]].decode().removesuffix("\n") + "\n"

    def without(self, left: Iterable[int], end: int) -> bytes:
        """The text up to a place, but for some lines, given in order."""
        kept: list[memoryview] = []
        whole = memoryview(self._body)
        at = 0
        for line in left:
            if at < self.starts[line]:
                kept.append(whole[at : self.starts[line]])
            at = self.ends[line]
        return b"".join([*kept, whole[at:end]])


def _by_lines(body: bytes, shape: Shape, spoilt: bool, final: bool, first: int, one_byte: bool) -> tuple[Piece, bytes]:
    """The same for a piece that is not plain throughout."""
    if alone(pl.Series(np.frombuffer(body, np.uint8))):
        body = _ALONE.sub(b"\n", body)
    lines = pl.read_lines(body)["line"]
    plain = _plain(lines, shape) if one_byte else pl.repeat(False, len(lines), eager=True)
    if spoilt:
        plain &= ~lines.str.contains("[\0\ufffd]")
    odd: list[Odd] = []
    later: list[int] = []  # lines that go on with a record
    end = len(body)
    left = (~plain).arg_true().to_list()
    if not left:
        frame = _read(body, shape, "ignore")
        if frame is not None and frame.height == len(lines):
            return Piece(_numbered(frame, first), [], len(lines), zlib.crc32(body)), b""
    texts = _Lines(body)
    at = 0
    for line in left:
        if line < at:
            continue
        found = step(texts, line, shape.delimiter, shape.full, final)
        if not found.lines:
            end = texts.starts[line]
            plain = plain.head(line)
            break
        at = line + found.lines
        later += range(line + 1, at)
        odd.append(Odd(line - len(later) + found.lines - 1, found.cells, texts[line].rstrip("\r\n"), found.endless))
    starts = pl.repeat(True, len(plain), eager=True)
    if later:
        starts = starts.scatter(later, False)
        plain &= starts
    numbers = starts.cast(pl.Int64).cum_sum() - 1 + first
    count = len(plain) - len(later)
    odd = [one._replace(number=one.number + first) for one in odd]
    piece, unfinished = Piece(_empty(shape), odd, count, zlib.crc32(body[:end])), body[end:]
    if not plain.any():
        return piece, unfinished
    frame = _read(texts.without((~plain).arg_true().to_list(), end), shape, "ignore")
    mine = numbers.filter(plain)
    if frame is None or frame.height != len(mine):  # the two ways of reading differ: then the slow one
        taken = [step([texts[at]], 0, shape.delimiter, shape.full, True).cells for at in plain.arg_true().to_list()]
        odd += [Odd(number, cells) for number, cells in zip(mine.to_list(), taken, strict=True)]
        return piece._replace(odd=sorted(odd)), unfinished
    return piece._replace(frame=frame.insert_column(0, mine.alias(ROW))), unfinished


def _plain(lines: pl.Series, shape: Shape) -> pl.Series:
    """Which lines are whole rows. Most have no quotes and as many delimiters as they should have; the pattern, which
    takes ten times as long, is for the others."""
    line = pl.first()
    simple = (line.str.count_matches(shape.delimiter, literal=True) == shape.width - 1) & ~(
        line.str.contains('"', literal=True) | line.str.contains("\r", literal=True) | (line == "")
    )
    plain = lines.to_frame().select_seq(simple).to_series()
    left = (~plain).arg_true()
    if not len(left) or shape.width > _WIDE:
        return plain
    others = lines.gather(left)
    short = others.str.len_bytes() <= _LONG
    if not short.all():  # the pattern would take seconds for a line that is no row
        left, others = left.filter(short), others.filter(short)
    return plain.scatter(left, others.str.contains(shape.plain) & (others != ""))


def _read(data: bytes, shape: Shape, extra: str) -> pl.DataFrame | None:
    """Rows as polars reads them; None where one is longer than the headings and `extra` is to raise."""
    try:
        return pl.read_csv(
            data,
            has_header=False,
            schema=dict.fromkeys(positions(shape.width), pl.String),
            separator=shape.delimiter,
            empty_string_is_null=False,
            extra_columns="raise" if extra == "raise" else "ignore",
            missing_columns="insert",
        )
    except pl.exceptions.PolarsError:
        return None


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.insert_column(0, pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True).alias(ROW))


def _empty(shape: Shape) -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.Int64, **dict.fromkeys(positions(shape.width), pl.String)})
