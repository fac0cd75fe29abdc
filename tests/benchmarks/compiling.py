"""Compiling a workbook, and loading what was compiled, against what openpyxl and json take for the same files alone.

    python tests/benchmarks/compiling.py WORKLOAD... [--repeat 3]

Each side runs in a process of its own, in turn; processor seconds, the best of the repeats. Of a workload folder
(tests/benchmarks/README.md) only book.xlsx and cases.csv are read; a workbook by itself is compiled only. Byte code is
kept between the runs, as pip leaves it behind, so that the first is not counted. Prints

- in process: from workbook file to JSON text with the libraries imported, against openpyxl's read-only pass over the
  values of the workbook;
- processes: the whole of `rulectl compile`, start of the interpreter and all, against a process that does nothing but
  that pass;
- load: `rulectl.load` of the JSON file, the index, and the first case decided, against `json.loads` of its text. Both
  with the libraries imported already. The bytes of compiling twice are compared on the way.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
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
COMPILE = """
import sys, time
from rulectl.codec.encode import dumps
from rulectl.collecting import uncollected
from rulectl.loading import load_rulebook
dumps(load_rulebook("examples/parcels/parcels.xlsx").rulebook)
start = time.process_time()
with uncollected():
    dumps(load_rulebook(sys.argv[1]).rulebook)
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


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(*command: str) -> tuple[float, str]:
    """Processor seconds of a process from start to end, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def inner(script: str, *arguments: str) -> tuple[float, float]:
    """Processor seconds that a script measures itself, and those of its whole process."""
    whole, printed = run(sys.executable, "-c", script, *arguments)
    return float(printed), whole


def compiling(workbook: str, compiled: Path, repeat: int) -> None:
    name = "/".join(Path(workbook).parts[-2:])
    whole, inside, passes, processes = ([] for _ in range(4))
    texts = set()
    for _ in range(repeat):
        whole.append(run(sys.executable, "-m", "rulectl", "compile", workbook, "-o", str(compiled))[0])
        texts.add(compiled.read_bytes())
        inside.append(inner(COMPILE, workbook)[0])
        alone, around = inner(PASS, workbook)
        passes.append(alone)
        processes.append(around)
    assert len(texts) == 1, "compiled twice, the bytes differ"
    ours, theirs = min(inside), min(passes)
    print(f"{name}: in process {ours:.3f} s, openpyxl's pass {theirs:.3f} s: {ours / theirs:.2f};", end=" ")
    ours, theirs = min(whole), min(processes)
    print(f"processes {ours:.2f} s and {theirs:.2f} s: {ours / theirs:.2f}", flush=True)


def loading(folder: Path, compiled: Path, repeat: int) -> None:
    with open(folder / "cases.csv", encoding="utf-8", newline="") as file:
        case = json.dumps(next(csv.DictReader(file)), ensure_ascii=False)
    loads, parses = ([] for _ in range(2))
    for _ in range(repeat):
        loads.append(inner(LOAD, str(compiled), case)[0])
        parses.append(inner(PARSE, str(compiled))[0])
    ours, theirs = min(loads), min(parses)
    print(f"{folder.name}: load {ours:.3f} s, json.loads {theirs:.3f} s: {ours / theirs:.2f}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("workloads", type=Path, nargs="+", help="folders with a workload, or workbooks")
    options.add_argument("--repeat", type=int, default=3)
    args = options.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as room:
        ENVIRONMENT["PYTHONPYCACHEPREFIX"] = room
        compiled = Path(room) / "book.json"
        for path in args.workloads:
            compiling(str(path / "book.xlsx" if path.is_dir() else path), compiled, args.repeat)
            if path.is_dir():
                loading(path, compiled, args.repeat)
    print(f"measured in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
