"""Facts counted across cases, in columns: the same counts as `aggregates` gives, for files of any length.

Only the columns of the aggregate itself are needed: its keys and what it counts as texts, the time, whether the case
counts. Within a group, sorted by time, what lies in a window is the difference of two running totals, and these are
found by joining on the nearest time (`join_asof`). Distinct counts slide over the group, each case entering and
leaving once.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from rulectl.model.rulebook import Aggregate
from rulectl.runtime.aggregates import QUOTED_IDS, running_sums

ROW, ID, TIME, OF, COUNTS = "row", "id", "time", "of", "counts"
VALUE, IDS = "value", "ids"

_FIRST = pl.datetime(1, 1, 1)


def key(number: int) -> str:
    """The column of a key by which is counted."""
    return f"k{number}"


def count(aggregate: Aggregate, cases: pl.DataFrame, ids: bool) -> pl.DataFrame:
    """The count of each case: `row`, `value` (a text; no row where it is unknown) and, if wanted, the first `ids`
    behind it. `cases` has the columns `row`, `id`, the keys, `time` (null: none), `of` (null: none) and `counts`."""
    windowed = aggregate.window is not None
    keys = [key(n) for n in range(len(aggregate.by))]
    timed = cases.filter(pl.col(TIME).is_not_null()) if windowed else cases
    timed = timed.with_columns(pl.col(TIME).fill_null(_FIRST))
    members = timed.filter(pl.col(COUNTS))
    if aggregate.of is not None:
        members = members.filter(pl.col(OF).is_not_null())
    asking = timed.filter(pl.col(keys[0]).is_not_null()) if keys else timed
    found: list[pl.DataFrame] = []
    patterns = asking.select(pl.col(keys).is_not_null()).unique().rows() if keys else [()]
    for pattern in patterns:
        given = [name for name, there in zip(keys, pattern, strict=True) if there]
        mine = [pl.col(name).is_not_null() == there for name, there in zip(keys, pattern, strict=True)]
        askers = asking.filter(*mine) if mine else asking
        found.append(_groups(aggregate, given, askers, members, ids))
    empty = pl.DataFrame(schema={ROW: pl.Int64, VALUE: pl.String, **({IDS: pl.List(pl.String)} if ids else {})})
    return pl.concat([empty, *found])


def _groups(
    aggregate: Aggregate, given: Sequence[str], askers: pl.DataFrame, members: pl.DataFrame, ids: bool
) -> pl.DataFrame:
    """The counts of the cases that give the same keys."""
    group = pl.struct(given).rank("dense") if len(given) > 1 else pl.col(given[0]).rank("dense") if given else pl.lit(0)
    both = pl.concat(
        [
            members.select(*given, TIME, ID, OF, pl.lit(True).alias("member"), pl.lit(None, pl.Int64).alias(ROW)),
            askers.select(*given, TIME, ID, OF, pl.lit(False).alias("member"), ROW),
        ]
    )
    if given:
        both = both.filter(pl.all_horizontal(pl.col(given).is_not_null()))
    both = both.with_columns(group.cast(pl.Int64).alias("group")).select("group", TIME, ID, OF, "member", ROW)
    inside = both.filter("member").sort("group", TIME, ID).with_row_index("at")
    inside = inside.with_columns(pl.col("at").cast(pl.Int64))
    spans = inside.group_by("group").agg(pl.col("at").min().alias("low"), pl.len().cast(pl.Int64).alias("size"))
    asked = both.filter(~pl.col("member")).select("group", TIME, ROW).sort("group", TIME)
    asked = asked.join(spans, on="group", how="left", maintain_order="left").with_columns(
        pl.col("low", "size").fill_null(0)
    )
    if aggregate.window is None:
        asked = asked.with_columns(pl.col("low").alias("start"), (pl.col("low") + pl.col("size")).alias("stop"))
    else:
        back, on = aggregate.window, None if aggregate.back_only else aggregate.window
        start = _before(asked, inside, pl.col(TIME) - back, exact=False)
        stop = _before(asked, inside, pl.col(TIME) if on is None else pl.col(TIME) + on, exact=True)
        asked = asked.with_columns(start=start, stop=stop)
        asked = asked.with_columns(pl.max_horizontal("start", "low"), pl.max_horizontal("stop", "low"))
    values = _values(aggregate, inside, asked)
    result = asked.select(ROW).with_columns(values.alias(VALUE))
    if ids:
        names = inside[ID].to_list()
        spans_ = zip(asked["start"].to_list(), asked["stop"].to_list(), strict=True)
        quoted = [names[start : min(stop, start + QUOTED_IDS)] for start, stop in spans_]
        result = result.with_columns(pl.Series(IDS, quoted, dtype=pl.List(pl.String)))
    return result.filter(pl.col(VALUE).is_not_null())


def _before(asked: pl.DataFrame, inside: pl.DataFrame, time: pl.Expr, *, exact: bool) -> pl.Series:
    """How many of `inside` stand before each asked time of its group (`exact`: or at it), counted from the first of
    all."""
    left = asked.select("group", time.alias("t")).with_row_index("n").sort("t")
    right = inside.select("group", pl.col(TIME).alias("t"), (pl.col("at") + 1).alias("after")).sort("t", "after")
    joined = left.join_asof(
        right, on="t", by="group", strategy="backward", allow_exact_matches=exact, check_sortedness=False
    )
    return joined.sort("n")["after"].fill_null(0)


def _values(aggregate: Aggregate, inside: pl.DataFrame, asked: pl.DataFrame) -> pl.Series:
    """What lies between `start` and `stop` of each asked row, counted, as text."""
    start, stop = asked["start"], asked["stop"]
    if aggregate.function == "count":
        return (stop - start).cast(pl.String)
    if aggregate.function == "sum":
        return _sums(inside[OF], start, stop)
    return _distinct(inside, asked)


def _distinct(inside: pl.DataFrame, asked: pl.DataFrame) -> pl.Series:
    """How many different values; the asked rows are in the order of group and time, so each value enters and leaves
    once."""
    codes = (inside[OF].rank("dense").cast(pl.Int64) - 1).to_list() if len(inside) else []
    seen = [0] * (max(codes, default=-1) + 1)
    kinds = low = high = 0
    found: list[int] = []
    for start, stop in zip(asked["start"].to_list(), asked["stop"].to_list(), strict=True):
        if start >= stop:
            found.append(0)
            continue
        if start >= high:  # nothing of what was inside is left: a new group, or a gap
            for code in codes[low:high]:
                seen[code] = 0
            kinds, low, high = 0, start, start
        while high < stop:
            code = codes[high]
            kinds += not seen[code]
            seen[code] += 1
            high += 1
        while low < start:
            code = codes[low]
            seen[code] -= 1
            kinds -= not seen[code]
            low += 1
        found.append(kinds)
    return pl.Series(found, dtype=pl.Int64).cast(pl.String)


def _sums(amounts: pl.Series, start: pl.Series, stop: pl.Series) -> pl.Series:
    """Exact sums: differences of running totals that are not rounded."""
    return pl.Series(running_sums(amounts.to_list(), start.to_list(), stop.to_list()), dtype=pl.String)
