"""The memory that a batch holds, all of its processes together, on a file of cases.

    python -m tests.benchmarks.memory BOOK CASES [--jobs N]... (Linux)

Printed for each of `--jobs`, and for none: seconds by the clock and of processor time, the most memory that all
processes held at once beside what they share with the files they were loaded from (RssAnon of /proc), looked at thirty
times a second, and the most that each held.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PAUSE = 0.03


def family(process: int) -> Iterator[int]:
    """A process and all that it started."""
    yield process
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def held(process: int) -> int:
    """Its own memory, in bytes."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    return 0


def measure(command: list[str]) -> str:
    """Run it, and say what it took."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole, each = 0, dict[int, int]()
    while run.poll() is None:
        now = {process: held(process) for process in family(run.pid)}
        whole = max(whole, sum(now.values()))
        each |= {process: max(size, each.get(process, 0)) for process, size in now.items()}
        time.sleep(_PAUSE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if run.returncode > 1:
        sys.exit(f"it failed: {' '.join(command)}")
    parts = ", ".join(f"{size / 1e9:.2f}" for size in each.values() if size)
    return f"{time.perf_counter() - start:6.1f} s {cpu:6.1f} s {whole / 1e9:6.2f} GB ({parts})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("book")
    options.add_argument("cases")
    options.add_argument("--jobs", action="append", default=[])
    options.add_argument("--out", default="out.csv", help="the name of the results, for other formats")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / args.out)
        for jobs in ("", *args.jobs):
            more = ["--jobs", jobs] if jobs else []
            command = [sys.executable, "-m", "rulectl", "batch", args.book, args.cases, "-o", out, *more]
            print(f"{'--jobs ' + jobs if jobs else 'as it comes':12s} {measure(command)}", flush=True)


if __name__ == "__main__":
    main()
