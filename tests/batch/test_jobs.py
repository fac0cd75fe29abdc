"""Who decides makes no difference: engines in threads, workers beside them, and into how many parts a chunk is cut."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rulectl
from rulectl.batch import crew, order
from rulectl.batch.crew import Crew, Task
from rulectl.batch.making import Making
from rulectl.batch.order import Hands, Way, hands
from rulectl.batch.worker import Failed, Worker
from rulectl.cases.reader import Reject
from rulectl.cases.table import ROW, Chunk
from rulectl.cases.writer import UnwritableError
from rulectl.codec.encode import dumps
from rulectl.diagnostics import finding
from rulectl.report.findings import finding_text
from rulectl.runtime.durable_engine import DurableError
from rulectl.source import FilePlace
from tests.batch.conftest import BOOK, Batch, cases

TEXT = cases(900, seed=9)
OUTS = ("out.csv", "out.tsv.gz", "out.jsonl.zst", "out.parquet", "out.xlsx")


def cut(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Have chunks cut into parts of about so many rows."""
    monkeypatch.setattr(Crew, "_most", lambda *_: rows)


def run(batch: Batch, folder: Path, out: str, *args: str, book: str = BOOK) -> tuple[bytes, bytes, list[str]]:
    """What a run gives: results, rejects, and what it says but for the time."""
    done = batch("cases.csv", "-o", out, *args, book=book)
    assert done.exit_code == 1, done.stderr
    rejects = next(folder.glob("out*.rejects.*"))
    said = [line for line in done.stderr.splitlines() if not line.startswith("用时")]
    return (folder / out).read_bytes(), rejects.read_bytes(), said


@pytest.mark.parametrize("out", OUTS)
def test_who_decides_changes_nothing(out: str, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    whole = run(batch, tmp_path, out, "--jobs", "1")
    assert run(batch, tmp_path, out) == whole
    cut(monkeypatch, 37)
    assert run(batch, tmp_path, out, "--jobs", "3") == whole
    monkeypatch.setenv("RULECTL_JOBS", "processes")
    assert run(batch, tmp_path, out, "--jobs", "2") == whole


def test_workers_of_a_compiled_rulebook(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    book = tmp_path / "book.json"
    book.write_text(dumps(rulectl.load(BOOK).rulebook), "utf-8")
    args = ("out.csv", "--trace", "full", "--encoding", "gb18030")
    whole = run(batch, tmp_path, *args, "--jobs", "1", book=str(book))
    monkeypatch.setenv("RULECTL_JOBS", "processes")
    assert run(batch, tmp_path, *args, "--jobs", "3", book=str(book)) == whole


def test_the_other_engine_has_workers_too(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("durable")
    (tmp_path / "cases.csv").write_text(cases(90, seed=3), "utf-8")
    whole = run(batch, tmp_path, "out.csv", "--engine", "durable")
    cut(monkeypatch, 17)
    monkeypatch.setenv("RULECTL_JOBS", "processes")
    assert run(batch, tmp_path, "out.csv", "--engine", "durable", "--jobs", "2") == whole


def test_workers_come_while_engines_here_go_on(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    whole = run(batch, tmp_path, "out.csv", "--jobs", "1")
    for name in ("PACE", "WORTH"):
        monkeypatch.setattr(crew, name, 0.0)
    cut(monkeypatch, 10)
    decided: list[str] = []

    def here(self: Crew, turns: Any) -> bool:
        decided.append("here")
        deadline = time.monotonic() + 60
        while decided.count("here") > 30 and self._ready < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        return decide_here(self, turns)

    def start(self: Crew) -> Worker | None:
        """As long as a worker takes to start on a busy machine, at the least."""
        deadline = time.monotonic() + 60
        while decided.count("here") <= 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        return start_worker(self)

    def beside(self: Crew, worker: Worker) -> bool:
        decided.append("beside")
        return decide_beside(self, worker)

    decide_here, decide_beside, start_worker = Crew._decide_here, Crew._decide_beside, Crew._worker
    monkeypatch.setattr(Crew, "_decide_here", here)
    monkeypatch.setattr(Crew, "_worker", start)
    monkeypatch.setattr(Crew, "_decide_beside", beside)
    assert run(batch, tmp_path, "out.csv", "--jobs", "2") == whole
    assert decided[:20] == ["here"] * 20
    assert decided[-20:] == ["beside"] * 20, "the engines here have gone home"


def test_where_no_worker_can_be_started(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    *whole, said = run(batch, tmp_path, "out.csv", "--jobs", "1")
    monkeypatch.setattr("sys.executable", "/no/such/program")
    for name in ("PACE", "WORTH"):
        monkeypatch.setattr(crew, name, 0.0)
    *found, told = run(batch, tmp_path, "out.csv", "--jobs", "2")
    assert found == whole
    assert [line for line in told if line not in said and "RB778" in line]
    monkeypatch.setenv("RULECTL_JOBS", "processes")
    done = batch("cases.csv", "-o", "out.csv", "--jobs", "2")
    assert (done.exit_code, "worker-gone" in done.stderr) == (1, True), done.stderr


def test_what_cannot_be_written_is_told_alike(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.csv").write_text(TEXT.replace("A000500,", "A000500é,"), "utf-8")
    args = ("cases.csv", "-o", "out.csv", "--encoding", "ascii")
    alone = batch(*args, "--jobs", "1")
    cut(monkeypatch, 50)
    monkeypatch.setenv("RULECTL_JOBS", "processes")
    told = batch(*args, "--jobs", "2")
    assert (told.exit_code, told.stderr) == (alone.exit_code, alone.stderr)
    assert "not-in-encoding" in told.stderr


# -- who decides, and how much at a time ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jobs", "way", "expected"),
    [
        (None, "auto", Hands(1, 4)),
        (1, "auto", Hands(1, 0)),
        (3, "auto", Hands(3, 3)),
        (None, "threads", Hands(1, 0)),
        (3, "threads", Hands(3, 0)),
        (None, "processes", Hands(0, 4)),
        (1, "processes", Hands(0, 1)),
    ],
)
def test_hands(jobs: int | None, way: Way, expected: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "_usual", lambda: 4)
    assert hands(jobs, way) == expected


def test_one_processor_needs_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "_usual", lambda: 1)
    assert hands(None, "auto") == Hands(1, 0)


US = 1e-6


@pytest.mark.parametrize(
    ("parts", "waiting", "over", "hired"),
    [
        # few rows took long, and many wait
        ([(4000, 500 * US)], 60_000, False, True),
        # as long, but these are all
        ([(4000, 500 * US)], 2000, True, False),
        # as many again may come
        ([(4000, 500 * US), (4000, 400 * US)], 2000, False, True),
        # what was met for the first time took long, the rest does not
        ([(20_000, 30 * US), (60_000, 3 * US)], 200_000, False, False),
        # the usual file
        ([(8000, 6 * US), (65_000, 1 * US)], 2_000_000, False, False),
        # it was a bad stretch
        ([(8000, 6 * US), (65_000, 1 * US), (65_000, 80 * US)], 200_000, False, False),
        # it was not
        ([(8000, 6 * US), (65_000, 1 * US), (65_000, 80 * US), (18_000, 80 * US)], 200_000, False, True),
        # too few rows to tell
        ([(2, 5000 * US)], 60_000, False, False),
    ],
)
def test_workers_come_when_they_pay(
    parts: Sequence[tuple[int, float]], waiting: int, over: bool, hired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[bool] = []
    monkeypatch.setattr(Crew, "_hire", lambda _: came.append(True))
    one = Crew(making(), (), 2)
    came.clear()  # where there is no engine, they come at once
    one._hired = False
    one._uncut, one._over = waiting, over
    for rows, pace in parts:
        one._measured(rows, rows * pace * 0.75)
        one._wrote(rows, rows * pace * 0.25)
    assert bool(came) == hired


def making() -> Making:
    """What is never asked."""
    return object.__new__(Making)


@given(
    height=st.integers(0, 40),
    most=st.integers(1, 15),
    rejected=st.lists(st.integers(1, 60), unique=True, max_size=10),
)
def test_parts_are_the_chunk(height: int, most: int, rejected: list[int]) -> None:
    numbers = [n for n in range(1, height + len(rejected) + 1) if n not in rejected][:height]
    reasons = ((("", finding("blank-rows", FilePlace("x"), count=1))),)
    rejects = tuple(Reject(n, "", (), reasons) for n in sorted(rejected))
    frame = pl.DataFrame({ROW: pl.Series(numbers, dtype=pl.Int64), "0": pl.Series(map(str, numbers), dtype=pl.String)})
    counts = frame.select(pl.col("0").alias("counted"))
    task = Task(Chunk(frame, rejects, 1, height, 0, 0), counts)
    while not task.whole:
        task.cut(most)
    parts = task.parts
    assert pl.concat([part.chunk.frame for part in parts]).equals(frame)
    assert pl.concat([part.counts for part in parts if part.counts is not None]).equals(counts)
    assert tuple(reject for part in parts for reject in part.chunk.rejects) == rejects
    assert all(part.chunk.frame.height <= 1.5 * most for part in parts)
    for part, later in pairwise(parts):
        first = later.chunk.frame[ROW][0]
        assert all(reject.number < first for reject in part.chunk.rejects)


@pytest.mark.parametrize(
    "error",
    [
        UnwritableError(3, "备注", "é"),
        DurableError(finding("durable-too-slow", FilePlace(""), seconds=1)),
        KeyError("x"),
        OSError(28, "No space left"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_workers_are_told_as_they_were(error: Exception) -> None:
    again = Failed.of(error).error()
    assert type(again) is type(error)
    assert (str(again), again.args) == (str(error), error.args)
    if isinstance(again, DurableError) and isinstance(error, DurableError):
        assert finding_text(again.finding, "zh") == finding_text(error.finding, "zh")
    if isinstance(again, UnwritableError):
        assert (again.row, again.field, again.text) == (3, "备注", "é")
    if isinstance(again, OSError):
        assert again.errno == 28
