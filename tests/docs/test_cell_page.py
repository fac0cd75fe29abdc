"""Every example of the page on cells is read as the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulectl.lang.parser import parse_output, parse_test
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.types import DATETIME, NUMBER, Kind, Type

PAGE = Path(__file__).parents[2] / "rulebooks/README.md"
ISSUES = Type(Kind.ENUM, values=("质量问题", "色差", "丢件", "破包"))
REMEDIES = Type(Kind.ENUM, many=True, values=("换货", "补发", "拒绝"))
SYMBOLS = [
    Symbol("days", "签收天数", NUMBER, "天"),
    Symbol("paid", "实付", NUMBER, "元"),
    Symbol("profit", "利润", NUMBER, "元"),
    Symbol("high", "高价线", NUMBER, "元"),
    Symbol("issue", "问题类型", ISSUES),
    Symbol("opened_at", "进线时间", DATETIME),
    Symbol("remedies", "补救方案", REMEDIES),
]
SCOPE = Scope({symbol.name: symbol for symbol in SYMBOLS})
NAMES = {symbol.id: symbol.name for symbol in SYMBOLS}
TYPES = {"enum": ISSUES, "list of enum": REMEDIES}


def examples() -> Iterator[tuple[str, bool, str, str]]:
    """Type, whether it is a conclusion, the cell, the meaning."""
    kind, conclusion = "", False
    for line in PAGE.read_text("utf-8").splitlines():
        if heading := re.match(r"### .*`([a-z ]+)`( 结论)?$", line):
            kind, conclusion = heading[1], bool(heading[2])
        elif row := re.match(r"\| `(.+)` \| `(.+)` \|$", line):
            yield kind, conclusion, row[1], row[2]


@pytest.mark.parametrize(("kind", "conclusion", "cell", "meaning"), list(examples()))
def test_example(kind: str, conclusion: bool, cell: str, meaning: str) -> None:
    type_ = TYPES.get(kind) or Type(Kind(kind))
    # a share is of something, so the term of `10%` has no unit
    unit = {"number": "元" if conclusion else "天"}.get(kind, "") if meaning != "0.1" else ""
    if conclusion:
        expr = parse_output(cell, type_, SCOPE, unit)
        assert expr is not None
        assert not isinstance(expr, Broken)
        assert print_expr(expr, NAMES, in_cell=type_) == meaning
    else:
        test = parse_test(cell, type_, SCOPE, unit)
        assert not isinstance(test, Broken)
        assert print_test(test, type_, NAMES) == meaning


def test_the_page_has_examples_of_every_kind() -> None:
    assert len(list(examples())) >= 45
    assert {kind for kind, *_ in examples()} == {
        "enum",
        "number",
        "boolean",
        "date",
        "datetime",
        "duration",
        "list of enum",
        "string",
    }
