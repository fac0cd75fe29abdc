"""`explain` reads whatever `batch` reads: workbooks, Parquet, compressed text."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import zstandard

from tests.cli.demo import CASES, DEMO, Run


def write(path: Path) -> None:
    """The usual cases as a file of this name, a workbook with a title above them."""
    rows = list(csv.reader(io.StringIO(CASES)))
    match path.suffix:
        case ".xlsx":
            book = openpyxl.Workbook()
            assert book.active is not None
            for row in (["七月售后"], *rows):
                book.active.append(row)
            for cell in (cell for row in book.active for cell in row if cell.data_type == "f"):
                cell.data_type = "s"  # a text that begins like a formula, as in the other files
            book.save(path)
        case ".parquet":
            pl.read_csv(io.StringIO(CASES), infer_schema=False).write_parquet(path)
        case ".gz":
            path.write_bytes(gzip.compress(CASES.encode()))
        case ".zst":
            path.write_bytes(zstandard.compress(CASES.encode()))


@pytest.mark.parametrize("name", ["c.xlsx", "c.parquet", "c.csv.gz", "c.csv.zst"])
def test_a_case_of_any_file_is_explained(name: str, run: Run, tmp_path: Path) -> None:
    write(tmp_path / name)
    for id_ in ("001", "002", "003", "004"):
        plain, other = (run("explain", DEMO, file, "--case-id", id_) for file in ("cases.csv", name))
        assert other.stdout == plain.stdout
        assert other.exit_code == plain.exit_code
    assert run("explain", DEMO, name, "--case-id", "nobody").exit_code == 1


@pytest.mark.parametrize("name", ["c.xlsx", "c.parquet", "c.csv.gz", "c.csv.zst"])
def test_a_file_that_is_damaged(name: str, run: Run, tmp_path: Path) -> None:
    write(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    done = run("explain", DEMO, name, "--case-id", "1")
    assert (done.exit_code, "RB440" in done.stderr or "RB769" in done.stderr) == (1, True), done.output
