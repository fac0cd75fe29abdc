"""Amounts bared of what stands around them are the numbers that the reader of cells finds in them."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases.facts import Slot
from rulectl.columnar.affixes import Affixes
from rulectl.model.policy import Role
from rulectl.model.rulebook import Term
from rulectl.types import Kind, Type

BEFORE = ["", "￥", "¥ ", "￥ ", "RMB", "$", "-", "（", "约", "１", "第", "0x", "'"]
AFTER = ["", "元", " 元", "天", "小时", "万", "%", "折", "）", "件", "e5", "号", "\u200b", "点"]
NUMBERS = ["0", "7", "007", "35", "1299.00", "0.50", "1,299.00", "1,29.00", "01,299", "12,345,678", "9" * 15, "9" * 17]


def slot(unit: str, low: Decimal | None = None, high: Decimal | None = None) -> Slot:
    return Slot(Term("n", "数", Role.INPUT, Type(Kind.NUMBER, low=low, high=high), unit=unit))


@given(
    st.lists(st.tuples(st.sampled_from(BEFORE), st.sampled_from(NUMBERS), st.sampled_from(AFTER)), max_size=60),
    st.sampled_from(["", "元", "天", "小时"]),
)
def test_bared_numbers_are_those_that_are_read(parts: list[tuple[str, str, str]], unit: str) -> None:
    texts = pl.Series(["".join(part) for part in parts] + ["", "三天", "abc"], dtype=pl.String)
    plain = texts.str.contains("^[0-9]+$")
    digits, good = Affixes(slot(unit)).bared(texts, plain)
    for text, number, before, after in zip(texts, digits, plain, good, strict=True):
        if after and not before:
            assert slot(unit).text(text) == Decimal(number)
        else:
            assert number == text


@pytest.mark.parametrize(("unit", "bared"), [("元", ["35", "1299.00", "5"]), ("天", ["￥35", "￥1,299.00", "5元"])])
def test_what_stands_around_must_leave_the_number_as_it_is(unit: str, bared: list[str]) -> None:
    texts = pl.Series(["￥35", "￥1,299.00", "5元"])
    digits, good = Affixes(slot(unit)).bared(texts, pl.repeat(False, 3, eager=True))
    assert digits.to_list() == bared
    assert good.to_list() == [text != own for text, own in zip(bared, texts, strict=True)]


def test_a_narrow_range_is_left_to_the_reader_of_cells() -> None:
    texts = pl.Series(["￥1"])
    digits, good = Affixes(slot("元", Decimal(0), Decimal(2))).bared(texts, pl.Series([False]))
    assert (digits.to_list(), good.to_list()) == (["￥1"], [False])
