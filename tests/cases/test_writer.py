"""Decisions as a table: columns, guards against formulas, and files that are whole or not there."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases.reader import CaseRow, Reject, id_term
from rulectl.cases.writer import Layout, Target, Trace, cell, guarded, layout, reject_cells
from rulectl.diagnostics import finding
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Status
from rulectl.model.rulebook import Rulebook
from rulectl.source import Cell, CellRange, RowPlace
from tests.cases.vocabulary import RULEBOOK

CASE = CaseRow(1, "0001", {"case_id": "0001", "amount": Decimal(99)})
CELLS = CellRange(Cell("b.xlsx", "责任判定", 4, 1), Cell("b.xlsx", "责任判定", 4, 5))
OUTCOME = Outcome(
    case={"case_id": "0001", "amount": Decimal(99)},
    outputs={"party": "=店铺", "refund": Decimal("-17.50"), "remedies": ("换货", "补发")},
    derived={"family": "产品"},
    statuses={"party": Status.DECIDED},
    status=Status.PROVISIONAL,
    asks=("days", "worn"),
    firings=(Firing("责任", "R1", CELLS), Firing("补救", "R2")),
)


def table(**options: object) -> tuple[tuple[str, ...], list[str]]:
    made = layout(RULEBOOK, id_term(RULEBOOK), **options)  # type: ignore[arg-type]  # options as the test gives them
    assert isinstance(made, Layout)
    return made.headings, made.row(CASE, OUTCOME)


def test_the_usual_columns() -> None:
    assert table() == (
        ("工单号", "责任方", "应退金额", "补救方案", "status", "asks", "rules"),
        ["0001", "'=店铺", "-17.5", "换货;补发", "provisional", "签收天数;已穿用", "责任/R1;补救/R2"],
    )


@pytest.mark.parametrize(("trace", "last"), [("none", "asks"), ("rules", "rules"), ("full", "why")])
def test_trace(trace: Trace, last: str) -> None:
    headings, row = table(trace=trace)
    assert headings[-1] == last
    if trace == "full":
        assert row[-1] == "责任/R1@[b.xlsx]责任判定!A4:E4;补救/R2"


def test_ids_as_headings() -> None:
    headings, row = table(headings="id")
    assert headings == ("case_id", "party", "refund", "remedies", "status", "asks", "rules")
    assert row[5] == "days;worn"


def test_columns_of_ones_own() -> None:
    chosen = ["status", RULEBOOK.term("family"), RULEBOOK.term("amount"), RULEBOOK.term("days")]
    assert table(columns=chosen) == (
        ("工单号", "status", "问题大类", "订单实付金额", "签收天数"),
        ["0001", "provisional", "产品", "99", ""],
    )


def test_without_a_term_for_the_id_the_row_number_stands_for_it() -> None:
    made = layout(Rulebook("x", "x"), None, trace="none")
    assert made.headings == ("row", "status", "asks")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_guarded(start: str) -> None:
    assert cell(start + "1+1") == "'" + start + "1+1"
    assert cell((start + "1", "b")).startswith("'")


def test_numbers_are_left_alone() -> None:
    assert cell(Decimal(-5)) == "-5"
    assert cell(Decimal("0.10")) == "0.1"
    assert cell(True) == "是"
    assert cell(None) == ""


@given(st.text(max_size=20))
def test_no_guarded_text_starts_like_a_formula(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guarded(text) in (text, "'" + text)


# -- files -------------------------------------------------------------------------------------------------------


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with Target(str(path), sys.stdout) as target:
        target.stream.write("工单号\r\n")
        target.stream.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == b"\xef\xbb\xbf" + "工单号\r\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_run_that_fails_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    def fail() -> None:
        with Target(str(path), sys.stdout) as target:
            target.stream.write("half")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    plain, ours = tmp_path / "plain", tmp_path / "ours"
    plain.write_text("")
    with Target(str(ours), sys.stdout):
        pass
    assert ours.stat().st_mode == plain.stat().st_mode


def test_an_encoding_that_lacks_a_character_changes_no_text(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(UnicodeEncodeError), Target(str(path), sys.stdout, "gbk") as target:
        target.stream.write("好😀")
    assert list(tmp_path.iterdir()) == []


def reject(*raw: str) -> Reject:
    at = RowPlace("cases.csv", 3, "实付金额")
    return Reject(
        3, "7", raw, (("", finding("broken-quote", at)), ("实付金额", finding("missing-fact", at, field="实付金额")))
    )


def test_rejects_are_written_whole_with_their_reasons() -> None:
    row = reject_cells(reject("7", "-3", "=1+1", "多余"), "zh")
    assert row[:2] == ["3", "实付金额"]
    assert "双引号不成对" in row[2]
    assert "必填字段「实付金额」是空的" in row[2]
    assert row[3:] == ["7", "-3", "'=1+1", "多余"]
