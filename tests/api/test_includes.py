"""A shop's own workbook over the shipped ones, as a manager makes it: typed into Excel, or a copy that is changed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

import rulectl
from rulectl.books import shipped

SPOILED = {"工单号": "A1", "问题类型": "食品变质", "订单实付金额": 300, "其余也坏": "是", "核实结果": "未核实"}


def written(path: Path, rows: Sequence[list[object]]) -> Path:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def changed(path: Path, sheet: str, name: str, column: int, value: int) -> Path:
    """The workbook with one cell changed: that of a column in the row that begins with a name."""
    book = load_workbook(path)
    row = next(row for row in book[sheet].iter_rows() if row[0].value == name)
    row[column].value = value
    book.save(path)
    return path


def notices(book: rulectl.Book) -> set[str]:
    return {finding.slug for finding in book.findings}


def test_a_workbook_typed_by_hand_over_a_shipped_one(tmp_path: Path) -> None:
    """Names and values are enough; numbers and percentages as Excel types them."""
    rows: list[list[object]] = [["规则手册"], ["包含", "food"], ["层级", "店规"], []]
    rows += [["参数表"], ["名称", "值"], ["食品受理天数", 14], ["临期比例", 0.25], []]
    rows += [["词汇表"], ["名称", "别名"], ["订单实付金额", "成交价"], []]
    rows += [
        ["决策表", "我的-送券"],
        ["条件", "结论", "结论"],
        ["问题类型", "待办", "补救方案"],
        ["食品变质", "发五元券", "折扣"],
    ]
    book = rulectl.load(written(tmp_path / "我的店.xlsx", rows))
    assert notices(book) == {"overrides-included"}
    amount = {key: value for key, value in SPOILED.items() if key != "订单实付金额"} | {"成交价": "300元"}
    outcome = book.decide(amount | {"签收天数": 14})
    assert "拒绝" not in outcome.outputs["remedies"]  # type: ignore[operator]  # a list
    assert "折扣" in outcome.outputs["remedies"]  # type: ignore[operator]
    assert "发五元券" in outcome.outputs["actions"]  # type: ignore[operator]
    assert "拒绝" in book.decide(amount | {"签收天数": 15}).outputs["remedies"]  # type: ignore[operator]


@pytest.mark.parametrize("name", ["food.xlsx", "我们的食品手册.xlsx"])
def test_a_copy_of_a_shipped_workbook_goes_in_its_place(tmp_path: Path, name: str) -> None:
    """Whatever the copy is called: the shipped `after_sales` that it includes then includes the copy."""
    source = shipped("food")
    assert source is not None
    copy = tmp_path / name
    shutil.copy(source, copy)
    book = rulectl.load(changed(copy, "参数", "食品受理天数", 3, 9))
    assert book.findings == ()
    days = next(parameter for parameter in book.rulebook.parameters if parameter.id == "food_days")
    assert days.value == Decimal(9)
    assert "拒绝" not in book.decide(SPOILED | {"签收天数": 9}).outputs["remedies"]  # type: ignore[operator]
    assert "拒绝" in book.decide(SPOILED | {"签收天数": 10}).outputs["remedies"]  # type: ignore[operator]


def test_a_copy_beside_is_what_a_workbook_includes(tmp_path: Path) -> None:
    """Even when a shipped workbook that is named before it includes the shipped one of that name."""
    source = shipped("food")
    assert source is not None
    shutil.copy(source, tmp_path / "food.xlsx")
    changed(tmp_path / "food.xlsx", "参数", "食品受理天数", 3, 9)
    shop = written(tmp_path / "shop.xlsx", [["规则手册"], ["包含", "after_sales;food"]])
    book = rulectl.load(shop)
    days = next(parameter for parameter in book.rulebook.parameters if parameter.id == "food_days")
    assert days.value == Decimal(9)


def test_a_rule_that_is_added_and_a_number_that_is_changed(tmp_path: Path) -> None:
    """In the shop's workbook of the examples, through Excel: its own tests then tell what moved."""
    examples = Path(__file__).parents[2] / "examples"
    shop = tmp_path / "apparel_shop.xlsx"
    shutil.copy(examples / "apparel_shop" / "apparel_shop.xlsx", shop)
    changed(shop, "参数", "尺码容差", 1, 1)
    book = load_workbook(shop)
    page = book["本店规则"]
    end = page.max_row + 2
    rows: list[list[object]] = [
        ["决策表", "本店-拍照", "优先级", 5],
        ["条件", "结论"],
        ["问题类型", "待办"],
        ["尺码问题", "发群里"],
    ]
    for down, row in enumerate(rows):
        for across, value in enumerate(row, 1):
            page.cell(end + down, across).value = value  # type: ignore[assignment]  # numbers and texts
    book.save(shop)
    loaded = rulectl.load(shop)
    done = rulectl.run_tests(loaded)
    assert [result.case.id for result in done.failed] == ["禾3"]
    moved = done.failed[0].outcome
    assert moved.outputs["responsibility"] == "产品"
    assert "发群里" in moved.outputs["actions"]  # type: ignore[operator]
