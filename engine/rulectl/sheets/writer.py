"""Workbooks that are pleasant to fill in, from sheets of plain text.

The text is what counts: reading the workbook back gives the same draft as reading the text. The rest is help: title
bands, frozen headings, widths, drop-downs that follow the vocabulary, notes on markers and headings. The same grids
give the same bytes, so that a shipped workbook can be compared with its source.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rulectl.codes import Language, say
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock
from rulectl.sheets import looks
from rulectl.sheets.blocks import Grid, read_grid
from rulectl.sheets.choices import Choice, Column, choices, columns, header_rows, known_terms
from rulectl.sheets.paper import lay_out
from rulectl.types import Kind, Type

MOMENT = dt.datetime(2000, 1, 1)
"""When every written workbook was made: a clock would make two files of one source differ."""

_NUMBER = re.compile(r"^(?:0|-?[1-9]\d{0,14}|-?(?:0|[1-9]\d*)\.\d*[1-9])$")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_INLINE_LIMIT = 255
_NOTED = ("role", "type", "values", "required", "default", "aliases", "merge", "favours", "condition", "conclusion")


def write_workbook(grids: Sequence[Grid], path: Path, lang: Language = "zh") -> None:
    """Write sheets as a workbook. It is written beside its place and then renamed, so that nobody sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(workbook_bytes(grids, lang))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def workbook_bytes(grids: Sequence[Grid], lang: Language = "zh") -> bytes:
    """The file of a workbook."""
    book = Workbook()
    book.properties.creator = "rulectl"
    book.properties.created = book.properties.modified = MOMENT
    assert book.active is not None
    book.remove(book.active)
    blocks = [read_grid(grid, "")[0] for grid in grids]
    terms = known_terms(block for of_sheet in blocks for block in of_sheet)
    taken: list[str] = []
    pages = []
    for grid in grids:
        taken.append(free_name(grid.name, taken))
        pages.append(book.create_sheet(taken[-1]))
    lists = _Lists(book, lang, taken)
    for page, grid, of_sheet in zip(pages, grids, blocks, strict=True):
        _write_sheet(page, grid, of_sheet, terms, lists)
    lists.finish()
    raw = io.BytesIO()
    book.save(raw)
    return _timeless(raw.getvalue())


def free_name(name: str, taken: Sequence[str]) -> str:
    """A name that Excel allows and no other sheet has."""
    plain = _FORBIDDEN.sub("_", name).strip("'") or "Sheet"
    folded = {one.casefold() for one in taken}
    for number in range(1, len(taken) + 2):
        tail = f" ({number})" if number > 1 else ""
        candidate = plain[: 31 - len(tail)] + tail
        if candidate.casefold() not in folded:
            return candidate
    raise AssertionError("more names than sheets")


# -- one sheet ---------------------------------------------------------------------------------------------------


def _write_sheet(
    page: Worksheet, grid: Grid, blocks: Sequence[DraftBlock], terms: Mapping[str, Type], lists: _Lists
) -> None:
    lang = lists.lang
    for number, row in enumerate(grid.rows, 1):
        for column, text in enumerate(row, 1):
            if text:
                _write_text(_at(page, number, column), text).font = looks.font(lang, colour="495057")
    described = [columns(block, terms) for block in blocks]
    for n, (block, about) in enumerate(zip(blocks, described, strict=True)):
        _write_block(page, block, about, lang)
        for choice in choices(block, about, lang, n == len(blocks) - 1):
            lists.add(page, choice)
    widths = _set_widths(page, grid, blocks, described)
    if blocks:
        page.sheet_properties.tabColor = looks.BANDS[blocks[0].kind]
    if len(blocks) == 1:
        first = blocks[0]
        across = first.at.column + (1 if first.kind in (BlockKind.TABLE, BlockKind.VOCABULARY, BlockKind.TESTS) else 0)
        below = first.at.row + header_rows(first.kind)
        page.freeze_panes = _at(page, below, across).coordinate
    lay_out(page, blocks, widths)
    page.sheet_format.defaultRowHeight = looks.ROW_HEIGHT
    page.sheet_format.customHeight = True


def _at(page: Worksheet, row: int, column: int) -> Cell:
    """A cell of a sheet that has no merged ones."""
    cell = page.cell(row, column)
    assert isinstance(cell, Cell)
    return cell


def _write_text(cell: Cell, text: str) -> Cell:
    """Text that stays text: nothing becomes a formula or an error value."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:32767]
    cell.data_type = "s"
    if text[0] in "=+-@" and len(text) > 1:
        cell.quotePrefix = True
    return cell


def _write_block(page: Worksheet, block: DraftBlock, about: Sequence[Column], lang: Language) -> None:
    """Values and looks of a block."""
    head = header_rows(block.kind)
    for number, row in enumerate(block.rows):
        for drafted, column in zip(row, about, strict=True):
            cell = _at(page, drafted.at.row, drafted.at.column)
            if number >= head and _numeric(block, row, column) and _NUMBER.match(drafted.text):
                cell.value = Decimal(drafted.text)
            cell.border = looks.BORDER
            cell.alignment = looks.WRAP
            cell.font = looks.font(lang)
            if number == 0:
                cell.font = looks.font(lang, bold=True, colour="FFFFFF", size=11)
                cell.fill = looks.fill(looks.BANDS[block.kind])
                cell.alignment = looks.PLAIN
                cell.border = looks.band_border(looks.BANDS[block.kind])
            elif number < head:
                shades = looks.ROLE_FILLS if number == 1 else looks.TERM_FILLS
                cell.fill = looks.fill(shades.get(column.key or "", looks.HEADING_FILL))
                cell.font = looks.font(
                    lang, bold=number == head - 1, colour="212529" if number == head - 1 else "6C757D"
                )
                cell.alignment = looks.CENTRED
                if number == 1 and column.key in _NOTED:
                    _note(cell, f"heading-note-{column.key}", lang)
            elif block.kind is BlockKind.RULEBOOK and drafted.at.column == block.at.column:
                cell.font, cell.fill = looks.font(lang, bold=True), looks.fill(looks.KEY_FILL)
            elif column.key in looks.BODY_FILLS:
                cell.fill = looks.fill(looks.BODY_FILLS[column.key])
    page.row_dimensions[block.at.row].height = 24
    _note(_at(page, block.at.row, block.at.column), f"block-note-{block.kind.value}", lang)


def _note(cell: Cell, key: str, lang: Language) -> None:
    text = say(key, lang)
    note = Comment(text, "rulectl")
    note.width = 320
    note.height = 28 + 18 * (looks.shown_width(text) // 46 + 1 + text.count("\n"))
    cell.comment = note


def _numeric(block: DraftBlock, row: Sequence[object], column: Column) -> bool:
    """Whether a plain number in the column is a number, and not the text of one."""
    match block.kind:
        case BlockKind.TABLE:
            wanted = column.key in ("condition", "conclusion")
            return wanted and (column.type is None or not column.type.kind.textual)
        case BlockKind.TESTS:
            return column.type is not None and column.type.kind is Kind.NUMBER
        case BlockKind.PARAMETERS:
            return column.key == "value" and _typed_number(block, row)
        case _:
            return False


def _typed_number(block: DraftBlock, row: Sequence[object]) -> bool:
    """Whether the row of a parameter says that it is a number."""
    keys = [words.heading(block.kind, cell.text) for cell in block.rows[1]]
    typed = next((cell for cell, key in zip(row, keys, strict=True) if key == "type"), None)
    return typed is not None and words.type_of(getattr(typed, "text", "")) == (Kind.NUMBER, False)


def _set_widths(
    page: Worksheet, grid: Grid, blocks: Sequence[DraftBlock], described: Sequence[Sequence[Column]]
) -> tuple[float, ...]:
    """Set and give the widths of the columns, by what all blocks of the sheet hold; title bands may run over."""
    plain: dict[int, float] = {}
    prose: dict[int, float] = {}
    for block, about in zip(blocks, described, strict=True):
        for n, column in enumerate(about):
            wordy = column.key in looks.PROSE or (block.kind is BlockKind.RULEBOOK and n == 1)
            width = looks.column_width((row[n].text for row in block.rows[1:]), wordy)
            if block.kind is BlockKind.RULEBOOK:
                width = max(width, 14.0 if n == 0 else looks.WIDEST_PROSE)
            wanted = prose if wordy else plain
            wanted[column.number] = max(wanted.get(column.number, 0.0), width)
    widths = prose | {n: max(width, min(prose.get(n, 0.0), looks.SHARED_PROSE)) for n, width in plain.items()}
    if not blocks:
        widths[1] = looks.column_width((row[0] for row in grid.rows if row), True)
    heads = [cell for block in blocks for row in block.rows[: header_rows(block.kind)] for cell in row]
    headings: dict[int, int] = {}
    for cell in heads:
        headings[cell.at.column] = max(headings.get(cell.at.column, 0), looks.shown_width(cell.text))
    widths = looks.pressed(widths, headings)
    for number, width in widths.items():
        page.column_dimensions[get_column_letter(number)].width = width
    for block in blocks:
        for row in block.rows[1:]:
            height = looks.row_height((cell.text, widths[cell.at.column]) for cell in row)
            if height is not None:
                page.row_dimensions[row[0].at.row].height = height
    return tuple(widths.values())


# -- drop-downs --------------------------------------------------------------------------------------------------


class _Lists:
    """Collects drop-downs; lists too long for a cell rule stand on a sheet of their own, open to see."""

    def __init__(self, book: Workbook, lang: Language, taken: list[str]) -> None:
        self.book, self.lang, self.taken = book, lang, taken
        self.places: dict[tuple[str, ...], str] = {}
        self.rules: dict[tuple[str, str, bool], DataValidation] = {}
        self.page: Worksheet | None = None

    def add(self, page: Worksheet, choice: Choice) -> None:
        """One drop-down; equal ones of a sheet share a rule."""
        source = self._source(choice.words)
        key = (page.title, source, choice.closed)
        rule = self.rules.get(key)
        if rule is None:
            rule = DataValidation("list", source, allow_blank=True, showErrorMessage=choice.closed)
            if choice.closed:
                rule.errorStyle = "information"
                rule.errorTitle, rule.error = say("choice-title", self.lang), say("choice-error", self.lang)
            page.add_data_validation(rule)
            self.rules[key] = rule
        letter = get_column_letter(choice.column)
        rule.add(f"{letter}{choice.first}:{letter}{choice.last}")

    def _source(self, listed: tuple[str, ...]) -> str:
        inline = ",".join(listed)
        if len(inline) <= _INLINE_LIMIT and not any(
            re.search(r'[,"]', word) or word != word.strip() for word in listed
        ):
            return f'"{inline}"'
        if listed not in self.places:
            if self.page is None:
                self.taken.append(free_name(say("choice-sheet", self.lang), self.taken))
                self.page = self.book.create_sheet(self.taken[-1])
            number = len(self.places) + 1
            for row, word in enumerate(listed, 3):
                _write_text(_at(self.page, row, number), word).font = looks.font(self.lang)
            letter = get_column_letter(number)
            self.page.column_dimensions[letter].width = looks.column_width(listed, False)
            self.places[listed] = f"{quote_sheetname(self.page.title)}!${letter}$3:${letter}${len(listed) + 2}"
        return self.places[listed]

    def finish(self) -> None:
        """The heading of the sheet of lists, where there is one."""
        if self.page is not None:
            cell = _write_text(_at(self.page, 1, 1), say("choice-about", self.lang))
            cell.font = looks.font(self.lang, italic=True, colour="6C757D")


# -- the same bytes every time -----------------------------------------------------------------------------------


def _timeless(data: bytes) -> bytes:
    """The package with every clock in it stopped."""
    stopped = io.BytesIO()
    stamp = MOMENT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stopped, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            made = zipfile.ZipInfo(entry.filename, (2000, 1, 1, 0, 0, 0))
            made.compress_type = zipfile.ZIP_DEFLATED
            made.create_system = 3
            made.external_attr = 0o644 << 16
            new.writestr(made, content)
    return stopped.getvalue()
