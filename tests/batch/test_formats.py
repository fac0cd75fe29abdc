"""The same cases in and out in every format give the same decisions, rejects and order as row by row."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import zstandard

import rulectl
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook
from tests.batch.conftest import BOOK, Batch, cases
from tests.batch.oracle import decisions

TEXT = cases(600)
EXPECTED, REJECTED, NUMBERS = decisions(rulectl.load(BOOK), TEXT.encode())


def decided(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def rejected(path: Path) -> str:
    """The rejects without their headings."""
    return path.read_bytes().decode("utf-8-sig").split("\r\n", 1)[1]


def test_the_cases_are_worth_it() -> None:
    rows = list(csv.reader(io.StringIO(EXPECTED)))
    assert len(rows) - 1 + len(NUMBERS) == 600
    assert len(NUMBERS) > 10
    assert {"产品", "待查", "买家", ""} <= {row[1] for row in rows}
    assert any("预警" in row[5] for row in rows)


ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be", "utf-16")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding: str, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_bytes(TEXT.encode(encoding))
    assert batch("cases.csv", "-o", "out.csv").exit_code == 1
    assert decided(tmp_path / "out.csv") == EXPECTED
    assert rejected(tmp_path / "out.rejects.csv") == REJECTED


@pytest.mark.parametrize("mark", ["\t", ";", "|"])
def test_delimiters(mark: str, batch: Batch, tmp_path: Path) -> None:
    held = io.StringIO()
    csv.writer(held, delimiter=mark, lineterminator="\n").writerows(csv.reader(io.StringIO(TEXT)))
    (tmp_path / "cases.csv").write_text(held.getvalue(), "utf-8")
    batch("cases.csv", "-o", "out.csv")
    assert decided(tmp_path / "out.csv") == EXPECTED


@pytest.mark.parametrize("name", ["cases.csv.gz", "cases.csv.zst", "cases.dat"])
def test_compressed_in(name: str, batch: Batch, tmp_path: Path) -> None:
    data = TEXT.encode("gb18030")
    half = len(data) // 2
    members = {
        "gz": gzip.compress(data[:half]) + gzip.compress(data[half:]),
        "zst": zstandard.compress(data[:half]) + zstandard.compress(data[half:]),
    }
    (tmp_path / name).write_bytes(members["gz" if name.endswith("gz") else "zst"])
    batch(name, "-o", "out.csv")
    assert decided(tmp_path / "out.csv") == EXPECTED


def test_compressed_out(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    batch("cases.csv", "-o", "out.csv.gz", "--rejects", "bad.tsv.zst")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()).decode("utf-8-sig") == EXPECTED
    held = zstandard.ZstdDecompressor().stream_reader((tmp_path / "bad.tsv.zst").read_bytes(), read_across_frames=True)
    assert len(list(csv.reader(io.StringIO(held.read().decode("utf-8-sig")), delimiter="\t"))) == len(NUMBERS) + 1


def test_tsv_and_pipes(batch: Batch, tmp_path: Path) -> None:
    done = batch("-", "-o", "-", "--format-out", "tsv", "--encoding", "gb18030", stdin=TEXT.encode("utf-16"))
    rows = list(csv.reader(io.StringIO(done.stdout_bytes.decode("gb18030")), delimiter="\t"))
    assert rows == list(csv.reader(io.StringIO(EXPECTED)))
    assert [p.name for p in tmp_path.iterdir()] == ["cases.rejects.csv"]


@pytest.mark.parametrize("encoding", ["utf-16", "gbk", "utf-8-sig", "utf-16-be"])
def test_output_encodings_in_pieces(encoding: str, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    batch("cases.csv", "-o", "out.csv", "--encoding", encoding)
    assert (tmp_path / "out.csv").read_bytes() == EXPECTED.encode(encoding)
    done = batch("cases.csv", "-o", "-", "--encoding", encoding)
    assert done.stdout_bytes == EXPECTED.encode(encoding)


def test_parquet(batch: Batch, tmp_path: Path) -> None:
    """Typed in, typed out."""
    rows = list(csv.DictReader(io.StringIO(TEXT)))
    frame = pl.DataFrame(rows).with_columns(
        pl.col("进线时间").str.to_datetime("%Y-%m-%d %H:%M"),
        pl.col("实付金额").str.strip_prefix("￥").cast(pl.Decimal(20, 2)),
        pl.when(pl.col("签收天数") != "").then(pl.col("签收天数")).cast(pl.Int64),
        pl.col("问题类型").cast(pl.Categorical),
    )
    frame.write_parquet(tmp_path / "cases.parquet")
    batch("cases.parquet", "-o", "out.csv")
    assert decided(tmp_path / "out.csv") == EXPECTED
    batch("cases.parquet", "-o", "out.parquet")
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found.columns == EXPECTED.split("\r\n")[0].split(",")
    expected = list(csv.DictReader(io.StringIO(EXPECTED)))
    assert found["责任方"].fill_null("").to_list() == [row["责任方"] for row in expected]
    assert found["应退金额"].to_list() == [Decimal(row["应退金额"]) if row["应退金额"] else None for row in expected]
    assert found["加急"].to_list() == [{"是": True, "否": False, "": None}[row["加急"]] for row in expected]
    assert found["动作"].to_list() == [row["动作"].split(";") for row in expected]
    assert found.schema["退款日"] == pl.Date
    assert {d for d in found["退款日"] if d} == {dt.date(2025, 12, 31)}


def test_json_lines(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    batch("cases.csv", "-o", "out.jsonl.gz", "--headings", "id")
    text = gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).decode()
    (tmp_path / "again.jsonl").write_text(
        "\n".join(line.split('"case": ')[1].split(', "outputs"')[0] for line in text.splitlines()), "utf-8"
    )
    done = batch("again.jsonl", "-o", "again.csv")
    assert done.exit_code == 0, done.stderr
    assert decided(tmp_path / "again.csv") == EXPECTED


def test_a_workbook_as_shops_export_it(batch: Batch, tmp_path: Path) -> None:
    """A title over the headings, text and numbers mixed, dates, a note sheet; long numbers only as text."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["售后工单导出"])
    sheet.merge_cells("A1:G1")
    sheet.append([])
    rows = list(csv.reader(io.StringIO(TEXT)))
    sheet.append([rows[0][0] + "\n", *rows[0][1:]])
    for n, (id_, style, when, issue, days, amount, note) in enumerate(rows[1:]):
        moment = dt.datetime.strptime(when, "%Y-%m-%d %H:%M")
        money: object = float(amount.strip("￥")) if n % 2 else amount
        sheet.append([id_, style, moment, issue, int(days) if days and n % 3 else days, money, note])
        if note.startswith("="):
            sheet.cell(sheet.max_row, 7).data_type = "s"
    book.create_sheet("说明").append(["仅供参考"])
    book.save(tmp_path / "cases.xlsx")
    done = batch("cases.xlsx", "-o", "out.csv")
    assert decided(tmp_path / "out.csv") == EXPECTED
    assert "标题行上面的 2 行没有读取：「售后工单导出」" in done.stderr
    assert "说明" in done.stderr
    assert len(list(csv.reader(io.StringIO(rejected(tmp_path / "out.rejects.csv"))))) == len(NUMBERS)


def test_long_numbers_of_a_workbook(batch: Batch, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["工单号", "问题类型", "实付金额"])
    sheet.append(["202506017000000123", "色差", 10])
    sheet.append([202506017000000123, "色差", 10])
    sheet.append([20250601, "色差", "1.23457E+18"])
    sheet.append(["1.23457E+18", "色差", 10])
    book.save(tmp_path / "cases.xlsx")
    batch("cases.xlsx", "-o", "out.csv", "--trace", "none")
    ids = [line.split(",")[0] for line in decided(tmp_path / "out.csv").splitlines()[1:]]
    assert ids == ["202506017000000123"]
    reasons = list(csv.reader(io.StringIO(rejected(tmp_path / "out.rejects.csv"))))
    assert [row[0] for row in reasons] == ["2", "3", "4"]
    assert all("2.02506E+17" in row[2] or "1.23457E+18" in row[2] for row in reasons)


def test_decisions_as_a_workbook(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    batch("cases.csv", "-o", "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["判定结果", "用到的规则"]
    # who keeps the workbook can prove which rulebook decided
    assert str(book.properties.description).endswith(rulectl.load(BOOK).hash)
    sheet, rules = book.worksheets
    assert sheet.freeze_panes == "B2"
    expected = list(csv.reader(io.StringIO(EXPECTED)))
    assert sheet.auto_filter.ref == f"A1:I{len(expected)}"
    assert [cell.value for cell in sheet[1]] == [
        {"status": "状态", "asks": "还要问清", "rules": "用到的规则"}.get(h, h) for h in expected[0]
    ]
    for row, wanted in zip(sheet.iter_rows(min_row=2), expected[1:], strict=True):
        assert str(row[0].value) == wanted[0]
        assert row[1].value == (wanted[1] or None)
        assert row[2].value == (float(wanted[2]) if wanted[2] else None)
        assert row[5].value == wanted[5]
        assert row[6].value == {"decided": "已定", "provisional": "暂定", "undetermined": "待定"}[wanted[6]]
    quoted = {rules.cell(n, 1).value: n for n in range(2, rules.max_row + 1)}
    linked = next(row for row in sheet.iter_rows(min_row=2) if row[8].value)
    link = linked[8].hyperlink
    assert link is not None
    first = str(linked[8].value).split(";")[0]
    assert link.location == f"'用到的规则'!A{quoted[first]}"
    r1 = quoted["责任/R1"]
    assert rules.cell(r1, 4).value == "问题类型：瑕疵\n签收天数：<=7"
    assert "应退金额 = 实付金额" in str(rules.cell(r1, 5).value)


LONG = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 |
| 单号 | order | 输入 | 文本 |
| 加急 | urgent | 输出 | 是否 |
| 天 | days | 输出 | 列表:日期 |
| 话 | words | 输出 | 文本 |
{terms}
"""


def test_long_texts_end_where_their_column_ends(batch: Batch, tmp_path: Path) -> None:
    """In the last column, too, where nothing stands beside them; and answers are in the reader's language."""
    names = [f"结论很长的名称{n}" for n in range(9)]
    text = LONG.format(terms="\n".join(f"| {name} | v{n} | 输出 | 数值 |" for n, name in enumerate(names)))
    for n, name in enumerate(names):
        text += f"\n## 表{n}\n| 决策表 | 一张名称很长的表{n} |\n| 规则号 | 结论 |\n| | {name} |\n| R1 | {n} |\n"
    text += "\n## 话\n| 决策表 | 话 |\n| 结论 | 结论 | 结论 |\n| 加急 | 天 | 话 |\n"
    text += f"| 是 | 2025-06-01;2025-06-02 | {'您的' * 60}{{单号}} |\n"
    write_workbook(grids(text), tmp_path / "long.xlsx")
    (tmp_path / "orders.csv").write_text("单号\n1\n2\n", "utf-8")
    for lang, truth in (("zh", "是"), ("en", "yes")):
        batch("orders.csv", "-o", f"{lang}.xlsx", "--lang", lang, book="long.xlsx")
        sheet: Any = openpyxl.load_workbook(tmp_path / f"{lang}.xlsx").worksheets[0]
        heads = [cell.value for cell in sheet[1]]
        assert heads[1:4] == ["加急", "天", "话"]
        for row in sheet.iter_rows(min_row=2):
            assert [cell.value for cell in row[1:3]] == [truth, "2025-06-01;2025-06-02"]
            assert [cell.alignment.horizontal for cell in row[:4]] == [None, None, None, "fill"]
            assert row[-1].alignment.horizontal == "fill"
            assert row[-1].hyperlink is not None


def test_a_workbook_in_the_making_is_seen(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes ten times as long as the deciding."""
    told: list[tuple[int, float]] = []
    monkeypatch.setattr("rulectl.cli.progress.Bar.progress", lambda _, rows, share: told.append((rows, share)))
    (tmp_path / "cases.csv").write_text(cases(4000), "utf-8")
    batch("cases.csv", "-o", "out.xlsx")
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert len([share for share in shares if 0.1 < share < 1]) >= 3
    assert told[-1] == (told[-1][0], 1.0)
    assert 3000 < told[-1][0] < 4000


@pytest.mark.parametrize(
    ("name", "data", "slug"),
    [
        ("cases.xlsx", b"PK\x03\x04 nothing", "broken-case-file"),
        ("cases.parquet", b"PAR1 nothing", "broken-case-file"),
        ("cases.csv.gz", b"\x1f\x8b\x08 nothing at all", "broken-case-file"),
        ("cases.csv", b"", "empty-case-file"),
        ("cases.csv", b"%PDF-1.7", "not-a-case-file"),
    ],
)
def test_files_that_are_none(name: str, data: bytes, slug: str, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    done = batch(name, "-o", "out.csv")
    assert (done.exit_code, slug in done.stderr) == (1, True), done.stderr
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_compressed_file_that_ends_too_soon(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv.zst").write_bytes(zstandard.compress(cases(6000).encode())[:-4000])
    done = batch("cases.csv.zst", "-o", "out.csv")
    assert done.exit_code == 1
    assert "cases-gone" in done.stderr or "broken-case-file" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["cases.csv.zst"]


def test_a_parquet_file_that_is_damaged_within(batch: Batch, tmp_path: Path) -> None:
    held = io.BytesIO()
    pl.DataFrame(
        {"工单号": [f"A{n}" for n in range(30_000)], "问题类型": ["瑕疵"] * 30_000, "实付金额": 1.0}
    ).write_parquet(held)
    data = bytearray(held.getvalue())
    middle = len(data) // 2
    data[middle : middle + 500] = bytes(byte ^ 0x5A for byte in data[middle : middle + 500])
    (tmp_path / "cases.parquet").write_bytes(data)
    done = batch("cases.parquet", "-o", "out.csv")
    assert (done.exit_code, "cases-gone" in done.stderr) == (1, True), done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["cases.parquet"]
    with pytest.raises(rulectl.CaseError, match="cases-gone"):
        rulectl.load(BOOK).decide_many("cases.parquet")
