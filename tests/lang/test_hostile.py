"""Cells made to hurt: each is read, or refused with a finding, in bounded time, and what is computed is bounded too."""

from __future__ import annotations

import time

import pytest

from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.literals import read_value
from rulectl.lang.parser import parse_expression, parse_output, parse_template, parse_test
from rulectl.lang.scope import Broken
from tests.lang.world import FACTS, SCOPE, TYPES

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
