"""How a table column sees the states of a term, from frame to frame."""

from __future__ import annotations

import weakref
from decimal import Decimal

from rulectl.columnar.codes import Numbered
from rulectl.columnar.states import BLANK, Lens, State, given
from rulectl.lang.region import Partition
from rulectl.lang.syntax import Is, Literal
from rulectl.types import NUMBER

POINTS = Partition.of(NUMBER, (Is("<", Literal(Decimal(5))),))


class Frame(Numbered[State]):
    """States that one frame brought along; an instance that may be watched."""


def test_states_that_frames_bring_along_are_let_go() -> None:
    lens = Lens(POINTS)
    watched = []
    for number in range(10):
        states = Frame(BLANK, given(Decimal(number)))
        lens.of_states(states)
        watched.append(weakref.ref(states))
    del states
    assert sum(one() is not None for one in watched) <= 2


def test_states_that_stay_are_seen_once_and_those_that_join_them_after() -> None:
    lens, own = Lens(POINTS), Numbered(BLANK, given(Decimal(1)))
    first = lens.of_states(own)
    assert lens.of_states(own) is first
    lens.of_states(Numbered(BLANK, given(Decimal(9))))
    own.number(given(Decimal(7)))
    assert lens.of_states(own).tolist()[:2] == first.tolist()
    assert [lens.pairs.items[code].now for code in lens.of_states(own)][2] == POINTS.locate(Decimal(7))
