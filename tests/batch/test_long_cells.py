"""Cells of more text than anybody reads: read where they stand in one line, else their row is rejected with the true
reason; no other row is touched."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import rulectl
from rulectl.cases.records import LONGEST
from tests.batch.conftest import BOOK, Batch
from tests.batch.oracle import decisions

HEAD = "工单号,问题类型,实付金额,备注\n"
LONG = "长" * LONGEST
BEFORE, AFTER = "A1,瑕疵,1,x\n", "A3,瑕疵,3,y\n"


def written(folder: Path, text: str, batch: Batch) -> tuple[list[str], list[list[str]]]:
    """The ids of the cases decided, and the rows rejected; the same row by row."""
    (folder / "cases.csv").write_bytes(text.encode())
    done = batch("cases.csv", "-o", "out.csv", "--trace", "none")
    assert done.exit_code in (0, 1), done.stderr
    decided = (folder / "out.csv").read_text("utf-8-sig")
    kept = folder / "out.rejects.csv"
    rejected = kept.read_bytes().decode("utf-8-sig").split("\r\n", 1)[1] if kept.exists() else ""
    wanted, bad, _ = decisions(rulectl.load(BOOK), text.encode(), trace="none")
    assert decided == wanted.replace("\r\n", "\n")
    rows = list(csv.reader(io.StringIO(rejected, newline="")))
    assert [[c for c in row if c] for row in rows] == [[c for c in row if c] for row in csv.reader(io.StringIO(bad))]
    return [row[0] for row in csv.reader(io.StringIO(decided))][1:], rows


@pytest.mark.parametrize("size", [1 << 14, 1 << 23])
@pytest.mark.parametrize("cell", [LONG, f'"{LONG}"', f'"a,{LONG}"', '"' + "行\n" * 1000 + '"'])
def test_what_is_read(cell: str, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    assert written(tmp_path, f"{HEAD}{BEFORE}A2,瑕疵,2,{cell}\n{AFTER}", batch) == (["A1", "A2", "A3"], [])


@pytest.mark.parametrize("size", [1 << 14, 1 << 23])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("cell", [f'"{LONG}\n{LONG}"', f'"x\n{LONG}"', f'"{LONG}\nx"'])
def test_what_is_rejected(
    cell: str, last: bool, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that begins the cell for its length, the others for being no rows."""
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    ids, rows = written(tmp_path, f"{HEAD}{BEFORE}A2,瑕疵,2,{cell}\n{'' if last else AFTER}", batch)
    assert ids == (["A1"] if last else ["A1", "A3"])
    assert [(row[0], "131,072" in row[2]) for row in rows] == [("2", True), ("3", False)]
    assert rows[0][3].startswith("A2,瑕疵,2,")


def test_a_quote_that_is_never_closed_in_a_long_file(batch: Batch, tmp_path: Path) -> None:
    rows = "".join(f"B{n:05},瑕疵,1,{'字' * 40}\n" for n in range(5000))
    ids, rejected = written(tmp_path, f'{HEAD}A2,瑕疵,2,"开了没关\n{rows}', batch)
    assert (len(ids), len(rejected)) == (5000, 1)
