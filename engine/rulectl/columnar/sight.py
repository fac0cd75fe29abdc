"""What a table sees of rows: the pairs of classes of the terms that it reads, and the replies to its other questions.

Both are numbers, so that what comes together is a combination of small integers (codes.py); and both come to classes,
one for each column of the table, by which rows are held against its rules (bits.py).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence, Set
from math import prod
from typing import NamedTuple

from rulectl.columnar.codes import Codes, Part
from rulectl.columnar.columns import Column
from rulectl.columnar.contained import ListLens, Words, sets_of
from rulectl.columnar.doubts import Seen
from rulectl.columnar.states import Lens, Pair
from rulectl.columnar.tested import Questions, Reply
from rulectl.lang.syntax import Name
from rulectl.model.rulebook import Term
from rulectl.runtime.plan import TablePlan
from rulectl.values import Value


class Classes(NamedTuple):
    """The classes of rows by column; the texts that their lists hold, of columns that ask for these."""

    seen: Seen
    sets: Mapping[int, Words]


class Sight(NamedTuple):
    """The columns of a table. `coarse` are those that ask a term for its class, `tested` the others, by the terms whose
    values they need, with their places among all columns."""

    coarse: tuple[tuple[int, str, Lens], ...]
    tested: tuple[tuple[Questions, tuple[int, ...]], ...]

    @classmethod
    def of(
        cls,
        table: TablePlan,
        terms: Mapping[str, Term],
        constants: Mapping[str, Value],
        shared: dict[tuple[object, ...], Questions],
    ) -> Sight:
        """The columns of a table; tables that ask the same share what is `shared`."""
        coarse: list[tuple[int, str, Lens]] = []
        tested: dict[tuple[str, ...], list[int]] = {}
        for at, column in enumerate(table.lowered.columns):
            if isinstance(column.subject, Name) and column.classes is not None and column.subject.id in terms:
                lens = Lens if column.contents is None else ListLens
                coarse.append((at, column.subject.id, lens(column.classes)))
            else:
                tested.setdefault(tuple(sorted(column.names & terms.keys())), []).append(at)
        groups: list[tuple[Questions, tuple[int, ...]]] = []
        for names, places in tested.items():
            asked = tuple(table.lowered.columns[at] for at in places)
            group = shared.setdefault((names, asked), Questions(names, asked, constants))
            groups.append((group, tuple(places)))
        return cls(tuple(coarse), tuple(groups))

    @property
    def names(self) -> frozenset[str]:
        """The terms that are looked at."""
        return frozenset(name for _, name, _ in self.coarse).union(*(group.names for group, _ in self.tested))

    @property
    def held(self) -> int:
        """How many lists are remembered."""
        return sum(len(lens.pairs) for _, _, lens in self.coarse if isinstance(lens, ListLens))

    def forget(self) -> None:
        """Forget all pairs and replies; what holds their numbers must be forgotten with them."""
        for _, _, lens in self.coarse:
            lens.renumber()
        for group, _ in self.tested:
            group.forget()

    def release(self, terms: Set[str]) -> None:
        """Let go of states of terms that are numbered anew."""
        for _, name, lens in self.coarse:
            if name in terms:
                lens.forget()
        for group, _ in self.tested:
            if not terms.isdisjoint(group.names):
                group.release()

    def combinations(self, columns: Mapping[str, Column], rows: int) -> int:
        """In how many ways the classes of rows could come together."""
        widths = [columns[name].width(lens) for _, name, lens in self.coarse]
        return prod(widths) * prod(group.replied(columns, rows).size for group, _ in self.tested)

    def parts(self, columns: Mapping[str, Column], rows: int) -> list[Part]:
        """The numbers of pairs and of replies."""
        parts = [columns[name].seen(lens) for _, name, lens in self.coarse]
        return parts + [group.replied(columns, rows) for group, _ in self.tested]

    def met(self, key: Sequence[int]) -> tuple[list[Pair], list[Reply]]:
        """The pairs and replies of one combination."""
        pairs = [lens.pairs.items[code] for (_, _, lens), code in zip(self.coarse, key, strict=False)]
        replied = zip(self.tested, key[len(self.coarse) :], strict=True)
        return pairs, [group.replies.items[code] for (group, _), code in replied]

    def of_keys(self, keys: Sequence[Codes]) -> Classes:
        """The classes of combinations."""
        both: dict[int, tuple[Codes, Codes]] = {}
        sets: dict[int, Words] = {}
        for (at, _, lens), codes in zip(self.coarse, keys, strict=False):
            if isinstance(lens, ListLens):
                mine, sets[at] = lens.sets_of_pairs(codes)
                both[at] = mine, mine
            else:
                both[at] = lens.now_and_may(codes)
        for (group, places), codes in zip(self.tested, keys[len(self.coarse) :], strict=True):
            for place, at in enumerate(places):
                mine = group.classes_of(place, codes)
                both[at] = mine, mine
        return _classes(both, sets)

    def of_rows(self, columns: Mapping[str, Column], rows: int, changing: Container[str]) -> Classes:
        """The classes of rows; of terms that may be `changing` both as they are and as far as they are certain."""
        both: dict[int, tuple[Codes, Codes]] = {}
        sets: dict[int, Words] = {}
        for at, name, lens in self.coarse:
            if isinstance(lens, ListLens):
                mine, sets[at] = sets_of(columns[name], lens)
                both[at] = mine, mine
            elif name in changing:
                both[at] = lens.now_and_may(columns[name].seen(lens).codes)
            else:
                mine = columns[name].classes(lens)
                both[at] = mine, mine
        for group, places in self.tested:
            for place, at in enumerate(places):
                mine = group.classes(place, columns, rows)
                both[at] = mine, mine
        return _classes(both, sets)


def _classes(both: Mapping[int, tuple[Codes, Codes]], sets: Mapping[int, Words]) -> Classes:
    columns = [both[at] for at in range(len(both))]
    return Classes(Seen([now for now, _ in columns], [may for _, may in columns]), sets)
