"""Workbooks as Excel leaves them: every habit of people's cells that the reader knows."""

import datetime as dt
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from rulectl.model.draft import BlockKind, Draft, DraftCell
from rulectl.sheets.reader import read_workbook


@pytest.fixture
def sheet() -> Worksheet:
    """A sheet with a parameters block of three columns, to be filled on."""
    page: Any = openpyxl.Workbook().active
    page.title = "参数"
    page.append(["参数表"])
    page.append(["名称", "值", "说明"])
    assert isinstance(page, Worksheet)
    return page


def read(sheet: Worksheet, folder: Path) -> Draft:
    assert sheet.parent is not None
    sheet.parent.save(folder / "book.xlsx")
    return read_workbook(folder / "book.xlsx")


def slugs(draft: Draft) -> list[tuple[str, str]]:
    return [(f.slug, str(f.at.place)) for f in draft.findings]


def cell(draft: Draft, a1: str) -> DraftCell:
    return next(c for b in draft.blocks for row in b.rows for c in row if c.at.a1 == a1)


NUMBERS: list[tuple[Any, str, Any, str]] = [
    (3, "General", Decimal(3), "3"),
    (0.1, "General", Decimal("0.1"), "0.1"),
    (1.1000000000000001, "0.00", Decimal("1.1"), "1.1"),
    (0.1 + 0.2, "General", Decimal("0.3"), "0.3"),
    (-1299.5, '"￥"#,##0.00', Decimal("-1299.5"), "-1299.5"),
    (0.1, "0%", Decimal("0.1"), "10%"),
    (0.125, "0.00%", Decimal("0.125"), "12.5%"),
    (1e21, "General", Decimal("1e21"), "1000000000000000000000"),
    (True, "General", True, "TRUE"),
    (dt.date(2025, 8, 23), "yyyy-mm-dd", dt.date(2025, 8, 23), "2025-08-23"),
    (45000, '[$-804]yyyy"年"m"月"d"日"', dt.date(2023, 3, 15), "2023-03-15"),
    (1, "yyyy-mm-dd", dt.date(1900, 1, 1), "1900-01-01"),
    (61, "m/d/yy", dt.date(1900, 3, 1), "1900-03-01"),
    (45000.5, "yyyy-mm-dd hh:mm", dt.datetime(2023, 3, 15, 12), "2023-03-15 12:00"),
    (45000, "yyyy-mm-dd hh:mm", dt.datetime(2023, 3, 15), "2023-03-15 00:00"),
    (0.5, "h:mm", dt.timedelta(hours=12), "PT12H"),
    (2.5, "[h]:mm", dt.timedelta(hours=60), "P2DT12H"),
    (-5, "yyyy-mm-dd", Decimal(-5), "-5"),
    (5, '0"天"', Decimal(5), "5"),
    (5, '[Red]0" days"', Decimal(5), "5"),
    (" 3\u00a0天 ", "General", "3 天", "3 天"),
    ("第一行\r\n第二行_x000D_", "General", "第一行\n第二行", "第一行\n第二行"),
    ("007", "@", "007", "007"),
]


@pytest.mark.parametrize(("written", "number_format", "value", "text"), NUMBERS)
def test_a_cell_is_read_as_it_is_shown(
    sheet: Worksheet, tmp_path: Path, written: Any, number_format: str, value: Any, text: str
) -> None:
    sheet["A3"], sheet["B3"] = "x", written
    sheet["B3"].number_format = number_format
    draft = read(sheet, tmp_path)
    found = cell(draft, "B3")
    assert (found.value, type(found.value), found.text) == (value, type(value), text)


def test_dates_may_count_from_1904(sheet: Worksheet, tmp_path: Path) -> None:
    assert sheet.parent is not None
    sheet.parent.epoch = CALENDAR_MAC_1904
    sheet["A3"], sheet["B3"] = "x", dt.date(2025, 8, 23)
    assert cell(read(sheet, tmp_path), "B3").value == dt.date(2025, 8, 23)


def test_a_merged_cell_gives_its_value_to_all_it_covers(sheet: Worksheet, tmp_path: Path) -> None:
    for row in (["a", 1, "n"], ["b", None, None], ["c", None, None]):
        sheet.append(row)
    sheet.merge_cells("B3:C5")
    draft = read(sheet, tmp_path)
    covered = [cell(draft, a1) for a1 in ("B3", "C3", "B4", "C5")]
    assert [(c.text, c.merged) for c in covered] == [("1", False), ("1", True), ("1", True), ("1", True)]
    assert [c.at.a1 for c in covered] == ["B3", "C3", "B4", "C5"]


def test_a_merged_title_is_said_once(tmp_path: Path) -> None:
    page: Any = openpyxl.Workbook().active
    for row in (["决策表"], [], ["规则号", "条件", None, "结论"], [None, "a", "b", "c"], ["R1", "-", "-", "1"]):
        page.append(row)
    page.merge_cells("A1:D2")
    page.merge_cells("B3:C3")
    (block,) = read(page, tmp_path).blocks
    assert [[c.text for c in row] for row in block.rows] == [
        ["决策表", "", "", ""],
        ["规则号", "条件", "条件", "结论"],
        ["", "a", "b", "c"],
        ["R1", "-", "-", "1"],
    ]


def test_a_row_held_only_by_merges_does_not_end_the_block(tmp_path: Path) -> None:
    page: Any = openpyxl.Workbook().active
    for row in (["参数表"], ["名称", "值"], ["a", 1], [None, None], ["b", 2]):
        page.append(row)
    page.merge_cells("A3:A4")
    page.merge_cells("B3:B4")
    (block,) = read(page, tmp_path).blocks
    assert len(block.rows) == 5


def test_a_merge_down_to_the_end_of_the_world_is_bounded(sheet: Worksheet, tmp_path: Path) -> None:
    sheet["A3"] = "x"
    sheet.merge_cells("A3:C3")
    read(sheet, tmp_path)
    patched = patch(tmp_path / "book.xlsx", "xl/worksheets/sheet1.xml", 'ref="A3:C3"', 'ref="A3:XFD1048576"')
    (block,) = read_workbook(patched).blocks
    assert (len(block.rows), len(block.rows[0])) == (3, 3)


def test_hidden_and_struck_rows_count_and_are_told(sheet: Worksheet, tmp_path: Path) -> None:
    for name in "abcdef":
        sheet.append([name, 1, "n"])
    for hidden in (4, 5, 7):
        sheet.row_dimensions[hidden].hidden = True
    sheet.column_dimensions["C"].hidden = True
    sheet["B3"].font = Font(strike=True)
    sheet["A8"] = CellRichText(TextBlock(InlineFont(strike=True), "f"))
    draft = read(sheet, tmp_path)
    assert len(draft.blocks[0].rows) == 8
    assert slugs(draft) == [
        ("struck-through", "参数!A3"),
        ("struck-through", "参数!A8"),
        ("hidden-rows", "参数!A4"),
        ("hidden-columns", "参数!C1"),
    ]
    assert "4-5、7" in draft.findings[2].message("zh")


def test_rich_text_is_text_and_what_is_half_struck_is_told(sheet: Worksheet, tmp_path: Path) -> None:
    """Whoever strikes the 5 of 35 out means 3; Excel keeps 35, and so does the reader, but not without a word."""
    sheet["A3"] = CellRichText("退", TextBlock(InlineFont(b=True), "货"), "运费")
    sheet["B3"] = CellRichText("3", TextBlock(InlineFont(b=True, strike=True), "5"))
    sheet["A9"] = CellRichText("a note ", TextBlock(InlineFont(strike=True), "outside"))
    draft = read(sheet, tmp_path)
    assert (cell(draft, "A3").text, cell(draft, "B3").text) == ("退货运费", "35")
    assert slugs(draft) == [("half-struck", "参数!B3")]
    assert "35" in draft.findings[0].message("zh")


def test_half_struck_text_within_a_cell_is_told_too(sheet: Worksheet, tmp_path: Path) -> None:
    """Some programs keep rich text in the cell itself."""
    sheet["A3"], sheet["B3"] = "x", "SWAP"
    read(sheet, tmp_path)
    runs = "<is><r><t>3</t></r><r><rPr><strike/></rPr><t>5</t></r></is>"
    with zipfile.ZipFile(tmp_path / "book.xlsx") as package:
        page = package.read("xl/worksheets/sheet1.xml").decode()
    swapped = re.sub(r'<c r="B3"[^>]*>.*?</c>', f'<c r="B3" t="inlineStr">{runs}</c>', page)
    draft = read_workbook(patch(tmp_path / "book.xlsx", "xl/worksheets/sheet1.xml", page, swapped))
    assert slugs(draft) == [("half-struck", "参数!B3")]


def test_formulas_give_their_stored_result_or_are_told(sheet: Worksheet, tmp_path: Path) -> None:
    sheet["A3"], sheet["B3"], sheet["C3"] = "x", "=1+1", "n"
    draft = read(sheet, tmp_path)
    assert slugs(draft) == [("formula-not-computed", "参数!B3")]
    assert cell(draft, "B3").blank
    patched = patch(tmp_path / "book.xlsx", "xl/worksheets/sheet1.xml", "<v></v>", "<v>2</v>", "<v />", "<v>2</v>")
    draft = read_workbook(patched)
    assert (draft.findings, cell(draft, "B3").value) == ((), Decimal(2))


def patch(path: Path, part: str, *swaps: str) -> Path:
    """A copy of a package with texts of one part swapped."""
    target = path.with_name("patched.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                text = data.decode()
                for before, after in zip(swaps[::2], swaps[1::2], strict=True):
                    text = text.replace(before, after)
                data = text.encode()
            new.writestr(name, data)
    return target


def test_error_values_are_told_once_and_only_in_blocks(sheet: Worksheet, tmp_path: Path) -> None:
    sheet["A3"], sheet["B3"] = "x", "#N/A"
    sheet["A9"] = "#REF!"
    draft = read(sheet, tmp_path)
    assert slugs(draft) == [("error-value", "参数!B3")]
    assert "#N/A" in draft.findings[0].message("en")


def test_numbers_longer_than_excel_keeps_are_told(sheet: Worksheet, tmp_path: Path) -> None:
    sheet["A3"], sheet["B3"] = "x", 6920123456789012345
    assert slugs(read(sheet, tmp_path)) == [("long-number", "参数!B3")]


def test_hidden_sheets_count_and_notes_are_left_alone(sheet: Worksheet, tmp_path: Path) -> None:
    assert sheet.parent is not None
    sheet.sheet_state = "hidden"
    notes = sheet.parent.create_sheet("笔记")
    notes["A1"], notes["B2"] = "谁改过", "=1+1"
    draft = read(sheet, tmp_path)
    assert [b.kind for b in draft.blocks] == [BlockKind.PARAMETERS]
    assert slugs(draft) == [("hidden-sheet", "参数!A1")]


def test_styled_empty_rows_cost_nothing(sheet: Worksheet, tmp_path: Path) -> None:
    sheet["A3"] = "x"
    for number in range(4, 3000):
        sheet.cell(number, 1).font = Font(bold=True)
    sheet.cell(3000, 1).value = "a note far below"
    draft = read(sheet, tmp_path)
    assert [len(b.rows) for b in draft.blocks] == [3]


def test_a_workbook_of_notes_alone_has_no_blocks(tmp_path: Path) -> None:
    page: Any = openpyxl.Workbook().active
    page["A1"] = "shopping list"
    assert slugs(read(page, tmp_path)) == [("no-blocks", "")]


def test_prefixed_names_are_read_too(sheet: Worksheet, tmp_path: Path) -> None:
    """Some programs write `<x:c>` for `<c>`."""
    sheet["A3"] = "x"
    read(sheet, tmp_path)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as package:
        plain = package.read("xl/worksheets/sheet1.xml").decode()
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    assert namespace in plain
    prefixed = plain.replace("</", "\0").replace("<", "<x:").replace("\0", "</x:").replace("<x:?", "<?")
    prefixed = prefixed.replace(namespace, namespace.replace("xmlns", "xmlns:x"))
    patched = patch(tmp_path / "book.xlsx", "xl/worksheets/sheet1.xml", plain, prefixed)
    assert cell(read_workbook(patched), "A3").text == "x"


# -- files that are not read -----------------------------------------------------------------------------------


def made(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def zipped(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return path


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def test_files_that_are_no_workbooks_are_told_apart(tmp_path: Path) -> None:
    ods = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}
    files = {
        "missing": tmp_path / "missing.xlsx",
        "text": made(tmp_path / "text.xlsx", b"a,b\n1,2\n"),
        "empty": made(tmp_path / "empty.xlsx", b""),
        "lock": made(tmp_path / "~$book.xlsx", b"owner"),
        "xls": made(tmp_path / "old.xls", OLE + b"\0" * 512 + "Workbook".encode("utf-16-le")),
        "locked": made(tmp_path / "locked.xlsx", OLE + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le")),
        "ods": zipped(tmp_path / "a.ods", **ods),
        "zip": zipped(tmp_path / "a.xlsx", **{"a.txt": "hello"}),
        "xlsb": zipped(tmp_path / "a.xlsb", **{"xl/workbook.bin": "", "[Content_Types].xml": ""}),
        "hollow": zipped(tmp_path / "hollow.xlsx", **{"xl/workbook.xml": "<a", "[Content_Types].xml": "<a/>"}),
        "folder": tmp_path,
    }
    found = {name: [f.slug for f in read_workbook(path).findings] for name, path in files.items()}
    assert found == {
        "missing": ["file-not-found"],
        "text": ["not-a-workbook"],
        "empty": ["not-a-workbook"],
        "lock": ["lock-file"],
        "xls": ["old-workbook"],
        "locked": ["encrypted-workbook"],
        "ods": ["old-workbook"],
        "zip": ["not-a-workbook"],
        "xlsb": ["old-workbook"],
        "hollow": ["damaged-workbook"],
        "folder": ["file-not-found"],
    }


def test_entities_and_bombs_are_refused(sheet: Worksheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet["A3"] = "x"
    read(sheet, tmp_path)
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'
    patched = patch(tmp_path / "book.xlsx", "xl/worksheets/sheet1.xml", "<worksheet", bomb)
    assert [f.slug for f in read_workbook(patched).findings] == ["damaged-workbook"]
    monkeypatch.setattr("rulectl.sheets.package.MAX_UNPACKED", 1000)
    assert [f.slug for f in read_workbook(tmp_path / "book.xlsx").findings] == ["workbook-too-large"]


@pytest.mark.parametrize("index", ["99999", "-1", "x"])
def test_a_text_that_the_file_lost_is_told(sheet: Worksheet, tmp_path: Path, index: str) -> None:
    """The lost cell may be the marker itself, so that a whole table would vanish without a word."""
    sheet["A3"] = "x"
    read(sheet, tmp_path)
    held, lost = 't="inlineStr"><is><t>x</t></is>', f't="s"><v>{index}</v>'
    patched = patch(tmp_path / "book.xlsx", "xl/worksheets/sheet1.xml", held, lost)
    found = [f for f in read_workbook(patched).findings if f.slug == "damaged-workbook"]
    assert len(found) == 1
    assert str(found[0].at.place).endswith("!A3")


def test_every_damage_is_a_finding_and_no_traceback(sheet: Worksheet, tmp_path: Path) -> None:
    """Cut and flip a good file at many places: it is read, or refused with a finding."""
    sheet["A3"], sheet["B3"] = "x", 1
    read(sheet, tmp_path)
    whole = (tmp_path / "book.xlsx").read_bytes()
    for at in range(0, len(whole), 97):
        flipped = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        for data in (whole[:at], flipped):
            draft = read_workbook(made(tmp_path / "hurt.xlsx", data))
            assert draft.blocks or draft.findings


def test_values_of_other_workbooks_are_told(sheet: Worksheet, tmp_path: Path) -> None:
    sheet.append(["甲", "=SUM(Table1[1])", ""])
    sheet.append(["乙", "='[1]价格 表'!$A$1*2", ""])
    parent = sheet.parent
    assert parent is not None
    parent.save(tmp_path / "book.xlsx")
    path = patch(
        tmp_path / "book.xlsx",
        "xl/worksheets/sheet1.xml",
        "<v></v>",
        "<v>5</v>",
        "<v/>",
        "<v>5</v>",
        "<v />",
        "<v>5</v>",
    )
    draft = read_workbook(path)
    assert slugs(draft) == [("external-value", "参数!B4")]
    assert [cell(draft, a1).value for a1 in ("B3", "B4")] == [5, 5]


def test_macros_and_embedded_files_are_told_and_left_alone(sheet: Worksheet, tmp_path: Path) -> None:
    parent = sheet.parent
    assert parent is not None
    parent.save(tmp_path / "book.xlsx")
    with zipfile.ZipFile(tmp_path / "book.xlsx", "a") as package:
        package.writestr("xl/vbaProject.bin", b"\0" * 10)
        package.writestr("xl/embeddings/oleObject1.bin", b"\0" * 10)
    draft = read_workbook(tmp_path / "book.xlsx")
    (told,) = draft.findings
    assert told.message("zh") == "「book.xlsx」里还有嵌入的文件 / 宏，程序从不看它们，也不会运行。"
    assert told.message("en") == '"book.xlsx" also holds embedded files / macros, which are never looked at nor run.'
