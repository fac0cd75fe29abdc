"""How a case stands before a table, remembered: its codes, the classes of whole tests, and what these come to.

Of the tables of a large rulebook most say nothing of a case, and what a table comes to hangs on few facts that come
again: so all of it is remembered by them, and for a table that says nothing no more is done than that look-up. What
hangs on named terms alone, a whole test of a column or a statement, is remembered by their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, Generic, TypeVar

from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.runtime.coding import Key, Keyed
from rulectl.runtime.judge import Entries, reach_of
from rulectl.runtime.lowering import Column
from rulectl.runtime.plan import Reach, TablePlan
from rulectl.values import Value

KEPT_VALUES: Final = 1_000
"""How many combinations of values are remembered, for each question to them."""

KEPT_REACHES: Final = 5_000
"""How many ways to stand before a table are remembered."""

Facts = Mapping[str, Value]
Absent = frozenset[str]
T = TypeVar("T")


class Remembered(Generic[T]):
    """What hangs on the values of some terms alone, and on which of these are absent for certain."""

    def __init__(self, names: Iterable[str], work_out: Callable[[Facts, Absent], T]) -> None:
        self.names = tuple(names)
        self.known: dict[object, T] = {}
        self._take: Callable[[Facts], tuple[Value, ...]]
        self._take = itemgetter(*self.names) if len(self.names) > 1 else self._take_few
        self._work_out = work_out

    def _take_few(self, facts: Facts) -> tuple[Value, ...]:
        return (facts[self.names[0]],) if self.names else ()

    def of(self, facts: Facts, absent: Absent = frozenset()) -> T:
        try:
            values = self._take(facts)
        except KeyError:
            values = tuple([facts.get(name) for name in self.names])
        key = (values, tuple([name in absent for name in self.names])) if None in values else values
        try:
            return self.known[key]
        except KeyError:
            if len(self.known) >= KEPT_VALUES:
                self.known.clear()
            found = self.known[key] = self._work_out(facts, absent)
            return found


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """How a case stands in some columns that codes do not answer: their classes, each with the names that it waits for
    where it is unknown, and why those that cannot be computed count as absent. One is what it is: equal ones are
    mostly one, so that they are compared at once."""

    classes: tuple[tuple[int, frozenset[str]], ...]
    failures: tuple[CannotCompute, ...]


def _states(columns: Sequence[Column]) -> Callable[[Facts, Absent], States]:
    """What looks at columns that hang on the same names."""
    shared: dict[tuple[tuple[int, frozenset[str]], ...], States] = {}

    def classify(facts: Facts, absent: Absent) -> States:
        classes: list[tuple[int, frozenset[str]]] = []
        failures: list[CannotCompute] = []
        for column in columns:
            waits = frozenset[str]()
            try:
                number = column.classify(facts, absent)
            except CannotCompute as failure:
                number = ABSENT
                failures.append(failure.with_traceback(None))  # which would keep the case
            if number == UNKNOWN:
                waits = frozenset(name for name in column.names if facts.get(name) is None and name not in absent)
            classes.append((number, waits))
        found = States(tuple(classes), tuple(failures))
        if failures:
            return found
        if len(shared) >= KEPT_VALUES:
            shared.clear()
        return shared.setdefault(found.classes, found)

    return classify


@dataclass(slots=True)
class Standing:
    """A table, and what is known of ways to stand before it. `mask`: its part of the codes; `states`: the columns that
    codes do not answer, by the names on which they hang."""

    plan: TablePlan
    keyed: Keyed
    mask: int
    reads: frozenset[str]
    states: tuple[tuple[tuple[int, ...], Remembered[States]], ...]
    reaches: dict[object, Reach] = field(default_factory=dict)
    shared: dict[object, Reach] = field(default_factory=dict)

    @staticmethod
    def of(plan: TablePlan, keyed: Keyed) -> Standing:
        columns = plan.lowered.columns
        groups: dict[frozenset[str], list[int]] = {}
        for at, column in enumerate(columns):
            if keyed.fields[at] is None:
                groups.setdefault(column.names, []).append(at)
        states = tuple(
            (tuple(group), Remembered(sorted(names), _states([columns[at] for at in group])))
            for names, group in groups.items()
        )
        return Standing(plan, keyed, keyed.mask, frozenset(plan.reads), states)

    def key(self, codes: int, certain: int, states: tuple[States, ...], sure: tuple[States, ...]) -> object:
        """What the table has to say hangs on this: the codes and the states of its other columns, as they are now and
        as they are for certain."""
        now, other = codes & self.mask, certain & self.mask
        return (now, other, states, sure) if states or other != now else now

    def work_out(
        self,
        key: object,
        codes: int,
        certain: int,
        states: tuple[States, ...],
        sure: tuple[States, ...],
        may: Entries,
    ) -> Reach:
        """What a case comes to that stands as none did before. `may`: what rules say under the certain facts."""
        found = reach_of(self.plan, self._classes(codes, states), may, self._classes(certain, sure), ())
        # most come to one of a few: shared, what is said of one is said of all
        same = found.hits, found.variations, found.joint, frozenset(found.waiting.items())
        if len(self.reaches) >= KEPT_REACHES:
            self.reaches.clear()
            self.shared.clear()
        found = self.reaches[key] = self.shared.setdefault(same, found)
        return found

    def _classes(self, codes: int, states: tuple[States, ...]) -> Key:
        key = self.keyed.key(codes)
        for (group, _), found in zip(self.states, states, strict=True):
            for at, (number, _) in zip(group, found.classes, strict=True):
                key[at] = number
        return tuple(key)
