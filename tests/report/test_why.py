"""The law of explanations: what is named decides.

The cells that are named for a conclusion are enough for it: with every other cell of its column, in all tables that
write it, left blank, the value is the same. And none is named for nothing: when these are left alone, to write
something else into any of them changes the value.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulectl
from rulectl.codes import Language
from rulectl.lang.syntax import Literal
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Gives, Role
from rulectl.model.rulebook import OutputEntry, Rule, Rulebook, Table, Term
from rulectl.report.outcome import Reporter
from rulectl.runtime.deciding import Made, Part, facts_of, made
from rulectl.runtime.engine import Engine
from rulectl.runtime.resolve import Lack
from rulectl.types import fits
from rulectl.values import Value
from tests.runtime import drawn

ROOT = Path(__file__).parents[2]
Named = frozenset[tuple[str, str, int]]
BLANK = OutputEntry(None)


def place(part: Part) -> tuple[str, str, int]:
    return part.table.name, part.rule.id, part.column


def parts(how: Made) -> list[Part]:
    return [part for share in how.shares for part in share.parts]


def value(outcome: Outcome, term: str) -> Value:
    return outcome.outputs.get(term, outcome.derived.get(term))


def with_entries(book: Rulebook, term: str, entries: Mapping[tuple[str, str, int], OutputEntry]) -> Rulebook:
    """The rulebook in which the cells of a conclusion hold what `entries` says, those that it does not name nothing."""

    def rule_of(table: Table, rule: Rule) -> Rule:
        then = tuple(
            entry if column.term != term else entries.get((table.name, rule.id, at), BLANK)
            for at, (column, entry) in enumerate(zip(table.outputs, rule.then, strict=True))
        )
        return replace(rule, then=then)

    tables = tuple(
        replace(table, rules=tuple(rule_of(table, rule) for rule in table.rules))
        if any(column.term == term for column in table.outputs)
        else table
        for table in book.tables
    )
    return replace(book, tables=tables, policies=(), tests=())


def others(term: Term, said: Value) -> Iterator[Value]:
    """Values that a cell may hold instead."""
    was = said if not isinstance(said, tuple) else (said[0] if said else None)
    if isinstance(was, bool):
        found: list[Value] = [not was]
    elif isinstance(was, Decimal):
        found = [was + 1000, was - 1000, was + 1, was - 1]
    else:
        found = [one for one in (*term.type.values, "另一句") if one != was]
    if term.type.many:
        found = [(one,) for one in found]
    yield from (one for one in found if fits(one, term.type))


def holds(book: Rulebook, case: Mapping[str, Value], outcome: Outcome, term: Term, how: Made) -> None:
    """The law, of one conclusion of one case."""
    book = replace(book, terms=tuple(replace(t, default=None) if t is term else t for t in book.terms))
    wanted = value(outcome, term.id)
    named = parts(how)
    entries = {place(part): part.rule.then[part.column] for part in named}
    assert value(Engine(with_entries(book, term.id, entries)).decide(case), term.id) == wanted, (term.name, entries)
    for part in named:
        if isinstance(part.said, Lack):
            continue
        again = {item for other in named if other is not part for item in _items(other.said)}
        if part.table.outputs[part.column].policy.gives is Gives.COUNT or (
            term.type.many and again >= set(_items(part.said))
        ):
            continue  # that it fired is what counts; or others say so too
        changed = [
            value(
                Engine(with_entries(book, term.id, entries | {place(part): OutputEntry(Literal(new))})).decide(case),
                term.id,
            )
            for new in others(term, part.said)
        ]
        assert not changed or any(one != wanted for one in changed), (term.name, place(part), part.said)


def _items(said: object) -> tuple[object, ...]:
    return said if isinstance(said, tuple) else (said,)


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_what_is_named_decides(seed: int) -> None:
    r = Random(seed)
    book = drawn.rulebook(r)
    terms = {term.id: term for term in book.terms}
    for _ in range(3):
        case = drawn.case(r, book)
        outcome = Engine(book).decide(case)
        for name, how in made(book, outcome, facts_of(book, outcome)).items():
            if (
                how.shares
                and value(outcome, name) is not None
                and not any(f.slug == "output-not-allowed" for f in outcome.findings)
            ):
                holds(book, case, outcome, terms[name], how)


@cache
def book(name: str) -> rulectl.Book:
    return rulectl.load(ROOT / name)


SHOPS = ("rulebooks/after_sales.xlsx", "examples/travel_claims/travel_claims.xlsx")


@pytest.mark.parametrize("name", SHOPS)
def test_what_is_named_decides_in_workbooks_as_shops_keep_them(name: str) -> None:
    """Of the tables that write a conclusion, given what the others say in the case."""
    rulebook = book(name).rulebook
    r = random.Random(11)
    terms = {term.id: term for term in rulebook.terms}
    held = 0
    for test in r.sample(rulebook.tests, 6):
        outcome = book(name).engine.decide(dict(test.facts))
        facts = facts_of(rulebook, outcome)
        known = {name: value for name, value in facts.items() if name in terms and value is not None}
        found = sorted(made(rulebook, outcome, facts).items())
        for term, how in r.sample(found, min(12, len(found))):
            writers = [t for t in rulebook.tables if any(column.term == term for column in t.outputs)]
            alone = _alone(rulebook, writers)
            by_itself = Engine(alone).decide(known)
            if how.shares and value(by_itself, term) == value(outcome, term) is not None:
                holds(alone, known, by_itself, terms[term], how)
                held += 1
    assert held > 30


def _alone(rulebook: Rulebook, writers: list[Table]) -> Rulebook:
    """The tables by themselves; what others conclude is given."""
    written = {column.term for table in writers for column in table.outputs}
    terms = tuple(t if t.id in written else replace(t, role=Role.INPUT) for t in rulebook.terms)
    return replace(rulebook, terms=terms, tables=tuple(replace(t, stratum=0) for t in writers), aggregates=())


STORY = """
## 手册
| 规则手册 |
| 编号 | why |
| 事件日期 | 下单日 |

## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 默认 | 合并 |
| 下单日 | | 输入 | 日期 | | |
| 实付 | | 输入 | 数值 | | |
| 已退 | | 输入 | 数值 | 0 | |
| 等待 | | 输入 | 时长 | | |
| 承担 | | 输出 | 文本 | | |
| 补贴 | | 推导 | 数值 | | |
| 应赔 | | 输出 | 数值 | | |
| 次数 | | 推导 | 数值 | | |
| 备注 | | 输出 | 文本 | 无 | |
| 最低 | | 输出 | 数值 | | 最小 |

| 参数表 |
| 名称 | 类型 | 值 |
| 比例 | 数值 | 0.333 |
| 门槛 | 数值 | 50 |

## 规则
| 决策表 | 平台的 | 层级 | 平台 |
| 规则号 | 条件 | 结论 | 生效自 |
| | 实付 | 承担 | |
| P1 | >= 门槛 * 2 | 店铺 | 2025-01-01 |

| 决策表 | 流程的 |
| 规则号 | 条件 | 条件 | 条件 | 结论 |
| | 已退 | 等待 | 实付 - 已退 | 承担 |
| L1 | <= 0 | > 1天 | > 0 | 买家 |

| 决策表 | 补 | 命中策略 | C+ |
| 规则号 | 条件 | 结论 |
| | 实付 | 补贴 |
| B1 | - | 2 |
| B2 | > 1 | round(实付 * 比例, 2) |

| 决策表 | 数 | 命中策略 | C# |
| 规则号 | 条件 | 结论 |
| | 实付 | 次数 |
| N1 | - | 1 |
| N2 | > 1 | 1 |

| 决策表 | 赔 |
| 规则号 | 结论 |
| | 应赔 |
| M1 | if 补贴 > 10 then min(补贴, 实付) else 0 |

| 决策表 | 低一 |
| 规则号 | 结论 |
| | 最低 |
| D1 | 7 |

| 决策表 | 低二 |
| 规则号 | 结论 |
| | 最低 |
| D2 | 9 |

| 决策表 | 注 |
| 规则号 | 条件 | 结论 |
| | 实付 | 备注 |
| Z1 | < 0 | 有 |
"""

TOLD = {
    "zh": """\
  承担：店铺  (已定)
  应赔：44.96  (已定)
  备注：无  (无规则，按词汇表的默认值 词汇!A11)
  最低：7  (已定)

用到的规则：
  平台的/P1  规则!A4:D4
      生效期：2025-01-01 至 …，本案的「下单日」是 2025-06-01
      实付：「>= 门槛 * 2」（即 >=100），本案是「129」
      → 承担：店铺
      参数：门槛 = 50 词汇!A17
  流程的/L1  规则!A9:E9
      已退：「<= 0」，本案是默认的「0」
      等待：「> 1天」，本案是「2天」
      实付 - 已退：「> 0」，本案是「129 - 0 = 129」
      → 承担：买家（没有采用：以「平台的/P1」为准，层级是平台）
  补/B1  规则!A14:C14
      → 补贴：2
  补/B2  规则!A15:C15
      实付：「> 1」，本案是「129」
      → 补贴：round(实付 * 比例, 2) = round(129 * 0.333, 2) = round(42.957, 2) = 42.96
      ⇒ 补贴：2 + 42.96 = 44.96
      参数：比例 = 0.333 词汇!A16
  数/N1  规则!A20:C20
      → 次数：1
  数/N2  规则!A21:C21
      实付：「> 1」，本案是「129」
      → 次数：1
      ⇒ 次数：2 条规则 = 2
  低一/D1  规则!A31:B31
      → 最低：7
  低二/D2  规则!A36:B36
      → 最低：9
      ⇒ 最低：min(7, 9) = 7
  赔/M1  规则!A26:B26
      → 应赔：if 补贴 > 10 then min(补贴, 实付) else 0 = min(44.96, 129) = 44.96""",
    "en": """\
  承担: 店铺  (decided)
  应赔: 44.96  (decided)
  备注: 无  (no rule, the default of the vocabulary 词汇!A11)
  最低: 7  (decided)

rules that fired:
  平台的/P1  规则!A4:D4
      in force: 2025-01-01 to …; "下单日" of the case is 2025-06-01
      实付: ">= 门槛 * 2" (that is >=100), the case has "129"
      → 承担: 店铺
      parameters: 门槛 = 50 词汇!A17
  流程的/L1  规则!A9:E9
      已退: "<= 0", the case has "0", the default
      等待: "> 1天", the case has "2 days"
      实付 - 已退: "> 0", the case has "129 - 0 = 129"
      → 承担: 买家 (not taken: 平台的/P1 stands, of the platform tier)""",
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_auditor_can_follow_it(lang: Language, tmp_path: Path) -> None:
    """Steps to the cent, limits, parameters, dates, defaults, durations, and what was put aside."""
    path = tmp_path / "why.md"
    path.write_text(STORY, "utf-8")
    kept = rulectl.load(path)
    text = Reporter(kept.rulebook, lang).text(kept.decide({"下单日": "2025-06-01", "实付": 129, "等待": "2天"}))
    assert text.split("\n", 1)[1].startswith(TOLD[lang])
    assert lang == "en" or text.endswith(TOLD[lang])
