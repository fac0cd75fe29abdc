"""The plainest cells are read without the parser, and say what the parser says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.lang import parser
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.lang.swift import Conclusions, Conditions
from rulectl.types import NUMBER, STRING, Kind, Type

UNITS = ("", "元", "天", "%", "小时")
ENUM = Type(Kind.ENUM, values=("退货", "换货", "A", "B", "外观"))
NAMED = (("甲", NUMBER, "元"), ("乙", STRING, ""), ("x1", NUMBER, "天"))
SCOPE = Scope({name: Symbol(name, name, type_, unit) for name, type_, unit in NAMED})
COLUMNS = st.sampled_from([NUMBER, STRING, ENUM, Type(Kind.ENUM, many=True, values=("A", "B"))])

digits = st.sampled_from(["0", "3", "07", "10", "99.5", "1.50", "1000", "123456789012345", "1,000", "-3", "3.", ".5"])
signs = st.sampled_from(["<", "<=", ">", ">=", "=", "≥", ""])
numeric = st.builds("{}{}".format, signs, digits) | st.builds(
    "{}{}..{}{}".format, st.sampled_from("[(]"), digits, digits, st.sampled_from("])[")
)
WORDS = [
    "退货",
    "换货",
    "A",
    "B",
    "外观",
    "甲",
    "x1",
    "除A",
    "B外",
    "非A",
    "空",
    "未知",
    "或",
    "A或B",
    "不含",
    "含",
    "null",
    "-",
    "",
    " A",
    "A ",
    "A和B",
    "否则",
    "其他",
    "除",
    "和",
    "且",
    "A且",
    "<",
    "0",
]
MORE = ['"A"', "地区01", "R001", "not", "以外", "a", "(A", "A)", "=A", "!=A", "包含A"]
words = st.sampled_from(WORDS + MORE)
joints = st.sampled_from(";；,，、") | st.just("; ")
listed = st.builds(lambda joint, items: joint.join(items), joints, st.lists(words, min_size=1, max_size=4))
mixed = st.lists(st.tuples(words, joints), min_size=1, max_size=4).map(lambda items: "".join(map("".join, items)))
texts = numeric | listed | mixed | st.text('AB;除外非或空[]().<>=0123 {}:"', max_size=8)


def kind(read: object) -> object:
    """A reading, or that there is none: which problem it is, is the parser's to say."""
    return "broken" if isinstance(read, Broken) else read


@given(texts, COLUMNS, st.sampled_from(UNITS))
@settings(deadline=None, max_examples=1500)
def test_a_condition_is_read_as_the_parser_reads_it(text: str, column: Type, unit: str) -> None:
    unit = unit if column.kind is Kind.NUMBER else ""
    swift = Conditions(column, unit, SCOPE)
    expected = parser.test_of(text, text, column, SCOPE, unit)
    assert swift.read(text, text) == expected
    assert swift.read(text, text) == expected


@given(texts, st.sampled_from([NUMBER, STRING, ENUM, Type(Kind.STRING, many=True)]))
@settings(deadline=None, max_examples=800)
def test_a_conclusion_is_read_as_the_parser_reads_it(text: str, column: Type) -> None:
    assert Conclusions(column, "", SCOPE).read(text, text) == parser.output_of(text, text, column, SCOPE, "")


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(UNITS), st.booleans())
@settings(deadline=None)
def test_a_number_of_excels_is_read_as_the_parser_reads_it(value: Decimal, unit: str, percent: bool) -> None:
    text = f"{value}%" if percent else f"{value}"
    for limited in (NUMBER, Type(Kind.NUMBER, low=Decimal(0)), STRING):
        expected = parser.test_of(value, text, limited, SCOPE, unit)
        assert kind(Conditions(limited, unit, SCOPE).read(value, text)) == kind(expected)
        said = parser.output_of(value, text, limited, SCOPE, unit)
        assert kind(Conclusions(limited, unit, SCOPE).read(value, text)) == kind(said)


@pytest.mark.parametrize("text", ["[1..2)", "<=5", "A;B", "地区01;地区02", "地区01、地区02；地区03"])
def test_spans_are_those_of_the_parser(text: str) -> None:
    column = NUMBER if text[0] in "[<" else STRING
    assert repr_spans(Conditions(column, "", SCOPE).read(text, text)) == repr_spans(
        parser.test_of(text, text, column, SCOPE, "")
    )


def vars_of(node: object) -> dict[str, object]:
    return {name: getattr(node, name) for name in getattr(type(node), "__slots__", ())}


def repr_spans(node: object) -> list[object]:
    """All spans of a tree, in order."""
    if isinstance(node, tuple):
        return [span for item in node for span in repr_spans(item)]
    slots = getattr(type(node), "__slots__", ())
    own = [getattr(node, name) for name in slots if name == "span"]
    return own + [span for name in slots if name != "span" for span in repr_spans(getattr(node, name))]
