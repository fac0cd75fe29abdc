"""How rows become what goes into the files: everything that deciding needs to know, as data, and what it gives.

`Making` is plain data, so that it can be handed to another process. A `Maker` has the engine, and works in two steps,
since an engine can decide the next rows while the answers to the last are still being written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import polars as pl

from rulectl.batch.answers import Answerer, Answers, ColumnAnswerer, Decide, RowAnswerer
from rulectl.batch.sinks import Lines
from rulectl.batch.writing import PieceWriter, RejectWriter
from rulectl.cases.formats import Format
from rulectl.cases.headings import Plan
from rulectl.cases.reader import id_term
from rulectl.cases.table import Chunk
from rulectl.cases.writer import Trace, layout
from rulectl.codes import Language
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook, Term
from rulectl.report.summary import Summary

_NO_IDS = pl.Series(dtype=pl.String)
_NO_NUMBERS = pl.Series(dtype=pl.Int64)


class Made(NamedTuple):
    """Some rows, decided: their part of the results file, the rejected ones as text, the ids and row numbers of the
    others (where ids are not looked at: none), what they add to the summary, and every finding once."""

    piece: bytes | Lines
    rejected: bytes
    ids: pl.Series
    numbers: pl.Series
    summary: Summary
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Making:
    """What rows are decided by, and how answers are written. `columns` are those of the case file `file`; `unique`:
    whether a case id that repeats is a mistake; `chosen`: the columns of the results, None: the usual ones."""

    rulebook: Rulebook
    columns: Plan
    file: str
    unique: bool
    engine: Literal["native", "durable"]
    format: Format
    encoding: str
    trace: Trace
    headings: Literal["name", "id"]
    chosen: Sequence[Term | str] | None
    lang: Language
    rejects: RejectWriter

    @property
    def singly(self) -> bool:
        """Whether cases are decided one at a time."""
        return self.engine == "durable" or self.format is Format.JSONL

    def pieces(self) -> PieceWriter:
        """A writer of results. What it remembers serves one thread at a time."""
        named = id_term(self.rulebook)
        columns = layout(self.rulebook, named, trace=self.trace, headings=self.headings, columns=self.chosen)
        return PieceWriter(self.format, columns, self.encoding)


class Maker:
    """An engine and its writers; each of its two steps serves one thread at a time. `decide` is an engine that takes a
    case at a time, in place of our own."""

    def __init__(self, making: Making, decide: Decide | None = None) -> None:
        self._pieces = making.pieces()
        self._rejects = making.rejects
        self._unique = making.unique
        self._answerer = self._answerer_of(making, decide)

    def _answerer_of(self, making: Making, decide: Decide | None) -> Answerer:
        rulebook = making.rulebook
        if not making.singly:
            return ColumnAnswerer(rulebook, making.columns, making.file, self._pieces.layout)
        # late: for whole outcomes and for the second engine alone
        from rulectl.report.outcome import Reporter
        from rulectl.runtime.engine import Engine

        reporter = Reporter(rulebook, making.lang, making.headings)
        return RowAnswerer(rulebook, making.columns, making.file, decide or Engine(rulebook).decide, reporter)

    def answer(self, chunk: Chunk, counts: pl.DataFrame | None) -> Answers:
        """Decide rows; `counts` holds the facts counted across cases for each of them."""
        return self._answerer.answer(chunk, counts)

    def write(self, answers: Answers) -> Made:
        """What goes into the files. Raises UnwritableError."""
        summary = Summary(rejected=answers.rejects.number)
        answers.add_to(summary)
        return Made(
            self._pieces.piece(answers),
            self._rejects.piece(answers.rejects),
            answers.ids if self._unique else _NO_IDS,
            answers.numbers if self._unique else _NO_NUMBERS,
            summary,
            answers.findings(),
        )
