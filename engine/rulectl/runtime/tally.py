"""What to ask of a case: its inputs by how many rules wait for them, those of required outputs first.

How many rules of one output wait for each input is packed into one integer, side by side, so that outputs are added up
at once; and such sums come again more often than whole cases, so that their order is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import Final

from rulectl.runtime.memo import Asked
from rulectl.runtime.plan import Plan

KEPT: Final = 20_000
"""So many orders are remembered."""

_LANE: Final = 64
"""Bits for the count of one name."""


class Tally:
    """Counts of rules under one rulebook. `inorder[urgent, total]` are the names that are waited for: first what
    required outputs wait for most, then what all do, then by the vocabulary."""

    def __init__(self, plan: Plan) -> None:
        decided = {*plan.writers, *(term.id for term in plan.unspoken)}
        # an event date that no term gives cannot be asked for
        self._names = [name for name in plan.order if name not in decided]
        self._place = {name: place for place, name in enumerate(self._names)}
        self._counts = Struct(f"<{len(self._names)}Q")
        self.inorder: Asked[tuple[int, int], tuple[str, ...]] = Asked(KEPT, self._sorted)

    def packed(self, counts: Iterable[tuple[str, int]]) -> int:
        """For how many rules each name is waited for; a name may come several times."""
        place = self._place
        return sum([rules << _LANE * place[name] for name, rules in counts if name in place])

    def order(self, urgent: Mapping[str, int], total: Mapping[str, int]) -> tuple[str, ...]:
        """The same for counts by name."""
        place = self._place
        return self._named([(urgent.get(name, 0), count, place[name]) for name, count in total.items()])

    def _sorted(self, counted: tuple[int, int]) -> tuple[str, ...]:
        urgent, total = [self._counts.unpack(one.to_bytes(self._counts.size, "little")) for one in counted]
        return self._named([(urgent[place], count, place) for place, count in enumerate(total) if count])

    def _named(self, found: Iterable[tuple[int, int, int]]) -> tuple[str, ...]:
        # integers are sorted in a third of the time of tuples
        names, size = self._names, len(self._names)
        order = sorted([place - (count + (first << _LANE) if first else count) * size for first, count, place in found])
        return tuple([names[one % size] for one in order])
