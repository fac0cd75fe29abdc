"""Every verdict on a policy against cases tried by hand: drawn rulebooks, drawn statements.

What is proved no case may break; what a case breaks must be refuted, by a case that the engine says breaks it, and one
with no more fields than the least that was found by trying all cases of up to two fields.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import verdicts
from rulectl.analysis.policies import CHECKS
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Verdict
from rulectl.lang.syntax import Binary, Both, Call, Compare, Either, Expr, Literal, Name, Not
from rulectl.model.policy import Role
from rulectl.model.rulebook import Policy, Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.types import NUMBER
from rulectl.values import Value
from tests.analysis.test_chains_agree import in_order
from tests.runtime import drawn

OF_KIND: dict[str, tuple[Value, ...]] = {
    "colour": ("红", "黄", "蓝"),
    "label": ("a", "b", "c", "其他"),
    "worn": (True, False),
    "days": tuple(map(Decimal, ("-1", "0", "1", "2", "2.5", "3", "4", "7"))),
    "paid": tuple(map(Decimal, ("-1", "0", "1", "2", "2.5", "3", "4", "7"))),
    "on": (dt.date(2024, 12, 31), *drawn.DAYS, dt.date(2025, 2, 1), dt.date(2025, 8, 1), dt.date(2026, 1, 1)),
    "tags": ((), ("甲",), ("乙",), ("丙",), ("甲", "乙"), ("甲", "乙", "丙")),
}


def statement(r: Random, terms: list[Term], depth: int = 0) -> Expr:
    """A statement over decided terms and inputs, as a manager might write it."""
    pick = r.random()
    if depth < 2 and pick < 0.45:
        parts = (statement(r, terms, depth + 1), statement(r, terms, depth + 1))
        ways: list[Expr] = [Both(parts), Either(parts), Either((Not(parts[0]), parts[1]))]
        return r.choice(ways)
    if depth < 2 and pick < 0.55:
        return Not(statement(r, terms, depth + 1))
    term = r.choice(terms)
    name = Name(term.id)
    if r.random() < 0.1:
        return Compare(r.choice(["=", "!="]), name, Literal(None))
    if term.type.many:
        if r.random() < 0.4:
            return Compare(r.choice([">=", "<=", "="]), Call("count", (name,)), Literal(Decimal(r.randint(0, 3))))
        return Call("contains", (name, Literal(r.choice(term.type.values))))
    if term.type == NUMBER:
        others: list[Expr] = [Literal(Decimal(r.randint(0, 4))), Name("paid"), Name("limit")]
        other = r.choice(others)
        if r.random() < 0.2:
            other = Binary(r.choice(["+", "-", "*"]), other, Literal(Decimal(2)))
        return Compare(r.choice(["<", "<=", ">", ">=", "=", "!="]), name, other)
    return Compare(r.choice(["=", "!="]), name, Literal(r.choice(OF_KIND.get(term.id) or term.type.values)))


def book_with_policies(seed: int) -> Rulebook | None:
    """A drawn rulebook with a few statements; None where it is one that the compiler would refuse."""
    r = Random(seed)
    book = drawn.rulebook(r)
    if not in_order(book, Engine(book)):
        return None
    decided = [t for t in book.terms if t.role is not Role.INPUT and t.id in Engine(book).plan.writers]
    terms = [*decided, *decided, *(t for t in book.terms if t.role is Role.INPUT)]
    policies = tuple(Policy(f"守{n}", statement(r, terms)) for n in range(4))
    return replace(book, policies=policies)


def cases(r: Random, book: Rulebook) -> Iterator[dict[str, Value]]:
    """All cases of up to two fields, then some larger ones."""
    yield {}
    for size in (1, 2):
        for names in itertools.combinations(OF_KIND, size):
            for values in itertools.product(*(OF_KIND[name] for name in names)):
                yield dict(zip(names, values, strict=True))
    for _ in range(250):
        some = r.choice([0.5, 0.8, 1])
        yield {name: r.choice(values) for name, values in OF_KIND.items() if r.random() < some}


def least_breaking(book: Rulebook, seed: int) -> dict[str, int]:
    """By policy, the fewest fields of a tried case that breaks it."""
    engine = Engine(book)
    found: dict[str, int] = {}
    for case in cases(Random(seed), book):
        given = sum(1 for name, value in case.items() if book.term(name).default != value)
        for finding in engine.decide(case).findings:
            if finding.slug == "policy-violated":
                id_ = dict(finding.fields)["policy"]
                found[id_] = min(found.get(id_, given), given)
    return found


def by_policy(book: Rulebook) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for verdict in verdicts(Study(book), Budget.of(60), CHECKS):
        found[dict(verdict.fields)["name"]] = verdict
    return found


@pytest.mark.parametrize("start", range(0, 40, 10))
def test_every_verdict_is_right(start: int) -> None:
    total = undecided = 0
    for seed in range(start, start + 10):
        book = book_with_policies(seed)
        if book is None:
            continue
        broken = least_breaking(book, seed)
        engine = Engine(book)
        for id_, verdict in by_policy(book).items():
            total += 1
            match verdict.answer:
                case Answer.PROVED:
                    assert id_ not in broken, f"{seed} {id_}"
                case Answer.COUNTEREXAMPLE:
                    shown = engine.decide(dict(verdict.case)).findings
                    assert any(f.slug == "policy-violated" and dict(f.fields)["policy"] == id_ for f in shown)
                    assert len(verdict.case) <= broken.get(id_, 9), f"{seed} {id_} {verdict.case}"
                case Answer.UNDECIDED:
                    undecided += 1
    assert total > 20
    assert undecided <= total // 20
