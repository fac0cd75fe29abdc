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
from decimal import Decimal
from itertools import chain, product
from math import prod
from struct import Struct
from typing import Final, NamedTuple, cast

from rulectl.lang.flat import Piece
from rulectl.lang.region import FIRST
from rulectl.lang.syntax import Name
from rulectl.runtime.answers import Answers, Said
from rulectl.runtime.coding import Field
from rulectl.runtime.encoder import Encoder, Unreadable, edges_of
from rulectl.runtime.index import Index
from rulectl.runtime.lowering import NONE, Slot

MANY_WAYS: Final = 1 << 16
"""A table whose classes meet in fewer ways remembers all its answers, which is faster."""

FEW_RULES: Final = 32
"""A cell with more rules is left to the index."""

EXPECTED: Final = 8
"""So few rules of a cell are not parted by one more column."""

MOST_CELLS: Final = 200_000
"""A table is parted into so many cells at most."""

MADE_AT_ONCE: Final = 256
"""So many cells that share the class of the first column are made in one go: what takes time is better over early."""

MOST_BOXES: Final = 16
"""A rule that takes more boxes than this leaves its cells to the index."""

BOX_COLUMNS: Final = 4
"""Boxes have so many columns at most."""

WIDE: Final = 64
"""A rule that holds in more classes than this of the first column is looked at for each of them."""

KEPT_BOXES: Final = 1_000_000
"""How many boxes the cells of a table may hold before all are forgotten (bounds memory)."""

SAMPLE: Final = 512
"""How many rules are asked which columns part them best."""


class Raw(NamedTuple):
    """A column of plain numbers, and what reads its term."""

    slot: Slot
    encoder: Encoder

    def ranges(self, rule: int) -> Sequence[tuple[float, float]]:
        """Between which numbers a rule holds, ends excluded."""
        ref = self.slot.refs[rule]
        if ref == NONE:
            return _ANYWHERE
        forms = self.slot.forms[ref]
        if len(forms) == 1 and type(forms[0]) is tuple:
            return [_between(piece) for piece in forms[0]]
        assert self.slot.partition is not None
        ends = [-math.inf, *edges_of(self.slot.partition), math.inf]
        return [(ends[start - FIRST], ends[stop - FIRST]) for start, stop in self.slot.constraint(ref).region]


_ANYWHERE: Final = ((-math.inf, math.inf),)


def _between(piece: Piece) -> tuple[float, float]:
    """The same of a comparison or a range of numbers; they are told apart by floats (runtime/encoder.py)."""
    sign, first, last = piece[0], float(cast(Decimal, piece[1])), float(cast(Decimal, piece[-1]))
    match sign:
        case "=" | "[..]":
            return first, math.nextafter(last, math.inf)
        case "<":
            return -math.inf, last
        case "<=":
            return -math.inf, math.nextafter(last, math.inf)
        case ">":
            return math.nextafter(first, math.inf), math.inf
        case ">=":
            return first, math.inf
        case "[..)":
            return first, last
        case "(..)":
            return math.nextafter(first, math.inf), last
        case _:
            return math.nextafter(first, math.inf), math.nextafter(last, math.inf)


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


class Cells(dict[int, "bytes | None"]):
    """The cells of a table by the codes of its keyed columns, made when they are first asked for; None is left to the
    index. A cell is the boxes of its rules in order, packed, since what lies scattered takes longer to fetch from
    memory than to compare."""

    def __init__(self, answers: Answers, keyed: Sequence[Coded], raw: Sequence[Raw], boxed: Sequence[Coded]) -> None:
        super().__init__()
        self.answers = answers
        self.keyed = keyed
        self.raw = raw
        self.boxed = boxed
        self.mask = sum(column.field.mask for column in keyed)
        self.masks = [column.field.mask for column in boxed]
        # nothing is padded, since the codes of columns stand behind the numbers
        self.struct = Struct("dd" * len(raw) + "qq" * len(boxed) + "i")
        self.groups: dict[int, list[int]] | None = None
        self.wide: dict[int, frozenset[int]] = {}
        self.held = 0

    def careful(self, codes: int, raws: Sequence[object]) -> Said | None:
        """The answer for a case by the classes of all columns: its codes, and its numbers in the order of `raw`."""
        try:
            for column, raw in zip(self.raw, raws, strict=True):
                encoder = column.encoder
                codes &= ~encoder.field.mask
                codes |= encoder.whole[raw] if type(raw) is int else encoder[raw]
        except (Unreadable, TypeError):
            return None
        return self.answers[codes & self.answers.mask]

    def missed(self, codes: int, raws: Sequence[object]) -> Said | None:
        """The answer where no box of a cell holds: that of no rule, if nothing that boxes ask is unknown."""
        if any(column.field.number(codes) < FIRST for column in self.boxed):
            return self.careful(codes, raws)
        return self.answers.rules[NONE] or self.answers.of_rule(NONE)

    def __missing__(self, code: int) -> bytes | None:
        numbers = [column.field.number(code) for column in self.keyed]
        if min(numbers, default=FIRST) < FIRST:
            self[code] = None
            return None
        if self.held > KEPT_BOXES:
            self.clear()
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
            self._make({code: [self._box(rule) for rule in rules]})
            return self[code]
        cells: dict[int, list[bytes | None]] = {lead + sum(side): [] for side in product(*sides)}
        for rule in rules:
            box = self._box(rule)
            at = [lead]
            for column in rest:
                at = [one + other for one in at for other in column.codes(rule)]
            for one in at:
                cells[one].append(box)
        self._make(cells)
        return self[code]

    def _make(self, cells: Mapping[int, Sequence[bytes | None]]) -> None:
        """Keep some cells, given as the boxes of their rules."""
        most = FEW_RULES * self.struct.size
        for code, boxes in cells.items():
            packed = b"".join(box for box in boxes if box is not None)
            self[code] = packed if None not in boxes and len(packed) <= most else None
            self.held += 1 + len(packed) // self.struct.size

    def _group(self, lead: int) -> Sequence[int]:
        """The rules that hold for a code of the first keyed column, in order."""
        first = self.keyed[0]
        if self.groups is None:
            groups: dict[int, list[int]] = {}
            wide: dict[int, frozenset[int]] = {}
            for rule in range(len(first.slot.refs)):
                codes = first.codes(rule)
                if len(codes) > WIDE:
                    wide[rule] = frozenset(codes)
                else:
                    for code in codes:
                        groups.setdefault(code, []).append(rule)
            # whole at once, for another thread may look
            self.wide, self.groups = wide, groups
        return sorted([*self.groups.get(lead, ()), *(rule for rule, codes in self.wide.items() if lead in codes)])

    def _box(self, rule: int) -> bytes | None:
        """The boxes of a rule over the columns that are not keyed, packed; None where these are too many."""
        ranges: list[Sequence[tuple[float, float]]] = [column.ranges(rule) for column in self.raw]
        ranges += [column.ranges(rule) for column in self.boxed]
        number = self.answers.plan.lowered.numbers[rule]
        if prod(map(len, ranges)) > MOST_BOXES:
            return None
        return b"".join([self.struct.pack(*chain.from_iterable(box), number) for box in product(*ranges)])


def cells_of(answers: Answers, encoders: Mapping[str, Encoder], given: frozenset[str]) -> Cells | None:
    """The cells of a table, None where they would not help: where its answers are remembered, more than a first hit is
    asked for, or no few columns part its rules well. `given` are the terms that cases give."""
    index = answers.plan.index
    if not answers.first or type(index) is not Index or answers.ways <= MANY_WAYS:
        return None
    slots = index.lowered.slots
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
            coded.append(Coded(slot, encoder.field, encoder.partition.size, answers.keyed.coarse[slot.column]))
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
        if few or cells * column.size > MOST_CELLS:
            break
        keyed.append(column)
        expected *= spread[id(column)]
        cells *= column.size
    boxed = [column for column in coded if column not in keyed]
    if not keyed or expected > FEW_RULES or len(raw) + len(boxed) > BOX_COLUMNS:
        return None
    if any(column.field.mask >> 62 for column in boxed):
        return None
    return Cells(answers, keyed, raw, boxed)
