"""Compiling a workbook, and loading what was compiled, against what openpyxl and json take for the same files alone.

    python tests/benchmarks/compiling.py WORKLOAD... [--repeat 3]

Each side runs in a process of its own, in turn; processor seconds, the best of the repeats. Of a workload folder
(tests/benchmarks/README.md) only book.xlsx and cases.csv are read. Prints

- compile: the whole of `rulectl compile`, workbook file to JSON file, start of the interpreter and all, against
  openpyxl's read-only pass over the values of the workbook, by itself and with its own process around it;
- load: `rulectl.load` of the JSON file, the index, and the first case decided, against `json.loads` of its text. Both
  with the libraries imported already. The bytes of compiling twice are compared on the way.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PASS = """
import sys, time, openpyxl
start = time.process_time()
book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
sum(len(row) for sheet in book for row in sheet.iter_rows(values_only=True))
print(time.process_time() - start)
"""
PARSE = """
import sys, time, json
text = open(sys.argv[1], encoding="utf-8").read()
start = time.process_time()
json.loads(text)
print(time.process_time() - start)
"""
LOAD = """
import sys, time, json, rulectl
import rulectl.api, rulectl.codec.decode
case = json.loads(sys.argv[2])
start = time.process_time()
outcome = rulectl.load(sys.argv[1]).decide(case)
print(time.process_time() - start)
"""


def run(*command: str) -> tuple[float, str]:
    """Processor seconds of a process from start to end, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def inner(script: str, *arguments: str) -> tuple[float, float]:
    """Processor seconds that a script measures itself, and those of its whole process."""
    whole, printed = run(sys.executable, "-c", script, *arguments)
    return float(printed), whole


def measure(folder: Path, repeat: int, room: Path) -> None:
    workbook, compiled = str(folder / "book.xlsx"), room / "book.json"
    with open(folder / "cases.csv", encoding="utf-8", newline="") as file:
        case = json.dumps(next(csv.DictReader(file)), ensure_ascii=False)
    compiling, reading, processes, loading, parsing = ([] for _ in range(5))
    texts = set()
    for _ in range(repeat):
        compiling.append(run(sys.executable, "-m", "rulectl", "compile", workbook, "-o", str(compiled))[0])
        texts.add(compiled.read_bytes())
        alone, whole = inner(PASS, workbook)
        reading.append(alone)
        processes.append(whole)
        loading.append(inner(LOAD, str(compiled), case)[0])
        parsing.append(inner(PARSE, str(compiled))[0])
    assert len(texts) == 1, "compiled twice, the bytes differ"
    ours, theirs, around = min(compiling), min(reading), min(processes)
    print(f"{folder.name}: compile {ours:.2f} s, openpyxl's pass {theirs:.2f} s: {ours / theirs:.2f}", end="")
    print(f" (with its process {around:.2f} s: {ours / around:.2f})")
    ours, theirs = min(loading), min(parsing)
    print(f"{folder.name}: load {ours:.3f} s, json.loads {theirs:.3f} s: {ours / theirs:.2f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("workloads", type=Path, nargs="+")
    options.add_argument("--repeat", type=int, default=3)
    args = options.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as room:
        for folder in args.workloads:
            measure(folder, args.repeat, Path(room))
    print(f"measured in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
