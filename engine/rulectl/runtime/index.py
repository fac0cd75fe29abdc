"""The index of a table: which rules hold, and which could, for the classes into which a case falls.

A column turns a value into a class number (lang/region.py); for each stretch of classes it knows the rules whose test
holds there and the rules whose test is at least not false, as bits of an integer. Matching is one look-up and one AND a
column (bit vectors: Lakshman and Stiliadis, SIGCOMM 1998), and all hits, all possible rules and so hit policy, status
and trace come from that one pass.

Bit vectors need rules x classes bits. A table too large for them is a tree: each node parts its rules by the column
that spreads them best, by class or, where values are ordered, by a few cuts (HiCuts: Gupta and McKeown, IEEE Micro
20(1), 2000), until few rules are left. A node is made when the first case comes to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rulectl.lang.region import ABSENT, FIRST, UNKNOWN
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
"""Up to here a table has one set of bit vectors; larger ones are split first (memory is rules x classes bits)."""

LEAF_RULES = 32
"""So few rules are not split any more."""

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

KEPT_STEPS = 8_000_000
"""How many bytes the bit vectors of one column of a leaf may take; beyond, some are worked out when needed."""

KEPT_MATCHES = 20_000
"""How many matches a table remembers before it forgets all of them (bounds memory; a hit saves the whole search)."""


@dataclass(frozen=True, slots=True)
class Match:
    """Rule numbers in rule order: those that hold, and those that do not hold yet but are not false."""

    hits: tuple[int, ...]
    open: tuple[int, ...]


def _bits(mask: int) -> tuple[int, ...]:
    """The numbers of the bits that are set, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return tuple(found)


class _Steps:
    """The bit vectors of one column: which rules hold from one class number to the next."""

    __slots__ = ("absent", "bounds", "every", "masks", "toggles", "unknown")

    def __init__(self, constraints: Sequence[tuple[int, Constraint]], size: int) -> None:
        """`constraints` are (bit, constraint) of the rules that ask something; the others hold everywhere."""
        changes: dict[int, list[int]] = {}
        free = (1 << size) - 1
        true_on_null = open_on_null = 0
        for bit, constraint in constraints:
            mask = 1 << bit
            free ^= mask
            for start, stop in constraint.region:
                changes.setdefault(start, []).append(mask)
                changes.setdefault(stop, []).append(mask)
            if constraint.null is not False:
                open_on_null |= mask
                if constraint.null:
                    true_on_null |= mask
        self.absent = free | true_on_null
        self.unknown = free | open_on_null
        # null known for certain lies below all values, as one more step
        changes.setdefault(FIRST, []).append(true_on_null & ~free)
        self.bounds = sorted(changes)
        self.every = 1 + len(changes) * (size // 8 + 32) // KEPT_STEPS
        self.masks = [self.absent]
        self.toggles = [changes[bound] for bound in self.bounds] if self.every > 1 else []
        current = self.absent
        for number, bound in enumerate(self.bounds, 1):
            for mask in changes[bound]:
                current ^= mask
            if number % self.every == 0:
                self.masks.append(current)

    def holds(self, klass: int) -> int:
        """The rules whose test holds in a class of values, or of null known for certain."""
        at = bisect_right(self.bounds, klass)
        if self.every == 1:
            return self.masks[at]
        kept, rest = divmod(at, self.every)
        current = self.masks[kept]
        for masks in self.toggles[at - rest : at]:
            for mask in masks:
                current ^= mask
        return current


class Leaf:
    """The bit-vector index of some rules. `answers` is for whoever works something out from sets of hits."""

    __slots__ = ("answers", "every", "numbers", "plain", "steps")

    def __init__(self, lowered: Lowered, members: Sequence[int], settled: frozenset[int] = frozenset()) -> None:
        """`settled` are the columns on which every member holds for all cases that come here."""
        self.numbers = [lowered.numbers[member] for member in members]
        self.every = (1 << len(members)) - 1
        self.answers: dict[int, Any] = {}
        bit_of = {member: bit for bit, member in enumerate(members)}
        self.steps: list[tuple[int, _Steps]] = []
        for slot in lowered.slots:
            if slot.column in settled:
                continue
            if slot.partition is None:
                asked = [(bit_of[rule], held) for rule, held in slot.asked() if rule in bit_of]
            else:
                found = [(bit, slot.of(member)) for bit, member in enumerate(members)]
                asked = [(bit, constraint) for bit, constraint in found if constraint is not None]
            if asked:
                self.steps.append((slot.column, _Steps(asked, len(members))))
        # where every vector is at hand, looking them up needs no call
        self.plain = (
            [(column, steps.bounds, steps.masks) for column, steps in self.steps]
            if all(steps.every == 1 for _, steps in self.steps)
            else None
        )

    def hits(self, key: Sequence[int]) -> int:
        """The rules that hold, as bits, for a case that knows all that is asked."""
        hits = self.every
        if self.plain is None:
            for column, steps in self.steps:
                hits &= steps.holds(key[column])
            return hits
        for column, bounds, masks in self.plain:
            hits &= masks[bisect_right(bounds, key[column])]
        return hits

    def rules(self, hits: int) -> tuple[int, ...]:
        """The numbers of rules given as bits."""
        return tuple([self.numbers[bit] for bit in _bits(hits)])

    def match(self, key: Sequence[int]) -> Match:
        """The rules that hold and those that could."""
        hits = unfalse = self.every
        for column, steps in self.steps:
            klass = key[column]
            if klass == UNKNOWN:
                hits &= steps.absent
                unfalse &= steps.unknown
            else:
                mask = steps.holds(klass)
                hits &= mask
                unfalse &= mask
            if not unfalse:
                return _NO_MATCH
        return Match(self.rules(hits), () if hits == unfalse else self.rules(unfalse & ~hits))


_NO_MATCH = Match((), ())


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

    def part(self, klass: int) -> int:
        if klass < FIRST:
            return klass
        if self.cuts is not None:
            return FIRST + bisect_right(self.cuts, klass)
        return klass if klass in self.own else -1

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
    held: int = 0

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
        node = self.root
        while node.leaf is None:
            split = node.split
            if split is None:
                self._grow(node)
                continue
            part = split.part(key[split.column])
            child = node.parts.get(part)
            if child is None:
                members = split.members(part)
                # a column may be cut again and finer, as long as that parts anything
                again = split.cuts is not None and part >= FIRST and len(members) < len(node.members)
                settled = node.settled | {split.column} if split.exact and part in split.own else node.settled
                spent = node.spent if again else node.spent | {split.column}
                child = node.parts[part] = _Node(members, spent, settled)
            node = child
        return node.leaf

    def _grow(self, node: _Node) -> None:
        """Make a node a split where that leaves cases with far fewer rules, else a leaf."""
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
