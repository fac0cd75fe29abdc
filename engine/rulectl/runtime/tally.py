"""What to ask of a case: its inputs by how many rules wait for them, those of required outputs first.

How many rules of one output wait for each input is packed into one integer, side by side, so that outputs are added up
at once; and such sums come again more often than whole cases, so that their order is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Final

from rulectl.runtime.memo import Asked
from rulectl.runtime.plan import Plan

KEPT: Final = 20_000
"""So many orders are remembered."""

_LANE: Final = 40
"""Bits for the count of one name."""

_COUNT: Final = (1 << _LANE) - 1


class Tally:
    """Counts of rules under one rulebook. `inorder[urgent, total]` are the names that are waited for: first what
    required outputs wait for most, then what all do, then by the vocabulary."""

    def __init__(self, plan: Plan) -> None:
        decided = {*plan.writers, *(term.id for term in plan.unspoken)}
        # an event date that no term gives cannot be asked for
        self._names = [name for name in plan.order if name not in decided]
        self._lane = {name: _LANE * place for place, name in enumerate(self._names)}
        self.inorder: Asked[tuple[int, int], tuple[str, ...]] = Asked(KEPT, self._sorted)

    def packed(self, counts: Iterable[tuple[str, int]]) -> int:
        """For how many rules each name is waited for; a name may come several times."""
        lane = self._lane
        return sum([rules << lane[name] for name, rules in counts if name in lane])

    def _sorted(self, counted: tuple[int, int]) -> tuple[str, ...]:
        urgent, total = counted
        found: list[tuple[int, int, str]] = []
        for name in self._names:
            if total & _COUNT:
                found.append((-(urgent & _COUNT), -(total & _COUNT), name))
            urgent >>= _LANE
            total >>= _LANE
            if not total:
                break
        # those that are waited for as often stay in the order of the vocabulary
        return tuple([name for *_, name in sorted(found, key=itemgetter(0, 1))])
