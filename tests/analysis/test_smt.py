"""The door to the solver: constants are folded, limits are kept, an interrupt is passed on, and it is loaded late."""

from __future__ import annotations

import subprocess
import sys
import time
from fractions import Fraction

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from rulectl.analysis import smt
from rulectl.analysis.smt import Answer, Solver

SMALL = st.fractions(min_value=-5, max_value=5, max_denominator=4)


@given(st.lists(st.booleans(), max_size=4))
def test_constants_are_folded(items: list[bool]) -> None:
    assert smt.all_of(items) is all(items)
    assert smt.any_of(items) is any(items)
    assert smt.at_most_one(items) is (sum(items) <= 1)
    assert smt.count(items) == sum(items)
    assert smt.choose(any(items), all(items), True) is (all(items) if any(items) else True)


@given(SMALL, SMALL)
def test_numbers_are_folded_and_mean_the_same_unfolded(one: Fraction, other: Fraction) -> None:
    x, y = smt.fresh_number(), smt.fresh_number()
    solver = Solver([smt.equal(x, one), smt.equal(y, other)])
    for plain, open_ in (
        (smt.less(one, other), smt.less(x, y)),
        (smt.at_least(one, other), smt.at_least(x, y)),
        (smt.equal(smt.plus(one, other), Fraction(1)), smt.equal(smt.plus(x, y), Fraction(1))),
        (smt.less(smt.times(one, other), Fraction(0)), smt.less(smt.times(x, y), Fraction(0))),
        (smt.is_whole(smt.minus(one, other)), smt.is_whole(smt.minus(x, y))),
    ):
        assert isinstance(plain, bool)
        assert solver.can(open_, seconds=5)[0] is (Answer.YES if plain else Answer.NO)


def test_a_model_gives_exact_values() -> None:
    x, flag = smt.fresh_number(), smt.fresh_truth()
    answer, model = Solver([smt.equal(smt.times(Fraction(3), x), Fraction(1))]).can(flag, seconds=5)
    assert answer is Answer.YES
    assert model is not None
    assert model.number(x) == Fraction(1, 3)
    assert model.truth(flag) is True


def hard() -> list[smt.Truth]:
    """Pigeons in holes: one more than there are, which resolution takes exponential time to see."""
    size = 11
    sits = [[smt.fresh_truth() for _ in range(size)] for _ in range(size + 1)]
    facts = [smt.any_of(row) for row in sits]
    for hole in range(size):
        for one in range(size + 1):
            facts += [smt.no(smt.both(sits[one][hole], sits[other][hole])) for other in range(one)]
    return facts


def test_time_is_kept() -> None:
    solver = Solver(hard())
    start = time.monotonic()
    assert solver.can(seconds=0.3)[0] is Answer.TIME
    assert time.monotonic() - start < 5
    assert solver.can(seconds=0)[0] is Answer.TIME


def test_memory_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smt, "MEMORY", 1)
    assert Solver(hard()).can(seconds=20)[0] is Answer.MEMORY


def test_an_interrupt_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    solver = Solver(hard())
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda *_: "interrupted from keyboard")
    with pytest.raises(KeyboardInterrupt):
        solver.can(seconds=1)


def test_a_limit_that_is_none_is_a_limit() -> None:
    assert Solver([]).can(smt.fresh_truth(), seconds=float("inf"))[0] is Answer.YES


def test_only_checks_load_the_solver() -> None:
    code = "import sys, rulectl.api, rulectl.cli; sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
