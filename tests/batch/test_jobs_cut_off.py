"""Workers that die, and runs that die with workers beside them: nothing half written, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rulectl.batch.crew import Crew
from rulectl.batch.worker import Done, Worker
from tests.batch.conftest import BOOK, Batch, cases, command, environment

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for children")

TEXT = cases(4000, seed=5)


def results(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "out.csv").read_bytes(), (folder / "out.rejects.csv").read_bytes()


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"cases.csv"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The results of a run in one go."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "cases.csv").write_text(TEXT, "utf-8")
    run = command(BOOK, "cases.csv", "-o", "out.csv", "--jobs", "1")
    assert subprocess.run(run, cwd=folder, env=environment(), capture_output=True).returncode == 1
    return results(folder)


@pytest.fixture(autouse=True)
def _cases(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")


@pytest.mark.parametrize("keep", [False, True])
def test_a_worker_that_is_killed(
    keep: bool, whole: tuple[bytes, bytes], batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, asked = Worker.make, 0

    def killed(self: Worker, *rows: object) -> Done:
        nonlocal asked
        asked += 1
        if asked == 8:
            os.kill(self._process.pid, signal.SIGKILL)
        return make(self, *rows)  # type: ignore[arg-type]  # whatever it was asked

    monkeypatch.setattr(Worker, "make", killed)
    monkeypatch.setenv("RULECTL_JOBS", "processes")
    args = ("cases.csv", "-o", "out.csv", "--jobs", "2", *(["--resume"] if keep else []))
    done = batch(*args)
    assert (done.exit_code, "worker-gone" in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "out.csv").exists()
    assert bool(left(tmp_path)) == keep
    if keep:
        assert "resumed" in batch(*args).stderr
        assert results(tmp_path) == whole


def start(folder: Path, *args: str) -> subprocess.Popen[bytes]:
    """A run with two workers, some pieces on its way."""
    process = subprocess.Popen(
        command(BOOK, "cases.csv", "-o", "out.csv", "--jobs", "2", *args),
        stderr=subprocess.PIPE,
        env={**environment(), "RULECTL_JOBS": "processes", "RULECTL_DEBUG": "1"},
        cwd=folder,
    )
    journal = folder / ".out.csv.batch" / "journal"
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and journal.read_bytes().count(b"\n") > 2:
            break
        time.sleep(0.001)
    return process


def children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text().split()]


def gone(pids: list[int]) -> bool:
    """Whether processes end, within a few seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_run_that_is_killed_leaves_nobody_and_is_gone_on_with(
    whole: tuple[bytes, bytes], batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(tmp_path, "--resume") as process:
        workers = children(process.pid)
        process.kill()
        process.wait()
        assert process.returncode == -signal.SIGKILL, "the run was over before it could be killed"
        assert len(workers) == 2
        assert gone(workers)
    assert not (tmp_path / "out.csv").exists()
    # by others, and cut otherwise
    monkeypatch.setattr(Crew, "_most", lambda *_: 41)
    assert "resumed" in batch("cases.csv", "-o", "out.csv", "--resume").stderr
    assert results(tmp_path) == whole


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end(kill: signal.Signals, tmp_path: Path) -> None:
    with start(tmp_path) as process:
        workers = children(process.pid)
        process.send_signal(kill)
        _, told = process.communicate()
        assert process.returncode == 130
        assert len(workers) == 2
        assert gone(workers)
    assert b"Traceback" not in told
    assert "已中断，没有写「out.csv」" in told.decode()
    assert left(tmp_path) == set()
