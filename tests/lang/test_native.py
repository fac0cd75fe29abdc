"""Cells that hold what Excel typed itself: numbers, percentages, booleans, dates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from rulectl.lang import parser
from rulectl.lang.literals import value_of
from rulectl.lang.parser import is_otherwise, output_of, parse_template
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import Is, Literal, Name, Text
from rulectl.values import Value
from tests.lang.world import SCOPE, TYPES

DAY = dt.datetime(2025, 6, 1)


@pytest.mark.parametrize(
    ("native", "kind", "unit", "expected"),
    [
        (Decimal("1.50"), "number", "", Decimal("1.5")),
        (0.1, "number", "", Decimal("0.1")),
        (7, "string", "", "7"),
        (Decimal("1E+2"), "string", "", "100"),
        (1234567890123456789, "string", "", "1234567890123456789"),
        (1, "boolean", "", True),
        (Decimal(0), "boolean", "", False),
        (True, "boolean", "", True),
        (DAY, "date", "", dt.date(2025, 6, 1)),
        (dt.date(2025, 6, 1), "datetime", "", DAY),
        (dt.timedelta(hours=1.5), "duration", "", dt.timedelta(minutes=90)),
        (2, "duration", "天", dt.timedelta(days=2)),
        (DAY, "string", "", "2025-06-01"),
        (["质量问题", "瑕疵"], "list:enum", "", ("质量问题", "瑕疵")),
        (3, "list:number", "", (Decimal(3),)),
        ("", "number", "", None),
        (None, "enum", "", None),
        (20250601, "date", "", dt.date(2025, 6, 1)),
    ],
)
def test_native_value(native: object, kind: str, unit: str, expected: Value) -> None:
    assert value_of(native, TYPES[kind], unit) == expected


@pytest.mark.parametrize(
    ("native", "kind", "slug"),
    [
        (1.2345678901234568e18, "string", "excel-rounded-number"),
        (Decimal("1234567890123456789"), "string", "excel-rounded-number"),
        (True, "number", "not-a-number"),
        (2, "boolean", "not-a-boolean"),
        (DAY, "number", "dated-by-excel"),
        (dt.date(2025, 3, 5), "duration", "dated-by-excel"),
        (dt.datetime(2025, 3, 5, 8, 30), "number", "not-a-number"),
        (float("nan"), "number", "not-a-number"),
        (float("inf"), "number", "not-a-number"),
        (10**40, "number", "number-too-large"),
        (dt.datetime(2025, 6, 1, 20, 5), "date", "clock-in-date"),
        (DAY.replace(tzinfo=dt.UTC), "datetime", "not-a-datetime"),
        (["瑕疵"], "enum", "not-a-single-value"),
        (3, "enum", "value-not-allowed"),
        (object(), "number", "not-a-number"),
    ],
)
def test_native_problem(native: object, kind: str, slug: str) -> None:
    found = value_of(native, TYPES[kind])
    assert isinstance(found, Problem)
    assert found.slug == slug


def test_native_condition() -> None:
    assert parser.test_of(Decimal(3), "3", TYPES["number"], SCOPE) == Is("=", Literal(Decimal(3)))
    assert parser.test_of(True, "TRUE", TYPES["boolean"], SCOPE) == Is("=", Literal(True))
    assert parser.test_of(Decimal("0.1"), "10%", TYPES["number"], SCOPE) == Is("=", Literal(Decimal("0.1")))
    assert parser.test_of(Decimal("0.104"), "10%", TYPES["number"], SCOPE, "%") == Is("=", Literal(Decimal("10.4")))
    assert parser.test_of("<=3", "<=3", TYPES["number"], SCOPE) == Is("<=", Literal(Decimal(3)))
    assert parser.test_of(Decimal(3), "3", TYPES["list:number"], SCOPE) == Is("=", Literal(Decimal(3)))


def test_native_shares_say_of_what() -> None:
    """Excel keeps 50% as 0.5: in a column of per cents 0.5 may be either, in one of money nobody knows of what."""
    for read in (parser.test_of, output_of):
        for value, text, unit, readings in (
            (Decimal("0.5"), "0.5", "%", ["0.5%", "50%"]),
            (Decimal("0.05"), "5%", "元", []),
        ):
            found = read(value, text, TYPES["number"], SCOPE, unit)
            assert isinstance(found, Broken)
            (problem,) = found.problems
            assert problem.slug == ("ambiguous-entry" if readings else "share-of-what")
            assert [dict(problem.fields)[name] for name in ("first", "second")] == readings if readings else True
        assert not isinstance(read(Decimal("1.5"), "1.5", TYPES["number"], SCOPE, "%"), Broken)


def test_native_day_in_a_column_with_clocks_is_two_things() -> None:
    found = parser.test_of(DAY, "2025-06-01", TYPES["datetime"], SCOPE)
    assert isinstance(found, Broken)
    assert [p.slug for p in found.problems] == ["ambiguous-entry"]
    assert parser.test_of(DAY, "2025-06-01 00:00", TYPES["datetime"], SCOPE) == Is("=", Literal(DAY))


@pytest.mark.parametrize(
    ("shown", "kind", "slug"),
    [
        ("06-01", "string", "text-dated-by-excel"),
        ("2025-06", "enum", "text-dated-by-excel"),
        ("06-01", "date", ""),
        ("2025-06", "date", "ambiguous-entry"),
        ("2025-06-01", "string", ""),
    ],
)
def test_a_date_that_excel_made_of_something_else_is_told(shown: str, kind: str, slug: str) -> None:
    """`6-1`, an article, has become a day without its year; `2025-6` a day that is shown as a month."""
    found = parser.test_of(DAY, shown, TYPES[kind], SCOPE)
    assert ("" if not isinstance(found, Broken) else found.problems[0].slug) == slug


def test_native_conclusion() -> None:
    assert output_of(Decimal(3), "3", TYPES["number"], SCOPE) == Literal(Decimal(3))
    assert output_of(Decimal(3), "3", TYPES["list:number"], SCOPE) == Literal((Decimal(3),))
    assert output_of(Decimal(12), "12", TYPES["string"], SCOPE) == Literal("12")
    assert output_of(None, "", TYPES["number"], SCOPE) is None
    assert isinstance(output_of(True, "TRUE", TYPES["number"], SCOPE), Broken)


@pytest.mark.parametrize("text", ["否则", " 否则 ", "otherwise", "Otherwise", "其余"])
def test_otherwise(text: str) -> None:
    assert is_otherwise(text)


def test_template() -> None:
    found = parse_template("亲,{买家}:退{订单利润}元\n{{不算}}", SCOPE)
    parts = (Literal("亲,"), Name("buyer"), Literal(":退"), Name("profit"), Literal("元\n{不算}"))
    assert found == Text(parts)
    assert parse_template("没有位置", SCOPE) == Literal("没有位置")


@pytest.mark.parametrize(
    ("text", "kind", "date"),
    [
        ("45839", "date", "2025-07-01"),
        ("45839", "datetime", "2025-07-01"),
        ("45839.5738", "datetime", "2025-07-01 13:46"),
        ("45839.5738", "date", "2025-07-01"),
    ],
)
def test_the_day_behind_a_number_is_named_with_its_clock(text: str, kind: str, date: str) -> None:
    problem = value_of(text, TYPES[kind])
    assert isinstance(problem, Problem)
    assert (problem.slug, dict(problem.fields)["date"]) == ("serial-date", date)
