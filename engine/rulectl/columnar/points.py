"""Weighted points on the time lines of groups: what those of a group come to up to a moment, for any number of them.

An external sort and running totals. Points are held in memory until they are many, then put in files; they are sorted
part by part, by the hash of their group and their time, so that no part is large however points are spread over groups
and times. What comes of it are arrays, mapped from files where they are long, in which a moment is found by bisection.
Groups are known by 128 bits of hash: a billion of them have two alike with a probability of less than one in 10^20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

G1, G2, AT, WEIGHT, ID = "g1", "g2", "at", "weight", "id"

MOST = 1 << 20
"""So many rows are sorted at once, and are held before any is put in a file."""

_ROW_GROUP = 1 << 16
"""Rows of which a file says between which hashes they lie."""

Array = np.ndarray[Any, Any]


class Spool:
    """Rows held in memory or, where a folder is given and they are many, in files of it, each in the order of `by`."""

    def __init__(self, schema: Mapping[str, pl.DataType], by: Sequence[str], folder: Path | None) -> None:
        self.rows = 0
        self._by = by
        self._folder = folder
        self._held = [pl.DataFrame(schema=schema)]
        self._waiting = 0
        self._files: list[Path] = []

    def add(self, frame: pl.DataFrame) -> None:
        self._held.append(frame)
        self.rows += frame.height
        self._waiting += frame.height
        if self._folder is not None and self._waiting > MOST:
            self._put_away(self._folder)

    def _put_away(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files.append(folder / f"{len(self._files):07}.parquet")
        pl.concat(self._held).sort(self._by).write_parquet(self._files[-1], row_group_size=_ROW_GROUP)
        self._held = self._held[:1]
        self._waiting = 0

    def frames(self) -> Iterator[pl.DataFrame]:
        """All rows, in frames that fit in memory."""
        yield from map(pl.read_parquet, self._files)
        yield pl.concat(self._held)

    def scan(self) -> pl.LazyFrame:
        """All rows."""
        held = pl.concat(self._held).lazy()
        return pl.concat([pl.scan_parquet(self._files), held]) if self._files else held

    def between(self, low: int, high: int) -> pl.DataFrame:
        """Rows of which the first of `by` lies between two numbers, where frames came in its order."""
        name = self._by[0]
        within = pl.col(name).is_between(low, high)
        held = [f for f in self._held if f.height and f[name][0] <= high and f[name][-1] >= low]
        found = [pl.scan_parquet(file).filter(within).collect() for file in self._files]
        return pl.concat([self._held[0], *found, *(frame.filter(within) for frame in held)])

    def pieces(self, hashed: str, time: str) -> Iterator[pl.DataFrame]:
        """All rows, about MOST at once, by their hash and, where a hash has more rows than that, by their time; in no
        order within a piece."""
        parts = -(-2 * self.rows // MOST) if self.rows > MOST else 1
        for low, high in pairwise((n << 64) // parts for n in range(parts + 1)):
            rows = self.scan().filter(pl.col(hashed).is_between(_hash(low), _hash(high - 1)))
            yield from _by_hash(rows, hashed, time, low, high - 1) if parts > 1 else [rows.collect()]


def _hash(number: int) -> pl.Expr:
    return pl.lit(number, pl.UInt64)


def _by_hash(rows: pl.LazyFrame, hashed: str, time: str, low: int, high: int) -> Iterator[pl.DataFrame]:
    """The rows of the hashes from `low` to `high`, halved until they are few."""
    if rows.select(pl.len()).collect().item() <= MOST:
        yield rows.collect()
    elif low == high:
        first, last = rows.select(pl.col(time).min(), pl.col(time).max().alias("last")).collect().row(0)
        yield from _by_time(rows, time, first, last)
    else:
        middle = (low + high) // 2
        yield from _by_hash(rows.filter(pl.col(hashed) <= _hash(middle)), hashed, time, low, middle)
        yield from _by_hash(rows.filter(pl.col(hashed) > _hash(middle)), hashed, time, middle + 1, high)


def _by_time(rows: pl.LazyFrame, time: str, first: int, last: int) -> Iterator[pl.DataFrame]:
    """The rows of one hash, halved by time until they are few or of one moment."""
    if first == last or rows.select(pl.len()).collect().item() <= MOST:
        yield rows.collect()
        return
    middle = (first + last) // 2
    yield from _by_time(rows.filter(pl.col(time) <= middle), time, first, middle)
    yield from _by_time(rows.filter(pl.col(time) > middle), time, middle + 1, last)


class _Long:
    """An array that is put together of parts: in memory while there is one, else in a file."""

    def __init__(self, dtype: type, path: Path | None) -> None:
        self._dtype = dtype
        self._path = path
        self._first: Array | None = None
        self._size = 0

    def add(self, part: Array) -> None:
        part = part.astype(self._dtype, copy=False)
        self._size += len(part)
        if self._first is None:
            self._first = part
        elif self._path is None or self._dtype is object:
            self._first = np.concatenate([self._first, part])
        else:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                if self._first is not None and not self._path.stat().st_size:
                    self._first.tofile(file)
                    self._first = self._first[:0]
                part.tofile(file)

    def whole(self) -> Array:
        if self._first is None:
            return np.empty(0, self._dtype)
        if len(self._first) == self._size:
            return self._first
        assert self._path is not None  # what is not in memory is in a file
        return np.memmap(self._path, self._dtype, "r")


class Lines(NamedTuple):
    """The time lines of groups, one after the other. Groups by their hashes, ascending, with the place of their first
    point (one more group ends the last); points by time, with the total of all that stand before each and after the
    last. Where names are wanted, their bytes in the same order, and where each begins and the last ends."""

    group1: Array
    group2: Array
    starts: Array
    at: Array
    totals: Array
    names: Array
    cuts: Array

    def spans(self, asked: pl.DataFrame) -> tuple[Array, Array]:
        """Of the group (`g1`, `g2`) of each row the place of its first point, and the one behind its last."""
        g1, g2 = asked[G1].to_numpy(), asked[G2].to_numpy()
        if not len(self.group1):
            return np.zeros(len(g1), np.int64), np.zeros(len(g1), np.int64)
        place = np.searchsorted(self.group1, g1)
        last = len(self.group1) - 1
        while True:  # as often as groups share the first half of their hash
            held = np.minimum(place, last)
            known = self.group1[held] == g1
            other = known & (self.group2[held] != g2) & (place <= last)
            if not other.any():
                break
            place = place + other
        known &= place <= last
        return np.where(known, self.starts[held], 0), np.where(known, self.starts[held + 1], 0)

    def upto(self, spans: tuple[Array, Array], times: Array) -> Array:
        """How many points stand before the first one that is later than each time, within a span."""
        low, high = spans[0].copy(), spans[1].copy()
        while (there := low < high).any():
            middle = (low + high) >> 1
            later = self.at[np.minimum(middle, len(self.at) - 1)] > times
            low = np.where(there & ~later, middle + 1, low)
            high = np.where(there & later, middle, high)
        return low

    def names_at(self, places: Array) -> pl.Series:
        """The names of points."""
        kinds, at = np.unique(places, return_inverse=True)
        begins, ends = self.cuts[kinds].tolist(), self.cuts[kinds + 1].tolist()
        texts = [self.names[begin:end].tobytes().decode() for begin, end in zip(begins, ends, strict=True)]
        return pl.Series(texts, dtype=pl.String).gather(at)


class Points:
    """Points that are gathered until all are known, and then become lines. `named`: each has an id and keeps it."""

    def __init__(self, folder: Path | None, named: bool = False, weight: type[pl.DataType] = pl.Int64) -> None:
        names = {ID: pl.String()} if named else {}
        self._named = named
        self._folder = folder
        schema = {G1: pl.UInt64(), G2: pl.UInt64(), AT: pl.Int64(), WEIGHT: weight(), **names}
        self._spool = Spool(schema, [G1, AT], None if folder is None else folder / "points")

    def add(self, frame: pl.DataFrame) -> None:
        self._spool.add(frame.select(G1, G2, AT, WEIGHT, *([ID] if self._named else [])))

    def lines(self) -> Lines:
        """All of them; weights that are texts are hexadecimal numbers of any length."""
        whole = self._spool.scan().collect_schema()[WEIGHT] == pl.Int64
        group1, group2 = self._long("group1", np.uint64), self._long("group2", np.uint64)
        starts, at = self._long("starts", np.int64), self._long("at", np.int64)
        totals = self._long("totals", np.int64 if whole else object)
        names, cuts = self._long("names", np.uint8), self._long("cuts", np.int64)
        totals.add(np.zeros(1, np.int64))
        cuts.add(np.zeros(1, np.int64))
        last: tuple[int, int] | None = None
        places = length = total = 0
        for piece in self._spool.pieces(G1, AT):
            if not piece.height:
                continue
            # one point of those at one moment, unless each has a name of its own or cannot be added here
            if whole and not self._named:
                piece = piece.group_by(G1, G2, AT).agg(pl.col(WEIGHT).sum())
            piece = piece.sort(G1, G2, AT, *([ID] if self._named else []))
            g1, g2 = piece[G1].to_numpy(), piece[G2].to_numpy()
            first = np.empty(len(g1), bool)
            first[0] = last != (g1[0], g2[0])
            first[1:] = (g1[1:] != g1[:-1]) | (g2[1:] != g2[:-1])
            weights = piece[WEIGHT].to_numpy() if whole else np.array([int(w, 16) for w in piece[WEIGHT]], object)
            sums = total + np.cumsum(weights)
            group1.add(g1[first])
            group2.add(g2[first])
            starts.add(np.flatnonzero(first) + places)
            at.add(piece[AT].to_numpy())
            totals.add(sums)
            if self._named:
                ends = length + np.cumsum(piece[ID].str.len_bytes().cast(pl.Int64).to_numpy())
                names.add(np.frombuffer("".join(piece[ID]).encode(), np.uint8))
                cuts.add(ends)
                length = int(ends[-1])
            last, places, total = (g1[-1], g2[-1]), places + len(g1), sums[-1]
        starts.add(np.array([places], np.int64))
        return Lines(*(array.whole() for array in (group1, group2, starts, at, totals, names, cuts)))

    def _long(self, name: str, dtype: type) -> _Long:
        few = self._folder is None or self._spool.rows <= MOST
        return _Long(dtype, None if few or self._folder is None else self._folder / name)
