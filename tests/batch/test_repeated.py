"""Headings that stand again in the middle of a file, where exports were put one below the other, are passed over and
told of once; the other rows are what they are without them, and keep their numbers. Below headings in another order the
rows are read by these; below others none is decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import polars as pl
import pytest

import rulectl
from rulectl.cases.headings import Plan, by_heading, key_of, plan, readable
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.repeated import HeadingRow
from rulectl.cases.sifted import Sifted
from rulectl.cases.table import Chunk, frame_of
from tests.batch.conftest import BOOK, PIECE, Batch, cases
from tests.batch.oracle import decisions

HEADINGS, *PLAIN = list(csv.reader(io.StringIO(cases(90, seed=5), newline="")))
AGAIN = {
    "as they stand": HEADINGS,
    "spelt otherwise": [f" {cell} " if n % 2 else f"\ufeff{cell}" for n, cell in enumerate(HEADINGS)],
}
AT = (0, 1, 40, 41, 89)
"""Before which of the cases the headings stand once more."""

TEXTS = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 |
| Order ID | order | 输入 | 文本 |
| 备注 | note | 输入 | 文本 |
| 答复 | reply | 输出 | 文本 |

## 判定
| 决策表 | 判定 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 备注 | 答复 |
| R1 | 包含 急 | 马上 |
| R2 | - | 稍后 |
"""
"""A rulebook that could decide its own headings."""


def several(again: list[str]) -> list[list[str]]:
    """Exports one below the other."""
    rows = [HEADINGS]
    for number, row in enumerate(PLAIN):
        rows += [again, row] if number in AT else [row]
    return rows


def write(folder: Path, name: str, rows: list[list[str]]) -> Path:
    path = folder / name
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        assert book.active is not None
        for row in rows:
            book.active.append(row)
        for cells in book.active.iter_rows():
            for cell in cells:
                cell.data_type = "s" if cell.value else cell.data_type
        book.save(path)
    elif name.endswith(".parquet"):
        pl.DataFrame(rows[1:], schema=rows[0], orient="row").write_parquet(path)
    else:
        held = io.StringIO()
        csv.writer(held, delimiter="\t" if ".tsv" in name else ",", lineterminator="\n").writerows(rows)
        path.write_text(held.getvalue(), "utf-8")
    return path


def read(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


@pytest.mark.parametrize("size", [150, PIECE, 1 << 20])
@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("name", ["cases.csv", "cases.tsv", "cases.xlsx", "cases.parquet"])
def test_repeated_headings_are_passed_over(
    name: str, again: str, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    write(tmp_path, name, [HEADINGS, *PLAIN])
    batch(name, "-o", "out.csv")
    decided, rejected = read(tmp_path / "out.csv"), read(tmp_path / "out.rejects.csv")
    path = write(tmp_path, name, several(AGAIN[again]))
    done = batch(name, "-o", "out.csv")
    assert done.exit_code == 1, done.stderr
    assert read(tmp_path / "out.csv") == decided
    shift = {number: number + sum(at < number for at in AT) for number in range(1, len(PLAIN) + 1)}
    expected = [[str(shift[int(number)]), *row] for number, *row in rejected[1:]]
    found = read(tmp_path / "out.rejects.csv")[1:]
    # an id that was there before is told with the row of the first
    assert [row for row in found if "已经处理" not in row[2]] == [row for row in expected if "已经处理" not in row[2]]
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert done.stderr.count("RB446") == 1
    assert "有 5 行" in done.stderr
    book = rulectl.load(BOOK)
    with path.open("rb") as stream:
        rows = book.open_stream(stream, name)
        assert not isinstance(rows, Unreadable)
        alone = list(book.run(rows))
    assert [str(row.number) for row in alone if isinstance(row, Reject)] == [row[0] for row in found]
    assert [found.slug for found in rows.findings].count("repeated-headings") == 1
    (told,) = (found for found in rows.findings if found.slug == "repeated-headings")
    assert (dict(told.fields)["count"], str(told.at.place)) == ("5", "1")
    assert book.decide_many(path).height == len(PLAIN)


def test_a_rulebook_that_could_decide_its_headings(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "book.md").write_text(TEXTS, "utf-8")
    rows = ["Order ID,备注", "A1,急", "order id ,备注", "Order ID,急", "ＯＲＤＥＲ  ID,备注,,", "备注,备注", "A2,"]
    (tmp_path / "cases.csv").write_text("\n".join(rows) + "\n", "utf-8")
    done = batch("cases.csv", "-o", "out.csv", book=str(tmp_path / "book.md"))
    assert done.exit_code == 0, done.stderr
    assert [row[0] for row in read(tmp_path / "out.csv")[1:]] == ["1", "3", "5", "6"]
    assert "有 2 行" in done.stderr
    expected, _, _ = decisions(rulectl.load(tmp_path / "book.md"), (tmp_path / "cases.csv").read_bytes())
    assert (tmp_path / "out.csv").read_text("utf-8-sig") == expected.replace("\r\n", "\n")


def test_counting_does_not_count_them(batch: Batch, tmp_path: Path) -> None:
    """Nor does a run that is gone on with tell them twice."""
    write(tmp_path, "cases.csv", several(HEADINGS))
    done = batch("cases.csv", "-o", "out.jsonl")
    assert done.stderr.count("RB446") == 1
    assert "同款件数" in (tmp_path / "out.jsonl").read_text("utf-8")


def moved(rows: list[list[str]], order: list[int]) -> list[list[str]]:
    return [[row[at] for at in order] for row in rows]


@pytest.mark.parametrize("size", [500, 1 << 20])
@pytest.mark.parametrize("name", ["cases.csv", "cases.xlsx"])
def test_headings_in_another_order(
    name: str, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows below them, also rejected ones, are what they are in one order; so they are one by one."""
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    write(tmp_path, name, [HEADINGS, *PLAIN[:30], HEADINGS, *PLAIN[30:60], HEADINGS, *PLAIN[60:]])
    batch(name, "-o", "out.csv")
    decided, rejected = read(tmp_path / "out.csv"), read(tmp_path / "out.rejects.csv")
    order = [*range(3, len(HEADINGS)), 0, 2, 1]
    (spelt,) = moved([HEADINGS], order)
    spelt = [cell if at % 2 else f"\ufeff{cell}" for at, cell in enumerate(spelt)]
    spelt[spelt.index("备注")] = "客服备注"  # which no rule reads
    path = write(tmp_path, name, [HEADINGS, *PLAIN[:30], spelt, *moved(PLAIN[30:60], order), HEADINGS, *PLAIN[60:]])
    done = batch(name, "-o", "out.csv")
    assert (read(tmp_path / "out.csv"), read(tmp_path / "out.rejects.csv")) == (decided, rejected)
    assert (done.stderr.count("RB462"), done.stderr.count("RB446")) == (1, 0)
    assert "标题行有 2 行" in done.stderr
    found = rulectl.load(BOOK).open(path)
    assert not isinstance(found, Unreadable)
    alone = list(found)
    assert [row.number for row in alone if isinstance(row, Reject)] == [int(row[0]) for row in rejected[1:]]
    assert [row.id for row in alone if not isinstance(row, Reject)] == [row[0] for row in decided[1:]]


@pytest.mark.parametrize("size", [500, 1 << 20])
@pytest.mark.parametrize("name", ["cases.csv", "cases.xlsx"])
@pytest.mark.parametrize(
    "others",
    [
        ["工单号", "款号", "进线时间", "问题类型", "签收天数", "备注", "平台"],  # no amount
        ["工单号", "款号", "进线时间", "issue", "签收天数", "amount", "实付金额"],  # one term twice
        ["款号", "工单号", "问题类型", "实付金额", "", "", ""],
    ],
)
def test_other_headings(
    others: list[str], name: str, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the first ones stand again. The rejected rows, decided as they are, are rejected again."""
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    plain = [[f"B{n}", "K1", "2025-03-01 10:30", "瑕疵", "3", "90", "x"] for n in range(40)]
    rows = [HEADINGS, *plain[:20], others, *plain[20:30], HEADINGS, *plain[30:]]
    path = write(tmp_path, name, rows)
    done = batch(name, "-o", "out.csv")
    assert done.exit_code == 1, done.stderr
    assert [row[0] for row in read(tmp_path / "out.csv")[1:]] == [f"B{n}" for n in (*range(20), *range(30, 40))]
    rejected = read(tmp_path / "out.rejects.csv")
    assert [(row[0], row[3:]) for row in rejected[1:]] == [(str(n), rows[n]) for n in range(21, 32)]
    assert all("第 21 行又是标题行" in row[2] for row in rejected[1:])
    found = rulectl.load(BOOK).open(path)
    assert not isinstance(found, Unreadable)
    assert [row.number for row in found if isinstance(row, Reject)] == list(range(21, 32))
    batch("out.rejects.csv", "-o", "again.csv")
    assert read(tmp_path / "again.csv")[1:] == []
    assert [row[3:] for row in read(tmp_path / "again.rejects.csv")] == [row[3:] for row in rejected]


@pytest.mark.parametrize(
    "row",
    [
        ["备注", "", "", "", "", "", ""],
        ["A1", "备注", "2025-03-01", "瑕疵", "", "", "款号"],
        ["工单号", "款号", "2025-03-01", "瑕疵", "3", "90", ""],
        ["款号", "款号", "款号", "款号", "款号", "款号", "款号"],
    ],
)
def test_rows_that_say_a_heading_or_two_are_none_of_headings(row: list[str]) -> None:
    rulebook = rulectl.load(BOOK).rulebook
    columns = plan(HEADINGS, rulebook, "")
    assert HeadingRow(columns, by_heading(readable(rulebook))).order(row) is None


class OneChunk:
    """A table of some rows."""

    file = "cases.csv"
    findings = ()

    def __init__(self, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        self.headings = headings
        self.columns = Plan(len(headings), headings, (), ())
        self._frame = frame_of(enumerate(rows), len(headings))

    def chunks(self) -> Iterator[Chunk]:
        yield Chunk(self._frame, (), len(self.headings), self._frame.height, 0, 0)

    def done(self) -> float:
        return 1.0


@pytest.mark.parametrize(
    ("headings", "other"),
    [
        (("case_id", "kind"), ("C1", "x")),
        (("", "备注", "工单号"), ("工单", "备注", "")),
        (("工单号", "", "备注"), ("", "", "")),
        (("ﬁle", "数"), ("file", "数目")),
        (("Straße",), ("strase",)),
    ],
)
def test_of_a_frame_as_of_one_row(headings: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Whichever column is looked at first."""
    row = HeadingRow(OneChunk(headings, []).columns, {})
    spelt = [headings, tuple(map(str.upper, headings)), tuple(f"\u200b {cell}\t" for cell in headings), other]
    assert [row.order(cells) == row.straight for cells in spelt] == [True, True, True, False]
    for filler in ("x", "Ｘ", "", *headings):
        rows = [*spelt, *[(filler,) * len(headings)] * 50]
        kept = [n for n, cells in enumerate(rows) if tuple(map(key_of, cells)) == tuple(map(key_of, headings))]
        (chunk,) = Sifted(OneChunk(headings, rows), {}).chunks()
        assert list(chunk.repeated) == kept
        assert [*chunk.repeated, *chunk.frame["row"]] == [*kept, *(n for n in range(len(rows)) if n not in kept)]
