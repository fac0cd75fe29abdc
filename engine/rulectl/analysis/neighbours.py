"""Which boxes of many may meet a given one: bit masks by class, and by prefix along ordered axes.

Ten thousand rules make fifty million pairs; an AND of one mask an axis leaves the few that are worth comparing. Along
an ordered axis a region is taken for its hull and the masks are kept at a thousand places only, so a box that does not
meet may be named, but none that does is left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rulectl.analysis.walk import Box
from rulectl.lang.region import Region

_PLACES = 1024
_LISTED = 4096
"""Up to so many classes an axis has one mask a class; beyond it, masks by prefix."""


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(slots=True)
class _ByClass:
    """One mask for each class."""

    masks: dict[int, int]
    free: int
    known: dict[Region, int] = field(default_factory=dict)

    @staticmethod
    def of(regions: Sequence[Region], whole: Region) -> _ByClass:
        masks: dict[int, int] = {}
        free = 0
        for bit, region in enumerate(regions):
            if region == whole:
                free |= 1 << bit
                continue
            for start, stop in region:
                for number in range(start, stop):
                    masks[number] = masks.get(number, 0) | 1 << bit
        return _ByClass(masks, free)

    def meeting(self, region: Region) -> int:
        found = self.known.get(region)
        if found is None:
            found = self.free
            for start, stop in region:
                for number in range(start, stop):
                    found |= self.masks.get(number, 0)
            self.known[region] = found
        return found


@dataclass(slots=True)
class _ByPrefix:
    """Masks of the hulls that start below a place, and of those that stop at or below it."""

    starts: list[int]
    started: list[int]
    stops: list[int]
    stopped: list[int]

    @staticmethod
    def of(regions: Sequence[Region], whole: Region) -> _ByPrefix:
        hulls = [(region[0][0], region[-1][1]) if region else (0, 0) for region in regions]
        starts, started = _prefixes([start for start, _ in hulls])
        # what stops at or below a place stops below the next class
        stops, stopped = _prefixes([stop for _, stop in hulls], 1)
        return _ByPrefix(starts, started, stops, stopped)

    def meeting(self, region: Region) -> int:
        if not region:
            return 0
        first, last = region[0][0], region[-1][1]
        # all that start below the end: at the next place at or above it; less all that have stopped: at the one below
        above = self.started[min(bisect_left(self.starts, last), len(self.started) - 1)]
        below = bisect_right(self.stops, first) - 1
        return above & ~self.stopped[below] if below >= 0 else above


def _prefixes(values: list[int], more: int = 0) -> tuple[list[int], list[int]]:
    """Places, and for each the mask of the values below it and `more`; the last place is above all of them."""
    order = sorted(range(len(values)), key=lambda bit: values[bit])
    places: list[int] = []
    masks: list[int] = []
    mask = at = 0
    step = max(1, len(values) // _PLACES)
    marks = sorted(set(values))
    for place in [*marks[::step], (marks[-1] if marks else 0) + 1]:
        while at < len(order) and values[order[at]] < place + more:
            mask |= 1 << order[at]
            at += 1
        places.append(place)
        masks.append(mask)
    return places, masks


@dataclass(slots=True)
class Neighbours:
    """The masks of some boxes, axis by axis."""

    axes: tuple[tuple[int, _ByClass | _ByPrefix], ...]
    every: int

    @staticmethod
    def of(boxes: Sequence[Box], whole: Box) -> Neighbours:
        axes: list[tuple[int, _ByClass | _ByPrefix]] = []
        for axis, region in enumerate(whole):
            regions = [box[axis] for box in boxes]
            if all(own == region for own in regions):
                continue
            classes = sum(stop - start for own in set(regions) for start, stop in own)
            kind = _ByClass if classes <= _LISTED else _ByPrefix
            axes.append((axis, kind.of(regions, region)))
        return Neighbours(tuple(axes), (1 << len(boxes)) - 1)

    def of_box(self, box: Box, among: int | None = None) -> int:
        """The boxes that may meet one, as bits."""
        mask = self.every if among is None else among
        for axis, masks in self.axes:
            mask &= masks.meeting(box[axis])
            if not mask:
                break
        return mask
