"""Facts counted across cases, in columns: the same counts as `runtime.aggregates` gives, for files of any length.

Every count is a difference of two running totals on the time line of a group (`points.py`). A case that counts is a
point of weight one; of a sum, its amount is the weight. Of a distinct count each value is a point of weight one at the
first moment that has it within its window, and one of weight minus one after the last: a value that comes again
within the window adds nothing, so that few points are left of many cases.

Two passes: in the first, each case says what it brings (`add`) and what it will ask (`asks`), in the second each
question gets its value (`values`). What is kept is bounded by what differs, and lies in files where that is much.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from rulectl.columnar.amounts import LARGEST, PLACES
from rulectl.columnar.points import AT, G1, G2, ID, WEIGHT, Array, Points, Spool, changes, in_order
from rulectl.model.rulebook import Aggregate
from rulectl.runtime.aggregates import QUOTED_IDS, exact_units, places_of, sum_text

ROW, TIME, OF, UNITS, COUNTS = "row", "time", "of", "units", "counts"
VALUE, IDS = "value", "ids"

_TIMES, _P1, _P2 = "times", "p1", "p2"

_SEEDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
"""Two independent hashes make one of 128 bits."""

_EVER = 10**12
"""Seconds: more than lie between any two dates."""

_BEFORE = -7 * 10**10
"""A time before all others."""

_SAMPLE = 4_096
"""So many rows tell whether many cases bring the same."""


def key(number: int) -> str:
    """The column of a key by which is counted."""
    return f"k{number}"


class Across:
    """One aggregate over the cases of a file. Frames of cases have the columns `row`, `id`, the keys (texts, null: not
    given), `time` (null: none), `of` (a text, null: none) and `counts`; where amounts are added up, plain ones stand in
    `units` of 10**-6 (null: not plain) instead of `of`. `ids`: whether the ids behind a count are wanted. Where a
    `folder` is given, what is much lies there."""

    def __init__(self, aggregate: Aggregate, ids: bool = False, folder: Path | None = None) -> None:
        self._aggregate = aggregate
        self._ids = ids
        self._folder = folder
        self._keys = [key(n) for n in range(len(aggregate.by))]
        self._kept: dict[str, pl.DataType] = {**dict.fromkeys(self._keys, pl.String()), AT: pl.Int64()}
        if aggregate.function != "count":
            self._kept[OF] = pl.String()
        if aggregate.function == "sum":
            self._kept[UNITS] = pl.Int64()
        if ids:
            self._kept[ID] = pl.String()
        self._members = Spool({**self._kept, _TIMES: pl.UInt32()}, [], self._in("members"))
        self._patterns: set[int] = set()
        self._amounts = _Amounts()
        window = aggregate.window
        self._back = _EVER if window is None else min(window // dt.timedelta(seconds=1), _EVER)
        self._ahead = 0 if window is not None and aggregate.back_only else self._back

    def _in(self, name: str) -> Path | None:
        return None if self._folder is None else self._folder / name

    # -- the first pass -----------------------------------------------------------------------------------------

    def add(self, cases: pl.DataFrame) -> None:
        """What cases bring to the counts of others, and of themselves."""
        members = self._timed(cases.filter(COUNTS))
        if self._aggregate.of is not None:
            there = [pl.col(name).is_not_null() for name in (OF, UNITS) if name in members.columns]
            members = members.filter(pl.any_horizontal(there))
        if self._ids and self._aggregate.window is None:
            # all are near, whatever their times; these put the ids in order
            members = members.with_columns(pl.col(TIME).dt.epoch("s").fill_null(_BEFORE).alias(AT))
        members = members.select(*self._kept)
        if 2 * members.head(_SAMPLE).n_unique() < min(members.height, _SAMPLE):
            several = members.group_by(*self._kept).agg(pl.len().cast(pl.UInt32).alias(_TIMES))
        else:
            several = members.with_columns(pl.lit(1, pl.UInt32).alias(_TIMES))
        if self._aggregate.function == "sum":
            self._amounts.look_at(several)
        self._members.add(several)

    def asks(self, cases: pl.DataFrame) -> pl.DataFrame:
        """What cases will ask, one row for each whose count is known: `row`, the hashes of its group, its time."""
        asking = self._timed(cases)
        if self._keys:
            asking = asking.filter(pl.col(self._keys[0]).is_not_null())
        given = np.zeros(asking.height, np.int64)
        for number, name in enumerate(self._keys):
            given |= asking[name].is_not_null().to_numpy().astype(np.int64) << number
        found = [self._asked(asking.filter(given == pattern), int(pattern)) for pattern in np.unique(given)]
        return pl.concat(found) if found else pl.DataFrame(schema=ASKED)

    def _asked(self, asking: pl.DataFrame, pattern: int) -> pl.DataFrame:
        self._patterns.add(pattern)
        return self._grouped(asking, pattern).select(*ASKED)

    def _timed(self, cases: pl.DataFrame) -> pl.DataFrame:
        """Those that have a time where one is needed, with it in seconds."""
        if self._aggregate.window is None:
            return cases.with_columns(pl.lit(0, pl.Int64).alias(AT))
        return cases.filter(pl.col(TIME).is_not_null()).with_columns(pl.col(TIME).dt.epoch("s").alias(AT))

    def _grouped(self, cases: pl.DataFrame, pattern: int) -> pl.DataFrame:
        """Cases with the hashes of their group among those that give the keys of a pattern (a bit for each key), those
        left out that lack one of these."""
        given = [name for number, name in enumerate(self._keys) if pattern >> number & 1]
        if given:
            cases = cases.filter(pl.all_horizontal(pl.col(given).is_not_null()))
        return _hashed(cases, given, pattern, (G1, G2))

    # -- between the passes -------------------------------------------------------------------------------------

    def count(self) -> None:
        """No more cases will come."""
        function = self._aggregate.function
        if function == "distinct count":
            points = self._stretches()
        elif function == "sum":
            points = Points(self._in("sums"), weight=pl.Int64 if self._amounts.short else pl.String)
            for part in self._parts():
                points.add(part.with_columns(self._amounts.whole(part).alias(WEIGHT)))
        else:
            points = self._each(named=self._ids)
        self._lines = points.lines()
        self._behind = self._lines if function == "count" or not self._ids else self._each(named=True).lines()
        self._members.forget()

    def _parts(self) -> Iterator[pl.DataFrame]:
        """The cases that count, once for each pattern of keys that somebody gives."""
        for pattern in sorted(self._patterns):
            for frame in self._members.frames():
                yield self._grouped(frame, pattern)

    def _each(self, named: bool) -> Points:
        """A point for each case."""
        points = Points(self._in("counts"), named)
        for part in self._parts():
            points.add(part.with_columns(pl.col(_TIMES).cast(pl.Int64).alias(WEIGHT)))
        return points

    def _stretches(self) -> Points:
        """The stretches of time during which a case would have a value within its window."""
        schema: dict[str, pl.DataType] = {
            _P1: pl.UInt64(),
            _P2: pl.UInt64(),
            G1: pl.UInt64(),
            G2: pl.UInt64(),
            AT: pl.Int64(),
        }
        held = Spool(schema, [_P1, _P2, AT], self._in("values"))
        for part in self._parts():
            held.add(_hashed(part, [G1, G2, OF], 0, (_P1, _P2)).select(*schema))
        points = Points(self._in("stretches"))
        begins = (pl.col(AT) - self._ahead).alias(AT), pl.lit(1, pl.Int64).alias(WEIGHT)
        ends = (pl.col(AT) + self._back + 1).alias(AT), pl.lit(-1, pl.Int64).alias(WEIGHT)
        open_ = pl.DataFrame(schema=schema)
        for piece in held.pieces():
            frame = pl.concat([open_, piece])
            same = (pl.col(_P1) == pl.col(_P1).shift()) & (pl.col(_P2) == pl.col(_P2).shift())
            near = pl.col(AT) - pl.col(AT).shift() <= self._back + self._ahead
            first = frame.select((~(same & near)).fill_null(True)).to_series()
            last = first.shift(-1, fill_value=False)
            if open_.height:  # which has begun
                first = pl.concat([pl.Series([False]), first[1:]])
            points.add(frame.filter(first).with_columns(*begins))
            points.add(frame.filter(last).with_columns(*ends))
            open_ = frame.tail(1)
        points.add(open_.with_columns(*ends))
        held.forget()
        return points

    # -- the second pass ----------------------------------------------------------------------------------------

    def values(self, asked: pl.DataFrame) -> pl.DataFrame:
        """The count of each case that asks: `row`, `value` (a float, or a text where some have more digits than floats
        tell apart; null: past any number that we write) and, if wanted, the first `ids` behind it by their times."""
        keys = [asked[name].to_numpy() for name in (G1, G2, AT)]
        order = in_order(*keys)
        other = changes(order, *keys)
        other[:1] = True
        # what is looked up in order lies side by side
        alike = asked[order[other]]
        at = alike[AT].to_numpy()
        lines = self._lines
        groups = lines.groups(alike)
        if self._aggregate.function == "distinct count":
            upto, before = lines.upto(groups, at), lines.upto(groups, lines.low - 1)
        else:
            upto, before = lines.upto(groups, at + self._ahead), lines.upto(groups, at - self._back - 1)
        counts = lines.totals[upto] - lines.totals[before]
        values = self._amounts.values(counts) if self._aggregate.function == "sum" else pl.Series(counts.astype(float))
        own = np.empty(len(order), np.int64)
        own[order] = np.cumsum(other) - 1
        found = asked.select(ROW).with_columns(values.gather(own).alias(VALUE))
        return found.with_columns(self._names(alike).gather(own).alias(IDS)) if self._ids else found

    def _names(self, asked: pl.DataFrame) -> pl.Series:
        """The first ids behind the count of each case."""
        lines, at = self._behind, asked[AT].to_numpy()
        groups = lines.groups(asked)
        start, stop = lines.upto(groups, at - self._back - 1), lines.upto(groups, at + self._ahead)
        sizes = np.minimum(stop - start, QUOTED_IDS)
        places = np.repeat(start - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        owners = pl.Series(np.repeat(np.arange(len(sizes)), sizes), dtype=pl.Int64)
        lists = pl.DataFrame({"n": owners, IDS: lines.names_at(places)}).group_by("n", maintain_order=True).agg(IDS)
        rows = pl.DataFrame({"n": pl.int_range(len(sizes), dtype=pl.Int64, eager=True)})
        return rows.join(lists, on="n", how="left", maintain_order="left")[IDS].fill_null([])


ASKED: dict[str, pl.DataType] = {ROW: pl.Int64(), G1: pl.UInt64(), G2: pl.UInt64(), AT: pl.Int64()}
"""What a case asks."""


def _hashed(cases: pl.DataFrame, names: list[str], salt: int, into: tuple[str, str]) -> pl.DataFrame:
    """Cases with a hash of 128 bits of some columns."""
    found = []
    for seed, name in zip(_SEEDS, into, strict=True):
        mixed: Array = np.full(cases.height, salt, np.uint64)
        for column in names:
            mixed = mixed * np.uint64(_SEEDS[0]) ^ cases[column].hash(seed).to_numpy()
        found.append(pl.Series(name, mixed, dtype=pl.UInt64))
    return cases.with_columns(found)


class _Amounts:
    """Amounts that are added up as whole numbers of a unit that all of them have, without rounding."""

    def __init__(self) -> None:
        self._most = 0.0
        self._places = PLACES
        self.short = True
        """Whether 64 bits hold every total."""

    def look_at(self, several: pl.DataFrame) -> None:
        """Amounts that are to be added up, each so many `times`."""
        self._most += several.select((pl.col(UNITS).abs().cast(pl.Float64) * pl.col(_TIMES)).sum()).item()
        odd = several[OF].drop_nulls().unique()
        self._places = max(self._places, *(places_of(amount) for amount in odd), 0)
        self.short = self.short and not len(odd) and self._most < 2.0**62

    def whole(self, part: pl.DataFrame) -> pl.Series:
        """What amounts, each so many `times`, come to: whole numbers, hexadecimal where 64 bits do not hold totals."""
        if self.short:
            return part[UNITS] * part[_TIMES].cast(pl.Int64)
        finer = 10 ** (self._places - PLACES)
        rows = part.select(UNITS, OF, _TIMES).iter_rows()
        each = ((exact_units(text, self._places) if units is None else units * finer, n) for units, text, n in rows)
        return pl.Series([f"{units * times:x}" for units, times in each], dtype=pl.String)

    def values(self, totals: Array) -> pl.Series:
        """Sums as floats, or as texts, null past any number that we write."""
        if self.short:
            places = self._places
            while places and not (totals % 10).any():
                totals, places = totals // 10, places - 1
            if not (np.abs(totals) >= LARGEST).any():  # the nearest float tells these apart
                return pl.Series(totals / 10.0**places)
        kinds, at = np.unique(totals, return_inverse=True)
        return pl.Series([sum_text(int(one), self._places) for one in kinds], dtype=pl.String).gather(at)
