"""Many cases at once, with the trace `rules` on: from CSV to CSV against polars reading and writing the same file, and
in memory against zen-engine.

    python -m tests.benchmarks.batch WORKLOAD... [--repeat 3] [--zen 20000] [--jobs 1] [--least 1000000]

WORKLOAD is a folder with book.xlsx, book.neutral.json, cases.csv and answers.csv (tests/benchmarks/README.md says how
to make one). Everything runs in turn, the best of the repeats counts; agreement with the answers and with zen is
checked first. From CSV to CSV rulectl and polars are processes of their own, start-up and compilation of the workbook
counted; their processor time is shown too, for it is steadier where other programs run, and what is left of the ratios
without the time that each takes for a file of one case: its start. In memory the cases are
repeated, under ids of their own, until there are --least of them. zen gets its fastest mode (`evaluate`, a static
loader, no trace) and --zen cases, since its pace does not change.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import polars as pl

import rulectl
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from tests.benchmarks.one_case import agree, read_cases, seconds, zen_decision


def written(decided: Decided, book: rulectl.Book) -> pl.DataFrame:
    """The results file's columns."""
    labels = {term.id: term.name for term in book.rulebook.terms}
    outputs = [decided.text(term.id) for term in book.engine.plan.outputs]
    ids = decided.id_texts().alias("case_id")
    return pl.DataFrame([ids, *outputs, decided.status_texts(), decided.ask_texts(labels), decided.rule_texts()])


def command(book: pathlib.Path, source: pathlib.Path, target: pathlib.Path, jobs: int) -> None:
    """The command as a process of its own, start and compilation of the workbook included. Nothing stands in the place
    of the results: to give back the room of an earlier file would be counted."""
    target.unlink(missing_ok=True)
    files = [str(book), str(source), "-o", str(target)]
    line = [sys.executable, "-m", "rulectl", "batch", *files, "--jobs", str(jobs)]
    subprocess.run(line, check=True, capture_output=True)


def copy_command(source: pathlib.Path, target: pathlib.Path) -> None:
    """Read and write a whole file in a process of its own, to a place where nothing stands."""
    target.unlink(missing_ok=True)
    code = "import polars as pl, sys; pl.read_csv(sys.argv[1], infer_schema=False).write_csv(sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, str(source), str(target)], check=True)


def zen_files(folder: pathlib.Path, neutral: dict[str, Any], target: pathlib.Path, theirs: Any, count: int) -> None:
    """The first cases from CSV to CSV by zen-engine, read and written by the csv module."""
    wanted = [name for name, role, *_ in neutral["terms"] if role == "output"]
    with open(target, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for case in read_cases(folder, neutral, count):
            said = theirs(case)
            writer.writerow([case.get("case_id", ""), *(said.get(name) for name in wanted)])


def check_file(folder: pathlib.Path, target: pathlib.Path) -> int:
    """Hold a results file of the command to the answers, by headings; AssertionError names the column."""
    answers = pl.read_csv(folder / "answers.csv", infer_schema=False).fill_null("")
    found = pl.read_csv(target, infer_schema=False, n_rows=answers.height).fill_null("")
    for name in set(answers.columns) & set(found.columns):
        for row, (mine, text) in enumerate(zip(found[name], answers[name], strict=True)):
            assert mine == text or (name not in ("case_id", "rules") and float(mine) == float(text)), (name, row, mine)
    return answers.height


def processes() -> float:
    """Processor time of all processes started so far that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def measure(folder: pathlib.Path, repeat: int, zen_cases: int, jobs: int, least: int) -> None:
    """Print the ratios of one workload."""
    neutral = json.loads((folder / "book.neutral.json").read_text("utf-8"))
    book = rulectl.load(folder / "book.xlsx")
    cases = read_cases(folder, neutral, zen_cases)
    theirs = zen_decision(neutral)
    print(f"{folder.name}: agreement checked on {check(book, folder)} cases", end=" ")
    print(f"and on {agree(folder, neutral, book.decide, theirs, cases)} with zen")
    source = folder / "cases.csv"
    frame = pl.read_csv(source, infer_schema=False)
    rows = frame.height
    if rows < least:
        frame = pl.concat([frame] * -(-least // rows))
        frame = frame.with_columns(case_id=pl.int_range(pl.len()).cast(pl.String)).rechunk()
    engine = ColumnarEngine(book.rulebook)
    with tempfile.TemporaryDirectory() as place:
        target, one = pathlib.Path(place) / "out.csv", pathlib.Path(place) / "one.csv"
        with open(source, "rb") as stream:
            one.write_bytes(b"".join(islice(stream, 2)))
        workbook = folder / "book.xlsx"
        work: dict[str, Callable[[], object]] = {
            "polars, reading and writing the file": lambda: copy_command(source, target),
            "rulectl batch, CSV to CSV": lambda: command(workbook, source, target, jobs),
            "zen-engine, CSV to CSV": lambda: zen_files(folder, neutral, target, theirs, len(cases)),
            "rulectl, in memory": lambda: written(engine.decide(frame), book),
            "zen-engine, in memory": lambda: seconds(theirs, cases),
        }
        command(workbook, source, target, jobs)
        print(f"  the file agrees on {check_file(folder, target)} cases")
        cold = frame.height / timed(work["rulectl, in memory"])
        best = dict.fromkeys(work, 0.0)
        spent = dict.fromkeys(work, float("inf"))
        for _ in range(repeat):
            for name, run in work.items():
                before = processes()
                count = len(cases) if name.startswith("zen") else frame.height if name.endswith("memory") else rows
                best[name] = max(best[name], count / timed(run))
                spent[name] = min(spent[name], processes() - before)
        starts = [
            min(timed(run) for _ in range(2 * repeat))
            for run in (lambda: copy_command(one, target), lambda: command(workbook, one, target, jobs))
        ]
    for name, rate in best.items():
        print(f"  {name:40s} {rate:12,.0f} cases/s")
    copy, csv_, zen_csv, memory, zen = best.values()
    print(f"  {'rulectl, in memory, first time':40s} {cold:12,.0f} cases/s")
    theirs_spent, ours_spent, *_ = spent.values()
    print(f"  processor time, CSV to CSV: {ours_spent:.2f} s, polars {theirs_spent:.2f} s")
    print(f"  CSV to CSV: {csv_ / copy:.2f} of polars, {csv_ / zen_csv:.0f} times zen-engine (by {len(cases)} cases)")
    theirs_rows, ours_rows = (rows / rate - start for rate, start in zip((copy, csv_), starts, strict=True))
    without = f"{theirs_rows / ours_rows:.2f} of polars, {rows / ours_rows / zen_csv:.0f} times zen-engine"
    print(f"  starts: {starts[1]:.2f} s, polars {starts[0]:.2f} s; without them {without}")
    print(f"  polars, which decides nothing: {copy / zen_csv:.0f} times zen-engine")
    print(f"  in memory: {memory / zen:.0f} times zen-engine (first time {cold / zen:.0f})")


def run() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("workload", type=pathlib.Path, nargs="+")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--zen", type=int, default=20_000)
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--least", type=int, default=1_000_000)
    args = options.parse_args()
    for folder in args.workload:
        measure(folder, args.repeat, args.zen, args.jobs, args.least)


if __name__ == "__main__":
    run()
