"""The regions of cases that two versions of a table answer otherwise.

A case outside the boxes of all changed rules meets the same rules in the same order in both versions, so only those
boxes are walked, one after the other, axis by axis. The walk carries the rules still met, of each version in its own
order, as bits. It stops where both come to the same whatever follows, and where both are settled: what it has then is a
box all of whose cases differ, or may where a formula decides. Boxes that differ in one axis alone are joined again.
Where an else rule changed, all that no other rule meets is one region, whatever its shape.

A rule that adds to a list changes it wherever it holds, unless another adds the same: only those are walked with it,
and what a region then tells is what is added and what is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rulectl.analysis.budget import Budget
from rulectl.analysis.neighbours import Neighbours, bits
from rulectl.analysis.walk import Box, Strip, inside, meet, strips, uncovered
from rulectl.compare.answers import SILENT, Answer, answers, differ
from rulectl.compare.joint import Group, Joint
from rulectl.lang.region import Region, union

_STEPS = 256
"""How many steps are walked between two looks at the clock."""

_MERGED = 400
"""Up to so many boxes of one answer are joined."""

Answers = tuple[tuple[str, Answer], ...]


@dataclass(frozen=True, slots=True)
class Differing:
    """A region and its answers by term, before and after; those that are the same are left out. `apart` are boxes that
    do not belong to it: those of all other rules, where an else rule is what changed."""

    box: Box
    before: Answers
    after: Answers
    apart: tuple[Box, ...] = ()

    @property
    def computed(self) -> bool:
        """Whether formulas decide, so that only a case shows that the values differ."""
        return any(answer.formulas for _, answer in (*self.before, *self.after))

    def holds(self, point: Sequence[int]) -> bool:
        """Whether a case of these classes lies in the region."""
        in_box = all(map(inside, point, self.box))
        return in_box and not any(all(map(inside, point, other)) for other in self.apart)


def differing(joint: Joint, budget: Budget) -> tuple[Differing, ...]:
    """All regions, disjoint for each conclusion. Raises OutOfTime."""
    found: list[Differing] = []
    if joint.changed or not all(group.same for group in joint.groups):
        near = Neighbours.of(joint.boxes, joint.space.whole)
        for group in joint.groups:
            found += _joined(tuple(_of_group(joint, group, near, budget)))
    return _together(found)


def _of_group(joint: Joint, group: Group, near: Neighbours, budget: Budget) -> Iterator[Differing]:
    """The regions in which some conclusions differ."""
    boxes, whole = joint.boxes, joint.space.whole
    undated = all(boxes[n] == whole for n, other in enumerate(joint.otherwise) if other)
    outside = group.same and undated and any(joint.otherwise[n] for n in joint.changed)
    seeds: list[tuple[Box, int | None]] = [(boxes[n], n) for n in joint.changed if not (undated and joint.otherwise[n])]
    if group.collects:
        seeds = [(box, n) for box, n in seeds if n is not None and joint.said(n, group.terms[0])]
    walk = _Walk(joint, group, budget)
    done: list[tuple[Box, int | None]] = []
    for seed, member in seeds if group.same else [(whole, None)]:
        if not all(seed):
            continue
        met = [n for n in bits(near.of_box(seed)) if meet(boxes[n], seed) is not None]
        over = done
        every: Sequence[int] = ()
        if group.collects and member is not None:
            every = [n for n in met if joint.said(n, group.terms[0])]
            met = _sharing(joint, group.terms[0], member, met)
            over = [(box, n) for box, n in done if n in met]
        yield from walk.within(seed, met, [box for box, _ in over if meet(box, seed) is not None], every)
        done.append((seed, member))
    if outside:
        yield from _outside(joint, group, budget)


def _sharing(joint: Joint, term: str, member: int, met: Sequence[int]) -> list[int]:
    """Of the rules that a changed one meets, those that what it does to a list hangs on: all where it only moved, else
    those that say some of the same, or of what changed rules among these say."""
    said = {n: joint.items(n, term) for n in met if joint.said(n, term)}
    if joint.moved(member):
        return list(said)
    pool = joint.items(member, term)
    changed = {n for n in joint.changed if n in said}
    while changed:
        joining = {n for n in changed if not pool.isdisjoint(said[n])}
        if not joining:
            break
        pool = pool.union(*(said[n] for n in joining))
        changed -= joining
    return [n for n, own in said.items() if not pool.isdisjoint(own)]


def _outside(joint: Joint, group: Group, budget: Budget) -> Iterator[Differing]:
    """The region in which no other rule of either version holds, or could while something is unknown."""
    others = tuple(box for box, other in zip(joint.space.open, joint.otherwise, strict=True) if not other)
    elses = [pair for pair, other in zip(joint.members, joint.otherwise, strict=True) if other]
    before = tuple(sorted(pair.before for pair in elses if pair.before is not None))
    after = tuple(sorted(pair.after for pair in elses if pair.after is not None))
    told = _told(joint, group, before, after)
    if told is not None and uncovered(joint.space.whole, others, budget) is not None:
        yield Differing(joint.space.whole, *told, apart=others)


def _told(joint: Joint, group: Group, before: Sequence[int], after: Sequence[int]) -> tuple[Answers, Answers] | None:
    """The answers for the rules that hold in each version, None where they are the same."""
    one, other = answers(joint.before, before, group.terms), answers(joint.after, after, group.terms)
    apart = [term for term in group.terms if differ(one.get(term), other.get(term))]
    if not apart:
        return None
    return (
        tuple((term, one.get(term, SILENT)) for term in apart),
        tuple((term, other.get(term, SILENT)) for term in apart),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """Some boxes as bits in an order of their own: `names` what each bit is, `masks[axis][piece]` those that hold in a
    piece of an axis, `throughout[at]` those that hold whatever the axes from `at` on are, `start` those that hold on
    the axes that part nothing."""

    names: tuple[int, ...]
    masks: tuple[tuple[int, ...], ...]
    throughout: tuple[int, ...]
    start: int

    @staticmethod
    def of(order: Sequence[int], cuts: Sequence[Strip], everywhere: int, names: Sequence[int]) -> _Side:
        """`order` are the bits of the cuts' masks that these boxes are."""
        known: dict[int, int] = {}

        def own(mask: int) -> int:
            if mask not in known:
                known[mask] = sum(1 << at for at, bit in enumerate(order) if mask >> bit & 1)
            return known[mask]

        masks = tuple(tuple(own(mask) for mask in cut.masks) for cut in cuts)
        throughout = [(1 << len(order)) - 1]
        for axis in reversed(masks):
            always = throughout[-1]
            for mask in axis:
                always &= mask
            throughout.append(always)
        return _Side(tuple(names), masks, tuple(reversed(throughout)), own(everywhere))


@dataclass(slots=True)
class _Walk:
    """The walk of one table. `known` remembers what sets of rules come to."""

    joint: Joint
    group: Group
    budget: Budget
    steps: int = 0
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Answers, Answers] | None] = field(default_factory=dict)

    def within(
        self, domain: Box, met: Sequence[int], done: Sequence[Box], every: Sequence[int] = ()
    ) -> Iterator[Differing]:
        """The regions in a box, without what lies in boxes that are done. Of a list `met` are the rules that say what
        changed; where they say the same as before in other places, `every` rule may stand between these."""
        cuts = strips(domain, [*(self.joint.boxes[n] for n in met), *done])
        everywhere = (1 << (len(met) + len(done))) - 1
        for cut in cuts:
            if len(set(cut.masks)) == 1:
                everywhere &= cut.masks[0]
        # what parts least comes first, so that regions stay wide; what parts nothing is left as it is
        asked = sorted((cut for cut in cuts if len(set(cut.masks)) > 1), key=lambda cut: len(cut.pieces))
        old = self._side(met, asked, everywhere, [pair.before for pair in self.joint.members])
        new = self._side(met, asked, everywhere, [pair.after for pair in self.joint.members])
        gone = _Side.of(range(len(met), len(met) + len(done)), asked, everywhere, ())
        for box, told in self._go(0, (old.start, new.start, gone.start), domain, asked, (old, new, gone)):
            if len(every) > len(met) and (told is None or _reordered(*told)):
                yield from self.within(box, [n for n in every if meet(self.joint.boxes[n], box) is not None], ())
            elif told is not None:
                yield Differing(box, *told)

    def _side(
        self, met: Sequence[int], asked: Sequence[Strip], everywhere: int, numbers: Sequence[int | None]
    ) -> _Side:
        """The rules of one version among those met, in its order, else rules last. A bit is named by its member."""
        own = [bit for bit, member in enumerate(met) if numbers[member] is not None]
        own.sort(key=lambda bit: (self.joint.otherwise[met[bit]], numbers[met[bit]]))
        return _Side.of(own, asked, everywhere, [met[bit] for bit in own])

    def _go(
        self,
        at: int,
        active: tuple[int, int, int],
        box: Box,
        asked: Sequence[Strip],
        sides: tuple[_Side, _Side, _Side],
    ) -> Iterator[tuple[Box, tuple[Answers, Answers] | None]]:
        """Boxes where other rules decide, with the answers, None where these are the same."""
        old, new, gone = sides
        mine, theirs, over = active
        if over & gone.throughout[at]:
            return
        if self.group.first:
            mine, theirs = _bounded(mine, old.throughout[at]), _bounded(theirs, new.throughout[at])
        one, other = [old.names[bit] for bit in bits(mine)], [new.names[bit] for bit in bits(theirs)]
        sure = mine & old.throughout[at] and theirs & new.throughout[at]
        if self.group.same and (one == other or (self.group.first and sure and self._alike(one, other))):
            return
        self.steps += 1
        if self.steps % _STEPS == 0:
            self.budget.check()
        settled = not mine & ~old.throughout[at] and not theirs & ~new.throughout[at] and not over
        if settled:
            yield box, self._told(tuple(one), tuple(other))
            return
        groups: dict[tuple[int, int, int], list[Region]] = {}
        for piece, run in enumerate(asked[at].pieces):
            left = (mine & old.masks[at][piece], theirs & new.masks[at][piece], over & gone.masks[at][piece])
            groups.setdefault(left, []).append((run,))
        axis = asked[at].axis
        for left, runs in groups.items():
            yield from self._go(at + 1, left, (*box[:axis], union(runs), *box[axis + 1 :]), asked, sides)

    def _alike(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether all of some members say the same."""
        said = {tuple(self.joint.said(n, term) for term in self.group.terms) for n in (*one, *other)}
        return len(said) == 1

    def _told(self, one: tuple[int, ...], other: tuple[int, ...]) -> tuple[Answers, Answers] | None:
        """The answers for members that hold in each version."""
        if (one, other) not in self.known:
            members = self.joint.members
            before = sorted(n for member in one if (n := members[member].before) is not None)
            after = sorted(n for member in other if (n := members[member].after) is not None)
            self.known[one, other] = _told(self.joint, self.group, before, after)
        return self.known[one, other]


def _reordered(before: Answers, after: Answers) -> bool:
    """Whether the same is said in another order, so that it hangs on all rules what the list comes to."""
    pairs = zip(before, after, strict=True)
    return all(Counter(one.items) == Counter(other.items) for (_, one), (_, other) in pairs)


def _bounded(active: int, throughout: int) -> int:
    """The rules up to the first that holds whatever follows; none after it can be the first hit."""
    sure = active & throughout
    return active & (((sure & -sure) << 1) - 1) if sure else active


def _joined(found: Sequence[Differing]) -> Iterator[Differing]:
    """The regions, those of one answer that differ in one axis alone made one."""
    groups: dict[object, list[Differing]] = {}
    for one in found:
        groups.setdefault((one.before, one.after, one.apart), []).append(one)
    for group in groups.values():
        boxes = [one.box for one in group]
        yield from (replace(group[0], box=box) for box in (_merged(boxes) if len(boxes) <= _MERGED else boxes))


def _together(found: Sequence[Differing]) -> tuple[Differing, ...]:
    """Regions of the same cases, of several conclusions, as one."""
    same: dict[tuple[Box, tuple[Box, ...]], Differing] = {}
    for one in found:
        key = (one.box, one.apart)
        other = same.get(key)
        same[key] = (
            one
            if other is None
            else replace(other, before=(*other.before, *one.before), after=(*other.after, *one.after))
        )
    return tuple(same.values())


def _merged(boxes: list[Box]) -> list[Box]:
    """Disjoint boxes, joined along one axis at a time as long as that makes them fewer."""
    shrinking = True
    while shrinking:
        before = len(boxes)
        for axis in range(len(boxes[0])):
            rows: dict[tuple[Region, ...], list[Region]] = {}
            for box in boxes:
                rows.setdefault((*box[:axis], *box[axis + 1 :]), []).append(box[axis])
            boxes = [(*row[:axis], union(own), *row[axis:]) for row, own in rows.items()]
        shrinking = len(boxes) < before
    return boxes
