"""What unknown inputs leave open of a table of plain values, in columns (runtime/doubting.py says it of one case).

A rule that stands (bits.py) holds where it holds of null wherever a row is blank. What else stands could come to hold,
and matters where it would change what is said: which rules these are says the one-case engine once for each set of
rules that hold, for every hit policy, as a row of bits. So what is in doubt is three ANDs a row; what to ask is one
more, and a count of bits, for each name that is blank. No combination of classes is ever looked at by itself: with many
blanks, hardly two rows lack the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.bits import MOST_BYTES, Bits, Words
from rulectl.columnar.codes import Codes, Mask, Numbered, Rows, constant, distinct_words
from rulectl.columnar.falling import Falling, Holding
from rulectl.columnar.firsts import Firsts
from rulectl.columnar.parted import Parts
from rulectl.lang.region import UNKNOWN
from rulectl.runtime.doubting import Doubting
from rulectl.runtime.leaf import Leaf
from rulectl.runtime.plan import Plan, TablePlan

Counted = npt.NDArray[np.integer]
"""Counts of rules, (combinations, names)."""

_BLANKS_BYTES: Final = 1 << 18
"""Which rules hold of null in some columns that are blank together is one matrix as long as that takes no more."""

_AT_ONCE: Final = 1 << 16
"""So many words are looked at together: few enough to stay in the processor's cache."""

_UNKNOWN_YET, _JUDGED = -1, -2
"""In place of the number of a row of bits: not asked for yet, and left to the judge."""


class Doubts(NamedTuple):
    """What rows lack: `counts[codes]` says for how many rules a row waits for each of the `names`. Nothing is in doubt
    where the code is 0."""

    names: tuple[str, ...]
    codes: Codes
    counts: Counted

    def and_those(self, where: Rows, other: Doubts) -> Doubts:
        """The same with others for some rows."""
        codes = self.codes.copy()
        # of those before, no row is left where others are all there is
        before = self.counts if len(self.counts) > 1 else self.counts[:0]
        codes[where] = np.where(other.codes == 0, 0, other.codes + np.int32(len(before)))
        return Doubts(self.names, codes, np.concatenate([before, other.counts]) if len(before) else other.counts)

    @staticmethod
    def none(names: tuple[str, ...], rows: int) -> Doubts:
        """Nothing is in doubt."""
        return Doubts(names, constant(rows), np.zeros((1, len(names)), np.int32))


class Reached(NamedTuple):
    """What is behind a name that is no input (behind.py): the number of each row's set of inputs, 0 where it does not
    wait. Bits of a set are places in the vocabulary."""

    codes: Codes
    sets: Numbered[int]

    def of(self, rows: Rows) -> Reached:
        """The same for some of the rows."""
        return Reached(self.codes[rows], self.sets)


class Seen(NamedTuple):
    """The classes of rows by column, as a case stands (UNCERTAIN: left to the judge) and as far as they are certain:
    the same arrays where that is no other."""

    now: Sequence[Codes]
    may: Sequence[Codes]

    def of(self, rows: Rows | slice) -> Seen:
        """The same for some of the rows."""
        now = [column[rows] for column in self.now]
        pairs = zip(now, self.now, self.may, strict=True)
        return Seen(now, [mine if may is was else may[rows] for mine, was, may in pairs])

    @property
    def open(self) -> Mask:
        """The rows of which something is unknown, or may yet change."""
        found = np.zeros(len(self.may[0]), np.bool_)
        for may in self.may:
            if len(may) and may.min() <= UNKNOWN:
                found |= may <= UNKNOWN
        return found

    @property
    def settled(self) -> bool:
        """Whether no value may yet change."""
        return all(may is now for now, may in zip(self.now, self.may, strict=True))


class Looked(NamedTuple):
    """How rows stand that lack inputs: the number of what the rules that hold come to; what is in doubt, by output
    column; which rows are left to the judge, where these numbers mean nothing."""

    starts: Codes
    doubts: tuple[Doubts, ...]
    judged: Mask


class Asked(NamedTuple):
    """What the columns of a table ask: their places, by the name of what they ask; the inputs behind those `names`
    that are none; the place of each input in the vocabulary."""

    places: Mapping[str, tuple[int, ...]]
    behind: Mapping[str, frozenset[str]]
    order: Mapping[str, int]

    @property
    def inputs(self) -> tuple[str, ...]:
        """All inputs that may be asked for, in the order of the vocabulary."""
        given = self.places.keys() - self.behind.keys()
        return tuple(sorted(given.union(*self.behind.values()), key=self.order.__getitem__))


def settled_in(plan: Plan) -> Mapping[str, int]:
    """The stratum after which each decided term is settled; none where a table reads what is only written later, as in
    a rulebook made by hand: what waits for that cannot be looked behind until the end."""
    settled = {name: stratum for stratum, names in enumerate(plan.settled_in) for name in names}
    ahead = any(settled[n] >= t.table.stratum for t in plan.tables for n in t.reads & settled.keys())
    return {} if ahead else settled


def asked_by(table: TablePlan, plan: Plan, settled: Mapping[str, int]) -> Asked | None:
    """What the columns of a table ask that need one name: an input, or a term that is `settled` before. None where no
    column does."""
    nobodys = plan.writers.keys() | {term.id for term in plan.unspoken}
    places: dict[str, tuple[int, ...]] = {}
    for at, column in enumerate(table.lowered.columns):
        if len(column.names) == 1:
            (name,) = column.names
            if name in settled or name in plan.terms.keys() - nobodys:
                places[name] = (*places.get(name, ()), at)
    order = plan.order
    places = {name: places[name] for name in sorted(places, key=order.__getitem__)}
    inner = [name for name in places if name in settled or name in plan.aggregates]
    return Asked(places, {name: _inputs_behind(name, plan) for name in inner}, order) if places else None


def _inputs_behind(name: str, plan: Plan) -> frozenset[str]:
    """The inputs, and facts counted across cases, that a name may wait for."""
    found: set[str] = set()
    left, met = [name], {name}
    while left:
        one = left.pop()
        aggregate = plan.aggregates.get(one)
        if aggregate is not None:
            keys = {key for key in (*aggregate.by[:1], aggregate.time) if key is not None}
            found |= {one, *keys} & plan.order.keys()
        elif one in plan.writers:
            reads = {other for number, _ in plan.writers[one] for other in plan.tables[number].reads}
            left += reads - met
            met |= reads
        elif one in plan.order:
            found.add(one)
    return frozenset(found)


class Opening:
    """What is open in one table; `met` sets of rules are remembered."""

    def __init__(self, plan: TablePlan, bits: Bits, asked: Asked, parts: Sequence[Parts] = ()) -> None:
        self.bits = bits
        self.names = asked.inputs
        self._asked = asked
        self._places = asked.places
        self._first_of = {at: columns[0] for columns in asked.places.values() for at in columns}
        self._told = Doubting(plan, Leaf(plan.lowered, range(len(bits.rule))))
        self._falling = Falling(self._told, bits)
        self._alike = self._told.alike
        self._own = sorted(set(self._alike))
        plain = self._told.first and not asked.behind
        self.firsts = Firsts.of(plan, bits, parts, asked.places, self._own) if plain else None
        # counts of a row are whole words
        self._wide = -(-len(self.names) // 4) * 4
        self._step = max(256, _AT_ONCE // bits.words)
        self._most = max(self._step, MOST_BYTES // (8 * bits.words * len(self._own)))
        self.forget()

    def forget(self) -> None:
        """Forget what sets of rules come to; they are numbered anew."""
        self._row_of = np.zeros(0, np.int32)
        self.met = 0
        self._moves: list[Words] = [np.zeros((1, self.bits.words), np.uint64) for _ in self._own]

    def odd(self, classes: Seen) -> Mask:
        """The rows of which some column is not certain, or blank where another of the same name is not: these are for
        the judge."""
        odd = np.zeros(len(classes.now[0]), np.bool_)
        for at, (now, may) in enumerate(zip(*classes, strict=True)):
            if may.min() <= UNKNOWN:
                odd |= (now if at in self._first_of else may) <= (UNKNOWN - (at in self._first_of))
        for at, first in self._first_of.items():
            if at != first:
                odd |= (classes.may[at] == UNKNOWN) != (classes.may[first] == UNKNOWN)
        return odd

    @cached_property
    def _asks(self) -> Words:
        """By name the rules that ask it something that null leaves open."""
        return np.stack([np.bitwise_or.reduce(self.bits.asks[list(at)], axis=0) for at in self._places.values()])

    @cached_property
    def _blanks(self) -> list[tuple[list[int], Words]]:
        """For some columns at a time the rules that hold of null in those that are blank: by the number whose binary
        digits say which are."""
        bits = self.bits
        columns = sorted(at for places in self._places.values() for at in places)
        some = max(1, min(8, (_BLANKS_BYTES // (8 * bits.words)).bit_length() - 1))
        found: list[tuple[list[int], Words]] = []
        for group in (columns[at : at + some] for at in range(0, len(columns), some)):
            holds = np.full((1 << len(group), bits.words), ~np.uint64(0))
            which = np.arange(1 << len(group))
            for digit, column in enumerate(group):
                holds[which >> digit & 1 == 1] &= bits.null[column]
            found.append((group, holds))
        return found

    def look(
        self,
        bits: Bits,
        classes: Seen,
        reached: Mapping[str, Reached],
        start: Callable[[Words], Codes],
        first: Callable[[Codes], Codes],
        hits: Callable[[int], tuple[int, ...]],
    ) -> Looked:
        """Rows that lack something, of a frame with these `bits`; what they have `reached` behind names. `start`
        numbers sets of rules that hold, given as words, `first` the first rules alone; `hits` says which rules hold."""
        rows = len(classes.now[0])
        judged = np.zeros(rows, np.bool_)
        if self.firsts is not None and classes.settled:
            firsts, lacks = self.firsts.look(bits, classes.now)
            doubts = [Doubts(self.names, *one) for one in lacks]
            return Looked(first(firsts), tuple(doubts[self._own.index(column)] for column in self._alike), judged)
        starts = constant(rows)
        waiting = self._waiting(classes, reached)
        size = np.uint16 if len(self.bits.rule) < 1 << 16 else np.int32
        counts = [np.zeros((rows + 1, self._wide), size) for _ in self._own]
        doubted = [constant(rows) for _ in self._own]
        for part in (slice(begin, min(begin + self._step, rows)) for begin in range(0, rows, self._step)):
            holding = self._holding(bits, classes.of(part))
            starts[part] = start(holding.hits)
            moving = self._moving(starts[part], hits)
            judged[part] = moving == _JUDGED
            (falls,) = (holding.hits != holding.sure).any(axis=1).nonzero()
            falling = Holding(*(words.take(falls, axis=0) for words in holding)) if len(falls) else holding
            after = self._moving(start(falling.sure), hits) if len(falls) else falls
            judged[part][falls[after == _JUDGED]] = True
            for column, moves, found, codes in zip(self._own, self._moves, counts, doubted, strict=True):
                movable = holding.open & moves.take(moving, axis=0, mode="clip")
                if len(falls):
                    more = moves.take(after, axis=0, mode="clip")
                    movable[falls] = self._falling.moved(column, movable.take(falls, axis=0), falling, more)
                (doubtful,) = (movable.any(axis=1) & ~judged[part]).nonzero()
                codes[doubtful + part.start] = doubtful + (part.start + 1)
                self._count(found, movable.take(doubtful, axis=0), doubtful + part.start, waiting)
        doubts = [self._alike_once(codes, found) for codes, found in zip(doubted, counts, strict=True)]
        return Looked(starts, tuple(doubts[self._own.index(column)] for column in self._alike), judged)

    def _holding(self, bits: Bits, classes: Seen) -> Holding:
        """The rules that hold and could hold in each row."""
        standing = bits.standing(classes.now)
        hits = standing & self._of_null(classes.now)
        if classes.settled:
            return Holding(hits, hits, standing ^ hits)
        certain = bits.standing(classes.may)
        return Holding(hits, hits & certain & self._of_null(classes.may), (standing | certain) & ~hits)

    def _waiting(self, classes: Seen, reached: Mapping[str, Reached]) -> Sequence[Sequence[tuple[Mask, Words]]]:
        """For each of `names` the rows that may wait for it, each with the rules that ask for it there: through a
        column of its own, and through terms that wait for it."""
        found: list[list[tuple[Mask, Words]]] = [[] for _ in self.names]
        place = {name: at for at, name in enumerate(self.names)}
        for asks, (name, columns) in zip(self._asks, self._places.items(), strict=True):
            blank = classes.may[columns[0]] == UNKNOWN
            if name not in self._asked.behind:
                found[place[name]].append((blank, asks))
            elif blank.any():
                codes, sets = reached[name]
                every = sorted(self._asked.behind[name], key=self._asked.order.__getitem__)
                bits = [1 << self._asked.order[input_] for input_ in every]
                holds = np.array([[one & bit != 0 for one in sets.items] for bit in bits], np.bool_)
                for input_, has in zip(every, holds, strict=True):
                    if has.any():
                        found[place[input_]].append((has.take(codes) & blank, asks))
        return found

    def _count(
        self, found: Counted, moved: Words, where: Rows, waiting: Sequence[Sequence[tuple[Mask, Words]]]
    ) -> None:
        """Count into `found` the rules of some rows that wait for each name."""
        ones = np.ones(moved.shape[1], np.float32)
        for place, ways in enumerate(waiting):
            for number, (rows, asks) in enumerate(ways):
                (at,) = rows.take(where).nonzero()
                mine = moved.take(at, axis=0) & asks
                for others, more in ways[:number]:  # a rule that waits in two ways waits once
                    mine &= ~np.where(others.take(where.take(at))[:, None], more, np.uint64(0))
                # added up as a product, which takes a fifth of the time, and is exact: no table has 2**24 rules
                found[where.take(at) + 1, place] += (np.bitwise_count(mine).astype(np.float32) @ ones).astype(
                    found.dtype
                )

    def _alike_once(self, codes: Codes, counts: Counted) -> Doubts:
        """What rows lack, the same counts once."""
        at, number = distinct_words(counts.view(np.uint64)) if self.names else (codes[:1], constant(len(counts)))
        # the first row is of those that lack nothing
        first = np.array([0])
        lacks = np.where(codes == 0, 0, number.take(codes) + np.int32(1))
        return Doubts(self.names, lacks, counts[np.concatenate([first, at]), : len(self.names)])

    def _of_null(self, classes: Sequence[Codes]) -> Words:
        """The rules that hold of null wherever a row is blank."""
        held: Words | None = None
        for columns, holds in self._blanks:
            which = np.zeros(len(classes[0]), np.uint8)
            for digit, column in enumerate(columns):
                which |= (classes[column] == UNKNOWN).view(np.uint8) << np.uint8(digit)
            mine = holds.take(which, axis=0)
            held = mine if held is None else np.bitwise_and(held, mine, out=held)
        assert held is not None
        return held

    def _moving(self, starts: Codes, hits: Callable[[int], tuple[int, ...]]) -> Codes:
        """Where in `_moves` the rules are that would change what each row says."""
        most = int(starts.max(initial=-1)) + 1
        if len(self._row_of) < most:
            more = np.full(max(most, 2 * len(self._row_of)) - len(self._row_of), _UNKNOWN_YET, np.int32)
            self._row_of = np.concatenate([self._row_of, more])
        rows = self._row_of.take(starts)
        if (rows != _UNKNOWN_YET).all():
            return rows
        fresh = np.unique(starts[rows == _UNKNOWN_YET]).tolist()
        if self.met + len(fresh) > self._most:
            self.forget()
            return self._moving(starts, hits)
        told: list[tuple[int, ...]] = []
        for number in fresh:
            moves = self._told.moving(self._told.bits(hits(number)))
            self._row_of[number] = _JUDGED if moves is None else self.met + len(told)
            if moves is not None:
                told.append(moves)
        self._keep(told)
        return self._row_of.take(starts)

    def _keep(self, told: Sequence[tuple[int, ...]]) -> None:
        """Append what the sets of rules that were met last leave to be moved."""
        words, end = self.bits.words, self.met + len(told)
        for place, column in enumerate(self._own):
            moves = self._moves[place]
            if len(moves) < end:
                moves = np.zeros((max(end, 2 * len(moves)), words), np.uint64)
                moves[: self.met] = self._moves[place][: self.met]
                self._moves[place] = moves
            packed = b"".join([one[column].to_bytes(8 * words, "little") for one in told])
            moves[self.met : end] = np.frombuffer(packed, np.uint64).reshape(len(told), words)
        self.met = end
