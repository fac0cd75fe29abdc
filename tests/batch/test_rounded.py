"""Codes that a spreadsheet has spoilt: long numbers, rounded and written out (`1436213610742710000`), and codes that
became days (`3-12`) are told of, once a column."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from tests.batch.conftest import Batch

HEAD = "工单号,款号,问题类型,实付金额"


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (["1436213610742710000"], 1),
        (["14362136107427100", "14362136107427200"], 1),
        (["14362136107427100", "14362136107427100"], 0),
        (["1436213610742710000", "1436213610742710224"], 0),
        (["100000000000000"], 0),
        (["A436213610742710000", "K1", ""], 0),
    ],
)
def test_a_column_of_rounded_numbers(ids: list[str], told: int, batch: Batch) -> None:
    lines = [f"A{n},{text},瑕疵,3" for n, text in enumerate(ids)]
    Path("c.csv").write_text("\n".join([HEAD, *lines]) + "\n", "utf-8")
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, done.stderr.count("RB461")) == (0, told), done.stderr
    assert not told or "「款号」" in done.stderr


@pytest.mark.parametrize("day", ["2026/3/12", "2026-03-12", "3月12日", "Mar-12", "12-Mar", "2026年3月"])
def test_codes_that_became_days(day: str, batch: Batch) -> None:
    """In whichever row they stand; the first is named, and how many there are."""
    days = {300: day, 310: "3月15日", 399: "急"}
    rows = [f"B{n},{days.get(n, f'{n % 12 + 1}-{n % 28}A')},瑕疵,9,{day}" for n in range(400)]
    Path("c.csv").write_text("\n".join([HEAD + ",备注", *rows]) + "\n", "utf-8")
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, done.stderr.count("RB464")) == (0, 1), done.stderr
    assert all(text in done.stderr for text in ("第 301 行", "有 2 格", f"「{day}」")), done.stderr


def test_a_code_that_is_a_day_in_a_workbook(batch: Batch) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEAD.split(","))
    for n in range(20):
        book.active.append([f"B{n}", date(2026, 3, 12) if n == 7 else f"3-{n}", "瑕疵", 9])
    book.save("c.xlsx")
    done = batch("c.xlsx", "-o", "o.csv")
    assert (done.exit_code, done.stderr.count("RB464")) == (0, 1), done.stderr


@pytest.mark.parametrize(
    "codes",
    [
        ["K1", "2026-03-12"] * 40,  # batches called by their day, or not
        ["2026-03-12"] * 80,
        ["3月12日", *["今天寄出的"] * 60],
        ["3月12日", *["3-45"] * 10],
        ["3月12日", *["K3-45"] * 50],
        [f"K{n}" for n in range(80)],
        [f"{n % 12 + 1}-{n % 28 + 1}-{n}" for n in range(80)],
        [f"2026{n:04}" for n in range(80)],
    ],
)
def test_no_days_among_codes(codes: list[str], batch: Batch) -> None:
    rows = [f"B{n},{code},瑕疵,9" for n, code in enumerate(codes)]
    Path("c.csv").write_text("\n".join([HEAD, *rows]), "utf-8")
    done = batch("c.csv", "-o", "o.csv")
    assert (done.exit_code, done.stderr.count("RB464")) == (0, 0), done.stderr
