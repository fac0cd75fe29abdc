"""Findings as text and as JSON lines."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate

from rulectl.codec.case_schema import finding_schema
from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Note, finding
from rulectl.report.findings import counts_text, finding_json, finding_text, place_text, quoted, width
from rulectl.source import Cell, CellRange, FilePlace, Location, OptionPlace, Place, RowPlace, Span
from rulectl.values import Value

CELL = Cell("after_sales.xlsx", "责任判定", 7, 3)
BROKEN = finding("wrong-cell-count", Location(CELL, "满三天 3天以内)", Span(4, 9)), count=3, expected=5)


def test_the_text_of_a_finding() -> None:
    assert finding_text(BROKEN, "zh").splitlines() == [
        "after_sales.xlsx 责任判定!C7: 错误 RB411 wrong-cell-count: 这一行有 3 格，标题行有 5 格。",
        "    满三天 3天以内)",
        "           ^^^^^^^^",
        "  怎么改：多半是少了或多了分隔符；请对照标题行补齐，含分隔符的内容要放在双引号里。",
    ]
    first = finding_text(BROKEN, "en").splitlines()[0]
    assert first == (
        "after_sales.xlsx 责任判定!C7: error RB411 wrong-cell-count: This row has 3 cells, the headings have 5."
    )


def test_notes_and_witness_are_shown() -> None:
    found = finding(
        "wrong-cell-count",
        CELL,
        notes=[Note("note-allowed-values", Location(Cell("b.xlsx", "词汇", 4, 6)))],
        case={"问题类型": "色差"},
        count=1,
        expected=2,
    )
    text = finding_text(found, "zh")
    assert "  例如：问题类型=色差" in text
    assert "\n  参见 b.xlsx 词汇!F4: " in text


def test_a_case_is_shown_in_the_language_of_its_reader_and_the_same_to_programs() -> None:
    case: dict[str, Value] = {"急件": True, "金额": Decimal("3.50"), "标记": (False, True), "凭证": (), "备注": "是"}
    found = finding("wrong-cell-count", CELL, case=case, count=1, expected=2)
    assert "  例如：急件=是, 金额=3.5, 标记=否;是, 凭证=[], 备注=是" in finding_text(found, "zh")
    assert "  for example: 急件=yes, 金额=3.5, 标记=no;yes, 凭证=[], 备注=是" in finding_text(found, "en")
    for lang in LANGUAGES:
        shown = json.loads(finding_json(found, lang))["case"]
        assert shown == {"急件": "是", "金额": "3.5", "标记": "否;是", "凭证": "[]", "备注": "是"}


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        (CELL, "after_sales.xlsx 责任判定!C7", "after_sales.xlsx 责任判定!C7"),
        (CellRange(CELL, Cell("after_sales.xlsx", "责任判定", 7, 5)), "after_sales.xlsx 责任判定!C7:E7", ""),
        (
            RowPlace("cases.csv", 18, "订单号"),
            "cases.csv 第 18 行（表格里第 19 行） 订单号",
            "cases.csv row 18 (row 19 of the sheet) 订单号",
        ),
        (RowPlace("案例.XLSX", 18), "案例.XLSX 第 18 行（表格里第 19 行）", "案例.XLSX row 18 (row 19 of the sheet)"),
        (RowPlace("a.tsv.gz", 1), "a.tsv.gz 第 1 行（表格里第 2 行）", "a.tsv.gz row 1 (row 2 of the sheet)"),
        (RowPlace("cases.jsonl", 18, "订单号"), "cases.jsonl 第 18 行 订单号", "cases.jsonl row 18 订单号"),
        (RowPlace("cases.parquet", 18), "cases.parquet 第 18 行", "cases.parquet row 18"),
        (RowPlace("stdin", 18), "stdin 第 18 行", "stdin row 18"),
        (RowPlace("", 18), "第 18 行", "row 18"),
        (RowPlace("cases.csv", 0), "cases.csv 标题行", "cases.csv headings"),
        (OptionPlace("--set"), "--set", "--set"),
        (FilePlace("a.xls"), "a.xls", "a.xls"),
    ],
)
def test_places(place: Place, zh: str, en: str) -> None:
    assert place_text(place, "zh") == zh
    if en:
        assert place_text(place, "en") == en


@pytest.mark.parametrize(
    ("text", "span", "line", "under"),
    [
        ("<=3天", Span(2, 3), "<=3天", "  ^"),
        ("质量问题", Span(2, 4), "质量问题", "    ^^^^"),
        ("abc", Span(3, 3), "abc", "   ^"),
        ("第一行\n第二 x 行\n第三行", Span(7, 8), "第二 x 行", "     ^"),
        ("a\tb", Span(2, 3), "a b", "  ^"),
        ("a\x07b", Span(1, 2), "a·b", " ^"),
        ("abc", None, "abc", ""),
        ("", Span(0, 0), "", ""),
        ("abc", Span(0, 99), "abc", "^^^"),
    ],
)
def test_the_part_is_underlined_at_its_display_width(text: str, span: Span | None, line: str, under: str) -> None:
    assert quoted(Location(CELL, text, span)) == (line, under)


def test_a_long_text_is_cut_around_the_part() -> None:
    line, under = quoted(Location(CELL, "甲" * 500 + "乙丙" + "甲" * 500, Span(500, 502)))
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) < 120
    at = width("…" + "甲" * (line.index("乙") - 1))
    assert under == " " * at + "^^^^"


@given(st.text(max_size=150), st.integers(0, 150), st.integers(0, 150))
def test_any_text_and_span_can_be_shown(text: str, start: int, end: int) -> None:
    line, under = quoted(Location(CELL, text, Span(min(start, end), max(start, end))))
    assert "\n" not in line
    assert "\n" not in under
    if line:
        assert under.endswith("^")


def test_json_has_the_agreed_fields() -> None:
    fields = json.loads(finding_json(BROKEN, "en"))
    assert fields == {
        "code": "RB411",
        "slug": "wrong-cell-count",
        "severity": "error",
        "table": "",
        "rules": [],
        "cells": ["责任判定!C7"],
        "message": "This row has 3 cells, the headings have 5.",
        "help": fields["help"],
        "file": "after_sales.xlsx",
        "text": "满三天 3天以内)",
        "span": [4, 9],
    }
    row = json.loads(finding_json(finding("missing-fact", RowPlace("c.csv", 4, "店铺"), field="店铺"), "zh"))
    assert (row["file"], row["row"], row["field"], row["cells"]) == ("c.csv", 4, "店铺", [])


@pytest.mark.parametrize(
    "place",
    [
        CELL,
        CellRange(CELL, CELL),
        RowPlace("c.csv", 4, "店铺"),
        RowPlace("c.csv", 0),
        OptionPlace("--set"),
        FilePlace("x"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_json_is_as_the_schema_says(place: Place, lang: Literal["zh", "en"]) -> None:
    found = finding("wrong-cell-count", Location(place, "x", Span(0, 1)), case={"a": "b"}, count=1, expected=2)
    validate(json.loads(finding_json(found, lang)), finding_schema())


def test_counts() -> None:
    notice = finding("blank-rows", FilePlace("c.csv"), count=1)
    assert counts_text([BROKEN, notice, BROKEN], "en") == "2 error(s), 1 notice(s)"
    assert counts_text([BROKEN, notice], "zh") == "1 个错误，1 条提示"
    assert counts_text([], "en") == "no findings"
