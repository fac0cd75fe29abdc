"""Rejected rows as a workbook: whoever mends them in Excel must not lose what Excel does to a text file that is opened
there. An order number of 19 digits becomes 1.43621E+18 at sight, and is gone once the file is saved. Every cell is text
here, so that none is run, and is read as such when the rows come back.

The rows grow as text, like all that may be gone on with, and become a workbook at the end.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import xlsxwriter

from rulectl.batch.decisions_book import CREATED, lines_of
from rulectl.batch.sinks import RejectSink
from rulectl.cases.writer import unguarded

ROWS = 1_048_576
"""Rows of a sheet; what is more goes on further sheets."""
ENCODING = "utf-8"
"""Of the rows in the making."""
_TEXT = 32_767
_LINE = 15
"""Points of a line."""
_WIDTHS = (8, 20, 60)
"""Of row number, fields and reasons; the columns of the case file are `_OTHER` wide."""
_OTHER = 20


class RejectBook(RejectSink):
    """The same as a workbook, made of the text when that is whole."""

    def open(self, position: int) -> None:
        super().open(position)
        self._made.unlink(missing_ok=True)  # of a run that was cut off

    def assemble(self) -> None:
        super().assemble()
        if self._at > len(self._head) or os.path.exists(self.path):
            write_rejects(self._part, self._made)

    def publish(self) -> None:
        if self._made.exists():
            os.replace(self._made, self.path)
            self._part.unlink(missing_ok=True)
            self._let_go()

    def close(self, keep: bool) -> None:
        if self._held is not None:  # else it is that of another run
            with suppress(OSError):
                self._made.unlink(missing_ok=True)
        super().close(keep)

    @property
    def _made(self) -> Path:
        """The workbook until it has its place."""
        return self._part.with_suffix(".book")


def write_rejects(rows: Path, target: Path, most: int = ROWS) -> None:
    """Rows of text, the headings first, as a workbook of text cells, `most` rows on a sheet. Raises OSError."""
    options = {"constant_memory": True, "tmpdir": str(target.parent), "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(target), options)
    book.set_properties({"created": CREATED})
    head = book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "white", "num_format": "@"})
    text = book.add_format({"num_format": "@", "valign": "top"})
    told = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    with rows.open(encoding=ENCODING, newline="") as stream:
        csv.field_size_limit(sys.maxsize)  # a row of an unclosed quotation may be long
        lines = csv.reader(stream)
        headings = next(lines, [])
        sheet: Any = None
        at = most
        for cells in chain(([],), lines):  # headings stand there even where there is no row
            if at >= most:
                _filter(sheet, at, len(headings))
                sheet, at = book.add_worksheet(), 1
                sheet.freeze_panes(1, 0)
                for column, heading in enumerate(headings):
                    sheet.set_column(column, column, _WIDTHS[column] if column < len(_WIDTHS) else _OTHER, text)
                    sheet.write_string(0, column, heading[:_TEXT], head)
            if cells and (high := _height(cells[2], _WIDTHS[2])) > 1:  # not every program finds that out by itself
                sheet.set_row(at, high * _LINE)
            for column, cell in enumerate(_fitting(cells)):
                if cell:
                    sheet.write_string(at, column, unguarded(cell), told if 0 < column < len(_WIDTHS) else text)
            at += bool(cells)
        _filter(sheet, at, len(headings))
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:  # the package's name for any OSError
        raise error.args[0] from None


_height = lru_cache(4096)(lines_of)
"""Many rows have the same reason."""


def _filter(sheet: Any, rows: int, columns: int) -> None:
    """Have Excel filter a sheet, which is whole by now."""
    if sheet is not None and columns:
        sheet.autofilter(0, 0, rows - 1, columns - 1)


def _fitting(cells: Sequence[str]) -> list[str]:
    """Cells of which none is too long for a sheet: what is over goes behind the last."""
    over = [cell[at : at + _TEXT] for cell in cells for at in range(_TEXT, len(cell), _TEXT)]
    return [*(cell[:_TEXT] for cell in cells), *over]
