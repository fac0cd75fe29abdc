"""Case files that are Excel workbooks, as shop software exports them: a title above the headings, merged cells, numbers
kept as text, dates as dates. Read with calamine (Rust), the only place that does; what that does not say of a sheet,
`sheet_parts` reads.

The sheet is the one with the headings that name most terms. A sheet has at most 1,048,576 rows, so it fits the memory.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import python_calamine as calamine

from rulectl.cases.delimited import id_position
from rulectl.cases.encoding import no_table
from rulectl.cases.headings import Plan, by_heading, claimed, heading_row, key_of, passed_over, plan, readable
from rulectl.cases.merged import Area, Merges, filled_down
from rulectl.cases.number_formats import percents
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.records import LOOK
from rulectl.cases.sheet_parts import Unsaid, unsaid
from rulectl.cases.table import ROW, Chunk
from rulectl.cases.totals import totals_finding
from rulectl.cases.typed import columns_of, text_of
from rulectl.diagnostics import Finding, finding, has_errors, listed
from rulectl.lang.units import family
from rulectl.model.draft import BlockKind
from rulectl.model.rulebook import Rulebook, Term
from rulectl.model.words import marker
from rulectl.source import FilePlace, Location, RowPlace, column_letters
from rulectl.types import Type

ROWS = 50_000
_MOST_CELLS = 1 << 27
"""So many cells a sheet may have, blank ones too, from its first to its last: calamine takes some 32 bytes for each."""

_MOST_BYTES = 1 << 32
"""So many bytes all parts of a workbook may have, unpacked: a full sheet of 60 columns."""

_PACKAGES = (("word", "docx"), ("ppt", "pptx"), ("visio", "vsdx"), ("Index", "numbers"))
_RULEBOOK = frozenset((BlockKind.VOCABULARY, BlockKind.TABLE))
"""A workbook with these blocks is a rulebook."""


class _Found(NamedTuple):
    """A sheet, its first rows as texts, the place of the headings among them, how many of these name a term, and how
    many blank rows stand above all of them."""

    name: str
    head: Sequence[Sequence[str]]
    at: int
    known: int
    before: int


class WorkbookTable:
    """Rows of one sheet; see `table.Table`."""

    def __init__(
        self,
        file: str,
        columns: Plan,
        sheet: calamine.CalamineSheet,
        skip: int,
        other: Unsaid,
        percents_: Mapping[int, frozenset[int]],
        id_at: int | None,
        findings: Sequence[Finding],
    ) -> None:
        self.file = file
        self.columns = columns
        self.headings = columns.headings
        self.findings: tuple[Finding, ...] = (*findings, *columns.findings)
        self._sheet = sheet
        self._skip = skip
        self._merges = Merges(_merged(sheet), skip)
        self._other = other.cells
        self._left = _left(sheet)
        self._id_at = id_at
        if self._merges.down:
            self.findings += (finding("merged-cells", FilePlace(file), count=self._merges.down),)
        if hidden := sum(row >= skip for row in other.hidden):
            self.findings += (finding("hidden-case-rows", FilePlace(file), count=hidden),)
        self._headings = {c.index: c.heading.strip() for c in columns.columns}
        types: dict[int, Type] = {c.index: c.term.type for c in columns.columns}
        self._types = [types.get(n) for n in range(columns.width)]
        self._percents = percents_
        # places on the sheet, as `percents` has them
        self._shares = frozenset(c.index + self._left for c in columns.columns if family(c.term.unit) == "%")
        self._done = 0.0

    def chunks(self) -> Iterator[Chunk]:
        width = self.columns.width
        rows = self._merges.filled(islice(self._sheet.iter_rows(), self._skip, None))
        start = self._skip - 1
        while part := list(islice(rows, ROWS)):
            numbered = [(start + n, self._whole(start + n, row)) for n, row in enumerate(part, start=1) if _says(row)]
            rejects: list[Reject] = []
            kept = []
            for number, row in numbered:
                found = self._not_a_row(number, row)
                if found is None:
                    kept.append((number, row))
                else:
                    cells = tuple(text_of(cell, None) for cell in row)
                    name = cells[self._id_at].strip() if self._id_at is not None and self._id_at < len(cells) else ""
                    rejects.append(Reject(number, name or str(number), cells, (found,)))
            columns = columns_of([row for _, row in kept], self._types)
            frame = pl.DataFrame([pl.Series(ROW, [number for number, _ in kept], dtype=pl.Int64), *columns])
            digest = zlib.crc32(frame.hash_rows().to_numpy().tobytes()) if frame.height else 0
            start += len(part)
            self._done = start / max(1, self._sheet.total_height)
            yield Chunk(frame, tuple(rejects), width, len(part), len(part) - len(numbered), digest)

    def _apart(self, number: int) -> Iterator[tuple[int, str | None]]:
        """The cells of a row of which calamine does not say what they show."""
        return ((column - self._left, shown) for column, shown in self._other.get(number, {}).items())

    def _whole(self, number: int, row: list[Any]) -> list[Any]:
        """A row with its errors, of which calamine has none, and with per cents as they are shown."""
        for column in self._percents.get(number, frozenset()) & self._shares:
            if isinstance(share := row[column - self._left], float | int):
                row[column - self._left] = f"{text_of(share * 100, None)}%"
        for column, shown in self._apart(number):
            if column < len(row) and shown is not None:
                row[column] = shown
        return row

    def _not_a_row(self, number: int, row: Sequence[object]) -> tuple[str, Finding] | None:
        """Why a row cannot be laid beside the headings, with the field: too many cells, one that was never computed."""
        width = self.columns.width
        if _says(row[width:]):
            used = max(n for n, cell in enumerate(row) if cell not in ("", None)) + 1
            place = RowPlace(self.file, number)
            return "", finding("wrong-cell-count", Location(place), count=used, expected=width)
        for column, shown in self._apart(number):
            if shown is None and column in self._headings:
                totals = totals_finding([text_of(cell, None) for cell in row], RowPlace(self.file, number))
                if totals is not None:  # which mostly are formulas
                    return "", totals
                field = self._headings[column]
                return field, finding("formula-without-result", Location(RowPlace(self.file, number, field)))
        return None

    def done(self) -> float:
        return self._done


def _says(cells: Sequence[object]) -> bool:
    """Whether some cell holds anything."""
    return any(cell not in ("", None) for cell in cells)


def open_workbook(path: Path, file: str, rulebook: Rulebook) -> WorkbookTable | Unreadable:
    """A workbook by its path."""
    if (size := _unpacked(path)) > _MOST_BYTES:
        return Unreadable((finding("case-file-too-large", FilePlace(file), file=file, size=size >> 20),))
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        other = {name: unsaid(path, name) for name in shown}
        far = [name for name in shown if other[name].rows * other[name].columns > _MOST_CELLS]
        if far:
            return Unreadable(tuple(_too_far(file, name, other[name]) for name in far))
        sheets = {name: book.get_sheet_by_name(name) for name in shown}
    except calamine.PasswordError:
        return Unreadable((finding("locked-case-file", FilePlace(file), file=file),))
    except (calamine.CalamineError, OSError):
        package = _other_package(path)
        if package is not None:
            return Unreadable((no_table(file, package),))
        return Unreadable((finding("broken-case-file", FilePlace(file), file=file, kind="Excel"),))
    known = by_heading(readable(rulebook))
    found = [one for name, sheet in sheets.items() if (one := _headings(name, sheet, known)) is not None]
    if not found:
        return Unreadable((finding("empty-case-file", FilePlace(file), file=file),))
    blocks = [_blocks(one) for one in found]
    if frozenset().union(*blocks) >= _RULEBOOK:
        # cases may lie beside the rules, on a sheet of their own
        found = [one for one, kinds in zip(found, blocks, strict=True) if one.known and not kinds]
        if not found:
            return Unreadable((finding("cases-are-rulebook", FilePlace(file), file=file),))
    best = max(found, key=lambda one: one.known)
    heads = [_trimmed(cell) for cell in best.head[best.at]]
    findings: list[Finding] = [*passed_over(best.head[: best.at], file)]
    others = [one.name for one in found if one is not best]
    if others:
        findings.append(finding("other-sheets", FilePlace(file), sheet=best.name, others=listed(others)))
    columns = plan(heads, rulebook, file)
    if has_errors(columns.findings):
        return Unreadable((*findings, *columns.findings))
    skip = best.before + best.at + 1
    shares = any(family(column.term.unit) == "%" for column in columns.columns)
    return WorkbookTable(
        file,
        columns,
        sheets[best.name],
        skip,
        other[best.name],
        percents(path, best.name) if shares else {},
        id_position(columns, rulebook),
        findings,
    )


def _unpacked(path: Path) -> int:
    """The bytes of all parts of a package; 0 where it is none."""
    try:
        with zipfile.ZipFile(path) as package:
            return sum(part.file_size for part in package.infolist())
    except (zipfile.BadZipFile, OSError):
        return 0


def _too_far(file: str, sheet: str, cells: Unsaid) -> Finding:
    place = FilePlace(file)
    return finding("cells-too-far", place, sheet=sheet, cell=f"{column_letters(cells.columns)}{cells.rows}")


def _other_package(path: Path) -> str | None:
    """What a package is that is no workbook: another document, or just packed files; None where it may be one."""
    try:
        with zipfile.ZipFile(path) as package:
            rooms = {name.split("/")[0] for name in package.namelist()}
    except (zipfile.BadZipFile, OSError):
        return None
    return None if "xl" in rooms else next((kind for room, kind in _PACKAGES if room in rooms), "zip")


def _blocks(sheet: _Found) -> frozenset[BlockKind]:
    """The blocks of a rulebook of which a marker stands in the first rows of a sheet."""
    firsts = (next((cell for cell in row if cell), "") for row in sheet.head)
    return frozenset(kind for text in firsts if (kind := marker(text)) is not None)


def _left(sheet: calamine.CalamineSheet) -> int:
    """How many blank columns stand before the first of a row."""
    return sheet.start[1] if sheet.start is not None else 0


def _merged(sheet: calamine.CalamineSheet) -> list[Area]:
    """The merged areas of a sheet, by the columns of its rows."""
    left = _left(sheet)
    return [
        ((top, a - left), (bottom, b - left)) for (top, a), (bottom, b) in sheet.merged_cell_ranges or () if a >= left
    ]


def _trimmed(heading: str) -> str:
    """A heading on one line: exports break them to make columns narrow."""
    return " ".join(heading.split())


def _headings(name: str, sheet: calamine.CalamineSheet, known: Mapping[str, Term]) -> _Found | None:
    """The headings of a sheet; None where it is empty."""
    before = sheet.start[0] if sheet.start is not None else 0
    head = [[text_of(cell, None) for cell in row] for row in islice(sheet.iter_rows(), before, before + LOOK)]
    filled_down(head, _merged(sheet), before)
    at = heading_row(head, known)
    return (
        None if at is None else _Found(name, head, at, sum(claimed(key_of(cell), known) for cell in head[at]), before)
    )
