"""What settled tables say, remembered: by the classes into which a case falls, and by the rules that hit.

A case that knows all that a table asks comes to rules that hit and to none that merely could; what they say never
changes. So classes that were not met before are one AND of bit vectors, and mostly come to an answer that was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Final, NamedTuple, cast

from rulectl.lang.region import UNKNOWN, Partition
from rulectl.model.outcome import Firing
from rulectl.model.policy import HitPolicy
from rulectl.runtime.encoder import Field
from rulectl.runtime.index import Index, Match
from rulectl.runtime.lowering import NONE
from rulectl.runtime.merge import Contribution
from rulectl.runtime.plan import Key, TablePlan
from rulectl.values import Value

KEPT: Final = 20_000
"""How many answers of a table are remembered before all are forgotten."""

MOST_WAYS: Final = 200_000
"""A table whose classes can meet in more ways remembers its answers by the rules that hit alone."""


class More(NamedTuple):
    """What few tables say: derived values, the terms on which it is silent, and what it adds to terms that other tables
    write too."""

    derived: Mapping[str, Value]
    silent: tuple[str, ...]
    shares: tuple[tuple[str, Contribution], ...]


class Answer(NamedTuple):
    """What a settled table says: its firings, the outputs that it alone writes, and the codes of those that other
    tables read, in their fields."""

    firings: tuple[Firing, ...]
    outputs: Mapping[str, Value]
    code: int
    more: More | None


Said = tuple[Any, ...]
"""An `Answer`, or all of an outcome but its case where there is but one table."""


class Answers(dict[int, "Said | None"]):
    """The answers that a table has given, by the codes of its columns' terms (runtime/encoder.py); None where it is not
    settled. `rules` are those that hang on one rule; the last is of none (NONE).

    Where a case knows all that a table asks, its answer hangs on the rules that hit alone; where the first decides, on
    that one. So classes that were not met before mostly come to an answer that was."""

    def __init__(self, number: int, plan: TablePlan, terms: tuple[str, ...], work_out: WorkOut) -> None:
        super().__init__()
        self.number = number
        self.plan = plan
        self.terms = terms
        self.first = {plan.table.policy, *plan.outputs.policies} == {HitPolicy.FIRST} and not plan.outputs.otherwise
        self.fields: tuple[Field, ...] = ()
        self.mask = 0
        self.coarse: tuple[Sequence[int] | None, ...] = ()
        self.finer = False
        self.ways = 0
        self.rules: list[Said | None] = [None] * (len(plan.firings) + 1)
        self.held = 0
        self.plainly: tuple[str, ...] = ()
        """The outputs of a table whose first hit says all that is said of them, and that no table reads."""
        self._work_out = work_out

    def see(self, partitions: Mapping[str, Partition], fields: Mapping[str, Field]) -> None:
        """Learn the terms' own partitions and fields: where one is finer than the table's, its classes are
        translated."""
        self.fields = tuple(fields[name] for name in self.terms)
        for field in self.fields:
            self.mask |= field.mask
        finer = [partitions[name] for name in self.terms]
        # in how many ways classes can meet: where there are many, answers are hardly ever asked for again
        self.ways = prod(one.size for one in finer)
        own = [column.partition for column in self.plan.lowered.columns]
        self.coarse = tuple(
            [one.coarser(other, number) for number in range(one.size)] if other is not None and one != other else None
            for one, other in zip(finer, own, strict=True)
        )
        self.finer = any(to is not None for to in self.coarse)

    def key(self, code: int) -> Key:
        """The table's own class numbers."""
        key = [code >> shift & ones for shift, ones in self.fields]
        if self.finer:
            return tuple([number if to is None else to[number] for to, number in zip(self.coarse, key, strict=True)])
        return tuple(key)

    def __missing__(self, code: int) -> Said | None:
        if len(self) >= KEPT:
            self.clear()
        index = self.plan.index
        key = self.key(code)
        if UNKNOWN in key or type(index) is not Index:
            answer = self[code] = self._work_out(self, self.plan.match(key))
            return answer
        leaf = index.leaf(key)
        if self.first:
            rule = leaf.first(key)
            answer = self.rules[rule] or self.of_rule(rule)
        else:
            hits = leaf.hits(key)
            answers = leaf.answers
            if hits not in answers:
                if len(answers) >= KEPT:
                    answers.clear()
                answers[hits] = self._work_out(self, Match(leaf.rules(hits), ()))
            answer = cast("Said | None", answers[hits])
        if self.ways <= MOST_WAYS:
            self[code] = answer
        return answer

    def of_rule(self, rule: int) -> Said | None:
        """The answer where one rule decides, or none (NONE)."""
        if self.held >= KEPT:
            self.rules[:] = [None] * len(self.rules)
            self.held = 0
        self.held += 1
        answer = self.rules[rule] = self._work_out(self, Match((rule,) if rule != NONE else (), ()))
        return answer


WorkOut = Callable[[Answers, Match], "Said | None"]


def joined(partitions: list[Partition]) -> Partition:
    """The coarsest partition that is at least as fine as each."""
    first = partitions[0]
    if all(other == first for other in partitions):
        return first
    return Partition.over(first.type, {point for partition in partitions for point in partition.points})
