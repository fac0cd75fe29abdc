"""Where quotes and line ends stand in some bytes of delimited text, looked at in columns (RFC 4180).

Python's lock is asked for as seldom as can be: a piece is being read while the rest of the program is loaded.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

BREAK, RETURN, QUOTE = ord("\n"), ord("\r"), ord('"')

Places = npt.NDArray[np.int32]

_STRETCH = 1 << 20
"""Bytes that stay in a processor's cache."""

_RARELY = 8
"""Where less than one byte in so many is quoted, the quoted ones alone are looked at."""


def alone(data: pl.Series) -> bool:
    """Whether a carriage return stands before anything but a line break."""
    returns = data == RETURN
    return bool((returns.head(-1) & (data == BREAK).slice(1)).sum() != returns.sum())


def well_quoted(body: bytes, quotes: Places, delimiter: str) -> bool:
    """Whether quotes stand around whole cells only, doubled inside; whether these hold line breaks is not asked."""
    data = np.frombuffer(body, np.uint8)
    opening, closing = quotes[::2], quotes[1::2]
    if len(opening) != len(closing):
        return False
    # a doubled quote ends one stretch and begins the next
    good = np.zeros(256, np.bool_)
    good[[ord(delimiter), BREAK, QUOTE]] = True
    before = good[data[opening - 1]]
    before[:1] |= opening[:1] == 0
    good[RETURN] = True
    last = len(data) - 1
    after = good[data[np.minimum(closing + 1, last)]]
    return bool(before.all() and after.all())


def inside(body: bytes, quotes: Places, byte: int) -> int:
    """How often a byte stands between an opening quote and its closing one."""
    if not len(quotes):
        return 0
    data = np.frombuffer(body, np.uint8)
    opening, lengths = quotes[::2], quotes[1::2] - quotes[::2]
    total = int(lengths.sum())
    if total * _RARELY > len(data):
        return _inside_many(data, byte)
    # few bytes are quoted: look at these alone
    at = np.arange(total, dtype=np.int32)
    at += np.repeat(opening - lengths.cumsum(dtype=np.int32) + lengths, lengths)
    return int(np.count_nonzero(data.take(at) == byte))


def _inside_many(data: npt.NDArray[np.uint8], byte: int) -> int:
    """The same where much is quoted: quotes and the byte alone are left, and every other quote closes."""
    count, opened = 0, np.uint8(0)
    for at in range(0, len(data), _STRETCH):
        part = data[at : at + _STRETCH]
        left = part[(part == QUOTE) | (part == byte)]
        if len(left):
            open_ = np.bitwise_xor.accumulate((left == QUOTE).view(np.uint8)) ^ opened
            count += int(np.count_nonzero(open_.view(np.bool_) & (left == byte)))
            opened = open_[-1]
    return count
