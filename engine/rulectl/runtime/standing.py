"""How a case stands before a table, remembered: its codes, the classes of whole tests, and what these come to.

Of the tables of a large rulebook most say nothing of a case, and what a table comes to hangs on few facts that come
again: so all of it is remembered by them, and for a table that says nothing no more is done than that look-up. What
hangs on named terms alone, a whole test of a column or a statement, is remembered by their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, Generic, NamedTuple, TypeVar

from rulectl.lang.compiled import Compute, compiled
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.model.rulebook import Term
from rulectl.runtime.coding import Key, Keyed
from rulectl.runtime.judge import Entries, TableRun, reach_of
from rulectl.runtime.lowering import Column
from rulectl.runtime.memo import Memo
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.speaking import held_out
from rulectl.values import Value

KEPT_VALUES: Final = 1_000
"""How many combinations of values are remembered, for each question to them."""

KEPT_REACHES: Final = 5_000
"""How many ways to stand before a table are remembered."""

_NO_NAMES: Final = frozenset[str]()

Facts = Mapping[str, Value]
Absent = frozenset[str]
T = TypeVar("T")


class Remembered(Generic[T]):
    """What hangs on the values of some terms alone, and on which of these are absent for certain."""

    def __init__(self, names: Iterable[str], work_out: Callable[[Facts, Absent], T]) -> None:
        self.names = tuple(names)
        self._every = frozenset(self.names)
        self.known: Memo[object, T] = Memo(KEPT_VALUES)
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
        key = values if not absent or absent.isdisjoint(self._every) else (values, absent & self._every)
        try:
            return self.known[key]
        except KeyError:
            return self.known.keep(key, self._work_out(facts, absent))


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """How a case stands in some columns that codes do not answer: their classes, each with the names that it waits for
    where it is unknown, and why those that cannot be computed count as absent. One is what it is: equal ones are
    mostly one, so that they are compared at once."""

    classes: tuple[tuple[int, frozenset[str]], ...]
    failures: tuple[CannotCompute, ...]


class Look(NamedTuple):
    """How a case stands in a group of columns: their states by table, the tables in which some rule may hold for all
    that these say, and those of which a column cannot be computed, as bits."""

    states: Mapping[int, States]
    speaking: int
    failing: int


class Group:
    """Columns of any tables that codes do not answer and that hang on the same terms, so that one look at these answers
    all of them. `tables` has a bit for each table."""

    def __init__(self, names: frozenset[str], members: Sequence[tuple[int, TablePlan, tuple[int, ...]]]) -> None:
        """`members` are table numbers, with the columns of each."""
        self.names = names
        self.members = members
        self._columns = [
            [(column, compiled(column.subject)) for column in (plan.lowered.columns[at] for at in places)]
            for _, plan, places in members
        ]
        self.tables = sum(1 << number for number, _, _ in members)
        self._shared: Memo[tuple[tuple[int, frozenset[str]], ...], States] = Memo(KEPT_VALUES)
        self._remembered = Remembered(sorted(names), self._look)
        self.of = self._remembered.of

    def _look(self, facts: Facts, absent: Absent) -> Look:
        states: dict[int, States] = {}
        speaking, failing = -1, 0
        for (number, plan, places), columns in zip(self.members, self._columns, strict=True):
            found = states[number] = self._states(columns, facts, absent)
            if found.failures:
                failing |= 1 << number
            if held_out(plan, places, [one for one, _ in found.classes]):
                speaking &= ~(1 << number)
        return Look(states, speaking, failing)

    def _states(self, columns: Sequence[tuple[Column, Compute]], facts: Facts, absent: Absent) -> States:
        """How a case stands in some columns, given with what works out their subjects."""
        classes: list[tuple[int, frozenset[str]]] = []
        failures: list[CannotCompute] = []
        for column, subject in columns:
            waits = _NO_NAMES
            try:
                number = column.classify(facts, absent, subject)
            except CannotCompute as failure:
                number = ABSENT
                failures.append(failure.with_traceback(None))  # which would keep the case
            if number == UNKNOWN:
                waits = frozenset(name for name in column.names if facts.get(name) is None and name not in absent)
            classes.append((number, waits))
        found = States(tuple(classes), tuple(failures))
        if failures:
            return found
        return self._shared.get(found.classes) or self._shared.keep(found.classes, found)


def groups_of(tables: Sequence[TablePlan], keyed: Sequence[Keyed]) -> tuple[Group, ...]:
    """The columns of all tables that codes do not answer."""
    found: dict[frozenset[str], dict[int, list[int]]] = {}
    for number, (plan, keyed_) in enumerate(zip(tables, keyed, strict=True)):
        for at, column in enumerate(plan.lowered.columns):
            if keyed_.fields[at] is None:
                found.setdefault(column.names, {}).setdefault(number, []).append(at)
    return tuple(
        Group(names, [(number, tables[number], tuple(places)) for number, places in members.items()])
        for names, members in found.items()
    )


@dataclass(slots=True)
class Standing:
    """A table, and what is known of ways to stand before it. `mask`: its part of the codes; `groups`: those in which it
    has columns, and which these are; `writes`: the terms that it writes, by output column."""

    plan: TablePlan
    terms: Sequence[Term]
    keyed: Keyed
    mask: int
    reads: frozenset[str]
    groups: tuple[tuple[int, tuple[int, ...]], ...]
    writes: tuple[str, ...]
    runs: Memo[object, TableRun] = field(default_factory=lambda: Memo(KEPT_REACHES))
    shared: Memo[object, TableRun] = field(default_factory=lambda: Memo(KEPT_REACHES))

    @staticmethod
    def of(
        plan: TablePlan, terms: Sequence[Term], keyed: Keyed, groups: tuple[tuple[int, tuple[int, ...]], ...]
    ) -> Standing:
        writes = tuple(column.term for column in plan.table.outputs)
        return Standing(plan, terms, keyed, keyed.mask, plan.reads, groups, writes)

    def key(self, codes: int, certain: int, states: tuple[States, ...], sure: tuple[States, ...]) -> object:
        """What the table has to say hangs on this: the codes and the states of its other columns, as they are now and
        as they are for certain."""
        now, other = codes & self.mask, certain & self.mask
        if other == now and sure is states:
            return (now, *states) if states else now
        return (now, other, states, sure)

    def work_out(
        self,
        key: object,
        codes: int,
        certain: int,
        states: tuple[States, ...],
        sure: tuple[States, ...],
        may: Entries,
    ) -> TableRun:
        """What a case comes to that stands as none did before. `may`: what rules say under the certain facts. The run
        is without facts: what rules say that compute must be worked out for each case."""
        found = reach_of(self.plan, self._classes(codes, states), may, self._classes(certain, sure), ())
        # most come to one of a few: shared, what is said of one is said of all
        same = found.hits, found.variations, found.joint, frozenset(found.waiting.items())
        run = self.shared.get(same)
        if run is None:
            entries = Entries(self.plan, self.terms, {}, frozenset())
            run = self.shared.keep(same, TableRun(self.plan, entries, entries, found))
        return self.runs.keep(key, run)

    def _classes(self, codes: int, states: tuple[States, ...]) -> Key:
        key = self.keyed.key(codes)
        for (_, places), found in zip(self.groups, states, strict=True):
            for at, (number, _) in zip(places, found.classes, strict=True):
                key[at] = number
        return tuple(key)
