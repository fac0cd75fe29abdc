"""The annotated copy: the manager's workbook as it was, every finding at its cell, and a list with links in front."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Font

from rulectl.diagnostics import Finding, finding
from rulectl.model.draft import DraftBlock
from rulectl.sheets.annotate import FILLS, annotate
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook
from rulectl.source import Cell, CellRange, FilePlace, Location
from tests.office import through_libreoffice

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


def decorated(path: Path) -> None:
    """A workbook with what people put beside their rules: a chart, a picture, colours by rule, drop-downs, sparklines,
    comments, a named range of one sheet, print titles."""
    picture = io.BytesIO(base64.b64decode(PICTURE))
    with xlsxwriter.Workbook(str(path)) as book:
        cover = book.add_worksheet("封面")
        cover.write_column(0, 0, [3, 5, 8])
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=封面!$A$1:$A$3"})
        cover.insert_chart("C2", chart)
        cover.insert_image("C20", "logo.png", {"image_data": picture})
        cover.add_sparkline("B1", {"range": "封面!A1:A3"})
        page = book.add_worksheet("参数 表")
        rows: list[list[str | int]] = [["参数表"], ["名称", "值", "说明"], ["甲", 1], ["乙", "=x"], ["丙", 3]]
        for n, row in enumerate(rows):
            for at, value in enumerate(row):
                page.write_string(n, at, value) if isinstance(value, str) else page.write_number(n, at, value)
        page.write_comment("A3", "去年定的")
        page.conditional_format("B3:B5", {"type": "cell", "criteria": ">", "value": 2})
        page.conditional_format("B3:B5", {"type": "data_bar", "data_bar_2010": True})
        page.data_validation("C3", {"validate": "list", "source": "=封面!$A$1:$A$3"})
        page.repeat_rows(1)
        page.activate()
        book.define_name("'参数 表'!高价", "='参数 表'!$B$3")


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

TOUCHED = re.compile(
    r"xl/(workbook|styles|worksheets/sheet\d+)\.xml|.*\.rels|\[Content_Types\].xml|xl/comments.*|.*\.vml"
)


@pytest.mark.filterwarnings("ignore:.*not supported and will be removed")
def test_everything_else_in_the_workbook_is_kept(tmp_path: Path) -> None:
    decorated(tmp_path / "book.xlsx")
    assert annotate(tmp_path / "book.xlsx", found(), tmp_path / "out.xlsx", "zh") == ()
    with zipfile.ZipFile(tmp_path / "book.xlsx") as before, zipfile.ZipFile(tmp_path / "out.xlsx") as after:
        assert after.testzip() is None
        assert set(before.namelist()) <= set(after.namelist())
        assert any("charts/chart" in name for name in before.namelist())
        for name in before.namelist():
            if not TOUCHED.fullmatch(name):
                assert after.read(name) == before.read(name), name
            if name.startswith("xl/worksheets/sheet"):
                # every element that was there is there, the new drawing's link aside
                old, new = ([e.tag for e in ET.fromstring(z.read(name)).iter()] for z in (before, after))
                assert not Counter(old) - Counter(new), name
        pages = ET.fromstring(after.read("xl/workbook.xml"))
    names = {e.get("name"): e.get("localSheetId") for e in pages.iter() if e.tag.endswith("}definedName")}
    assert names == {"高价": "2", "_xlnm.Print_Titles": "2"}
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["检查结果", "封面", "参数 表"]
    assert [bool(page.sheet_view.tabSelected) for page in book.worksheets] == [True, False, False]
    comment = book["参数 表"]["A3"].comment
    assert comment is not None
    assert comment.text.split("\n")[-1] == "去年定的"
    assert comment.author == "rulectl" or "去年定的" in comment.text


@pytest.mark.filterwarnings("ignore:.*not supported and will be removed")
def test_another_program_reads_what_was_written(tmp_path: Path) -> None:
    decorated(tmp_path / "book.xlsx")
    annotate(tmp_path / "book.xlsx", found(), tmp_path / "out.xlsx", "zh")
    book = openpyxl.load_workbook(through_libreoffice(tmp_path / "out.xlsx"))
    page = book["参数 表"]
    colours = {a1: page[a1].fill.start_color.rgb[2:] for a1 in ("A3", "B3", "B5")}
    error, notice = (FILLS[f.severity] for f in (found()[1], found()[0]))
    assert colours == {"A3": error, "B3": notice, "B5": error}
    comments = {a1: page[a1].comment for a1 in ("A3", "B5")}
    assert {a1: comment and comment.text.split(":")[0] for a1, comment in comments.items()} == dict.fromkeys(
        ("A3", "B5"), "错误 RB111"
    )
    link = book.worksheets[0]["C4"].hyperlink
    assert link is not None
    assert link.location in ("'参数 表'!A3", "#'参数 表'.A3")
