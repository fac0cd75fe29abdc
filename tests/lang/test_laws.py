"""Laws of the cell language, on drawn trees and drawn texts: parse(print(x)) == x; folding changes no answer; nothing
raises."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rulectl.codes import LANGUAGES, Language
from rulectl.lang.chars import plain
from rulectl.lang.evaluate import CannotCompute, evaluate, meets
from rulectl.lang.fold import fold, fold_parts, fold_test
from rulectl.lang.literals import read_value, value_of
from rulectl.lang.parser import parse_expression, parse_output, parse_template, parse_test
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import (
    Any,
    Expr,
    Is,
    IsNull,
    Literal,
    Meets,
    Node,
    Test,
)
from rulectl.lang.trees import children, names_of
from rulectl.types import Kind, Type, fits
from rulectl.values import plain_text
from tests.lang.trees import (
    KINDS,
    conditions,
    number_trees,
    numbers,
    text_trees,
    texts,
    truth_trees,
    value_trees,
)
from tests.lang.world import FACTS, NAMES, SCOPE, TYPES, VALUES

LENGTHS = ("", "天")


@given(st.one_of(number_trees(3), truth_trees(3), text_trees(2)), st.sampled_from(LANGUAGES))
@settings(max_examples=400, deadline=None)
def test_expression_is_read_back(expr: Expr, lang: Language) -> None:
    printed = print_expr(expr, NAMES, lang=lang)
    again = parse_expression(printed, SCOPE)
    assert not isinstance(again, Broken), printed
    assert again.expr == expr, printed


@pytest.mark.parametrize("kind", KINDS)
def test_condition_is_read_back(kind: str) -> None:
    @given(conditions(kind, 2), st.sampled_from(LANGUAGES))
    @settings(max_examples=200, deadline=None)
    def check(test: Test, lang: Language) -> None:
        printed = print_test(test, TYPES[kind], NAMES, lang)
        assert not printed.startswith("=")
        assert parse_test(printed, TYPES[kind], SCOPE) == test, printed

    check()


@pytest.mark.parametrize("kind", ["number", "boolean", "date", "datetime", "duration", "enum", "string"])
def test_conclusion_is_read_back(kind: str) -> None:
    trees = {"string": text_trees(2), "number": number_trees(2)}.get(kind, value_trees(kind))

    @given(trees, st.sampled_from(LANGUAGES))
    @settings(max_examples=200, deadline=None)
    def check(expr: Expr, lang: Language) -> None:
        printed = print_expr(expr, NAMES, in_cell=TYPES[kind], lang=lang)
        assert parse_output(printed, TYPES[kind], SCOPE) == expr, printed

    check()


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=4))
def test_list_conclusion_is_read_back(values: list[str]) -> None:
    column = TYPES["list:enum"]
    printed = print_expr(Literal(tuple(values)), NAMES, in_cell=column)
    assert parse_output(printed, column, SCOPE) == Literal(tuple(values)), printed


@given(st.lists(texts, min_size=1, max_size=4))
def test_list_of_texts_is_read_back(values: list[str]) -> None:
    column = TYPES["list:string"]
    printed = print_expr(Literal(tuple(values)), NAMES, in_cell=column)
    assert parse_output(printed, column, SCOPE) == Literal(tuple(values)), printed


@given(st.one_of(number_trees(3), truth_trees(3), text_trees(2)), st.sets(st.sampled_from(sorted(FACTS))))
@settings(max_examples=300, deadline=None)
def test_folding_changes_no_answer(expr: Expr, constant: set[str]) -> None:
    """And of what names constants alone, all of which have values, the answer is left."""
    constants = {name: FACTS[name] for name in constant}
    whole, parts = fold(expr, constants), fold_parts(expr, constants)
    answer = outcome(expr)
    assert outcome(whole) == outcome(parts) == answer
    if answer not in (None, FAILED) and names_of(expr) <= {name for name in constant if FACTS[name] is not None}:
        assert isinstance(whole, Literal)
        assert whole == parts


@given(conditions("number", 2), numbers, st.sets(st.sampled_from(sorted(FACTS))))
def test_folding_a_condition_changes_no_answer(test: Test, value: Decimal, constant: set[str]) -> None:
    constants = {name: FACTS[name] for name in constant}
    asked = Meets(Literal(value), test)
    for folded in (fold_test(test, constants), fold_test(test, constants, fold_parts)):
        assert outcome(Meets(Literal(value), folded)) == outcome(asked)


FAILED = object()


def outcome(expr: Expr) -> object:
    """What an expression comes to, or that it cannot be computed."""
    try:
        return evaluate(expr, FACTS)
    except CannotCompute:
        return FAILED


@given(number_trees(3), conditions("number", 2), numbers)
@settings(max_examples=300, deadline=None)
def test_computing_fails_in_one_way_only(expr: Expr, test: Test, value: Decimal) -> None:
    slug = ""
    try:
        assert fits(evaluate(expr, FACTS), TYPES["number"])
        meets(test, value, FACTS)
    except CannotCompute as why:
        slug = why.slug
    assert slug in ("", "division-by-zero", "number-overflow")


def asks_for_null(node: Node) -> bool:
    """Whether a tree speaks of null itself, so that knowing more may change its answer."""
    return isinstance(node, Any | IsNull) or node == Literal(None) or any(map(asks_for_null, children(node)))


@given(truth_trees(3), st.sets(st.sampled_from(sorted(FACTS))))
@settings(max_examples=300, deadline=None)
def test_what_is_known_does_not_hang_on_the_unknown(expr: Expr, hidden: set[str]) -> None:
    """An answer given without some facts is the answer whatever these facts are."""
    assume(not asks_for_null(expr))
    try:
        early = evaluate(expr, {name: value for name, value in FACTS.items() if name not in hidden})
        late = evaluate(expr, FACTS)
    except CannotCompute:
        return
    assert early is None or early == late


@given(conditions("date", 2))
def test_nothing_is_said_of_the_unknown(test: Test) -> None:
    assert meets(Any(), None, FACTS) is True
    assert meets(IsNull(), None, FACTS) is True
    if not asks_for_null(test):
        assert meets(test, None, FACTS) is None


# -- texts -------------------------------------------------------------------------------------------------------

SCRAPS = (
    *("..", ":=", "not", "and", "or", "if", "then", "else", "in", "以内"),
    *("以上", "超过", "不足", "不是", "之间", "介于", "除", "以外", "3", "5"),
    *("1,299", "10%", "1.5万", "3天", "¥5", "48小时", "2025-06-01", "null", "质量问题", "瑕疵"),
    *("签收天数", "订单利润", "发货运费(协议价)", "问题类型", "{买家}", "否则", "那么", "如果", "包含", "max("),
    *("duration(", "text(", "date(", "不属于", "１", "，", "（", "）", "2025-06-01 20:05"),
)
SIGNS = "-<>=!()[]{},;、~—+*/.%:\\\"'“”「」空是否或且和与非不含除外满内前后 \n"
scraps = st.sampled_from((*SIGNS, *SCRAPS))
drawn = st.one_of(st.text(max_size=30), st.lists(scraps, max_size=10).map("".join))


@given(drawn, st.sampled_from(sorted(TYPES)), st.sampled_from(LENGTHS))
@settings(max_examples=2500, deadline=None)
def test_any_text_gives_a_tree_or_problems(text: str, kind: str, unit: str) -> None:
    column = TYPES[kind]
    test = parse_test(text, column, SCOPE, unit)
    if isinstance(test, Broken):
        check_problems(test, text)
        if "," not in plain(text):
            check_readings(test, column, unit)
    else:
        printed = print_test(test, column, NAMES)
        assert parse_test(printed, column, SCOPE, unit) == test, printed
        with suppress(CannotCompute):
            meets(test, FACTS["issue"] if column.kind.textual else FACTS["profit"], FACTS)
    output = parse_output(text, column, SCOPE, unit)
    if isinstance(output, Broken):
        check_problems(output, text)
    elif output is not None:
        printed = print_expr(output, NAMES, in_cell=column)
        assert parse_output(printed, column, SCOPE, unit) == output, printed
        with suppress(CannotCompute):
            evaluate(output, FACTS)
    value = read_value(text, column, unit)
    assert isinstance(value, Problem) or fits(value, column)


@given(drawn)
@settings(max_examples=500, deadline=None)
def test_any_text_is_an_expression_or_problems(text: str) -> None:
    for typed in (parse_expression(text, SCOPE), parse_template(text, SCOPE)):
        if isinstance(typed, Broken):
            check_problems(typed, text)


@pytest.mark.parametrize(
    "scrap", ["除 ", "和 ", "非", "的", "包含", "不是", "1", "1,", "A或", "质量问题、", "(", "\u200b", "如果<"]
)
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_word_over_and_over_is_read_once(scrap: str, kind: str) -> None:
    """None is read through all that follow it: that would be too deep for Python, or take the square of the length."""
    text = scrap * (3_000 // len(scrap)) + "元"
    for found in (parse_test(text, TYPES[kind], SCOPE), parse_output(text, TYPES[kind], SCOPE)):
        if isinstance(found, Broken):
            check_problems(found, text)


def check_problems(broken: Broken, text: str) -> None:
    """Problems point into the text and have sentences in both languages, every field filled."""
    assert broken.problems
    for problem in broken.problems:
        assert 0 <= problem.span.start <= problem.span.end <= max(len(text), 1), (problem, text)


def check_readings(broken: Broken, column: Type, unit: str) -> None:
    """Both readings of an ambiguous cell can be typed into it, and they differ. (A comma within a number is shown both
    ways in the cell's own text, with whatever else is wrong there.)"""
    for problem in broken.problems:
        if problem.slug == "ambiguous-entry":
            fields = dict(problem.fields)
            readings = [parse_test(fields[which], column, SCOPE, unit) for which in ("first", "second")]
            assert not any(isinstance(reading, Broken) for reading in readings), fields
            assert readings[0] != readings[1], fields


@given(texts)
def test_text_values_come_back(text: str) -> None:
    value = read_value(text, TYPES["string"])
    if value is not None and not isinstance(value, Problem):
        assert read_value(plain_text(value), TYPES["string"]) == value


@given(numbers)
def test_numbers_come_back(number: Decimal) -> None:
    assert read_value(plain_text(number), TYPES["number"]) == number
    assert value_of(number, TYPES["number"]) == number


def test_a_column_of_another_list_names_the_cell_of_its_values() -> None:
    broken = parse_test("质量", TYPES["enum"], SCOPE)
    typed = parse_expression('问题类型 = "质量"', SCOPE)
    assert isinstance(broken, Broken)
    assert isinstance(typed, Broken)
    assert typed.problems[0].cells[0][0] == "note-allowed-values"


def test_types_are_kept_apart() -> None:
    assert meets(Is("=", Literal(Decimal(1))), True, {}) is None
    assert Type(Kind.ENUM, values=VALUES) == TYPES["enum"]
