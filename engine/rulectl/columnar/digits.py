"""Plain numbers parsed from the bytes of their cells, eight digits at a time for all cells at once.

Eight digits in a word become a number by three multiplications, each of which joins neighbours (Lemire, "Quickly
parsing eight digits", 2018). What stands before the point and what stands behind it are taken by themselves: up to 7
and 8 digits. Their numbers are whole and less than 2**53, as is the power of ten that they are divided by, and both are
exact as floats, so that the quotient is the float nearest to the decimal (Clinger, "How to read floating point numbers
accurately", 1990).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rulectl.cases.spans import Cells, Words
from rulectl.columnar.codes import Mask
from rulectl.columnar.ruler import Floats

_DIGITS = 8
_ALL = 0x0101010101010101
_POINTS, _ZEROS, _HIGH = np.uint64(0x2E * _ALL), np.uint64(0x30 * _ALL), np.uint64(0x80 * _ALL)
_ONES = np.uint64(_ALL)
_NINES = np.uint64(0x76 * _ALL)
"""Added to a digit it leaves the upper bit of its byte alone, added to more it does not."""
_PLACES = np.uint64(0x0001020304050607)
"""Times a word of which one bit is set, the first of byte k: k in the upper byte."""
_FILL = np.array([(0x30 * _ALL) & ((1 << 8 * (8 - length)) - 1) for length in range(_DIGITS + 1)], np.uint64)
_TENS = 10.0 ** np.arange(_DIGITS + 1)
_MINUS = np.uint64(ord("-"))
_SEVEN, _BYTE, _TOP = np.uint64(7), np.uint64(0xFF), np.uint64(56)


def numbers_of(cells: Cells) -> tuple[Floats, Mask]:
    """The numbers in cells such as `-1204.67`, and which cells hold one; what is given for others means nothing, and
    there may be some longer numbers among these."""
    first = cells.word()
    negative = (first & _BYTE) == _MINUS
    some_negative = bool(negative.any())
    starts, lengths = cells.starts, cells.lengths
    if some_negative:
        starts, lengths = starts + negative, lengths - negative
        first = Cells(cells.body, starts, lengths, cells.quoted).word()
    # the first byte that is a point, if any is: the only one that is nothing once a point is taken from each
    rest = first ^ _POINTS
    points = (rest - _ONES) & ~rest & _HIGH
    points &= ~points + np.uint64(1)
    where = (((points >> _SEVEN) * _PLACES) >> _TOP).view(np.int64)
    pointed = (points != 0) & (where < lengths)
    where *= pointed
    whole = np.where(pointed, where, lengths)
    behind = np.where(pointed, lengths - where - 1, 0)
    good = (whole > 0) & (whole <= _DIGITS) & (behind <= _DIGITS) & (pointed == (behind > 0))
    np.clip(whole, 0, _DIGITS, out=whole)
    np.clip(behind, 0, _DIGITS, out=behind)
    values, right = _parsed(first, whole)
    good &= right
    if pointed.any():
        fractions, right = _parsed(Cells(cells.body, starts + where + 1, behind, False).word(), behind)
        good &= right
        tens = _TENS.take(behind)
        values = (values * tens + fractions) / tens
    if some_negative:
        values = np.where(negative, -values, values)
    return values, good


def _parsed(words: Words, lengths: npt.NDArray[np.int64]) -> tuple[Floats, Mask]:
    """The numbers that the first bytes of words are, as many as `lengths` says, and which of them are all digits."""
    # the first digit comes to stand where the others are worth ten times less each, with zeros before it
    words = words << ((_DIGITS - lengths) * 8).view(np.uint64)
    words |= _FILL.take(lengths)
    words ^= _ZEROS
    good = ((words + _NINES) | words) & _HIGH == 0
    words = (words * np.uint64(10 << 8 | 1)) >> np.uint64(8)
    words &= np.uint64(0x00FF00FF00FF00FF)
    words = (words * np.uint64(100 << 16 | 1)) >> np.uint64(16)
    words &= np.uint64(0x0000FFFF0000FFFF)
    words = (words * np.uint64(10_000 << 32 | 1)) >> np.uint64(32)
    return words.astype(np.float64), good
