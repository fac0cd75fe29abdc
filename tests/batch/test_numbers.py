"""Numbers of a column have one type in a results file, the same whoever decides and in however large pieces."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook

from rulectl.batch.crew import Crew
from rulectl.values import CONTEXT
from tests.batch.conftest import Batch

BOOK = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 合并 |
| 工单号 | case_id | 输入 | 文本 | |
| 甲 | one | 输入 | 数值 | |
| 乙 | two | 输入 | 数值 | |
| 得数 | result | 输出 | 数值 | |
| 两数 | both | 输出 | 列表:数值 | |

## 判定
| 决策表 | 判定 | 命中策略 | F |
| 规则号 | 条件 | 结论 | 结论 |
| | 甲 | 得数 | 两数 |
| R1 | - | 甲 * 乙 | [甲 * 乙, 乙] |
"""

PLAIN = ("12", "0.5", "1200.25", "-3", "12.50", "12.5")
LONG = "1" * 20
FINE = "0." + "1" * 20
HUGE = "1E+30"
VAST = "1E+30*1E+30"


def written(batch: Batch, folder: Path, numbers: list[str], out: str, *args: str) -> bytes:
    """A results file of these numbers, or products of two."""
    pairs = [text.split("*") if "*" in text else (text, "1") for text in numbers]
    lines = [f"A{n:05},{one},{two}" for n, (one, two) in enumerate(pairs)]
    (folder / "cases.csv").write_text("\n".join(["工单号,甲,乙", *lines]) + "\n", "utf-8")
    (folder / "book.md").write_text(BOOK, "utf-8")
    columns = "工单号,得数,两数"
    done = batch("cases.csv", "-o", out, "--columns", columns, *args, book=str(folder / "book.md"))
    assert done.exit_code == 0, done.stderr
    return (folder / out).read_bytes()


@pytest.mark.parametrize(
    ("odd", "type_"),
    [
        ((), pl.Decimal(38, 2)),
        (("1" * 30,), pl.Decimal(38, 2)),
        ((FINE,), pl.Decimal(38, 20)),
        ((LONG, FINE), pl.String()),
        ((HUGE,), pl.Decimal(38, 2)),
        ((HUGE, FINE), pl.String()),
        ((VAST,), pl.String()),
    ],
)
@pytest.mark.parametrize("out", ["out.parquet", "out.xlsx"])
def test_the_type_of_numbers_hangs_on_all_of_them(
    odd: tuple[str, ...], type_: pl.DataType, out: str, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [*PLAIN * 30, *odd, *PLAIN * 30, *reversed(odd), *reversed(PLAIN * 30)]
    monkeypatch.setattr("rulectl.cli.batching.SIZE", 1 << 20)
    whole = written(batch, tmp_path, numbers, out, "--jobs", "1")
    if out == "out.parquet":
        found = pl.read_parquet(tmp_path / out)
        assert found.schema == {"工单号": pl.String, "得数": type_, "两数": pl.List(type_)}
        expected = [reduce(CONTEXT.multiply, map(Decimal, text.split("*"))) for text in numbers]
        assert list(map(Decimal, found["得数"].to_list())) == expected
        assert [Decimal(both[0]) for both in found["两数"]] == expected
        if type_ == pl.String():
            assert found["得数"].to_list()[: len(PLAIN)] == ["12", "0.5", "1200.25", "-3", "12.5", "12.5"]
            assert HUGE not in numbers or HUGE in found["得数"].to_list()
    monkeypatch.setattr(Crew, "_most", lambda *_: 17)
    assert written(batch, tmp_path, numbers, out, "--jobs", "3") == whole
    monkeypatch.setattr("rulectl.cli.batching.SIZE", 500)
    assert written(batch, tmp_path, numbers, out, "--jobs", "1") == whole


def test_a_fine_number_makes_no_texts_of_others(batch: Batch, tmp_path: Path) -> None:
    """In a workbook, which holds 15 digits exactly."""
    written(batch, tmp_path, [*PLAIN, FINE], "out.xlsx")
    sheet: Any = load_workbook(tmp_path / "out.xlsx").worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows] == [12, 0.5, 1200.25, -3, 12.5, 12.5, FINE]
    assert [row[2] for row in rows] == [f"{text};1" for text in ("12", "0.5", "1200.25", "-3", "12.5", "12.5", FINE)]


def test_where_rows_are_cut_does_not_change_a_parquet_file(batch: Batch, tmp_path: Path) -> None:
    """Nor does how many there are in a piece."""
    import rulectl.cases.parquet as parquet

    frame = pl.DataFrame({"0": [f"A{n}" for n in range(300_000)], "1": [str(n % 977) for n in range(300_000)]})
    made = []
    for size in (300_000, 70_001):
        parts = [tmp_path / f"{size}-{start}.parquet" for start in range(0, 300_000, size)]
        for number, part in enumerate(parts):
            frame.slice(number * size, size).write_parquet(part)
        parquet.write_parquet(parts, ("编号", "数"), (False, True), tmp_path / "out.parquet")
        made.append((tmp_path / "out.parquet").read_bytes())
    assert made[0] == made[1]
