"""First hits of large tables: the classes of texts lead to a cell of a few rules, numbers are compared as they come.

Where the first hit of many rules decides and a case gives plain numbers, these need no class number: the columns of
texts and truth values that part the rules best, their codes taken together, are the key of a cell, and its rules' boxes
over the other columns are looked at in turn. (A grid over the discrete dimensions with linear search in its cells:
Gupta and McKeown, "Algorithms for packet classification", IEEE Network 15(2), 2001.) A cell that holds many rules, or
that asks for something unknown, is left to the index (runtime/index.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import chain, product
from math import prod
from struct import Struct
from typing import Any, Final, cast

from rulectl.lang.flat import Piece
from rulectl.lang.region import FIRST
from rulectl.lang.syntax import Name
from rulectl.runtime.answers import Answers, Said
from rulectl.runtime.coding import Coarser, Field
from rulectl.runtime.encoder import Encoder, Unreadable, edges_of
from rulectl.runtime.index import Index
from rulectl.runtime.lowering import NONE, Slot
from rulectl.runtime.sight import Behind

MANY_WAYS: Final = 1 << 16
"""A table whose classes meet in fewer ways remembers all its answers, which is faster."""

FEW_RULES: Final = 32
"""A cell with more rules is left to the index."""

EXPECTED: Final = 8
"""So few rules of a cell are not parted by one more column."""

MOST_CELLS: Final = 1 << 18
"""A table is parted into so many cells at most."""

MADE_AT_ONCE: Final = 256
"""So many cells that share the class of the first column are made in one go: what takes time is better over early."""

MANY_RULES: Final = 16_384
"""A table of fewer rules has only cells that are made together."""

MOST_BOXES: Final = 16
"""A rule that takes more boxes than this leaves its cells to the index."""

BOX_COLUMNS: Final = 4
"""Boxes have so many columns at most."""

WIDE: Final = 64
"""A rule that holds in more classes than this of the first column is looked at for each of them."""

FEW_CELLS: Final = 4_096
"""A table that has no more cells than this is parted further, down to the fewest rules that columns can leave."""

WORTH_SPREAD: Final = 0.9
"""With which part of the rules a column must leave a case, to part few rules further."""

SMALL: Final = 300
"""Cells of a table of so few rules stay in the processor's cache however they are kept."""

STRETCHED: Final = 4
"""So few rules of a cell may be stretched out; it takes the square of their number."""

STRETCHED_COLUMNS: Final = 2
"""So many columns of numbers may be stretched out."""

KEPT_BOXES: Final = 2_000_000
"""How many boxes the cells of a table may hold before all are forgotten (bounds memory)."""

SAMPLE: Final = 512
"""How many rules are asked which columns part them best."""


class Raw:
    """A column of plain numbers, and what reads its term. `plain` is between which numbers all of them lie, the end
    excluded."""

    def __init__(self, slot: Slot, encoder: Encoder) -> None:
        self.slot = slot
        self.encoder = encoder
        self.plain = encoder.low, math.nextafter(encoder.high, math.inf)

    def ranges(self, rule: int) -> Sequence[tuple[float, float]]:
        """Between which plain numbers a rule holds, ends excluded: a number in a box needs no other look."""
        ref = self.slot.refs[rule]
        if ref == NONE:
            return (self.plain,)
        low, high = self.plain
        return [
            (first if first > low else low, last if last < high else high)
            for first, last in self._ranges(ref)
            if first < high and low < last
        ]

    def _ranges(self, ref: int) -> Sequence[tuple[float, float]]:
        """Between which numbers an entry holds, ends excluded."""
        forms = self.slot.forms[ref]
        if len(forms) == 1 and type(forms[0]) is tuple:
            return [_between(piece) for piece in forms[0]]
        assert self.slot.partition is not None
        ends = [-math.inf, *edges_of(self.slot.partition), math.inf]
        return [(ends[start - FIRST], ends[stop - FIRST]) for start, stop in self.slot.constraint(ref).region]


_BELOW: Final = ("<", "<=")
_ABOVE: Final = (">", ">=")
_AFTER: Final = (">", "(..)", "(..]")
_BEFORE: Final = ("<", "[..)", "(..)")


def _between(piece: Piece) -> tuple[float, float]:
    """The same of a comparison or a range of numbers; they are told apart by floats (runtime/encoder.py)."""
    sign, first, last = piece[0], float(cast(Decimal, piece[1])), float(cast(Decimal, piece[-1]))
    if sign in _BELOW:
        first = -math.inf
    elif sign in _AFTER:
        first = math.nextafter(first, math.inf)
    if sign in _ABOVE:
        last = math.inf
    elif sign not in _BEFORE:
        last = math.nextafter(last, math.inf)
    return first, last


class Coded:
    """A column whose values come as codes in the term's field."""

    def __init__(self, slot: Slot, field: Field, size: int, coarse: Sequence[int] | None) -> None:
        """`size` is one more than the last class number of the term; `coarse` are the column's own for each of them."""
        self.slot = slot
        self.field = field
        self.size = size
        self.coarse = coarse
        self.found: dict[int, tuple[int, ...]] = {}

    def codes(self, rule: int) -> tuple[int, ...]:
        """The codes of the values with which a rule holds, ascending."""
        ref = self.slot.refs[rule]
        found = self.found.get(ref)
        if found is None:
            if ref == NONE:
                numbers = [*range(FIRST, self.size)]
            elif self.coarse is None and (named := self._named(ref)) is not None:
                numbers = named
            else:
                region = self.slot.constraint(ref).region
                numbers = [number for start, stop in region for number in range(start, stop)]
                if self.coarse is not None:
                    own = set(numbers)
                    numbers = [n for n, number in enumerate(self.coarse) if n >= FIRST and number in own]
            found = self.found[ref] = tuple([number << self.field.shift for number in numbers])
        return found

    def _named(self, ref: int) -> list[int] | None:
        """The class numbers of an entry that names values, without a region; None where it says another thing."""
        forms = self.slot.forms[ref]
        partition = self.slot.partition
        assert partition is not None
        if len(forms) > 1 or type(forms[0]) is not tuple or any(piece[0] != "=" for piece in forms[0]):
            return None
        return sorted({partition.locate(piece[1]) for piece in forms[0]})

    def ranges(self, rule: int) -> Sequence[tuple[int, int]]:
        """Between which codes a rule holds, ends excluded; never where the value is null."""
        shift = self.field.shift
        ref = self.slot.refs[rule]
        if ref == NONE:
            return ((FIRST << shift, self.size << shift),)
        if self.coarse is None:
            return [(start << shift, stop << shift) for start, stop in self.slot.constraint(ref).region]
        ranges: list[tuple[int, int]] = []
        for code in self.codes(rule):
            if ranges and ranges[-1][1] == code:
                ranges[-1] = (ranges[-1][0], code + (1 << shift))
            else:
                ranges.append((code, code + (1 << shift)))
        return ranges

    def spread(self, sample: Sequence[int]) -> float:
        """With which part of the rules a value of this column leaves a case."""
        values = self.size - FIRST
        return sum(len(self.codes(rule)) for rule in sample) / values / len(sample)


Box = tuple[float, ...]
"""For each column the first value with which a rule holds and the first beyond it; then the rule's number."""

Cell = bytes | tuple[Any, ...] | int
"""Boxes in order, packed, or the rules by stretches of numbers."""


class Cells:
    """The cells of a table by the codes of its keyed columns, `made` when they are first asked for; None is left to the
    index. A cell is the boxes of its rules in order, packed, since what lies scattered takes longer to fetch from
    memory than to compare; of a small table, which stays in the processor's cache, it is the rules `stretched` out. In
    both all plain numbers come last, with no rule (NONE): a number that is nowhere is none."""

    def __init__(
        self, answers: Answers, keyed: Sequence[Coded], raw: Sequence[Raw], boxed: Sequence[Coded], stretched: bool
    ) -> None:
        self.made: dict[int, Cell | None] = {}
        self.boxes: dict[int, Sequence[Any] | None] = {}
        self.answers = answers
        self.keyed = keyed
        self.raw = raw
        self._encoders = [column.encoder for column in raw]
        self._others = ~sum(encoder.field.mask for encoder in self._encoders)
        self.boxed = boxed
        self.stretched = stretched
        self.mask = sum(column.field.mask for column in keyed)
        self.masks = [column.field.mask for column in boxed]
        # nothing is padded, since the codes of columns stand behind the numbers
        self.struct = Struct("dd" * len(raw) + "qq" * len(boxed) + "i")
        plain = [column.plain for column in raw]
        known = [(FIRST << column.field.shift, column.size << column.field.shift) for column in boxed]
        self._rest: Box = (*chain.from_iterable((*plain, *known)), NONE)
        self.groups: dict[int, list[int]] | None = None
        self.wide: dict[int, frozenset[int]] = {}
        self.held = 0

    def careful(self, codes: int, raws: Sequence[object]) -> Said | None:
        """The answer for a case by the classes of all columns: its codes, and its numbers in the order of `raw`."""
        known = self._coded(codes, raws)
        return None if known is None else self.answers[known & self.answers.mask]

    def onward(self, codes: int, open_: int, behind: Behind, raws: Sequence[object]) -> Said | None:
        """The same where terms that the table reads are in doubt (`Answers.onward`)."""
        known = self._coded(codes, raws)
        return None if known is None else self.answers.onward(known, open_, behind)

    def _coded(self, codes: int, raws: Sequence[object]) -> int | None:
        """The codes of a case with those of its numbers; None where one must be read first."""
        codes &= self._others
        try:
            for encoder, raw in zip(self._encoders, raws, strict=True):
                codes |= encoder.whole[raw] if type(raw) is int else encoder[raw]
        except (Unreadable, TypeError):
            return None
        return codes

    def make(self, code: int) -> Cell | None:
        """A cell that was not asked for before."""
        numbers = [column.field.number(code) for column in self.keyed]
        if min(numbers, default=FIRST) < FIRST:
            self.made[code] = None
            return None
        if self.held > KEPT_BOXES:
            self.made.clear()
            self.boxes.clear()
            self.held = 0
        lead = code & self.keyed[0].field.mask
        rules = self._group(lead)
        rest = self.keyed[1:]
        sides: list[tuple[int, ...]] = [tuple(n << c.field.shift for n in range(FIRST, c.size)) for c in rest]
        if prod(map(len, sides)) > MADE_AT_ONCE:
            own = [code & column.field.mask for column in rest]
            rules = [
                rule for rule in rules if all(c in column.codes(rule) for c, column in zip(own, rest, strict=True))
            ]
            return self._keep(code, [self._boxes(rule) for rule in rules])
        cells: dict[int, list[Sequence[Any] | None]] = {lead + sum(side): [] for side in product(*sides)}
        for rule in rules:
            boxes = self._boxes(rule)
            at = [lead]
            for column in rest:
                at = [one + other for one in at for other in column.codes(rule)]
            for one in at:
                cells[one].append(boxes)
        made = {one: self._keep(one, of_rules) for one, of_rules in cells.items()}
        return made[code]

    def _keep(self, code: int, rules: Sequence[Sequence[Any] | None]) -> Cell | None:
        """Keep a cell, given as the boxes of its rules."""
        known: list[Any] = [boxes for boxes in rules if boxes is not None]
        size = sum(map(len, known)) // (1 if self.stretched else self.struct.size)
        cell: Cell | None = None
        if size <= FEW_RULES and len(known) == len(rules):
            if self.stretched:
                cell = stretched([*chain.from_iterable(known), self._rest], len(self.raw))
                size = (2 * size) ** len(self.raw)
            else:
                cell = b"".join([*known, self.struct.pack(*self._rest)])
        self.held += 1 + size
        self.made[code] = cell
        return cell

    def _group(self, lead: int) -> Sequence[int]:
        """The rules that hold for a code of the first keyed column, in order."""
        first = self.keyed[0]
        if self.groups is None:
            groups: dict[int, list[int]] = {}
            wide: dict[int, frozenset[int]] = {}
            found, refs = first.found, first.slot.refs
            for rule, ref in enumerate(refs):
                codes = found[ref] if ref in found else first.codes(rule)
                if len(codes) > WIDE:
                    wide[rule] = frozenset(codes)
                else:
                    for code in codes:
                        groups.setdefault(code, []).append(rule)
            # whole at once, for another thread may look
            self.wide, self.groups = wide, groups
        return sorted([*self.groups.get(lead, ()), *(rule for rule, codes in self.wide.items() if lead in codes)])

    def _boxes(self, rule: int) -> Sequence[Any] | None:
        """The boxes of a rule over the columns that are not keyed, packed where cells are; None where these are too
        many. Remembered, for a rule stands in the cells of several codes of the first keyed column."""
        with suppress(KeyError):
            return self.boxes[rule]
        ranges: list[Sequence[tuple[float, float]]] = [column.ranges(rule) for column in self.raw]
        ranges += [column.ranges(rule) for column in self.boxed]
        number = self.answers.plan.lowered.numbers[rule]
        found: Sequence[Any] | None = None
        if prod([len(column) for column in ranges]) <= MOST_BOXES:
            found = [(*chain.from_iterable(box), number) for box in product(*ranges)]
            if not self.stretched:
                found = b"".join([self.struct.pack(*box) for box in found])
        self.boxes[rule] = found
        return found


def stretched(boxes: Sequence[Box], columns: int, at: int = 0) -> Any:
    """The first of some boxes to hold, by numbers: where the stretches of the first column begin, and for each stretch,
    the one below all of them first, the same of the next column; after the last one the rule, None where no box is."""
    if at == columns:
        return boxes[0][-1] if boxes else None
    starts = sorted({end for box in boxes for end in box[2 * at : 2 * at + 2]})
    known: dict[tuple[Box, ...], Any] = {}
    parts = []
    for start in (-math.inf, *starts):
        own = tuple([box for box in boxes if box[2 * at] <= start < box[2 * at + 1]])
        if own not in known:
            known[own] = stretched(own, columns, at + 1)
        parts.append(known[own])
    return tuple(starts), tuple(parts)


def cells_of(answers: Answers, encoders: Mapping[str, Encoder], given: frozenset[str]) -> Cells | None:
    """The cells of a table, None where they would not help: where its answers are remembered, more than a first hit is
    asked for, or no few columns part its rules well. `given` are the terms that cases give."""
    index = answers.plan.index
    if not answers.first or type(index) is not Index or answers.ways <= MANY_WAYS:
        return None
    slots = index.lowered.slots
    if any(slot.contents is not None for slot in slots):
        return None
    raw: list[Raw] = []
    coded: list[Coded] = []
    for slot in slots:
        subject = index.lowered.columns[slot.column].subject
        assert isinstance(subject, Name)
        encoder = encoders[subject.id]
        partition = slot.partition
        assert partition is not None
        assert encoder.partition is not None
        if subject.id in given and encoder.exact:
            raw.append(Raw(slot, encoder))
        else:
            coarse = answers.keyed.coarse[slot.column]
            assert not isinstance(coarse, Coarser)
            coded.append(Coded(slot, encoder.field, encoder.partition.size, coarse))
    size = len(index.lowered.numbers)
    sample = range(0, size, max(1, size // SAMPLE))
    spread = {
        id(column): column.spread(sample)
        for column in coded
        if size and not column.slot.partition.ordered  # type: ignore[union-attr]  # seen above
    }
    keyed: list[Coded] = []
    expected, cells = float(size), 1
    for column in sorted((c for c in coded if id(c) in spread), key=lambda c: spread[id(c)]):
        few = expected <= EXPECTED and len(raw) + len(coded) - len(keyed) <= BOX_COLUMNS
        if cells * column.size > (FEW_CELLS if few else MOST_CELLS) or (few and spread[id(column)] > WORTH_SPREAD):
            break
        # a cell that is made by itself takes thirty times as long as the index of a table of not too many rules
        if size < MANY_RULES and keyed and cells // keyed[0].size * column.size > MADE_AT_ONCE:
            break
        keyed.append(column)
        expected *= spread[id(column)]
        cells *= column.size
    boxed = [column for column in coded if column not in keyed]
    if not keyed or expected > FEW_RULES or len(raw) + len(boxed) > BOX_COLUMNS:
        return None
    if any(column.field.mask >> 62 for column in boxed):
        return None
    few = size <= SMALL and expected <= STRETCHED and len(raw) <= STRETCHED_COLUMNS and not boxed
    return Cells(answers, keyed, raw, boxed, few)
