"""The shipped family on cases drawn from its sample: many at once in columns against one at a time.

    python -m tests.benchmarks.family [--rows 20000] [--alone 1000]

Two kinds of cases: those of the sample over and over, under ids of their own, and cases with amounts of their own and
two cells of another case, of which hardly two are alike (tests/columnar/test_family_in_columns.py holds both ways of
deciding to the same outcomes). Printed: cases a second by processor time, of rows not met before, and the ratio.
"""

from __future__ import annotations

import argparse
import csv
import gc
import time
from collections.abc import Callable

import polars as pl

import rulectl
from tests.columnar.test_family_in_columns import SAMPLE, drawn


def repeated(rows: int) -> list[dict[str, str]]:
    """The sample over and over."""
    with open(SAMPLE, encoding="utf-8-sig", newline="") as stream:
        sample = list(csv.DictReader(stream))
    return [{**sample[n % len(sample)], "工单号": f"R{n}"} for n in range(rows)]


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    start = time.process_time()
    work()
    return time.process_time() - start


def rates(cases: list[dict[str, str]], rows: int, alone: int) -> tuple[float, float]:
    """Cases a second in columns, of those after the first `rows`, and one by one."""
    book = rulectl.load("after_sales")
    frame = pl.DataFrame(cases, infer_schema_length=None)
    book.decide_many(frame.head(rows))
    many = (len(cases) - rows) / timed(lambda: book.decide_many(frame.slice(rows)))
    # the cases that wait their turn are the benchmark's
    gc.collect()
    gc.freeze()
    return many, alone / timed(lambda: [book.decide(case) for case in cases[:alone]])


def run() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--alone", type=int, default=1_000)
    args = options.parse_args()
    print(f"{'cases':24s} {'in columns':>12s} {'one by one':>12s} {'ratio':>6s}")
    kinds = {"the sample repeated": repeated(2 * args.rows), "amounts of their own": drawn(1, 2 * args.rows)}
    for name, cases in kinds.items():
        many, alone = rates(cases, args.rows, args.alone)
        print(f"{name:24s} {many:12,.0f} {alone:12,.0f} {many / alone:6.1f}")


if __name__ == "__main__":
    run()
