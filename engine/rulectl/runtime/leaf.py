"""A leaf of a table's index: which of some rules hold, and which could, for the classes into which a case falls.

A column turns a value into a class number (lang/region.py); for each stretch of classes it knows the rules whose test
holds there and the rules whose test is at least not false, as bits of an integer. Matching is one look-up and one AND a
column (bit vectors: Lakshman and Stiliadis, SIGCOMM 1998), and all hits, all possible rules and so hit policy, status
and trace come from that one pass. Where the first hit of a few rules is all that is asked for, looking at each rule's
box in turn takes less, and far less to prepare.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from struct import Struct
from typing import Any, cast

from rulectl.lang.region import ABSENT, FIRST, UNKNOWN
from rulectl.runtime.contents import Held
from rulectl.runtime.lowering import NONE, Constraint, Lowered, Slot
from rulectl.runtime.memo import Memo

KEPT_STEPS = 8_000_000
"""How many bytes the bit vectors of one column of a leaf may take; beyond, some are worked out when needed."""

MANY_TOGGLES = 16
"""From so many rules on, changes between kept bit vectors are put together before they are applied."""

KEPT_ANSWERS = 20_000
"""How many answers are remembered of what hits, and of what is open beside it."""

FEW_RULES = 32
"""So few rules are looked at one by one where the first hit decides."""

MOST_BOXES = 16
"""A rule that takes more boxes than this is left to bit vectors."""

BOX_COLUMNS = 3
"""Boxes have so many columns at most."""

_BOX = Struct("7i")
_Boxes = tuple[int, int, int, bytes]
"""Three columns, and packed boxes: the rule, and for each column the classes in which it holds, end excluded. Packed,
since what lies scattered takes longer to fetch from memory than to compare."""

_ANYWHERE: tuple[tuple[int, int], ...] = ((0, 2**31 - 1),)


def _ranges(slot: Slot, member: int) -> tuple[tuple[int, int], ...]:
    """The classes of a column in which a rule holds, what is absent among them."""
    ref = slot.refs[member]
    if ref == NONE:
        return _ANYWHERE
    constraint = slot.constraint(ref)
    return ((ABSENT, ABSENT + 1), *constraint.region) if constraint.null else constraint.region


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


class Steps:
    """The bit vectors of one column: which rules hold from one class number to the next. `waits` are the rules that an
    unknown value keeps open."""

    __slots__ = ("absent", "bounds", "every", "masks", "toggles", "unknown", "waits")

    def __init__(self, constraints: Sequence[tuple[int, Constraint]], size: int) -> None:
        """`constraints` are (bit, constraint) of the rules that ask something; the others hold everywhere."""
        changes: dict[int, list[int]] = {}
        held = _Flags((1 << size) - 1, size)
        held.flip([bit for bit, _ in constraints])
        true_on_null: list[int] = []
        open_on_null: list[int] = []
        for bit, constraint in constraints:
            for start, stop in constraint.region:
                changes.setdefault(start, []).append(bit)
                changes.setdefault(stop, []).append(bit)
            if constraint.null is not False:
                open_on_null.append(bit)
                if constraint.null:
                    true_on_null.append(bit)
        free = held.number()
        held.flip(true_on_null)
        self.absent = held.number()
        self.unknown = free | _Flags(0, size).flip(open_on_null).number()
        self.waits = self.unknown & ~self.absent
        # null known for certain lies below all values, as one more step
        changes.setdefault(FIRST, []).extend(true_on_null)
        self.bounds = sorted(changes)
        self.every = 1 + len(changes) * (size // 8 + 32) // KEPT_STEPS
        self.masks = [self.absent]
        self.toggles = [changes[bound] for bound in self.bounds] if self.every > 1 else []
        for number, bound in enumerate(self.bounds, 1):
            held.flip(changes[bound])
            if number % self.every == 0:
                self.masks.append(held.number())

    def holds(self, klass: int) -> int:
        """The rules whose test holds in a class of values, or of null known for certain."""
        at = bisect_right(self.bounds, klass)
        if self.every == 1:
            return self.masks[at]
        kept, rest = divmod(at, self.every)
        current = self.masks[kept]
        toggled = [bit for bits in self.toggles[at - rest : at] for bit in bits]
        if len(toggled) > MANY_TOGGLES:
            return current ^ _Flags(0, max(toggled) + 1).flip(toggled).number()
        for bit in toggled:
            current ^= 1 << bit
        return current


class _Flags:
    """Bits of a large integer that are flipped one by one, each without a look at the others."""

    __slots__ = ("_bytes",)

    def __init__(self, number: int, size: int) -> None:
        self._bytes = bytearray(number.to_bytes(size // 8 + 1, "little"))

    def flip(self, bits: Sequence[int]) -> _Flags:
        flags = self._bytes
        for bit in bits:
            flags[bit >> 3] ^= 1 << (bit & 7)
        return self

    def number(self) -> int:
        return int.from_bytes(self._bytes, "little")


class Leaf:
    """Some rules, found by their boxes or by bit vectors, which are made when they are first needed. `answers` is for
    whoever works something out from sets of hits, `doubting` for what unknown facts leave open."""

    __slots__ = (
        "_lowered",
        "_members",
        "_plain",
        "_settled",
        "_steps",
        "answers",
        "boxes",
        "doubting",
        "every",
        "numbers",
    )

    def __init__(self, lowered: Lowered, members: Sequence[int], settled: frozenset[int] = frozenset()) -> None:
        """`settled` are the columns on which every member holds for all cases that come here."""
        self._lowered, self._members, self._settled = lowered, members, settled
        self.numbers = [lowered.numbers[member] for member in members]
        self.every = (1 << len(members)) - 1
        self.answers: Memo[int, Any] = Memo(KEPT_ANSWERS)
        self.doubting: Any = None
        self._steps: list[tuple[int, Steps | Held]] | None = None
        self._plain: list[tuple[int, list[int], list[int]]] | None = None
        self.boxes = self._boxes() if len(members) <= FEW_RULES else None

    def _boxes(self) -> _Boxes | None:
        """The rules in order with their boxes; None where that takes many boxes or columns, or none."""
        slots = [slot for slot in self._lowered.slots if slot.column not in self._settled]
        if any(slot.partition is None for slot in slots):
            return None
        slots = [slot for slot in slots if any(slot.refs[member] != NONE for member in self._members)]
        if not slots or len(slots) > BOX_COLUMNS:
            return None
        packed: list[bytes] = []
        for member, number in zip(self._members, self.numbers, strict=True):
            ranges = [_ranges(slot, member) for slot in slots] + [_ANYWHERE] * (BOX_COLUMNS - len(slots))
            if prod(map(len, ranges)) > MOST_BOXES:
                return None
            packed += [_BOX.pack(number, *one, *two, *three) for one, two, three in product(*ranges)]
        columns = [slot.column for slot in slots] + [0] * (BOX_COLUMNS - len(slots))
        return columns[0], columns[1], columns[2], b"".join(packed)

    @property
    def steps(self) -> list[tuple[int, Steps | Held]]:
        """The bit vectors, column by column."""
        if self._steps is not None:
            return self._steps
        lowered, members = self._lowered, self._members
        bit_of = {member: bit for bit, member in enumerate(members)}
        steps: list[tuple[int, Steps | Held]] = []
        for slot in lowered.slots:
            if slot.column in self._settled:
                continue
            if slot.contents is not None:
                wanted = [(bit, slot.refs[member]) for bit, member in enumerate(members)]
                tests = [(bit, slot.tests(ref)) for bit, ref in wanted if ref != NONE]
                if tests:
                    steps.append((slot.column, Held(slot.contents, tests, len(members))))
                continue
            if slot.partition is None:
                asked = [(bit_of[rule], held) for rule, held in slot.asked() if rule in bit_of]
            else:
                found = [(bit, slot.of(member)) for bit, member in enumerate(members)]
                asked = [(bit, constraint) for bit, constraint in found if constraint is not None]
            if asked:
                steps.append((slot.column, Steps(asked, len(members))))
        self._steps = steps
        # where every vector is at hand, looking them up needs no call
        plain = [(column, one.bounds, one.masks) for column, one in steps if one.every == 1]
        if len(plain) == len(steps):
            self._plain = plain
        return steps

    def first(self, key: Sequence[int]) -> int:
        """The first rule that holds, NONE where there is none, for a case that knows all that is asked."""
        if self.boxes is None:
            hits = self.hits(key)
            return self.numbers[(hits & -hits).bit_length() - 1] if hits else NONE
        at_one, at_two, at_three, packed = self.boxes
        one, two, three = key[at_one], key[at_two], key[at_three]
        for number, low1, high1, low2, high2, low3, high3 in _BOX.iter_unpack(packed):
            if low2 <= two < high2 and low1 <= one < high1 and low3 <= three < high3:
                return cast(int, number)
        return NONE

    def hits(self, key: Sequence[int]) -> int:
        """The rules that hold, as bits, for a case that knows all that is asked."""
        hits = self.every
        steps = self._steps if self._steps is not None else self.steps
        if self._plain is None:
            for column, one in steps:
                hits &= one.holds(key[column])
            return hits
        for column, bounds, masks in self._plain:
            hits &= masks[bisect_right(bounds, key[column])]
        return hits

    def rules(self, hits: int) -> tuple[int, ...]:
        """The numbers of rules given as bits."""
        return tuple([self.numbers[bit] for bit in _bits(hits)])

    def both(self, key: Sequence[int]) -> tuple[int, int]:
        """The rules that hold, and those that hold or could, as bits."""
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
                break
        return hits, unfalse

    def match(self, key: Sequence[int]) -> Match:
        """The rules that hold and those that could."""
        hits, unfalse = self.both(key)
        if not unfalse:
            return _NO_MATCH
        return Match(self.rules(hits), () if hits == unfalse else self.rules(unfalse & ~hits))


_NO_MATCH = Match((), ())
