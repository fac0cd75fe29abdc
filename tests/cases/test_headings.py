"""Headings to terms."""

from __future__ import annotations

import pytest

from rulectl.cases.headings import nearest, plan
from rulectl.codes import Severity
from rulectl.model.rulebook import Rulebook

NEEDED = ("工单号", "问题类型", "订单实付金额")


def slugs(headings: tuple[str, ...], rulebook: Rulebook) -> list[str]:
    return [found.slug for found in plan(headings, rulebook, "cases.csv").findings]


@pytest.mark.parametrize(
    ("heading", "term"),
    [
        ("工单号", "case_id"),
        ("工单编号", "case_id"),
        ("case_id", "case_id"),
        ("  CASE_ID ", "case_id"),
        ("ｃａｓｅ＿ｉｄ", "case_id"),
        ("\ufeff工单号", "case_id"),
        ("工单号\u200b", "case_id"),
        ("同批投诉人数", "reports"),
        ("问题 类型", "issue"),
        ("订单实付金额（元）", "amount"),
        ("实付 金额 【元】", "amount"),
        ("*实付金额", "amount"),
        ("实付金额＊", "amount"),
        ("* 实付金额（必填）", "amount"),
        ("签收天数(选填)", "days"),
        ("签收天数(天)", "days"),
        ("工单号/case_id", "case_id"),
        ("工单号\nCASE_ID", "case_id"),
        ("工单编号（工单号）", "case_id"),
        ("Case_ID 工单号", "case_id"),
    ],
)
def test_a_heading_is_a_name_an_id_or_an_alias(heading: str, term: str, rulebook: Rulebook) -> None:
    (column,) = plan((heading,), rulebook, "cases.csv").columns
    assert column.term.id == term


def test_a_long_cell_is_no_heading(rulebook: Rulebook) -> None:
    """Held against the marks of headings, its stars take the square of their number."""
    assert not plan(("￥" + "*" * 60_000 + ",",), rulebook, "cases.csv").columns


def test_the_order_of_columns_is_free(rulebook: Rulebook) -> None:
    found = plan(("实付金额", "备注", "问题类型", "case_id", "", ""), rulebook, "cases.csv")
    assert [(c.index, c.term.id) for c in found.columns] == [(0, "amount"), (2, "issue"), (3, "case_id")]
    assert found.width == 4
    assert [f.slug for f in found.findings] == ["unknown-columns"]
    assert dict(found.findings[0].fields)["columns"] == "备注"


def test_columns_that_are_not_read_are_told_of_once(rulebook: Rulebook) -> None:
    found = plan((*NEEDED, "备注", "客服", "", "责任方", "签收天"), rulebook, "cases.csv").findings
    assert [f.slug for f in found] == ["unknown-columns-near", "computed-columns"]
    assert "备注、客服、#6、签收天" in found[0].message("zh")
    assert "备注, 客服, #6, 签收天" in found[0].message("en")
    assert dict(found[0].fields)["near"] == "签收天 → 签收天数"
    assert all(f.severity is Severity.NOTICE for f in found)


def test_a_required_term_without_column_is_an_error(rulebook: Rulebook) -> None:
    assert slugs(("工单号", "问题类型"), rulebook) == ["missing-column"]
    # that of an alias too
    assert slugs(("工单号", "问题类型", "实付金额2"), rulebook) == ["missing-column-near"]
    # its near miss is told of in the error, not a second time
    assert slugs(("工单号", "问题类型", "订单实付金"), rulebook) == ["missing-column-near"]


def test_a_required_term_with_a_default_may_be_left_out(rulebook: Rulebook) -> None:
    assert slugs(NEEDED, rulebook) == []


def test_two_columns_for_one_term_are_an_error(rulebook: Rulebook) -> None:
    assert slugs((*NEEDED, "工单编号"), rulebook) == ["two-columns-one-term"]


def test_nearest() -> None:
    assert nearest("签收天", ["签收天数", "签收情况"]) == "签收天数"
    assert nearest("xyz", ["签收天数"]) == ""


def test_more_columns_than_a_sheet_has_are_no_cases(rulebook: Rulebook) -> None:
    assert slugs(NEEDED + ("x",) * 16_382, rulebook) == ["too-many-columns"]
    wide = plan(NEEDED + tuple(f"x{n}" for n in range(16_381)), rulebook, "cases.csv")
    assert [found.slug for found in wide.findings] == ["unknown-columns"]


@pytest.mark.parametrize("heading", ["订单实付金额(分)", "订单实付金额/万元", "实付金额 Price", "实付金额/签收天数"])
def test_another_unit_or_name_is_another_column(heading: str, rulebook: Rulebook) -> None:
    assert slugs(("工单号", "问题类型", heading), rulebook) == ["missing-column-near"]


def test_a_heading_that_fits_as_it_stands_goes_before_one_that_nearly_does(rulebook: Rulebook) -> None:
    found = plan(("实付金额(元)", *NEEDED), rulebook, "cases.csv")
    assert [column.index for column in found.columns if column.term.id == "amount"] == [3]
    assert [f.slug for f in found.findings] == ["unknown-columns"]


def test_the_columns_of_a_rejects_file_are_known(rulebook: Rulebook) -> None:
    """Rows that were rejected come back mended, with what was said of them still in front."""
    assert slugs(("行号", "字段", "原因", *NEEDED), rulebook) == []
    assert slugs(("row", "field", "reason", *NEEDED), rulebook) == []
    assert slugs((*NEEDED, "行号"), rulebook) == ["unknown-columns"]
