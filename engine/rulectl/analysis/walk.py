"""Boxes of classes: what they have in common, and whether some of them together cover another.

A rule is a box: for each axis the set of classes where its test holds. Whether a box is covered by others is asked by a
walk along the axes that carries the covers still met as the bits of an integer; what was met before with the same bits
is not walked again. It either finds a point that none covers, or has shown that there is none. (The general question is
coNP-complete in the number of axes; see budget.py.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from rulectl.analysis.budget import Budget
from rulectl.lang.region import Region, intersection, union

Box = tuple[Region, ...]
Point = tuple[int, ...]

_SIFTED = 48
_STEPS = 512
"""How many steps are walked between two looks at the clock."""

_LONG = 4_000
"""A walk of so many steps is long; something else is tried before it goes on."""

_BEGINNINGS = 60


def meet(one: Box, other: Box) -> Box | None:
    """What two boxes have in common; None when that is nothing."""
    common: list[Region] = []
    for mine, theirs in zip(one, other, strict=True):
        both = mine if mine is theirs else intersection(mine, theirs)
        if not both:
            return None
        common.append(both)
    return tuple(common)


def within(inner: Box, outer: Box) -> bool:
    """Whether a box lies inside another."""
    return all(mine is theirs or intersection(mine, theirs) == mine for mine, theirs in zip(inner, outer, strict=True))


def inside(number: int, region: Region) -> bool:
    return any(start <= number < stop for start, stop in region)


def cut(region: Region, covers: Sequence[Region]) -> tuple[tuple[int, int], ...]:
    """The runs of a region cut wherever a cover starts or stops, so that no cover parts any piece."""
    marks = sorted({mark for cover in covers for run in cover for mark in run})
    pieces: list[tuple[int, int]] = []
    at = 0
    for start, stop in region:
        while at < len(marks) and marks[at] <= start:
            at += 1
        here = start
        while at < len(marks) and marks[at] < stop:
            pieces.append((here, marks[at]))
            here = marks[at]
            at += 1
        pieces.append((here, stop))
    return tuple(pieces)


@dataclass(frozen=True, slots=True)
class Strip:
    """One axis of a walk: its pieces, and for each the covers that hold there, as bits."""

    axis: int
    pieces: tuple[tuple[int, int], ...]
    masks: tuple[int, ...]


def strips(domain: Box, covers: Sequence[Box]) -> tuple[Strip, ...]:
    """The axes cut into pieces that no cover parts."""
    found = []
    for axis, region in enumerate(domain):
        regions = [cover[axis] for cover in covers]
        pieces = cut(region, regions)
        changes: dict[int, int] = {}
        for bit, cover in enumerate(regions):
            for start, stop in cover:
                changes[start] = changes.get(start, 0) ^ (1 << bit)
                changes[stop] = changes.get(stop, 0) ^ (1 << bit)
        marks = sorted(changes)
        at = 0
        current = 0
        masks = []
        for start, _ in pieces:
            while at < len(marks) and marks[at] <= start:
                current ^= changes[marks[at]]
                at += 1
            masks.append(current)
        found.append(Strip(axis, pieces, tuple(masks)))
    return tuple(found)


def uncovered(domain: Box, covers: Sequence[Box], budget: Budget) -> Point | None:
    """A point of a box that lies in none of the covers; None proves that there is none. Raises OutOfTime."""
    if not all(domain):
        return None
    every = (1 << len(covers)) - 1
    cuts = strips(domain, covers)
    # an axis on which every cover holds throughout decides nothing
    asked = [strip for strip in cuts if any(mask != every for mask in strip.masks)]
    asked.sort(key=lambda strip: sum(mask.bit_count() for mask in strip.masks) / len(strip.masks))
    options = [_least(strip) for strip in asked]
    throughout = [every] * (len(asked) + 1)
    for at in range(len(asked) - 1, -1, -1):
        always = throughout[at + 1]
        for mask in asked[at].masks:
            always &= mask
        throughout[at] = always
    covered: set[tuple[int, int]] = set()
    try:
        chosen = _Walk(options, throughout, budget, _LONG).find(0, every, covered)
    except _LongWalk:
        chosen = _descended(options, every, budget) or _Walk(options, throughout, budget).find(0, every, covered)
    if chosen is None:
        return None
    point = [region[0][0] for region in domain]
    for strip, start in zip(asked, chosen, strict=False):
        point[strip.axis] = start
    return tuple(point)


def _least(strip: Strip) -> list[tuple[int, int]]:
    """Masks and a class where each holds; a mask that holds all the covers of another can be left out, since whatever
    is uncovered there is uncovered at the other too."""
    first: dict[int, int] = {}
    for (start, _), mask in zip(strip.pieces, strip.masks, strict=True):
        first.setdefault(mask, start)
    return _undominated(first)


def _undominated(first: Mapping[int, int]) -> list[tuple[int, int]]:
    """Masks, the smallest first, without those that hold all of another; not sifted where that would take too long."""
    by_size = sorted(first.items(), key=lambda pair: pair[0].bit_count())
    if len(by_size) > _SIFTED:
        return by_size
    kept: list[tuple[int, int]] = []
    for mask, start in by_size:
        if not any(other & mask == other for other, _ in kept):
            kept.append((mask, start))
    return kept


class _LongWalk(Exception):  # noqa: N818 - not an error: it is time to try something else
    """The walk has taken as many steps as it may."""


def _descended(options: Sequence[Sequence[tuple[int, int]]], every: int, budget: Budget) -> list[int] | None:
    """The classes of an uncovered point, found by going down: one axis after the other takes the class that leaves the
    fewest covers, from drawn beginnings; None where that leads nowhere, which proves nothing. (Minton and others,
    "Minimizing conflicts", 1992.) Of a thousand rules with eight numbers, whose gaps are few and narrow, the walk may
    see none in its time, and this finds one in a second."""
    draw = Random(0)
    axes = range(len(options))
    for _ in range(_BEGINNINGS):
        budget.check()
        at = [draw.choice(list(ways)) for ways in options]
        left = len(options) + 1
        while True:
            before = left
            for axis in draw.sample(axes, len(axes)):
                rest = every
                for other in axes:
                    if other != axis:
                        rest &= at[other][0]
                at[axis] = min(options[axis], key=lambda way: (rest & way[0]).bit_count())
                left = (rest & at[axis][0]).bit_count()
                if not left:
                    return [start for _, start in at]
            if left == before:
                break
    return None


@dataclass(slots=True)
class _Walk:
    """The memoised walk. `throughout[at]` are the covers that hold whatever the axes from `at` on are; past `most`
    steps it stops with _LongWalk."""

    options: list[list[tuple[int, int]]]
    throughout: list[int]
    budget: Budget
    most: int | None = None
    steps: int = 0

    def find(self, at: int, active: int, covered: set[tuple[int, int]] | None = None) -> list[int] | None:
        """The classes, axis by axis, that leave no cover; they may end early, when none is left."""
        covered = set() if covered is None else covered
        if not active:
            return []
        if active & self.throughout[at] or (at, active) in covered:
            return None
        self.steps += 1
        if self.steps % _STEPS == 0:
            self.budget.check()
        if self.steps == self.most:
            raise _LongWalk
        # most ways end at the next axis: these are seen here, without a call for each and before they are sifted
        after = at + 1
        always = self.throughout[after]
        left: dict[int, int] = {}
        for mask, start in self.options[at]:
            mine = active & mask
            if not mine & always and mine not in left and (after, mine) not in covered:
                left[mine] = start
        for mine, start in _undominated(left):
            found = self.find(after, mine, covered)
            if found is not None:
                return [start, *found]
        covered.add((at, active))
        return None


def widen(point: Point, domain: Box, covers: Sequence[Box]) -> Box:
    """A box around an uncovered point that no cover meets and that cannot be made larger; of a few tries the one that
    leaves the most axes free."""
    cuts = strips(domain, covers)
    at = [_piece(strip, point[strip.axis]) for strip in cuts]
    orders = (range(len(cuts)), range(len(cuts) - 1, -1, -1))
    best: tuple[int, Box] | None = None
    for order in orders:
        box = _widened(cuts, at, domain, order, (1 << len(covers)) - 1)
        bound = sum(region != whole for region, whole in zip(box, domain, strict=True))
        if best is None or bound < best[0]:
            best = bound, box
    assert best is not None
    return best[1]


def _piece(strip: Strip, number: int) -> int:
    return next(i for i, (start, stop) in enumerate(strip.pieces) if start <= number < stop)


def _widened(cuts: Sequence[Strip], at: Sequence[int], domain: Box, order: Sequence[int], every: int) -> Box:
    met = [strip.masks[piece] for strip, piece in zip(cuts, at, strict=True)]
    taken: list[list[int]] = [[piece] for piece in at]
    for whole in (True, False):  # first what can be freed altogether, then what can be made wider
        for axis in order:
            rest = every
            for other, mask in enumerate(met):
                if other != axis:
                    rest &= mask
            open_ = [i for i, mask in enumerate(cuts[axis].masks) if not mask & rest]
            if not whole or len(open_) == len(cuts[axis].masks):
                taken[axis] = open_
                met[axis] = 0
                for i in open_:
                    met[axis] |= cuts[axis].masks[i]
    return tuple(
        domain[strip.axis] if len(pieces) == len(strip.pieces) else union([tuple(strip.pieces[i] for i in pieces)])
        for strip, pieces in zip(cuts, taken, strict=True)
    )
