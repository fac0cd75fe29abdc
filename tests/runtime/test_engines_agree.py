"""Law 3: for every case the engines agree on outputs, statuses, asks and the order of firings."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rulectl.model.outcome import Outcome
from rulectl.runtime.durable_engine import DurableEngine
from rulectl.runtime.engine import Engine
from tests.runtime import drawn, naive

CALM = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def answer(outcome: Outcome) -> naive.Answer:
    return naive.Answer(
        dict(outcome.outputs),
        dict(outcome.derived),
        dict(outcome.statuses),
        outcome.status,
        outcome.asks,
        tuple(firing.name for firing in outcome.firings),
    )


@CALM
@example(1520)  # two else rules, one of them with an effective date and the date unknown
@example(2269)
@given(st.integers(0, 2**40))
def test_native_engine_and_naive_scan_agree(seed: int) -> None:
    r = Random(seed)
    book = drawn.rulebook(r)
    quick, careful = Engine(book), Engine(book, quick=False)
    for _ in range(4):
        case = drawn.case(r, book)
        expected = naive.decide(book, case)
        assert answer(careful.decide(case)) == expected
        assert answer(quick.decide(case)) == expected


@settings(CALM, max_examples=150)
@given(st.integers(0, 2**40))
def test_lists_that_feed_each_other_run_to_quiescence_in_both(seed: int) -> None:
    r = Random(seed)
    book = drawn.rulebook(r, loops=True)
    engine = Engine(book)
    for _ in range(4):
        case = drawn.case(r, book)
        assert answer(engine.decide(case)) == naive.decide(book, case)


@settings(CALM, max_examples=15)
@given(st.integers(0, 2**40))
def test_durable_rules_agrees_with_the_native_engine(seed: int) -> None:
    pytest.importorskip("durable")
    r = Random(seed)
    book = drawn.rulebook(r)
    engine = Engine(book)
    with DurableEngine(book) as durable:
        for _ in range(6):
            case = drawn.case(r, book)
            assert answer(durable.decide(case)) == answer(engine.decide(case))
