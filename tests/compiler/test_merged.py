"""Cells that are merged over several columns: what people see is one cell."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import rulectl
from rulectl.compiler import compile_drafts
from rulectl.diagnostics import Finding
from rulectl.gathering import gather

ROWS: tuple[tuple[str | None, ...], ...] = (
    ("词汇表",),
    ("名称", "角色", "类型", "取值"),
    ("投诉类型", "输入", "枚举", "噪音;卫生"),
    ("会员等级", "输入", "枚举", "普通;金卡"),
    ("已换房", "输入", "是否"),
    ("处理方式", "输出", "枚举", "道歉;换房"),
    (),
    ("决策表", "处理"),
    ("规则号", "条件", "条件", "条件", "结论"),
    (None, "投诉类型", "会员等级", "已换房", "处理方式"),
    ("H1", "噪音", None, None, "换房"),
    ("H2", "否则", None, None, "道歉"),
)


def findings(path: Path, *merged: str) -> tuple[Finding, ...]:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "规则"
    for row in ROWS:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(path)
    drafts, _ = gather(path)
    return compile_drafts(tuple(drafts.values())).findings


def test_a_cell_that_not_all_its_columns_can_say_is_told_once(tmp_path: Path) -> None:
    (found,) = findings(tmp_path / "book.xlsx", "B11:D11")
    assert (found.slug, str(found.at.place)) == ("merged-across", "规则!B11")
    assert [str(note.at.place) for note in found.notes] == ["规则!C11"]


@pytest.mark.parametrize("merged", [("B12:D12",), ("C11:D11",), ("A11:A11",)])
def test_others_are_read(merged: tuple[str, ...], tmp_path: Path) -> None:
    assert findings(tmp_path / "book.xlsx", *merged) == ()
    assert rulectl.load(tmp_path / "book.xlsx").rulebook.tables[0].rules[1].otherwise
