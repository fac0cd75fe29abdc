"""What to ask of one case: unknown terms by how many rules wait for them, those of required outputs first.

How often one output waits for each input hangs on what its verdict waits for, and on the names behind the decided terms
that tables read; there are far fewer such pairs than ways in which all outputs of a case may stand. So these counts are
worked out once for each pair, and added up (runtime/tally.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rulectl.runtime.memo import Asked, Memo
from rulectl.runtime.memory import Memory
from rulectl.runtime.plan import Plan
from rulectl.runtime.tally import Tally

KEPT: Final = 20_000
"""So many counts and so many lists of names are remembered."""

Waits = tuple[frozenset[str], ...]
"""Sets of names, one for each rule."""


class Waiting:
    """What some verdicts wait for: sets of names, each with its number of rules, and all their names. One is what it
    is, so that no set is looked at to find counts again."""

    __slots__ = ("groups", "names")

    def __init__(self, groups: frozenset[tuple[frozenset[str], int]]) -> None:
        self.groups = groups
        self.names = frozenset[str]().union(*(names for names, _ in groups))


class Asking:
    """What to ask under one rulebook."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._tally = Tally(plan)
        decided = {*plan.writers, *(term.id for term in plan.unspoken)}
        self._read = sorted(decided & {name for table in plan.tables for name in table.reads})
        needed = (key for name in plan.aggregates for key in self._keys(name))
        self._needed = tuple(dict.fromkeys(needed))
        self._outputs = tuple((term.id, term.required) for term in plan.outputs)
        self._of_waits: Memo[int, tuple[Waits, Waiting]] = Memo(KEPT)
        self._waiting: Asked[frozenset[tuple[frozenset[str], int]], Waiting] = Asked(KEPT, Waiting)
        self._counts: Memo[tuple[Waiting, tuple[object, ...]], int] = Memo(KEPT)

    def of(self, memory: Memory) -> tuple[str, ...]:
        """The names to ask for, the most useful first."""
        verdicts = memory.verdicts
        behind: tuple[object, ...] = ()
        urgent = total = 0
        for name, required in self._outputs:
            waits = verdicts[name].waits
            if waits:
                waiting = self._of(waits)
                behind = behind or self._behind_all(memory)
                counts = self._counts.get((waiting, behind))
                if counts is None:
                    counts = self._counts.keep((waiting, behind), self._counted(waiting, memory))
                total += counts
                if required:
                    urgent += counts
        return self._tally.inorder[urgent, total]

    def _of(self, waits: Waits) -> Waiting:
        """What sets of names come to, known by their identity: to look at hundreds of them would take longer."""
        found = self._of_waits.get(id(waits))
        if found is None:
            # what is kept holds on to the sets, so that no others come to bear their identity
            found = self._of_waits.keep(id(waits), (waits, self._waiting[frozenset(Counter(waits).items())]))
        return found[1]

    def _behind_all(self, memory: Memory) -> tuple[object, ...]:
        """What counts hang on beside the verdict itself."""
        waits = [memory.verdicts[name].waits for name in self._read]
        return (
            *[self._of(one).names if one else None for one in waits],
            *[memory.now.get(key) is None for key in self._needed],
        )

    def _counted(self, waiting: Waiting, memory: Memory) -> int:
        """For how many rules each input is waited for."""
        counts = 0
        for names, rules in waiting.groups:
            inputs = memory.inputs(names)
            if not self.plan.aggregates.keys().isdisjoint(inputs):
                inputs = frozenset(other for name in inputs for other in self._behind(name, memory))
            counts += self._tally.packed((name, rules) for name in inputs)
        return counts

    def _keys(self, name: str) -> tuple[str, ...]:
        """The keys and the time that a case needs for a fact counted across cases."""
        aggregate = self.plan.aggregates.get(name)
        needed = (*aggregate.by[:1], aggregate.time if aggregate.window is not None else None) if aggregate else ()
        return tuple([key for key in needed if key is not None])

    def _behind(self, name: str, memory: Memory) -> Iterator[str]:
        """A name, or for a fact counted across cases the keys and the time that the case would need to be counted."""
        missing = [key for key in self._keys(name) if memory.now.get(key) is None]
        yield from missing or [name]
