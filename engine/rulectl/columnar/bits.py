"""A table's rules as bits in columns: which rules hold in each row, whatever the number of conditions.

For each class of a column there is a row of bits, one for each rule whose test holds there (the vectors of
runtime/leaf.py, as one matrix a column), so the rules that hold for a row of a frame are the AND of one matrix row a
column. Columns that together have few classes share a matrix. The work for a row hangs on the number of rules and of
conditions alone, not on how values spread; and where a value is unknown, the rules that could hold come the same way.

What is unknown leaves a rule standing wherever it could hold; what follows from that says doubts.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, Rows
from rulectl.columnar.grid import NONE, Runs
from rulectl.columnar.held import HeldBits
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.runtime.lowering import Lowered, Slot

Words = npt.NDArray[np.uint64]

MOST_BYTES = 1 << 26
"""The matrices of one table may take so much memory, and what its rules say so much again; those of a large table so
much a rule, which is about what its rules take themselves."""

_BYTES_A_RULE = 2_048

_SHARED_PLACES = 1 << 13
"""A matrix of several columns may have so many places: 64 kB a word, which stay in the processor's cache. Where all
words of a place are fetched at once, as many as take four times that."""

AT_ONCE = 1 << 14
"""So many rows are looked at together: what is known of them by one word should stay in the processor's cache."""

_WORDS_AT_ONCE = 1 << 16
"""The same in words, where all words of a row are looked at together."""

_LEAVING = 4
"""Rows whose first rule is found leave when they are one in so many."""

_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Shared(NamedTuple):
    """One or more columns with a matrix: a row's place in it is the number whose digits are its classes."""

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    holds: Words

    def places(self, classes: Sequence[Codes]) -> Rows:
        """The place of each row."""
        whole: Rows = classes[self.columns[0]].astype(np.int64)
        for column, size in zip(self.columns[1:], self.sizes[1:], strict=True):
            whole *= size
            whole += classes[column]
        return whole


class Bits(NamedTuple):
    """Bit `n` is the rule `rule[n]`, else rules last. `shared` has by class the rules that hold, where a column is
    unknown those that hold or could; `null[column]` are the rules that hold of null, `asks[column]` those that ask it
    something that null leaves open. `lists` are columns of lists, whose classes are those of a frame (`over`). Matrices
    are laid out `by_word`, (words, places), where rows are led to their first rule: most find it soon, and a word at a
    time is quicker to fetch; else (places, words)."""

    rule: Codes
    words: int
    shared: tuple[Shared, ...]
    null: Words
    asks: Words
    lists: Mapping[int, HeldBits]
    by_word: bool

    @staticmethod
    def of(lowered: Lowered, sizes: Sequence[int], runs: Mapping[int, Runs], by_word: bool) -> Bits | None:
        """The bits of a table whose columns have so many classes; None where they would be too many."""
        count = len(lowered.numbers)
        words = max(1, -(-count // 64))
        if not sizes or sum(sizes) * words * 8 > max(MOST_BYTES, _BYTES_A_RULE * count):
            return None
        rule = np.array(lowered.numbers, np.int32)
        late = np.isin(rule, np.array(sorted(lowered.otherwise), np.int32))
        order = np.argsort(late, kind="stable")
        bit = np.empty(count, np.int64)
        bit[order] = np.arange(count)
        slots = {slot.column: slot for slot in lowered.slots}
        single: list[Words] = []
        null, asks = np.zeros((len(sizes), words), np.uint64), np.zeros((len(sizes), words), np.uint64)
        lists: dict[int, HeldBits] = {}
        for column, size in enumerate(sizes):
            slot = slots[column]
            if slot.contents is not None:
                held = lists[column] = HeldBits.of(slot, slot.contents, bit, words)
                null[column], asks[column] = held.free, held.asking
                continue
            holds = _matrix(runs[column], size, bit, words)
            null[column] = holds[:, ABSENT]
            asks[column] = _packed(bit[waiting(slot)], words)
            holds[:, UNKNOWN] = null[column] | asks[column]
            single.append(holds)
        # a matrix for each column, in their order; columns of lists have none yet
        columns = [column for column in range(len(sizes)) if column not in lists]
        together_ = _together(columns, single, _SHARED_PLACES if by_word else 4 * _SHARED_PLACES // words)
        shared = tuple(one if by_word else one._replace(holds=np.ascontiguousarray(one.holds.T)) for one in together_)
        return Bits(rule[order], words, shared, null, asks, lists, by_word)

    def over(self, sets: Mapping[int, Words]) -> Bits:
        """The same for rows whose lists have these sets of texts, by column (contained.py)."""
        more: list[Shared] = []
        for column, held in self.lists.items():
            holds = held.holds(sets[column])
            holds[ABSENT], holds[UNKNOWN] = held.free, held.free | held.asking
            more.append(Shared((column,), (len(holds),), np.ascontiguousarray(holds.T) if self.by_word else holds))
        return self._replace(shared=(*self.shared, *more)) if more else self

    def first(self, classes: Sequence[Codes], rows: int) -> Codes:
        """The first rule that holds in each row, NONE where none does; matrices are laid out by word."""
        found = np.full(rows, -1, np.int64)
        for part in steps(rows):
            walk = Walk(self.places([column[part] for column in classes]))
            for word in walk.words(self.words):
                walk.leave(walk.going(together(self.matrices, walk.places, word)), word)
            found[part] = walk.first
        return self.named(found)

    def named(self, bits: Rows, groups: Rows | None = None) -> Codes:
        """The rules of some bits, NONE for -1; they lie in one group."""
        return np.append(self.rule, np.int32(NONE)).take(bits)

    def lowest(self, held: Words) -> Codes:
        """The first rule of each row of words, NONE where there is none."""
        return self.named(lowest_bits(held))

    def sets(self, classes: Sequence[Codes], rows: int) -> Words:
        """The rules that hold in each row, as words."""
        whole = np.empty((rows, self.words), np.uint64)
        for part in steps(rows, max(256, _WORDS_AT_ONCE // self.words)):
            whole[part] = self.standing([column[part] for column in classes])
        return whole

    def standing(self, classes: Sequence[Codes]) -> Words:
        """The rules that hold in each row, or could where something is unknown, as words."""
        places = self.places(classes)
        if self.by_word:
            words = [together(self.matrices, places, word) for word in range(self.words)]
            return np.ascontiguousarray(np.stack(words).T)
        held: Words = self.shared[0].holds.take(places[0], axis=0)
        for shared, place in zip(self.shared[1:], places[1:], strict=True):
            held &= shared.holds.take(place, axis=0)
        return held

    def rules(self, words: Words) -> list[tuple[int, ...]]:
        """The numbers of the rules that each row of words names."""
        row, bit = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").nonzero()
        rules = self.rule.take(bit).tolist()
        ends = np.cumsum(np.bincount(row, minlength=len(words))).tolist()
        return [tuple(sorted(rules[start:end])) for start, end in zip([0, *ends], ends, strict=False)]

    def places(self, classes: Sequence[Codes]) -> list[Rows]:
        """The place of each row in each matrix."""
        return [shared.places(classes) for shared in self.shared]

    @property
    def column(self) -> int:
        """No column parts the rules (waits.Laid)."""
        return -1

    @property
    def groups(self) -> int:
        """Rules lie in one group (waits.Laid)."""
        return 1

    @property
    def null_of(self) -> Mapping[int, Words]:
        """By column the rules that hold of null, (words, groups)."""
        return {column: null[:, None] for column, null in enumerate(self.null)}

    @property
    def asks_of(self) -> Mapping[int, Words]:
        """By column the rules that ask it something that null leaves open, (words, groups)."""
        return {column: asks[:, None] for column, asks in enumerate(self.asks)}

    def rows(self, classes: Sequence[Codes]) -> tuple[None, list[Rows]]:
        """The group of each row, which is one, and its places in the matrices."""
        return None, self.places(classes)

    @property
    def matrices(self) -> Sequence[Words]:
        """The matrices."""
        return [shared.holds for shared in self.shared]


class Walk:
    """Rows on their way through the words of a table's rules, until the first rule of each that holds is found. `rows`
    are those that are left, None for all, and `places` theirs in matrices; `first` is the first bit of each row, -1 as
    long as none is known."""

    __slots__ = ("_done", "_going", "first", "places", "rows")

    def __init__(self, places: list[Rows]) -> None:
        self.places = places
        self.rows: Rows | None = None
        self.first: Rows = np.full(len(places[0]), -1, np.int64)
        self._done = 0
        self._going: Words | None = None

    def words(self, count: int) -> Iterator[int]:
        """The words of bits in their order, as long as rows are left."""
        return itertools.takewhile(lambda _: len(self.places[0]), range(count))

    def going(self, held: Words) -> Words:
        """What is held in the rows that are left, nothing in others that are still among them."""
        if self._going is not None:
            held &= self._going
        return held

    def leave(self, held: Words, word: int) -> tuple[Rows, Words]:
        """The rows in which a rule of this word holds have found their first rule. Returns their places among those
        that are left, and the bits before that rule."""
        (at,) = held.nonzero()
        bits = held.take(at)
        before = (bits & (~bits + _ONE)) - _ONE
        if not len(at):
            return at, before
        self.first[at if self.rows is None else self.rows.take(at)] = np.bitwise_count(before) + np.int64(64 * word)
        self._done += len(at)
        if self._going is None:
            self._going = np.full(len(held), _ALL)
        self._going[at] = 0
        if self._done * _LEAVING >= len(held):
            (left,) = self._going.nonzero()
            self.rows = left if self.rows is None else self.rows.take(left)
            self.places = [place.take(left) for place in self.places]
            self._done, self._going = 0, None
        return at, before


def together(matrices: Sequence[Words], places: Sequence[Rows], word: int) -> Words:
    """What stands at some places of matrices in all of them."""
    held: Words = matrices[0][word].take(places[0])
    for matrix, place in zip(matrices[1:], places[1:], strict=True):
        held &= matrix[word].take(place)
    return held


def steps(rows: int, at_once: int = 0) -> Iterator[slice]:
    """Rows in parts, of so many or of `AT_ONCE`."""
    step = at_once or AT_ONCE
    return (slice(begin, min(begin + step, rows)) for begin in range(0, rows, step))


def lowest_bits(held: Words) -> Rows:
    """The lowest bit of each row of words, -1 where it has none."""
    word = (held != 0).argmax(axis=1) if held.shape[1] > 1 else np.zeros(len(held), np.int64)
    bits = held[np.arange(len(held)), word]
    lowest = np.bitwise_count((bits & (~bits + _ONE)) - _ONE).astype(np.int64)
    return np.where(bits == 0, np.int64(-1), word * 64 + lowest)


def _packed(bits: Rows, words: int) -> Words:
    """Some bits as words."""
    flags = np.zeros(words * 64, np.uint8)
    flags[bits] = 1
    return np.packbits(flags, bitorder="little").view(np.uint64)


def waiting(slot: Slot) -> Rows:
    """The places of the rules that ask something that null leaves open."""
    if slot.partition is None:
        return np.array(slot.members, np.int64)
    # short forms ask nothing of null, and a large table has many
    said = [
        None if all(type(form) is tuple for form in forms) else slot.constraint(ref).null
        for ref, forms in enumerate(slot.forms)
    ]
    return np.array([*(n is None for n in said), False])[np.asarray(slot.refs, np.int64)].nonzero()[0]


def _matrix(runs: Runs, size: int, bit: Rows, words: int) -> Words:
    """For each class of a column the rules that hold there, (words, classes); at ABSENT those that hold of null."""
    rule, first, last = runs
    changes = np.zeros((words, size + 1), np.uint64)
    mask = _ONE << (bit[rule] & 63).astype(np.uint64)
    np.bitwise_xor.at(changes, (bit[rule] >> 6, first), mask)
    np.bitwise_xor.at(changes, (bit[rule] >> 6, last), mask)
    whole: Words = np.bitwise_xor.accumulate(changes, axis=1)
    return np.ascontiguousarray(whole[:, :size])


def _together(columns: Sequence[int], single: Sequence[Words], most: int) -> list[Shared]:
    """Columns with few classes share a matrix of so many places at most, so that fewer are looked at."""
    found: list[Shared] = []
    for column, mine in sorted(zip(columns, single, strict=True), key=lambda one: one[1].shape[1]):
        last = found[-1] if found else None
        if last is not None and last.holds.shape[1] * mine.shape[1] <= most:
            both = (last.holds[:, :, None] & mine[:, None, :]).reshape(len(mine), -1)
            found[-1] = Shared((*last.columns, column), (*last.sizes, mine.shape[1]), both)
        else:
            found.append(Shared((column,), (mine.shape[1],), mine))
    return found
