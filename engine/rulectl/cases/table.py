"""A case file as a table that is read piece by piece: what every format is turned into.

Whatever the format, a cell becomes the text that a person would have typed (numbers exact, dates in ISO form, lists
joined by `;`), so that one reading of values serves all of them. A piece (`Chunk`) is a data frame of texts with the
number of each row, together with the rows that cannot be laid beside the headings at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import polars as pl

from rulectl.cases.facts import FactReader, Facts, field_finding
from rulectl.cases.formats import BROKEN
from rulectl.cases.headings import Plan
from rulectl.cases.pieces import ROW as ROW
from rulectl.cases.pieces import positions as positions
from rulectl.cases.reader import CaseRow, Reject, id_term, once_each
from rulectl.cases.repeated import PassedOver
from rulectl.diagnostics import Finding, finding
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Rulebook
from rulectl.source import Location, RowPlace


class Chunk(NamedTuple):
    """Some rows of a file, in their order. `frame` has a column `row` and one of texts for each position, `"0"` and on;
    `raw` of them, from the left, are the row as it stood. `met` rows were met in all: those of the frame, those
    rejected, `blank` ones and headings (their numbers: `repeated` those that say the same as the ones before them,
    `moved` those in another order). `digest` is that of the bytes or texts behind them."""

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]
    raw: int
    met: int
    blank: int
    digest: int
    repeated: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()

    def pass_over(self, passed: PassedOver) -> None:
        """Count what of it is passed over."""
        passed.blank += self.blank
        passed.repeated += self.repeated
        passed.moved += self.moved


class Table(Protocol):
    """An open case file. `chunks` may be called again: each time it starts anew."""

    @property
    def file(self) -> str: ...

    @property
    def columns(self) -> Plan: ...

    @property
    def headings(self) -> tuple[str, ...]: ...

    @property
    def findings(self) -> tuple[Finding, ...]: ...

    def chunks(self) -> Iterator[Chunk]: ...

    def done(self) -> float:
        """How much of the file has been read: 0 to 1."""
        ...


def frame_of(rows: Iterable[tuple[int, tuple[str, ...]]], width: int) -> pl.DataFrame:
    """A frame of numbered rows."""
    schema: dict[str, type[pl.DataType]] = {ROW: pl.Int64, **dict.fromkeys(positions(width), pl.String)}
    return pl.DataFrame([(number, *cells) for number, cells in rows], schema=schema, orient="row")


class RowReader:
    """Reads the rows of chunks one by one into typed facts: the way of every row that no faster one can take."""

    def __init__(self, columns: Plan, facts: FactReader, rulebook: Rulebook, file: str) -> None:
        self.file = file
        self._slots = [(c.index, c.heading.strip(), facts.slots[c.term.id]) for c in columns.columns]
        named = id_term(rulebook)
        self._id = named.id if named else ""
        self._id_at = next((at for at, _, slot in self._slots if slot.id == self._id), None)
        # only a term that is there to name cases makes a repeated value a mistake
        self.unique = next((h for _, h, slot in self._slots if slot.id == "case_id"), None)

    def row(self, number: int, cells: tuple[str, ...], raw: int) -> CaseRow | Reject:
        """One row of the right width: its facts, or every reason why not."""
        facts: Facts = {}
        problems: list[tuple[str, Finding]] = []
        for index, heading, slot in self._slots:
            text = cells[index]
            try:
                value = slot.texts[text]
            except KeyError:
                read = slot.text(text)
                if isinstance(read, Problem):
                    at = RowPlace(self.file, number, heading)
                    problems.append((heading, field_finding(read, at, text)))
                    continue
                value = read
            if value is not None:
                facts[slot.id] = value
            elif slot.required:
                at = RowPlace(self.file, number, heading)
                problems.append((heading, finding("missing-fact", Location(at), field=heading)))
        if problems:
            return Reject(number, self.name(number, cells), cells[:raw], tuple(problems))
        id_ = facts.get(self._id)
        return CaseRow(number, str(number) if id_ is None else str(id_), facts, cells[:raw])

    def name(self, number: int, cells: tuple[str, ...]) -> str:
        """The id of a row as it stands there; its number where it has none."""
        text = cells[self._id_at].strip() if self._id_at is not None and self._id_at < len(cells) else ""
        return text or str(number)

    def read_name(self, number: int, cells: tuple[str, ...]) -> str:
        """The id of a row that can be read, as it is read."""
        row = self.row(number, cells, 0)
        return row.id

    def again(self, number: int, name: str, cells: tuple[str, ...], first: int) -> Reject:
        """A case whose id was decided before, in row `first`."""
        heading = self.unique or ""
        found = finding("same-case-id", Location(RowPlace(self.file, number, heading), name), id=name, row=first)
        return Reject(number, name, cells, ((heading, found),))


class TableCases:
    """The rows of a table, one by one; iterate once. Same face as `reader.CaseFile`."""

    def __init__(self, table: Table, facts: FactReader, rulebook: Rulebook) -> None:
        self.file = table.file
        self.headings = table.headings
        self.findings = table.findings
        self._table = table
        self._reader = RowReader(table.columns, facts, rulebook, table.file)

    def __iter__(self) -> Iterator[CaseRow | Reject]:
        """Raises OSError where the file is damaged within."""
        try:
            yield from once_each(self._rows(), self.file, self._reader.unique)
        except BROKEN as error:
            raise OSError from error

    def _rows(self) -> Iterator[CaseRow | Reject]:
        passed = PassedOver()
        for chunk in self._table.chunks():
            read = [self._reader.row(number, tuple(cells), chunk.raw) for number, *cells in chunk.frame.iter_rows()]
            yield from sorted([*read, *chunk.rejects], key=lambda row: row.number)
            chunk.pass_over(passed)
        self.findings += passed.findings(self.file)
