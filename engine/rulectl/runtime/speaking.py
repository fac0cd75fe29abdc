"""Which tables may have something to say of a case: one look at each term leaves out most of them.

Of the tables of a large rulebook most say nothing of most cases, and mostly one term alone says so: the trouble, or the
channel. So every class of a term knows the tables in which some rule may hold for it, as bits of an integer, and what
is left of all tables is one AND a term: the bit vectors of an index (runtime/leaf.py), a floor higher. What is left out
would have come to no rule and to none that may hold; what is left is looked at as ever.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final, NamedTuple

from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.lang.syntax import Name
from rulectl.runtime.coding import Coarse, Keyed
from rulectl.runtime.lowering import FALSE, NONE, Slot
from rulectl.runtime.memo import Asked
from rulectl.runtime.plan import Plan, TablePlan

KEPT_CLASSES: Final = 20_000
"""Of how many classes it is remembered which tables they leave; of lists there is no end of them."""

MANY_RULES: Final = 256
"""Tables with more rules are looked at in every case: some rule of them mostly may hold."""


class Reader(NamedTuple):
    """A table that asks about a term in a column of codes, and the column's own class numbers by the term's."""

    table: int
    slot: Slot
    coarse: Coarse | None


class Speaking:
    """For every term and each of its class numbers the tables in which some rule may hold, as bits."""

    def __init__(self, plan: Plan, but: Container[str]) -> None:
        """`but` are terms that are not asked: their classes may still change when tables have run."""
        self.every = (1 << len(plan.tables)) - 1
        self.readers: dict[str, list[Reader]] = {}
        for number, (table, keyed) in enumerate(zip(plan.tables, plan.keyed, strict=True)):
            for name, slot, coarse in _coded(table, keyed):
                if name not in but:
                    self.readers.setdefault(name, []).append(Reader(number, slot, coarse))
        self._known: Asked[tuple[str, int], int] = Asked(KEPT_CLASSES, self._left)

    def of(self, name: str, number: int) -> int:
        """The tables that a class of a term leaves; an unknown term leaves all of them."""
        if number == UNKNOWN or name not in self.readers:
            return self.every
        return self._known[name, number]

    def _left(self, key: tuple[str, int]) -> int:
        name, number = key
        found = self.every
        for reader in self.readers[name]:
            own = number if reader.coarse is None else reader.coarse[number]
            if not _may_hold(reader.slot, own):
                found &= ~(1 << reader.table)
        return found


def _coded(table: TablePlan, keyed: Keyed) -> Iterable[tuple[str, Slot, Coarse | None]]:
    """The columns of codes about which every rule of a table asks."""
    if len(table.lowered.numbers) > MANY_RULES:
        return
    for slot in table.lowered.slots:
        subject = table.lowered.columns[slot.column].subject
        if keyed.fields[slot.column] is not None and NONE not in slot.refs:
            assert isinstance(subject, Name)
            yield subject.id, slot, keyed.coarse[slot.column]


def _may_hold(slot: Slot, number: int) -> bool:
    """Whether some entry of a column holds, or may hold, for one of its class numbers."""
    return number == UNKNOWN or any(slot.holds(ref, number) for ref in set(slot.refs))


def held_out(table: TablePlan, places: Sequence[int], numbers: Sequence[int]) -> bool:
    """Whether the classes of a case in some columns that codes do not answer leave no rule of a table that may hold."""
    size = len(table.lowered.numbers)
    if size > MANY_RULES:
        return False
    gone: set[int] = set()
    asked: list[tuple[Slot, int]] = []
    for place, number in zip(places, numbers, strict=True):
        slot = table.lowered.slots[place]
        if number == UNKNOWN:
            continue
        if slot.partition is not None:
            asked.append((slot, number))
        elif number in (ABSENT, FALSE):  # a whole test says nothing of null, and so it does not hold
            gone.update(slot.members)
    return not any(
        rule not in gone and all(slot.refs[rule] == NONE or slot.holds(slot.refs[rule], n) for slot, n in asked)
        for rule in range(size)
    )
