"""What classes that come together come to, kept from frame to frame: a start, and beside it what is lacked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rulectl.columnar.codes import Codes, Lut, Numbered, distinct_words
from rulectl.columnar.doubts import Doubts

Lacks = tuple[int, ...]
"""For how many rules an output column waits for each name; before that a 1, for it may wait for none."""


class Points:
    """Points of one table: a start, and for each of its output columns the counts of what it lacks; `names` are what
    can be lacked."""

    def __init__(self, names: Sequence[str], columns: int) -> None:
        self.names = tuple(names)
        self._points: Numbered[tuple[int, ...]] = Numbered()
        self._counts: Numbered[Lacks] = Numbered((0,) * (1 + len(names)))
        self._luts = tuple(Lut() for _ in range(1 + columns))

    def __len__(self) -> int:
        return len(self._points) + len(self._counts)

    def one(self, start: int, lacks: Sequence[Lacks] = ()) -> int:
        """The number of a start, and of what each output column lacks."""
        numbers = [self._counts.number(counts) for counts in lacks] or [0] * (len(self._luts) - 1)
        return self._points.number((start, *numbers))

    def many(self, starts: Codes, doubts: Sequence[Doubts]) -> Codes:
        """The same of many."""
        columns = [starts]
        for one in doubts:
            lut = [0, *(self._counts.number((1, *counts)) for counts in one.counts[1:].tolist())]
            columns.append(np.array(lut, np.int32).take(one.codes))
        whole = np.stack(columns, axis=1)
        at, number = distinct_words(whole.astype(np.uint64))
        return np.array([self._points.number(tuple(key)) for key in whole[at].tolist()], np.int32).take(number)

    def told(self, points: Codes) -> tuple[Codes, tuple[Doubts, ...]]:
        """The start of each row, and what it lacks: nothing where that is nowhere."""
        fresh = self._points.items[len(self._luts[0]) :]
        for place, lut in enumerate(self._luts):
            lut.items += [point[place] for point in fresh]
        starts, *lacks = [lut.array() for lut in self._luts]
        if not any(lut.any() for lut in lacks):
            return starts.take(points), ()
        counts = np.array(self._counts.items, np.int32)[:, 1:]
        return starts.take(points), tuple([Doubts(self.names, lut.take(points), counts) for lut in lacks])
