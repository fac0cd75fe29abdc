"""Decisions as a workbook to read: typed cells, frozen headings, a filter, widths that fit, and a second sheet that
quotes the rules. Written with XlsxWriter in constant memory, the only place that does.

The `rules` of a case link to the sheet of rules, at the first that fired. There each rule stands as its own workbook
has it: what its cells say, and how often it fired. A sheet has 1,048,576 rows; what is more goes on further sheets.
"""

from __future__ import annotations

import datetime as dt
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl
import wcwidth
import xlsxwriter

from rulectl.cases.writer import EXTRAS, Column, Layout
from rulectl.codec.hashing import content_hash
from rulectl.codes import Language, say
from rulectl.diagnostics import Finding, finding
from rulectl.lang.syntax import Any as Anything
from rulectl.model.outcome import Firing
from rulectl.model.policy import Status
from rulectl.model.rulebook import Rule, Rulebook, Table
from rulectl.source import FilePlace
from rulectl.values import TRUTHS, duration_text, number_text, plain_text

ROWS = 1_048_575
"""Rows below the headings of one sheet."""

LINKS = 65_530
"""More links Excel does not open in one sheet."""

CREATED = dt.datetime(1980, 1, 1)
"""When every workbook says that it was made: the same results are the same bytes, whenever they are written."""
_TEXT = 32_767
_EXACT = 15
_WIDEST, _SAMPLE = 60, 200
_RULE_WIDTHS = (26, 8, 22, 48, 40, 30, 18)
_TALLEST = 25

_LINK = {"font_color": "#0563C1", "underline": 1}

_FILLED = 0.85
"""The share of the work when all rows are on their sheets: then the file is packed."""
_OFTEN = 1000

_Formats = Mapping[str, Any]
Progress = Callable[[int, float], None]


def write_workbook(
    parts: Sequence[Path],
    layout: Layout,
    rulebook: Rulebook,
    fired: Counter[Firing],
    lang: Language,
    target: Path,
    folder: Path,
    progress: Progress,
    rows: int = ROWS,
) -> list[Finding]:
    """Frames, each in a file of its own, as one workbook; what is to be said of it. `rows` go on each sheet; `folder`
    takes what is passing, so that it lies on the disk of the results and goes with them; `progress` takes how many
    rows are written, and what share of the work that is. Raises OSError."""
    options = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "use_zip64": True,  # a full sheet of wide rows is larger than what fits without
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    whole = _Whole(target)
    try:
        book = xlsxwriter.Workbook(whole, options)
        findings = _written(book, parts, layout, rulebook, fired, lang, progress, rows)
    finally:
        whole.finish()
    if whole.error is not None:
        raise whole.error
    return findings


class _Whole(io.RawIOBase):
    """A file that, once there is no more room for it, takes the rest as if there were, and remembers the error. The
    package leaves an archive that it could not write to be closed whenever its memory is freed; that would fail again
    where nobody can catch it."""

    def __init__(self, target: Path) -> None:
        self.error: OSError | None = None
        self._stream = open(target, "wb", buffering=0)  # noqa: SIM115 - held until `finish`
        self._at = 0

    def finish(self) -> None:
        """No more goes into the file."""
        self._stream.close()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        left = view = memoryview(data).cast("B")
        try:
            while left and self.error is None and not self._stream.closed:
                self._stream.seek(self._at + len(view) - len(left))
                left = left[self._stream.write(left) :]
        except OSError as error:
            self.error = error
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence != os.SEEK_SET:  # nobody has asked for it
            raise io.UnsupportedOperation
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at


def _written(
    book: Any,
    parts: Sequence[Path],
    layout: Layout,
    rulebook: Rulebook,
    fired: Counter[Firing],
    lang: Language,
    progress: Progress,
    rows: int,
) -> list[Finding]:
    """The sheets of a workbook, and it closed. Raises OSError."""
    decided_by = f"{rulebook.id} {rulebook.version} {content_hash(rulebook)}"
    book.set_properties({"created": CREATED, "title": rulebook.name, "comments": decided_by})
    formats = {
        "head": book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "white", "valign": "vcenter"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "text": book.add_format({"num_format": "@"}),
        "link": book.add_format(_LINK),
        # what is wider than its column is cut off there, whatever stands beside it
        "cut": book.add_format({"align": "fill"}),
        "cut text": book.add_format({"num_format": "@", "align": "fill"}),
        "cut link": book.add_format(_LINK | {"align": "fill"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "top": book.add_format({"valign": "top"}),
    }
    names = say("report-sheet-rules", lang)
    quoted = _quoted(rulebook, fired, lang)
    places = {name: number for number, (name, *_) in enumerate(quoted, start=2)}
    total = sum(pl.scan_parquet(part).select(pl.len()).collect().item() for part in parts)
    filled = _watched(parts, lambda done: progress(done, _FILLED * done / total))
    cut = _decisions(book, filled, _widths(parts, layout.columns), layout, formats, places, names, lang, rows)
    _rules(book, quoted, formats, names, lang)
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:  # the package's name for any OSError
        raise error.args[0] from None
    progress(total, 1.0)
    return [finding("long-cells-cut", FilePlace(""), count=cut)] if cut else []


def _decisions(
    book: Any,
    filled: Iterable[tuple[Any, ...]],
    widths: Sequence[int],
    layout: Layout,
    formats: _Formats,
    places: Mapping[str, int],
    rules_sheet: str,
    lang: Language,
    rows: int,
) -> int:
    """The decisions, on as many sheets as they need; how many cells were too long."""
    columns = layout.columns
    cut = number = 0
    sheet: Any = None
    at = rows + 1
    last = max(0, len(columns) - 1)
    called = {status.value: say(f"report-status-{status.value}", lang) for status in Status}
    for row in filled:
        if at > rows:
            number = _finish(sheet, at - 1, last, number)
            sheet, at = _sheet(book, number, columns, widths, formats, lang), 1
        for index, (column, cell) in enumerate(zip(columns, row, strict=True)):
            if column.what == "status":
                cell = called.get(cell, cell)
            elif isinstance(cell, list):
                cell = plain_text(tuple(map(Decimal, cell) if column.numeric else cell), lang)
            elif column.numeric and cell is not None:
                cell = Decimal(cell)
            if isinstance(cell, str) and len(cell) > _TEXT:
                cut += 1
                cell = cell[: _TEXT - 1] + "…"
            elif isinstance(cell, bool):
                cell = TRUTHS[lang][cell]
            place = places.get(str(cell).split(";", 1)[0]) if column.what == "rules" and at <= LINKS else None
            cut_off = isinstance(cell, str) and _wider(cell, widths[index])
            if place is not None:
                link = f"internal:'{rules_sheet}'!A{place}"
                sheet.write_url(at, index, link, formats["cut link" if cut_off else "link"], cell[:_TEXT])
            else:
                _write(sheet, at, index, column, cell, formats, cut_off)
        at += 1
    if sheet is None:
        sheet, at = _sheet(book, 0, columns, widths, formats, lang), 1
    _finish(sheet, at - 1, last, number)
    return cut


def _sheet(
    book: Any, number: int, columns: Sequence[Column], widths: Sequence[int], formats: _Formats, lang: Language
) -> Any:
    """A sheet with its headings."""
    name = say("report-sheet-decisions", lang)
    sheet = book.add_worksheet(name if number == 0 else f"{name} {number + 1}")
    sheet.freeze_panes(1, 1)
    _on_paper(sheet)
    for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
        sheet.set_column(index, index, width)
        # a workbook is for people, who read its headings in their own language
        heading = say(f"report-column-{column.what}", lang) if column.what in EXTRAS else column.heading
        sheet.write_string(0, index, heading, formats["head"])
    return sheet


def _finish(sheet: Any, rows: int, last: int, number: int) -> int:
    """Give a sheet its filter; the number of the next."""
    if sheet is None:
        return number
    sheet.autofilter(0, 0, rows, last)
    return number + 1


def _watched(parts: Sequence[Path], told: Callable[[int], None]) -> Iterator[tuple[Any, ...]]:
    """All rows, and now and then how many."""
    number = 0
    for part in parts:
        for row in pl.read_parquet(part).iter_rows():
            yield row
            number += 1
            if number % _OFTEN == 0:
                told(number)


def _write(sheet: Any, row: int, index: int, column: Column, cell: Any, formats: _Formats, cut_off: bool) -> None:
    """One typed cell; what a workbook has no type for is text, which may have to be cut off at its column's width."""
    match cell:
        case None | "":
            return
        case Decimal() if len(cell.as_tuple().digits) <= _EXACT:
            sheet.write_number(row, index, float(cell))
        case Decimal():
            sheet.write_string(row, index, number_text(cell), formats["text"])
        case dt.datetime():
            sheet.write_datetime(row, index, cell, formats["datetime"])
        case dt.date():
            sheet.write_datetime(row, index, cell, formats["date"])
        case dt.timedelta():
            sheet.write_string(row, index, duration_text(cell))
        case _:
            written = "text" if column.what == "id" or column.numeric else ""
            sheet.write_string(row, index, str(cell), formats.get(f"cut {written}".strip() if cut_off else written))


def _wider(text: str, width: int) -> bool:
    """Whether a text takes more room than its column has."""
    return len(text) * 2 > width and (len(text) > width or wcwidth.wcswidth(text) > width)


def _widths(parts: Sequence[Path], columns: Sequence[Column]) -> list[int]:
    """Widths by the headings and the first rows; Chinese signs take two."""
    heads = (pl.read_parquet(part, n_rows=_SAMPLE).iter_rows() for part in parts)
    first = list(islice(chain.from_iterable(heads), _SAMPLE))
    found = []
    for index, column in enumerate(columns):
        texts = [column.heading + "  ", *("" if row[index] is None else _shown(row[index]) for row in first)]
        found.append(min(_WIDEST, max(8, *(max(0, wcwidth.wcswidth(t[:200])) + 2 for t in texts))))
    return found


def _shown(cell: Any) -> str:
    return (
        ";".join(map(str, cell))
        if isinstance(cell, list)
        else str(cell)[:19]
        if isinstance(cell, dt.date)
        else str(cell)
    )


# -- the rules that fired ------------------------------------------------------------------------------------------


def _quoted(
    rulebook: Rulebook, fired: Counter[Firing], lang: Language
) -> list[tuple[str, int, str, str, str, str, str]]:
    """Each rule that fired, in the order of the tables: its name, how often, its cells (with the workbook where it is
    an included one), what they say, note and source."""
    labels = {term.id: term.name for term in rulebook.terms}
    counts = {(firing.table, firing.rule): n for firing, n in fired.items()}
    return [
        (
            f"{table.name}/{rule.id}",
            counts[table.name, rule.id],
            rule.cells.seen_from(rulebook.source) if rule.cells is not None else "",
            _conditions(table, rule, lang),
            "\n".join(
                f"{labels.get(column.term, column.term)} = {said.text}"
                for column, said in zip(table.outputs, rule.then, strict=True)
                if said.expr is not None
            ),
            rule.note,
            rule.source,
        )
        for table in rulebook.tables
        for rule in table.rules
        if (table.name, rule.id) in counts
    ]


def _conditions(table: Table, rule: Rule, lang: Language) -> str:
    """The entries that ask for something, as they are written."""
    asked = [
        say("report-pair", lang, name=column.heading, value=entry.text)
        for column, entry in zip(table.inputs, rule.when, strict=True)
        if not isinstance(entry.test, Anything)
    ]
    return "\n".join([say("report-otherwise", lang), *asked] if rule.otherwise else asked)


def lines_of(text: str, width: int) -> int:
    """How many lines a text takes in a column so many signs wide."""
    lines = sum(1 + max(0, wcwidth.wcswidth(line)) // width for line in text.split("\n"))
    return min(lines, _TALLEST)


def _on_paper(sheet: Any) -> None:
    """As wide as a page, with the headings on each."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _rules(
    book: Any, quoted: Sequence[tuple[str, int, str, str, str, str, str]], formats: _Formats, name: str, lang: Language
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    _on_paper(sheet)
    heads = ("rule", "fired", "cells", "when", "then", "note", "source")
    for index, (head, width) in enumerate(zip(heads, _RULE_WIDTHS, strict=True)):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, say(f"report-rules-{head}", lang), formats["head"])
    for at, row in enumerate(quoted, start=1):
        # heights are not found out by themselves everywhere
        sheet.set_row(
            at,
            15
            * max(
                lines_of(text, width)
                for text, width in zip((row[0], *row[2:]), (_RULE_WIDTHS[0], *_RULE_WIDTHS[2:]), strict=True)
            ),
        )
        sheet.write_string(at, 0, row[0], formats["wrap"])
        sheet.write_number(at, 1, row[1], formats["top"])
        for index, text in enumerate(row[2:], start=2):
            sheet.write_string(at, index, text[:_TEXT], formats["wrap"])
    sheet.autofilter(0, 0, len(quoted), len(heads) - 1)
