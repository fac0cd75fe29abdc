"""Cases from mappings: fast and slow ways agree, every reason is told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases import facts as module
from rulectl.cases.facts import BadCase, FactReader, Slot
from rulectl.cases.placeholders import NOTHING, taken_for, zero_date
from rulectl.lang.literals import read_value
from rulectl.lang.scope import Problem
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import DATETIME, NUMBER, STRING, Type
from tests.cases.vocabulary import ISSUES, RULEBOOK, TERMS

CASE = {"工单号": "1", "问题类型": "色差", "订单实付金额": 99}


def slugs(found: object) -> list[str]:
    assert isinstance(found, BadCase)
    return [f.slug for f in found.findings]


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("订单实付金额", 35.1, Decimal("35.1")),
        ("实付金额", "￥1,299.00", Decimal("1299")),
        ("amount", "35元", Decimal(35)),
        ("amount", Decimal("0.10"), Decimal("0.1")),
        ("AMOUNT", "２３９．００", Decimal(239)),
        ("已穿用", "Y", True),
        ("已穿用", 1, True),
        ("已穿用", False, False),
        ("进线时间", "2025年8月23日 20:05", dt.datetime(2025, 8, 23, 20, 5)),
        ("进线时间", dt.datetime(2025, 8, 23, 20, 5), dt.datetime(2025, 8, 23, 20, 5)),
        ("标签", "急;老客", ("急", "老客")),
        ("标签", ["急", "老客"], ("急", "老客")),
        ("订单号", 178910362121308901, "178910362121308901"),
        ("签收天数", "", None),
        ("签收天数", None, None),
        # as rows of frames of pandas have them
        ("签收天数", np.int64(3), Decimal(3)),
        ("签收天数", float("nan"), None),
        ("签收天数", np.float64("nan"), None),
        ("签收天数", pd.NA, None),
        ("订单实付金额", np.float64(35.1), Decimal("35.1")),
        ("已穿用", np.True_, True),
        ("订单号", np.str_("A1"), "A1"),
        ("标签", np.array(["急", "老客"]), ("急", "老客")),
        ("进线时间", pd.Timestamp("2025-08-23 20:05"), dt.datetime(2025, 8, 23, 20, 5)),
        ("进线时间", np.datetime64("2025-08-23T20:05"), dt.datetime(2025, 8, 23, 20, 5)),
        ("进线时间", pd.NaT, None),
    ],
)
def test_a_value_is_read_as_people_write_it(name: str, raw: object, value: object, facts: FactReader) -> None:
    slot = facts.find(name)
    assert slot is not None
    case = {key: v for key, v in CASE.items() if facts.find(key) is not slot} | {name: raw}
    for _ in range(2):  # met for the first time, and remembered
        found = facts.read(case)
        assert isinstance(found, dict)
        assert found[slot.id] == value
        assert type(found[slot.id]) is type(value)


def test_one_and_true_are_not_mixed_up_in_the_memory(facts: FactReader) -> None:
    for raw, value in ((1, Decimal(1)), (1.0, Decimal(1)), ("1", Decimal(1))):
        found = facts.read(CASE | {"订单实付金额": raw})
        assert isinstance(found, dict)
        assert found["amount"] == value
    assert slugs(facts.read(CASE | {"订单实付金额": True})) == ["not-a-number"]


def test_a_moment_with_a_zone_is_told_as_one(facts: FactReader) -> None:
    moment = dt.datetime(2025, 8, 23, 20, 5, tzinfo=dt.UTC)
    assert slugs(facts.read(CASE | {"进线时间": moment})) == ["zoned-moment"]
    assert slugs(facts.read(CASE | {"进线时间": pd.Timestamp(moment)})) == ["zoned-moment"]


def test_every_reason_is_told(facts: FactReader) -> None:
    case = {"问题类型": "看情况", "订单实付金额": "abc", "已穿用": "也许"}
    assert slugs(facts.read(case)) == ["value-not-allowed", "not-a-number", "not-a-boolean", "missing-fact"]


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_required_value_is_missing(blank: object, facts: FactReader) -> None:
    for _ in range(2):
        assert slugs(facts.read(CASE | {"工单号": blank})) == ["missing-fact"]


def test_a_default_makes_up_for_a_blank(facts: FactReader) -> None:
    assert isinstance(facts.read(CASE | {"店铺": ""}), dict)


def test_one_term_given_twice(facts: FactReader) -> None:
    for _ in range(2):
        assert slugs(facts.read(CASE | {"工单编号": "1"})) == ["two-fields-one-term"]
        assert slugs(facts.read(CASE | {"CASE_ID": "1"})) == ["two-fields-one-term"]


def test_unknown_keys_are_passed_over_and_told(facts: FactReader) -> None:
    case = CASE | {"备注": "x", "责任方": "店铺", "签收天": 1}
    found = facts.read(case)
    assert isinstance(found, dict)
    assert set(found) == {"case_id", "issue", "amount"}
    assert [f.slug for f in facts.unknown(case)] == ["unknown-field", "computed-field", "unknown-field-near"]


def test_the_memory_is_bounded(rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY", 10)
    facts = FactReader(rulebook)
    for number in range(100):
        facts.read(CASE | {"工单号": str(number), "订单实付金额": float(number)})
    assert all(len(slot.texts) <= 10 and len(slot.natives) <= 10 for slot in facts.slots.values())


TEXTS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"\A-?[0-9]{1,20}(\.[0-9]{0,20})?\Z"),
    st.from_regex(r"\A[0-9]\.[0-9]{0,6}[eE]\+[0-9]{2}\Z"),
    st.text(st.sampled_from("12aA .\u3000\u00a0\u200b\u200d\ufeff\t\n甲Ee+-%元"), max_size=8),
)


STAMPS = st.from_regex(
    r"\A(19|20|00)[0-9]{2}[-/.][0-3]?[0-9][-/][0-3]?[0-9][ T]{0,2}[0-2]?[0-9]:[0-6]?[0-9](:[0-6][0-9])?\Z"
) | st.sampled_from(
    ["1899-12-30 00:00", "1970-01-01 00:00:00", "1970/1/1 8:00", "0000-00-00 00:00:00", "1900-01-00 0:00"]
)


@pytest.mark.parametrize("kind", [STRING, NUMBER, DATETIME], ids=["text", "number", "moment"])
@given(TEXTS | STAMPS | st.sampled_from(sorted(NOTHING)), st.sampled_from(["", "元", "%", "天"]))
def test_the_short_cut_reads_as_the_long_way(kind: Type, text: str, unit: str) -> None:
    read = Slot(Term("x", "x", Role.INPUT, kind, unit)).text(text)
    meant = taken_for(text, kind)
    long = meant if isinstance(meant, Problem) else read_value(meant, kind, unit)
    if kind is DATETIME and not isinstance(long, Problem):
        long = zero_date(long) or long
    assert read == long
    assert type(read) is type(long)


NATIVE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(max_size=5), st.sampled_from(ISSUES),
    st.dates(), st.datetimes(), st.timedeltas(), st.lists(st.sampled_from(["急", "x"]), max_size=2),
    st.binary(max_size=2), st.dictionaries(st.text(max_size=1), st.integers(), max_size=1), st.complex_numbers(),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([t.name for t in TERMS] + ["case_id", "x"]), NATIVE, max_size=6))
def test_whatever_a_program_hands_over_is_read_or_refused(case: dict[str, object]) -> None:
    facts = FactReader(RULEBOOK)
    first = facts.read(case)
    assert first == facts.read(case)
    if isinstance(first, BadCase):
        assert first.findings
        assert all(f.message("zh") and f.message("en") for f in first.findings)
    else:
        assert not any(isinstance(value, Problem) for value in first.values())
