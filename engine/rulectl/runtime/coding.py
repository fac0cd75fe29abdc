"""The class numbers of a case side by side in one integer, each term's in a field of its own.

A term has one partition for all tables, so that its value is placed once a case however many tables ask about it. The
codes of a case are one sum; those that a table asks for, and with them what it has to say, hang on one AND.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rulectl.lang.region import ABSENT, UNKNOWN, Partition
from rulectl.lang.syntax import Name
from rulectl.runtime.lowering import Column
from rulectl.values import Value

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
    """The partition and the field of every term that some column places among constants."""

    partitions: Mapping[str, Partition]
    fields: Mapping[str, Field]

    @staticmethod
    def of(columns: Iterable[Column], written: Container[str]) -> Coding:
        """For the columns of all tables. What tables write stands higher: sums of small integers are faster."""
        parts: dict[str, list[Partition]] = {}
        for column in columns:
            if isinstance(column.subject, Name) and column.partition is not None:
                parts.setdefault(column.subject.id, []).append(column.partition)
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


def _joined(partitions: Sequence[Partition]) -> Partition:
    """The coarsest partition that is at least as fine as each."""
    first = partitions[0]
    if all(other == first for other in partitions):
        return first
    return Partition.over(first.type, {point for partition in partitions for point in partition.points})


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a table asks of the codes: their mask, and for each column the field and the column's own class numbers by
    those of the term (None where they are the same). A column that codes do not answer has the field None."""

    mask: int
    fields: tuple[Field | None, ...]
    coarse: tuple[Sequence[int] | None, ...]

    @staticmethod
    def of(columns: Sequence[Column], coding: Coding) -> Keyed:
        fields: list[Field | None] = []
        coarse: list[Sequence[int] | None] = []
        for column in columns:
            if not isinstance(column.subject, Name) or column.partition is None:
                fields.append(None)
                coarse.append(None)
                continue
            finer, own = coding.partitions[column.subject.id], column.partition
            fields.append(coding.fields[column.subject.id])
            coarse.append(None if finer == own else [finer.coarser(own, number) for number in range(finer.size)])
        mask = 0
        for field in fields:
            mask |= field.mask if field is not None else 0
        return Keyed(mask, tuple(fields), tuple(coarse))

    def key(self, code: int) -> list[int]:
        """The table's own class numbers; UNKNOWN for columns that codes do not answer."""
        found: list[int] = []
        for field, coarse in zip(self.fields, self.coarse, strict=True):
            number = UNKNOWN if field is None else field.number(code)
            found.append(number if coarse is None else coarse[number])
        return found
