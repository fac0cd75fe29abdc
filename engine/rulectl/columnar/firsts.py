"""What unknown inputs leave open where the first rule that holds decides, in columns.

Rows are led through the rules word by word until each has found its first one; what stands before that and says
something else is in doubt, and nothing after it need be looked at. Rules of a large table are parted by a column of
texts (parted.py), by another one where that is blank, and looked at whole only where that is blank, too. How many
rules wait for a name is counted word by word and kept as small integers side by side, so that rows that lack the same
are found by one integer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np

from rulectl.columnar.bits import MOST_BYTES, Bits, Walk, Words, steps
from rulectl.columnar.codes import Codes, Rows, distinct_words
from rulectl.columnar.grid import NONE
from rulectl.columnar.parted import Parts
from rulectl.columnar.waits import Asks, Blanks, Counted, Laid, opened
from rulectl.lang.region import UNKNOWN
from rulectl.model.numbered import Numbered
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import NOTHING, Spoken

_SAMPLE: Final = 1 << 12
"""So many rows say whether it is worth while to look for those that lack the same."""

_ONE: Final = np.uint64(1)


class _Said(NamedTuple):
    """What several rules say alike in an output column: `number[rule + 1]` is that of what a rule says, that of no rule
    first; 0 where nobody else says it. There are so many numbers."""

    number: Rows
    size: int

    @staticmethod
    def of(plan: TablePlan, column: int) -> _Said:
        """What the rules of a table say."""
        numbers: Numbered[Spoken] = Numbered(NOTHING)
        rules = np.array(plan.lowered.numbers, np.int64)
        says = np.array([numbers.number(plan.spoken[rule][column]) for rule in rules.tolist()], np.int64)
        often = np.bincount(says, minlength=len(numbers))
        several = often > 1
        # where no rule holds nothing is said
        several[0] = often[0] > 0
        of_thing = np.cumsum(several) * several
        number = np.zeros(int(rules.max(initial=-1)) + 2, np.int64)
        number[0], number[rules + 1] = of_thing[0], of_thing[says]
        return _Said(number, int(several.sum()) + 1)

    def fits(self, laid: Laid) -> bool:
        """Whether it takes little enough memory to say which rules say something else."""
        return 8 * laid.words * laid.groups * self.size <= MOST_BYTES


class _Others(NamedTuple):
    """The rules that say something else, word by word, at the class by which they are parted and the number of what is
    said; none where all say different things."""

    said: _Said
    rules: Words | None

    @staticmethod
    def of(laid: Laid, said: _Said) -> _Others:
        """Of rules as they are laid out."""
        if said.size == 1:
            return _Others(said, None)
        mine = said.number.take(laid.rule + 1)
        mine[laid.rule < 0] = 0
        (at,) = mine.nonzero()
        found = np.zeros((laid.words, laid.groups * said.size), np.uint64)
        group, word = np.divmod(at >> 6, laid.words)
        np.bitwise_or.at(found, (word, group * said.size + mine[at]), _ONE << (at & 63).astype(np.uint64))
        return _Others(said, ~found)

    def places(self, firsts: Codes, groups: Rows | None) -> Rows:
        """The place of each row whose first rule is known."""
        place: Rows = self.said.number.take(firsts + np.int32(1))
        if groups is not None:
            place += groups * self.said.size
        return place


class _Table:
    """Rules as they are laid out, and what is open in them."""

    def __init__(self, laid: Laid, names: Mapping[str, tuple[int, ...]], others: Sequence[_Others]) -> None:
        self.laid = laid
        columns = [at for columns in names.values() for at in columns if at in laid.null_of]
        self._blanks = Blanks.of(columns, [laid.null_of[at] for at in columns])
        nothing = np.zeros((laid.words, laid.groups), np.uint64)
        asks = [[laid.asks_of.get(at, nothing) for at in columns] for columns in names.values()]
        self._asks = Asks.of([np.bitwise_or.reduce(mine, axis=0) for mine in asks])
        self._others = others

    def look(self, laid: Laid, classes: Sequence[Codes], counts: Sequence[Counted]) -> Codes:
        """The first rule that holds in each row of a frame whose rules are `laid` like this, NONE where none does. Adds
        to `counts`, for each output column, for how many rules that would change it rows wait, by name and row; of all
        names, blank or not."""
        groups, places = laid.rows(classes)
        walk = Walk([*places, *self._blanks.places(classes, groups)])
        left = opened(laid, self._blanks, walk)
        firsts = laid.named(walk.first, groups)
        for others, found in zip(self._others, counts, strict=True):
            self._asks.waiting(left, others.rules, others.places(firsts, groups), found, groups)
        return firsts


class Firsts:
    """What is open in one table. `names` are the places of its columns by the name of the input that each asks; `own`
    the output columns whose doubts are counted."""

    def __init__(self, whole: _Table, parted: Sequence[_Table], names: Mapping[str, tuple[int, ...]], own: int) -> None:
        self._whole, self._parted = whole, parted
        self._blank = [columns[0] for columns in names.values()]
        self._size = np.min_scalar_type(len(whole.laid.rule))
        # counts of a row are whole words
        in_word = 8 // self._size.itemsize
        self._shape = -(-len(names) // in_word) * in_word, own

    @staticmethod
    def of(
        plan: TablePlan,
        bits: Bits,
        parts: Sequence[Parts],
        names: Mapping[str, tuple[int, ...]],
        own: Sequence[int],
    ) -> Firsts | None:
        """None where it would take too much memory to say which rules say the same."""
        said = [_Said.of(plan, column) for column in own]
        every: tuple[Laid, ...] = (bits, *parts)
        if not all(one.fits(laid) for one in said for laid in every):
            return None
        tables = [_Table(laid, names, [_Others.of(laid, one) for one in said]) for laid in every]
        return Firsts(tables[0], tables[1:], names, len(own))

    def look(self, bits: Bits, classes: Sequence[Codes]) -> tuple[Codes, list[tuple[Codes, Counted]]]:
        """The first rule that holds in each row of a frame with these `bits`, NONE where none does; for each of `own`
        what rows lack, and the counts of rules that wait for each name: the first are nothing."""
        rows = len(classes[0])
        firsts = np.full(rows, NONE, np.int32)
        # the counts of each row side by side; before them those of nothing
        wide, own = self._shape
        counts = [np.zeros((rows + 1, wide), self._size) for _ in range(own)]
        rest: Rows | None = None
        for table in self._parted:
            known = classes[table.laid.column] != UNKNOWN
            if rest is None:
                (where,), (rest,) = known.nonzero(), (~known).nonzero()
            else:
                mine = known.take(rest)
                where, rest = rest[mine], rest[~mine]
            self._some(table, table.laid, classes, where, firsts, counts)
        self._some(self._whole, bits, classes, rest, firsts, counts)
        return firsts, [_alike_once(found, len(self._blank)) for found in counts]

    def _some(
        self,
        table: _Table,
        laid: Laid,
        classes: Sequence[Codes],
        where: Rows | None,
        firsts: Codes,
        counts: Sequence[Counted],
    ) -> None:
        """Look at some rows, or all."""
        for part in steps(len(firsts) if where is None else len(where)):
            at: slice | Rows = part if where is None else where[part]
            mine = [column[at] for column in classes]
            waits = [np.zeros((self._shape[0], part.stop - part.start), self._size) for _ in counts]
            firsts[at] = table.look(laid, mine, waits)
            for found, by_name in zip(counts, waits, strict=True):
                for name, column in zip(by_name, self._blank, strict=False):
                    name *= mine[column] == UNKNOWN
                found[1:][at] = by_name.T


def _alike_once(counts: Counted, names: int) -> tuple[Codes, Counted]:
    """What rows lack, by number, and the counts of each: the first are nothing. `counts` are those of nothing, then of
    each row."""
    words = counts.view(np.uint64)
    if len(words) > _SAMPLE < 2 * len(distinct_words(words[:_SAMPLE])[0]):
        # hardly two are alike: each row is taken for one by itself
        codes = np.arange(1, len(words), dtype=np.int32)
        codes *= reduce(np.bitwise_or, words.T)[1:] != 0
        return codes, counts[:, :names]
    at, number = distinct_words(words)
    # a rule that is open waits for a name: where all counts are 0 nothing is in doubt
    met = counts[at, :names]
    some = met.any(axis=1)
    place = np.where(some, np.cumsum(some), 0).astype(np.int32)
    return place.take(number[1:]), np.concatenate([counts[:1, :names], met[some]])
