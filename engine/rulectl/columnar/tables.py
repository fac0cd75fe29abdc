"""One table over all rows: a run for each combination of classes, and of values where a rule that counts computes.

The runs are those of the one-case engine (runtime/judge.py): which rules hold, which may, and what else may come about
follows from class numbers alone for most tables, so a run is made once for the classes that occur together. Where a
rule that may count holds an expression, rows with the same reach are told apart by what that expression reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Combined, Known, Mask, Numbered, Part, constant, each
from rulectl.columnar.columns import Column, Lens, Pair, State
from rulectl.columnar.grid import NONE
from rulectl.columnar.holding import Holding, Waits
from rulectl.columnar.tested import Tested
from rulectl.lang.evaluate import CannotCompute, names_of
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.lang.syntax import Expr, Name
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import Entries, TableRun, run
from rulectl.runtime.plan import Key, Plan, Reach, TablePlan
from rulectl.values import Value

_SOME: str = "\0"
"""Stands for the value of a term of which only the class is known; nothing may look at it."""

_COMBINATIONS = 1 << 16
"""A table whose classes could come together in so many ways has every way that occurs decided once."""

_FEW_COMBINATIONS = 1 << 12
"""The same where there are hardly more rows."""


class Pass(NamedTuple):
    """What a table comes to in all rows: the number of each row's run and, where bits say what is open, for each output
    column the number of what the rules wait for that could change it (`TableColumns.doubts`)."""

    runs: Codes
    doubts: tuple[Codes, ...] = ()


class Facts(dict[str, Value]):
    """What a run may look at. A name that it was not given is a mistake of this module, never a silent unknown."""

    def get(self, name: str, default: object = None) -> Value:
        return self[name]


@dataclass(slots=True)
class Start:
    """What class numbers come to: a run as it is before any expression is looked at."""

    now: Facts
    may: Facts
    absent: frozenset[str]
    failed: tuple[CannotCompute, ...]
    run: TableRun
    reads: tuple[str, ...]


@dataclass
class TableColumns:
    """One table, ready for columns. `coarse` are the columns that ask a term for its class, `fine` the names whose
    values the other columns need, `tested` those of them that ask one term alone, `given` the places in `coarse` of
    plain inputs; `alone`: whether no other table writes what this one does."""

    number: int
    plan: TablePlan
    terms: Sequence[Term]
    constants: Mapping[str, Value]
    coarse: tuple[tuple[int, str, Lens], ...]
    fine: tuple[str, ...]
    tested: Mapping[int, Tested]
    given: frozenset[int]
    alone: bool
    doubts: Numbered[Waits] = field(default_factory=lambda: Numbered(frozenset()))
    starts: list[Start] = field(default_factory=list)
    runs: list[TableRun] = field(default_factory=list)
    _rule_start: Known = field(default_factory=Known)
    _combined: Combined = field(default_factory=Combined)
    _start_of: dict[tuple[object, ...], int] = field(default_factory=dict)
    _run_of: dict[tuple[object, ...], int] = field(default_factory=dict)

    @staticmethod
    def of(number: int, table: TablePlan, plan: Plan, constants: Mapping[str, Value]) -> TableColumns:
        terms = plan.terms
        coarse: list[tuple[int, str, Lens]] = []
        fine: set[str] = set()
        tested: dict[int, Tested] = {}
        for at, column in enumerate(table.lowered.columns):
            if isinstance(column.subject, Name) and column.partition is not None and column.subject.id in terms:
                coarse.append((at, column.subject.id, Lens(column.partition)))
            else:
                names = column.names & terms.keys()
                fine |= names
                if len(names) == 1:
                    (name,) = names
                    tested[at] = Tested(column, name, constants)
        outputs = [terms[column.term] for column in table.table.outputs]
        given = frozenset(
            at
            for at, (_, name, _) in enumerate(coarse)
            if name not in plan.writers and name not in plan.aggregates and terms[name].role is Role.INPUT
        )
        alone = all(len(plan.writers[term.id]) == 1 for term in outputs)
        return TableColumns(number, table, outputs, constants, tuple(coarse), tuple(sorted(fine)), tested, given, alone)

    def forget(self) -> None:
        """Forget all runs; columns that hold their numbers must be forgotten with them."""
        self.starts, self.runs, self.doubts = [], [], Numbered(frozenset())
        self._start_of, self._run_of = {}, {}
        self._rule_start, self._combined = Known(), Combined()
        for _, _, lens in self.coarse:
            lens.forget()
        for one in self.tested.values():
            one.forget()

    def decide(self, columns: Mapping[str, Column], rows: int) -> Pass:
        """What each row comes to."""
        if self._repeats(columns, rows):
            return Pass(self._finish(self._by_classes(columns, rows), columns, rows))
        starts, doubts = self._by_rules(columns, rows)
        return Pass(self._finish(starts, columns, rows), doubts)

    def _by_classes(self, columns: Mapping[str, Column], rows: int) -> Codes:
        """The start of each combination of classes, and of values where a column asks for these."""
        parts: list[Part] = [columns[name].seen(lens) for _, name, lens in self.coarse]
        states: list[Numbered[State]] = []
        for name in self.fine:
            codes, numbered = columns[name].exact()
            states.append(numbered)
            parts.append(Part(codes, len(numbered)))
        count = len(self.coarse)

        def begin(key: tuple[int, ...]) -> int:
            mine: tuple[State, ...] = ()
            known: tuple[object, ...] = key
            if states:  # the numbers of states may change from frame to frame
                mine = tuple(numbered.items[code] for numbered, code in zip(states, key[count:], strict=True))
                known = (key[:count], mine)
            found = self._start_of.get(known)
            if found is None:
                pairs = [lens.pairs.items[code] for (_, _, lens), code in zip(self.coarse, key, strict=False)]
                if self.plan.simple and all(pair.now == pair.may != UNKNOWN for pair in pairs):
                    found = self._settled(tuple(pair.now for pair in pairs))
                else:
                    found = len(self.starts)
                    self.starts.append(self._start(pairs, mine))
                self._start_of[known] = found
            return found

        return each(parts, rows, begin) if states else self._combined.of(parts, rows, begin)

    # -- classes that hardly ever come together twice -----------------------------------------------------------

    def _repeats(self, columns: Mapping[str, Column], rows: int) -> bool:
        """Whether rows are better decided by combinations of classes than held against the rules themselves."""
        if not self._placed:
            return True
        size = 1
        for _, name, lens in self.coarse:
            size *= columns[name].width(lens)
        for name in self.fine:
            size *= len(columns[name].exact()[1])
        if size <= min(_COMBINATIONS, max(_FEW_COMBINATIONS, rows // 4)):
            return True
        return not self.holding.possible

    @cached_property
    def holding(self) -> Holding:
        """How rows are held against the rules."""
        return Holding(self.plan, self._first_only)

    @cached_property
    def _placed(self) -> bool:
        """Whether each column sorts a row into a class by one term."""
        return len(self.coarse) + len(self.tested) == len(self.plan.lowered.columns)

    @cached_property
    def _first_only(self) -> bool:
        policies = {self.plan.table.policy, *self.plan.outputs.policies}
        return policies == {HitPolicy.FIRST} and self._placed

    @cached_property
    def _doubtful(self) -> bool:
        """Whether bits say all that unknown values leave open: only the first rule counts, and it says plain values."""
        plain = not self.tested and not self.plan.expressions and not self.plan.lowered.otherwise
        return self._first_only and self.alone and plain

    def _by_rules(self, columns: Mapping[str, Column], rows: int) -> tuple[Codes, tuple[Codes, ...]]:
        """Rows whose classes are all known by the grid or by bits, those that lack inputs by bits; others by the
        combinations in which they come."""
        by_column = {at: columns[name].classes(lens) for at, name, lens in self.coarse}
        by_column |= {at: one.classes(columns[one.name]) for at, one in self.tested.items()}
        classes = [by_column[at] for at in range(len(by_column))]
        open_ = {at: column <= UNKNOWN for at, column in enumerate(classes) if rows and column.min() <= UNKNOWN}
        if not open_:
            return self._known(classes, rows), ()
        starts = constant(rows)
        unknown: Mask = np.logical_or.reduce(list(open_.values()))
        (where,) = (~unknown).nonzero()
        starts[where] = self._known([column[where] for column in classes], len(where))
        doubts: tuple[Codes, ...] = ()
        if self._doubtful and self.holding.tells_doubts:
            odd = [mask if at not in self.given else classes[at] < UNKNOWN for at, mask in open_.items()]
            left: Mask = np.logical_or.reduce(odd)
            (where,) = (unknown & ~left).nonzero()
            doubts = tuple(constant(rows) for _ in self.terms)
            names = [name for _, name, _ in self.coarse]
            some_classes = [column[where] for column in classes]
            found, mine = self.holding.doubts(some_classes, len(where), names, self.doubts.number)
            starts[where] = self._first_rules(found)
            for whole, some in zip(doubts, mine, strict=True):
                whole[where] = some
            unknown = left
        if unknown.any():
            asked = {name for _, name, _ in self.coarse} | {*self.fine}
            rest = {name: columns[name].kept(unknown) for name in asked}
            starts[unknown] = self._by_classes(rest, int(unknown.sum()))
        return starts, doubts

    def _known(self, classes: Sequence[Codes], rows: int) -> Codes:
        """The starts of rows whose classes are all known."""
        if self._first_only:
            return self._first_rules(self.holding.first(classes, rows))
        sets, codes = self.holding.sets(classes, rows)
        return np.fromiter(map(self._hits, sets), np.int32, len(sets))[codes]

    def _first_rules(self, rules: Codes) -> Codes:
        """The starts of rows of which only the first rule that holds matters, by its number; NONE: none does."""

        def begin(number: int) -> int:
            self.starts.append(self._of_hits(() if number == 0 else (number - 1,)))
            return len(self.starts) - 1

        return self._rule_start.of(rules - np.int32(NONE), len(self.plan.table.rules) + 1, begin)

    def _of_hits(self, hits: tuple[int, ...]) -> Start:
        """The start of some rules that hold when nothing is open."""
        facts = Facts(self.constants)
        entries = Entries(self.plan, self.terms, facts, frozenset())
        made = TableRun(self.plan, entries, entries, Reach(hits, (), (), {}))
        reads = frozenset[str]().union(*(names_of(expr) for expr in self._live(made)))
        return Start(facts, facts, frozenset(), (), made, tuple(sorted(reads)))

    # -- runs ---------------------------------------------------------------------------------------------------

    def _settled(self, key: Key) -> int:
        """The start of classes that are all known: then nothing is open, and hits are all there is to say."""
        return self._hits(self.plan.index.match(key).hits)

    def _hits(self, every: tuple[int, ...]) -> int:
        """The start of all rules that hold when nothing is open."""
        hits = self.plan.outputs.active(every)
        if self._first_only:
            hits = hits[:1]
        found = self._start_of.get((hits,))
        if found is None:
            found = self._start_of[hits,] = len(self.starts)
            self.starts.append(self._of_hits(hits))
        return found

    def _start(self, pairs_: Sequence[Pair], states: Sequence[State]) -> Start:
        now, may = Facts(self.constants), Facts(self.constants)
        absent: set[str] = set()
        for name, state in zip(self.fine, states, strict=True):
            now[name], may[name] = state.now, state.certain
            if state.absent:
                absent.add(name)
        pairs: dict[int, Pair] = {}
        for pair, (at, name, _) in zip(pairs_, self.coarse, strict=True):
            pairs[at] = pair
            if name not in now:
                now[name] = None if pair.now in (UNKNOWN, ABSENT) else _SOME
                may[name] = None if pair.may in (UNKNOWN, ABSENT) else _SOME
                if ABSENT in pair:
                    absent.add(name)
        gone = frozenset(absent)
        now_key, failed = self._key(now, gone, {at: pair.now for at, pair in pairs.items()})
        may_key, _ = self._key(may, gone, {at: pair.may for at, pair in pairs.items()})
        one = Entries(self.plan, self.terms, now, gone)
        other = one if now == may else Entries(self.plan, self.terms, may, gone)
        made = run(self.plan, one, now_key, other, now_key if other is one else may_key)
        made.now.columns_failed = failed
        reads = frozenset[str]().union(*(names_of(expr) for expr in self._live(made)))
        return Start(now, may, gone, failed, made, tuple(sorted(reads)))

    def _key(
        self, facts: Mapping[str, Value], absent: frozenset[str], known: Mapping[int, int]
    ) -> tuple[Key, tuple[CannotCompute, ...]]:
        """As TablePlan.key, for a case of which the classes of some columns are known."""
        key: list[int] = []
        failed: list[CannotCompute] = []
        for at, column in enumerate(self.plan.lowered.columns):
            if at in known:
                key.append(known[at])
                continue
            try:
                key.append(column.classify(facts, absent))
            except CannotCompute as failure:
                failed.append(failure)
                key.append(ABSENT)
        return tuple(key), tuple(failed)

    def _live(self, made: TableRun) -> Iterator[Expr]:
        """The expressions of the rules that hold or may come to."""
        if not self.plan.expressions:
            return
        reach = made.reach
        rules = {*reach.hits}.union(*(v.hits for v in (*reach.variations, *reach.joint)))
        for rule in rules:
            for column in range(len(self.terms)):
                expr = self.plan.expressions.get((rule, column))
                if expr is not None:
                    yield expr

    def _finish(self, starts: Codes, columns: Mapping[str, Column], rows: int) -> Codes:
        """Tell apart the rows of one start by the values that its expressions read."""
        if not self.plan.expressions:  # then each start is a run
            self.runs += [start.run for start in self.starts[len(self.runs) :]]
            return starts
        met = np.flatnonzero(np.bincount(starts, minlength=len(self.starts))).tolist() if rows else []
        lut = np.full(len(self.starts), -1, np.int32)
        groups: dict[tuple[str, ...], list[int]] = {}
        for number in met:
            start = self.starts[number]
            names = tuple(name for name in start.reads if name in columns)
            if names:
                groups.setdefault(names, []).append(number)
            else:
                lut[number] = self._run(number, (), ())
        runs: Codes = lut[starts]
        for names, numbers in groups.items():
            mine = np.isin(starts, np.array(numbers, np.int32))
            where = np.flatnonzero(mine)
            exact = [columns[name].exact() for name in names]
            states = [numbered.items for _, numbered in exact]
            parts = [Part(starts[where], len(self.starts))]
            parts += [Part(codes[where], len(numbered)) for codes, numbered in exact]

            def finish(key: tuple[int, ...], states: list[list[State]] = states, names: tuple[str, ...] = names) -> int:
                values = tuple(items[code] for items, code in zip(states, key[1:], strict=True))
                return self._run(key[0], names, values)

            runs[where] = each(parts, len(where), finish)
        return runs

    def _run(self, number: int, names: tuple[str, ...], states: tuple[State, ...]) -> int:
        """The run of a start with the values that its expressions read."""
        known = (number, states)
        found = self._run_of.get(known)
        if found is None:
            found = self._run_of[known] = len(self.runs)
            self.runs.append(self._with(self.starts[number], names, states) if names else self.starts[number].run)
        return found

    def _with(self, start: Start, names: tuple[str, ...], states: tuple[State, ...]) -> TableRun:
        now, may, absent = Facts(start.now), Facts(start.may), set(start.absent)
        for name, state in zip(names, states, strict=True):
            now[name], may[name] = state.now, state.certain
            if state.absent:
                absent.add(name)
        gone = frozenset(absent)
        one = Entries(self.plan, self.terms, now, gone)
        one.columns_failed = start.failed
        same = all(now[name] is may[name] for name in now)
        other = one if same else Entries(self.plan, self.terms, may, gone)
        return TableRun(self.plan, one, other, start.run.reach)
