"""One table over all rows: what the combinations of classes that occur come to.

The runs are those of the one-case engine (runtime/judge.py): which rules hold, which may, and what else may come about
follows from class numbers alone for most tables, so a run is made once for the classes that occur together. Where a
rule that may count holds an expression, rows with the same reach are told apart by what it comes to (runs.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Combined, Known, Lut, Mask, Numbered, Part, Rows, constant
from rulectl.columnar.columns import Column, Facts, Lens, Pair
from rulectl.columnar.grid import NONE
from rulectl.columnar.holding import Holding, Waits
from rulectl.columnar.runs import Runs, Start
from rulectl.columnar.tested import Questions, Reply
from rulectl.columnar.voices import Voices
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.lang.syntax import Name
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import Term
from rulectl.runtime.doubting import can_doubt, doubting_of
from rulectl.runtime.index import Index
from rulectl.runtime.judge import Entries, TableRun, run
from rulectl.runtime.plan import Plan, Reach, TablePlan
from rulectl.values import Value

_SOME: str = "\0"
"""Stands for the value of a term of which only the class is known; nothing may look at it."""

_COMBINATIONS = 1 << 16
"""A table whose classes could come together in so many ways has every way that occurs decided once."""

_FEW_COMBINATIONS = 1 << 12
"""The same where there are hardly more rows."""


class Pass(NamedTuple):
    """What a table comes to in all rows: the number of each row's run, for each output column the number of what is
    said (`Finished.voices`) and, where bits say what is open, that of what the rules wait for that could change it
    (`TableColumns.doubts`). `starts` are the numbers of what class numbers come to."""

    runs: Codes
    voices: tuple[Codes, ...]
    doubts: tuple[Codes, ...]
    starts: Codes


@dataclass
class TableColumns:
    """One table, ready for columns. `coarse` are the columns that ask a term for its class, `tested` the others, by the
    terms whose values they need, with their places among all columns; `given` are the places of those columns that need
    one plain input; `alone`: whether no other table writes what this one does."""

    number: int
    plan: TablePlan
    terms: Sequence[Term]
    constants: Mapping[str, Value]
    coarse: tuple[tuple[int, str, Lens], ...]
    tested: tuple[tuple[Questions, tuple[int, ...]], ...]
    given: frozenset[int]
    alone: bool
    finishing: Runs
    doubts: Numbered[Waits] = field(default_factory=lambda: Numbered(frozenset()))
    starts: list[Start] = field(default_factory=list)
    _rule_start: Known = field(default_factory=Known)
    _combined: Combined = field(default_factory=Combined)
    _start_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _points: Numbered[tuple[int, ...]] = field(default_factory=Numbered)
    _point_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _waits_of: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = field(default_factory=dict)
    _luts: tuple[Lut, ...] = ()

    @staticmethod
    def of(
        number: int,
        table: TablePlan,
        plan: Plan,
        constants: Mapping[str, Value],
        shared: dict[tuple[object, ...], Questions],
    ) -> TableColumns:
        """A table of a rulebook; tables that ask the same share what is `shared`."""
        terms = plan.terms
        coarse: list[tuple[int, str, Lens]] = []
        tested: dict[tuple[str, ...], list[int]] = {}
        for at, column in enumerate(table.lowered.columns):
            if isinstance(column.subject, Name) and column.partition is not None and column.subject.id in terms:
                coarse.append((at, column.subject.id, Lens(column.partition)))
            else:
                tested.setdefault(tuple(sorted(column.names & terms.keys())), []).append(at)
        groups: list[tuple[Questions, tuple[int, ...]]] = []
        for names, places in tested.items():
            asked = tuple(table.lowered.columns[at] for at in places)
            group = shared.setdefault((names, asked), Questions(names, asked, constants))
            groups.append((group, tuple(places)))
        outputs = [terms[column.term] for column in table.table.outputs]
        others = plan.writers.keys() | plan.aggregates.keys()
        inputs = {name for name, term in terms.items() if term.role is Role.INPUT and name not in others}
        columns = table.lowered.columns
        given = frozenset(at for at, c in enumerate(columns) if len(c.names) == 1 and c.names <= inputs)
        alone = all(len(plan.writers[term.id]) == 1 for term in outputs)
        finishing = Runs(table, outputs, terms, constants)
        return TableColumns(number, table, outputs, constants, tuple(coarse), tuple(groups), given, alone, finishing)

    def forget(self) -> None:
        """Forget all runs; columns that hold their numbers must be forgotten with them."""
        self.starts, self.doubts = [], Numbered(frozenset())
        self._start_of, self._waits_of = {}, {}
        self._points, self._point_of, self._luts = Numbered(), {}, ()
        self.finishing.forget()
        self._rule_start, self._combined = Known(), Combined()
        for _, _, lens in self.coarse:
            lens.forget()
        for group, _ in self.tested:
            group.forget()

    def forget_values(self) -> None:
        """Forget what amounts come to, and keep what classes do."""
        self.finishing.forget()
        for start in self.starts:
            start.number = -1

    def release(self, terms: Set[str]) -> None:
        """Let go of states of terms that are numbered anew."""
        for _, name, lens in self.coarse:
            if name in terms:
                lens.forget()
        for group, _ in self.tested:
            if not terms.isdisjoint(group.names):
                group.release()

    @property
    def runs(self) -> list[TableRun]:
        """The runs met so far, by number."""
        return self.finishing.runs

    @property
    def voices(self) -> tuple[Voices, ...]:
        """What each output column says, by number."""
        return self.finishing.voices

    @property
    def held(self) -> int:
        """How many things are remembered."""
        return len(self.starts) + len(self._points) + len(self.doubts) + self.finishing.held

    def decide(self, columns: Mapping[str, Column], rows: int) -> Pass:
        """What each row comes to."""
        doubts: tuple[Codes, ...] = ()
        if self._repeats(columns, rows):
            starts, doubts = self._by_classes(columns, rows)
        else:
            starts, doubts = self._by_rules(columns, rows)
        runs, voices = self.finishing.finish(self.starts, starts, columns, rows)
        return Pass(runs, voices, doubts, starts)

    def runs_of(self, done: Pass, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The runs of some rows, each with all that its rules say."""
        if not done.voices:
            return done.runs[where]
        return self.finishing.exactly(self.starts, done.starts, columns, where)

    def _by_classes(self, columns: Mapping[str, Column], rows: int) -> tuple[Codes, tuple[Codes, ...]]:
        """The start of each combination of classes, and of replies to the other questions; and what is in doubt beside
        it, nothing where that is nowhere."""
        parts: list[Part] = [columns[name].seen(lens) for _, name, lens in self.coarse]
        parts += [group.replied(columns, rows) for group, _ in self.tested]
        count = len(self.coarse)

        def begin(key: tuple[int, ...]) -> int:
            found = self._point_of.get(key)
            if found is None:
                pairs = [lens.pairs.items[code] for (_, _, lens), code in zip(self.coarse, key, strict=False)]
                replied = zip(self.tested, key[count:], strict=True)
                replies = [group.replies.items[code] for (group, _), code in replied]
                found = self._point_of[key] = self._points.number(self._point(pairs, replies))
            return found

        points = self._combined.of(parts, rows, begin)
        self._luts = self._luts or tuple(Lut() for _ in range(1 + len(self.terms)))
        fresh = self._points.items[len(self._luts[0]) :]
        for place, lut in enumerate(self._luts):
            lut.items += [point[place] for point in fresh]
        starts, *doubts = [lut.array() for lut in self._luts]
        in_doubt = any(lut.any() for lut in doubts)
        return starts.take(points), tuple([lut.take(points) for lut in doubts]) if in_doubt else ()

    def _point(self, pairs: Sequence[Pair], replies: Sequence[Reply]) -> tuple[int, ...]:
        """A start, and for each output column the number of what it waits for beside that."""
        settled, index = (0,) * len(self.terms), self.plan.index
        if _certain(pairs, replies):
            key = self._classes(pairs, replies)
            open_ = [at for at, klass in enumerate(key) if klass == UNKNOWN]
            if not open_:
                return self._hits(index.match(key).hits), *settled
            if isinstance(index, Index) and self._tells and self.given.issuperset(open_):
                doubting = doubting_of(self.plan, index.leaf(key))
                seen = doubting.look(key)
                if seen is not None:
                    waits = [self._waits(seen.gap.names, counts) for counts in seen.counts]
                    return self._hits(doubting.leaf.rules(seen.hits)), *(waits or settled)
        self.starts.append(self._start(pairs, replies))
        return len(self.starts) - 1, *settled

    def _waits(self, names: tuple[str, ...], counts: tuple[int, ...]) -> int:
        """The number of what a column waits for: so many rules for each of these names."""
        known = names, counts
        if known not in self._waits_of:
            waits = frozenset((frozenset((name,)), n) for name, n in zip(names, counts, strict=False) if n)
            self._waits_of[known] = self.doubts.number(waits)
        return self._waits_of[known]

    @cached_property
    def _tells(self) -> bool:
        """Whether bits say what unknown inputs leave open, beside the hits."""
        return self.alone and can_doubt(self.plan)

    # -- classes that hardly ever come together twice -----------------------------------------------------------

    def _repeats(self, columns: Mapping[str, Column], rows: int) -> bool:
        """Whether rows are better decided by combinations of classes than held against the rules themselves."""
        size = 1
        for _, name, lens in self.coarse:
            size *= columns[name].width(lens)
        for group, _ in self.tested:
            size *= group.replied(columns, rows).size
        if size <= min(_COMBINATIONS, max(_FEW_COMBINATIONS, rows // 4)):
            return True
        return not self.holding.possible

    @cached_property
    def holding(self) -> Holding:
        """How rows are held against the rules."""
        return Holding(self.plan, self._first_only)

    @cached_property
    def _first_only(self) -> bool:
        policies = {self.plan.table.policy, *self.plan.outputs.policies}
        return policies == {HitPolicy.FIRST}

    @cached_property
    def _doubtful(self) -> bool:
        """Whether bits say all that unknown values leave open: only the first rule counts, and it says plain values."""
        plain = not self.tested and not self.plan.expressions and not self.plan.lowered.otherwise
        return self._first_only and self.alone and plain

    def _by_rules(self, columns: Mapping[str, Column], rows: int) -> tuple[Codes, tuple[Codes, ...]]:
        """Rows whose classes are all known by the grid or by bits, those that lack inputs by bits; others by the
        combinations in which they come."""
        by_column = {at: columns[name].classes(lens) for at, name, lens in self.coarse}
        for group, places in self.tested:
            by_column |= {at: group.classes(place, columns, rows) for place, at in enumerate(places)}
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
            asked = {name for _, name, _ in self.coarse}.union(*(group.names for group, _ in self.tested))
            rest = {name: columns[name].kept(unknown) for name in asked}
            starts[unknown], mine_ = self._by_classes(rest, int(unknown.sum()))
            if mine_:
                doubts = doubts or tuple(constant(rows) for _ in self.terms)
                for whole, codes in zip(doubts, mine_, strict=True):
                    whole[unknown] = codes
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
        reach = Reach(hits, (), (), {}, not self.plan.computing.isdisjoint(hits))
        return self.finishing.start(TableRun(self.plan, entries, entries, reach), facts, facts, frozenset(), ())

    # -- runs ---------------------------------------------------------------------------------------------------

    def _classes(self, pairs: Sequence[Pair], replies: Sequence[Reply]) -> tuple[int, ...]:
        """The class of each column."""
        key = [ABSENT] * len(self.plan.lowered.columns)
        for pair, (at, _, _) in zip(pairs, self.coarse, strict=True):
            key[at] = pair.now
        for (_, places), reply in zip(self.tested, replies, strict=True):
            for at, answer in zip(places, reply.answers, strict=True):
                key[at] = answer.now
        return tuple(key)

    def _hits(self, every: tuple[int, ...]) -> int:
        """The start of all rules that hold when nothing is open."""
        hits = self.plan.outputs.active(every)
        if self._first_only:
            hits = hits[:1]
        found = self._start_of.get(hits)
        if found is None:
            found = self._start_of[hits] = len(self.starts)
            self.starts.append(self._of_hits(hits))
        return found

    def _start(self, pairs: Sequence[Pair], replies: Sequence[Reply]) -> Start:
        now, may = Facts(self.constants), Facts(self.constants)
        absent: set[str] = set()
        size = len(self.plan.lowered.columns)
        now_key, may_key = [ABSENT] * size, [ABSENT] * size
        failures: dict[int, CannotCompute] = {}
        for (group, places), reply in zip(self.tested, replies, strict=True):
            for name, known in zip(group.names, reply.known, strict=True):
                now[name], may[name] = _SOME if known.now else None, _SOME if known.may else None
                if known.absent:
                    absent.add(name)
            for at, answer in zip(places, reply.answers, strict=True):
                now_key[at], may_key[at] = answer.now, answer.may
                if answer.failed is not None:
                    failures[at] = group.failures[answer.failed]
        for pair, (at, name, _) in zip(pairs, self.coarse, strict=True):
            now_key[at], may_key[at] = pair.now, pair.may
            if name not in now:
                now[name] = None if pair.now in (UNKNOWN, ABSENT) else _SOME
                may[name] = None if pair.may in (UNKNOWN, ABSENT) else _SOME
                if ABSENT in pair:
                    absent.add(name)
        gone, failed = frozenset(absent), tuple(failures[at] for at in sorted(failures))
        one, other = self.finishing.entries(now, may, gone)
        one.columns_failed = failed
        made = run(self.plan, one, tuple(now_key), other, tuple(now_key if other is one else may_key))
        return self.finishing.start(made, now, may, gone, failed)


def _certain(pairs: Sequence[Pair], replies: Sequence[Reply]) -> bool:
    """Whether nothing may still change but what is unknown, and nothing failed."""
    answers = (answer for reply in replies for answer in reply.answers)
    return all(pair.now == pair.may for pair in pairs) and all(a.now == a.may and a.failed is None for a in answers)
