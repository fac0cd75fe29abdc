"""The class numbers of a case side by side in one integer, each term's in a field of its own.

A term has one partition for all tables, so that its value is placed once a case however many tables ask about it. The
codes of a case are one sum; those that a table asks for, and with them what it has to say, hang on one AND.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rulectl.lang.region import ABSENT, FIRST, UNKNOWN, Partition
from rulectl.lang.syntax import Name
from rulectl.runtime.contents import Contents
from rulectl.runtime.lowering import Column
from rulectl.runtime.memo import Memo
from rulectl.values import Value

KEPT_CLASSES: Final = 5_000
"""Of how many classes of lists a column remembers its own."""

Key = tuple[int, ...]
"""Class numbers, one for each column of a table."""


class Field(NamedTuple):
    """Where a term's class number stands: `shift` bits up, with as many bits as `ones` has."""

    shift: int
    ones: int

    @property
    def mask(self) -> int:
        return self.ones << self.shift

    def number(self, code: int) -> int:
        """The class number in a code."""
        return code >> self.shift & self.ones


NO_FIELD: Final = Field(0, 0)
"""Of a term that no test reads."""


@dataclass(frozen=True, slots=True)
class Coding:
    """The partition and the field of every term that some column places among constants, or whose list's contents some
    column asks for."""

    partitions: Mapping[str, Partition | Contents]
    fields: Mapping[str, Field]

    @staticmethod
    def of(columns: Iterable[Column], written: Container[str]) -> Coding:
        """For the columns of all tables. What tables write stands higher: sums of small integers are faster."""
        parts: dict[str, list[Partition | Contents]] = {}
        for column in columns:
            if isinstance(column.subject, Name) and column.classes is not None:
                parts.setdefault(column.subject.id, []).append(column.classes)
        partitions = {name: _joined(parts[name]) for name in sorted(parts, key=lambda name: name in written)}
        fields: dict[str, Field] = {}
        shift = 0
        for name, partition in partitions.items():
            width = (partition.size - 1).bit_length()
            fields[name] = Field(shift, (1 << width) - 1)
            shift += width
        return Coding(partitions, fields)

    def code(self, name: str, value: Value, absent: bool) -> int:
        """The code of a typed value; null is `absent`, or unknown."""
        field = self.fields.get(name)
        if field is None:
            return 0
        if value is None:
            return (ABSENT if absent else UNKNOWN) << field.shift
        return self.partitions[name].locate(value) << field.shift


def _joined(partitions: Sequence[Partition | Contents]) -> Partition | Contents:
    """The coarsest partition that is at least as fine as each."""
    first = partitions[0]
    if all(other == first for other in partitions):
        return first
    if isinstance(first, Contents):
        return Contents.over(text for one in partitions if isinstance(one, Contents) for text in one.texts)
    points = {point for one in partitions if isinstance(one, Partition) for point in one.points}
    return Partition.over(first.type, points)


class Coarser(Memo[int, int]):
    """Class numbers of lists in one column, by those of the term: worked out when they are first met."""

    def __init__(self, finer: Contents, own: Contents) -> None:
        super().__init__(KEPT_CLASSES)
        self._finer, self._own = finer, own

    def __missing__(self, number: int) -> int:
        return self.keep(number, number if number < FIRST else self._finer.coarser(self._own, number))


Coarse = Sequence[int] | Coarser
"""A column's own class numbers by those of its term."""


def _coarse(finer: Partition | Contents, own: Partition | Contents) -> Coarse | None:
    """The one by the other; None where they are the same."""
    if finer == own:
        return None
    if isinstance(finer, Partition) and isinstance(own, Partition):
        return [finer.coarser(own, number) for number in range(finer.size)]
    assert isinstance(finer, Contents)
    assert isinstance(own, Contents)
    return Coarser(finer, own)


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a table asks of the codes: their mask; for each column the field (None where codes do not answer it) and its
    own class numbers by those of the term (None where they are the same); `coarser` has those alone that differ, with
    their places."""

    mask: int
    fields: tuple[Field | None, ...]
    coarse: tuple[Coarse | None, ...]
    coarser: tuple[tuple[int, Coarse], ...]

    @staticmethod
    def of(columns: Sequence[Column], coding: Coding) -> Keyed:
        fields: list[Field | None] = []
        coarse: list[Coarse | None] = []
        for column in columns:
            if not isinstance(column.subject, Name) or column.classes is None:
                fields.append(None)
                coarse.append(None)
                continue
            finer, own = coding.partitions[column.subject.id], column.classes
            fields.append(coding.fields[column.subject.id])
            coarse.append(_coarse(finer, own))
        mask = 0
        for field in fields:
            mask |= field.mask if field is not None else 0
        coarser = tuple((at, numbers) for at, numbers in enumerate(coarse) if numbers is not None)
        return Keyed(mask, tuple(fields), tuple(coarse), coarser)

    def key(self, code: int) -> list[int]:
        """The table's own class numbers; UNKNOWN for columns that codes do not answer."""
        # a code of forty columns is read for each case that lacks something: no call for each column
        found = [UNKNOWN if field is None else code >> field[0] & field[1] for field in self.fields]
        for at, coarse in self.coarser:
            found[at] = coarse[found[at]]
        return found
