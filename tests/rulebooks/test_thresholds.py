"""The shipped rulebooks' own tests stand on each side of every threshold.

A threshold is a comparison that a rule makes: the end points of its conditions (of numbers, dates and durations, with
parameters, other terms or sums), its effective dates, comparisons inside formulas, headings and the filters of
aggregates, and what `min` and `max` choose between. Of each, some own test must find it true and some own test false;
inside a formula, a test that fires the rule. A side on which no allowed value lies is excused, by computation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from rulectl.analysis.wording import inhabited
from rulectl.compiler import compile_drafts
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.printer import print_expr
from rulectl.lang.region import Partition, complement, intersection
from rulectl.lang.syntax import (
    AllOf,
    Between,
    Call,
    Compare,
    Except,
    Expr,
    Is,
    Literal,
    Meets,
    Name,
    Node,
    OneOf,
    Test,
)
from rulectl.lang.trees import children
from rulectl.loading import load_rulebook
from rulectl.model.rulebook import Rulebook
from rulectl.runtime.engine import Engine
from rulectl.runtime.lowering import period_test
from rulectl.sheets.text import read_text
from rulectl.values import Value

ROOT = Path(__file__).parents[2]
FAMILY = ("after_sales", "apparel", "food", "wholesale")


class Run(NamedTuple):
    """What a test case comes to: every value by id, parameters too, and the rules that fired."""

    facts: Mapping[str, Value]
    fired: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A comparison and where it stands; `rule` fires in the tests that count, any test where it is blank."""

    table: str
    column: str
    comparison: Compare
    rule: str = ""


class Missing(NamedTuple):
    """A side of a threshold on which no test stands."""

    table: str
    column: str
    end: str
    side: bool

    def __str__(self) -> str:
        return f"{self.table}, {self.column}: no own test finds {self.end} {'true' if self.side else 'false'}"


def runs(book: Rulebook) -> tuple[Run, ...]:
    """Every own test, decided."""
    engine = Engine(book)
    constants = {parameter.id: parameter.value for parameter in book.parameters}
    found = []
    for test in book.tests:
        outcome = engine.decide(dict(test.facts))
        facts = {**constants, **outcome.case, **outcome.derived, **outcome.outputs}
        found.append(Run(facts, frozenset((firing.table, firing.rule) for firing in outcome.firings)))
    return tuple(found)


def compared(subject: Expr, test: Test) -> Iterator[Compare]:
    """The comparisons of a condition, and those inside what it compares with."""
    match test:
        case Is():
            yield Compare(test.op, subject, test.value)
            yield from inside(test.value)
        case Between():
            yield Compare(">=" if test.low_closed else ">", subject, test.low)
            yield Compare("<=" if test.high_closed else "<", subject, test.high)
            yield from (found for end in (test.low, test.high) for found in inside(end))
        case OneOf() | AllOf():
            yield from (found for item in test.items for found in compared(subject, item))
        case Except():
            yield from compared(subject, test.test)
        case _:
            yield from (found for child in children(test) for found in inside(child))


def inside(node: Node) -> Iterator[Compare]:
    """The comparisons inside a formula; each argument of a min or max is one: it against the result."""
    match node:
        case Compare():
            yield node
        case Meets():
            yield from compared(node.subject, node.test)
            yield from inside(node.subject)
            return
        case Call(function="min" | "max") if len(node.arguments) > 1:
            yield from (Compare("=", argument, node) for argument in node.arguments)
    for child in children(node):
        yield from inside(child)


def thresholds(book: Rulebook) -> Iterator[Threshold]:
    """Every threshold of the enabled rules, of the tables and of the aggregates."""
    names = {term.id: term.name for term in book.terms}
    event = next((term for term in book.terms if term.id == book.event), None)
    for table in book.tables:
        for rule in (rule for rule in table.rules if rule.enabled):
            for column, entry in zip(table.inputs, rule.when, strict=True):
                heading = column.heading or print_expr(column.subject, names)
                for one in (*compared(column.subject, entry.test), *inside(column.subject)):
                    yield Threshold(table.name, heading, one)
            for conclusion, said in zip(table.outputs, rule.then, strict=True):
                if said.expr is not None:
                    for one in inside(said.expr):
                        yield Threshold(table.name, names[conclusion.term], one, rule.id)
            period = rule.period.meet(table.period)
            if event is not None and not period.always:
                for one in compared(Name(event.id), period_test(period, event.type)):
                    yield Threshold(table.name, event.name, one)
    for aggregate in book.aggregates:
        if aggregate.where is not None:
            yield from (Threshold(names[aggregate.term], "", one) for one in inside(aggregate.where))
    for template in book.templates:
        yield from (Threshold(template.id, "", one) for one in inside(template.text))


def sides(comparison: Compare, found: Iterable[Run]) -> set[bool]:
    """The sides on which tests stand; a comparison of what has no order has none to speak of: it counts as both."""
    stood: set[bool] = set()
    for run in found:
        try:
            values = evaluate(comparison.left, run.facts), evaluate(comparison.right, run.facts)
            held = evaluate(comparison, run.facts)
        except CannotCompute:
            continue
        if any(isinstance(value, str | bool | tuple) for value in values):
            return {True, False}
        if None not in values and isinstance(held, bool):
            stood.add(held)
    return stood


def named(comparison: Compare) -> bool:
    """Whether a comparison asks for order: not for a word, a list, or whether something is known."""
    ends = [end.value for end in (comparison.left, comparison.right) if isinstance(end, Literal)]
    return not any(end is None or isinstance(end, str | bool | tuple) for end in ends)


def possible(comparison: Compare, book: Rulebook) -> set[bool]:
    """The sides on which an allowed value lies, of a term against a constant; of anything else both. What `min` and
    `max` choose between is asked one way only: each must be chosen in some test."""
    if isinstance(comparison.right, Call) and comparison.left in comparison.right.arguments:
        return {True}
    constants = {parameter.id: parameter.value for parameter in book.parameters}
    terms = {term.id: term for term in book.terms}
    left, right = comparison.left, comparison.right
    if not isinstance(left, Name) or left.id not in terms:
        return {True, False}
    try:
        end = evaluate(right, constants)
    except CannotCompute:
        return {True, False}
    type_ = terms[left.id].type
    if end is None or not type_.ordered:
        return {True, False}
    partition = Partition.over(type_, {end})
    there = inhabited(partition, type_)
    holds = partition.region(Is(comparison.op, Literal(end)))
    fails = complement(holds, partition.size)
    return {side for side, region in ((True, holds), (False, fails)) if intersection(region, there)}


def missing(book: Rulebook) -> list[Missing]:
    """Every side of a threshold on which no own test stands, each once."""
    names = {term.id: term.name for term in book.terms} | {p.id: p.name for p in book.parameters}
    every = runs(book)
    found: dict[Missing, None] = {}
    looked: set[Threshold] = set()
    for threshold in thresholds(book):
        if threshold in looked or not named(threshold.comparison):
            continue
        looked.add(threshold)
        told = [run for run in every if not threshold.rule or (threshold.table, threshold.rule) in run.fired]
        lacking = possible(threshold.comparison, book) - sides(threshold.comparison, told)
        for side in sorted(lacking):
            column = f"{threshold.column} ({threshold.rule})" if threshold.rule else threshold.column
            found[Missing(threshold.table, column, print_expr(threshold.comparison, names), side)] = None
    return list(found)


@cache
def family() -> Rulebook:
    """The rulebook that includes all others, and so their rules and their tests."""
    book = load_rulebook(ROOT / "rulebooks" / "after_sales.xlsx").rulebook
    assert book is not None
    return book


def test_the_family_is_one() -> None:
    """What is asked of the rulebook that includes the others is asked of all."""
    assert {table.book for table in family().tables} == set(FAMILY)


def test_own_tests_stand_on_each_side_of_every_threshold() -> None:
    assert [str(one) for one in missing(family())] == []


def test_there_are_thresholds_to_stand_beside() -> None:
    asked = {one for one in thresholds(family()) if named(one.comparison)}
    assert len(asked) >= 150
    assert len(family().tests) >= 250


def without(book: Rulebook, *gone: str) -> Rulebook:
    return replace(book, tests=tuple(test for test in book.tests if test.id not in gone))


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("门食3", "时效判断, 在途天数: no own test finds 在途天数 >= 0 false"),
        ("门额7;门额8", "应退金额, 应退金额 (M1): no own test finds 0 = max(0, 退款基数 - 发货运费(协议价)) true"),
    ],
)
def test_a_test_that_is_taken_away_is_missed(gone: str, told: str) -> None:
    assert [str(one) for one in missing(without(family(), *gone.split(";")))] == [told]


SMALL = """
| 规则手册 |
| 编号 | small |
| 事件日期 | 日期 |

| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 |
| 金额 | amount | 输入 | 数值 | >=0 |
| 利润 | profit | 输入 | 数值 | |
| 日期 | day | 输入 | 日期 | |
| 时长 | span | 输入 | 时长 | |
| 赔付 | pay | 输出 | 数值 | |

| 参数表 |
| 名称 | 编号 | 类型 | 值 |
| 线 | line | 数值 | 100 |

| 决策表 | 赔 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 条件 | 条件 | 结论 | 生效自 |
| | 金额 | 利润 | 金额 - 利润 | 时长 | 赔付 | |
{rules}

| 测试表 |
| 用例号 | 金额 | 利润 | 日期 | 时长 |
{tests}
"""


@pytest.mark.parametrize(
    ("rule", "test", "told"),
    [
        ("| >= 线 | | | | 1 | |", "| 100 | | | |", ["赔, 金额: no own test finds 金额 >= 线 false"]),
        ("| >= 线 | | | | 1 | |", "| 99 | | | |", ["赔, 金额: no own test finds 金额 >= 线 true"]),
        ("| >= 0 | | | | 1 | |", "| 7 | | | |", []),
        ("| | >= 0 | | | 1 | |", "| | 7 | | |", ["赔, 利润: no own test finds 利润 >= 0 false"]),
        ("| | | <= 5 | | 1 | |", "| 9 | 4 | | |", ["赔, 金额 - 利润: no own test finds 金额 - 利润 <= 5 false"]),
        ("| <= 利润 | | | | 1 | |", "| 9 | 4 | | |", ["赔, 金额: no own test finds 金额 <= 利润 true"]),
        ("| | | | [1小时..2天] | 1 | |", "| | | | 2天 |", [
            "赔, 时长: no own test finds 时长 >= 1小时 false", "赔, 时长: no own test finds 时长 <= 2天 false",
        ]),
        ("| | | | | 1 | 2025-01-01 |", "| | | 2025-01-01 | |", [
            "赔, 日期: no own test finds 日期 >= 2025-01-01 false"
        ]),
        ("| | | | | if 利润 > 3 then 1 else 2 | |", "| | 4 | | |", [
            "赔, 赔付 (R1): no own test finds 利润 > 3 false"
        ]),
        ("| | | | | min(利润, 3) | |", "| | 4 | | |", [
            "赔, 赔付 (R1): no own test finds 利润 = min(利润, 3) true"
        ]),
        ("| | | | | min(利润, 3) | |", "| | 3 | | |", []),
    ],
)  # fmt: skip
def test_each_kind_of_threshold_is_seen(rule: str, test: str, told: list[str]) -> None:
    text = SMALL.format(rules=f"| R1 {rule}", tests=f"| T1 {test}")
    compiled = compile_drafts((read_text(text, "small.md"),))
    assert compiled.rulebook is not None, compiled.findings
    assert [str(one) for one in missing(compiled.rulebook)] == told
