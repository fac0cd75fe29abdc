"""Rulebooks of unlike shapes: where many cases at once and one case at a time are fast, and where a cliff is.

    python -m tests.benchmarks.shapes [SHAPE...] [--rows 100000] [--seed 1] [--repeat 2] [--agree 500] [--zen 2000]

Each shape is drawn with its cases (`SHAPES` says how, drawing.py what it is made of), compiled as a workbook, and the
columns are held to the one-case engine on some cases first. Printed, by processor time, in thousands of cases a second:
`Book.decide_many` with a typed frame, the first call (whatever is made at the first case included), as many new rows,
and the best of doing these again; `texts`, new rows as a file holds them, written as a results file has them; `one`,
one case at a time with the trace on, when as many others have been decided as take two seconds; and zen-engine in its
fastest mode where it can say the same or less (a list of what rules say for their sum). Ratios to that: new rows, and
one case. `small` prints milliseconds for small frames.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import itertools
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

import polars as pl

import rulectl
from rulectl.columnar.engine import ColumnarEngine
from tests.benchmarks.batch import written
from tests.benchmarks.drawing import (
    DAY,
    LISTS,
    NUMERIC,
    Shape,
    as_texts,
    cases,
    frame,
    many_tables,
    mixed,
    table,
    write_workbook,
)
from tests.benchmarks.one_case import zen_decision


def one(inputs: dict[str, str], rules: int, asked: float = 0.9, **more: Any) -> Callable[[Random], Shape]:
    """A shape of one table."""
    rest: dict[str, Any] = {key: more.pop(key) for key in ("blank", "bad") if key in more}
    extra = more.pop("more", {})
    if "texts" in more:
        rest["texts"] = more["texts"]
    return lambda r: Shape(inputs, [table(r, "表", inputs, rules, asked, **more)], extra, **rest)


def few(**more: Any) -> Callable[[Random], Shape]:
    return one(USUAL, 1000, **more)


def enums(count: int) -> dict[str, str]:
    return {f"枚{n}": "enum" for n in range(count)}


USUAL = mixed(2, 2, 1)
MORE = {f"余{n}": kind for n, kind in enumerate(["string", "number", "boolean", "date", "decimals"] * 6)}
REMARKS = {f"备注{n}": "remark" for n in range(6)}
DAYS = {"日甲": "date", "日乙": "date", "日丙": "date"}
SOME_LISTS = {"单": "list", "双": "list", "数": "number"}
SHAPES: dict[str, Callable[[Random], Shape]] = {
    "usual_100": one(USUAL, 100),
    "usual_1000": few(),
    "usual_10000": one(USUAL, 10_000),
    "unknown_30_100": one(USUAL, 100, blank=0.3),
    "unknown_30": few(blank=0.3),
    "unknown_30_10000": one(USUAL, 10_000, blank=0.3),
    "bad_5": few(bad=0.05),
    "more_columns": few(more=MORE),
    "remarks": few(more=REMARKS),
    "columns_12": one(mixed(5, 5, 2), 2000, 0.5),
    "columns_20": one(mixed(8, 8, 4), 2000, 0.4),
    "columns_40": one(mixed(14, 14, 6, 6), 2000, 0.2),
    "columns_40_100": one(mixed(14, 14, 6, 6), 100, 0.2),
    "columns_40_10000": one(mixed(14, 14, 6, 6), 10_000, 0.2),
    "columns_40_unknown": one(mixed(14, 14, 6, 6), 1000, 0.1, blank=0.3),
    "texts_8": one(mixed(8, 0, 0), 2000, 0.4),
    "texts_many_values": one(mixed(3, 1, 0), 5000, texts=2000),
    "enums_300": one({**enums(3), "数": "number"}, 1000, texts=300),
    "enums_300_unknown": one({**enums(3), "数": "number"}, 1000, texts=300, blank=0.3),
    "decimals_1000": one({"甲": "decimals", "乙": "decimals", "文": "string"}, 1000),
    "numbers_1000": one(mixed(0, 4, 0), 1000),
    "numbers_1025": one(mixed(0, 4, 0), 1025),
    "numbers_10000": one(mixed(0, 4, 0), 10_000, wide=0.1),
    "numbers_100000": one(mixed(0, 4, 0), 100_000, wide=0.05),
    "dates_2000": one(DAYS, 2000),
    "dates_unknown": one({**DAYS, "文": "string"}, 1000, blank=0.3),
    "booleans_2000": one(mixed(0, 0, 16), 2000, 0.6),
    "lists_200": one(SOME_LISTS, 200),
    "lists_2000": one(SOME_LISTS, 2000),
    "lists_unknown": one(SOME_LISTS, 1000, blank=0.3),
    "unique_1000": few(hit="U"),
    "unique_unknown": few(hit="U", blank=0.3),
    "any_1000": few(hit="A", says=30),
    "any_unknown": few(hit="A", says=30, blank=0.3),
    "priority_1000": few(hit="P", says=30),
    "priority_unknown": few(hit="P", says=30, blank=0.3),
    "collect_1000": few(hit="C", says=30),
    "collect_10000": one(USUAL, 10_000, hit="C", says=30),
    "collect_unknown": few(hit="C", says=30, blank=0.3),
    "in_order_1000": few(hit="R", says=30),
    "by_value_1000": few(hit="O", says=30),
    "sum_1000": few(hit="C+", says=30),
    "sum_unknown": few(hit="C+", says=30, blank=0.3),
    "least_1000": few(hit="C<", says=30),
    "count_1000": few(hit="C#", says=30),
    "outputs_6": few(outputs=[f"果{n}" for n in range(6)]),
    "tables_300": lambda r: many_tables(r, False),
    "tables_300_unknown": lambda r: many_tables(r, False, blank=0.3),
    "tables_300_chained": lambda r: many_tables(r, True),
}


def loaded(shape: Shape) -> rulectl.Book:
    """The shape's rulebook, by way of a workbook."""
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "book.xlsx"
        write_workbook(shape, path)
        return rulectl.load(path)


def agrees(book: rulectl.Book, some: pl.DataFrame) -> int:
    """Hold the columns to the one-case engine; AssertionError names the row."""
    found = book.decide_many(some)
    outputs = [term.id for term in book.engine.plan.outputs]
    for row, case in zip(found.iter_rows(named=True), some.iter_rows(named=True), strict=True):
        if row["status"] == "rejected":
            continue
        outcome = book.decide(case)
        for name in outputs:
            mine = row[name]
            assert (tuple(mine) if isinstance(mine, list) else mine) == outcome.outputs[name], (name, row, outcome)
        assert row["rules"] == [f"{f.table}/{f.rule}" for f in outcome.firings], (row, outcome)
        assert (row["status"], tuple(row["asks"])) == (outcome.status.value, outcome.asks), (row, outcome)
    return some.height


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def pace(decide: Callable[[Any], object], some: Iterable[Any], seconds: float) -> float:
    """Cases a second, of as many as can be decided in so many seconds of processor time."""
    start = time.process_time()
    many = iter(some)
    count = 0
    while time.process_time() - start < seconds:
        step = list(itertools.islice(many, 100))
        for case in step:
            decide(case)
        count += len(step)
        if len(step) < 100:
            break
    return count / (time.process_time() - start)


def plain(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as JSON holds it."""
    return {name: str(known) if isinstance(known, dt.date) else known for name, known in case.items()}


def numbered(case: Mapping[str, Any]) -> dict[str, Any]:
    """The same for zen-engine: dates are numbers of days."""
    return {name: (known - DAY).days if isinstance(known, dt.date) else known for name, known in case.items()}


def zen_rate(shape: Shape, many: list[dict[str, Any]]) -> float:
    """Cases a second of zen-engine."""
    tables = [{**made, "hit": "C" if made["hit"] in (*LISTS, *NUMERIC, "P") else "F"} for made in shape.tables]
    decide = zen_decision({"tables": tables})
    some = list(map(numbered, many))
    return max(pace(decide, some, 3) for _ in range(2))


def measure(name: str, rows: int, seed: int, agree: int, zen_cases: int, repeat: int) -> None:
    """Print one line for a shape."""
    r = Random(f"{name} {seed}")
    shape = SHAPES[name](r)
    book = loaded(shape)
    many = list(cases(r, shape, 2 * rows, 0))
    whole = frame(shape, many, r)
    first, later = whole.head(rows), whole.slice(rows)
    texts = as_texts(whole)
    agrees(book, first.head(agree))
    agrees(book, texts.head(agree // 5))
    book = rulectl.Book(book.rulebook)
    cold = rows / timed(lambda: book.decide_many(first))
    fresh = rows / timed(lambda: book.decide_many(later))
    warm = max(rows / timed(lambda: book.decide_many(later)) for _ in range(repeat))
    engine = ColumnarEngine(book.rulebook)
    written(engine.decide(texts.head(rows)), book)
    read = rows / timed(lambda: written(engine.decide(texts.slice(rows)), book))
    alone = rulectl.Book(book.rulebook)
    some = list(map(plain, many))
    # the cases that wait their turn are the benchmark's
    gc.collect()
    gc.freeze()
    pace(alone.decide, some[:rows], 2)
    by_one = max(pace(alone.decide, some[rows + part * 10_000 : rows + (part + 1) * 10_000], 1) for part in range(2))
    zen = zen_rate(shape, many[:zen_cases]) if zen_cases else 0.0
    rates = " ".join(f"{rate / 1000:9,.1f}" for rate in (cold, fresh, warm, read, by_one, *([zen] if zen else [])))
    print(f"{name:20s} {rates} {f'{fresh / zen:7,.0f} {by_one / zen:7,.1f}' if zen else ''}", flush=True)


def five(book: rulectl.Book, some: pl.DataFrame) -> float:
    """Seconds for one frame, five times."""
    return timed(lambda: [book.decide_many(some) for _ in range(5)])


def small(seed: int) -> None:
    """Milliseconds for frames of 1 and 100 rows, warm."""
    for name in ("usual_1000", "columns_20", "tables_300"):
        r = Random(f"{name} {seed}")
        shape = SHAPES[name](r)
        book = loaded(shape)
        for rows in (1, 100, 10_000):
            some = frame(shape, list(cases(r, shape, rows, 0)), r)
            book.decide_many(some)
            best = min(five(book, some) for _ in range(5)) / 5
            print(f"  {name:20s} {rows:6d} rows {best * 1000:9.2f} ms")


def run() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("shape", nargs="*")
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--agree", type=int, default=500)
    options.add_argument("--zen", type=int, default=2_000)
    options.add_argument("--repeat", type=int, default=2)
    args = options.parse_args()
    heads = ["first", "new", "again", "texts", "one", "zen"]
    print(f"{'shape':20s} {' '.join(f'{head:>9s}' for head in heads)} {'new/zen':>7s} {'one/zen':>7s}")
    for name in args.shape or SHAPES:
        if name != "small":
            measure(name, args.rows, args.seed, args.agree, args.zen, args.repeat)
    if not args.shape or "small" in args.shape:
        small(args.seed)


if __name__ == "__main__":
    run()
