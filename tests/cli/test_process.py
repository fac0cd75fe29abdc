"""The command line as a process of its own: bytes, pipes, signals, locale."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from rulectl.cli.app import _polite

DEMO = str(Path(__file__).with_name("demo.md"))
HEAD = "工单编号,问题类型,签收天数,实付金额\n"


def command(*args: str) -> list[str]:
    return [sys.executable, "-c", "from rulectl.cli import main; main()", *args]


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LC_") and k not in ("LANG", "PYTHONIOENCODING")}
    return {**kept, **more}


def test_bytes_through_pipes_are_utf8_whatever_the_system_says(tmp_path: Path) -> None:
    """As on a Chinese Windows, whose pipes speak code page 936."""
    done = subprocess.run(
        command("batch", DEMO, "-", "-o", "-"),
        input=(HEAD + "1,瑕疵,2,35\n2,没有,,\n").encode("gb18030"),
        capture_output=True,
        env=environment(PYTHONIOENCODING="cp936", LANG="zh_CN.UTF-8"),
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.decode() == (
        "工单号,补救方案,应退金额,status,asks,rules\r\n1,换货;退货退款,35,decided,,责任判定/R1;补救/B1\r\n"
    )
    assert "共 2 行：已定 1，退回 1" in done.stderr.decode()


@pytest.mark.parametrize(("locale", "word"), [("zh_CN.UTF-8", "没有命令"), ("en_US.UTF-8", "There is no command")])
def test_the_locale_chooses_the_language(locale: str, word: str) -> None:
    done = subprocess.run(command("bath"), capture_output=True, env=environment(LANG=locale), check=False)
    assert done.returncode == 2
    assert word in done.stderr.decode()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a file that is always full")
@pytest.mark.parametrize("args", [("--help",), ("check", DEMO), ("test", DEMO)])
def test_a_disk_that_takes_no_more_output_is_told(args: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command(*args), stdout=full, stderr=subprocess.PIPE, env=environment(LANG="zh_CN.UTF-8"), check=False
        )
    assert done.returncode == 2
    assert "RB770 disk-full: 磁盘满了" in done.stderr.decode()
    assert "RB719" not in done.stderr.decode()


def test_what_lies_aside_during_a_run_goes_with_it(tmp_path: Path) -> None:
    """Parquet that comes through a pipe is copied to where the system keeps what is passing."""
    passing = tmp_path / "passing"
    passing.mkdir()
    held = BytesIO()
    pl.DataFrame({"工单编号": ["1"], "问题类型": ["瑕疵"], "签收天数": ["2"], "实付金额": ["35"]}).write_parquet(held)
    done = subprocess.run(
        command("batch", DEMO, "-", "-o", "-"),
        input=held.getvalue(),
        capture_output=True,
        env=environment(TMPDIR=str(passing), LANG="en_US.UTF-8"),
        cwd=tmp_path,
        check=True,
    )
    assert b"1 decided" in done.stderr
    assert list(passing.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix")
def test_a_closed_output_is_no_error() -> None:
    run = f"{shlex.join(command('--help'))} >&-"
    done = subprocess.run(run, shell=True, capture_output=True, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_no_progress_bar_in_a_pipe(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(HEAD + "1,瑕疵,2,35\n", "utf-8")
    out = str(tmp_path / "out.csv")
    done = subprocess.run(
        command("batch", DEMO, str(cases), "-o", out), capture_output=True, env=environment(), check=True
    )
    assert b"%" not in done.stderr
    assert b"\x1b" not in done.stderr


def test_a_reader_that_goes_away_is_no_error_of_ours(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(HEAD + "".join(f"{n},瑕疵,2,35\n" for n in range(20_000)), "utf-8")
    with subprocess.Popen(
        command("batch", DEMO, str(cases), "-o", "-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no polite kill")
@pytest.mark.parametrize("kill", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_run_that_is_killed_leaves_no_half_file(kill: str, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    bad = "".join(f"x{n},没有,2,35\n" for n in range(100))
    for rows in (400_000, 800_000, 1_600_000, 3_200_000):
        cases.write_text(HEAD + bad + "".join(f"{n},瑕疵,2,35\n" for n in range(rows)), "utf-8")
        if _killed(kill, cases, tmp_path / "out.csv") == 130:
            break
        (tmp_path / "out.csv").unlink()  # it was done before anybody could look
        (tmp_path / "out.rejects.csv").unlink()
    else:
        pytest.fail("no run was long enough to be killed")
    assert list(tmp_path.iterdir()) == [cases]


def _killed(kill: str, cases: Path, out: Path) -> int:
    """The exit status of a run that is sent a signal as soon as it has begun to write."""
    # a suite in the background ignores Ctrl-C, one under nohup that its terminal is closed: a run of it would, too
    before = signal.signal(signal.Signals[kill], signal.SIG_DFL)
    with subprocess.Popen(
        command("batch", DEMO, str(cases), "-o", str(out)), stderr=subprocess.PIPE, env=environment()
    ) as process:
        signal.signal(signal.Signals[kill], before)
        deadline = time.monotonic() + 30
        while len(list(out.parent.glob(".out*"))) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.Signals[kill])
        process.wait(30)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    return process.returncode


def test_a_kill_while_python_imports_comes_a_moment_later() -> None:
    """Raised there, it would leave a lock taken, and threads that import would wait for ever."""
    text = "signal.raise_signal(signal.SIGINT)\nover = True"
    names: dict[str, object] = {"signal": signal}
    before = _polite()
    try:
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it comes at any moment
            exec(compile(text, "<frozen importlib._bootstrap>", "exec"), names)  # noqa: S102 - our own text
            began = time.monotonic()
            time.sleep(60)
    finally:
        for kill, handler in before.items():
            signal.signal(kill, handler)
    assert names["over"] is True
    assert time.monotonic() - began < 30  # it wakes whoever waits
