"""A table's rules as bits in columns: which rules hold in each row, whatever the number of conditions.

For each class of a column there is a row of bits, one for each rule whose test holds there (the vectors of
runtime/leaf.py, as one matrix a column), so the rules that hold for a row of a frame are the AND of one matrix row a
column. Columns that together have few classes share a matrix. The work for a row hangs on the number of rules and of
conditions alone, not on how values spread; and where a value is unknown, the rules that could hold come the same way.

What is unknown leaves a rule standing wherever it could hold; what follows from that says doubts.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, Rows
from rulectl.columnar.grid import NONE, slot_runs
from rulectl.columnar.held import HeldBits
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.runtime.lowering import NONE as NO_ENTRY
from rulectl.runtime.lowering import TRUE, Lowered, Slot

Words = npt.NDArray[np.uint64]

MOST_BYTES = 1 << 26
"""The matrices of one table may take so much memory, and what its rules say so much again; those of a large table so
much a rule, which is about what its rules take themselves."""

_BYTES_A_RULE = 2_048

_SHARED_BYTES = 1 << 18
"""A matrix of several columns may take so much: it should stay in the processor's cache."""

_AT_ONCE = 1 << 16
"""So many words are looked at together: few enough to stay in the processor's cache."""

FEW_WORDS = 4
"""Up to here the first rule is looked for word by word."""

_NO_WORDS: Words = np.zeros((0, 0), np.uint64)
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Shared(NamedTuple):
    """One or more columns with a matrix: a row's place in it is the number whose digits are its classes. `by_word` is
    the same word by word, for tables of few words."""

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    holds: Words
    by_word: Words

    def places(self, classes: Sequence[Codes]) -> npt.NDArray[Any]:
        """The matrix row of each row."""
        whole: npt.NDArray[Any] = classes[self.columns[0]]
        for column, size in zip(self.columns[1:], self.sizes[1:], strict=True):
            whole = whole * np.int32(size)
            whole += classes[column]
        return whole


class Bits(NamedTuple):
    """Bit `n` is the rule `rule[n]`, else rules last. `shared` has by class the rules that hold, where a column is
    unknown those that hold or could; `null[column]` are the rules that hold of null, `asks[column]` those that ask it
    something that null leaves open. `lists` are columns of lists, whose classes are those of a frame (`over`)."""

    rule: Codes
    words: int
    shared: tuple[Shared, ...]
    null: Words
    asks: Words
    lists: Mapping[int, HeldBits]

    @staticmethod
    def of(lowered: Lowered, sizes: Sequence[int]) -> Bits | None:
        """The bits of a table whose columns have so many classes; None where they would be too many."""
        count = len(lowered.numbers)
        words = count // 64 + 1
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
            holds = _matrix(slot, size, bit, words)
            null[column] = holds[ABSENT]
            if slot.partition is None:
                asks[column] = _packed(bit[list(slot.members)], words)
            else:
                # short forms ask nothing of null, and a large table has many
                said = [
                    None if all(type(form) is tuple for form in forms) else slot.constraint(ref).null
                    for ref, forms in enumerate(slot.forms)
                ]
                waits = np.array([*(n is None for n in said), False])[np.asarray(slot.refs, np.int64)]
                asks[column] = _packed(bit[waits], words)
            holds[UNKNOWN] = null[column] | asks[column]
            single.append(holds)
        # a matrix for each column, in their order; columns of lists have none yet
        columns = [column for column in range(len(sizes)) if column not in lists]
        return Bits(rule[order], words, tuple(_together(columns, single)), null, asks, lists)

    def over(self, sets: Mapping[int, Words]) -> Bits:
        """The same for rows whose lists have these sets of texts, by column (contained.py)."""
        more: list[Shared] = []
        for column, held in self.lists.items():
            holds = held.holds(sets[column])
            holds[ABSENT], holds[UNKNOWN] = held.free, held.free | held.asking
            more.append(_by_word(Shared((column,), (len(holds),), holds, _NO_WORDS)))
        return self._replace(shared=(*self.shared, *more)) if more else self

    def first(self, classes: Sequence[Codes], rows: int) -> Codes:
        """The first rule that holds in each row, NONE where none does."""
        found = np.full(rows, NONE, np.int32)

        def one(part: slice) -> None:
            mine = [column[part] for column in classes]
            found[part] = (
                self._named(self._first_of_few(mine)) if self.words <= FEW_WORDS else self.lowest(self.standing(mine))
            )

        _in_steps(rows, self.words, one)
        return found

    def lowest(self, held: Words) -> Codes:
        """The first rule of each row of words, NONE where there is none."""
        return self._named(lowest_bits(held))

    def _named(self, bits: Rows) -> Codes:
        """The rules of some bits, NONE for -1."""
        return np.append(self.rule, np.int32(NONE)).take(bits)

    def _first_of_few(self, classes: Sequence[Codes]) -> Rows:
        """The lowest bit that holds in each row, -1 where none does: word by word, which is faster for few."""
        places = [shared.places(classes).astype(np.int64) for shared in self.shared]
        first = np.full(len(classes[0]), -1, np.int64)
        for word in reversed(range(self.words)):
            held: Words | None = None
            for shared, place in zip(self.shared, places, strict=True):
                mine = shared.by_word[word].take(place)
                held = mine if held is None else np.bitwise_and(held, mine, out=held)
            assert held is not None
            (at,) = held.nonzero()
            first[at] = _lowest(held.take(at)) + word * 64
        return first

    def sets(self, classes: Sequence[Codes], rows: int) -> Words:
        """The rules that hold in each row, as words."""
        whole = np.empty((rows, self.words), np.uint64)

        def one(part: slice) -> None:
            whole[part] = self.standing([column[part] for column in classes])

        _in_steps(rows, self.words, one)
        return whole

    def rules(self, words: Words) -> list[tuple[int, ...]]:
        """The numbers of the rules that each row of words names."""
        row, bit = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").nonzero()
        rules = self.rule.take(bit).tolist()
        ends = np.cumsum(np.bincount(row, minlength=len(words))).tolist()
        return [tuple(sorted(rules[start:end])) for start, end in zip([0, *ends], ends, strict=False)]

    def standing(self, classes: Sequence[Codes]) -> Words:
        """The rules that hold in each row, or could where something is unknown."""
        held: Words | None = None
        for shared in self.shared:
            mine = shared.holds.take(shared.places(classes), axis=0)
            held = mine if held is None else np.bitwise_and(held, mine, out=held)
        assert held is not None
        return held


def _in_steps(rows: int, words: int, one: Any) -> None:
    """Rows in parts, by two threads where there are many."""
    step = max(256, _AT_ONCE // words)
    parts = [slice(begin, min(begin + step, rows)) for begin in range(0, rows, step)]
    if len(parts) > 2:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, parts))
    else:
        for part in parts:
            one(part)


def lowest_bits(held: Words) -> Rows:
    """The lowest bit of each row of words, -1 where it has none."""
    word = (held != 0).argmax(axis=1) if held.shape[1] > 1 else np.zeros(len(held), np.int64)
    bits = held[np.arange(len(held)), word]
    return np.where(bits == 0, np.int64(-1), word * 64 + _lowest(bits))


def _lowest(bits: Words) -> Rows:
    """The lowest bit of each word, 64 where it has none."""
    return np.bitwise_count((bits & (~bits + _ONE)) - _ONE).astype(np.int64)


def _packed(bits: Rows, words: int) -> Words:
    """Some bits as words."""
    flags = np.zeros(words * 64, np.uint8)
    flags[bits] = 1
    return np.packbits(flags, bitorder="little").view(np.uint64)


def _matrix(slot: Slot, size: int, bit: Rows, words: int) -> Words:
    """For each class of a column the rules that hold there; at ABSENT those that hold of null."""
    if slot.partition is None:
        # one whole test: rules without it hold everywhere, those with it where it is met
        holds = np.tile(_packed(np.setdiff1d(bit, bit[list(slot.members)]), words), (size, 1))
        holds[TRUE] = _packed(bit, words)
        return holds
    changes = np.zeros((size + 1, words), np.uint64)
    first, last, number = slot_runs(slot, size)
    refs = np.asarray(slot.refs, np.int64)
    form = np.where(refs == NO_ENTRY, len(slot.forms), refs)
    copies = number[form]
    member = np.repeat(np.arange(len(bit)), copies)
    start = np.cumsum(number) - number
    run = np.repeat(start[form], copies) + np.arange(len(member)) - np.repeat(np.cumsum(copies) - copies, copies)
    mask = _ONE << (bit[member] & 63).astype(np.uint64)
    np.bitwise_xor.at(changes, (first[run], bit[member] >> 6), mask)
    np.bitwise_xor.at(changes, (last[run], bit[member] >> 6), mask)
    whole: Words = np.bitwise_xor.accumulate(changes, axis=0)
    return whole[:size]


def _together(columns: Sequence[int], single: Sequence[Words]) -> list[Shared]:
    """Columns with few classes share a matrix, so that fewer are looked at."""
    found: list[Shared] = []
    for column, mine in sorted(zip(columns, single, strict=True), key=lambda one: len(one[1])):
        last = found[-1] if found else None
        if last is not None and len(last.holds) * mine.nbytes <= _SHARED_BYTES:
            both = (last.holds[:, None, :] & mine[None, :, :]).reshape(-1, mine.shape[1])
            found[-1] = Shared((*last.columns, column), (*last.sizes, len(mine)), both, _NO_WORDS)
        else:
            found.append(Shared((column,), (len(mine),), mine, _NO_WORDS))
    return [_by_word(shared) for shared in found]


def _by_word(shared: Shared) -> Shared:
    """The same word by word too, where words are few."""
    few = shared.holds.shape[1] <= FEW_WORDS
    return shared._replace(by_word=np.ascontiguousarray(shared.holds.T)) if few else shared
