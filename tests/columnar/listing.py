"""Rulebooks that ask lists of every kind in every way, drawn with cases as people and programs write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

import polars as pl

from rulectl.lang.syntax import AllOf, Any, Call, Except, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.types import NUMBER, STRING, Kind, Type
from rulectl.values import Scalar

TEXTS = Type(Kind.STRING, many=True)
KINDS: dict[Type, tuple[Scalar, ...]] = {
    TEXTS: tuple(f"值{number:02d}" for number in range(70)),
    Type(Kind.ENUM, many=True, values=("红", "蓝", "A/B")): ("红", "蓝", "A/B"),
    Type(Kind.ENUM, many=True, values=("红", "深 蓝", "蓝")): ("红", "深 蓝", "蓝"),
    Type(Kind.ENUM, many=True, values=("红", "a,b")): ("红", "a,b"),
    Type(Kind.ENUM, many=True, values=("红", "红;蓝", "蓝")): ("红", "红;蓝", "蓝"),
    Type(Kind.NUMBER, many=True, low=Decimal(0)): tuple(map(Decimal, range(4))),
    Type(Kind.DATE, many=True): tuple(dt.date(2024, 1, day) for day in (1, 2, 3)),
    Type(Kind.BOOLEAN, many=True): (True, False),
}
SIGNS = (" {}", "{} ", "{}\u200b", '"{}"', "“{}”", "'{}", "{}（大）", "({})", "{}\t", "【{}】", "={}")
ODD = ("", " ", "x", "NULL", "无", "-", "N/A", "1E+17", "a\x07b", "—", "＝", "红\n")
MARKS = (";", "；", "、", "\n", ";;", " ; ", ",", "，")


def rulebook(r: Random) -> Rulebook:
    lists = [
        Term(f"l{n}", f"单{n}", Role.INPUT, type_, required=r.random() < 0.1, default=_default(r, type_))
        for n, type_ in enumerate(r.choices([TEXTS, *KINDS], k=r.choice([1, 2, 3])))
    ]
    inputs = [Term("case_id", "工单号", Role.INPUT, STRING), *lists, Term("n", "数", Role.INPUT, NUMBER)]
    outputs, tables = [], []
    for number in range(r.choice([1, 1, 2, 3])):
        policy = r.choice([HitPolicy.FIRST, HitPolicy.FIRST, HitPolicy.COLLECT, HitPolicy.UNIQUE])
        many = policy is HitPolicy.COLLECT
        outputs.append(Term(f"o{number}", f"果{number}", Role.OUTPUT, Type(Kind.STRING, many=many)))
        asked = [term for term in inputs[1:] if r.random() < 0.8] or lists
        if r.random() < 0.2:
            asked = [*asked, lists[0]]
        columns = [InputColumn(Name(term.id), term.type) for term in asked]
        if r.random() < 0.25:
            columns.append(InputColumn(Call("count", (Name("l0"),)), NUMBER))
        rules = []
        for place in range(r.choice([1, 5, 30])):
            said = f"s{place % 7}"
            when = tuple(TestEntry(_test(r, column.type)) for column in columns)
            rules.append(Rule(f"R{place}", when, (OutputEntry(Literal((said,) if many else said)),)))
        tables.append(Table(f"表{number}", policy, tuple(columns), (OutputColumn(f"o{number}", policy),), tuple(rules)))
    return Rulebook("lists", "列表", terms=(*inputs, *outputs), tables=tuple(tables))


def _default(r: Random, type_: Type) -> tuple[Scalar, ...] | None:
    return KINDS[type_][:1] if r.random() < 0.15 else None


def _test(r: Random, type_: Type, depth: int = 0) -> Test:
    pick = r.random()
    if pick < 0.25 and not depth:
        return Any()
    if not type_.many:
        return Is(r.choice(["<", ">="]), Literal(Decimal(r.randrange(10))))
    if pick < 0.28:
        return IsNull()
    if pick < 0.4 and depth < 2:
        return OneOf(tuple(_test(r, type_, depth + 1) for _ in range(r.choice([1, 2, 3]))))
    if pick < 0.5 and depth < 2:
        return Except(_test(r, type_, depth + 1))
    if pick < 0.6 and depth < 2:
        return AllOf((_test(r, type_, depth + 1), _test(r, type_, depth + 1)))
    if pick < 0.63:
        return Is("=", Literal(tuple(r.sample(KINDS[type_], r.choice([1, 2])))))
    return Is(r.choice(["=", "=", "=", "!="]), Literal(r.choice(KINDS[type_])))


def frame(r: Random, book: Rulebook, rows: int) -> pl.DataFrame:
    """Cases as texts or as a program holds them, some of them odd."""
    columns: dict[str, pl.Series] = {"case_id": pl.Series([f"C{row}" for row in range(rows)])}
    odd, blank = r.choice([0.0, 0.1]), r.choice([0.0, 0.1, 0.4])
    for term in book.terms:
        if term.role is Role.INPUT and term.type.many:
            some = KINDS[term.type][: r.choice([3, 20, 70])]
            lists = [
                None if r.random() < blank else [r.choice(some) for _ in range(r.choice([0, 1, 1, 2, 3, 5]))]
                for _ in range(rows)
            ]
            columns[term.id] = _column(r, lists, odd)
    columns["n"] = pl.Series([None if r.random() < blank else r.randrange(12) for _ in range(rows)], dtype=pl.Int64)
    return pl.DataFrame(columns)


def _column(r: Random, lists: list[list[Scalar] | None], odd: float) -> pl.Series:
    match r.choice(["texts", "texts", "items", "values"]):
        case "texts":
            return pl.Series([_text(r, items, odd) for items in lists], dtype=pl.String)
        case "items":
            texts = [None if items is None else _items(r, items, odd) for items in lists]
            return pl.Series(texts, dtype=pl.List(pl.String))
        case _:
            first = next((item for items in lists if items for item in items), "")
            return pl.Series(lists, dtype=pl.List(_POLARS[type(first)]))


_POLARS: dict[type, pl.DataType] = {
    str: pl.String(),
    Decimal: pl.Decimal(10, 2),
    dt.date: pl.Date(),
    bool: pl.Boolean(),
}


def _items(r: Random, items: list[Scalar], odd: float) -> list[str | None]:
    return [None if r.random() < odd / 3 else _item(r, item, odd) for item in items]


def _item(r: Random, item: Scalar, odd: float) -> str:
    if r.random() < odd / 2:
        return r.choice(ODD)
    text = {True: "是", False: "否"}[item] if isinstance(item, bool) else str(item)
    return r.choice(SIGNS).format(text) if r.random() < odd else text


def _text(r: Random, items: list[Scalar] | None, odd: float) -> str | None:
    if items is None:
        return r.choice([None, "", " ", "-", "NULL"]) if r.random() < odd else None
    text = (r.choice(MARKS) if r.random() < 4 * odd else ";").join(_item(r, item, odd) for item in items)
    return r.choice(["[{}]", '="{}"', "{};", ";{}", "{}" + ";" * 11_000]).format(text) if r.random() < odd else text
