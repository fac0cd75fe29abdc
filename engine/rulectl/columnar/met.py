"""Rows of words found again from frame to frame, in columns.

Sets of rules and lists of names are rows of 64-bit words here. One that comes again is found by a number mixed from its
words, in a sorted list, for all rows of a frame at once; the words themselves decide whether it is the same. A
dictionary of as many tuples takes ten times as long, and most of that to make the tuples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, distinct_words, mixed

Words = npt.NDArray[np.uint64]

_MOST_BYTES: Final = 1 << 24
"""So much may be remembered; then all is forgotten before the next rows."""


class Met:
    """What rows of words come to, worked out when they are first met. All have as many words."""

    __slots__ = ("_mixed", "_said", "_words")

    def __init__(self) -> None:
        self._forget(0)

    def _forget(self, width: int) -> None:
        self._words: Words = np.zeros((0, width), np.uint64)
        self._mixed = np.zeros(0, np.uint64)
        self._said: Codes = np.zeros(0, np.int32)

    def of(self, words: Words, work_out: Callable[[Words], Codes]) -> Codes:
        """What `work_out` says of each row; it is asked for all rows at once that were not met before, each of them
        once."""
        if self._words.nbytes > _MOST_BYTES or not len(self._words):
            self._forget(words.shape[1])
        at, codes = distinct_words(words)
        some = words[at]
        marks = mixed(some)
        said = np.full(len(at), -1, np.int32)
        if len(self._mixed):
            place = np.minimum(np.searchsorted(self._mixed, marks), len(self._mixed) - 1)
            same = (self._words[place] == some).all(axis=1)
            said[same] = self._said[place[same]]
        (fresh,) = (said < 0).nonzero()
        if len(fresh):
            said[fresh] = work_out(some[fresh])
            self._keep(some[fresh], marks[fresh], said[fresh])
        return said.take(codes)

    def _keep(self, words: Words, marks: npt.NDArray[np.uint64], said: Codes) -> None:
        """Remember more rows, in the order of their marks."""
        order = np.argsort(marks)
        place = np.searchsorted(self._mixed, marks[order])
        self._mixed = np.insert(self._mixed, place, marks[order])
        self._words = np.insert(self._words, place, words[order], axis=0)
        self._said = np.insert(self._said, place, said[order])
