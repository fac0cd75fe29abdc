"""The public functions: load a rulebook, decide one case or many, run the workbook's own tests.

    book = rulectl.load("after_sales.xlsx")
    outcome = book.decide({"问题类型": "色差", "签收天数": 2})
    for result in book.decide_many([{"问题类型": "色差"}, ...]): ...
    results = book.decide_many("cases.csv")  # or a polars, pandas or Arrow table: a polars frame

Keys of a case are names, ids or aliases of terms; values are native or as people write them. What cannot be loaded or
decided raises an error that carries all its findings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias, TypeVar, cast, overload

from rulectl.cases.facts import BadCase, FactReader
from rulectl.cases.json_cases import JsonCases, open_json
from rulectl.cases.magic import holds_text, starts_as_json
from rulectl.cases.reader import CaseFile, CaseRow, Reject, Unreadable, open_cases, unopened
from rulectl.codes import Language
from rulectl.diagnostics import Finding, finding, has_errors
from rulectl.loading import Doubt, Loaded, certain, load_rulebook
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook, Term
from rulectl.report.findings import finding_text
from rulectl.runtime.engine import Counted, Engine
from rulectl.source import FilePlace
from rulectl.values import Value

if TYPE_CHECKING:
    import polars as pl

    from rulectl.analysis.study import Study
    from rulectl.analysis.suggest import Suggestion
    from rulectl.analysis.whynot import WhyNot
    from rulectl.cases.table import TableCases
    from rulectl.columnar.engine import ColumnarEngine
    from rulectl.report.check import CheckReport
    from rulectl.report.diff import DiffReport
    from rulectl.testing import TestRun

Cases: TypeAlias = "CaseFile | JsonCases | TableCases"

T = TypeVar("T")

BUDGET = 60.0
"""Seconds that checks and comparisons take at most, unless the caller says otherwise."""

JSON_ENDINGS = (".json", ".jsonl", ".ndjson")


class _FindingsError(Exception):
    """An error that carries findings; its text is theirs."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding_text(found, "en") for found in self.findings))


class RulebookError(_FindingsError):
    """A rulebook that cannot be loaded: the file is not there, or the workbook has errors. Of compiled JSON that was
    tampered with, some mistakes come up only when something is asked of it."""


class CaseError(_FindingsError):
    """A case, or a file of cases, that cannot be read."""


@contextmanager
def _sound(*books: Book) -> Iterator[None]:
    """Where work fails over compiled JSON that is no rulebook, RulebookError says so."""
    try:
        yield
    except (_FindingsError, OSError, MemoryError):
        raise
    except Exception as error:
        for book in books:
            if found := book.doubt():
                raise RulebookError(found) from error
        raise


class Frame(Protocol):
    """A table of polars, pandas, Arrow or any other library that hands over its columns."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


class Decider(Protocol):
    """Anything that decides typed facts: the native engine, the durable one."""

    def decide(self, facts: Mapping[str, Value], counted: Counted | None = None) -> Outcome: ...


class Book:
    """A rulebook ready to decide cases. Cheap to keep: load once, decide often."""

    def __init__(self, rulebook: Rulebook, findings: Iterable[Finding] = (), doubt: Doubt = certain) -> None:
        self.rulebook = rulebook
        self.findings = tuple(findings)
        self.doubt = doubt
        self._facts = FactReader(rulebook)
        self._decide_raw: Callable[[Mapping[str, object]], Outcome | None] = self._begin

    @cached_property
    def engine(self) -> Engine:
        """The native engine, made at the first case."""
        with _sound(self):
            return Engine(self.rulebook)

    @cached_property
    def hash(self) -> str:
        """`sha256:...` over what the rulebook means: that of its compiled JSON, and of whatever it decided."""
        from rulectl.codec.hashing import content_hash  # late: it brings the schema, which few need

        return content_hash(self.rulebook)

    def _begin(self, case: Mapping[str, object]) -> Outcome | None:
        """The first case: later ones find what decides them as an attribute, which takes a tenth of a property."""
        self._decide_raw = self.engine.decide_raw
        return self._decide_raw(case)

    def decide(self, case: Mapping[str, object]) -> Outcome:
        """The outcome of one case. Raises CaseError for a case that lacks a required value or holds a bad one; keys
        that the vocabulary does not know are told of in the outcome's findings."""
        try:
            decide_raw = self._decide_raw  # as in Quick.decide
            settled = decide_raw(case)
            if settled is not None:
                return settled
            facts = self._facts.read(case)
            if isinstance(facts, BadCase):
                raise CaseError(facts.findings)
            outcome = self.engine.decide(facts)
        except Exception:  # whatever it is, it may come of compiled JSON that is none; `with` would cost every case
            with _sound(self):
                raise
        if len(facts) != len(case):
            return outcome._replace(findings=(*self._facts.unknown(case), *outcome.findings))
        return outcome

    @overload
    def decide_many(self, cases: Iterable[Mapping[str, object]]) -> Iterator[Outcome | Reject]: ...
    @overload
    def decide_many(
        self, cases: str | Path | Frame, *, encoding: str | None = None, lang: Language = "en"
    ) -> pl.DataFrame: ...
    def decide_many(
        self,
        cases: str | Path | Frame | Iterable[Mapping[str, object]],
        *,
        encoding: str | None = None,
        lang: Language = "en",
    ) -> Iterator[Outcome | Reject] | pl.DataFrame:
        """Of mappings, outcomes in their order, a Reject for each that cannot be read. Of a case file, or a table of
        polars, pandas or Arrow (also as record batches), a frame with a row for each case, in columns:
        `columnar.frames.results` says which. Facts counted across cases are worked out over all of them. Raises
        CaseError for a file or a table that cannot be read at all."""
        if isinstance(cases, Mapping | bytes):
            raise TypeError("decide_many takes many cases: a list of mappings, a file or a table; decide takes one")
        # late: data frames take longer to load than most programs need them for
        from rulectl.columnar import frames

        if isinstance(cases, str | Path):
            return self._decide_file(cases, encoding, lang)
        table: object = cases
        if not frames.is_frame(cases):
            first, items = _first_of(cast("Iterable[Mapping[str, object]]", cases))
            if not frames.is_frame(first):
                return self._one_by_one(items)
            table = items
        frame = frames.frame_of(table)
        headings = self._columns.headings(frame)
        if has_errors(headings.findings):
            raise CaseError(headings.findings)
        with _sound(self):
            return frames.decide_frame(self._columns, frame, headings, lang)

    def _one_by_one(self, cases: Iterable[Mapping[str, object]]) -> Iterator[Outcome | Reject]:
        for result in self.run(JsonCases(cases, "", self.rulebook, self._facts)):
            yield result if isinstance(result, Reject) else result[1]

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
        with _sound(self):
            return why_not(self._study, facts, goal, Budget.of(budget, time.process_time), counted)

    @cached_property
    def _study(self) -> Study:
        from rulectl.analysis.study import Study

        return Study(self.rulebook)

    @cached_property
    def _columns(self) -> ColumnarEngine:
        """The columnar engine, made at the first frame."""
        from rulectl.columnar.engine import ColumnarEngine

        with _sound(self):
            return ColumnarEngine(self.rulebook, engine=self.engine)

    def _decide_file(self, cases: str | Path | BinaryIO, encoding: str | None, lang: Language) -> pl.DataFrame:
        """A case file of any format, or a seekable stream of one, as a frame of results."""
        from rulectl.cases.formats import BROKEN
        from rulectl.cases.opening import open_table, source_of
        from rulectl.columnar.frames import decide_table

        source = source_of(cases, encoding)
        table = source if isinstance(source, Unreadable) else open_table(source, self.rulebook, settled=True)
        if isinstance(table, Unreadable):
            raise CaseError(table.findings)
        try:
            with _sound(self):
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
        with _sound(self):
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


def _first_of(items: Iterable[T]) -> tuple[T | None, Iterable[T]]:
    """The first of some items, None where there is none, and all of them."""
    rest = iter(items)
    for first in rest:
        return first, chain((first,), rest)
    return None, ()


def load(book: str | Path) -> Book:
    """A rulebook from a workbook, compiled JSON, or the name of a shipped one. Raises RulebookError with every finding
    when there are errors; notices and warnings are in `Book.findings`."""
    loaded = compile_workbook(book)
    if loaded.rulebook is None:
        raise RulebookError(loaded.findings)
    return Book(loaded.rulebook, loaded.findings, loaded.doubt)


def compile_workbook(book: str | Path) -> Loaded:
    """The rulebook of a workbook and every finding; `rulebook` is None when there are errors."""
    return load_rulebook(book)


def check(
    book: Book | str | Path, *, budget: float | None = BUDGET, since: Book | str | Path | None = None
) -> CheckReport:
    """Look for gaps, overlaps, conflicts and rules that do nothing. `budget` is in seconds, None without end; what is
    not settled by then is undecided. Nothing is raised for what a workbook holds. `since` is an earlier version: what
    changed is then told too, what it decides otherwise, and which findings are new; RulebookError where that one cannot
    be loaded."""
    from rulectl.analysis.budget import Budget  # deciding a case must not wait for the checks to be loaded
    from rulectl.analysis.checks import analyse
    from rulectl.report.check import CheckReport

    loaded = Loaded(book.rulebook, book.findings, doubt=book.doubt) if isinstance(book, Book) else load_rulebook(book)
    old = None if since is None else _loaded(since)
    try:
        verdicts = analyse(loaded.rulebook, Budget.of(budget)) if loaded.rulebook is not None else ()
    except Exception:  # the same; what is wrong with the rulebook is the result here
        if found := loaded.doubt():
            return CheckReport(None, (*loaded.findings, *found), (), loaded.path, loaded.sources)
        raise
    changes: tuple[Finding, ...] = ()
    if old is not None and loaded.rulebook is not None:
        from rulectl.compare.since import since as compared_with

        with _sound(old):
            earlier = analyse(old.rulebook, Budget.of(budget))
            told = compared_with(earlier, verdicts, loaded.rulebook.source)
            changes = (*_changes(old.rulebook, loaded.rulebook, budget), *told)
    return CheckReport(loaded.rulebook, loaded.findings, verdicts, loaded.path, loaded.sources, changes)


def diff(
    old: Book | str | Path,
    new: Book | str | Path,
    *,
    cases: str | Path | BinaryIO | None = None,
    encoding: str | None = None,
    budget: float | None = BUDGET,
) -> DiffReport:
    """Compare two rulebooks: parts and rules that were added, removed or changed, what each touches, and the regions of
    cases that tables answer otherwise, each with a case that both decide. With a file of `cases`, or a seekable stream
    of one, the conclusions that differ in it. `budget` is in seconds; what is not settled by then is told as open.
    Raises RulebookError where one of the two cannot be loaded, CaseError where the cases cannot be read."""
    from rulectl.report.diff import DiffReport

    before, after = _loaded(old), _loaded(new)
    with _sound(before, after):
        told = _changes(before.rulebook, after.rulebook, budget)
    if cases is None:
        return DiffReport(before.rulebook, after.rulebook, told)
    from rulectl.cases.opening import name_of
    from rulectl.compare.decisions import compare_cases

    frames = [book._decide_file(cases, encoding, "en") for book in (before, after)]
    twice = compare_cases(before.rulebook, frames[0], after.rulebook, frames[1], name_of(cases))
    return DiffReport(before.rulebook, after.rulebook, told, twice)


def _loaded(book: Book | str | Path) -> Book:
    return book if isinstance(book, Book) else load(book)


def _changes(old: Rulebook, new: Rulebook, budget: float | None) -> tuple[Finding, ...]:
    """The comparison of two rulebooks as findings."""
    from rulectl.analysis.budget import Budget
    from rulectl.compare.comparison import compare
    from rulectl.compare.telling import tell

    limit = Budget.of(budget)
    return tell(compare(old, new, limit), limit)


def suggest_tests(book: Book, *, budget: float | None = BUDGET, untested: bool = False) -> Suggestion:
    """Few tests that between them fire every rule and stand on both sides of every threshold. What they expect is the
    outcome as it stands: whether it is right, a person must say."""
    from rulectl.analysis.budget import Budget
    from rulectl.analysis.study import Study
    from rulectl.analysis.suggest import suggest

    with _sound(book):
        return suggest(Study(book.rulebook), Budget.of(budget), untested=untested)


def run_tests(book: Book) -> TestRun:
    """Run the workbook's own tests."""
    from rulectl import testing

    with _sound(book):
        return testing.run(book.rulebook, book.engine.decide)
