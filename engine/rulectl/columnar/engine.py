"""Many cases at once: a frame of raw values in, one column for each answer out (see the package for how it is called).

The way of a frame is the way of a case, in columns: raw values are read by distinct value; tables run stratum by
stratum, each once for every combination of classes that occurs; terms are judged once for every combination of runs.
The runs, verdicts, asks and findings are those of the one-case engine, so there is one semantics. What cannot be done
in columns (lists that feed each other) is decided by that engine for each distinct case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.facts import FactReader
from rulectl.cases.headings import Plan as Headings
from rulectl.cases.headings import PlannedColumn
from rulectl.cases.headings import plan as match_headings
from rulectl.cases.reader import Reject, id_term
from rulectl.collecting import uncollected
from rulectl.columnar.asks import Asking
from rulectl.columnar.behind import Behind, Sets
from rulectl.columnar.codes import Codes, Numbered, Part, Spellings, constant, each
from rulectl.columnar.columns import Coded, Column, Texts
from rulectl.columnar.counted import counts_of, take_counts
from rulectl.columnar.decided import Decided, Firings, Pieces
from rulectl.columnar.doubts import settled_in
from rulectl.columnar.findings import Telling
from rulectl.columnar.forgetting import Memory
from rulectl.columnar.measuring import Read
from rulectl.columnar.reading import TermReader, blank_column, defaulted
from rulectl.columnar.refused import Doubt, Refused
from rulectl.columnar.seen import Seen
from rulectl.columnar.states import State, given
from rulectl.columnar.tables import Pass, TableColumns
from rulectl.columnar.terms import TermColumns, Verdicts
from rulectl.columnar.tested import Questions
from rulectl.columnar.wanted import Wanted
from rulectl.diagnostics import Finding, finding
from rulectl.lang.region import Partition
from rulectl.lang.syntax import Is, Literal, Name
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.judge import Verdict
from rulectl.runtime.plan import Plan
from rulectl.source import Location, RowPlace
from rulectl.values import Value

if TYPE_CHECKING:
    from rulectl.runtime.engine import Engine

_FEW_ROWS = 10_000
"""Frames with fewer rows are read by one thread; others by as many as polars may use."""


@dataclass(slots=True)
class Cases:
    """The rows of a frame that can be decided: `at` are their places in it, `ids` their ids as text (`simple` as in
    `Texts`). Of the others some cannot be read (`refused`), some have an id that was there before (`repeated`)."""

    columns: dict[str, Column]
    at: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    ids: pl.Series
    simple: bool
    refused: Refused | None
    repeated: tuple[Reject, ...]


class ColumnarEngine:
    """Decides frames by one rulebook. Not for several threads at once."""

    def __init__(self, rulebook: Rulebook, facts: FactReader | None = None, engine: Engine | None = None) -> None:
        self.rulebook = rulebook
        self.plan = Plan.of(rulebook) if engine is None else engine.plan
        if engine is not None:
            self.engine = engine
        self.facts = facts or FactReader(rulebook)
        self.id_term = id_term(rulebook)
        constants: dict[str, Value] = dict(self.plan.parameters)
        for table in self.plan.tables:
            for name in table.reads - self.plan.terms.keys():
                constants.setdefault(name, None)
        asked: dict[tuple[object, ...], Questions] = {}
        settled = settled_in(self.plan)
        self.tables = {
            n: TableColumns.of(n, table, self.plan, constants, asked, settled)
            for n, table in enumerate(self.plan.tables)
        }
        self.terms = {
            name: TermColumns(self.plan.terms[name], [(self.tables[t], c) for t, c in places])
            for name, places in self.plan.writers.items()
        }
        for term in self.plan.unspoken:
            self.terms[term.id] = TermColumns(term, ())
        # a rulebook made by hand may read what is only written later: unknown until then
        self._early = self.plan.writers.keys() & {name for table in self.plan.tables for name in table.reads}
        self.readers = self._readers()
        self.sets = Sets(self.plan)
        self.asking = Asking(self.plan)
        self.telling = Telling(self.plan)
        self.firings = Firings(self.tables)
        self.spellings = Spellings()
        self.memory = Memory(
            self.facts, self.sets, self.tables, self.terms, self.asking, self.telling, self.firings, self.spellings
        )

    @cached_property
    def engine(self) -> Engine:
        """The one-case engine, for what cannot be done in columns."""
        from rulectl.runtime.engine import Engine  # late: few rulebooks need it

        return Engine(self.rulebook, plan=self.plan)

    def _readers(self) -> dict[str, TermReader]:
        tests: dict[str, list[Is]] = {}
        fine = {name for policy in self.rulebook.policies for name in names_of(policy.statement)}
        for aggregate in self.rulebook.aggregates:  # what they count and by what is taken as whole columns
            fine |= names_of(aggregate.where) if aggregate.where is not None else set()
        for table in self.plan.tables:
            for column in table.lowered.columns:
                if isinstance(column.subject, Name) and column.partition is not None:
                    points = [Is("=", Literal(point)) for point in column.partition.points]
                    tests.setdefault(column.subject.id, []).extend(points)
                else:
                    fine |= column.names
            fine |= {name for expr in table.expressions.values() for name in names_of(expr)}
        cyclic = any(self.plan.cyclic)
        readers: dict[str, TermReader] = {}
        for name, slot in self.facts.slots.items():
            type_ = slot.term.type
            points_of = Partition.of(type_, tests[name]) if name in tests and not type_.many else None
            readers[name] = TermReader(slot, points_of, name in fine or (cyclic and name in tests))
        return readers

    # -- reading ------------------------------------------------------------------------------------------------

    def headings(self, frame: pl.DataFrame, file: str = "") -> Headings:
        """Which column holds which term, and what there is to say of that."""
        return match_headings(frame.columns, self.rulebook, file)

    def read(
        self,
        frame: pl.DataFrame,
        headings: Headings,
        *,
        file: str = "",
        numbers: npt.NDArray[np.int64] | None = None,
        seen: Seen | None = None,
    ) -> Cases:
        """The rows of a frame as columns of states, and those that cannot be read."""
        rows = frame.height
        if numbers is None:
            numbers = np.arange(1, rows + 1, dtype=np.int64)
        reads: dict[str, Read] = {}
        bad = np.zeros(rows, np.bool_)

        def read_one(planned: PlannedColumn) -> Read:
            return self.readers[planned.term.id].read(frame.to_series(planned.index))

        threads = pl.thread_pool_size()
        if rows < _FEW_ROWS or threads == 1:
            done = iter([read_one(planned) for planned in headings.columns])
        else:
            with ThreadPoolExecutor(threads) as pool:
                done = pool.map(read_one, headings.columns)
        for planned, read in zip(headings.columns, done, strict=True):
            reads[planned.term.id] = read
            if read.bad is not None:
                bad |= read.bad
            if planned.term.required and planned.term.default is None:
                bad |= read.null
        columns: dict[str, Column] = {}
        for term in self.rulebook.terms:
            if term.id in reads:
                columns[term.id] = defaulted(reads[term.id], _default(term))
            elif term.id in self.readers:
                columns[term.id] = blank_column(rows, _default(term))
        ids = self._ids(columns, reads, numbers)
        refused = self._refused(frame, headings, reads, bad, numbers, file) if bad.any() else None
        repeated: list[Reject] = []
        heading = next((c.heading.strip() for c in headings.columns if c.term.id == "case_id"), None)
        if seen is not None and heading is not None:
            again = seen.again(ids, numbers, ~bad)
            for row, first in again.items():
                number, id_ = int(numbers[row]), str(ids[row])
                place = Location(RowPlace(file, number, heading), id_)
                reason = finding("same-case-id", place, id=id_, row=first)
                cells = tuple(["" if cell is None else str(cell) for cell in frame.row(row)])
                repeated.append(Reject(number, id_, cells, ((heading, reason),)))
                bad[row] = True
        at = np.arange(rows, dtype=np.int64)
        if bad.any():
            good = ~bad
            columns = {name: column.kept(good) for name, column in columns.items()}
            at = at[good]
            ids = ids.filter(pl.Series(good))
            numbers = numbers[good]
        named = None if self.id_term is None else columns.get(self.id_term.id)
        simple = named is None or (isinstance(named, Texts) and named.simple)
        return Cases(columns, at, numbers, ids, simple, refused, tuple(repeated))

    def _ids(
        self, columns: Mapping[str, Column], reads: Mapping[str, Read], numbers: npt.NDArray[np.int64]
    ) -> pl.Series:
        """The id of each row as text, its number where it has none."""
        own = None if self.id_term is None else reads.get(self.id_term.id)
        if own is None:
            return pl.Series("id", numbers).cast(pl.String)
        ids = own.column.texts()
        if own.null.any():
            ids = ids.set(pl.Series(own.null), None)
            ids = ids.to_frame("id").select(pl.coalesce("id", pl.Series("n", numbers).cast(pl.String))).to_series()
        return ids.alias("id")

    def _refused(
        self,
        frame: pl.DataFrame,
        headings: Headings,
        reads: Mapping[str, Read],
        bad: npt.NDArray[np.bool_],
        numbers: npt.NDArray[np.int64],
        file: str,
    ) -> Refused:
        """The rows that cannot be read."""
        doubts: list[Doubt] = []
        for planned in headings.columns:
            slot, read = self.facts.slots[planned.term.id], reads[planned.term.id]
            doubtful = np.zeros(frame.height, np.bool_) if read.bad is None else read.bad
            at = np.flatnonzero(doubtful | read.null if slot.required else doubtful)
            if len(at):
                doubts.append(Doubt(slot, planned.heading.strip(), planned.index, at))
        named = next((c.index for c in headings.columns if self.id_term and c.term.id == self.id_term.id), None)
        at = np.flatnonzero(bad)
        return Refused(frame, at, numbers[at], file, named, tuple(doubts), frame.width)

    # -- deciding -----------------------------------------------------------------------------------------------

    @uncollected()
    def decide(
        self,
        frame: pl.DataFrame,
        headings: Headings | None = None,
        *,
        file: str = "",
        numbers: npt.NDArray[np.int64] | None = None,
        seen: Seen | None = None,
        counted: Mapping[str, pl.Series] | None = None,
    ) -> Decided:
        """Decide the rows of a frame: raw texts or native values, in columns headed by names, ids or aliases of terms
        (`headings` says which, where the caller knows). `numbers` are the rows' numbers in `file`; `seen` holds the
        case ids of earlier frames: a case that is there already is rejected. `counted` are the facts counted across
        cases, as texts for each row of the frame (null: unknown), where more cases count than those of the frame."""
        self.memory.make_room()
        headings = headings or self.headings(frame, file)
        cases = self.read(frame, headings, file=file, numbers=numbers, seen=seen)
        rows = len(cases.at)
        columns = dict(cases.columns)
        if counted is not None:
            take_counts(columns, counted, cases.at, self.readers)
        elif self.rulebook.aggregates:
            take_counts(columns, counts_of(self.rulebook, columns, cases.ids), np.arange(rows), self.readers)
        if any(self.plan.cyclic):
            return self._by_case(cases, columns, headings, rows)
        for name in self._early:
            columns.setdefault(name, blank_column(rows, None))
        verdicts: dict[str, Verdicts] = {}
        passes: dict[int, Pass] = {}
        behind = Behind(self.sets, self.terms, verdicts, columns, rows)
        for term in self.plan.unspoken:
            number = self.terms[term.id].number(Verdict(None, Status.NO_RULE, False))
            self._settle(term.id, Verdicts(constant(rows, number)), verdicts, columns)
        for stratum, numbers_ in enumerate(self.plan.strata):
            for number in numbers_:
                passes[number] = self.tables[number].decide(columns, rows, behind.of)
            for name in self.plan.settled_in[stratum]:
                self._settle(name, self.terms[name].decide(passes, rows), verdicts, columns)
        runs = {number: made.runs for number, made in passes.items()}
        codes = {name: verdict.codes for name, verdict in verdicts.items()}
        return Decided(
            rulebook=self.rulebook,
            cases=cases.at,
            numbers=cases.numbers,
            ids=cases.ids,
            simple=cases.simple,
            refused=cases.refused,
            repeated=cases.repeated,
            headings=headings,
            columns=columns,
            ranks=self._ranks(codes, rows),
            asks=self.asking.decide(self.terms, verdicts, behind, rows),
            ask_names=self.asking.asks,
            firings=self.firings.decide(runs),
            findings=self.telling.decide(self.tables, passes, self.terms, codes, columns, rows),
            told=self.telling.told,
            spellings=self.spellings,
        )

    def _by_case(self, cases: Cases, given_columns: Mapping[str, Column], headings: Headings, rows: int) -> Decided:
        """Each distinct case by the one-case engine."""
        exact = {name: column.exact() for name, column in given_columns.items()}
        outcomes: list[Outcome] = []

        def decide(key: tuple[int, ...]) -> int:
            facts = {n: states.items[code].now for (n, (_, states)), code in zip(exact.items(), key, strict=True)}
            outcomes.append(self.engine.decide(facts))
            return len(outcomes) - 1

        at = each([Part(codes, len(states)) for codes, states in exact.values()], rows, decide)
        columns = dict(given_columns)
        for name in (*self.plan.writers, *(term.id for term in self.plan.unspoken)):
            states: Numbered[State] = Numbered()
            lut = [states.number(given({**o.derived, **o.outputs}[name])) for o in outcomes]
            columns[name] = Coded(np.array(lut, np.int32)[at], states)
        asks = Wanted(sorted({name for outcome in outcomes for name in outcome.asks}))
        told: Numbered[tuple[Finding, ...]] = Numbered(())
        fired: Numbered[tuple[Firing, ...]] = Numbered(())

        def gathered(numbers: Iterable[int]) -> Codes:
            return np.array(list(numbers), np.int32)[at]

        return Decided(
            rulebook=self.rulebook,
            cases=cases.at,
            numbers=cases.numbers,
            ids=cases.ids,
            simple=cases.simple,
            refused=cases.refused,
            repeated=cases.repeated,
            headings=headings,
            columns=columns,
            ranks=gathered(o.status.rank for o in outcomes),
            asks=asks.numbers_of([o.asks for o in outcomes])[at],
            ask_names=asks,
            firings=(Pieces(gathered(fired.number(o.firings) for o in outcomes), fired),),
            findings=gathered(told.number(o.findings) for o in outcomes),
            told=told,
            spellings=Spellings(),
        )

    def _settle(self, name: str, made: Verdicts, verdicts: dict[str, Verdicts], columns: dict[str, Column]) -> None:
        """A judged term becomes a column for the strata above."""
        verdicts[name] = made
        columns[name] = self.terms[name].column(made)

    def _ranks(self, verdicts: Mapping[str, Codes], rows: int) -> Codes:
        """The rank of each row's status."""
        outputs = [term for term in self.plan.outputs if term.id in verdicts]
        silent = Status.NO_RULE.rank
        required = [term for term in outputs if term.required]
        worst = np.full(rows, -1, np.int8)
        for term in required or outputs:
            ranks = self.terms[term.id].rank.array().astype(np.int8)
            if not required:
                ranks = np.where(ranks == silent, np.int8(-1), ranks)
            # most terms are decided in every row
            same = len(ranks) and (ranks == ranks[0]).all()
            np.maximum(worst, ranks[0] if same else ranks.take(verdicts[term.id]), out=worst)
        worst[worst < 0] = silent
        return worst.astype(np.int32)


def _default(term: Term) -> Value:
    """What a case that leaves a term blank is taken to say of it."""
    return term.default if term.role is Role.INPUT else None
