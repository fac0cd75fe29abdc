"""The annotated copy: the manager's workbook as it was, every finding at its cell, and a list with links in front."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from rulectl.diagnostics import Finding, finding
from rulectl.model.draft import DraftBlock
from rulectl.sheets.annotate import FILLS, annotate
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook
from rulectl.source import Cell, CellRange, FilePlace, Location

BOOK = """
## 参数 表
| 参数表 |
| 名称 | 值 | 说明 |
| 甲 | 1 | |
| 乙 | =x | |
| 丙 | 3 | |
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    write_workbook(grids(BOOK), path)
    book = openpyxl.load_workbook(path)
    page = book["参数 表"]
    page["A3"].comment = Comment("去年定的", "主管")
    page["C3"].font = Font(name="Arial", bold=True, size=17)
    page.merge_cells("B4:B5")
    page.column_dimensions["C"].width = 33
    book.save(path)
    return path


def at(row: int, column: int, file: str = "book.xlsx") -> Cell:
    return Cell(file, "参数 表", row, column)


def found() -> list[Finding]:
    """One finding of each kind of place."""
    return [
        finding("hidden-rows", at(3, 1), which="3"),
        finding("error-value", Location(at(3, 1), "#N/A"), text="#N/A"),
        finding("error-value", Location(at(5, 2), "=x"), text="=x"),
        finding("struck-through", CellRange(at(3, 2), at(3, 3))),
        finding("error-value", at(1, 1, "law.xlsx"), text="#REF!"),
        finding("no-blocks", FilePlace("book.xlsx"), file="book.xlsx"),
    ]


def texts(blocks: tuple[DraftBlock, ...]) -> list[tuple[str, str]]:
    return [(cell.at.a1, cell.text) for block in blocks for row in block.rows for cell in row]


def test_findings_stand_at_their_cells_and_the_rest_is_as_it_was(source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    assert annotate(source, found(), tmp_path / "out.xlsx", "zh") == ()
    assert source.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book.xlsx", "out.xlsx"]
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    page = book["参数 表"]
    colours = {a1: page[a1].fill.start_color.rgb[2:] for a1 in ("A3", "B3", "C3", "B4", "A4")}
    error, notice = (FILLS[f.severity] for f in (found()[1], found()[0]))
    assert colours | {"A4": ""} == {"A3": error, "B3": notice, "C3": notice, "B4": error, "A4": ""}
    assert colours["A4"] not in (error, notice)
    comment = page["A3"].comment
    assert comment is not None
    lines = comment.text.split("\n")
    assert lines[0].startswith("错误 RB111: 这一格是 Excel 的错误值「#N/A」")
    assert lines[-1] == "去年定的"
    assert any(line.startswith("提示 RB113") for line in lines)
    assert (page["C3"].font.size, page["C3"].font.name, page.column_dimensions["C"].width) == (17, "Arial", 33)
    assert [str(r) for r in page.merged_cells.ranges] == ["B4:B5"]
    assert texts(read_workbook(tmp_path / "out.xlsx").blocks) == texts(read_workbook(source).blocks)


def test_the_first_sheet_lists_all_with_links(source: Path, tmp_path: Path) -> None:
    annotate(source, found(), tmp_path / "out.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    page = book.worksheets[0]
    assert (page.title, book.active) == ("Findings", page)
    assert "errors 4, warnings 0, notices 2" in str(page["A1"].value)
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=4, max_col=3)]
    assert [row[0] for row in rows] == ["error"] * 4 + ["notice"] * 2
    places = {row[2]: page.cell(n, 3).hyperlink for n, row in enumerate(rows, 4)}
    assert set(places) == {"参数 表!A3", "参数 表!B5", "参数 表!B3:C3", "law.xlsx 参数 表!A1", "book.xlsx"}
    links = {place: link.location for place, link in places.items() if link is not None}
    assert links == {"参数 表!A3": "'参数 表'!A3", "参数 表!B5": "'参数 表'!B5", "参数 表!B3:C3": "'参数 表'!B3:C3"}


def test_a_clean_workbook_says_so_and_a_broken_one_is_refused(source: Path, tmp_path: Path) -> None:
    assert annotate(source, [], tmp_path / "out.xlsx", "en") == ()
    assert "errors 0" in str(openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]["A1"].value)
    (tmp_path / "broken.xlsx").write_bytes(b"no workbook")
    refused = annotate(tmp_path / "broken.xlsx", [], tmp_path / "none.xlsx", "en")
    assert [f.slug for f in refused] == ["not-a-workbook"]
    assert not (tmp_path / "none.xlsx").exists()
