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
from rulectl.columnar.codes import Codes, Mask, Rows, constant, distinct_words
from rulectl.lang.region import UNKNOWN
from rulectl.runtime.doubting import Doubting
from rulectl.runtime.leaf import Leaf
from rulectl.runtime.plan import TablePlan

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


class Looked(NamedTuple):
    """How rows stand that lack inputs: the number of what the rules that hold come to; what is in doubt, by output
    column; which rows are left to the judge, where these numbers mean nothing."""

    starts: Codes
    doubts: tuple[Doubts, ...]
    judged: Mask


class Opening:
    """What is open in one table. `places` are its columns by the name of the input that each asks; `met` sets of rules
    are remembered."""

    def __init__(self, plan: TablePlan, bits: Bits, places: Mapping[str, tuple[int, ...]]) -> None:
        self.bits = bits
        self.names = tuple(places)
        self._places = places
        self._first_of = {at: columns[0] for columns in places.values() for at in columns}
        self._told = Doubting(plan, Leaf(plan.lowered, range(len(bits.rule))))
        self._alike = self._told.alike
        self._own = sorted(set(self._alike))
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

    def odd(self, classes: Sequence[Codes]) -> Mask:
        """The rows of which some column is not certain, or blank where another of the same input is not: these are for
        the judge."""
        odd = np.zeros(len(classes[0]), np.bool_)
        for at, column in enumerate(classes):
            if column.min() <= UNKNOWN:
                odd |= column < UNKNOWN if at in self._first_of else column <= UNKNOWN
        for at, first in self._first_of.items():
            if at != first:
                odd |= (classes[at] == UNKNOWN) != (classes[first] == UNKNOWN)
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
        classes: Sequence[Codes],
        rows: int,
        start: Callable[[Words], Codes],
        hits: Callable[[int], tuple[int, ...]],
    ) -> Looked:
        """Rows that lack inputs, of a frame with these `bits`: `start` numbers sets of rules that hold, given as words,
        and `hits` says which rules these are."""
        starts = constant(rows)
        judged = np.zeros(rows, np.bool_)
        blank = [classes[at[0]] == UNKNOWN for at in self._places.values()]
        size = np.uint16 if len(self.bits.rule) < 1 << 16 else np.int32
        counts = [np.zeros((rows + 1, self._wide), size) for _ in self._own]
        doubted = [constant(rows) for _ in self._own]
        ones = np.ones(bits.words, np.float32)
        for part in (slice(begin, min(begin + self._step, rows)) for begin in range(0, rows, self._step)):
            mine = [column[part] for column in classes]
            standing = bits.standing(mine)
            holding = standing & self._of_null(mine)
            starts[part] = start(holding)
            standing ^= holding
            moving = self._moving(starts[part], hits)
            judged[part] = moving == _JUDGED
            for moves, found, codes in zip(self._moves, counts, doubted, strict=True):
                movable = standing & moves.take(moving, axis=0, mode="clip")
                (doubtful,) = (movable.any(axis=1) & ~judged[part]).nonzero()
                movable = movable.take(doubtful, axis=0)
                doubtful += part.start
                codes[doubtful] = doubtful + 1
                for name, (lacks, asks) in enumerate(zip(blank, self._asks, strict=True)):
                    (at,) = lacks.take(doubtful).nonzero()
                    waits = np.bitwise_count(movable.take(at, axis=0) & asks)
                    # added up as a product, which takes a fifth of the time, and is exact: no table has 2**24 rules
                    found[doubtful[at] + 1, name] = waits.astype(np.float32) @ ones
        doubts = [self._alike_once(codes, found) for codes, found in zip(doubted, counts, strict=True)]
        return Looked(starts, tuple(doubts[self._own.index(column)] for column in self._alike), judged)

    def _alike_once(self, codes: Codes, counts: Counted) -> Doubts:
        """What rows lack, the same counts once."""
        at, number = distinct_words(counts.view(np.uint64))
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
