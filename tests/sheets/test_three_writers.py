"""The same untidy workbook of openpyxl, XlsxWriter and LibreOffice is the same rulebook with the same notices.

Every habit of "What Excel does to people's cells" stands in it once: merged cells, line breaks, rich text, hidden rows
and columns, a filter, a struck-through row, numbers and dates kept as text, per cent formats, blanks of all kinds,
full-width forms, curly quotes, formulas with their result, an error value, an Excel table and a named range.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

from rulectl import compile_workbook
from rulectl.codec.hashing import content_hash
from rulectl.lang.printer import print_expr, print_test
from rulectl.report.findings import finding_text
from tests.office import through_libreoffice

WORDS: list[list[Any]] = [
    ["词汇表"],
    ["名称", "编号", "角色", "类型", "单位", "取值", "必填"],
    ["问题类型", "issue", "输入", "枚举", "", "质量问题\n色差\n丢件", "是"],
    ["签收天数 ", "days", "输入", "数值", "天", "", ""],
    ["下单日期", "ordered", "输入", "日期", "", "", ""],
    ["占比", "share", "输入", "数值", "", "", ""],
    ["单号", "number", "输入", "文本", "", "", ""],
    ["责任方", "party", "输出", "枚举", "", "店铺；买家；快递", ""],
    ["退款", "refund", "输出", "数值", "元", "", ""],
]
RULES: list[list[Any]] = [
    ["决策表", "责任判定", "命中策略", "Ｆ"],
    ["规则号", "条件", "条件", "条件", "条件", "条件", "结论", "结论", "说明"],
    ["", "问题类型", "签收天数", "下单日期", "占比", "单号", "责任方", "退款", ""],
    ["R1", "质量问题", "3", "2025-06-01", 0.1, "00123", "店铺", "￥1,299.00", ""],
    ["R2", "", "＜＝７", "", ">=50%", "", "店铺", 35.5, "合并的格子"],
    ["R3", "“色差”", "3\n5", dt.date(2025, 6, 1), "", "", "买家", "", "换行和日期"],
    ["R4", "色差", "", "", "", "", "店铺", "", "划掉的行"],
    ["R5", "\u00a0丢件\u3000", "", "", "", "", "快递", "", "隐藏的行"],
    ["R6", "否则", "", "", "", "", "买家", 12, "公式"],
]
STRUCK, HIDDEN, FORMULA = 7, 8, (9, 8)


def by_openpyxl(path: Path) -> None:
    book = openpyxl.Workbook()
    words: Any = book.active
    words.title = "词汇"
    for row in WORDS:
        words.append([value or None for value in row])
    rules: Any = book.create_sheet("责任")
    for row in RULES:
        rules.append([None if value == "" else value for value in row])
    rules.merge_cells("B4:B5")
    rules["E4"].number_format = "0%"
    rules["D6"].number_format = 'yyyy"年"m"月"d"日"'
    rules["I5"] = CellRichText("合并的", TextBlock(InlineFont(b=True), "格子"))
    for cell in rules[STRUCK]:
        cell.font = Font(strike=True)
    rules.row_dimensions[HIDDEN].hidden = True
    rules.column_dimensions["I"].hidden = True
    rules.auto_filter.ref = "A3:I9"
    book.defined_names["高价"] = DefinedName("高价", attr_text="责任!$H$4")
    words.add_table(Table(displayName="Words", ref="A2:G9"))
    book.create_sheet("备注").append(["随便写写", "#N/A"])
    book.save(path)


def by_xlsxwriter(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        words = book.add_worksheet("词汇")
        for n, row in enumerate(WORDS):
            words.write_row(n, 0, row)
        words.add_table(1, 0, 8, 6, {"columns": [{"header": heading} for heading in WORDS[1]], "name": "Words"})
        rules = book.add_worksheet("责任")
        struck, share = book.add_format({"font_strikeout": True}), book.add_format({"num_format": "0%"})
        day = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
        for n, row in enumerate(RULES):
            for at, value in enumerate(row):
                if isinstance(value, dt.date):
                    rules.write_datetime(n, at, dt.datetime.combine(value, dt.time()), day)
                elif isinstance(value, str):
                    rules.write_string(n, at, value, struck if n + 1 == STRUCK else None)
                else:
                    rules.write_number(n, at, value, share if value == 0.1 else None)
        rules.merge_range("B4:B5", "质量问题")
        rules.write_rich_string(4, 8, "合并的", book.add_format({"bold": True}), "格子")
        rules.write_formula(FORMULA[0] - 1, FORMULA[1] - 1, "=3*4", None, 12)
        rules.set_row(HIDDEN - 1, None, None, {"hidden": True})
        rules.set_column("I:I", None, None, {"hidden": True})
        rules.autofilter("A3:I9")
        book.define_name("高价", "=责任!$H$4")
        notes = book.add_worksheet("备注")
        notes.write_row(0, 0, ["随便写写"])
        notes.write_formula(0, 1, "=NA()", None, "#N/A")


def by_libreoffice(path: Path) -> None:
    """What LibreOffice makes of a workbook with formulas that nobody has worked out."""
    by_openpyxl(path)
    book = openpyxl.load_workbook(path, rich_text=True)
    book["责任"].cell(*FORMULA).value = "=3*4"
    book.save(path)
    through_libreoffice(path).replace(path)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    writers = {"openpyxl": by_openpyxl, "xlsxwriter": by_xlsxwriter, "libreoffice": by_libreoffice}
    paths = {}
    for name, write in writers.items():
        paths[name] = tmp_path_factory.mktemp(name) / "book.xlsx"
        write(paths[name])
    return paths


@pytest.mark.parametrize("writer", ["openpyxl", "xlsxwriter", "libreoffice"])
def test_the_notices_tell_what_may_have_been_overlooked(books: dict[str, Path], writer: str) -> None:
    findings = compile_workbook(books[writer]).findings
    assert [(found.slug, str(found.at.place).split(" ", 1)[-1]) for found in findings] == [
        ("hidden-columns", "责任!I1"),
        ("struck-through", "责任!A7"),
        ("hidden-rows", "责任!A8"),
    ], [finding_text(found, "en") for found in findings]


@pytest.mark.parametrize("writer", ["xlsxwriter", "libreoffice"])
def test_all_three_mean_the_same(books: dict[str, Path], writer: str) -> None:
    one, other = compile_workbook(books["openpyxl"]).rulebook, compile_workbook(books[writer]).rulebook
    assert one is not None
    assert other is not None
    assert other == one
    assert content_hash(other) == content_hash(one)


def test_the_rules_are_what_the_cells_say(books: dict[str, Path]) -> None:
    book = compile_workbook(books["libreoffice"]).rulebook
    assert book is not None
    (table,) = book.tables
    names = {term.id: term.name for term in book.terms}
    said = {
        rule.id: [
            *(
                print_test(entry.test, column.type, names)
                for entry, column in zip(rule.when, table.inputs, strict=True)
            ),
            *("" if entry.expr is None else print_expr(entry.expr, names) for entry in rule.then),
        ]
        for rule in table.rules
    }
    assert said == {
        "R1": ["质量问题", "3", "2025-06-01", "0.1", '"00123"', '"店铺"', "1299"],
        "R2": ["质量问题", "<=7", "-", ">=0.5", "-", '"店铺"', "35.5"],
        "R3": ["色差", "3;5", "2025-06-01", "-", "-", '"买家"', ""],
        "R4": ["色差", "-", "-", "-", "-", '"店铺"', ""],
        "R5": ["丢件", "-", "-", "-", "-", '"快递"', ""],
        "R6": ["-", "-", "-", "-", "-", '"买家"', "12"],
    }
    assert [rule.otherwise for rule in table.rules] == [False] * 5 + [True]
