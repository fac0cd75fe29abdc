"""Reading a workbook into a draft against openpyxl's own read-only pass over the same file.

    python tests/benchmarks/reading.py WORKBOOK...

Prints processor seconds of both and their ratio, best of three.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl

from rulectl.sheets.reader import read_workbook


def with_openpyxl(path: Path) -> int:
    """How many values openpyxl hands out."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return sum(len(row) for sheet in book for row in sheet.iter_rows(values_only=True))


def seconds(read: Callable[[Path], object], path: Path) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        read(path)
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    for name in sys.argv[1:]:
        ours, theirs = seconds(read_workbook, Path(name)), seconds(with_openpyxl, Path(name))
        print(f"{name}: rulectl {ours:.2f} s, openpyxl {theirs:.2f} s, ratio {ours / theirs:.2f}")
