"""Cells and the written-out short way: first hits of tables with many rules, found by texts and by numbers as they
come, are those of the careful engine; and what is written holds nothing of the workbook."""

from __future__ import annotations

import datetime as dt
import io
import keyword
import re
import tokenize
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.api import Book
from rulectl.lang.syntax import ANYTHING, Between, Except, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.runtime import cells, written
from rulectl.runtime.quick import Quick
from rulectl.runtime.written import Shape, StepShape, program
from rulectl.types import BOOLEAN, DATE, NUMBER, STRING, Kind, Type
from rulectl.values import Value
from tests.runtime.test_short_way import long, same, short

COLOURS = Type(Kind.ENUM, values=("红", "黄", "蓝", "绿"))
DAYS = tuple(dt.date(2025, 1, day) for day in range(1, 8))
LEVELS = Type(Kind.ENUM, values=("高", "中", "低"))

TERMS = (
    Term("region", "地区", Role.INPUT, STRING),
    Term("colour", "颜色", Role.INPUT, COLOURS),
    Term("worn", "穿过", Role.INPUT, BOOLEAN, default=False),
    Term("days", "天数", Role.INPUT, NUMBER),
    Term("paid", "金额", Role.INPUT, Type(Kind.NUMBER, low=Decimal(0), high=Decimal("99.5"))),
    Term("on", "日期", Role.INPUT, DATE),
    Term("note", "备注", Role.INPUT, STRING),
)
PLAIN: dict[str, tuple[object, ...]] = {
    "region": tuple("东南西北中"),
    "colour": COLOURS.values,
    "worn": (True, False),
    "days": (0, 1, 2, 2.5, 3, 4, 7.25, -1),
    "paid": (0, 1, 2, 2.5, 3, 35.9, 99.5),
    "on": DAYS,
    "note": ("一段备注", "a"),
}
ODD: dict[str, tuple[object, ...]] = {
    "region": (None, " 东 ", "", 5),
    "colour": ("紫", None, " 红"),
    "worn": ("是", None, 1, 2),
    "days": (None, "2", "三", True, float("nan"), float("inf"), 1e16, 10**16, Decimal("2.5"), 0.1 + 0.2),
    "paid": (None, -0.5, 99.75, 100, "2.5元", False, Decimal("99.5"), 1e300),
    "on": (None, "2025-01-03", dt.datetime(2025, 1, 3, 12)),
    "note": (None, "a+b", "a\u200b", 7),
}


def _value(r: Random, term: Term) -> Value:
    if term.type == DATE:
        return r.choice(DAYS)
    if term.type.kind is Kind.NUMBER:
        return Decimal(r.choice(["0", "1", "2", "2.5", "3", "7.25"]))
    return r.choice(PLAIN[term.id])  # type: ignore[return-value]  # texts and truth values


def _test(r: Random, term: Term) -> Test:
    pick = r.random()
    if pick < 0.25:
        return ANYTHING
    if pick < 0.3:
        return IsNull()
    if pick < 0.38:
        return Except(Is("=", Literal(_value(r, term))))
    if pick < 0.5:
        return OneOf(tuple(Is("=", Literal(_value(r, term))) for _ in range(2)))
    if term.type.ordered:
        low, high = Literal(_value(r, term)), Literal(_value(r, term))
        if pick < 0.8:
            return Between(low, high, r.random() < 0.5, r.random() < 0.5)
        return Is(r.choice(["<", "<=", ">", ">=", "="]), low)
    return Is(r.choice(["=", "=", "="]), Literal(_value(r, term)))


def drawn_table(r: Random, name: str, written_: str, terms: tuple[Term, ...]) -> Table:
    """A table in which the first hit decides."""
    read = r.sample(terms, r.randint(1, min(5, len(terms))))
    rules = []
    for number in range(r.randint(1, 25)):
        when = tuple(TestEntry(_test(r, term)) for term in read)
        then = OutputEntry(Literal(r.choice(LEVELS.values)) if r.random() < 0.9 else None)
        rules.append(Rule(f"R{number}", when, (then,), enabled=r.random() < 0.95))
    columns = tuple(InputColumn(Name(term.id), term.type) for term in read)
    stratum = 0 if written_ == "first" else 1
    outputs = (OutputColumn(written_, HitPolicy.FIRST),)
    return Table(name, HitPolicy.FIRST, columns, outputs, tuple(rules), stratum=stratum)


def drawn_book(r: Random) -> Rulebook:
    """One table, or two of which the later one reads the earlier one's conclusion too."""
    first = Term("first", "结论", Role.OUTPUT, LEVELS)
    tables = [drawn_table(r, "甲表", "first", TERMS[:-1])]
    terms: tuple[Term, ...] = (*TERMS, first)
    if r.random() < 0.5:
        tables.append(drawn_table(r, "乙表", "second", (*TERMS[:-1], first)))
        terms = (*terms, Term("second", "复核", r.choice([Role.OUTPUT, Role.DERIVED]), LEVELS))
    return Rulebook("drawn", "抽样", terms=terms, tables=tuple(tables))


PLAIN["first"] = LEVELS.values


def raw_case(r: Random) -> dict[str, object]:
    """A case as a program may hand it over; most of it plain."""
    oddity = r.choice([0, 0, 0.1, 0.4])
    whole = r.random() < 0.7
    return {
        term.name: r.choice(ODD[term.id] if r.random() < oddity else PLAIN[term.id])
        for term in TERMS
        if whole or r.random() < 0.85
    }


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Small tables are treated as large ones."""
    monkeypatch.setattr(cells, "MANY_WAYS", 0)
    return monkeypatch


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("expected", "few", "wide", "at_once", "few_cells", "small"),
    [
        (0, 32, 64, 256, 0, 0),
        (6, 7, 1, 2, 4096, 0),
        (3, 32, 2, 1, 0, 0),
        (0, 32, 64, 256, 4096, 300),
        (6, 7, 1, 2, 9, 300),
    ],
)
def test_cells_find_the_first_hit(
    expected: int, few: int, wide: int, at_once: int, few_cells: int, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"EXPECTED": expected, "FEW_RULES": few, "WIDE": wide, "MADE_AT_ONCE": at_once}
    sizes |= {"FEW_CELLS": few_cells, "SMALL": small, "STRETCHED": 32, "STRETCHED_COLUMNS": 3}
    for name, size in sizes.items():
        monkeypatch.setattr(cells, name, size)
    by_cells = by_stretches = settled = 0
    for seed in range(80):
        r = Random(seed)
        rulebook = drawn_book(r)
        book = Book(rulebook)
        by_cells += uses_cells(book)
        by_stretches += uses_stretches(book)
        for _ in range(12):
            case = raw_case(r)
            assert same(short(book, case), long(rulebook, case)), (seed, case)
            settled += bool(book.engine.decide_raw(case))
    assert by_cells > 15
    assert by_stretches > 10 if small else not by_stretches
    assert 200 < settled < 900


def uses_cells(book: Book) -> bool:
    return "made0" in Quick(book.engine.plan).settle.__globals__


def uses_stretches(book: Book) -> bool:
    names = Quick(book.engine.plan).settle.__globals__
    return "made0" in names and names["make0"].__self__.stretched


@pytest.mark.usefixtures("eager")
def test_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is forgotten is made again."""
    monkeypatch.setattr(cells, "KEPT_BOXES", 3)
    monkeypatch.setattr("rulectl.runtime.answers.KEPT", 2)
    r = Random(7)
    for _ in range(15):
        rulebook = drawn_book(r)
        book = Book(rulebook)
        for _ in range(20):
            case = raw_case(r)
            assert same(short(book, case), long(rulebook, case)), case


numbers = st.floats() | st.integers() | st.decimals(places=3, allow_nan=False)
ends = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(numbers, min_size=1, max_size=6),
    ends,
    ends | st.just(Decimal("0.3")),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 300]),
)
def test_numbers_are_compared_as_the_decimals_that_they_show(
    values: list[object], low: Decimal, high: Decimal, from_: bool, to: bool, small: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "SMALL", small)
        patch.setattr(cells, "MANY_WAYS", 0)
        patch.setattr(cells, "EXPECTED", 0)
        rules = (
            Rule("R1", (TestEntry(Is("=", Literal("东"))), TestEntry(Between(Literal(low), Literal(high), from_, to))),
                 (OutputEntry(Literal("高")),)),
            Rule("R2", (TestEntry(Is("=", Literal("东"))), TestEntry(Is(">", Literal(high)))),
                 (OutputEntry(Literal("中")),)),
        )  # fmt: skip
        columns = (InputColumn(Name("region"), STRING), InputColumn(Name("days"), NUMBER))
        table = Table("表", HitPolicy.FIRST, columns, (OutputColumn("first", HitPolicy.FIRST),), rules)
        terms = (TERMS[0], TERMS[3], Term("first", "结论", Role.OUTPUT, LEVELS))
        book = Book(Rulebook("one", "一", terms=terms, tables=(table,)))
        assert uses_cells(book)
        for value in (*values, float(low), float(high), int(high), 0.1 + 0.2):
            case: dict[str, object] = {"地区": "东", "天数": value}
            assert same(short(book, case), long(book.rulebook, case)), value


# -- what is written ------------------------------------------------------------------------------------------------

SHAPES = (
    Shape(0, 0, 0, 0, (), (StepShape(None, 0, False, False, False, False),), True),
    Shape(3, 0, 2, 1, (5,), (StepShape((3, 4), 1, False, False, False, False),), True),
    Shape(3, 0, 2, 1, (), (StepShape((3, 4), 0, True, False, False, False, whole=True),), True),
    Shape(
        2,
        2,
        0,
        2,
        (),
        (StepShape(None, 0, False, True, False, False), StepShape((2,), 0, False, False, True, True)),
        False,
    ),
)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_program_is_made_of_numbered_names(shape: Shape) -> None:
    """No text, no number of a workbook, and no name that it does not define or is handed."""
    tokens = list(tokenize.generate_tokens(io.StringIO(program(shape)).readline))
    assert not [t.string for t in tokens if t.type == tokenize.STRING]
    assert {t.string for t in tokens if t.type == tokenize.NUMBER} <= {"0", "0.0", "1", "2", "3"}
    known = {
        "settle", "values", "codes", "base", "text", "cell", "rule", "facts", "outputs", "firings", "more",
        "derived", "statuses", "status", "counted", "noted", "together", "Facts", "outputs_", "__class__", "_values",
        "isprintable", "isalnum", "strip", "code", "starts", "parts", "open", "behind", *written._COMMON,
    }  # fmt: skip
    names = {t.string for t in tokens if t.type == tokenize.NAME and not keyword.iskeyword(t.string)}
    assert all(re.fullmatch(r"[a-z_]+\d+(_\d+)?", name) for name in names - known)


def test_a_program_sees_no_builtins() -> None:
    book = Book(drawn_book(Random(3)))
    assert Quick(book.engine.plan).settle.__globals__["__builtins__"] == {}


def test_what_a_program_says_does_not_hang_on_texts() -> None:
    """A rulebook with hostile names decides like any other."""
    hostile = '"]); raise SystemExit #'
    drawn = drawn_book(Random(3))
    rulebook = replace(drawn, name=hostile, terms=tuple(replace(t, name=hostile + t.name) for t in drawn.terms))
    book = Book(rulebook)
    r = Random(5)
    for _ in range(20):
        case = {hostile + key: value for key, value in raw_case(r).items()}
        assert same(short(book, case), long(rulebook, case))


@pytest.mark.usefixtures("eager")
def test_threads_that_start_together_come_to_the_same() -> None:
    """What is made when it is first asked for is made whole before another thread sees it."""
    rulebook = drawn_book(Random(11))
    cases = [raw_case(Random(seed)) for seed in range(60)]
    expected = [long(rulebook, case) for case in cases]
    book = Book(rulebook)
    book.engine  # noqa: B018 - made, so that the threads meet in its memories
    with ThreadPoolExecutor(4) as pool:
        for answers in pool.map(lambda _: [short(book, case) for case in cases], range(4)):
            assert all(map(same, answers, expected))
