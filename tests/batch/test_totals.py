"""The totals of an export and the lines below them (`共 123 条`) are no cases: each is rejected with one reason that
says so, in every format alike, also where a rulebook could decide it; the other rows are what they are without them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import rulectl
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.totals import not_a_case
from tests.batch.conftest import BOOK, PIECE, Batch, cases
from tests.batch.oracle import decisions
from tests.batch.test_repeated import read, write

HEADINGS, *PLAIN = list(csv.reader(io.StringIO(cases(90, seed=5), newline="")))
TOTALS = (
    ["合计", "", "", "", "", "12,345.60", ""],
    ["", "合计：", "", "", "320", "￥12,345.60", "-"],
    ["Total", "", "", "", "", "12345.6", ""],
    [" 总　计 ", "总计", "总计", "", "12 件", "12345.60元", "—"],
    ["本页小计(30笔)", "", "", "", "", "-5", ""],
    ["合计", "", "", "", "", "", ""],
)
CLOSING = (
    ["共 123 条", "", "", "", "", "", ""],
    ["导出时间：2025-07-08 10:00:00", "", "", "", "", "", ""],
    ["导出人：", "小王", "", "", "", "", ""],
    ["Total: 123 records", "", "", "", "", "", ""],
)

SMALL = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 必填 |
| 工单号 | case_id | 输入 | 文本 | 是 |
| 金额 | amount | 输入 | 数值 | 是 |
| 答复 | reply | 输出 | 文本 | |

## 判定
| 决策表 | 判定 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 金额 | 答复 |
| R1 | >100 | 大 |
| R2 | - | 小 |
"""
"""A rulebook that could decide its totals."""


@pytest.mark.parametrize("row", TOTALS, ids="|".join)
def test_totals_are_known(row: list[str]) -> None:
    assert not_a_case(row) == ("totals-no-case", next(cell.strip() for cell in row if cell.strip()))


@pytest.mark.parametrize("row", CLOSING, ids="|".join)
def test_lines_below_the_rows_are_known(row: list[str]) -> None:
    assert not_a_case(row) == ("closing-line", row[0])


@pytest.mark.parametrize(
    "row",
    [
        ["", "", ""],
        ["A1", "", "12"],
        ["1", "合计", "12"],
        ["合计", "瑕疵", "12"],
        ["合计", "2025-07-08", "12"],
        ["合计服饰", "", "12"],
        ["Totally", "", "12"],
        ["共享单车", "", "12"],
        ["共 3 件破了，买家要退", "瑕疵", "12"],
        ["导出时间", "", "12"],
        ["备注：急", "", ""],
    ],
    ids="|".join,
)
def test_cases_are_not_taken_for_totals(row: list[str]) -> None:
    assert not_a_case(row) is None


@pytest.mark.parametrize("size", [150, PIECE, 1 << 20])
@pytest.mark.parametrize("name", ["cases.csv", "cases.tsv", "cases.xlsx", "cases.parquet"])
def test_of_a_file_each_is_rejected_with_one_reason(
    name: str, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    write(tmp_path, name, [HEADINGS, *PLAIN])
    batch(name, "-o", "out.csv")
    decided, rejected = read(tmp_path / "out.csv"), read(tmp_path / "out.rejects.csv")
    rows = [HEADINGS, *PLAIN, *TOTALS, *CLOSING]
    path = write(tmp_path, name, rows)
    done = batch(name, "-o", "out.csv")
    assert (done.exit_code, len(rows) - 1) == (1, int(done.stderr.split("共 ")[-1].split(" 行")[0])), done.stderr
    assert read(tmp_path / "out.csv") == decided
    found = read(tmp_path / "out.rejects.csv")
    assert found[: len(rejected)] == rejected
    last = found[len(rejected) :]
    assert [row[0] for row in last] == [str(n) for n in range(len(PLAIN) + 1, len(rows))]
    assert [row[1] for row in last] == [""] * len(last)
    assert ["合计行" in row[2] for row in last] == [True] * len(TOTALS) + [False] * len(CLOSING)
    assert all("结尾" in row[2] for row in last[len(TOTALS) :])
    book = rulectl.load(BOOK)
    with path.open("rb") as stream:
        read_singly = book.open_stream(stream, name)
        assert not isinstance(read_singly, Unreadable)
        singly = [one for one in book.run(read_singly) if isinstance(one, Reject)]
    assert [str(one.number) for one in singly] == [row[0] for row in found[1:]]
    assert [[f.slug for _, f in one.problems] for one in singly[-len(CLOSING) :]] == [["closing-line"]] * len(CLOSING)


def test_lines_that_are_short_of_delimiters(batch: Batch, tmp_path: Path) -> None:
    lines = ["工单号,金额,备注", "A1,35,", "合计,35", "共 1 条", "导出时间：2025-07-08 10:00:00", "A2"]
    data = ("\n".join(lines) + "\n").encode()
    (tmp_path / "cases.csv").write_bytes(data)
    (tmp_path / "book.md").write_text(SMALL, "utf-8")
    done = batch("cases.csv", "-o", "out.csv", book=str(tmp_path / "book.md"))
    assert done.exit_code == 1
    assert [row[0] for row in read(tmp_path / "out.csv")[1:]] == ["A1"]
    found = read(tmp_path / "out.rejects.csv")[1:]
    assert [row[0] for row in found] == ["2", "3", "4", "5"]
    assert ["合计行" in row[2] for row in found] == [True, False, False, False]
    assert ["结尾" in row[2] for row in found] == [False, True, True, False]
    _, expected, _ = decisions(rulectl.load(tmp_path / "book.md"), data)
    assert list(csv.reader(io.StringIO(expected))) == found


def test_a_rulebook_that_could_decide_its_totals(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("工单号,金额\nA1,35\n合计,35\n", "utf-8")
    (tmp_path / "book.md").write_text(SMALL, "utf-8")
    done = batch("cases.csv", "-o", "out.csv", book=str(tmp_path / "book.md"))
    assert (done.exit_code, len(read(tmp_path / "out.csv"))) == (1, 2)
    # a file of rejected rows that comes back has three columns of ours in front
    again = batch("out.rejects.csv", "-o", "again.csv", book=str(tmp_path / "book.md"))
    assert (again.exit_code, len(read(tmp_path / "again.csv"))) == (1, 1)
    assert "合计行" in read(tmp_path / "again.rejects.csv")[1][2]


def test_a_column_that_is_blank_throughout_hides_no_totals(batch: Batch, tmp_path: Path) -> None:
    lines = ["序号,工单号,金额", *(f",A{n},35" for n in range(3000)), ",合计,105000"]
    (tmp_path / "cases.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "book.md").write_text(SMALL, "utf-8")
    assert batch("cases.csv", "-o", "out.csv", book=str(tmp_path / "book.md")).exit_code == 1
    assert len(read(tmp_path / "out.csv")) == 3001
    assert [row[4] for row in read(tmp_path / "out.rejects.csv")[1:]] == ["合计"]
