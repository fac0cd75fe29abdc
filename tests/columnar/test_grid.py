"""Tables of many rules over many classes: the grid finds what a scan finds, also where classes are unknown."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from rulectl.columnar import tables
from rulectl.columnar.engine import ColumnarEngine
from rulectl.lang.syntax import Any, Between, Except, Expr, Is, IsNull, Literal, OneOf, Test
from rulectl.lang.syntax import Name as Named
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.runtime.engine import Engine
from rulectl.types import BOOLEAN, NUMBER, STRING
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


def large(r: Random, rules: int, policy: HitPolicy = HitPolicy.FIRST) -> Rulebook:
    def then() -> Expr | None:
        return None if r.random() < 0.1 else Named("low") if r.random() < 0.1 else Literal(Decimal(r.randrange(5)))

    made = tuple(
        Rule(
            f"R{n}",
            tuple(TestEntry(a_test(r, term, loose=True)) for term in INPUTS),
            (OutputEntry(Literal(f"c{r.randrange(9)}")), OutputEntry(then())),
            otherwise=n == rules - 1 and r.random() < 0.5,
            enabled=r.random() < 0.95,
        )
        for n in range(rules)
    )
    table = Table(
        "大表",
        policy,
        tuple(InputColumn(Named(term.id), term.type) for term in INPUTS),
        (OutputColumn("code", policy), OutputColumn("value", policy)),
        made,
    )
    outputs = (Term("code", "码", Role.OUTPUT, STRING), Term("value", "值", Role.OUTPUT, NUMBER))
    return Rulebook("large", "大", terms=INPUTS + outputs, tables=(table,))


@pytest.mark.parametrize("seed", range(12))
def test_the_grid_and_the_one_case_engine_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_COMBINATIONS", 0)
    r = Random(seed)
    book = large(r, r.choice([3, 40, 300]))
    unknown = r.choice([0, 0.1, 0.5])
    cases: list[dict[str, Value]] = [
        {
            term.id: Decimal(r.randrange(120))
            if term.type == NUMBER
            else r.random() < 0.5
            if term.type == BOOLEAN
            else f"{term.id}{r.randrange(24)}"
            for term in INPUTS
            if r.random() >= unknown
        }
        for _ in range(150)
    ]
    engine, columns = Engine(book), ColumnarEngine(book)
    decided = columns.decide(frame(book, cases))
    assert columns.tables[0]._grids
    for at, case in enumerate(cases):
        assert row(decided, book, at) == said(engine.decide(case)), case
