"""Statements over many rows are broken in the rows in which they are broken one by one, however they are told."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.columnar import reading, truths
from rulectl.columnar.engine import ColumnarEngine
from rulectl.lang.syntax import Binary, Both, Compare, Either, Expr, Literal, Name, Not
from rulectl.model.policy import Role
from rulectl.model.rulebook import Policy, Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.types import BOOLEAN, NUMBER, STRING
from rulectl.values import Value, plain_text

TERMS = (
    Term("case_id", "工单号", Role.INPUT, STRING),
    Term("paid", "实付", Role.INPUT, NUMBER),
    Term("asked", "要求", Role.INPUT, NUMBER),
    Term("worn", "穿过", Role.INPUT, BOOLEAN),
    Term("colour", "颜色", Role.INPUT, STRING),
)
NUMBERS = ("0", "1", "1.5", "2", "100.01", "0.1")
LONG = "12345678901234567890"


def statement(r: Random, depth: int) -> Expr:
    if depth and r.random() < 0.6:
        inner = [statement(r, depth - 1) for _ in range(r.choice([1, 2, 2]))]
        kinds: list[Expr] = [Both(tuple(inner)), Either(tuple(inner)), Not(inner[0])]
        return r.choice(kinds)
    match r.randrange(4):
        case 0:
            return Name("worn")
        case 1:
            return Compare(r.choice(("=", "!=")), Name("colour"), Literal(r.choice(("红", "蓝", None))))
        case _:
            return Compare(r.choice(("=", "!=", "<", "<=", ">", ">=")), side(r), side(r))


def side(r: Random) -> Expr:
    match r.randrange(6):
        case 0:
            return Literal(r.choice((Decimal(r.choice(NUMBERS)), None)))
        case 1:
            return Binary(r.choice(("+", "-", "/")), Name("paid"), Name("asked"))
        case _:
            return Name(r.choice(("paid", "asked")))


def case(r: Random, number: int, long: bool) -> dict[str, Value]:
    """`long`: some numbers have more digits than floats tell apart."""
    found: dict[str, Value] = {
        "case_id": f"K{number}",
        "paid": Decimal(r.choice((*NUMBERS, LONG) if long else NUMBERS)),
        "asked": Decimal(r.choice(NUMBERS)),
        "worn": r.random() < 0.5,
        "colour": r.choice(("红", "蓝")),
    }
    return {name: value for name, value in found.items() if name == "case_id" or r.random() < 0.8}


@given(st.integers(0, 2**40), st.sampled_from([0, 4_096]), st.booleans(), st.booleans())
def test_statements_are_broken_where_they_are_broken_one_by_one(seed: int, few: int, floats: bool, long: bool) -> None:
    r = Random(seed)
    policies = tuple(Policy(f"P{n}", statement(r, 2), "warning", "") for n in range(4))
    book = Rulebook("statements", "守则", terms=TERMS, policies=policies)
    cases = [case(r, n, long) for n in range(30)]
    texts = [{name: plain_text(value) for name, value in one.items()} for one in cases]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(truths, "_FEW", few)
        if floats:
            patch.setattr(reading, "_MANY", 0)
        decided = ColumnarEngine(book).decide(pl.DataFrame(texts, schema={term.id: pl.String for term in TERMS}))
    engine = Engine(book)
    for at, one in enumerate(cases):
        assert decided.findings_of(at) == engine.decide(one).findings, (policies, one)
