"""The index of a table: which rules hold, and which could, for the classes into which a case falls.

The bit vectors of a leaf (runtime/leaf.py) need rules x classes bits, and a look at all rules before the first case. So
a large table begins as a tree: each node parts its rules by the column that spreads them best, by class or, where
values are ordered, by a few cuts (HiCuts: Gupta and McKeown, IEEE Micro 20(1), 2000), until few rules are left. A node
is made when the first case comes to it. Once making nodes has taken as much work as bit vectors of the whole table, as
happens soon where columns part the rules badly or values are unknown, these are made instead, and cost a case what
they cost: 10,000 rules of 5 columns 3 to 6 microseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rulectl.lang.region import ABSENT, FIRST, UNKNOWN
from rulectl.runtime.leaf import Leaf, Match
from rulectl.runtime.lowering import FALSE, TRUE, Column, Constraint, Lowered, Slot, lower, period_test

__all__ = [
    "FALSE",
    "KEPT_MATCHES",
    "TRUE",
    "Column",
    "Constraint",
    "Index",
    "Leaf",
    "Lowered",
    "Match",
    "Matcher",
    "lower",
    "period_test",
]

DENSE_RULES = 1024
"""Up to here a table has one set of bit vectors from the start; larger ones are split first."""

WHOLE_WORK = 4
"""When a tree has looked at so many times all rules, the table gets one set of bit vectors after all."""

LEAF_RULES = 32
"""So few rules are not split any more."""

FEW_MEMBERS = 256
"""The parts of a node with so few rules are made at once."""

MOST_SPREAD = 0.75
"""A split must leave a case with no more than this part of the rules."""

WORTH_SPREAD = 0.34
"""The same where the rules are few enough for one set of bit vectors: then many small ones must be worth making."""

CUTS = 16
"""Into how many stretches an ordered column is cut."""

WIDE = 64
"""A rule that spans more classes than this goes to every part of a split."""

SAMPLE = 512
"""How many rules are asked which column spreads them best."""

KEPT_MEMBERS = 1_000_000
"""How many rules all leaves together may hold before the tree is forgotten (bounds memory)."""

KEPT_MATCHES = 20_000
"""How many matches a table remembers before it forgets all of them (bounds memory; a hit saves the whole search)."""


class Matcher(Protocol):
    """What finds the rules for class numbers: the bit vectors below, or another engine."""

    def match(self, key: Sequence[int]) -> Match: ...


@dataclass(slots=True)
class _Split:
    """How a node parts its rules: by the classes of a column, or by the stretches between some of them. `own` are the
    rules of each part alone, `wide` those of every part, `null` those that may hold where the value is missing.
    `exact`: within a part of its own, a case meets what each of these asks of the column."""

    column: int
    cuts: list[int] | None
    own: dict[int, list[int]]
    wide: list[int]
    null: dict[int, list[int]]
    exact: bool

    def members(self, part: int) -> list[int]:
        """The rules of a part, in order."""
        if part in (UNKNOWN, ABSENT):
            return self.null[part]
        return sorted([*self.own.get(part, ()), *self.wide])


@dataclass(slots=True)
class _Node:
    """Some rules, not looked at yet; then either a leaf or a split."""

    members: Sequence[int]
    spent: frozenset[int]
    settled: frozenset[int] = frozenset()
    leaf: Leaf | None = None
    split: _Split | None = None
    parts: dict[int, _Node] = field(default_factory=dict)


@dataclass(slots=True)
class Index:
    """All of a table's rules, ready to be matched by class numbers, one a column."""

    lowered: Lowered
    most: int = DENSE_RULES
    root: _Node = field(init=False)
    whole: Leaf | None = None
    held: int = 0
    work: int = 0

    def __post_init__(self) -> None:
        self.root = _Node(range(len(self.lowered.numbers)), frozenset())

    @staticmethod
    def of(lowered: Lowered) -> Index:
        """Split when the table is large."""
        return Index(lowered, DENSE_RULES)

    def match(self, key: Sequence[int]) -> Match:
        """The rules that hold and those that could, for the classes of one case."""
        return self.leaf(key).match(key)

    def leaf(self, key: Sequence[int]) -> Leaf:
        """The rules that may hold for the classes of one case."""
        whole = self.whole
        if whole is not None:
            return whole
        if self.work > WHOLE_WORK * len(self.lowered.numbers):
            whole = self.whole = Leaf(self.lowered, self.root.members)
            self.root = _Node(self.root.members, frozenset())
            return whole
        node = self.root
        while True:
            split = node.split
            if split is None:
                leaf = node.leaf
                if leaf is not None:
                    if node is self.root:
                        self.whole = leaf
                    return leaf
                self._grow(node)
                continue
            part = key[split.column]
            if split.cuts is not None and part >= FIRST:
                part = FIRST + bisect_right(split.cuts, part)
            node = node.parts.get(part) or self._child(node, split, part)

    def _child(self, node: _Node, split: _Split, part: int) -> _Node:
        """A part of a node that is asked for the first time. Classes that no rule names are one part."""
        if part >= FIRST and split.cuts is None and part not in split.own:
            child = node.parts.get(-1) or self._made(node, split, -1)
            node.parts[-1] = node.parts[part] = child
            return child
        if part >= FIRST and split.cuts is None and len(node.members) <= FEW_MEMBERS:
            # soon all of them are asked for: what takes time is better over early
            found = node.parts[part] = self._made(node, split, part)
            for other in split.own:
                if other not in node.parts:
                    sibling = node.parts[other] = self._made(node, split, other)
                    self._grow(sibling)
            return found
        child = node.parts[part] = self._made(node, split, part)
        return child

    def _made(self, node: _Node, split: _Split, part: int) -> _Node:
        members = split.members(part)
        self.work += len(members)
        # a column may be cut again and finer, as long as that parts anything
        again = split.cuts is not None and part >= FIRST and len(members) < len(node.members)
        settled = node.settled | {split.column} if split.exact and part in split.own else node.settled
        spent = node.spent if again else node.spent | {split.column}
        return _Node(members, spent, settled)

    def _grow(self, node: _Node) -> None:
        """Make a node a split where that leaves cases with far fewer rules, else a leaf."""
        self.work += len(node.members)
        if len(node.members) > (self.most if node is self.root else min(self.most, LEAF_RULES)):
            few = len(node.members) <= self.most
            node.split = _best_split(self.lowered, node, WORTH_SPREAD if few else MOST_SPREAD)
        if node.split is not None:
            return
        self.held += len(node.members)
        if self.held > KEPT_MEMBERS and node is not self.root:
            self.root.parts.clear()
            self.held = len(node.members)
        node.leaf = Leaf(self.lowered, node.members, node.settled)


def _best_split(lowered: Lowered, node: _Node, most: float) -> _Split | None:
    """The split by the column that spreads a sample of the rules best; None where none leaves a case with at most the
    part `most` of them."""
    members = node.members
    sample = members[:: max(1, len(members) // SAMPLE)]
    best: tuple[float, Slot, list[int] | None] | None = None
    for slot in lowered.dense:
        if slot.column in node.spent or slot.partition is None:
            continue
        cuts = _cuts(slot, sample) if slot.partition.ordered else None
        if cuts == []:
            continue
        spread = _spread(_parted(slot, sample, cuts), len(sample))
        if best is None or spread < best[0]:
            best = (spread, slot, cuts)
    if best is None or best[0] > most:
        return None
    whole = _parted(best[1], members, best[2])
    # the sample may have flattered
    return whole if _spread(whole, len(members)) <= most else None


def _cuts(slot: Slot, sample: Sequence[int]) -> list[int]:
    """Class numbers that cut an ordered column where its rules begin and end."""
    ends: list[int] = []
    for member in sample:
        constraint = slot.of(member)
        if constraint is not None:
            ends += [end for run in constraint.region for end in run]
    ends.sort()
    found = sorted({ends[len(ends) * n // CUTS] for n in range(1, CUTS)}) if ends else []
    # a cut below all values parts nothing
    return [cut for cut in found if cut > FIRST]


def _parted(slot: Slot, members: Sequence[int], cuts: list[int] | None) -> _Split:
    """The members by the part of a column in which they may hold."""
    own: dict[int, list[int]] = {}
    wide: list[int] = []
    null: dict[int, list[int]] = {UNKNOWN: [], ABSENT: []}
    most = WIDE if cuts is None else len(cuts) // 2
    exact = cuts is None
    for member in members:
        constraint = slot.of(member)
        if constraint is None:
            wide.append(member)
            null[UNKNOWN].append(member)
            null[ABSENT].append(member)
            continue
        if constraint.null is not False:
            null[UNKNOWN].append(member)
            if constraint.null:
                null[ABSENT].append(member)
        runs: Sequence[tuple[int, int]] = constraint.region
        if cuts is not None:
            # the parts that a run of classes touches; runs that touch the same part meet there once
            runs = [(FIRST + bisect_right(cuts, start), FIRST + 1 + bisect_right(cuts, end - 1)) for start, end in runs]
        if sum(end - start for start, end in runs) > most:
            wide.append(member)
            exact = False
            continue
        for part in {part for start, end in runs for part in range(start, end)}:
            own.setdefault(part, []).append(member)
    return _Split(slot.column, cuts, own, wide, null, exact)


def _spread(split: _Split, size: int) -> float:
    """The part of all rules that a case is left with, for cases that fall where rules are."""
    counts = Counter({part: len(own) for part, own in split.own.items()})
    total = counts.total()
    if not total:
        return 1.0
    wide = len(split.wide)
    return sum(count * (count + wide) for count in counts.values()) / total / max(1, size)
