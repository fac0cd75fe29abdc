"""How a case stands before a table, remembered: its codes, the classes of whole tests, and what these come to.

Of the tables of a large rulebook most say nothing of a case, and what a table comes to hangs on few facts that come
again: so all of it is remembered by them, and for a table that says nothing no more is done than that look-up. What
hangs on named terms alone, a whole test of a column or a statement, is remembered by their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.runtime.coding import Key, Keyed
from rulectl.runtime.judge import Entries, reach_of
from rulectl.runtime.lowering import Column
from rulectl.runtime.plan import Reach, TablePlan
from rulectl.values import Value

KEPT_VALUES: Final = 5_000
"""How many combinations of values are remembered, for each question to them."""

KEPT_REACHES: Final = 20_000
"""How many ways to stand before a table are remembered."""

Facts = Mapping[str, Value]
Absent = frozenset[str]
T = TypeVar("T")


class Remembered(Generic[T]):
    """What hangs on the values of some terms alone, and on which of these are absent for certain."""

    def __init__(self, names: Iterable[str], work_out: Callable[[Facts, Absent], T]) -> None:
        self.names = tuple(names)
        self.known: dict[object, T] = {}
        self._work_out = work_out

    def of(self, facts: Facts, absent: Absent = frozenset()) -> T:
        get = facts.get
        key: object = tuple([get(name) for name in self.names])
        if None in key:  # type: ignore[operator]  # a tuple, as above
            key = key, tuple([name in absent for name in self.names])
        try:
            return self.known[key]
        except KeyError:
            if len(self.known) >= KEPT_VALUES:
                self.known.clear()
            found = self.known[key] = self._work_out(facts, absent)
            return found


State = tuple[int, frozenset[str], CannotCompute | None]
"""The class of a case in a column that codes do not answer; where it is unknown the names that this waits for, and why
it counts as absent where it cannot be computed."""


def _state(column: Column) -> Callable[[Facts, Absent], State]:
    def classify(facts: Facts, absent: Absent) -> State:
        try:
            number = column.classify(facts, absent)
        except CannotCompute as failure:
            return ABSENT, frozenset(), failure.with_traceback(None)  # which would keep the case
        if number != UNKNOWN:
            return number, frozenset(), None
        return number, frozenset(n for n in column.names if facts.get(n) is None and n not in absent), None

    return classify


@dataclass(slots=True)
class Standing:
    """A table, and what is known of ways to stand before it. `mask`: its part of the codes."""

    plan: TablePlan
    keyed: Keyed
    mask: int
    states: tuple[tuple[int, Remembered[State]], ...]
    reaches: dict[object, Reach] = field(default_factory=dict)
    shared: dict[object, Reach] = field(default_factory=dict)

    @staticmethod
    def of(plan: TablePlan, keyed: Keyed) -> Standing:
        states = tuple(
            (at, Remembered(sorted(column.names), _state(column)))
            for at, column in enumerate(plan.lowered.columns)
            if keyed.fields[at] is None
        )
        return Standing(plan, keyed, keyed.mask, states)

    def reach(
        self, codes: int, certain: int, states: tuple[State, ...], sure: tuple[State, ...], may: Callable[[], Entries]
    ) -> Reach:
        """What the case comes to: by its codes and the states of its other columns, as they are now and as they are
        for certain. `may`: what rules say under the certain facts, should they be needed."""
        key: object = codes & self.mask
        other = certain & self.mask
        if states or other != key:
            key = key, other, states, sure
        try:
            return self.reaches[key]
        except KeyError:
            pass
        now_key = self._key(codes, states)
        may_key = now_key if codes & self.mask == other and states == sure else self._key(certain, sure)
        found = reach_of(self.plan, now_key, may(), may_key, ())
        # most come to one of a few: shared, what is said of one is said of all
        same = found.hits, found.variations, found.joint, frozenset(found.waiting.items())
        if len(self.reaches) >= KEPT_REACHES:
            self.reaches.clear()
            self.shared.clear()
        found = self.reaches[key] = self.shared.setdefault(same, found)
        return found

    def _key(self, codes: int, states: tuple[State, ...]) -> Key:
        key = self.keyed.key(codes)
        for (at, _), (number, _, _) in zip(self.states, states, strict=True):
            key[at] = number
        return tuple(key)
