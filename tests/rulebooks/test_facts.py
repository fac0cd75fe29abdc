"""Every fact of the field that decides something has a case of its own, decided by the shipped rulebook as it says.

The rulebooks' own tests follow the rules, situation by situation; `facts.md` follows the facts, and says in its first
lines how a row is read.
"""

from __future__ import annotations

import csv
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import rulectl
from rulectl.model.outcome import Outcome
from rulectl.types import Kind
from rulectl.values import Value

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).with_name("facts.md")
ROW = re.compile(r"^\| ([SCG][\d-]+) \| (.+?) \| (.+?) \|$", re.M)
EXPECTED = re.compile(r"([^=+!~^<>#]+)(!~|<=|>=|#>=|[=+!~^#])(.*)")
ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "#": operator.eq,
    "#>=": operator.ge,
}


class Fact(NamedTuple):
    """A row of the page: the fact, what the case says, what must come of it."""

    id: str
    given: str
    expected: str


@cache
def facts() -> tuple[Fact, ...]:
    return tuple(Fact(*row) for row in ROW.findall(PAGE.read_text("utf-8")))


@cache
def book() -> rulectl.Book:
    return rulectl.load(ROOT / "rulebooks" / "after_sales.xlsx")


@cache
def names() -> Mapping[str, str]:
    """Name -> id of every term."""
    return {term.name: term.id for term in book().rulebook.terms}


@cache
def words() -> Mapping[str, str]:
    """Each word that only one input allows, and that input."""
    found: dict[str, list[str]] = {}
    for term in book().rulebook.terms:
        if term.role.value == "input" and term.type.kind is Kind.ENUM:
            for value in term.type.values:
                found.setdefault(value, []).append(term.name)
    return {word: of[0] for word, of in found.items() if len(of) == 1}


def case(given: str) -> dict[str, object]:
    """The case that a row says."""
    found: dict[str, object] = {"工单号": "1", "订单实付金额": "100"}
    for token in given.split():
        name, known, value = token.partition("=")
        if known:
            found[name] = re.sub(r"^(\d{4}-\d\d-\d\d)T", r"\1 ", value)
        elif token in words():
            found[words()[token]] = token
        else:
            found[token.removeprefix("非") if token not in names() else token] = token in names()
    return found


def value(outcome: Outcome, name: str) -> Value:
    return {**outcome.derived, **outcome.outputs}[names()[name]]


def said(one: Value) -> str:
    """A value as the page writes it."""
    if isinstance(one, bool):
        return "是" if one else "否"
    if isinstance(one, datetime):
        return one.isoformat(sep="T", timespec="minutes")
    return one.isoformat() if isinstance(one, date) else str(one)


def holds(actual: Value, op: str, expected: str) -> bool:
    """Whether what came is what a row expects of it."""
    items = [said(one) for one in actual] if isinstance(actual, tuple) else [] if actual is None else [said(actual)]
    wanted = expected.split(";")
    match op:
        case "=" if expected == "空":
            return not items
        case "=" if isinstance(actual, Decimal):
            return actual == Decimal(expected)
        case "=":
            return items == (wanted if isinstance(actual, tuple) else [expected])
        case "^":
            return items[:1] == wanted
        case "+":
            return set(wanted) <= set(items)
        case "!":
            return not set(wanted) & set(items)
        case "~":
            return all(any(part in item for item in items) for part in wanted)
        case "!~":
            return not any(part in item for part in wanted for item in items)
        case "#" | "#>=":
            return ORDER[op](len(items), int(expected))
        case _:
            return isinstance(actual, Decimal) and ORDER[op](actual, Decimal(expected))


def broken(fact: Fact) -> list[str]:
    """What a fact expects and the rulebook does not give."""
    outcome = book().decide(case(fact.given))
    told = []
    for token in fact.expected.split():
        read = EXPECTED.fullmatch(token)
        assert read is not None, f"{fact.id}: {token} cannot be read"
        actual = value(outcome, read[1])
        if not holds(actual, read[2], read[3]):
            told.append(f"{token}, got {actual}")
    return told


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: f"{fact.id} {fact.given}")
def test_the_rulebook_does_what_the_fact_says(fact: Fact) -> None:
    assert broken(fact) == []


def test_each_fact_that_decides_has_a_case() -> None:
    """All but those that the list of facts puts beside the rulebooks: registers, reports, training."""
    with (ROOT / "engine" / "tools" / "coverage.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["id"] for row in csv.DictReader(file) if row["id"].startswith("S") and not row["place"]}
    assert listed - {fact.id for fact in facts()} == set()


def test_a_fact_that_does_not_hold_is_told() -> None:
    """Each way of expecting can fail."""
    case = "服饰 质量问题 属实 签收天数=2 已穿用=否 外省 订单利润=40 进线时间=2025-06-04T10:00"
    assert broken(Fact("S0-00", case, "责任方=产品 补救方案^换货 补偿上限<=15 首响截止=2025-06-04T10:05")) == []
    for wrong in (
        "责任方=买家", "责任方=空", "补救方案^拒绝", "补救方案+拒绝", "补救方案!换货", "待办~没有这一句", "待办!~回话",
        "补偿上限>=16", "补偿上限=10", "补救方案#1", "补救方案#>=9", "首响截止=2025-06-04T10:06", "批次问题=是",
    ):  # fmt: skip
        assert len(broken(Fact("S0-00", case, wrong))) == 1, wrong
