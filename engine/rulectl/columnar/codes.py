"""Columns of small integers: the one trick of this engine.

A column holds, for each row, the number of a state in a list of states. What hangs on several columns is worked out
once for each combination of numbers that occurs, and gathered: `each` does that for whatever is to be worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import prod
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.model.numbered import Numbered as Numbered

Codes = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_DIRECT = 4
"""A table of seen combinations is about so many times as long as the columns; past that they are scattered over it."""

_LARGEST = 1 << 62
_SCATTER = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2**64 divided by the golden ratio: its multiples spread evenly (Knuth, TAOCP 3, 6.4)."""

_MIX = np.uint64(32)

_PLACES = 1 << 18
"""So many combinations have a place of their own, for each table: 1 MB."""

T = TypeVar("T", bound=Hashable)


class Spelling(Generic[T]):
    """How things by number are written: a text each, null for none, made when they are first written."""

    __slots__ = ("_made", "_of", "_things", "_write")

    def __init__(self, things: Numbered[T], write: Callable[[T], str | None]) -> None:
        self._things = things
        self._write = write
        self._of = 0
        self._made = pl.Series([], dtype=pl.String)

    def texts(self) -> pl.Series:
        """The texts by number."""
        if self._of < len(self._things):
            fresh = [self._write(thing) for thing in self._things.items[self._of :]]
            self._made = self._made.append(pl.Series(fresh, dtype=pl.String)).rechunk()
            self._of += len(fresh)  # there may be more things by now: another thread decides the next frame
        return self._made

    def column(self, codes: Codes) -> pl.Series:
        """The text of each row."""
        return gathered(self.texts(), codes)


class Spellings:
    """How the states, asks and firings of one engine are written, kept from frame to frame."""

    __slots__ = ("_kept", "_whole")

    def __init__(self) -> None:
        self._whole: dict[tuple[int, str], tuple[object, pl.Series]] = {}
        self._kept: dict[tuple[int, str], tuple[object, Spelling[Any]]] = {}

    def of(self, things: Numbered[T], way: str, write: Callable[[T], str | None]) -> Spelling[T]:
        """The spelling of some things; `way` tells several spellings of the same things apart."""
        kept = self._kept.get((id(things), way))
        if kept is None or kept[0] is not things:
            kept = self._kept[id(things), way] = (things, Spelling(things, write))
        return kept[1]

    def whole(self, things: Numbered[T], way: str, make: Callable[[Sequence[T]], pl.Series]) -> pl.Series:
        """What `make` says of all things together, made again only when there are more of them."""
        known = self._whole.get((id(things), way))
        if known is None or known[0] is not things or len(known[1]) != len(things):
            known = self._whole[id(things), way] = (things, make(things.items))
        return known[1]

    def grown(self, things: Numbered[T], way: str, make: Callable[[Sequence[T]], pl.Series]) -> pl.Series:
        """What `make` says of each thing; where there are more of them, it is asked of these."""
        known = self._whole.get((id(things), way))
        if known is None or known[0] is not things:
            known = self._whole[id(things), way] = (things, make(things.items))
        elif len(known[1]) < len(things):
            fresh = make(things.items[len(known[1]) :])
            known = self._whole[id(things), way] = (things, pl.concat([known[1], fresh], rechunk=True))
        return known[1]

    def forget(self) -> None:
        self._kept.clear()
        self._whole.clear()


class Lut:
    """A list of small integers that grows, as an array."""

    __slots__ = ("_array", "items")

    def __init__(self) -> None:
        self.items: list[int] = []
        self._array: Codes = np.zeros(0, np.int32)

    def array(self) -> Codes:
        """All items; only those that are new since the last call are looked at."""
        done = len(self._array)
        if done < len(self.items):
            self._array = np.concatenate([self._array, np.array(self.items[done:], np.int32)])
        return self._array

    def __len__(self) -> int:
        return len(self.items)


def occurring(codes: Codes) -> list[int]:
    """The numbers that occur, in order: counted, since `np.unique` sorts, and takes 25 ms to load when first called."""
    found: list[int] = np.flatnonzero(np.bincount(codes)).tolist()
    return found


class Known:
    """What single numbers come to, worked out when they are first met."""

    __slots__ = ("_array",)

    def __init__(self) -> None:
        self._array: Codes = np.zeros(0, np.int32)

    def of(self, codes: Codes, size: int, work_out: Callable[[int], int]) -> Codes:
        """What `work_out` says of the number of each row, which is below `size`; asked once for each that occurs."""
        if len(self._array) < size:
            more = np.full(size - len(self._array), -1, np.int32)
            self._array = np.concatenate([self._array, more])
        said: Codes = self._array.take(codes)
        if len(said) and said.min() < 0:
            for code in occurring(codes[said < 0]):
                self._array[code] = work_out(code)
            said = self._array.take(codes)
        return said


class Part(NamedTuple):
    """A column as one digit of a combination: numbers below `size`."""

    codes: Codes
    size: int


class Combined:
    """What combinations of numbers come to, worked out when they are first met and looked up by their place among all
    combinations, as long as these are few; that is quicker than to find out which of them occur."""

    __slots__ = ("_said", "_sizes")

    def __init__(self) -> None:
        self._said = constant(0)
        self._sizes: tuple[int, ...] = ()

    def of(self, parts: Sequence[Part], rows: int, work_out: Callable[[Sequence[Codes]], Codes]) -> Codes:
        """What `work_out` says of the combination in which each row stands, asked for several at once, a column for
        each part; it must say the same each time."""
        sizes = tuple(part.size for part in parts)
        count = prod(sizes)
        if not rows or not parts or count > _PLACES:
            at, codes = distinct(parts, rows)
            return work_out([part.codes[at] for part in parts]).take(codes)
        if sizes != self._sizes:
            self._grow(sizes)
        place: Rows = parts[0].codes.astype(np.int64)
        for part in parts[1:]:
            place *= part.size
            place += part.codes
        said: Codes = self._said.take(place)
        fresh = np.flatnonzero(said < 0)
        if len(fresh):
            at, codes = _numbered(place[fresh], count)
            at = fresh[at]
            found = work_out([part.codes[at] for part in parts])
            self._said[place[at]] = found
            said[fresh] = found[codes]
        return said

    def _grow(self, sizes: tuple[int, ...]) -> None:
        """More numbers have been met: then places are others."""
        grown = constant(prod(sizes), -1)
        if len(sizes) == len(self._sizes) and all(old <= new for old, new in zip(self._sizes, sizes, strict=True)):
            grown.reshape(sizes)[tuple([slice(old) for old in self._sizes])] = self._said.reshape(self._sizes)
        self._sizes, self._said = sizes, grown


def gathered(values: pl.Series, codes: npt.NDArray[np.integer]) -> pl.Series:
    """The value of each row; where all have the first, that is not looked up for each."""
    if len(values) and not codes.any() and not isinstance(values.dtype, pl.List):
        return values.new_from_index(0, len(codes))
    # looked up at once: `gather` makes a query of it first, which takes as long again as the look-up
    return values[pl.Series(codes.astype(np.uint32))]


def constant(rows: int, code: int = 0) -> Codes:
    """A column that is the same everywhere."""
    return np.full(rows, code, np.int32)


def distinct(parts: Sequence[Part], rows: int) -> tuple[Rows, Codes]:
    """The combinations that occur: a row of each, and for every row the number of its own."""
    parts = [part for part in parts if part.size > 1]
    if not rows:
        return np.zeros(0, np.int64), constant(0)
    if not parts:
        return np.zeros(1, np.int64), constant(rows)
    size = parts[0].size
    whole: Rows = parts[0].codes.astype(np.int64)
    for part in parts[1:]:
        if size * part.size > _LARGEST:
            at, codes = _numbered(whole, size)
            whole, size = codes.astype(np.int64), len(at)
        whole *= part.size
        whole += part.codes
        size *= part.size
    return _numbered(whole, size)


def mixed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A number for each row of words, (rows, words), that tells nearly all apart."""
    found = np.zeros(len(words), np.uint64)
    for column in range(words.shape[1]):
        found ^= words[:, column]
        # upper bits must come down before the next word: sets of rules differ in few bits
        found ^= found >> _MIX
        found *= _SCATTER
        found ^= found >> _MIX
        found *= _SCATTER
    return found


def distinct_words(words: npt.NDArray[np.uint64]) -> tuple[Rows, Codes]:
    """The same for rows of words, (rows, words): they are told apart by what is mixed from them, then compared."""
    if words.shape[1] == 1:
        return _numbered(np.ascontiguousarray(words[:, 0]).view(np.int64), _LARGEST)
    at, codes = _numbered(mixed(words).view(np.int64), _LARGEST)
    same = at.take(codes)
    if not all((column.take(same) == column).all() for column in words.T):
        _, at, number = np.unique(words, axis=0, return_index=True, return_inverse=True)
        return at, number.astype(np.int32)
    return at, codes


def _numbered(whole: Rows, size: int) -> tuple[Rows, Codes]:
    """A row of each number that occurs, in the order of rows, and the numbers without gaps."""
    rows = len(whole)
    place = np.arange(rows, dtype=np.int32)
    bits = max(16, (_DIRECT * rows).bit_length())
    slot = whole
    if size > 1 << bits:
        slot = ((whole.view(np.uint64) * _SCATTER) >> np.uint64(64 - bits)).view(np.int64)
    # of all rows of a slot the last one stays; no slot is read that was not written
    row_of = np.empty(min(size, 1 << bits), np.int32)
    row_of[slot] = place
    row = row_of[slot]
    if slot is not whole:
        strange = np.flatnonzero(whole[row] != whole)
        if len(strange):
            _, first, number = np.unique(whole[strange], return_index=True, return_inverse=True)
            row[strange] = strange[first][number]
    met = np.zeros(rows, np.bool_)
    met[row] = True
    at = np.flatnonzero(met)
    place[at] = np.arange(len(at), dtype=np.int32)
    return at, place[row]


def singly(work_out: Callable[[tuple[int, ...]], int]) -> Callable[[Sequence[Codes]], Codes]:
    """What is said of one combination, said of many, one by one."""

    def say(columns: Sequence[Codes]) -> Codes:
        keys = list(zip(*(column.tolist() for column in columns), strict=True))
        return np.fromiter(map(work_out, keys), np.int32, len(keys))

    return say


def each(parts: Sequence[Part], rows: int, work_out: Callable[[tuple[int, ...]], int]) -> Codes:
    """What `work_out` says of the combination in which each row stands; asked once for each that occurs."""
    at, codes = distinct(parts, rows)
    if parts:
        said = singly(work_out)([part.codes[at] for part in parts])
    else:
        said = np.array([work_out(())] * len(at), np.int32)
    if len(said) == 1:
        return constant(rows, int(said[0]))
    return said.take(codes)
