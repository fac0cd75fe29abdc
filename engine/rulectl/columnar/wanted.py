"""Lists of names by number: what rows ask for, found again and written in columns.

With many blanks hardly two rows ask for the same, so that no list is ever made in Python for the sake of a row: a list
is the places of its names, as small integers, and becomes a text or a list of polars for all rows of a frame together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.columnar.codes import Codes, Rows, constant, gathered, occurring
from rulectl.columnar.lists import cut
from rulectl.columnar.met import Met

Places = npt.NDArray[np.unsignedinteger[Any]]
"""Places of names, from 1, and after them 0: (lists, at most so many names)."""

_SMALL: Final = 255
"""So many names have places of one byte."""


class Wanted:
    """Lists of some names, by number; 0 is the empty one, others may have several. `size` is the type of places."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.size: type[np.unsignedinteger[Any]] = np.uint8 if len(self.names) < _SMALL else np.uint16
        self._met: dict[int, Met] = {}
        self._flat: Places = np.zeros(0, self.size)
        self._ends: Rows = np.zeros(1, np.int64)
        self._items: list[tuple[str, ...]] = [()]

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def items(self) -> Sequence[tuple[str, ...]]:
        """The lists by number."""
        for number in range(len(self._items), len(self)):
            self._items.append(tuple([self.names[place] for place in self._of(number).tolist()]))
        return self._items

    def numbers(self, places: Places) -> Codes:
        """The number of each list; those that are new are remembered."""
        sizes = np.count_nonzero(places, axis=1)
        in_word = 8 // self.size().itemsize
        numbers = constant(len(places))
        # as few widths as there are powers of two; each list has its own, whatever others a frame brings
        for width in (1 << power for power in range(len(self.names).bit_length())):
            least, most = (width // 2 if width > 1 else 0) * in_word, width * in_word
            (at,) = ((sizes > least) & (sizes <= most)).nonzero()
            if len(at):
                padded: Places = np.zeros((len(at), most), self.size)
                padded[:, : places.shape[1]] = places[at, :most]
                numbers[at] = self._met.setdefault(width, Met()).of(padded.view(np.uint64), self._add)
            if most >= places.shape[1]:
                break
        return numbers

    def numbers_of(self, lists: Sequence[Sequence[str]]) -> Codes:
        """The same of lists of names."""
        place = {name: at for at, name in enumerate(self.names, 1)}
        places: Places = np.zeros((len(lists), max(map(len, lists), default=0)), self.size)
        for row, names in enumerate(lists):
            places[row, : len(names)] = [place[name] for name in names]
        return self.numbers(places)

    def _add(self, words: npt.NDArray[np.uint64]) -> Codes:
        places = words.view(self.size)
        sizes = np.count_nonzero(places, axis=1)
        start = len(self)
        self._flat = np.concatenate([self._flat, places[places != 0] - self.size(1)])
        self._ends = np.concatenate([self._ends, self._ends[-1] + np.cumsum(sizes)])
        return np.where(sizes == 0, 0, np.arange(start, len(self))).astype(np.int32)

    def _of(self, number: int) -> Places:
        return self._flat[self._ends[number - 1] if number else 0 : self._ends[number]]

    def _some(self, numbers: Rows) -> tuple[Places, Rows]:
        """The places of names of some lists end to end, from 0, and how many each has."""
        ends = self._ends[numbers]
        starts = np.where(numbers == 0, 0, self._ends[numbers - 1])
        sizes = ends - starts
        step = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self._flat[np.repeat(starts, sizes) + step], sizes

    # -- row by row ---------------------------------------------------------------------------------------------

    def lists(self, codes: Codes) -> pl.Series:
        """The names that each row asks for."""
        lists, codes = self._met_lists(codes, self.names)
        return gathered(lists, codes)

    def texts(self, codes: Codes, labels: Sequence[str]) -> pl.Series:
        """The same as texts, with a label for each name."""
        lists, codes = self._met_lists(codes, labels)
        return gathered(lists.list.join(";"), codes)

    def _met_lists(self, codes: Codes, labels: Sequence[str]) -> tuple[pl.Series, Codes]:
        """The lists that occur, with a label for each name, and which of them each row has."""
        met = np.array(occurring(codes), np.int64)
        flat, sizes = self._some(met)
        lut = np.zeros(len(self), np.int32)
        lut[met] = np.arange(len(met))
        return cut(gathered(pl.Series(labels, dtype=pl.String), flat), sizes), lut.take(codes)

    def counts(self, codes: Codes) -> Counter[str]:
        """In how many rows each name is asked for."""
        rows = np.bincount(codes, minlength=len(self))
        (met,) = rows.nonzero()
        flat, sizes = self._some(met)
        found = np.bincount(flat, np.repeat(rows[met], sizes), len(self.names)).astype(np.int64).tolist()
        return Counter({name: count for name, count in zip(self.names, found, strict=True) if count})
