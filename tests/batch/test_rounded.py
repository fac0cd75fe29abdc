"""Long numbers that a spreadsheet has rounded and written out (`1436213610742710000`) are told of, once a column."""

from __future__ import annotations

from pathlib import Path

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
