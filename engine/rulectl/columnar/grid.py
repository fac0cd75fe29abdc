"""A table whose classes hardly ever come together twice: rules found row by row, in columns.

A rule is a box of class numbers (lang/region.py), and the boxes are laid out in the cells of a grid: texts cut it
finely, numbers coarsely, so that a cell holds few boxes. The rows of each cell are held against its boxes in the order
of the rules, all rows at once: first every row against the first box of its cell, then those that are still open
against the second. (Gupta and McKeown, "Algorithms for packet classification", IEEE Network 2001.)

Null that is known for certain is a class like others; rows with unknown classes are not for the grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, Rows
from rulectl.columnar.columns import told_apart
from rulectl.lang.flat import RANGES
from rulectl.lang.region import ABSENT, FIRST
from rulectl.runtime.lowering import NONE as NO_ENTRY
from rulectl.runtime.lowering import TRUE, Lowered, Slot
from rulectl.types import Kind

Bounds = npt.NDArray[np.int32]

Runs = tuple[Rows, Codes, Codes]
"""Runs of classes in which rules hold: the rule's place, in order, its first class and the one after its last."""

NONE = -1
"""Stands for no rule."""

_STEP = 1 << 15
"""Rows looked at together: few enough to stay in the processor's cache."""

_CELLS = 1 << 21
_ROOM = 8
"""A grid may hold so many copies of a box on average, and has at most `_CELLS` cells."""


class Axis(NamedTuple):
    """How a column cuts the grid: class -> cell, and whether cells are single classes: then nothing is left to ask."""

    column: int
    cell_of: Codes
    cells: int
    whole: bool


class Grid(NamedTuple):
    """`start[cell]` to `start[cell + 1]` are the boxes of a cell, in the order of rules: `rule`, and for each column in
    `asked` its classes in `boxes`: from the first number on, as many as the second says. They lie side by side, since
    fetching them from memory is most of the work for large tables."""

    axes: tuple[Axis, ...]
    asked: tuple[int, ...]
    start: Rows
    rule: Codes
    boxes: npt.NDArray[np.uint32]

    @staticmethod
    def of(lowered: Lowered, sizes: Sequence[int], runs: Mapping[int, Runs]) -> Grid | None:
        """The grid of a table whose columns have so many classes, and in these runs of them rules; None where its boxes
        would be too many."""
        boxes = _boxes(lowered, sizes, runs)
        if boxes is None:
            return None
        low, high, rule = boxes
        axes, cell = _axes(lowered, sizes, low, high)
        member, at = cell
        cells = int(np.prod([axis.cells for axis in axes], dtype=np.int64)) if axes else 1
        # boxes of a cell in the order of rules, else rules last
        late = np.isin(rule, np.array(sorted(lowered.otherwise), np.int32)) if lowered.otherwise else rule < 0
        order = np.lexsort((rule[member], late[member], at))
        member, at = member[order], at[order]
        start = np.zeros(cells + 1, np.int64)
        np.cumsum(np.bincount(at, minlength=cells), out=start[1:])
        settled = {axis.column for axis in axes if axis.whole}
        asked = tuple(
            c
            for c, size in enumerate(sizes)
            if c not in settled and bool(((low[:, c] > ABSENT) | (high[:, c] < size)).any())
        )
        # rows of 16 or 32 bytes are fetched at once
        width = next((width for width in (4, 8) if 2 * len(asked) <= width), 2 * len(asked))
        packed = np.zeros((len(member), width), np.uint32)
        for n, c in enumerate(asked):
            packed[:, 2 * n] = low[member, c]
            packed[:, 2 * n + 1] = high[member, c] - low[member, c]
        return Grid(axes, asked, start, rule[member], packed)

    @property
    def depth(self) -> float:
        """How many boxes lie in the cell of a row, for rows that fall where rules are."""
        boxes = np.diff(self.start).astype(np.float64)
        return float(np.square(boxes).sum() / max(1.0, boxes.sum()))

    def first(self, classes: Sequence[Codes], rows: int) -> Codes:
        """The first rule that holds in each row, NONE where none does."""
        found = np.full(rows, NONE, np.int32)
        steps = range(0, rows, _STEP)

        def one(begin: int) -> None:
            part = slice(begin, min(begin + _STEP, rows))
            self._first([column[part] for column in classes], found[part])

        if len(steps) > 2:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(one, steps))
        else:
            for begin in steps:
                one(begin)
        return found

    def _first(self, classes: Sequence[Codes], found: Codes) -> None:
        cell = self._cell(classes, len(found))
        at = self.start[cell]
        stop = self.start[cell + 1]
        rows = np.flatnonzero(at < stop)
        at, stop = at[rows], stop[rows]
        values = [classes[c][rows].view(np.uint32) for c in self.asked]
        while len(rows):
            holds = np.ones(len(rows), np.bool_)
            boxes = self.boxes.take(at, axis=0)
            for n, value in enumerate(values):
                # below the first class the difference wraps round to something larger than any span
                holds &= value - boxes[:, 2 * n] < boxes[:, 2 * n + 1]
            hit = np.flatnonzero(holds)
            found[rows[hit]] = self.rule.take(at[hit])
            at += 1
            left = np.flatnonzero(~holds & (at < stop))
            rows, at, stop = rows.take(left), at.take(left), stop.take(left)
            values = [value.take(left) for value in values]

    def _cell(self, classes: Sequence[Codes], rows: int) -> Rows:
        cell: Rows = np.zeros(rows, np.int64)
        for axis in self.axes:
            cell *= axis.cells
            cell += axis.cell_of.take(classes[axis.column])
        return cell


def _boxes(lowered: Lowered, sizes: Sequence[int], runs: Mapping[int, Runs]) -> tuple[Bounds, Bounds, Codes] | None:
    """Every rule as boxes of class runs: lows and highs (end excluded) by box and column, and the rule of each box."""
    count = len(lowered.numbers)
    member: Rows = np.arange(count, dtype=np.int64)
    low = np.full((count, len(sizes)), ABSENT, np.int32)
    high = np.tile(np.array(sizes, np.int32), (count, 1))
    for slot in lowered.slots:
        rule, first, last = runs[slot.column]
        number = np.bincount(rule, minlength=count)
        start = np.cumsum(number) - number
        copies = number[member]
        if int(copies.sum()) > _ROOM * count + 4_096:
            return None
        box = np.repeat(np.arange(len(member)), copies)
        run = np.repeat(start[member], copies) + np.arange(len(box)) - np.repeat(np.cumsum(copies) - copies, copies)
        member, low, high = member[box], low[box], high[box]
        low[:, slot.column], high[:, slot.column] = first[run], last[run]
    return low, high, np.array(lowered.numbers, np.int32)[member]


def runs_of(slot: Slot, size: int, count: int) -> Runs:
    """The runs of classes in which each rule's test holds."""
    if slot.partition is None:
        # one whole test: rules without it hold everywhere, those with it where it is met
        member = np.zeros(count, np.bool_)
        member[list(slot.members)] = True
        first, last = np.where(member, TRUE, ABSENT), np.where(member, TRUE + 1, size)
        return np.arange(len(member)), first.astype(np.int32), last.astype(np.int32)
    first, last, number = _entry_runs(slot, size)
    refs = np.asarray(slot.refs, np.int64)
    # an entry that asks nothing is the last of the forms
    form = np.where(refs == NO_ENTRY, len(slot.forms), refs)
    copies = number[form]
    rule = np.repeat(np.arange(len(refs)), copies)
    start = np.cumsum(number) - number
    run = np.repeat(start[form], copies) + np.arange(len(rule)) - np.repeat(np.cumsum(copies) - copies, copies)
    return rule, first[run], last[run]


def _entry_runs(slot: Slot, size: int) -> tuple[Codes, Codes, Rows]:
    """The runs of classes of all entries of a column, one after the other, and how many each entry has."""
    firsts: list[int] = []
    lasts: list[int] = []
    numbers: list[int] = []
    known = _ranges(slot)
    for ref in range(len(slot.forms)):
        run = known.get(ref)
        if run is not None:
            firsts.append(run[0])
            lasts.append(run[1])
            numbers.append(1)
            continue
        constraint = slot.constraint(ref)
        runs = list(constraint.region)
        if constraint.null is True:
            if runs and runs[0][0] == FIRST:
                runs[0] = (ABSENT, runs[0][1])
            else:
                runs.insert(0, (ABSENT, FIRST))
        firsts += [run[0] for run in runs]
        lasts += [run[1] for run in runs]
        numbers.append(len(runs))
    return (
        np.array([*firsts, ABSENT], np.int32),
        np.array([*lasts, size], np.int32),
        np.array([*numbers, 1], np.int64),
    )


def _ranges(slot: Slot) -> dict[int, tuple[int, int]]:
    """The entries that are one range of plain numbers each, as many as rules in a large table: form -> run."""
    partition = slot.partition
    if partition is None or partition.type.kind is not Kind.NUMBER or not told_apart(partition.points):
        return {}
    refs: list[int] = []
    ends: list[tuple[float, float]] = []
    open_: list[tuple[bool, bool]] = []
    for ref, forms in enumerate(slot.forms):
        form = forms[0]
        if len(forms) == 1 and isinstance(form, tuple) and len(form) == 1 and form[0][0] in RANGES:
            sign, start, *end = form[0]
            refs.append(ref)
            ends.append((float(start), float(end[0])))  # type: ignore[arg-type]  # a number's column holds numbers
            open_.append((sign[0] == "(", sign[-1] == "]"))
    if not refs:
        return {}
    points = np.array([float(point) for point in partition.points])
    # every end is a point, whose class is the odd one of its two
    classes = FIRST + 1 + 2 * np.searchsorted(points, np.array(ends)) + np.array(open_, np.int64)
    return {ref: (first, last) for ref, (first, last) in zip(refs, classes.tolist(), strict=True) if first < last}


def _axes(
    lowered: Lowered, sizes: Sequence[int], low: Bounds, high: Bounds
) -> tuple[tuple[Axis, ...], tuple[Rows, Rows]]:
    """How to cut the grid, and the boxes laid out in it: (box, cell) pairs."""
    room = _ROOM * len(low) + 4_096
    count = len(low)
    axes: list[Axis] = []
    member: Rows = np.arange(count, dtype=np.int64)
    at: Rows = np.zeros(count, np.int64)
    cells = 1

    def lay(column: int, resolution: int) -> bool:
        """Cut along one more column, if there is room."""
        nonlocal member, at, cells
        size = sizes[column]
        cell_of = (np.arange(size, dtype=np.int64) * resolution // size).astype(np.int32)
        first, last = cell_of[low[:, column]], cell_of[high[:, column] - 1]
        copies = (last - first + 1)[member]
        total = int(copies.sum())
        if cells * resolution > _CELLS or total > room:
            return False
        offset = np.arange(total) - np.repeat(np.cumsum(copies) - copies, copies)
        at = np.repeat(at, copies) * resolution + first[np.repeat(member, copies)] + offset
        member = np.repeat(member, copies)
        cells *= resolution
        axes.append(Axis(column, cell_of, resolution, resolution == size))
        return True

    def share(column: int) -> float:
        """The part of a column's classes that a box holds on average."""
        return float((high[:, column] - low[:, column]).mean()) / sizes[column] if count else 1.0

    texts = [c for c, column in enumerate(lowered.columns) if column.partition and not column.partition.ordered]
    for column in sorted(texts, key=share):
        if share(column) < 0.75:
            lay(column, sizes[column])
    for column in sorted((c for c in range(len(sizes)) if c not in texts), key=share):
        for resolution in (64, 32, 16, 8, 4):
            if len(member) > 2 * cells and resolution < sizes[column] and lay(column, resolution):
                break
    return tuple(axes), (member, at)
