"""Expressions as functions: what a compiled tree says is what the evaluator says of it, to the digit, failures too."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.lang.compiled import compiled
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.fold import fold_parts
from rulectl.lang.syntax import Binary, Call, Compare, Expr, Literal, Name, Sequence, Text
from rulectl.values import Value
from tests.lang.trees import number_trees, numbers, text_trees, truth_trees
from tests.lang.world import FACTS

TREES = st.one_of(
    number_trees(3),
    truth_trees(3),
    text_trees(2),
    st.lists(number_trees(1), max_size=3).map(lambda items: Sequence(tuple(items))),
    st.lists(st.one_of(numbers.map(Literal), number_trees(1), text_trees(1)), max_size=3).map(
        lambda parts: Text(tuple(parts))
    ),
)


def said(work: Callable[[], Value]) -> object:
    """A value with its kind and its digits, or why there is none."""
    try:
        value = work()
    except CannotCompute as failure:
        return failure.slug, failure.span, failure.fields
    return type(value), str(value)


@given(TREES, st.sets(st.sampled_from(sorted(FACTS))))
@settings(max_examples=1500, deadline=None)
def test_compiled_is_walked(expr: Expr, hidden: set[str]) -> None:
    facts = {name: value for name, value in FACTS.items() if name not in hidden}
    walked = said(lambda: evaluate(expr, facts))
    compute = compiled(expr)
    assert said(lambda: compute(facts)) == walked
    assert said(lambda: compute({**facts, **dict.fromkeys(hidden)})) == walked


@given(TREES, st.sets(st.sampled_from(sorted(FACTS))))
@settings(max_examples=800, deadline=None)
def test_so_it_is_when_constants_are_put_in_first(expr: Expr, constants: set[str]) -> None:
    rest = {name: value for name, value in FACTS.items() if name not in constants}
    folded = compiled(fold_parts(expr, {name: FACTS[name] for name in constants}))
    assert said(lambda: folded(rest)) == said(lambda: evaluate(expr, FACTS))


HUGE = Literal(Decimal("9.9E+6144"))


@pytest.mark.parametrize(
    "expr",
    [
        Binary("*", HUGE, HUGE),
        Binary("+", HUGE, HUGE),
        Binary("/", Literal(Decimal(1)), Literal(Decimal(0))),
        Binary("+", Literal("a"), Literal(Decimal("1.50"))),
        Compare("=", Literal(None), Literal(None)),
        Compare("!=", Name("unheard"), Literal(None)),
        Compare("=", Literal(Decimal(1)), Literal(True)),
        Compare("<", Literal("a"), Literal("b")),
        Compare("=", Literal(Decimal("1.0")), Literal(Decimal("1.00"))),
        Call("min", (Literal(Decimal("1.0")), Literal(Decimal("1.00")))),
        Call("max", (Literal(Decimal("1.0")), Literal(Decimal("1.00")), Name("unheard"))),
        Call("max", (Literal("a"), Literal(Decimal(1)))),
        Call("min", (Literal(()),)),
        Text((Literal("长" * 60_000), Literal("长" * 60_000))),
        Text((Literal(None), Binary("/", Literal(Decimal(1)), Literal(Decimal(0))))),
    ],
)
def test_what_is_odd(expr: Expr) -> None:
    assert said(lambda: compiled(expr)({})) == said(lambda: evaluate(expr, {}))
