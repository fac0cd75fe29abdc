"""A case file with every kind of badness: exactly the bad rows are rejected, each with every reason."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.cases.facts import FactReader
from rulectl.cases.reader import CaseFile, CaseRow, Reject, Unreadable, id_term, open_cases
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import BOOLEAN, STRING
from tests.cases.vocabulary import RULEBOOK, Result

Rows = Callable[..., list[CaseRow | Reject]]

HEAD = "工单编号,进线时间,问题类型,实付金额,签收天数,已穿用,订单号,备注"

# row as it stands in the file, field and slug of each reason; no reasons: it is decided
LINES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("0001,2025-06-01 20:13:00,质量问题,99元,3,否,178910362121308901,好", ()),
    ("0003,2025/6/2 08:53,色差\u3000,２３９．００,３, Y ,,", ()),
    ("0004,,色差,1,,,1.23457E+18,", (("订单号", "excel-rounded-number"),)),
    ("0005,,质量差评,1,,,,", (("问题类型", "value-not-allowed"),)),
    ("0006,,色差,1,,,", (("", "wrong-cell-count"),)),
    ("0007,,色差,1,,,,,多余", (("", "wrong-cell-count"),)),
    ("0008,,色差,abc,,,,", (("实付金额", "not-a-number"),)),
    ("0009,2025/2/30 25:61,色差,1,,,,", (("进线时间", "not-a-datetime"),)),
    ("0010,,色差,1,,看情况,,", (("已穿用", "not-a-boolean"),)),
    ("0011,,色差,,,,,", (("实付金额", "missing-fact"),)),
    (",,色差,1,,,,", (("工单编号", "missing-fact"),)),
    ("0001,,色差,1,,,,", (("工单编号", "same-case-id"),)),
    ('0012,,色差,"￥3,600.00",,,,"两行\n备注"', ()),
    ('0013,,色差,1,,,,"外套"红"款"', (("", "broken-quote"),)),
    ("0014,,看情况,x,y,z,,", tuple(zip(
        ("问题类型", "实付金额", "签收天数", "已穿用"),
        ("value-not-allowed", "not-a-number", "not-a-number", "not-a-boolean"), strict=True))),
    ("0015,,色差,1,,,,,,,", ()),  # blank cells to the right
    ('0016,,色差,1,,,,"=HYPERLINK(""http://example.invalid"",""点我"")"', ()),
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_exactly_the_bad_rows_are_rejected(encoding: str, rows: Rows) -> None:
    text = "\r\n".join([HEAD, *(line for line, _ in LINES)]) + "\r\n"
    found = rows(text.encode(encoding))
    assert [row.number for row in found] == list(range(1, len(LINES) + 1))
    for row, (line, reasons) in zip(found, LINES, strict=True):
        if reasons:
            assert isinstance(row, Reject), line
            assert tuple((field, reason.slug) for field, reason in row.problems) == reasons
        else:
            assert isinstance(row, CaseRow), line


def test_a_row_is_read_as_people_write_it(rows: Rows) -> None:
    (row,) = rows(f'{HEAD}\n 0012 ,,色差,"￥3,600.00",３天,TRUE,007,x\n')
    assert isinstance(row, CaseRow)
    assert row.id == "0012"
    assert row.facts == {
        "case_id": "0012",
        "issue": "色差",
        "amount": Decimal(3600),
        "days": Decimal(3),
        "worn": True,
        "order_id": "007",
    }


def test_a_reject_holds_its_row_whole(rows: Rows) -> None:
    (row,) = rows(f"{HEAD}\n0005,,质量差评,1,,,,保留\n")
    assert isinstance(row, Reject)
    assert row.raw == ("0005", "", "质量差评", "1", "", "", "", "保留")
    assert row.id == "0005"


def test_a_repeated_id_names_the_row_that_was_decided(rows: Rows) -> None:
    line = "{},,{},1,,,,\n"
    found = rows(HEAD + "\n" + line.format("7", "没有") + line.format("7", "色差") + line.format("7", "色差"))
    # the first was rejected, so the second is decided and the third is the repeated one
    assert [type(row) for row in found] == [Reject, CaseRow, Reject]
    assert isinstance(found[2], Reject)
    assert dict(found[2].problems[0][1].fields)["row"] == "2"


def test_bytes_that_do_not_fit_cost_their_row_only(rows: Rows) -> None:
    good = f"{HEAD}\n1,,色差,1,,,,\n".encode()
    found = rows(good + b"2,,\xff,1,,,,\n" + "3,,色差,1,,,,\n".encode(), encoding="utf-8")
    assert [type(row) for row in found] == [CaseRow, Reject, CaseRow]


def test_a_nul_costs_its_row_only(rows: Rows) -> None:
    filler = "".join(f"{n},,色差,1,,,,\n" for n in range(1000))
    found = rows(f"{HEAD}\n{filler}x,,色差,1,,,,\0\n", encoding="utf-8")
    assert [row.number for row in found if isinstance(row, Reject)] == [1001]


@pytest.mark.parametrize(
    ("content", "slugs"),
    [
        (b"", ["empty-case-file"]),
        ("\n\n", ["empty-case-file"]),
        ('工单号,"问题"x\n1,2\n', ["broken-heading-quote"]),
        ("工单号,问题类型\n1,色差\n", ["missing-column"]),
        ("工单号,工单编号,问题类型,实付金额\n", ["two-columns-one-term"]),
        ("1,色差,3\n2,色差,4\n", ["missing-column"] * 3 + ["unknown-columns"]),
    ],
)
def test_a_file_that_gives_no_cases(content: bytes | str, slugs: list[str], opened: Callable[..., Result]) -> None:
    found = opened(content)
    assert isinstance(found, Unreadable)
    assert [f.slug for f in found.findings] == slugs


def test_headings_alone_are_no_cases(rows: Rows) -> None:
    assert rows(HEAD + "\n") == []


def test_blank_rows_are_told_of(opened: Callable[..., Result]) -> None:
    found = opened(f"{HEAD}\n\n1,,色差,1,,,,\n,,,,,,,\n")
    assert isinstance(found, CaseFile)
    assert [row.number for row in found] == [2]
    assert [f.slug for f in found.findings] == ["unknown-columns", "blank-rows"]


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(delimiter: str, rows: Rows) -> None:
    (row,) = rows("\n".join([HEAD, "1,,色差,1,,,,"]).replace(",", delimiter))
    assert isinstance(row, CaseRow)


def test_the_term_that_names_a_case() -> None:
    def named(*terms: Term) -> str | None:
        found = id_term(Rulebook("x", "x", terms=terms))
        return found.id if found else None

    case_id = Term("case_id", "编号", Role.INPUT, STRING)
    ticket = Term("ticket", "单号", Role.INPUT, STRING, required=True)
    flag = Term("flag", "是否", Role.INPUT, BOOLEAN, required=True)
    assert named(flag, ticket, case_id) == "case_id"
    assert named(flag, ticket) == "ticket"
    assert named(flag) is None


def test_without_case_id_the_same_name_may_come_twice() -> None:
    shop = Term("shop", "店铺", Role.INPUT, STRING, required=True)
    rulebook = Rulebook("x", "x", terms=(shop,))
    found = open_cases(BytesIO("店铺\n甲\n甲\n".encode()), "cases.csv", rulebook, FactReader(rulebook))
    assert isinstance(found, CaseFile)
    assert [type(row) for row in found] == [CaseRow, CaseRow]


CELL = st.one_of(st.text(st.sampled_from('1a",\n;是色差 -.元'), max_size=6), st.sampled_from(["", "色差", "1", "是"]))


@settings(max_examples=200)
@given(st.lists(st.lists(CELL, min_size=6, max_size=9), max_size=6), st.sampled_from(["utf-8", "gb18030"]))
def test_rows_in_are_rows_out(table: list[list[str]], encoding: str) -> None:
    """Law 5, on rows written as a careless program writes them: joined by commas, quotes as they come."""
    text = HEAD + "\n" + "\n".join(",".join(row) for row in table)
    found = open_cases(BytesIO(text.encode(encoding)), "cases.csv", RULEBOOK, FactReader(RULEBOOK))
    assert isinstance(found, CaseFile)
    every = list(found)
    numbers = [row.number for row in every]
    assert numbers == sorted(set(numbers))
    for row in every:
        assert isinstance(row, CaseRow) or row.problems
    out = "".join(cell for row in every for cell in row.raw)
    assert [c for c in out if c in "1a元"] == [c for c in text[len(HEAD) :] if c in "1a元"]


def test_a_stray_nul_spoils_its_row_alone() -> None:
    lines = [HEAD, *(line for line, reasons in LINES[:2] if not reasons), "0009,,色\0差,1,,,,"]
    cases = open_cases(BytesIO("\n".join(lines).encode()), "cases.csv", RULEBOOK, FactReader(RULEBOOK))
    assert isinstance(cases, CaseFile)
    first, second, third = cases
    assert isinstance(first, CaseRow)
    assert isinstance(second, CaseRow)
    assert isinstance(third, Reject)
    assert [found.slug for _, found in third.problems] == ["control-character"]
