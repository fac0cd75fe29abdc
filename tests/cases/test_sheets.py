"""What stands in a workbook and is not a plain value (errors, formulas that were never computed, merged cells, hidden
rows) is never read as a blank without a word."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

import rulectl
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.sheet_parts import Unsaid, unsaid
from rulectl.cases.workbook import WorkbookTable, open_workbook

BOOK = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 必填 | 单位 |
| 工单号 | case_id | 输入 | 文本 | 是 |
| 订单号 | order | 输入 | 文本 | |
| 批次号 | batch | 输入 | 文本 | |
| 金额 | amount | 输入 | 数值 | |
| 折扣 | share | 输入 | 数值 | |
| 佣金率 | rate | 输入 | 数值 | | % |
| 答复 | reply | 输出 | 文本 | |

## 判定
| 决策表 | 判定 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 金额 | 答复 |
| R1 | - | 好 |
"""
HEAD = ["工单号", "订单号", "批次号", "金额", "备注"]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Path], tuple[dict[int, Any], list[str]]]:
    """Row number -> facts or slugs of why not; the slugs of notices."""
    (tmp_path / "book.md").write_text(BOOK, "utf-8")
    book = rulectl.load(tmp_path / "book.md")

    def read_(path: Path) -> tuple[dict[int, Any], list[str]]:
        with path.open("rb") as stream:
            rows = book.open_stream(stream, path.name)
            assert not isinstance(rows, Unreadable), rows
            found = {
                row.number: [f"{field}: {f.slug}" for field, f in row.problems]
                if isinstance(row, Reject)
                else row.facts
                for row in rows
            }
        return found, [found.slug for found in rows.findings]

    return read_


def saved(path: Path, fill: Callable[[Any], None]) -> Path:
    book = openpyxl.Workbook()
    fill(book.active)
    book.save(path)
    return path


@pytest.mark.parametrize("at", ["A1", "C4"])
def test_errors_and_formulas_without_a_value(at: str, read: Any, tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        top, left = sheet[at].row, sheet[at].column
        rows: list[list[Any]] = [
            HEAD,
            ["A1", "O1", "K1", 3, "=1+1"],
            ["A2", "O1", "#N/A", 3, None],
            ["A3", "O1", "K1", "=2+3", None],
            ["A4", "=B2", "K1", 3, None],
            ["A5", "#REF!", "K1", 3, "#REF!"],
            ["合计", None, None, "=SUM(D2:D6)", None],
        ]
        for down, row in enumerate(rows):
            for right, value in enumerate(row):
                sheet.cell(top + down, left + right, value)

    found, _ = read(saved(tmp_path / "cases.xlsx", fill))
    found = {number - int(at[1]) + 1: row for number, row in found.items()}
    assert found == {
        1: {"case_id": "A1", "order": "O1", "batch": "K1", "amount": 3},
        2: ["批次号: cell-error"],
        3: ["金额: formula-without-result"],
        4: ["订单号: formula-without-result"],
        5: ["订单号: cell-error"],
        6: [": totals-no-case"],
    }


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="B2" t="str"><f>IF(1,"")</f><v></v></c>', {}),
        ('<c r="B2"><f>1+1</f><v>2</v></c>', {}),
        ('<c r="B2"><f>1+1</f></c>', {1: {1: None}}),
        ('<c r="B2"><f t="shared" si="0"/><v/></c>', {1: {1: None}}),
        ('<c t="e" r="AA2" s="1"><v>#DIV/0!</v></c>', {1: {26: "#DIV/0!"}}),
        ('<x:c r="B2" t="e"><x:f>1/0</x:f><x:v>#DIV/0!</x:v></x:c>', {1: {1: "#DIV/0!"}}),
        ('<c r="B2" t="s"><v>7</v></c>', {}),
    ],
)
def test_of_cells_as_programs_write_them(cell: str, shown: dict[int, dict[int, str | None]], tmp_path: Path) -> None:
    path = saved(tmp_path / "plain.xlsx", lambda sheet: sheet.append(["x"]))
    with zipfile.ZipFile(path) as plain, zipfile.ZipFile(tmp_path / "cases.xlsx", "w") as target:
        for name in plain.namelist():
            data = plain.read(name)
            if name.endswith("sheet1.xml"):
                data = f'<worksheet><sheetData><row r="2" hidden="1">{cell}</row></sheetData></worksheet>'.encode()
            target.writestr(name, data)
    found = unsaid(tmp_path / "cases.xlsx", "Sheet")
    assert found._replace(columns=26) == Unsaid(shown, frozenset({1}), 2)
    assert unsaid(tmp_path / "cases.xlsx", "Other") == Unsaid({}, frozenset())


@pytest.mark.parametrize(
    "row",
    [
        b'<c r="A2" t="e"></c>' * 20_000,
        b'<c r="A2" t="e" ' * 20_000,
        b't="e"'.join([b"<c "] * 2) + b't="e" ' * 20_000,
        b'<c r="A2"><f>' * 20_000,
        b'<c r="A2"><f ' + b"/ " * 20_000,
        b'<row hidden="1" ' * 20_000,
        b"<" + b"c" * 200_000,
        b'<c r="AA2" ' * 20_000,
        b'<c r="A2"><f>1</f>' + b" " * 200_000,
    ],
    ids=lambda row: row[:24].decode(),
)
def test_bytes_that_are_no_cells_take_no_longer_than_cells(row: bytes, tmp_path: Path) -> None:
    """Patterns that look from each sign to the end take minutes to hours of these, and the test does not end."""
    path = saved(tmp_path / "plain.xlsx", lambda sheet: sheet.append(["x"]))
    with zipfile.ZipFile(path) as plain, zipfile.ZipFile(tmp_path / "cases.xlsx", "w") as target:
        for name in plain.namelist():
            target.writestr(name, row if name.endswith("sheet1.xml") else plain.read(name))
    assert unsaid(tmp_path / "cases.xlsx", "Sheet").cells == {}


@pytest.mark.parametrize(
    ("cell", "blank", "found"),
    [("XFD1048576", "", ["XFD1048576"]), ("ZZ400000", "", ["ZZ400000"]), ("E60000", "XFD2 XFD1048576", [])],
)
def test_a_cell_far_away_is_named_before_all_between_are_held(
    cell: str, blank: str, found: list[str], tmp_path: Path
) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(HEAD)
        sheet.append(["A1", "O1", "K1", 3, None])
        sheet[cell] = "x"
        for one in blank.split():
            sheet[one].font = Font(bold=True)

    table = opened(saved(tmp_path / "cases.xlsx", fill))
    assert [dict(one.fields)["cell"] for one in table.findings if one.slug == "cells-too-far"] == found


def test_a_package_that_unpacks_to_gigabytes_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulectl.cases.workbook._MOST_BYTES", 1000)
    table = opened(saved(tmp_path / "cases.xlsx", lambda sheet: sheet.append(HEAD)))
    assert [one.slug for one in table.findings] == ["case-file-too-large"]


def opened(path: Path) -> WorkbookTable | Unreadable:
    (path.parent / "book.md").write_text(BOOK, "utf-8")
    return open_workbook(path, path.name, rulectl.load(path.parent / "book.md").rulebook)


def test_a_merged_cell_is_every_row_that_it_covers(read: Any, tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(HEAD)
        for number in range(4):
            sheet.append([f"A{number}", f"O{number}", "K1" if number != 1 else None, 3, None])
        sheet.merge_cells("B2:B4")
        sheet.merge_cells("E2:E3")
        sheet.merge_cells("A6:B8")

    found, told = read(saved(tmp_path / "cases.xlsx", fill))
    assert {number: row["order"] for number, row in found.items()} == {1: "O0", 2: "O0", 3: "O0", 4: "O3"}
    assert "batch" not in found[2]
    assert told.count("merged-cells") == 1


def test_headings_in_two_rows(read: Any, tmp_path: Path) -> None:
    """Those of one row reach down beside those that are parted."""

    def fill(sheet: Any) -> None:
        sheet.append(["工单号", "订单", None, "金额", "备注"])
        sheet.append([None, "订单号", "批次号", None, None])
        sheet.append(["A1", "O1", "K1", 3, None])
        for area in ("A1:A2", "B1:C1", "D1:D2", "E1:E2"):
            sheet.merge_cells(area)

    found, told = read(saved(tmp_path / "cases.xlsx", fill))
    assert found == {2: {"case_id": "A1", "order": "O1", "batch": "K1", "amount": 3}}
    assert "headings-below" in told


def test_hidden_rows_are_read_and_told_of(read: Any, tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        for row in (HEAD, ["A1", "O1", "K1", 3, None], ["A2", "O1", "K1", 3, None]):
            sheet.append(row)
        sheet.row_dimensions[3].hidden = True

    found, told = read(saved(tmp_path / "cases.xlsx", fill))
    assert (list(found), told.count("hidden-case-rows")) == ([1, 2], 1)


def test_a_percentage_means_what_it_shows(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    """0.05 shown as 5% is 5 where per cents are counted, and 0.05 elsewhere; so is a number that shows as it is."""

    def fill(page: Any) -> None:
        page.append(["工单号", "折扣", "佣金率"])
        page.append(["a", 0.05, 0.05])
        page.append(["b", 0.05, 0.075])
        page.append(["c", 0.05, 0.05])
        for cell in (page["B2"], page["C2"], page["C3"]):
            cell.number_format = "0.0%"

    rows, _ = read(saved(tmp_path / "cases.xlsx", fill))
    assert [(str(facts["share"]), str(facts["rate"])) for facts in rows.values()] == [
        ("0.05", "5"),
        ("0.05", "7.5"),
        ("0.05", "0.05"),
    ]
