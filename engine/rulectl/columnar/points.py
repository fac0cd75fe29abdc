"""Weighted points on the time lines of groups: what those of a group come to up to a moment, for any number of them.

An external sort and running totals. Points are held in memory until they are many, then put in files, each sorted by
the hash of their group and their time; what of all files lies between two such keys is sorted together, so that no
piece is large however points are spread over groups and times. What comes of it are arrays, mapped from files where
they are long, in which a moment is found by bisection. Groups are known by 128 bits of hash: a billion of them have two
alike with a probability of less than one in 10^20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

G1, G2, AT, WEIGHT, ID = "g1", "g2", "at", "weight", "id"

MOST = 1 << 20
"""About so many rows are sorted at once."""

_HELD = 4
"""A quarter as many are held before they are put in a file: there are two stores for each fact that is counted."""

_WORD = 63
"""Bits of a group's number and of a time together."""

_NUMBERS = (pl.Int64, pl.UInt64)

_BATCH = 1 << 14
"""Texts of so many rows are read together."""

_STEP = 1 << 10
"""Of so many rows of a file one is remembered, to know what lies where."""

Array = np.ndarray[Any, Any]


class Spool:
    """Rows held in memory or, where a folder is given and they are many, in files of it. Columns by which they are
    asked for are in `by`: none, a number, or a hash of two halves and a time in seconds."""

    def __init__(self, schema: Mapping[str, pl.DataType], by: Sequence[str], folder: Path | None) -> None:
        self.rows = 0
        self._by = by
        self._folder = folder
        self._held = [pl.DataFrame(schema=schema)]
        self._waiting = 0
        self._runs: list[_Run] = []

    def add(self, frame: pl.DataFrame) -> None:
        self._held.append(frame)
        self.rows += frame.height
        self._waiting += frame.height
        if self._folder is not None and self._waiting > MOST // _HELD:
            self._put_away(self._folder)

    def _put_away(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._runs.append(_Run.put(self._sorted(), folder / f"{len(self._runs):07}"))
        self._held = self._held[:1]
        self._waiting = 0

    def _sorted(self) -> pl.DataFrame:
        """The rows in memory, by their hash and time."""
        held = pl.concat(self._held, rechunk=True)
        return held[in_order(*(held[name].to_numpy() for name in self._by))] if len(self._by) > 1 else held

    def frames(self) -> Iterator[pl.DataFrame]:
        """All rows, in frames that fit in memory."""
        for run in self._runs:
            yield run.rows(0, run.height)
        yield pl.concat(self._held)

    def between(self, low: int, high: int) -> pl.DataFrame:
        """Rows of which the number lies between two, where frames came in its order."""
        (name,) = self._by
        found = self._held[:1]
        for run in (*self._runs, *map(_Run.of, self._held)):
            start, stop = np.searchsorted(run.numbers[name], [low, high + 1]).tolist()
            if start < stop:
                found.append(run.rows(start, stop))
        return pl.concat(found)

    def pieces(self) -> Iterator[pl.DataFrame]:
        """All rows by hash and time, about half of MOST at once."""
        runs = [*self._runs, _Run.of(self._sorted())]
        keys = [tuple([run.numbers[name] for name in self._by]) for run in runs]
        inner = [[_before(key, limit) for key in keys] for limit in _limits(keys)]
        cuts = [[0] * len(runs), *inner, [run.height for run in runs]]
        for low, high in pairwise(cuts):
            piece = pl.concat([run.rows(start, stop) for run, start, stop in zip(runs, low, high, strict=True)])
            if piece.height:
                yield piece[in_order(*(piece[name].to_numpy() for name in self._by))]

    def forget(self) -> None:
        """Let go of all rows and their files."""
        files = [file for run in self._runs for file in run.files]
        self._runs.clear()
        self._held = self._held[:1]
        for file in files:
            with suppress(OSError):  # some systems keep what was mapped; the folder goes at the end
                file.unlink()


class _Run(NamedTuple):
    """Rows, their columns of numbers as arrays. Of rows in a file these are mapped, so that what is not looked at takes
    no memory; columns that are not all numbers lie beside them as polars writes them."""

    height: int
    schema: pl.Schema
    numbers: dict[str, Array]
    rest: pl.LazyFrame
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, frame: pl.DataFrame) -> _Run:
        """Rows in memory."""
        whole = [column for column in frame if column.dtype in _NUMBERS and not column.null_count()]
        numbers = {column.name: column.to_numpy() for column in whole}
        return cls(frame.height, frame.schema, numbers, frame.drop(numbers).lazy())

    @classmethod
    def put(cls, frame: pl.DataFrame, path: Path) -> _Run:
        """Rows in files."""
        held = cls.of(frame)
        with path.open("wb") as file:
            for column in held.numbers.values():
                column.tofile(file)
        mapped = np.memmap(path, np.int64, "r").reshape(-1, held.height)
        numbers = {name: row.view(held.numbers[name].dtype) for name, row in zip(held.numbers, mapped, strict=True)}
        if not held.rest.collect_schema():
            return held._replace(numbers=numbers, files=(path,))
        rest = path.with_suffix(".arrow")
        held.rest.collect().write_ipc(rest, compression="zstd", record_batch_size=_BATCH)
        return held._replace(numbers=numbers, rest=pl.scan_ipc(rest), files=(path, rest))

    def rows(self, start: int, stop: int) -> pl.DataFrame:
        """Some of the rows."""
        found = pl.DataFrame({name: column[start:stop] for name, column in self.numbers.items()})
        if self.rest.collect_schema():
            found = found.with_columns(self.rest.slice(start, stop - start).collect())
        return found.select(*self.schema)


def _limits(keys: Sequence[tuple[Array, ...]]) -> list[tuple[Any, ...]]:
    """Keys that part sorted runs into pieces of half of MOST, told from some of their rows."""
    if sum(len(key[0]) for key in keys) <= MOST:
        return []
    step = min(_STEP, MOST)
    some = [np.concatenate(parts) for parts in zip(*([part[::step] for part in key] for key in keys), strict=True)]
    picked = in_order(*some)[:: max(1, MOST // (2 * step))]
    return sorted({tuple([part[place] for part in some]) for place in picked.tolist()})


def _before(key: tuple[Array, ...], limit: tuple[Any, ...]) -> int:
    """How many rows of a sorted run stand before a key."""
    low, high = 0, len(key[0])
    for part, value in zip(key, limit, strict=True):
        span = part[low:high]
        low, high = low + int(np.searchsorted(span, value)), low + int(np.searchsorted(span, value, "right"))
    return low


def in_order(first: Array, second: Array, times: Array) -> Array:
    """The rows by the halves of a hash and a time in seconds. The time and as much of the hash as fits make one
    integer, which numpy sorts eight times as fast as three; hashes that begin alike are sorted again."""
    if not len(first):
        return np.zeros(0, np.int64)
    low = times.min()
    bits = np.uint64(int(times.max() - low).bit_length())
    begins = first - first.min()
    begins >>= np.uint64(max(0, int(begins.max()).bit_length() + int(bits) - 64))
    whole = begins << bits | (times - low).astype(np.uint64)
    order = np.argsort(whole)
    other = changes(order, begins)
    differs = np.flatnonzero(~other & changes(order, first, second))
    if len(differs):
        group = np.cumsum(other)
        mixed = np.zeros(group[-1] + 1, np.bool_)
        mixed[group[differs]] = True
        (where,) = mixed[group].nonzero()
        rows = order[where]
        order[where] = rows[np.lexsort((times[rows], second[rows], first[rows]))]
    return order


def changes(order: Array, *columns: Array) -> Array:
    """Whether each of ordered rows differs in some column from the one before it; the first does not."""
    found = np.zeros(len(order), np.bool_)
    for column in columns:
        ordered = column[order]
        found[1:] |= ordered[1:] != ordered[:-1]
    return found


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
        # as a plain array: one that is known to be mapped takes its time for every part
        return np.asarray(np.memmap(self._path, self._dtype, "r"))


class Lines(NamedTuple):
    """The time lines of groups, one after the other. Groups by their hashes, ascending; points as integers of the
    number of the group (its last bits: `blocks` say where points begin anew, and where they end) and, in `bits`, the
    seconds from one before `low`; the total of all points that stand before each and after the last. Where names are
    wanted, their bytes in the same order, and where each begins and the last ends."""

    low: int
    bits: int
    blocks: tuple[int, ...]
    group1: Array
    group2: Array
    points: Array
    totals: Array
    names: Array
    cuts: Array

    def groups(self, asked: pl.DataFrame) -> Array:
        """The number of the group (`g1`, `g2`) of each row, -1 for one without points."""
        g1, g2 = asked[G1].to_numpy(), asked[G2].to_numpy()
        if not len(self.group1):
            return np.full(len(g1), -1)
        place = np.searchsorted(self.group1, g1)
        last = len(self.group1) - 1
        while True:  # as often as groups share the first half of their hash
            held = np.minimum(place, last)
            known = self.group1[held] == g1
            other = known & (self.group2[held] != g2) & (place <= last)
            if not other.any():
                break
            place = place + other
        return np.where(known & (place <= last), held, -1)

    def upto(self, groups: Array, times: Array | int) -> Array:
        """How many points stand before the first one of a group that is later than a time; 0 where there is no group.
        Numpy's search is quickest where groups and times ascend."""
        seconds = np.clip(times - (self.low - 1), 0, (1 << self.bits) - 1)
        found = np.zeros(len(groups), np.int64)
        for block, (start, stop) in enumerate(pairwise(self.blocks)):
            (mine,) = (groups >> (_WORD - self.bits) == block).nonzero()
            probes = _points(groups, seconds, self.bits)[mine]
            found[mine] = start + np.searchsorted(self.points[start:stop], probes, "right")
        return found

    def names_at(self, places: Array) -> pl.Series:
        """The names of points."""
        kinds, at = np.unique(places, return_inverse=True)
        begins, ends = self.cuts[kinds].tolist(), self.cuts[kinds + 1].tolist()
        texts = [self.names[begin:end].tobytes().decode() for begin, end in zip(begins, ends, strict=True)]
        return pl.Series(texts, dtype=pl.String).gather(at)


def _points(groups: Array, seconds: Array, bits: int) -> Array:
    """Numbers of groups, as far as there is room for them, and seconds as one integer."""
    points: Array = (groups & ((1 << (_WORD - bits)) - 1)) << bits | seconds
    return points


class Points:
    """Points that are gathered until all are known, and then become lines. `named`: each has an id and keeps it."""

    def __init__(self, folder: Path | None, named: bool = False, weight: type[pl.DataType] = pl.Int64) -> None:
        names = {ID: pl.String()} if named else {}
        self._named = named
        self._folder = folder
        schema = {G1: pl.UInt64(), G2: pl.UInt64(), AT: pl.Int64(), WEIGHT: weight(), **names}
        self._whole = weight is pl.Int64
        self._low, self._high = 0, -1
        self._spool = Spool(schema, [G1, G2, AT], None if folder is None else folder / "points")

    def add(self, frame: pl.DataFrame) -> None:
        if not frame.height:
            return
        times = frame[AT].to_numpy()
        least, most = int(times.min()), int(times.max())
        self._low, self._high = (min(self._low, least), max(self._high, most)) if self._spool.rows else (least, most)
        self._spool.add(frame.select(G1, G2, AT, WEIGHT, *([ID] if self._named else [])))

    def lines(self) -> Lines:
        """All of them; weights that are texts are hexadecimal numbers of any length."""
        whole = self._whole
        group1, group2 = self._long("group1", np.uint64), self._long("group2", np.uint64)
        points, totals = self._long("lines", np.int64), self._long("totals", np.int64 if whole else object)
        names, cuts = self._long("names", np.uint8), self._long("cuts", np.int64)
        totals.add(np.zeros(1, np.int64))
        cuts.add(np.zeros(1, np.int64))
        last: tuple[int, int] | None = None
        groups = places = length = total = 0
        bits = (self._high - self._low + 1).bit_length()
        blocks: list[int] = []
        for piece in self._spool.pieces():
            if self._named:
                piece = piece.sort(G1, G2, AT, ID)
            g1, g2, times = (piece[name].to_numpy() for name in (G1, G2, AT))
            weights = piece[WEIGHT].to_numpy() if whole else np.array([int(w, 16) for w in piece[WEIGHT]], object)
            rows = np.arange(len(g1))
            if whole and not self._named:  # one point of those at one moment
                other = changes(rows, g1, g2, times)
                other[0] = True
                (rows,) = other.nonzero()
                g1, g2, times, weights = g1[rows], g2[rows], times[rows], np.add.reduceat(weights, rows)
            first = changes(np.arange(len(g1)), g1, g2)
            first[0] = last != (g1[0], g2[0])
            sums = total + np.cumsum(weights)
            group1.add(g1[first])
            group2.add(g2[first])
            numbers = groups - 1 + np.cumsum(first)
            begins = first & (numbers & ((1 << (_WORD - bits)) - 1) == 0)
            blocks += (np.flatnonzero(begins) + places).tolist()
            points.add(_points(numbers, times - (self._low - 1), bits))
            totals.add(sums)
            if self._named:
                ends = length + np.cumsum(piece[ID].str.len_bytes().cast(pl.Int64).to_numpy())
                names.add(np.frombuffer("".join(piece[ID]).encode(), np.uint8))
                cuts.add(ends)
                length = int(ends[-1])
            last, places, groups, total = (g1[-1], g2[-1]), places + len(g1), int(numbers[-1]) + 1, sums[-1]
        self._spool.forget()
        arrays = (array.whole() for array in (group1, group2, points, totals, names, cuts))
        return Lines(self._low, bits, (*blocks, places), *arrays)

    def _long(self, name: str, dtype: type) -> _Long:
        few = self._folder is None or self._spool.rows <= MOST
        return _Long(dtype, None if few or self._folder is None else self._folder / name)
