"""Why not: what is proposed is what the engine confirms, and no smaller change would have done."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.analysis.whynot import Goal, Verdict, Why, why_not
from rulectl.lang.syntax import Is, Literal
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.types import Kind, fits
from rulectl.values import Value
from tests.runtime import drawn

CALM = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
SECONDS = 0.4


def wish(r: Random, book: Rulebook) -> Goal:
    """Something to want of a term that tables write."""
    term = r.choice(list(book.decided_terms()))
    if term.type.many:
        return Goal(term, Is("=", Literal(None)), tuple(r.sample(term.type.values or ("甲",), 1)))
    if term.type.values:
        return Goal(term, Is("=", Literal(r.choice(term.type.values))))
    if term.type.kind is Kind.NUMBER:
        return Goal(term, Is(r.choice(("=", ">=", "<")), Literal(Decimal(r.randint(0, 6)))))
    others: dict[Kind, Value] = {Kind.BOOLEAN: True, Kind.DATE: drawn.DAYS[0]}
    return Goal(term, Is("=", Literal(others.get(term.type.kind, "其他"))))


def domain(term: Term) -> Iterator[Value]:
    """A small domain in which every class of the drawn conditions has a value."""
    match term.type.kind:
        case Kind.BOOLEAN:
            yield from (True, False)
        case Kind.NUMBER:
            yield from map(Decimal, range(-2, 13))
        case Kind.DATE:
            yield from (day + dt.timedelta(days=n) for day in drawn.DAYS for n in (-1, 0, 1))
        case _ if term.type.many:
            for size in range(len(term.type.values) + 1):
                yield from itertools.combinations(term.type.values, size)
        case _:
            yield from term.type.values or ("甲", "乙", "其他")


def singles(book: Rulebook, case: dict[str, Value]) -> Iterator[dict[str, Value]]:
    """The case with one input changed."""
    for term in book.terms:
        if term.role is Role.INPUT:
            yield from ({**case, term.id: v} for v in domain(term) if fits(v, term.type) and v != case.get(term.id))


def value(engine: Engine, case: dict[str, Value], goal: Goal) -> Value:
    outcome = engine.decide(case)
    return outcome.outputs.get(goal.term.id, outcome.derived.get(goal.term.id))


@CALM
@given(st.integers(0, 2**40))
def test_what_is_proposed_is_confirmed_and_no_single_change_was_overlooked(seed: int) -> None:
    r = Random(seed)
    book = drawn.rulebook(r)
    study, engine = Study(book), Engine(book, quick=False)
    for _ in range(3):
        case, goal = drawn.case(r, book), wish(r, book)
        answer = why_not(study, case, goal, Budget.of(SECONDS, time.process_time))
        assert (answer.verdict is Verdict.ALREADY) is goal.met(value(engine, case, goal))
        if answer.verdict is Verdict.ALREADY:
            continue
        for change in answer.changes:
            changed = case | {one.term.id: one.after for one in change.settings}
            assert goal.met(value(engine, changed, goal))
            assert all(one.before != one.after and fits(one.after, one.term.type) for one in change.settings)
        if not answer.changes or len(answer.changes[0].settings) > 1 or not answer.changes[0].least:
            assert not [one for one in singles(book, case) if goal.met(value(engine, one, goal))]
        for one in answer.rules:
            assert one.missed or one.why is not Why.CONDITIONS


@CALM
@given(st.integers(0, 2**40))
def test_what_no_case_can_get_none_gets(seed: int) -> None:
    r = Random(seed)
    book = drawn.rulebook(r)
    study, engine = Study(book), Engine(book, quick=False)
    goal = wish(r, book)
    answer = why_not(study, drawn.case(r, book), goal, Budget.of(SECONDS, time.process_time))
    if answer.verdict is Verdict.NEVER:
        assert not any(goal.met(value(engine, drawn.case(r, book), goal)) for _ in range(60))
