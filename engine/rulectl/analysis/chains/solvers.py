"""Solvers that are asked question after question: each fact is told once, and what was learnt is kept.

The questions of a rulebook hang on much the same tables (31 of the 39 statements of `after_sales` on the same 265
owners), and telling a solver of these takes longer than most answers. Two things make the telling last: a question is
given to a solver that knows about what it hangs on, and is told what it lacks; and truths that others are made of have
names, so that what they stand for is a fact too, and not a part of each question that must be taken in anew.

What a solver knows beside takes nothing away: every fact can be met, whatever the case is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rulectl.analysis.smt import Solver, Truth, fresh_truth, same

Owner = str
"""Whose facts they are: `term x`, `table 3`, or a question."""

_KEPT = 8
_BESIDE = 1.3
"""How many solvers are kept, and how many times as many facts as a question hangs on the one that answers it knows."""


@dataclass(slots=True)
class Solvers:
    """The solvers of one world, the last asked at the end, with how many facts of each owner they know."""

    _kept: list[tuple[Solver, dict[Owner, int]]] = field(default_factory=list)

    def of(self, facts: Mapping[Owner, Sequence[Truth]]) -> Solver:
        """A solver that knows all of some facts, and not many others. Those of an owner only ever grow."""
        most = _BESIDE * sum(map(len, facts.values()))
        for at, (_, given) in enumerate(self._kept):
            lacks = sum(len(made) - given.get(owner, 0) for owner, made in facts.items())
            if sum(given.values()) + lacks <= most:
                self._kept.append(self._kept.pop(at))
                break
        else:
            self._kept = [*self._kept[1 - _KEPT :], (Solver(), {})]
        solver, given = self._kept[-1]
        for owner, made in facts.items():
            solver.add(made[given.get(owner, 0) :])
            given[owner] = len(made)
        return solver


def named(truth: Truth, facts: list[Truth]) -> Truth:
    """A truth by a name of its own; what the name stands for becomes one of the facts."""
    if isinstance(truth, bool):
        return truth
    name = fresh_truth("named")
    facts.append(same(name, truth))
    return name
