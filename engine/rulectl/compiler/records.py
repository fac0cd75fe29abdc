"""Blocks with a row of headings and one thing a row: all but the rulebook's own and decision tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from rulectl.compiler.complaints import complain, heading_of, repeated, strange
from rulectl.diagnostics import Finding, Note
from rulectl.lang.chars import visible
from rulectl.model import words
from rulectl.model.draft import DraftBlock, DraftCell
from rulectl.source import CellRange


class Record(NamedTuple):
    """One row, by the keys of its headings; `extra` are the cells under headings that are no words, by column."""

    row: tuple[DraftCell, ...]
    columns: Mapping[str, int]

    def cell(self, key: str) -> DraftCell:
        """The cell under a heading; where the block has no such heading, a blank one at the row's first cell."""
        if key in self.columns:
            return self.row[self.columns[key]]
        return DraftCell(self.row[0].at)

    def text(self, key: str) -> str:
        """What a cell says, blanks around it and invisible marks gone."""
        return visible(self.cell(key).text)

    @property
    def cells(self) -> CellRange:
        return CellRange(self.row[0].at, self.row[-1].at)


def records(block: DraftBlock, required: Sequence[str], found: list[Finding]) -> Iterator[Record]:
    """The rows of a block; none when a required heading is missing."""
    here: list[Finding] = []
    columns = headings(block, here)
    lacking = columns is not None and missing(block, columns, required, here)
    found.extend(_once(here) if lacking else here)
    if columns is not None and not lacking:
        for row in block.rows[2:]:
            yield Record(row, columns)


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Headings that are missing and headings that are blank or no words are one mistake: the latter become notes of the
    first that is missing, for one of them is likely to be what was meant by it."""
    odd = [finding for finding in found if finding.slug in ("unknown-heading", "column-without-heading")]
    rest = [finding for finding in found if finding not in odd]
    at = next((n for n, finding in enumerate(rest) if finding.slug == "missing-heading"), None)
    if at is None:
        return list(found)
    notes = tuple(Note("note-unknown-heading", finding.at) for finding in odd)
    rest[at] = replace(rest[at], notes=(*rest[at].notes, *notes))
    return rest


def headings(block: DraftBlock, found: list[Finding], *, others: bool = False) -> dict[str, int] | None:
    """Key of a heading -> column; `others` says that other headings are names, which the caller reads. None when the
    block ends with its marker."""
    if len(block.rows) < 3:
        found.append(complain("empty-block", block.rows[0][0], text=block.rows[0][0].text.strip()))
        if len(block.rows) < 2:
            return None
    columns: dict[str, int] = {}
    for column, cell in enumerate(block.rows[1]):
        below = next((row[column] for row in block.rows[2:] if not row[column].blank), None)
        if cell.blank:
            if below is not None:
                found.append(complain("column-without-heading", below, text=below.text.strip()))
            continue
        key = words.heading(block.kind, cell.text)
        if key is None:
            if not others:
                found.append(strange("unknown-heading", cell, block.kind.value))
        elif key in columns and (not cell.merged or below is not None):
            found.append(repeated(cell, block.rows[1][columns[key]]))
        else:
            columns.setdefault(key, column)
    return columns


def missing(block: DraftBlock, columns: Mapping[str, int], required: Sequence[str], found: list[Finding]) -> bool:
    """Whether a required heading is missing; a finding for each."""
    lacking = [key for key in required if key not in columns]
    marker = block.rows[0][0]
    found.extend(
        complain("missing-heading", marker, text=marker.text.strip(), **heading_of(block.kind.value, key))
        for key in lacking
        if not block.cut
    )
    return bool(lacking)


def unread(found: Sequence[Finding]) -> bool:
    """Whether a block was left out as a whole, so that what it declares is not known."""
    return any(finding.slug == "missing-heading" for finding in found)
