"""Every line of literals.csv and cells.csv: what a text comes to, what it hits and misses, or the finding it earns."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rulectl.lang.evaluate import CannotCompute, evaluate, meets
from rulectl.lang.literals import read_value
from rulectl.lang.parser import parse_expression, parse_output, parse_test
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import Expr
from rulectl.types import Kind, Type, fits
from rulectl.values import Value, plain_text
from tests.lang.world import FACTS, NAMES, SCOPE, TYPES

HERE = Path(__file__).parent
Row = dict[str, str]


def rows(name: str) -> list[object]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return [
            pytest.param({k: v.replace("\\n", "\n").replace("\\u0000", "\0") for k, v in row.items()}, id=f"{n}")
            for n, row in enumerate(csv.DictReader(file), 2)
        ]


def slugs(broken: Broken) -> str:
    return "!" + ";".join(problem.slug for problem in broken.problems)


@pytest.mark.parametrize("row", rows("literals.csv"))
def test_literal(row: Row) -> None:
    value = read_value(row["text"], TYPES[row["type"]], row["unit"])
    if isinstance(value, Problem):
        assert f"!{value.slug}" == row["expect"]
    else:
        assert fits(value, TYPES[row["type"]])
        assert plain_text(value) == row["expect"]


@pytest.mark.parametrize("row", rows("cells.csv"))
def test_cell(row: Row) -> None:
    {"test": check_test, "output": check_output, "expr": check_expression}[row["kind"]](row)


def check_test(row: Row) -> None:
    column = TYPES[row["type"]]
    test = parse_test(row["text"], column, SCOPE, row["unit"])
    if isinstance(test, Broken):
        assert slugs(test).split(";")[0] == row["expect"]
        if row["expect"] == "!ambiguous-entry":
            fields = dict(test.problems[0].fields)
            readings = [parse_test(fields[which], column, SCOPE, row["unit"]) for which in ("first", "second")]
            assert not any(isinstance(reading, Broken) for reading in readings), fields
            assert readings[0] != readings[1]
        return
    printed = print_test(test, column, NAMES)
    assert printed == row["expect"]
    assert parse_test(printed, column, SCOPE, row["unit"]) == test
    for text, wanted in [(t, True) for t in row["hits"].split("|") if t] + [
        (t, False) for t in row["misses"].split("|") if t
    ]:
        value = None if text == "?" else read_value(text, column)
        assert not isinstance(value, Problem)
        found = meets(test, value, FACTS)
        assert (found is True) is wanted, f"{text} against {printed}: {found}"


@pytest.mark.parametrize(
    ("kind", "text", "parts"),
    [
        ("number", "3;<= 签收天;5", ["签收天"]),
        ("number", "<=未知项 + 没有项", ["未知项", "没有项"]),
        ("number", "3;[1..5", ["[1..5"]),
        ("number", "3；5－3", ["5－3"]),
        ("enum", "瑕疵;质量;瑕", ["质量", "瑕"]),
        ("enum", "非 质量", ["非 质量"]),
        ("enum", "瑕疵;“质量问题", ["“质量问题"]),
        ("date", ">2025-02-30", ["2025-02-30"]),
        ("number", "<=48小时", ["48小时"]),
        ("boolean", "签收天数 > 问题类型", ["签收天数 > 问题类型"]),
        ("duration", "72:00", ["72:00"]),
        ("duration", "<= 48:30:00", ["48:30:00"]),
    ],
)
def test_the_part_to_blame_is_underlined(kind: str, text: str, parts: list[str]) -> None:
    broken = parse_test(text, TYPES[kind], SCOPE, "天" if "小时" in text else "")
    assert isinstance(broken, Broken)
    assert [text[p.span.start : p.span.end] for p in broken.problems] == parts


@pytest.mark.parametrize(
    ("text", "slugs", "hint"),
    [
        ("VLOOKUP(订单利润, A1:B3, 2, 0)", ["unknown-function"], "另写一张决策表"),
        ("VLOOKUP(订单利润, 没有项, 2) + 未知项", ["unknown-function"], "另写一张决策表"),
        ("SUMIF(A:A, 问题类型 > 3)", ["unknown-function"], "统计表"),
        ("ROUNDUP(订单利润, 2)", ["unknown-function"], "向上取整(a, 2)"),
        ("没有项 + sqrt(没有项)", ["unknown-word", "unknown-function"], ""),
        ("10 - 今天()", ["unknown-function"], "处理日期"),
    ],
)
def test_an_unknown_function_is_one_mistake(text: str, slugs: list[str], hint: str) -> None:
    broken = parse_output(text, TYPES["number"], SCOPE)
    assert isinstance(broken, Broken)
    assert [problem.slug for problem in broken.problems] == slugs
    assert hint in dict(broken.problems[-1].fields)["meant_zh"]


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("￥0.5/天", "签收天数 * 0.5"),
        ("4 + 0.5/天", "4 + 签收天数 * 0.5"),
        ("0.5元/天 * 签收天数", "0.5 * 签收天数"),
        ("每件 5 元", "件数 * 5"),
        ("$2 per order", "orders * 2"),
    ],
)
def test_a_rate_is_told_with_the_sum_to_write(text: str, formula: str) -> None:
    broken = parse_output(text, TYPES["number"], SCOPE, "元")
    assert isinstance(broken, Broken)
    assert dict(broken.problems[0].fields)["formula"] == formula


def check_output(row: Row) -> None:
    column = TYPES[row["type"]]
    expr = parse_output(row["text"], column, SCOPE, row["unit"])
    if isinstance(expr, Broken):
        assert slugs(expr).split(";")[0] == row["expect"]
        if row["expect"] == "!ambiguous-entry":
            fields = dict(expr.problems[0].fields)
            readings = [parse_output(fields[which], column, SCOPE, row["unit"]) for which in ("first", "second")]
            assert not any(isinstance(reading, Broken) for reading in readings), fields
            assert readings[0] != readings[1]
    elif expr is None:
        assert row["expect"] == "(blank)"
    else:
        printed = print_expr(expr, NAMES, in_cell=column)
        assert printed == row["expect"]
        assert parse_output(printed, column, SCOPE, row["unit"]) == expr
        value = computed(expr)
        assert value == row["hits"] or value == plain_text(_read(row["hits"], row))


def _read(text: str, row: Row) -> Value:
    value = read_value(text, TYPES[row["type"]])
    assert not isinstance(value, Problem)
    return value


def check_expression(row: Row) -> None:
    typed = parse_expression(row["text"], SCOPE)
    if isinstance(typed, Broken):
        assert slugs(typed) == row["expect"]
        return
    printed = print_expr(typed.expr, NAMES)
    assert printed == row["expect"]
    assert parse_expression(printed, SCOPE) == typed
    value = computed(typed.expr)
    wanted = "" if row["hits"] == "?" else row["hits"]
    read = read_value(wanted, typed.type) if not wanted.startswith("!") else wanted
    assert value == (wanted if isinstance(read, Problem) else plain_text(read))


def computed(expr: Expr) -> str:
    """The value in the case of the small world, as text; `!slug` where there is none."""
    try:
        return plain_text(evaluate(expr, FACTS))
    except CannotCompute as why:
        return f"!{why.slug}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("其它", "写「否则」"),
        ("Others", "写「否则」"),
        ("／", "条件不限就写「-」"),
        ("质量", "最接近的是「质量问题」"),
        ("所有问题", "条件不限就写「-」"),
    ],
)
def test_what_is_meant_by_no_value_is_said(text: str, hint: str) -> None:
    column = Type(Kind.ENUM, values=("质量问题", "瑕疵"))
    broken = parse_test(text, column, SCOPE)
    assert isinstance(broken, Broken)
    assert hint in dict(broken.problems[0].fields)["near_zh"]
