"""Tables of many rules over many classes: the grid finds what a scan finds, also where classes are unknown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from rulectl.columnar import bits, codes, holding, parted, tables
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.grid import Grid
from rulectl.lang.syntax import Any, Between, Contains, Except, Expr, Is, IsNull, Literal, OneOf, Test
from rulectl.lang.syntax import Name as Named
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.runtime.engine import Engine
from rulectl.types import BOOLEAN, NUMBER, STRING, Kind, Type
from rulectl.values import Value
from tests.columnar.test_agree import frame, row, said

INPUTS = (
    Term("place", "地区", Role.INPUT, STRING),
    Term("kind", "品类", Role.INPUT, STRING),
    Term("low", "数", Role.INPUT, NUMBER),
    Term("high", "额", Role.INPUT, NUMBER),
    Term("flag", "标", Role.INPUT, BOOLEAN),
)


def a_test(r: Random, term: Term, loose: bool) -> Test:
    if r.random() < (0.3 if loose else 0.1):
        return IsNull() if r.random() < 0.15 else Any()
    if term.type == NUMBER:
        start = r.randrange(100)
        test: Test = Between(
            Literal(Decimal(start)), Literal(Decimal(start + r.randrange(1, 40))), r.random() < 0.5, r.random() < 0.5
        )
        return Except(test) if r.random() < 0.1 else test
    if term.type == BOOLEAN:
        return Is("=", Literal(r.random() < 0.5))
    texts = [Is("=", Literal(f"{term.id}{r.randrange(20)}")) for _ in range(r.choice([1, 1, 2, 3]))]
    if r.random() < 0.1:
        return OneOf((IsNull(), *texts))
    return Except(OneOf(tuple(texts))) if r.random() < 0.1 else OneOf(tuple(texts))


def large(r: Random, rules: int, policy: HitPolicy = HitPolicy.FIRST, computes: bool = True, says: int = 9) -> Rulebook:
    def then() -> Expr | None:
        if r.random() < 0.1:
            return None
        return Named("low") if computes and r.random() < 0.1 else Literal(Decimal(r.randrange(5)))

    made = tuple(
        Rule(
            f"R{n}",
            tuple(TestEntry(a_test(r, term, loose=True)) for term in INPUTS),
            (OutputEntry(Literal(f"c{r.randrange(says)}")), OutputEntry(then())),
            otherwise=computes and n == rules - 1 and r.random() < 0.5,
            enabled=r.random() < 0.95,
        )
        for n in range(rules)
    )
    table = Table(
        "大表",
        policy,
        tuple(InputColumn(Named(term.id), term.type) for term in INPUTS),
        (OutputColumn("code", HitPolicy.FIRST if policy.numeric else policy), OutputColumn("value", policy)),
        made,
    )
    outputs = (Term("code", "码", Role.OUTPUT, STRING), Term("value", "值", Role.OUTPUT, NUMBER))
    return Rulebook("large", "大", terms=INPUTS + outputs, tables=(table,))


def drawn_cases(r: Random, count: int, unknown: float) -> list[dict[str, Value]]:
    return [
        {
            term.id: Decimal(r.randrange(120))
            if term.type == NUMBER
            else r.random() < 0.5
            if term.type == BOOLEAN
            else f"{term.id}{r.randrange(24)}"
            for term in INPUTS
            if r.random() >= unknown
        }
        for _ in range(count)
    ]


def agree(book: Rulebook, cases: list[dict[str, Value]]) -> ColumnarEngine:
    engine, columns = Engine(book), ColumnarEngine(book)
    for part in (cases[: len(cases) // 3], cases):
        decided = columns.decide(frame(book, part))
        for at, case in enumerate(part):
            assert row(decided, book, at) == said(engine.decide(case)), case
    return columns


@pytest.mark.parametrize("seed", range(12))
def test_the_grid_and_the_one_case_engine_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    r = Random(seed)
    book = large(r, r.choice([3, 40, 300]))
    monkeypatch.setattr(holding, "_GRID_WORK", 0)
    monkeypatch.setattr(holding, "FEW_WORDS", 0)
    columns = agree(book, drawn_cases(r, 150, r.choice([0, 0.1, 0.5])))
    assert columns.tables[0].holding.grid


@pytest.mark.parametrize("seed", range(24))
def test_bits_and_the_one_case_engine_agree_on_what_is_open(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    if seed % 2:
        monkeypatch.setattr(Grid, "of", lambda *_: None)
    if seed % 3:
        monkeypatch.setattr(bits, "AT_ONCE", 40)
        monkeypatch.setattr(holding, "_LEAST_WORDS", 0)
        monkeypatch.setattr(parted, "_WORTH", 0)
        monkeypatch.setattr(parted, "_COPIES", 100)
    r = Random(seed)
    book = large(r, r.choice([1, 3, 63, 64, 65, 300]), computes=False, says=r.choice([2, 9, 1000, 10**6]))
    columns = agree(book, drawn_cases(r, 150, r.choice([0.1, 0.5, 0.9])))
    opening = columns.tables[0].holding.opening
    assert opening
    assert opening.firsts
    assert bool(columns.tables[0].holding.parts) == bool(seed % 3)
    assert not columns.tables[0].plan.reaches, "nothing was worked out combination by combination"


def test_a_table_that_asks_of_one_column_is_not_parted_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    monkeypatch.setattr(holding, "_LEAST_WORDS", 0)
    monkeypatch.setattr(parted, "_WORTH", 0)
    monkeypatch.setattr(parted, "_COPIES", 100)
    r = Random(5)
    book = large(r, 300, computes=False)
    (table,) = book.tables
    for asked in range(len(INPUTS)):
        rules = tuple(
            replace(rule, when=tuple(e if n == asked else TestEntry(Any()) for n, e in enumerate(rule.when)))
            for rule in table.rules
        )
        one = replace(book, tables=(replace(table, rules=rules),))
        assert not agree(one, drawn_cases(r, 60, 0.3)).tables[0].holding.parts


POLICIES = [policy for policy in HitPolicy if policy is not HitPolicy.FIRST]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@pytest.mark.parametrize("seed", range(4))
def test_sets_of_rules_come_from_bits(seed: int, policy: HitPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    if seed == 3:
        monkeypatch.setattr(codes, "_SCATTER", np.uint64(0))
    r = Random(seed)
    book = large(r, r.choice([3, 40, 130]), policy, computes=seed == 1)
    agree(book, drawn_cases(r, 120, r.choice([0, 0, 0.2])))


def test_two_tables_that_write_one_term_are_judged_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    for seed in range(4):
        r = Random(seed)
        one, other = large(r, 40, computes=False), large(r, 40, computes=False)
        later = replace(other.tables[0], name="又一表")
        agree(replace(one, tables=(one.tables[0], later)), drawn_cases(r, 60, 0.3))


TAGS = Term("tags", "标签", Role.INPUT, Type(Kind.STRING, many=True))
NOTE = Term("note", "备注", Role.INPUT, STRING)


def inside(r: Random, name: str) -> Test:
    """A test that asks what a list or a text has in it."""
    if r.random() < 0.3:
        return Any()
    one = Literal(f"t{r.randrange(8)}")
    tests: list[Test] = [Contains(one) if name == "note" else Is(r.choice(["=", "=", "!="]), one)]
    if r.random() < 0.3:
        tests.append(IsNull())
    test = OneOf(tuple(tests)) if len(tests) > 1 else tests[0]
    return Except(test) if r.random() < 0.2 else test


@pytest.mark.parametrize("policy", [HitPolicy.FIRST, HitPolicy.RULE_ORDER], ids=["F", "R"])
@pytest.mark.parametrize("seed", range(8))
def test_what_lists_and_texts_have_in_them_is_a_class(
    seed: int, policy: HitPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    r = Random(seed)
    book = large(r, r.choice([3, 70, 150]), policy)
    (table,) = book.tables
    more = tuple(InputColumn(Named(term.id), term.type) for term in (TAGS, NOTE))
    rules = tuple(
        replace(rule, when=(*rule.when, *(TestEntry(inside(r, term.id)) for term in (TAGS, NOTE))))
        for rule in table.rules
    )
    book = replace(
        book, terms=(*book.terms, TAGS, NOTE), tables=(replace(table, inputs=(*table.inputs, *more), rules=rules),)
    )
    cases = drawn_cases(r, 120, r.choice([0, 0.2]))
    for case in cases:
        if r.random() < 0.8:
            case["tags"] = tuple(f"t{k}" for k in sorted(r.sample(range(10), r.choice([1, 2, 3]))))
        if r.random() < 0.8:
            case["note"] = " ".join(f"t{r.randrange(10)}" for _ in range(2))
    columns = agree(book, cases)
    assert columns.tables[0].sight.tested
    assert columns.tables[0].holding.bits
