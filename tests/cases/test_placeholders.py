"""What exports write where they hold nothing (`NULL`, `-`, 1970-01-01 08:00), an error (`#N/A`) or not all of a value
(`1.2E+03`) is never taken for the value, one case at a time and in columns alike."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import rulectl
from rulectl.cases.facts import Slot
from rulectl.cases.reader import Reject
from rulectl.lang.scope import Problem
from rulectl.model.policy import Role
from rulectl.model.rulebook import Term
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Kind, Type

TYPES = {
    "text": STRING,
    "enum": Type(Kind.ENUM, values=("瑕疵", "无", "NULL")),
    "list": Type(Kind.ENUM, values=("瑕疵", "无"), many=True),
    "number": NUMBER,
    "yes": BOOLEAN,
    "date": DATE,
    "moment": DATETIME,
    "time": DURATION,
}
NOTHING: dict[str, object] = dict.fromkeys(TYPES)
DASH: dict[str, object] = dict.fromkeys(TYPES, "dash-value") | dict.fromkeys(("text", "date", "moment"))
ERROR: dict[str, object] = dict.fromkeys(TYPES, "cell-error")
ZONED: dict[str, object] = {"moment": "zoned-moment"}

CELLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("NULL", NOTHING | {"enum": "NULL"}),
    ("null", NOTHING | {"enum": "NULL"}),
    *((text, NOTHING) for text in ("\\N", "(null)", "<null>", "[NULL]", "<NA>", "NaN", "N/A", " n/a ")),
    ("nan", NOTHING | {"text": "nan"}),
    ("None", NOTHING | {"text": "None"}),
    *((text, DASH) for text in ("-", "--", "—", "——", "/", "－", " - ")),
    *((text, ERROR) for text in ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "########")),
    ("1.2E+03", {"number": "rounded-number", "text": "excel-rounded-number"}),
    ("-1.23457E+11", {"number": "rounded-number"}),
    ("1.2e3", {"number": Decimal(1200), "text": "1.2e3"}),
    ("1E+22", {"number": Decimal("1E+22")}),
    ("(12.00)", {"number": "bracketed-number", "text": "(12.00)"}),
    ("（1,200）", {"number": "bracketed-number"}),
    ("-￥(12)", {"number": "not-a-number"}),
    ("'1436213610742710224", {"text": "1436213610742710224"}),
    ("`1436213610742710224", {"text": "1436213610742710224"}),
    ("'0012", {"text": "0012"}),
    ("'tis", {"text": "'tis"}),
    ("'12' 号", {"text": "'12' 号"}),
    ("1970-01-01 08:00:00", {"moment": "zero-date"}),
    ("1970/1/1", {"moment": "zero-date", "date": dt.date(1970, 1, 1)}),
    ("0001-01-01 00:00:00", {"moment": "zero-date", "date": "zero-date"}),
    ("1900-01-01", {"moment": "zero-date", "date": "zero-date"}),
    ("1899-12-30", {"moment": "zero-date", "date": "zero-date"}),
    ("08-07-2025", {"moment": "either-day", "date": "either-day", "text": "08-07-2025"}),
    ("8/7/2025 10:00", {"moment": "either-day"}),
    ("13-07-2025", {"date": dt.date(2025, 7, 13)}),
    ("7/7/2025", {"date": dt.date(2025, 7, 7)}),
    *(
        (text, ZONED)
        for text in (
            "2025-07-08T08:03:00Z",
            "2025-07-08T08:03:00+08:00",
            "2025-07-08 08:03:00 +0800",
            "2025/7/8 8:03 UTC",
            "2025-07-08T08:03:00.000+0800",
            "2025年7月8日 8:03 GMT",
        )
    ),
    ("2025-07-08 3:05 PM", {"moment": dt.datetime(2025, 7, 8, 15, 5)}),
    ("2025-07-08", {"moment": dt.datetime(2025, 7, 8)}),
    ("0000-00-00 00:00:00", {"moment": "zero-date", "date": "zero-date", "text": "0000-00-00 00:00:00"}),
    ("1900/1/0", {"moment": "zero-date"}),
    ("1970-01-01 08:01", {"moment": dt.datetime(1970, 1, 1, 8, 1)}),
)
FLAT = [(text, kind, meant) for text, of in CELLS for kind, meant in of.items()]


def read(kind: str, raw: object) -> object:
    found = Slot(Term("x", "x", Role.INPUT, TYPES[kind], "元" if kind == "number" else "")).native(raw)
    return found.slug if isinstance(found, Problem) else found


@pytest.mark.parametrize(("text", "kind", "meant"), FLAT, ids=[f"{kind} {text}" for text, kind, _ in FLAT])
def test_a_cell_is_read_as(text: str, kind: str, meant: object) -> None:
    assert read(kind, text) == meant


def test_a_moment_that_a_program_hands_over() -> None:
    assert read("moment", dt.datetime(1970, 1, 1, 8)) == "zero-date"
    assert read("moment", dt.date(1970, 1, 1)) == "zero-date"
    assert read("date", dt.date(1900, 1, 1)) == "zero-date"
    assert read("number", 1e21) == Decimal("1E+21")


BOOK = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 必填 |
| 工单号 | case_id | 输入 | 文本 | 是 |
| 批次号 | batch | 输入 | 文本 | |
| 金额 | amount | 输入 | 数值 | |
| 有批次 | known | 输出 | 是否 | |

## 判定
| 决策表 | 判定 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 批次号 | 有批次 |
| R1 | 空 | 否 |
| R2 | - | 是 |
"""


@pytest.mark.parametrize("many", [1, 9_000])
def test_in_columns_as_one_by_one(many: int, tmp_path: Path) -> None:
    """Also where a column holds so many texts that they are not looked at singly."""
    (tmp_path / "book.md").write_text(BOOK, "utf-8")
    book = rulectl.load(tmp_path / "book.md")
    odd = [text for text, of in CELLS if "text" in of]
    texts = [*odd, *(f"K{n:05}" for n in range(many)), *odd]
    cases = [{"工单号": f"A{n}", "批次号": text} for n, text in enumerate(texts)]
    singly = [None if isinstance(one, Reject) else one.outputs["known"] for one in book.decide_many(cases)]
    assert {None, True, False} == set(singly)
    assert book.decide_many(pl.DataFrame(cases))["known"].to_list() == singly


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'=1+1", "=1+1"),
        ("'@小鹿", "@小鹿"),
        ("'-", None),
        ('\'="0012"', "0012"),
        ("'+8613800000000", "+8613800000000"),
    ],
)
def test_what_keeps_a_spreadsheet_from_running_a_text_is_none_of_it(text: str, value: object) -> None:
    """Rejected rows come back with it."""
    assert read("text", text) == value
