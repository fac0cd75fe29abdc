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
from rulectl.runtime.index import Index, Match
from rulectl.runtime.lowering import NONE
from rulectl.runtime.merge import Contribution
from rulectl.runtime.plan import Key, TablePlan
from rulectl.values import Value

KEPT: Final = 20_000
"""How many answers of a table are remembered before all are forgotten."""

MOST_KEYS: Final = 200_000
"""A table whose classes can meet in more ways remembers its answers by the rules that hit alone."""


class More(NamedTuple):
    """What few tables say: derived values, the terms on which it is silent, and what it adds to terms that other tables
    write too."""

    derived: Mapping[str, Value]
    silent: tuple[str, ...]
    shares: tuple[tuple[str, Contribution], ...]


class Answer(NamedTuple):
    """What a settled table says: its firings, the outputs that it alone writes, and the classes of those that other
    tables read, by their places. `whole` is the outcome but for the case, where there is but the one table."""

    firings: tuple[Firing, ...]
    outputs: Mapping[str, Value]
    classes: tuple[tuple[int, int], ...]
    more: More | None
    whole: tuple[Any, ...] | None = None


class Answers(dict[Key, "Answer | None"]):
    """The answers that a table has given, by the classes of its columns' terms; None where it is not settled.

    Where a case knows all that a table asks, its answer hangs on the rules that hit alone; where the first decides, on
    that one. So classes that were not met before mostly come to an answer that was."""

    def __init__(self, number: int, plan: TablePlan, terms: tuple[str, ...], work_out: WorkOut) -> None:
        super().__init__()
        self.number = number
        self.plan = plan
        self.terms = terms
        self.first = {plan.table.policy, *plan.outputs.policies} == {HitPolicy.FIRST} and not plan.outputs.otherwise
        self.coarse: tuple[Sequence[int], ...] | None = None
        self.recurring = True
        self.rules: dict[int, Answer | None] = {}
        self.plainly: tuple[str, ...] = ()
        """The outputs of a table whose first hit says all that is said of them, and that no table reads."""
        self._work_out = work_out

    def see(self, partitions: Mapping[str, Partition]) -> None:
        """Learn the terms' own partitions: where one is finer than the table's, its classes are translated."""
        finer = [partitions[name] for name in self.terms]
        # where classes can meet in so many ways that they hardly ever meet again, remembering them costs more
        self.recurring = prod(one.size for one in finer) <= MOST_KEYS
        own = [column.partition for column in self.plan.lowered.columns]
        if finer != own:
            self.coarse = tuple(
                [one.coarser(other, number) for number in range(one.size)]
                for one, other in zip(finer, own, strict=True)
                if other is not None
            )

    def classes(self, key: Key) -> Key:
        """The table's own classes."""
        return key if self.coarse is None else tuple([to[number] for to, number in zip(self.coarse, key, strict=True)])

    def __missing__(self, key: Key) -> Answer | None:
        if len(self) >= KEPT:
            self.clear()
        index = self.plan.index
        if UNKNOWN in key or type(index) is not Index:
            answer = self[key] = self._work_out(self, self.plan.match(self.classes(key)))
            return answer
        own = self.classes(key) if self.coarse is not None else key
        if self.first:
            answer = self._of_rule(index.leaf(own).first(own))
        else:
            leaf = index.leaf(own)
            hits = leaf.hits(own)
            answers = leaf.answers
            if hits not in answers:
                if len(answers) >= KEPT:
                    answers.clear()
                answers[hits] = self._work_out(self, Match(leaf.rules(hits), ()))
            answer = cast("Answer | None", answers[hits])
        if self.recurring:
            self[key] = answer
        return answer

    def _of_rule(self, rule: int) -> Answer | None:
        """The answer where one rule decides, or none (NONE)."""
        if rule not in self.rules:
            if len(self.rules) >= KEPT:
                self.rules.clear()
            self.rules[rule] = self._work_out(self, Match((rule,) if rule != NONE else (), ()))
        return self.rules[rule]

    @property
    def find(self) -> Callable[[Key], Answer | None]:
        """What finds an answer fastest: as remembered, or by the first rule where keys hardly come again."""
        direct = self.first and not self.recurring and self.coarse is None and type(self.plan.index) is Index
        return self._find_first if direct else self.__getitem__

    def _find_first(self, key: Key) -> Answer | None:
        if UNKNOWN in key:
            return self[key]
        leaf = self.plan.index.leaf(key)  # type: ignore[attr-defined]  # `find` has looked
        rule = leaf.first(key)
        try:
            return self.rules[rule]
        except KeyError:
            return self._of_rule(rule)


WorkOut = Callable[[Answers, Match], "Answer | None"]


def joined(partitions: list[Partition]) -> Partition:
    """The coarsest partition that is at least as fine as each."""
    first = partitions[0]
    if all(other == first for other in partitions):
        return first
    return Partition.over(first.type, {point for partition in partitions for point in partition.points})
