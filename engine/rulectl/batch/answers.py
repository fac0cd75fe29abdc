"""What was decided of one chunk, whichever engine did it: columns as cells or as typed values, ids, counts, findings.

Two engines give it: the columnar one for whole frames, and any that decides a case at a time (durable, and where whole
outcomes are written) for row after row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import polars as pl

from rulectl.cases.facts import FactReader
from rulectl.cases.headings import Plan
from rulectl.cases.reader import CaseRow, Reject
from rulectl.cases.table import ROW, Chunk, RowReader
from rulectl.cases.writer import Column, Layout
from rulectl.columnar.alike import Alike
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.refused import Refused
from rulectl.columnar.typed import unfitted
from rulectl.diagnostics import Finding
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook, Term
from rulectl.report.summary import Summary
from rulectl.values import Value, number

if TYPE_CHECKING:
    from rulectl.report.outcome import Reporter
    from rulectl.runtime.engine import Counted

Decide: TypeAlias = "Callable[[Mapping[str, Value], Counted | None], Outcome]"


class Rejects(NamedTuple):
    """The rejected rows of a chunk, one by one and in columns."""

    singly: tuple[Reject, ...]
    together: Refused | None = None

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.singly) + (0 if self.together is None else len(self.together))

    def all(self) -> list[Reject]:
        """All of them, in order."""
        others = () if self.together is None else self.together.singly()
        return sorted((*self.singly, *others), key=lambda reject: reject.number)


class Answers(Protocol):
    """The decided rows of a chunk, in order, and those rejected."""

    @property
    def ids(self) -> pl.Series: ...

    @property
    def numbers(self) -> pl.Series:
        """Their numbers in the file."""
        ...

    @property
    def rejects(self) -> Rejects: ...

    def cells(self, column: Column) -> pl.Series:
        """A column as texts."""
        ...

    def simple(self, column: Column) -> bool:
        """Whether it is known of these that none needs quotes."""
        ...

    def alike(
        self, columns: Sequence[Column], write: Callable[[Answers, Sequence[Column]], pl.DataFrame]
    ) -> tuple[pl.DataFrame, Sequence[Column]] | None:
        """Which of the columns rows may have in common, and what `write` says of each row by these alone; it is asked
        once for all rows that have them in common, and must say the same of them in every chunk. None where that saves
        nothing."""
        ...

    def typed(self, column: Column) -> pl.Series:
        """A column as typed values; numbers as texts, for their type hangs on those of all chunks."""
        ...

    def add_to(self, summary: Summary) -> None: ...

    def findings(self) -> tuple[Finding, ...]:
        """Each finding of an outcome once."""
        ...


class Answerer(Protocol):
    """Decides chunks. Not for several threads at once."""

    def answer(self, chunk: Chunk, counts: pl.DataFrame | None) -> Answers: ...


# -- in columns --------------------------------------------------------------------------------------------------


class ColumnAnswers(NamedTuple):
    """What the columnar engine says."""

    decided: Decided
    layout: Layout
    rejects: Rejects
    kept: Alike

    @property
    def ids(self) -> pl.Series:
        return self.decided.ids

    @property
    def numbers(self) -> pl.Series:
        return pl.Series(self.decided.numbers, dtype=pl.Int64)

    def cells(self, column: Column) -> pl.Series:
        match column.what:
            case Term():
                return self.decided.text(column.what.id)
            case "id":
                return self.decided.id_texts()
            case "status":
                return self.decided.status_texts()
            case "asks":
                return self.decided.ask_texts(self.layout.label)
            case "rules":
                return self.decided.rule_texts()
            case _:
                return self.decided.why_texts()

    def simple(self, column: Column) -> bool:
        if isinstance(column.what, Term):
            return self.decided.simple_texts(column.what.id)
        return column.what == "id" and self.decided.simple

    def alike(
        self, columns: Sequence[Column], write: Callable[[Answers, Sequence[Column]], pl.DataFrame]
    ) -> tuple[pl.DataFrame, Sequence[Column]] | None:
        shared = [c for c in columns if c.what != "id" and not (isinstance(c.what, Term) and not self._shared(c.what))]
        if not shared:
            return None
        terms = [column.what.id for column in shared if isinstance(column.what, Term)]
        found = self.decided.alike(terms, self.kept, lambda some: write(self._replace(decided=some), shared))
        return None if found is None else (found, shared)

    def _shared(self, term: Term) -> bool:
        return self.decided.shared(term.id)

    def typed(self, column: Column) -> pl.Series:
        if isinstance(column.what, Term):
            return self.decided.unfitted(column.what)
        return self.ids if column.what == "id" else self.cells(column)

    def add_to(self, summary: Summary) -> None:
        counts = self.decided.counts()
        summary.statuses.update(counts.statuses)
        summary.rules.update(counts.rules)
        summary.asks.update(counts.asks)
        summary.findings.update(counts.findings)
        summary.troubled += counts.troubled

    def findings(self) -> tuple[Finding, ...]:
        return self.decided.first_findings()


class ColumnAnswerer:
    """Whole frames by the columnar engine."""

    def __init__(self, rulebook: Rulebook, columns: Plan, file: str, layout: Layout) -> None:
        self._engine = ColumnarEngine(rulebook)
        self._columns = columns
        self._file = file
        self._layout = layout
        self._counted = {aggregate.term for aggregate in rulebook.aggregates}
        self._kept = Alike()

    def answer(self, chunk: Chunk, counts: pl.DataFrame | None) -> ColumnAnswers:
        decided = self._engine.decide(
            chunk.frame.drop(ROW),
            self._columns,
            file=self._file,
            numbers=chunk.frame[ROW].to_numpy(),
            counted=None if counts is None else {name: counts[name] for name in self._counted},
        )
        refused = None if decided.refused is None else replace(decided.refused, raw=chunk.raw)
        return ColumnAnswers(decided, self._layout, Rejects(chunk.rejects, refused), self._kept)


# -- row by row --------------------------------------------------------------------------------------------------


class RowAnswers(NamedTuple):
    """What an engine says that decides a case at a time."""

    decided: list[tuple[CaseRow, Outcome]]
    rejects: Rejects
    reporter: Reporter

    @property
    def ids(self) -> pl.Series:
        return pl.Series([case.id for case, _ in self.decided], dtype=pl.String)

    @property
    def numbers(self) -> pl.Series:
        return pl.Series([case.number for case, _ in self.decided], dtype=pl.Int64)

    def cells(self, column: Column) -> pl.Series:
        return pl.Series([column.make(case, outcome) for case, outcome in self.decided], dtype=pl.String)

    def simple(self, column: Column) -> bool:
        return False

    def alike(self, columns: Sequence[Column], write: Callable[[Answers, Sequence[Column]], pl.DataFrame]) -> None:
        return None

    def typed(self, column: Column) -> pl.Series:
        if not isinstance(column.what, Term):
            return self.ids if column.what == "id" else self.cells(column)
        id_ = column.what.id
        values = [
            o.outputs[id_] if id_ in o.outputs else o.derived.get(id_, o.case.get(id_, c.facts.get(id_)))
            for c, o in self.decided
        ]
        return unfitted(values, column.what.type)

    def lines(self) -> list[str]:
        """Whole outcomes as lines of JSON."""
        return [self.reporter.json(outcome) for _, outcome in self.decided]

    def add_to(self, summary: Summary) -> None:
        for _, outcome in self.decided:
            summary.add(outcome)

    def findings(self) -> tuple[Finding, ...]:
        return tuple(dict.fromkeys(found for _, outcome in self.decided for found in outcome.findings))


class RowAnswerer:
    """Row after row by an engine that decides one case."""

    def __init__(self, rulebook: Rulebook, columns: Plan, file: str, decide: Decide, reporter: Reporter) -> None:
        self._reader = RowReader(columns, FactReader(rulebook), rulebook, file)
        self._decide = decide
        self._reporter = reporter
        self._rulebook = rulebook

    def answer(self, chunk: Chunk, counts: pl.DataFrame | None) -> RowAnswers:
        rejects = list(chunk.rejects)
        decided: list[tuple[CaseRow, Outcome]] = []
        counted = _counts(counts, self._rulebook) if counts is not None else None
        for at, (own, *cells) in enumerate(chunk.frame.iter_rows()):
            row = self._reader.row(own, tuple(cells), chunk.raw)
            if isinstance(row, Reject):
                rejects.append(row)
            else:
                decided.append((row, self._decide(row.facts, None if counted is None else counted[at])))
        return RowAnswers(decided, Rejects(tuple(rejects)), self._reporter)


def _counts(frame: pl.DataFrame, rulebook: Rulebook) -> list[dict[str, tuple[Value, tuple[str, ...]]]]:
    """What was counted across cases, for each row of a frame."""
    found: list[dict[str, tuple[Value, tuple[str, ...]]]] = [{} for _ in range(frame.height)]
    for aggregate in rulebook.aggregates:
        values = frame[aggregate.term].to_list()
        ids = frame[aggregate.term + " ids"].to_list() if aggregate.term + " ids" in frame.columns else None
        for at, value in enumerate(values):
            if value is not None:
                found[at][aggregate.term] = (number(value), tuple(ids[at] or ()) if ids is not None else ())
    return found
