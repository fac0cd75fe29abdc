"""The columnar engine and the one-case engine say the same of every case."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulectl.columnar import reading, tables
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Rulebook
from rulectl.runtime.engine import Engine
from rulectl.values import Value, plain_text
from tests.runtime import drawn

CALM = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def frame(book: Rulebook, cases: list[dict[str, Value]]) -> pl.DataFrame:
    """Cases as a file would hold them: texts, null where unknown."""
    return pl.DataFrame(
        {
            term.id: [None if case.get(term.id) is None else plain_text(case[term.id]) for case in cases]
            for term in book.terms
            if term.role is Role.INPUT
        },
        schema_overrides={term.id: pl.String for term in book.terms if term.role is Role.INPUT},
    )


def row(decided: Decided, book: Rulebook, at: int) -> tuple[object, ...]:
    """What the columns say of one row."""
    values = {}
    for term in book.terms:
        if term.role is not Role.INPUT:
            codes, states = decided.columns[term.id].exact()
            values[term.id] = states.items[codes[at]].now
    rules = tuple(f for codes, fired in decided.firings for f in fired.items[codes[at]])
    return (
        values,
        list(Status)[decided.ranks[at]],
        decided.ask_names.items[decided.asks[at]],
        rules,
        decided.findings_of(at),
    )


def said(outcome: Outcome) -> tuple[object, ...]:
    values = {**outcome.derived, **outcome.outputs}
    return values, outcome.status, outcome.asks, outcome.firings, outcome.findings


def check(seed: int, loops: bool = False) -> None:
    r = Random(seed)
    book = drawn.rulebook(r, loops=loops)
    cases = [drawn.case(r, book) for _ in range(12)]
    engine, columns = Engine(book), ColumnarEngine(book)
    for part in (cases[:5], cases):
        decided = columns.decide(frame(book, part))
        assert len(decided) == len(part)
        rules = decided.rule_texts().to_list()
        for at, case in enumerate(part):
            outcome = engine.decide(case)
            assert row(decided, book, at) == said(outcome)
            assert rules[at] == ";".join(f.name for f in outcome.firings)


@CALM
@given(st.integers(0, 2**40))
def test_every_case_comes_to_the_same_in_columns(seed: int) -> None:
    check(seed)


@settings(CALM, max_examples=30)
@given(st.integers(0, 2**40))
def test_lists_that_feed_each_other_too(seed: int) -> None:
    check(seed, loops=True)


@CALM
@given(st.integers(0, 2**40))
def test_the_way_of_deciding_may_change_from_frame_to_frame(seed: int) -> None:
    """First few values, each read once, and combinations of classes; then numbers as floats, held against the rules;
    then the first way again: what one way remembers is right for the other."""
    r = Random(seed)
    book = drawn.rulebook(r)
    cases = [drawn.case(r, book) for _ in range(60)]
    engine, columns = Engine(book), ColumnarEngine(book)
    for part, other in ((cases[:20], False), (cases[20:40], True), (cases[40:], False)):
        with pytest.MonkeyPatch.context() as patch:
            if other:
                patch.setattr(reading, "_MANY", 0)
                patch.setattr(tables, "_COMBINATIONS", 0)
            decided = columns.decide(frame(book, part))
        for at, case in enumerate(part):
            assert row(decided, book, at) == said(engine.decide(case))
