"""What rows that say the same have in common is made once, and kept from frame to frame.

A combination of small integers is packed into few words, by which it is found again in columns (met.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from rulectl.columnar.codes import Codes, Part, Rows, distinct_words
from rulectl.columnar.met import Met, Words

_KEPT = 200_000
"""So many combinations are kept."""

_WORD = 63
"""Bits of a word that are used."""


class Alike:
    """What was made of combinations of the numbers of some things: rows of a frame."""

    __slots__ = ("_bits", "_frame", "_met", "_things")

    def __init__(self) -> None:
        self._forget((), ())

    def _forget(self, things: tuple[object, ...], bits: tuple[int, ...]) -> None:
        self._things, self._bits = things, bits
        self._frame: pl.DataFrame | None = None
        self._met = Met()

    def of(
        self, things: tuple[object, ...], parts: Sequence[Part], make: Callable[[Rows], pl.DataFrame]
    ) -> tuple[pl.DataFrame, Codes] | None:
        """A frame, and the row in it of each row. `parts` are numbers of the `things`; `make` is asked for one row of
        each combination, by their places, that was not met before. None where most rows would have to be made."""
        same = len(self._things) == len(things) and all(map(_is, self._things, things))
        fits = same and all(part.size <= 1 << bits for part, bits in zip(parts, self._bits, strict=True))
        if not fits or (self._frame is not None and self._frame.height > _KEPT):
            # where there are more numbers than bits have room for, all is packed anew
            self._forget(things, tuple([(part.size - 1).bit_length() for part in parts]))
        words = self._packed(parts)
        rows = self._met.find(words)
        (left,) = (rows < 0).nonzero()
        if len(left) or self._frame is None:
            at, codes = distinct_words(words.take(left, axis=0))
            if 2 * len(at) > len(rows):
                return None
            made = make(left.take(at))
            start = 0 if self._frame is None else self._frame.height
            fresh = np.arange(start, start + len(at), dtype=np.int32)
            self._met.keep(words.take(left.take(at), axis=0), fresh)
            rows[left] = fresh.take(codes)
            self._frame = made if self._frame is None else pl.concat([self._frame, made], rechunk=True)
        return self._frame, rows

    def _packed(self, parts: Sequence[Part]) -> Words:
        """Combinations as words."""
        words: list[Rows] = [np.zeros(len(parts[0].codes), np.int64)]
        room = _WORD
        for part, bits in zip(parts, self._bits, strict=True):
            if bits > room:
                words.append(np.zeros(len(part.codes), np.int64))
                room = _WORD
            if bits:
                words[-1] <<= bits
                words[-1] += part.codes
                room -= bits
        return np.stack(words, axis=1).view(np.uint64)


def _is(one: object, other: object) -> bool:
    return one is other
