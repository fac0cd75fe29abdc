"""Where cases come from and results go to that is no plain file with room in it: each is told of in words, nothing is
destroyed, and nothing is left lying about."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import sys
from collections import Counter
from pathlib import Path
from threading import Thread

import polars as pl
import pytest
from click.testing import CliRunner

import rulectl
from rulectl.batch.decisions_book import write_workbook
from rulectl.cases.reader import id_term
from rulectl.cases.writer import layout
from rulectl.cli import main
from tests.batch.conftest import BOOK, Batch, cases

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes and devices in folders")


def test_a_workbook_that_finds_no_room(tmp_path: Path) -> None:
    rulebook = rulectl.load(BOOK).rulebook
    columns = layout(rulebook, id_term(rulebook))
    with pytest.raises(OSError, match="No space left") as full:
        write_workbook([], columns, rulebook, Counter(), "zh", Path("/dev/full"), tmp_path, lambda *_: None)
    assert full.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


def test_a_workbook_whose_sheets_find_no_room(tmp_path: Path) -> None:
    """What is passing lies beside the results, not where the system keeps such things."""
    rulebook = rulectl.load(BOOK).rulebook
    columns = layout(rulebook, id_term(rulebook))
    with pytest.raises(OSError, match="No such file"):
        write_workbook([], columns, rulebook, Counter(), "zh", tmp_path / "out.xlsx", tmp_path / "none", print)


def piped(path: Path, data: bytes) -> Thread:
    """A pipe with a name, which somebody writes to."""
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(data,), daemon=True)
    writer.start()
    return writer


@pytest.mark.parametrize("name", ["cases.csv", "cases.csv.gz", "cases.xlsx", "cases.parquet", "cases.jsonl", "63"])
def test_cases_through_a_pipe_with_a_name(name: str, batch: Batch, tmp_path: Path) -> None:
    frame = pl.DataFrame({"工单号": ["A1", "A2"], "问题类型": ["瑕疵", "色差"], "实付金额": ["10", "20"]})
    data = io.BytesIO()
    match name.split(".")[-1]:
        case "xlsx":
            frame.write_excel(data)
        case "parquet":
            frame.write_parquet(data)
        case "jsonl":
            frame.write_ndjson(data)
        case ending:
            text = frame.write_csv().encode()
            data.write(gzip.compress(text) if ending == "gz" else text)
    writer = piped(tmp_path / name, data.getvalue())
    done = batch(name, "-o", "out.csv", "--trace", "none")
    writer.join()
    assert done.exit_code == 0, done.stderr
    assert [line.split(",")[0] for line in (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[1:]] == [
        "A1",
        "A2",
    ]
    assert sorted(os.listdir(tmp_path)) == sorted([name, "out.csv"])


def test_many_cases_of_python_through_a_pipe_with_a_name(tmp_path: Path) -> None:
    writer = piped(tmp_path / "cases.csv", cases(50).encode())
    frame = rulectl.load(BOOK).decide_many(tmp_path / "cases.csv")
    writer.join()
    assert frame.height > 40


def test_a_pipe_for_which_there_is_no_room(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    done = batch("-", "-o", "out.csv", stdin=cases(20).encode())
    assert (done.exit_code, "no-room-to-read" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("option", ["-o", "--rejects"])
def test_what_is_no_file_is_not_replaced(option: str, batch: Batch, tmp_path: Path) -> None:
    """`-o /dev/null` must not do away with it, whoever runs it."""
    (tmp_path / "cases.csv").write_text(cases(20), "utf-8")
    os.mkfifo(tmp_path / "out.tsv")
    args = [option, "out.tsv"] if option == "-o" else ["-o", "out.csv", option, "out.tsv"]
    done = batch("cases.csv", *args)
    assert (done.exit_code, "not-a-file" in done.stderr) == (2, True), done.stderr
    assert stat.S_ISFIFO((tmp_path / "out.tsv").stat().st_mode)


@pytest.mark.parametrize("name", ["z" * 250 + ".csv", "中" * 80 + ".csv", "z" * 300 + ".xlsx"])
def test_a_name_that_is_too_long(name: str, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(cases(20), "utf-8")
    done = batch("cases.csv", "-o", name)
    assert (done.exit_code, "cannot-write" in done.stderr) == (2, True), done.stderr
    assert os.listdir(tmp_path) == ["cases.csv"]


def test_nothing_is_left_where_the_headings_cannot_be_written(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cases.csv").write_text(cases(20), "utf-8")
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    assert batch("cases.csv", "-o", "-", "--encoding", "ascii").exit_code == 2
    assert os.listdir(tmp_path / "passing") == []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    done = batch("cases.csv", "-o", "-")
    assert (done.exit_code, "cannot-write" in done.stderr) == (2, True), done.stderr


def test_cases_of_a_comparison_through_a_pipe_with_a_name(tmp_path: Path) -> None:
    """They are read twice, though a pipe can be read once."""
    writer = piped(tmp_path / "cases.csv", "工单号,问题类型,实付金额\nA1,瑕疵,10\n".encode())
    args = ["diff", BOOK, BOOK, "--cases", str(tmp_path / "cases.csv"), "--lang", "en"]
    done = CliRunner().invoke(main, args)
    writer.join()
    assert (done.exit_code, "1 cases, decided by both" in done.stdout) == (0, True), done.stderr
