"""Workbooks that other programs wrote read the same as openpyxl reads them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from rulectl.sheets.reader import read_workbook


@pytest.mark.parametrize("options", [{}, {"date_1904": True}, {"constant_memory": True}, {"strings_to_numbers": True}])
def test_xlsxwriter(tmp_path: Path, options: dict[str, bool]) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("规则")
        bold, red = book.add_format({"bold": True}), book.add_format({"font_color": "red"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        clock = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        share = book.add_format({"num_format": "0%"})
        sheet.write_row(0, 0, ["参数表"])
        sheet.write_row(1, 0, ["名称", "值", "说明"])
        sheet.write_row(2, 0, ["编号", "00123", "长号 202506017000000000"])
        sheet.write_number(3, 1, 0.1)
        sheet.write_number(4, 1, 1299.5)
        sheet.write_datetime(5, 1, dt.datetime(2025, 6, 1), day)
        sheet.write_datetime(6, 1, dt.datetime(2025, 6, 1, 20, 5), clock)
        sheet.write_boolean(7, 1, True)
        sheet.write_number(8, 1, 0.15, share)
        sheet.write_formula(9, 1, "=1+2", None, 3)
        sheet.write_rich_string(10, 1, "质量", bold, "问题", red, "!")
        sheet.write_string(11, 1, "两行\n文字 ")
    theirs = openpyxl.load_workbook(path, data_only=True)["规则"]
    (block,) = read_workbook(path).blocks
    cells = {cell.at.a1: cell for row in block.rows for cell in row}
    for row in theirs.iter_rows(min_row=1, max_row=12, max_col=2):
        for cell in row:
            if cell.value is None:
                continue
            expected = cell.value
            if isinstance(expected, int | float) and not isinstance(expected, bool):
                expected = Decimal(repr(expected))
            elif isinstance(expected, str):
                expected = expected.strip()
            mine = cells[cell.coordinate].value
            mine = mine.strip() if isinstance(mine, str) else mine
            if isinstance(mine, dt.date) and not isinstance(mine, dt.datetime):
                mine = dt.datetime.combine(mine, dt.time())
            assert mine == expected, cell.coordinate


def test_merges_of_xlsxwriter_reach_every_cell(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("规则")
        sheet.write_row(0, 0, ["决策表", "责任"])
        sheet.write_row(1, 0, ["规则号", "条件", "结论"])
        sheet.write_row(2, 0, ["", "问题类型", "责任方"])
        sheet.write_row(3, 0, ["R1", "", "店铺"])
        sheet.write_row(4, 0, ["R2", "", "物流"])
        sheet.merge_range(3, 1, 4, 1, "丢件")
    (block,) = read_workbook(path).blocks
    assert [row[1].text for row in block.rows[3:5]] == ["丢件", "丢件"]
    assert [row[1].merged for row in block.rows[3:5]] == [False, True]
