"""Case files in: each row becomes typed facts, or a reject with every reason (semantics law 5).

The way of a file: bytes -> encoding -> rows -> headings matched to terms -> values. A file that cannot be read at all,
or whose headings cannot be matched, gives findings and no rows; from then on every row comes out, decided or rejected,
in its place. Nothing but the case ids met so far is kept, so a file may be longer than the memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from rulectl.cases import encoding as encodings
from rulectl.cases.facts import FactReader, Facts, Slot, field_finding
from rulectl.cases.headings import Plan, by_heading, heading_row, own_columns, passed_over, plan, readable
from rulectl.cases.records import Record, Records
from rulectl.cases.repeated import OTHER, HeadingRow, PassedOver, Standing
from rulectl.cases.totals import totals_finding
from rulectl.diagnostics import Finding, finding, has_errors
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Rulebook, Term
from rulectl.source import FilePlace, Location, RowPlace
from rulectl.types import Kind
from rulectl.values import Value


class CaseRow(NamedTuple):
    """A case: its row (as `records` counts them), its id, its facts by term id, the cells as they stood."""

    number: int
    id: str
    facts: Facts
    raw: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be decided, whole, and why: (field, reason) each; the field is blank when it is the row."""

    number: int
    id: str
    raw: tuple[str, ...]
    problems: tuple[tuple[str, Finding], ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that gives no cases at all, and why."""

    findings: tuple[Finding, ...]


def unopened(path: Path) -> Unreadable:
    """Why the system does not open a case file."""
    slug = "folder-not-file" if os.path.isdir(path) else "cannot-read" if os.path.exists(path) else "no-such-file"
    return Unreadable((finding(slug, FilePlace(str(path)), file=path),))


def id_term(rulebook: Rulebook) -> Term | None:
    """The term that names a case: `case_id`, else the first free text that every case must have."""
    inputs = [t for t in rulebook.terms if t.type.kind is Kind.STRING and not t.type.many]
    named = next((t for t in inputs if t.id == "case_id"), None)
    return named or next((t for t in inputs if t.required and not t.type.values), None)


def once_each(rows: Iterable[CaseRow | Reject], file: str, field: str | None) -> Iterator[CaseRow | Reject]:
    """The rows, a case whose id was decided before turned into a reject; `field` holds the id, None: ids may repeat."""
    seen: dict[str, int] = {}
    for row in rows:
        if field is not None and isinstance(row, CaseRow):
            first = seen.setdefault(row.id, row.number)
            if first != row.number:
                place = Location(RowPlace(file, row.number, field), row.id)
                again = finding("same-case-id", place, id=row.id, row=first)
                yield Reject(row.number, row.id, row.raw, ((field, again),))
                continue
        yield row


class CaseFile:
    """An open case file: iterate it once for its rows. `findings` are notices on the file as a whole; those on what
    was passed over (blank rows) are added when the rows have been read."""

    def __init__(
        self,
        records: Records,
        columns: Plan,
        facts: FactReader,
        rulebook: Rulebook,
        file: str,
        whole: bool,
        findings: Sequence[Finding] = (),
    ) -> None:
        self.file = file
        self.headings = columns.headings
        self.findings: tuple[Finding, ...] = (*findings, *columns.findings)
        self._records = records
        self._row_of_headings = HeadingRow(columns, by_heading(readable(rulebook)))
        self._width = columns.width
        self._own = own_columns(columns.headings)
        self._whole = whole
        self._columns = [(c.index, c.heading.strip(), facts.slots[c.term.id]) for c in columns.columns]
        named = id_term(rulebook)
        self._id = named.id if named else ""
        # only a term that is there to name cases makes a repeated value a mistake
        self._heading = next((h for _, h, slot in self._columns if slot.id == "case_id"), None)

    def __iter__(self) -> Iterator[CaseRow | Reject]:
        passed = PassedOver()
        yield from once_each(self._rows(passed), self.file, self._heading)
        passed.blank = self._records.blank
        self.findings += passed.findings(self.file)

    def _rows(self, passed: PassedOver) -> Iterator[CaseRow | Reject]:
        """The rows that are no headings, as those above them say."""
        standing = Standing(self._row_of_headings.straight)
        for record in self._records:
            number, cells = record.number, record.cells
            reason = self._not_a_row(record, RowPlace(self.file, number))
            order = self._row_of_headings.order(cells) if reason is None else None
            if order is not None:
                if order != OTHER:
                    (passed.repeated if order == standing.order else passed.moved).append(number)
                standing.order, standing.row = order, number
            if reason is not None:
                yield Reject(number, self._id_of(cells, record), cells, (("", reason),))
            elif standing.order == OTHER:
                yield Reject(number, str(number), cells, (("", standing.other(self.file, number)),))
            elif order is None:
                yield self._case(record, standing.laid(cells))

    def _case(self, record: Record, cells: tuple[str, ...]) -> CaseRow | Reject:
        """The facts of a row that is as wide as the headings."""
        facts: Facts = {}
        problems: list[tuple[str, Finding]] = []
        for index, heading, slot in self._columns:
            text = cells[index]
            known: Value | Slot = slot.texts.get(text, slot)
            if isinstance(known, Slot):  # not read before
                read = slot.text(text)
                if isinstance(read, Problem):
                    at = RowPlace(self.file, record.number, heading)
                    problems.append((heading, field_finding(read, at, text)))
                    continue
                known = read
            value = known
            if value is not None:
                facts[slot.id] = value
            elif slot.required:
                at = RowPlace(self.file, record.number, heading)
                problems.append((heading, finding("missing-fact", Location(at), field=heading)))
        if problems:
            return Reject(record.number, self._id_of(cells, record), cells, tuple(problems))
        id_ = facts.get(self._id)
        return CaseRow(record.number, str(record.number) if id_ is None else str(id_), facts, cells)

    def _not_a_row(self, record: Record, place: RowPlace) -> Finding | None:
        """Why a row is no case beside the headings: broken quote, lost bytes, totals, too few or too many cells."""
        cells = record.cells
        if record.broken:
            return finding("endless-quote" if record.endless else "broken-quote", Location(place, cells[0]))
        if not self._whole:
            spoilt = next((cell for cell in cells if "\ufffd" in cell or "\0" in cell), None)
            if spoilt is not None and "\ufffd" in spoilt:
                return finding("unreadable-bytes", Location(place, spoilt))
            if spoilt is not None:
                return finding("control-character", Location(place, spoilt), character="U+0000")
        totals = totals_finding(cells[self._own :], place)
        if totals is not None:
            return totals
        count = len(cells)
        if count < self._width or (count > self._width and any(cell.strip() for cell in cells[self._width :])):
            return finding("wrong-cell-count", Location(place, ""), count=count, expected=self._width)
        return None

    def _id_of(self, cells: tuple[str, ...], record: Record) -> str:
        """The id of a row that is rejected, as it stands there; the row's number where it has none."""
        if not record.broken:
            for index, _, slot in self._columns:
                if slot.id == self._id and index < len(cells) and cells[index].strip():
                    return cells[index].strip()
        return str(record.number)


def open_cases(
    stream: BinaryIO,
    file: str,
    rulebook: Rulebook,
    facts: FactReader,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> CaseFile | Unreadable:
    """A delimited case file from a seekable stream; `file` is its name as people know it."""
    found = encodings.detect(stream, file, encoding)
    if isinstance(found, Finding):
        return Unreadable((found,))
    records = Records(encodings.open_text(stream, found), delimiter)
    first = [row.words for row in records.front]
    at = heading_row(first, by_heading(readable(rulebook)))
    records.start(at)
    if records.header is None:
        return Unreadable((finding("empty-case-file", FilePlace(file), file=file),))
    if records.header.broken:
        place = Location(RowPlace(file, 0), records.header.cells[0])
        return Unreadable((finding("broken-heading-quote", place),))
    above = passed_over(first[:at], file)
    columns = plan(records.header.cells, rulebook, file)
    if has_errors(columns.findings):
        return Unreadable((*above, *columns.findings))
    return CaseFile(records, columns, facts, rulebook, file, found.whole, above)
