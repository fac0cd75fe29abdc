"""A run that is cut off leaves no half file, and one that goes on with it gives the same results, byte for byte."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from rulectl.batch.sinks import Lines, TextSink
from tests.batch.conftest import PIECE, Batch, cases, command, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")

TEXT = cases(4000, seed=5)
OUTS = ("out.csv", "out.csv.gz", "out.jsonl.zst", "out.parquet", "out.xlsx")


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"cases.csv"}


def results(folder: Path, out: str) -> tuple[bytes, bytes]:
    rejects = next(folder.glob("out*.rejects.*"))
    return (folder / out).read_bytes(), rejects.read_bytes()


def start(folder: Path, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(str(Path(__file__).with_name("counting.md")), *args),
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=folder,
    )


def kill_in_the_middle(folder: Path, out: str, steps: int, *more: str) -> bool:
    """Start a run, and kill it once so many pieces are done; whether it was still at it."""
    journal = folder / f".{out}.batch" / "journal"
    with start(folder, "cases.csv", "-o", out, *more) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if journal.exists() and journal.read_bytes().count(b"\n") > steps:
                break
            time.sleep(0.001)
        process.kill()
        process.wait()
        return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("out", OUTS)
def test_killed_and_gone_on_with(out: str, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    assert batch("cases.csv", "-o", out).exit_code == 1
    whole = results(tmp_path, out)
    for path in tmp_path.glob("out*"):
        path.unlink()
    draw = Random(out)
    killed = 0
    for _ in range(2):
        steps = draw.randrange(1, len(TEXT.encode()) // PIECE - 2)
        if kill_in_the_middle(tmp_path, out, steps, "--resume"):
            killed += 1
            assert not (tmp_path / out).exists()
            assert not list(tmp_path.glob("out*"))
    assert killed, "the run was over before it could be killed"
    done = batch("cases.csv", "-o", out, "--resume")
    assert done.exit_code == 1, done.stderr
    assert "resumed" in done.stderr
    assert results(tmp_path, out) == whole
    assert not list(tmp_path.glob(".out*")), "nothing of the journal is left"


def test_a_summary_is_that_of_all_rows(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    whole = batch("cases.csv", "-o", "whole.csv").stderr.splitlines()
    kill_in_the_middle(tmp_path, "out.csv", 3)
    again = batch("cases.csv", "-o", "out.csv", "--resume").stderr.splitlines()
    assert [line for line in whole if line.startswith(("共", "用得", "最常"))] == [
        line for line in again if line.startswith(("共", "用得", "最常"))
    ]


@pytest.fixture
def half(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was cut off after a few pieces, as by a power cut."""
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    fail_after(monkeypatch, 4, KeyboardInterrupt)
    assert batch("cases.csv", "-o", "out.csv", "--resume").exit_code == 130
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr("rulectl.cli.batching.SIZE", PIECE)
    assert left(tmp_path) == {".out.csv.batch", ".out.csv.part", ".out.rejects.csv.part"}
    return tmp_path


def test_the_pace_that_is_shown_is_that_of_this_run(half: Path, batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, float]] = []
    monkeypatch.setattr("rulectl.cli.progress.Bar.progress", lambda _, rows, share: told.append((rows, share)))
    steps = [json.loads(line) for line in (half / ".out.csv.batch" / "journal").read_bytes().splitlines()[1:]]
    before = sum(step["rows"] for step in steps)
    assert 0 < before < 4000
    batch("cases.csv", "-o", "out.csv", "--resume")
    counting = next(at for at, (one, other) in enumerate(pairwise(told)) if other[0] < one[0]) + 1
    decided = told[counting:]
    assert decided[-1] == (4000 - before, 1.0)
    assert decided[0][0] < 1000
    assert decided[0][1] > 0.4 + 0.6 * before / 4000, "counting all of them is the rest of the work"


def fail_after(monkeypatch: pytest.MonkeyPatch, count: int, error: BaseException | type[BaseException]) -> None:
    """Let so many writes succeed, then none."""
    add = TextSink.add
    made = 0

    def failing(self: TextSink, piece: bytes | Lines) -> None:
        nonlocal made
        made += 1
        if made > count:
            raise error
        add(self, piece)

    monkeypatch.setattr(TextSink, "add", failing)


@pytest.mark.parametrize("what", ["input", "tail", "rulebook", "options"])
def test_what_has_changed_is_told_and_never_mixed(what: str, half: Path, batch: Batch) -> None:
    args = ["cases.csv", "-o", "out.csv", "--resume"]
    text = Path(__file__).with_name("counting.md").read_text("utf-8")
    book = half / "book.md"
    if what == "rulebook":
        book.write_text(text.replace("<=7", "<=8"), "utf-8")
    elif what == "input":
        (half / "cases.csv").write_text(TEXT.replace("瑕疵", "色差", 1), "utf-8")
    elif what == "tail":
        with (half / "cases.csv").open("a", encoding="utf-8") as file:
            file.write("Z1,K1,2025-01-01 00:00,瑕疵,1,1,\n")
    else:
        args += ["--trace", "full"]
    done = batch(*args, **({"book": str(book)} if what == "rulebook" else {}))
    assert done.exit_code == 1
    assert f"resume-other-{'input' if what == 'tail' else what}" in done.stderr
    assert not (half / "out.csv").exists()
    assert ".out.csv.batch" in left(half), "what was done is still there"
    fresh = batch(*[arg for arg in args if arg != "--resume"])
    assert "unfinished-run-dropped" in fresh.stderr
    assert left(half) - {"book.md"} == {"out.csv", "out.rejects.csv"}


def test_a_torn_line_and_a_file_that_grew_past_the_journal(half: Path, batch: Batch) -> None:
    journal = half / ".out.csv.batch" / "journal"
    journal.write_bytes(journal.read_bytes() + b'{"digest": 12')
    with (half / ".out.csv.part").open("ab") as file:
        file.write(b"half a row")
    assert batch("cases.csv", "-o", "out.csv", "--resume").exit_code == 1
    once = results(half, "out.csv")
    batch("cases.csv", "-o", "out.csv")
    assert results(half, "out.csv") == once


def test_nothing_to_go_on_with_is_said(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(cases(20), "utf-8")
    assert "nothing-to-resume" in batch("cases.csv", "-o", "out.csv", "--resume").stderr
    assert batch("-", "-o", "out.csv", "--resume", stdin=b"").exit_code == 2
    assert batch("cases.csv", "-o", "-", "--resume").exit_code == 2


@pytest.mark.parametrize("keep", [False, True])
def test_a_full_disk(keep: bool, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    fail_after(monkeypatch, 6, OSError(errno.ENOSPC, "No space left on device"))
    done = batch("cases.csv", "-o", "out.csv", *(["--resume"] if keep else []))
    assert (done.exit_code, "disk-full" in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "out.csv").exists()
    assert bool(left(tmp_path)) == keep


def test_two_runs_for_one_place(half: Path, batch: Batch) -> None:
    import fcntl

    with (half / ".out.csv.batch" / "journal").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = batch("cases.csv", "-o", "out.csv")
    assert (done.exit_code, "output-busy" in done.stderr) == (2, True)
    assert left(half) == {".out.csv.batch", ".out.csv.part", ".out.rejects.csv.part"}


@pytest.mark.parametrize("change", ["grow", "vanish"])
def test_cases_that_change_while_they_are_read(
    change: str, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(TEXT, "utf-8")
    add = TextSink.add

    def changing(self: TextSink, piece: bytes) -> None:
        if change == "grow" and path.exists():
            with path.open("a", encoding="utf-8") as file:
                file.write("Z1,K1,2025-01-01 00:00,瑕疵,1,1,\n")
            os.utime(path, (1, 1))
        elif path.exists():
            path.unlink()
        add(self, piece)

    monkeypatch.setattr(TextSink, "add", changing)
    done = batch("cases.csv", "-o", "out.csv")
    assert (done.exit_code, "cases-changed" in done.stderr) == (1, True), done.stderr
    assert left(tmp_path) == set()


@pytest.mark.parametrize("jobs", ["2", "5"])
def test_jobs_change_nothing(jobs: str, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    batch("cases.csv", "-o", "out.csv")
    one = results(tmp_path, "out.csv")
    batch("cases.csv", "-o", "out.csv", "--jobs", jobs)
    assert results(tmp_path, "out.csv") == one


def test_a_folder_that_cannot_be_written(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(cases(20), "utf-8")
    (tmp_path / ".out.csv.batch").write_text("a file where the folder should be")
    done = batch("cases.csv", "-o", "out.csv")
    assert (done.exit_code, "cannot-write" in done.stderr) == (2, True)
    assert left(tmp_path) == {".out.csv.batch"}
