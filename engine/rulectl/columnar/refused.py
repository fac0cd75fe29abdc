"""Rows of a frame that cannot be read, held in columns: a file of which every row has a mistake has hardly as many
mistakes as rows, and what is written of a row (batch/writing.py) needs no object for it.

What is wrong with which cell is looked at only when somebody asks; where facts are counted first, nobody does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.facts import Slot, field_finding
from rulectl.cases.reader import Reject
from rulectl.diagnostics import Fields, Finding
from rulectl.lang.scope import Problem
from rulectl.source import Location, RowPlace

Places = npt.NDArray[np.int64]


class Wrong(NamedTuple):
    """What is wrong with a cell of a field, whichever row it is in: a finding without its place."""

    field: str
    text: str
    slug: str
    fields: Fields
    problem: Problem | None

    def found(self, place: RowPlace) -> Finding:
        """The finding in a row."""
        if self.problem is not None:
            return field_finding(self.problem, place, self.text)
        return Finding(self.slug, Location(place), self.fields)


class Doubt(NamedTuple):
    """Cells of one column, in the rows `at`, that cannot be read, or are blank and must not be."""

    slot: Slot
    heading: str
    column: int
    at: Places

    def found(self, rows: pl.DataFrame) -> tuple[npt.NDArray[np.int64], list[Wrong]]:
        """Of each of these cells the number of what is wrong with it, from 1; 0 where it is nothing."""
        numbers: dict[object, int] = {}
        told: list[Wrong] = []
        codes: list[int] = []
        for raw in rows.to_series(self.column).gather(self.at).to_list():
            key = raw if raw.__class__ is str else (raw.__class__, repr(raw))
            code = numbers.get(key)
            if code is None:
                one = self._wrong(raw)
                if one is not None:
                    told.append(one)
                code = numbers[key] = 0 if one is None else len(told)
            codes.append(code)
        return np.array(codes, np.int64), told

    def _wrong(self, raw: object) -> Wrong | None:
        value = self.slot.native(raw)
        if isinstance(value, Problem):
            return Wrong(self.heading, "" if raw is None else str(raw), value.slug, value.fields, value)
        if value is None and self.slot.required:
            return Wrong(self.heading, "", "missing-fact", (("field", self.heading),), None)
        return None


@dataclass(frozen=True)
class Refused:
    """The rows `at` of a frame, in order; `numbers` are their numbers in `file`, `named` is the column of ids, and the
    first `raw` columns are the row as it stood."""

    rows: pl.DataFrame
    at: Places
    numbers: Places
    file: str
    named: int | None
    doubts: tuple[Doubt, ...]
    raw: int

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def told(self) -> tuple[npt.NDArray[np.int64], Sequence[tuple[Wrong, ...]]]:
        """What is wrong with each row, by number, and what is wrong with any, each once."""
        codes = np.zeros(len(self.at), np.int64)
        said: list[tuple[Wrong, ...]] = [()]
        for doubt in self.doubts:
            mine, found = doubt.found(self.rows)
            places = self.at.searchsorted(doubt.at)
            wide = len(found) + 1
            keys, numbers = np.unique(codes[places] * wide + mine, return_inverse=True)
            first = len(said)
            for key in keys.tolist():
                before, new = said[key // wide], key % wide
                said.append((*before, found[new - 1]) if new else before)
            codes[places] = first + numbers
        met, codes = np.unique(codes, return_inverse=True)
        return codes, [said[code] for code in met.tolist()]

    def ids(self) -> list[str]:
        """What each row is called: its id, else its number."""
        own = self.column(self.named).to_list() if self.named is not None else [""] * len(self)
        return [id_.strip() or str(number) for id_, number in zip(own, self.numbers.tolist(), strict=True)]

    def reasons(self, say: Callable[[Sequence[tuple[str, Finding]]], str]) -> pl.Series:
        """Why each row cannot be read, as `say` says it of the fields with what is wrong with them: asked once for rows
        of which the same is wrong."""
        codes, said = self.told
        nowhere = RowPlace(self.file, 0, "")
        texts = [say([(one.field, one.found(nowhere)) for one in wrong]) for wrong in said]
        return pl.Series("reason", texts, dtype=pl.String).gather(codes)

    def column(self, index: int) -> pl.Series:
        """A column of these rows as texts."""
        some = self.rows.to_series(index).gather(self.at)
        return some.fill_null("") if some.dtype == pl.String else _as_texts(some)

    def singly(self) -> tuple[Reject, ...]:
        """One by one."""
        codes, said = self.told
        columns = [self.column(index).to_list() for index in range(self.raw)]
        rejects = []
        for number, id_, code, *cells in zip(self.numbers.tolist(), self.ids(), codes.tolist(), *columns, strict=True):
            problems = tuple((one.field, one.found(RowPlace(self.file, number, one.field))) for one in said[code])
            rejects.append(Reject(number, id_, tuple(cells), problems))
        return tuple(rejects)


def _as_texts(values: pl.Series) -> pl.Series:
    return pl.Series(["" if value is None else str(value) for value in values.to_list()], dtype=pl.String)
