"""Laws of the cell language, on drawn trees and drawn texts: parse(print(x)) == x; nothing raises; time is bounded."""

from __future__ import annotations

import datetime as dt
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rulectl.codes import LANGUAGES, Language
from rulectl.lang.chars import plain
from rulectl.lang.evaluate import CannotCompute, children, evaluate, meets
from rulectl.lang.literals import read_value, value_of
from rulectl.lang.parser import parse_expression, parse_output, parse_template, parse_test
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import (
    AllOf,
    Any,
    Between,
    Binary,
    Both,
    Call,
    Compare,
    Contains,
    Either,
    Except,
    Expr,
    If,
    Is,
    IsNull,
    Literal,
    Meets,
    Name,
    Negative,
    Node,
    Not,
    OneOf,
    Test,
    Text,
)
from rulectl.types import Kind, Type, fits
from rulectl.values import plain_text
from tests.lang.world import FACTS, NAMES, SCOPE, TYPES, VALUES

LENGTHS = ("", "天")
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31))
moments = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 12, 31)).map(lambda m: m.replace(microsecond=0))
spans = st.integers(-(10**7), 10**7).map(lambda s: dt.timedelta(seconds=s))

# -- trees -------------------------------------------------------------------------------------------------------


def number_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(
        numbers.map(Literal), st.sampled_from(("days_signed", "profit", "freight", "nothing")).map(Name)
    )
    if not depth:
        return leaves
    below = number_trees(depth - 1)
    named = below.filter(lambda e: not isinstance(e, Literal))
    return st.one_of(
        leaves,
        st.builds(Binary, st.sampled_from(("+", "-", "*", "/", "**")), below, below),
        named.map(Negative),
        st.builds(
            lambda f, a: Call(f, tuple(a)),
            st.sampled_from(("min", "max", "sum")),
            st.lists(below, min_size=1, max_size=3),
        ),
        st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(("abs", "round", "floor", "ceiling")), below),
        st.builds(If, truth_trees(depth - 1), below, below),
        st.just(Call("count", (Name("issues"),))),
        st.just(Call("days", (Binary("-", Name("ordered_at"), Name("ordered_on")),))),
    )


def truth_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(st.booleans().map(Literal), st.just(Name("signed")))
    if not depth:
        return leaves
    below, amounts = truth_trees(depth - 1), number_trees(depth - 1)
    several = st.lists(below, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        leaves,
        several.map(Both),
        several.map(Either),
        below.map(Not),
        st.builds(Compare, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), amounts, amounts),
        st.builds(Compare, st.sampled_from(("=", "!=")), text_trees(depth - 1), st.just(Name("buyer"))),
        st.builds(Compare, st.sampled_from(("=", "<")), st.just(Name("ordered_on")), days.map(Literal)),
        st.builds(lambda s: Compare(">", Name("handling"), Literal(s)), spans),
        st.builds(Meets, amounts, conditions("number", depth - 1)),
        st.builds(lambda t: Meets(Name("issue"), t), conditions("enum", depth - 1)),
        st.sampled_from(VALUES).map(lambda v: Call("contains", (Name("issues"), Literal(v)))),
        st.just(Compare("=", Name("nothing"), Literal(None))),
    )


def text_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(texts.map(Literal), st.just(Name("buyer")))
    if not depth:
        return leaves
    places = st.tuples(
        texts.filter(bool).map(Literal), number_trees(depth - 1).filter(lambda e: not isinstance(e, Literal))
    )
    return st.one_of(
        leaves, places.map(Text), st.builds(lambda a: Binary("+", Name("buyer"), a), number_trees(depth - 1))
    )


def value_trees(kind: str) -> st.SearchStrategy[Expr]:
    """What a condition in a column of the kind may be compared with."""
    match kind:
        case "number":
            return number_trees(1)
        case "enum":
            return st.one_of(st.sampled_from(VALUES).map(Literal), st.just(Name("issue")))
        case "string":
            return st.one_of(texts.map(Literal), st.just(Name("buyer")))
        case "boolean":
            return truth_trees(1)
        case "date":
            # a date keeps no hours, so that only whole days move it
            whole = spans.map(lambda span: dt.timedelta(days=span.days))
            return st.one_of(days.map(Literal), st.builds(lambda s: Binary("+", Name("ordered_on"), Literal(s)), whole))
        case "datetime":
            return st.one_of(moments.map(Literal), st.just(Name("ordered_at")))
        case "duration":
            return st.one_of(spans.map(Literal), st.just(Name("handling")))
        case "list:enum":
            return st.sampled_from(VALUES).map(Literal)
        case _:
            return numbers.map(Literal)


KINDS = ("number", "enum", "string", "boolean", "date", "datetime", "duration", "list:enum", "list:number")
ORDERED = ("number", "date", "datetime", "duration")


def conditions(kind: str, depth: int) -> st.SearchStrategy[Test]:
    """Tests as the parser makes them: no list that it would refuse, no list of one."""
    values = value_trees(kind)
    ops = ("=", "<", "<=", ">", ">=", "!=") if kind in ORDERED else ("=", "!=")
    one: list[st.SearchStrategy[Test]] = [
        st.builds(Is, st.sampled_from(ops), values),
        st.just(IsNull()),
        st.just(Any()),
    ]
    if kind == "string":
        one.append(st.builds(Contains, values))
    if kind in ORDERED:
        one.append(st.builds(Between, values, values, st.booleans(), st.booleans()).filter(rises))
    if not depth:
        return st.one_of(one)
    below = conditions(kind, depth - 1)
    several = st.lists(below, min_size=2, max_size=3).map(tuple)
    one += [several.map(OneOf).filter(plainly), below.map(Except)]
    if kind != "boolean":
        one.append(several.map(AllOf).filter(lambda t: not (isinstance(t, AllOf) and bounds(t.items))))
    return st.one_of(one)


def rises(test: Test) -> bool:
    """A range that holds something, as far as that can be seen."""
    assert isinstance(test, Between)
    low, high = test.low, test.high
    if isinstance(low, Literal) and isinstance(high, Literal):
        return low.value < high.value  # type: ignore[operator]  # drawn of one ordered type
    return True


def bounds(items: tuple[Test, ...]) -> bool:
    """Whether there is a bound either way: the parser makes a range of the two, or asks."""
    ops = {item.op[0] for item in items if isinstance(item, Is)}
    return "<" in ops and ">" in ops


def plainly(test: Test) -> bool:
    """A list of which the parser does not ask what is meant."""
    assert isinstance(test, OneOf)
    inside = [isinstance(item.test if isinstance(item, Except) else item, Contains) for item in test.items]
    if inside[0] and all(isinstance(item, Is) and item.op == "=" for item in test.items[1:]):
        return False
    ops = [item.op if isinstance(item, Is) else "" for item in test.items]
    return ops.count("!=") < 2 and not (ops[0] == "!=" and set(ops[1:]) == {"="})


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


# -- hostile cells -----------------------------------------------------------------------------------------------

HOSTILE = {
    "brackets": "(" * 10_000,
    "pairs": "(" * 4_000 + ")" * 4_000,
    "squares": "[" * 9_000,
    "nots": "not(" * 2_000,
    "minuses": "-" * 9_999,
    "sum": "+".join(["1"] * 4_000),
    "ors": " or ".join(["是"] * 1_500),
    "list": ";".join(["3"] * 4_900),
    "ifs": "if 是 then 1 else " * 500,
    "digits": "9" * 1_000,
    "power": "9**9**9**9**9",
    "powers": "**".join(["9"] * 3_000),
    "million": "x" * 1_000_000,
    "negations": "非" * 9_000,
    "excepts": "除" * 5_000 + "外" * 4_000,
    "quotes": '"' * 9_999,
    "braces": "{" * 9_999,
    "places": "{买家}" * 2_000,
    "blanks": " " * 9_999,
    "separators": ";" * 9_999,
    "nested texts": 'text("{' * 1_000,
    "rtl": "\u202e3\u202c",
    "nul": "3\0",
    "surrogate": "\ud800",
    "units": "1天" * 3_000,
    "dots": "." * 9_999,
    "commas": "1,111" * 1_900,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_cells_are_read_in_bounded_time(name: str) -> None:
    text = HOSTILE[name]
    start = time.process_time()
    for kind in ("number", "enum", "string", "boolean", "date", "list:enum"):
        for found in (parse_test(text, TYPES[kind], SCOPE), parse_output(text, TYPES[kind], SCOPE)):
            if isinstance(found, Broken):
                assert len(found.problems) == 1 or kind.endswith("enum"), found
        read_value(text, TYPES[kind])
    parse_expression(text, SCOPE)
    parse_template(text, SCOPE)
    assert time.process_time() - start < 5


def test_texts_are_joined_within_bounds() -> None:
    typed = parse_expression("+".join(["买家"] * 12), SCOPE)
    assert not isinstance(typed, Broken)
    with pytest.raises(CannotCompute, match="text-overflow"):
        evaluate(typed.expr, {"buyer": "长" * 10_000})


def test_powers_are_bounded() -> None:
    typed = parse_expression("9**9**9**9**9", SCOPE)
    assert not isinstance(typed, Broken)
    with pytest.raises(CannotCompute):
        evaluate(typed.expr, FACTS)


def test_a_column_of_another_list_names_the_cell_of_its_values() -> None:
    broken = parse_test("质量", TYPES["enum"], SCOPE)
    typed = parse_expression('问题类型 = "质量"', SCOPE)
    assert isinstance(broken, Broken)
    assert isinstance(typed, Broken)
    assert typed.problems[0].cells[0][0] == "note-allowed-values"


def test_types_are_kept_apart() -> None:
    assert meets(Is("=", Literal(Decimal(1))), True, {}) is None
    assert Type(Kind.ENUM, values=VALUES) == TYPES["enum"]
