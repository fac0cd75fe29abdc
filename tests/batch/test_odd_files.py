"""Files that begin in odd ways, line ends of old Macs, places that are no files, full disks: each comes to what one
would expect, or is told in words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.batch.conftest import BOOK, Batch, environment

HEAD = "工单号,问题类型,实付金额"


def ids(path: str) -> list[str]:
    return [line.split(",")[0] for line in Path(path).read_text("utf-8-sig").splitlines()[1:]]


def test_a_first_line_that_names_the_delimiter(batch: Batch) -> None:
    Path("c.csv").write_text("sep=;\n" + HEAD.replace(",", ";") + "\nA1;瑕疵;1\n", "utf-8")
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, ids("o.csv")) == (0, ["A1"]), done.stderr


def test_texts_that_an_export_keeps_from_being_rounded(batch: Batch) -> None:
    """`="…"`, as it stands or quoted as a cell: ids, allowed values and amounts; with nothing in it, it is blank."""
    rows = ['="202506017000000123","=""瑕疵""",="12.50"', '"=""7""",色差,=""', '"=""8""",="色差",3']
    Path("c.csv").write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    done = batch("c.csv", "-o", "o.csv", "--columns", "工单号,问题类型,实付金额")
    assert done.exit_code == 1, done.stderr
    found = [line.split(",") for line in Path("o.csv").read_text("utf-8-sig").splitlines()[1:]]
    assert found == [["202506017000000123", "瑕疵", "12.5"], ["8", "色差", "3"]]
    assert ids("o.rejects.csv") == ["2"]


@pytest.mark.parametrize("size", [400, 1 << 23])
def test_line_ends_of_old_macs_in_small_pieces_and_large(
    size: int, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is never cut in two, however long the file is."""
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    monkeypatch.setattr("rulectl.cases.pieces.SIZE", size)
    Path("c.csv").write_bytes((HEAD + "\r" + "".join(f"A{n:05},瑕疵,1\r" for n in range(300))).encode())
    assert batch("c.csv", "-o", "o.csv").exit_code == 0
    assert ids("o.csv") == [f"A{n:05}" for n in range(300)]


@pytest.mark.parametrize("head", ['工单号,"问题类型",实付金额,"备\n注"\r', "\n" + HEAD + ",备注\r"])
def test_a_line_break_before_or_in_the_headings_of_such_a_file(head: str, batch: Batch) -> None:
    Path("c.csv").write_bytes((head + "A1,瑕疵,1,x\rA2,瑕疵,1,y\r").encode())
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, ids("o.csv")) == (0, ["A1", "A2"]), done.stderr


def test_headings_alone_below_a_blank_line(batch: Batch) -> None:
    Path("c.csv").write_text(",,,\n" + HEAD, "utf-8")
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, ids("o.csv")) == (0, []), done.stderr


@pytest.mark.parametrize(
    ("out", "slug"),
    [(".", "folder-not-file"), ("/", "folder-not-file"), ("", "cannot-write"), ("no/o.csv", "no-such-folder")],
)
def test_results_that_would_be_a_folder_or_in_none(out: str, slug: str, batch: Batch) -> None:
    Path("c.csv").write_text(HEAD + "\nA1,瑕疵,1\n", "utf-8")
    done = batch("c.csv", "-o", out)
    assert (done.exit_code, slug in done.stderr) == (2, True), done.stderr


def test_results_that_would_be_a_document(batch: Batch) -> None:
    Path("c.csv").write_text(HEAD + "\nA1,瑕疵,1\n", "utf-8")
    done = batch("c.csv", "-o", "o.docx")
    assert (done.exit_code, os.listdir()) == (2, ["c.csv"]), done.stderr


def test_rulebook_and_cases_cannot_both_come_through_standard_input(batch: Batch) -> None:
    from click.testing import CliRunner

    from rulectl.cli import main

    done = CliRunner().invoke(main, ["batch", "-", "-", "-o", "o.csv", "--lang", "en"])
    assert (done.exit_code, "RB774 stdin-twice" in done.stderr) == (2, True), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits on what a process writes")
@pytest.mark.parametrize("out", ["o.csv", "o.csv.gz", "o.parquet", "o.xlsx"])
def test_a_full_disk_is_told_as_such(out: str, tmp_path: Path) -> None:
    """Whoever writes: we, the data frames, or the journal."""
    rows = "".join(f"B{n % 7}{n:06},瑕疵,1\n" for n in range(60_000))
    (tmp_path / "c.csv").write_text(HEAD + "\n" + rows, "utf-8")
    line = f'ulimit -f 300; exec "{sys.executable}" -m rulectl batch "{BOOK}" c.csv -o {out}'
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, env=environment())
    assert (done.returncode, "RB770 disk-full" in done.stderr) == (2, True), done.stderr
    assert os.listdir(tmp_path) == ["c.csv"]


def test_a_file_of_thousands_of_columns(batch: Batch) -> None:
    """A row with quotes is read in it, too; more columns than a sheet can have are told of."""
    beside = ",".join(f"x{n}" for n in range(5_000))
    Path("c.csv").write_text(f'{HEAD},{beside}\nA1,瑕疵,1,"a,b"{"," * 4_999}\nA2,瑕疵,1{"," * 5_000}\n', "utf-8")
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, ids("o.csv")) == (0, ["A1", "A2"]), done.stderr
    Path("c.csv").write_text(HEAD + ",x" * 20_000 + "\nA1,瑕疵,1\n", "utf-8")
    done = batch("c.csv", "-o", "o2.csv")
    assert (done.exit_code, "RB444 too-many-columns" in done.stderr) == (1, True), done.stderr
