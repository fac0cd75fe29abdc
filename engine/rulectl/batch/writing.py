"""Answers as pieces of a results file: cells as text for CSV and TSV, lines for JSON, typed frames for the others.
Nothing is compressed here: a piece may be made in several parts, and is compressed as a whole."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from itertools import groupby
from typing import NamedTuple

import polars as pl

from rulectl.batch.answers import Answers, Rejects, RowAnswers
from rulectl.batch.sinks import Lines, frame_bytes
from rulectl.cases.formats import Format
from rulectl.cases.reader import Reject
from rulectl.cases.table import positions
from rulectl.cases.writer import (
    RISKY,
    Column,
    Layout,
    fields_cell,
    reason,
    reasons_cell,
    reject_cells,
    unchanged,
    unwritable,
)
from rulectl.codes import Language
from rulectl.collecting import uncollected
from rulectl.columnar.refused import Refused

_END = "\r\n"

_UTF8 = ("utf-8", "utf-8-sig", "utf8")


def encoder(encoding: str) -> Callable[[str], bytes]:
    """Text to bytes such that pieces put one after the other are one text: only the first has a mark, if any has.
    Raises UnicodeEncodeError."""
    name = codecs.lookup(encoding).name
    if name == "utf-8-sig":
        return lambda text: text.encode()
    if name == "utf-16":
        little = "x".encode("utf-16")[2:] == b"x\0"
        return lambda text: text.encode("utf-16-le" if little else "utf-16-be")
    if name == "utf-32":
        little = "x".encode("utf-32")[4:] == b"x\0\0\0"
        return lambda text: text.encode("utf-32-le" if little else "utf-32-be")
    return lambda text: text.encode(encoding)


def delimiter_of(form: Format) -> str:
    return "\t" if form is Format.TSV else ","


class PieceWriter(NamedTuple):
    """Makes the pieces of one results file."""

    format: Format
    layout: Layout
    encoding: str

    def head(self) -> bytes:
        """What a results file starts with. Raises UnwritableError."""
        if self.format not in (Format.CSV, Format.TSV):
            return b""
        return head_row(self.layout.headings, self.encoding, delimiter_of(self.format))

    def piece(self, answers: Answers) -> bytes | Lines:
        """The answers of a chunk. Raises UnwritableError."""
        match self.format:
            case Format.CSV | Format.TSV:
                return self._rows(answers)
            case Format.JSONL:
                # only an engine that decides a case at a time is asked for these
                assert isinstance(answers, RowAnswers)
                return "".join(line + "\n" for line in answers.lines()).encode()
            case Format.PARQUET | Format.XLSX:
                columns = [answers.typed(c).alias(str(n)) for n, c in enumerate(self.layout.columns)]
                return frame_bytes(pl.DataFrame(columns))

    def _rows(self, answers: Answers) -> bytes | Lines:
        if not len(answers.ids):
            return b""
        mark = delimiter_of(self.format)
        together = self._together(answers) if self.encoding in _UTF8 else None
        if together is not None:
            return Lines(together, mark, "never")
        names = positions(len(self.layout.columns))
        columns = [answers.cells(c).alias(n) for n, c in zip(names, self.layout.columns, strict=True)]
        # a blank cell is nothing at all, not a pair of quotes
        frame = pl.DataFrame(columns).with_columns(pl.when(pl.all() != "").then(pl.all()))
        lines = Lines(frame, mark, "necessary")
        if self.encoding in _UTF8:
            return lines
        data = bytes(lines)
        try:
            return encoder(self.encoding)(data.decode())
        except UnicodeEncodeError:
            encode = encoder(self.encoding)
            for number, row in zip(answers.numbers, frame.iter_rows(), strict=True):
                try:
                    encode("".join(cell or "" for cell in row))
                except UnicodeEncodeError:
                    raise unwritable(
                        number, self.layout.headings, [cell or "" for cell in row], self.encoding
                    ) from None
            raise

    def _together(self, answers: Answers) -> pl.DataFrame | None:
        """The rows as they are to stand in the file: what many of them share is quoted and joined once, and beside the
        cells of a row's own there is one column for each stretch of what it shares."""
        mark = delimiter_of(self.format)
        found = answers.alike(self.layout.columns, self._stretches)
        if found is None:
            return None
        stretches, shared = found
        left = stretches.iter_columns()
        columns: list[pl.Series] = []
        for of_row, group in groupby(self.layout.columns, lambda column: column not in shared):
            columns += [_own(answers, column, mark) for column in group] if of_row else [next(left)]
        return pl.DataFrame([column.alias(str(number)) for number, column in enumerate(columns)])

    def _stretches(self, answers: Answers, shared: Sequence[Column]) -> pl.DataFrame:
        """One column for each stretch of shared columns: their cells as they stand in the file."""
        mark = delimiter_of(self.format)
        stretches: list[pl.Series] = []
        for of_row, group in groupby(self.layout.columns, lambda column: column not in shared):
            if not of_row:
                cells = [_quoted(answers.cells(column).fill_null(""), mark) for column in group]
                named = pl.DataFrame([texts.alias(str(number)) for number, texts in enumerate(cells)])
                stretches.append(named.select(pl.concat_str(pl.all(), separator=mark)).to_series())
        return pl.DataFrame([texts.alias(str(number)) for number, texts in enumerate(stretches)])


def _own(answers: Answers, column: Column, delimiter: str) -> pl.Series:
    """A column of which each row has its own cell, as these stand in the file."""
    texts = answers.cells(column)
    return texts if answers.simple(column) else _quoted(texts, delimiter)


def _quoted(texts: pl.Series, delimiter: str) -> pl.Series:
    """Cells in quotes where they need them."""
    needs = texts.str.contains_any([delimiter, '"', "\r", "\n"])
    if not needs.any():
        return texts
    inner = pl.col("text").str.replace_all('"', '""', literal=True)
    quoted = pl.when("needs").then(pl.concat_str(pl.lit('"'), inner, pl.lit('"'))).otherwise("text")
    return pl.DataFrame({"text": texts, "needs": needs}).select(quoted).to_series()


class RejectWriter(NamedTuple):
    """Makes the pieces of the rejects file: rows as they stood, with number, fields and reasons in front. `own` columns
    of the case file come from a rejects file, and go."""

    headings: Sequence[str]
    lang: Language
    encoding: str
    delimiter: str = ","
    own: int = 0

    def head(self) -> bytes:
        """Raises UnwritableError."""
        return head_row(self.headings, self.encoding, self.delimiter)

    @uncollected()
    def piece(self, rejects: Rejects) -> bytes:
        """Raises UnwritableError."""
        if not rejects.number:
            return b""
        encode = encoder(self.encoding)
        try:
            return encode(self._text(rejects))
        except UnicodeEncodeError:  # then each row by itself
            return b"".join(self._row(reject, encode) for reject in rejects.all())

    def _text(self, rejects: Rejects) -> str:
        """The rows as lines, in order."""
        together = rejects.together
        if together is None or self.own:  # what stands in front of a row hangs on the row
            return rows_text((reject_cells(reject, self.lang, self.own) for reject in rejects.all()), self.delimiter)
        lines = self._together(together).to_list()
        if rejects.singly:
            singly = ((r.number, rows_text([reject_cells(r, self.lang)], self.delimiter)) for r in rejects.singly)
            lines = [line for _, line in sorted((*singly, *zip(together.numbers.tolist(), lines, strict=True)))]
        return "".join(lines)

    def _together(self, refused: Refused) -> pl.Series:
        """Rows that were refused in columns, as `reject_cells` has each of them: what many have in common is said
        once, and cells are looked at where a spreadsheet would run one of their column."""
        codes, said = refused.told
        fields = pl.Series([fields_cell(one.field for one in wrongs) for wrongs in said], dtype=pl.String)
        reasons = pl.Series(
            [
                reasons_cell((reason(o.field, o.slug, o.fields, self.lang) for o in wrongs), self.lang)
                for wrongs in said
            ],
            dtype=pl.String,
        )
        columns = [
            pl.Series(refused.numbers).cast(pl.String),
            *(_quoted(texts, self.delimiter).gather(codes) for texts in (fields, reasons)),
            *(_quoted(_unrun(refused.column(index)), self.delimiter) for index in range(refused.raw)),
        ]
        named = pl.DataFrame([column.alias(str(n)) for n, column in enumerate(columns)])
        return named.select(pl.concat_str(pl.all(), separator=self.delimiter) + _END).to_series()

    def _row(self, reject: Reject, encode: Callable[[str], bytes]) -> bytes:
        cells = reject_cells(reject, self.lang, self.own)
        # our own sentence may lose a sign to the encoding, the row itself may not
        cells[2] = cells[2].encode(self.encoding, "replace").decode(self.encoding)
        try:
            return encode(rows_text([cells], self.delimiter))
        except UnicodeEncodeError:
            raise unwritable(reject.number, self.headings, cells, self.encoding) from None


def _unrun(texts: pl.Series) -> pl.Series:
    """The cells of a row as it stood, such that no spreadsheet runs them."""
    runs = texts.str.contains(RISKY)
    if not runs.any():
        return texts
    places = runs.arg_true()
    return texts.scatter(places, [unchanged(text) for text in texts.gather(places).to_list()])


def head_row(headings: Sequence[str], encoding: str, delimiter: str) -> bytes:
    """The headings, with a mark where the encoding has one. Raises UnwritableError."""
    try:
        return rows_text([headings], delimiter).encode(encoding)
    except UnicodeEncodeError:
        raise unwritable(0, headings, headings, encoding) from None


def rows_text(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    """Rows as text, with their line ends."""
    held = StringIO()
    csv.writer(held, delimiter=delimiter).writerows(rows)
    return held.getvalue()
