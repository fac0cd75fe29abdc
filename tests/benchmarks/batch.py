"""Many cases at once, with the trace `rules` on: from CSV to CSV against polars reading and writing the same file, and in
memory against zen-engine.

    python tests/benchmarks/batch.py WORKLOAD... [--repeat 3] [--zen 20000]

WORKLOAD is a folder with book.xlsx, book.neutral.json, cases.csv and answers.csv (tests/benchmarks/README.md says how
to make one). Everything runs in turn in one process, the best of the repeats counts; agreement with the answers and
with zen is checked first. zen gets its fastest mode (`evaluate`, a static loader, no trace) and only so many cases,
since its pace does not change.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator

import polars as pl
from one_case import agree, read_cases, seconds, zen_decision

import rulectl
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.stream import decide_frames

PIECE = 100_000


def written(decided: Decided, book: rulectl.Book) -> pl.DataFrame:
    """The results file's columns."""
    labels = {term.id: term.name for term in book.rulebook.terms}
    outputs = [decided.text(term.id) for term in book.engine.plan.outputs]
    ids = decided.id_texts().alias("case_id")
    return pl.DataFrame([ids, *outputs, decided.status_texts(), decided.ask_texts(labels), decided.rule_texts()])


def pieces(path: pathlib.Path) -> Iterator[pl.DataFrame]:
    """A file of plain rows as frames of texts."""
    yield from pl.scan_csv(path, infer_schema=False).collect_batches(chunk_size=PIECE)


def from_csv_to_csv(book: rulectl.Book, source: pathlib.Path, target: pathlib.Path) -> None:
    """Read, decide and write a whole file."""
    engine = ColumnarEngine(book.rulebook)
    first = pl.read_csv(source, infer_schema=False, n_rows=0)
    with target.open("wb") as file:
        decided = decide_frames(engine, pieces(source), engine.headings(first), file=source.name)
        for number, part in enumerate(decided):
            written(part, book).write_csv(file, include_header=number == 0)


def copied(source: pathlib.Path, target: pathlib.Path) -> None:
    """Read and write a whole file, deciding nothing."""
    pl.read_csv(source, infer_schema=False).write_csv(target)


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def check(book: rulectl.Book, folder: pathlib.Path) -> int:
    """Hold the columns to the answers; AssertionError names the column. Returns how many cases were checked."""
    answers = list(csv.DictReader(io.StringIO((folder / "answers.csv").read_text("utf-8"))))
    frame = pl.read_csv(folder / "cases.csv", infer_schema=False, n_rows=len(answers))
    found = written(ColumnarEngine(book.rulebook).decide(frame), book)
    for name in answers[0].keys() & set(found.columns):
        for row, (mine, text) in enumerate(zip(found[name].to_list(), (a[name] for a in answers), strict=True)):
            assert mine == text or (name not in ("case_id", "rules") and float(mine) == float(text)), (name, row, mine)
    return len(answers)


def measure(folder: pathlib.Path, repeat: int, zen_cases: int) -> None:
    """Print the ratios of one workload."""
    neutral = json.loads((folder / "book.neutral.json").read_text("utf-8"))
    book = rulectl.load(folder / "book.xlsx")
    cases = read_cases(folder, neutral, zen_cases)
    theirs = zen_decision(neutral)
    print(f"{folder.name}: agreement checked on {check(book, folder)} cases", end=" ")
    print(f"and on {agree(folder, neutral, book.decide, theirs, cases)} with zen")
    source = folder / "cases.csv"
    frame = pl.read_csv(source, infer_schema=False)
    engine = ColumnarEngine(book.rulebook)
    with tempfile.TemporaryDirectory() as place:
        target = pathlib.Path(place) / "out.csv"
        work: dict[str, Callable[[], object]] = {
            "polars, reading and writing the file": lambda: copied(source, target),
            "rulectl, CSV to CSV": lambda: from_csv_to_csv(book, source, target),
            "rulectl, in memory": lambda: written(engine.decide(frame), book),
            "zen-engine, in memory": lambda: seconds(theirs, cases),
        }
        cold = frame.height / timed(work["rulectl, in memory"])
        best = dict.fromkeys(work, 0.0)
        for _ in range(repeat):
            for name, run in work.items():
                count = len(cases) if name.startswith("zen") else frame.height
                best[name] = max(best[name], count / timed(run))
    for name, rate in best.items():
        print(f"  {name:40s} {rate:12,.0f} cases/s")
    copy, csv_, memory, zen = best.values()
    print(f"  {'rulectl, in memory, first time':40s} {cold:12,.0f} cases/s")
    print(f"  CSV to CSV: {csv_ / copy:.2f} of polars, {csv_ / zen:.0f} times zen-engine in memory")
    print(f"  in memory: {memory / zen:.0f} times zen-engine (first time {cold / zen:.0f})")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("workload", type=pathlib.Path, nargs="+")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--zen", type=int, default=20_000)
    args = options.parse_args()
    for folder in args.workload:
        measure(folder, args.repeat, args.zen)


if __name__ == "__main__":
    main()
