"""Rows of words found again from frame to frame, in columns.

Sets of rules and lists of names are rows of 64-bit words here. One that comes again is found by a number mixed from its
words, which says where to look in a table, for all rows of a frame at once; the words themselves decide whether it is
the same: a dictionary would need a tuple made of each. Where a place is taken, the next ones are looked at (linear
probing: Knuth, TAOCP 3, 6.4); what finds none in a few steps counts as new when it comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, Rows, distinct_words, mixed

Words = npt.NDArray[np.uint64]

_MOST_BYTES: Final = 1 << 24
"""So much may be remembered; then all is forgotten before the next rows."""

_ROOM: Final = 4
"""Places for each row that is remembered, at least."""

_LEAST_BITS: Final = 12

_STEPS: Final = 15
"""So many places after the first are looked at. Three quarters of all are free."""


class Met:
    """What rows of words come to, worked out when they are first met. All have as many words."""

    __slots__ = ("_count", "_place", "_said", "_words")

    def __init__(self) -> None:
        self._forget(0)

    def _forget(self, width: int) -> None:
        # the first row is nothing: a place that is free leads there
        self._count = 1
        self._words: Words = np.zeros((1, width), np.uint64)
        self._said: Codes = np.full(1, -1, np.int32)
        self._place: Codes = np.zeros(1 << _LEAST_BITS, np.int32)

    def of(self, words: Words, work_out: Callable[[Words], Codes]) -> Codes:
        """What `work_out` says of each row; it is asked for all rows at once that were not met before, each of them
        once."""
        if self._words.nbytes > _MOST_BYTES:
            self._forget(words.shape[1])
        said = self.find(words)
        (left,) = (said < 0).nonzero()
        if len(left):
            at, codes = distinct_words(words.take(left, axis=0))
            fresh = words.take(left.take(at), axis=0)
            made = work_out(fresh)
            self.keep(fresh, made)
            said[left] = made.take(codes)
        return said

    def find(self, words: Words) -> Codes:
        """What is remembered of each row, -1 where nothing is."""
        if words.shape[1] != self._words.shape[1]:
            self._forget(words.shape[1])
        places = self._places(words)
        row = self._place.take(places)
        said = self._look(words, row)
        (left,) = ((said < 0) & (row != 0)).nonzero()
        for _ in range(_STEPS):
            if not len(left):
                break
            places[left] = (places[left] + 1) & self._last
            row = self._place.take(places.take(left))
            found = self._look(words.take(left, axis=0), row)
            said[left] = found
            left = left[(found < 0) & (row != 0)]
        return said

    def _look(self, words: Words, row: Codes) -> Codes:
        """What was worked out of rows of words, if these are the ones that are remembered in some rows; else -1."""
        known, said = self._words.take(row, axis=0), self._said.take(row)
        for column in range(words.shape[1]):  # all words of a row at once take three times as long
            said[known[:, column] != words[:, column]] = -1
        return said

    @property
    def _last(self) -> int:
        return len(self._place) - 1

    def _places(self, words: Words) -> Rows:
        """Where each row is looked for first: the upper bits of a number mixed from its words."""
        return (mixed(words) >> np.uint64(64 - self._last.bit_length())).view(np.int64)

    def keep(self, words: Words, said: Codes) -> None:
        """Remember more rows, none of which is remembered."""
        start, end = self._count, self._count + len(words)
        if end > len(self._words):
            room = max(end, 2 * len(self._words))
            self._words = np.concatenate([self._words, np.zeros((room - len(self._words), words.shape[1]), np.uint64)])
            self._said = np.concatenate([self._said, np.full(room - len(self._said), -1, np.int32)])
        self._words[start:end], self._said[start:end], self._count = words, said, end
        if _ROOM * end > len(self._place):
            self._place = np.zeros(1 << (2 * _ROOM * end).bit_length(), np.int32)
            start = 1
        places, rows = self._places(self._words[start:end]), np.arange(start, end, dtype=np.int32)
        for _ in range(1 + _STEPS):
            (free,) = (self._place.take(places) == 0).nonzero()
            self._place[places[free]] = rows[free]
            # of several that want the same place one has it now, and the others go on
            (left,) = (self._place.take(places) != rows).nonzero()
            places, rows = (places[left] + 1) & self._last, rows[left]
