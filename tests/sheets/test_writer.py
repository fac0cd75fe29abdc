"""Written workbooks: what is read back is what was written, and the help in them is at its place."""

from __future__ import annotations

import datetime as dt
import time
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from rulectl.model.draft import Draft
from rulectl.model.policy import HitPolicy
from rulectl.sheets import looks
from rulectl.sheets.blocks import Grid
from rulectl.sheets.choices import known_terms
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import grids, read_text
from rulectl.sheets.writer import workbook_bytes, write_workbook

BOOK = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 说明 |
| 问题类型 | issue | 输入 | 枚举 | 质量问题;色差 | |
| 订单号 | order_id | 输入 | 文本 | | |
| 签收天数 | days | 输入 | 数值 | | |
| 已穿用 | worn | 输入 | 是否 | | |
| 平台 | platform | 输入 | 枚举 | LONG | |
| 方案 | remedies | 输出 | 列表:枚举 | 退货;换货 | |

## 判定
How it is decided.

| 决策表 | 方案 | 命中策略 | F | 层级 | 平台 |
| 规则号 | 条件 | 条件 | 条件 | 条件 | 结论 | 说明 | 启用 |
| | 问题类型 | 签收天数 | 已穿用 | 订单号 | 方案 | | |
| R1 | 质量问题 | 7 | 否 | 0017 | 退货 | =1+1 | 是 |
| R2 | - | 1.50 | - | 17 | 退货;换货 | #N/A | |

## 测试
| 测试表 |
| 用例号 | 签收天数 | 平台 | 期望 方案 |
| 1 | 3 | x | =退货;换货 |
| 2 | -0.5 | x | +退货 |

## 说明
| 只是笔记 |
""".replace("LONG", ";".join(f"第{n}个很长很长的平台名称" for n in range(40)))


def written(folder: Path, text: str = BOOK) -> Path:
    path = folder / "book.xlsx"
    write_workbook(grids(text), path, "zh")
    return path


def texts(draft: Draft) -> list[tuple[str, str]]:
    return [(str(cell.at), cell.text) for block in draft.blocks for row in block.rows for cell in row]


def test_what_is_read_back_is_what_was_written(tmp_path: Path) -> None:
    draft = read_workbook(written(tmp_path))
    assert texts(draft) == texts(read_text(BOOK, "book.xlsx"))
    assert draft.findings == ()
    assert [p.name for p in tmp_path.iterdir()] == ["book.xlsx"]


def test_plain_numbers_are_numbers_except_where_they_are_texts(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path))
    rules, cases = book["判定"], book["测试"]
    cells = [rules["C4"], rules["C5"], rules["E4"], rules["E5"], rules["G4"], rules["G5"], cases["A3"], cases["B3"]]
    assert [(c.value, c.data_type) for c in cells] == [
        (7, "n"),
        ("1.50", "s"),
        ("0017", "s"),
        ("17", "s"),
        ("=1+1", "s"),
        ("#N/A", "s"),
        ("1", "s"),
        (3, "n"),
    ]
    assert (cases["B4"].value, cases["D3"].quotePrefix) == (-0.5, True)


def test_drop_downs_follow_the_vocabulary(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path))
    rules = {str(r.sqref).split(":")[0]: r for r in book["判定"].data_validations.dataValidation}
    offered = {where: (rule.formula1, rule.errorStyle) for where, rule in rules.items()}
    assert offered["B4"] == ('"质量问题,色差"', None)
    assert offered["F4"] == ('"退货,换货"', None)
    assert offered["D1"] == (f'"{",".join(policy.value for policy in HitPolicy)}"', "information")
    assert any(formula == '"是,否"' for formula, _ in offered.values())
    assert not [r for r in rules.values() if r.showErrorMessage and r.errorStyle != "information"]
    long = next(r.formula1 for r in book["测试"].data_validations.dataValidation if "选项" in r.formula1)
    sheet, _, cells = long.replace("'", "").partition("!")
    assert [row[0].value for row in book[sheet][cells.replace("$", "")]][::39] == [
        "第0个很长很长的平台名称",
        "第39个很长很长的平台名称",
    ]


def test_drop_downs_part_values_as_rules_do() -> None:
    rows = "| 词汇表 |\n| 名称 | 类型 | 取值 |\n| 渠道 | 枚举 | 甲、乙;丙 |\n| 方案 | 枚举 | 退货,换货 |\n"
    terms = known_terms(read_text(f"## 词汇\n{rows}", "book.xlsx").blocks)
    assert [terms[name].values for name in ("渠道", "方案")] == [("甲、乙", "丙"), ("退货", "换货")]


def test_headings_stay_in_sight_and_markers_carry_notes(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path))
    assert [(s.title, s.freeze_panes) for s in book][:3] == [("词汇", "B3"), ("判定", "B4"), ("测试", "B3")]
    assert book["判定"]["A1"].comment is not None
    assert "决策表" in book["判定"]["A1"].comment.text
    assert book["词汇"]["D2"].comment is not None


def wide(conditions: int) -> Worksheet:
    """The sheet of a table of many conditions, long cells in each."""
    headings = " | ".join(f"条件甲乙{n}" for n in range(conditions))
    cells = " | ".join(["质量问题;色差;尺码问题;描述不符;发错货"] * conditions)
    text = f"| 决策表 | 名字很长的补救方案表 |\n| 规则号 |{' 条件 |' * conditions} 结论 |\n| | {headings} | 方案 |\n"
    page = openpyxl.load_workbook(BytesIO(workbook_bytes(grids(f"## 判定\n{text}| R1 | {cells} | 退货 |\n")))).active
    assert isinstance(page, Worksheet)
    return page


@pytest.mark.parametrize("conditions", [3, 8, 10, 30])
def test_a_wide_sheet_prints_at_a_size_that_can_be_read(conditions: int) -> None:
    page = wide(conditions)
    widths = {letter: column.width for letter, column in page.column_dimensions.items()}
    sheets = page.page_setup.fitToWidth or 1
    assert sum(widths.values()) / int(sheets) <= looks.READABLE * looks.FURTHEST
    assert (int(sheets) > 1, page.print_title_cols) == ((True, "$A:$A") if conditions == 30 else (False, None))
    assert page.print_title_rows == "$1:$3"
    # the name of the table, and the headings, stay on one line; what no longer fits wraps, in a row that has room
    assert widths["B"] >= looks.shown_width("名字很长的补救方案表")
    assert widths["C"] >= looks.shown_width("条件甲乙1")
    lines = looks.shown_width("质量问题;色差;尺码问题;描述不符;发错货") / widths["C"]
    assert (page.row_dimensions[4].height or 0) >= looks.LINE_HEIGHT * lines


def test_a_sheet_that_fits_keeps_its_widths() -> None:
    assert looks.pressed({1: 40.0, 2: 22.0}, {}) == {1: 40.0, 2: 22.0}


def test_the_same_source_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = workbook_bytes(grids(BOOK))
    monkeypatch.setattr(time, "time", lambda: dt.datetime(2031, 5, 6).timestamp())
    time.sleep(1.1)
    assert workbook_bytes(grids(BOOK)) == first


def test_names_that_excel_does_not_allow_are_made_so(tmp_path: Path) -> None:
    sheets = [Grid(name, (("x\x07",),)) for name in ("a/b", "a:b", "A_B", "", "很" * 40, "很" * 41)]
    write_workbook(sheets, tmp_path / "book.xlsx")
    names = openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames
    assert names == ["a_b", "a_b (2)", "A_B (3)", "Sheet", "很" * 31, "很" * 27 + " (2)"]


def test_the_package_is_sound(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path)) as package:
        assert package.testzip() is None
        assert {entry.date_time for entry in package.infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_no_table_is_torn_by_the_end_of_a_page() -> None:
    """Three tables on a sheet, the second of which would go over the end: it begins a page, and so does the third."""
    table = "| 决策表 | 表{} |\n| 规则号 | 条件 | 结论 |\n| | 甲 | 乙 |\n"
    text = "\n".join(table.format(n) + "| | 1 | 2 |\n" * 18 for n in range(3))
    page = openpyxl.load_workbook(BytesIO(workbook_bytes(grids(f"## 规则\n{text}")))).active
    assert isinstance(page, Worksheet)
    assert [one.id for one in page.row_breaks.brk] == [21, 43]
    assert page.print_title_rows == "$45:$47"
