"""Delimited text of which not every line is a whole row: what is plain among it at once, what is odd row by row.

A line is *plain* when it is a whole row by itself (RFC 4180). What is left, rows over several lines and broken ones, is
taken a record at a time by `records.step`; so a bad row costs what it costs and the good ones around it nothing, and a
quote that is never closed swallows no row but its own.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import polars as pl

from rulectl.cases.pieces import ROW, Odd, OtherEncodingError, Piece, Shape, positions
from rulectl.cases.quoting import BREAK, alone
from rulectl.cases.records import step

_ALONE = re.compile(rb"\r(?!\n)")
_LONG = 1 << 20
_WIDE = 1_000
"""Rows of more cells have no pattern: as a program it would be too long."""


def is_utf8(data: bytes) -> bool:
    """Whether some bytes are UTF-8."""
    if data.isascii():
        return True
    try:
        pl.Series([data], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def sound(data: bytes, tentative: bool) -> bytes:
    """Bytes of UTF-8 as they are, others with U+FFFD. Raises OtherEncodingError where `tentative` UTF-8 is none."""
    if is_utf8(data):
        return data
    if tentative:
        raise OtherEncodingError
    return data.decode("utf-8", "replace").encode()


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


def by_lines(
    body: bytes, shape: Shape, spoilt: bool, final: bool, first: int, one_byte: bool, tentative: bool
) -> tuple[Piece, bytes]:
    """The records of some whole lines, numbered from `first`, and what of them belongs to the next piece. `spoilt`:
    they may hold U+FFFD or NUL; `final`: they are the last; `one_byte`: so long is the delimiter. Raises
    OtherEncodingError where `tentative` UTF-8 turns out to be none."""
    whole = sound(body, tentative)
    spoilt, body = spoilt or whole is not body, whole
    if alone(body):
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
        frame = _read(body, shape)
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
    frame = _read(texts.without((~plain).arg_true().to_list(), end), shape)
    mine = numbers.filter(plain)
    if frame is None or frame.height != len(mine):  # the two ways of reading differ: then the slow one
        taken = [step([texts[at]], 0, shape.delimiter, shape.full, True).cells for at in plain.arg_true().to_list()]
        odd += [Odd(number, cells) for number, cells in zip(mine.to_list(), taken, strict=True)]
        return piece._replace(odd=sorted(odd)), unfinished
    return piece._replace(rows=frame.insert_column(0, mine.alias(ROW))), unfinished


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


def _read(data: bytes, shape: Shape) -> pl.DataFrame | None:
    """Whole rows as polars reads them, their cells beyond the headings left out; None where it cannot."""
    try:
        return pl.read_csv(
            data,
            has_header=False,
            schema=dict.fromkeys(positions(shape.width), pl.String),
            separator=shape.delimiter,
            empty_string_is_null=False,
            extra_columns="ignore",
            missing_columns="insert",
        )
    except pl.exceptions.PolarsError:
        return None


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.insert_column(0, pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True).alias(ROW))


def _empty(shape: Shape) -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.Int64, **dict.fromkeys(positions(shape.width), pl.String)})
