"""A rulebook ready to decide cases, one or many.

Keys of a case are names, ids or aliases of terms; values are native or as people write them. Engines are made when they
are first needed, and data frames, the solver and the counting across cases are imported where they are: a program that
decides single cases starts without them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from io import TextIOBase
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, TypeAlias, TypeVar, cast, overload

from rulectl.analysis.turns import in_turn
from rulectl.cases.facts import BadCase, FactReader
from rulectl.cases.json_cases import JsonCases, open_json
from rulectl.cases.magic import holds_text, starts_as_json
from rulectl.cases.reader import CaseFile, CaseRow, Reject, Unreadable, open_cases, unopened
from rulectl.codes import Language
from rulectl.diagnostics import Finding, finding, has_errors
from rulectl.errors import CaseError, sound
from rulectl.loading import Doubt, certain
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.engine import Counted, Engine
from rulectl.runtime.written import Unsettled
from rulectl.source import FilePlace
from rulectl.values import Value

if TYPE_CHECKING:
    import polars as pl

    from rulectl.analysis.study import Study
    from rulectl.analysis.whynot import WhyNot
    from rulectl.cases.table import TableCases
    from rulectl.columnar.engine import ColumnarEngine

Cases: TypeAlias = "CaseFile | JsonCases | TableCases"

T = TypeVar("T")

JSON_ENDINGS = (".json", ".jsonl", ".ndjson")


class Frame(Protocol):
    """A table of polars, pandas, Arrow or any other library that hands over its columns."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


class Decider(Protocol):
    """Anything that decides typed facts: the native engine, the durable one."""

    def decide(self, facts: Mapping[str, Value], counted: Counted | None = None) -> Outcome: ...


class Book:
    """A rulebook ready to decide cases. Cheap to keep: load once, decide often, from any thread. To other processes it
    goes without its engines, which each makes at its first case."""

    def __init__(self, rulebook: Rulebook, findings: Iterable[Finding] = (), doubt: Doubt = certain) -> None:
        self.rulebook = rulebook
        self._columns_free = Lock()
        self.findings = tuple(findings)
        self.doubt = doubt
        self._facts = FactReader(rulebook)
        self._decide_raw: Callable[[Mapping[str, object]], Outcome | Unsettled | None] = self._begin

    @cached_property
    def engine(self) -> Engine:
        """The native engine, made at the first case."""
        with sound(self.doubt):
            return Engine(self.rulebook)

    def __reduce__(self) -> tuple[type[Book], tuple[Rulebook, tuple[Finding, ...], Doubt]]:
        return Book, (self.rulebook, self.findings, self.doubt)

    @cached_property
    def hash(self) -> str:
        """`sha256:...` over what the rulebook means: that of its compiled JSON, and of whatever it decided."""
        from rulectl.codec.hashing import content_hash  # late: it brings the schema, which few need

        return content_hash(self.rulebook)

    def _begin(self, case: Mapping[str, object]) -> Outcome | Unsettled | None:
        """The first case: later ones find what decides them as an attribute, which takes a tenth of a property."""
        self._decide_raw = self.engine.decide_raw
        return self._decide_raw(case)

    def decide(self, case: Mapping[str, object]) -> Outcome:
        """The outcome of one case. Raises CaseError for a case that lacks a required value or holds a bad one; keys
        that the vocabulary does not know are told of in the outcome's findings."""
        try:
            decide_raw = self._decide_raw  # as in Quick.decide
            settled = decide_raw(case)
            if settled:
                return settled
            facts = self._facts.read(case)
            if isinstance(facts, BadCase):
                raise CaseError(facts.findings)
            outcome = self.engine.decide(facts, tried=settled is not None)
        except Exception:  # whatever it is, it may come of compiled JSON that is none; `with` would cost every case
            with sound(self.doubt):
                raise
        if len(facts) != len(case):
            return outcome._replace(findings=(*self._facts.unknown(case), *outcome.findings))
        return outcome

    @overload
    def decide_many(self, cases: Iterable[Mapping[str, object]]) -> Iterator[Outcome | Reject]: ...
    @overload
    def decide_many(
        self,
        cases: str | Path | BinaryIO | Frame | pl.LazyFrame | Iterable[Frame],
        *,
        encoding: str | None = None,
        lang: Language = "en",
    ) -> pl.DataFrame: ...
    def decide_many(
        self,
        cases: str | Path | BinaryIO | Frame | pl.LazyFrame | Iterable[Frame] | Iterable[Mapping[str, object]],
        *,
        encoding: str | None = None,
        lang: Language = "en",
    ) -> Iterator[Outcome | Reject] | pl.DataFrame:
        """Of mappings, outcomes in their order, a Reject for each that cannot be read. Of a case file (its path, or
        open for bytes), or a table of polars, pandas or Arrow (also as batches), a frame with a row for each case, in
        columns: `columnar.frames.results` says which. Facts counted across cases are worked out over all of them.
        Raises CaseError for a file or a table that cannot be read at all, TypeError for what is neither."""
        # late: data frames take longer to load than most programs need them for
        from rulectl.columnar import frames

        if isinstance(cases, str | Path) or hasattr(cases, "read"):
            if isinstance(cases, TextIOBase):
                raise _not_many(cases)
            return self.decide_file(cast("str | Path | BinaryIO", cases), encoding, lang)
        if frames.is_frame(cases):
            return self._decide_frames([cases], lang)
        if isinstance(cases, Mapping | bytes) or not isinstance(cases, Iterable):
            raise _not_many(cases)
        first, items = _first_of(cases)
        if frames.is_frame(first):
            return self._decide_frames(items, lang)
        return self._one_by_one(cast("Iterable[Mapping[str, object]]", items))

    def _decide_frames(self, tables: Iterable[object], lang: Language) -> pl.DataFrame:
        """The results of tables, one below the other."""
        from rulectl.columnar import frames

        frame = frames.frame_of(tables)
        if isinstance(frame, Finding):
            raise CaseError((frame,))
        headings = self._columns.headings(frame)
        if has_errors(headings.findings):
            raise CaseError(headings.findings)
        with sound(self.doubt), self._columns_free:
            return frames.decide_frame(self._columns, frame, headings, lang)

    def _one_by_one(self, cases: Iterable[Mapping[str, object]]) -> Iterator[Outcome | Reject]:
        for result in self.run(JsonCases(cases, "", self.rulebook, self._facts)):
            yield result if isinstance(result, Reject) else result[1]

    def as_json(
        self,
        outcome: Outcome,
        *,
        lang: Language = "en",
        headings: Literal["name", "id"] = "name",
        indent: int | None = None,
    ) -> str:
        """An outcome as `rulectl decide` writes it and `rulectl schema --outcome` describes it: terms by their names or
        ids, numbers exact, messages filled in; findings in one language."""
        from rulectl.report.outcome import Reporter  # late: it brings what explains

        return Reporter(self.rulebook, lang, headings).json(outcome, indent)

    @in_turn
    def why_not(
        self, case: Mapping[str, object] | Outcome, term: str, value: object, *, budget: float | None = 10.0
    ) -> WhyNot:
        """Why a case did not get a value of something that rules decide: which rules would have given it, what each
        lacks, and the smallest change of the case that brings it about. `case` is as for `decide`, or an outcome (with
        what was counted across cases); `value` a value, or text as in a cell (`>= 10`; of a list the items to be in
        it); `budget` is in seconds of work, None without end. Raises CaseError for a bad case, term or value."""
        # late: deciding a case must not wait for the solver to be loaded
        from rulectl.analysis.budget import Budget
        from rulectl.analysis.whynot import asked, why_not

        facts = case.case if isinstance(case, Outcome) else self._facts.read(case)
        if isinstance(facts, BadCase):
            raise CaseError(facts.findings)
        goal = asked(self.rulebook, term, value)
        if isinstance(goal, tuple):
            raise CaseError(goal)
        counted: Counted = {}
        if isinstance(case, Outcome):
            known = {**case.derived, **case.outputs}
            counted = {name: (known.get(name), ids) for name, ids in case.counted.items()}
        with sound(self.doubt):
            return why_not(self._study, facts, goal, Budget.of(budget, time.process_time), counted)

    @cached_property
    def _study(self) -> Study:
        from rulectl.analysis.study import Study

        return Study(self.rulebook)

    @cached_property
    def _columns(self) -> ColumnarEngine:
        """The columnar engine, made at the first frame; it decides for one thread at a time."""
        from rulectl.columnar.engine import ColumnarEngine

        with sound(self.doubt):
            return ColumnarEngine(self.rulebook, engine=self.engine)

    def decide_file(self, cases: str | Path | BinaryIO, encoding: str | None, lang: Language) -> pl.DataFrame:
        """A case file of any format, or a seekable stream of one, as a frame of results."""
        from rulectl.cases.formats import BROKEN
        from rulectl.cases.opening import open_table, source_of
        from rulectl.columnar.frames import decide_table

        source = source_of(cases, encoding)
        table = source if isinstance(source, Unreadable) else open_table(source, self.rulebook, settled=True)
        if isinstance(table, Unreadable):
            raise CaseError(table.findings)
        try:
            with sound(self.doubt), self._columns_free:
                return decide_table(self._columns, table, lang)
        except (OSError, *BROKEN):
            raise CaseError((finding("cases-gone", FilePlace(table.file), file=table.file),)) from None

    def open(
        self, cases: str | Path | Iterable[Mapping[str, object]], *, encoding: str | None = None
    ) -> Cases | Unreadable:
        """The rows of a case file, or of cases that are mappings already."""
        if not isinstance(cases, str | Path):
            return JsonCases(cases, "", self.rulebook, self._facts)
        path = Path(cases)
        try:
            stream = path.open("rb")
        except OSError:
            return unopened(path)
        return self.open_stream(stream, path.name, encoding=encoding)

    def open_stream(self, stream: BinaryIO, file: str, *, encoding: str | None = None) -> Cases | Unreadable:
        """The rows of a seekable stream; the ending of `file` says whether it is JSON, tab-separated or other. Without
        an ending, its first character does. Workbooks, Parquet and compressed files are known by their first bytes."""
        if not holds_text(stream):
            # late: data frames take longer to load than most files of text to read
            from rulectl.cases.opening import CaseSource, open_table
            from rulectl.cases.table import TableCases

            table = open_table(CaseSource(stream, None, file, None, encoding), self.rulebook, settled=True)
            return table if isinstance(table, Unreadable) else TableCases(table, self._facts, self.rulebook)
        if file.lower().endswith(JSON_ENDINGS) or ("." not in file and starts_as_json(stream)):
            return open_json(stream, file, self.rulebook, self._facts, encoding=encoding)
        delimiter = "\t" if file.lower().endswith(".tsv") else None
        return open_cases(stream, file, self.rulebook, self._facts, encoding=encoding, delimiter=delimiter)

    def field(self, name: str) -> Term | None:
        """The term that a key of a case means."""
        slot = self._facts.find(name)
        return slot.term if slot else None

    def run(
        self, rows: Iterable[CaseRow | Reject], engine: Decider | None = None
    ) -> Iterator[tuple[CaseRow, Outcome] | Reject]:
        """Decide rows in their order: as they come, or where facts are counted across cases, after all are read."""
        with sound(self.doubt):
            decide = (engine or self.engine).decide
            if not self.rulebook.aggregates:
                for row in rows:
                    yield row if isinstance(row, Reject) else (row, decide(row.facts))
                return
            from rulectl.runtime.aggregates import compute  # late: few rulebooks count across cases

            every = list(rows)
            cases = [row for row in every if isinstance(row, CaseRow)]
            counts = iter(compute(self.rulebook, [row.facts for row in cases], [row.id for row in cases]))
            for row in every:
                yield row if isinstance(row, Reject) else (row, decide(row.facts, counted=next(counts)))


def _not_many(cases: object) -> TypeError:
    return TypeError(
        "decide_many takes many cases: a list of mappings, a file (its path, or open for bytes), or a table of polars, "
        f"pandas or Arrow; decide takes one. This is neither: {type(cases).__name__}"
    )


def _first_of(items: Iterable[T]) -> tuple[T | None, Iterable[T]]:
    """The first of some items, None where there is none, and all of them."""
    rest = iter(items)
    for first in rest:
        return first, chain((first,), rest)
    return None, ()
