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

from rulectl.columnar.bits import Bits
from rulectl.columnar.codes import Codes, Combined, Known, Lut, Mask, Numbered, Part, Rows, constant
from rulectl.columnar.columns import Column
from rulectl.columnar.contained import ListLens, sets_of
from rulectl.columnar.doubts import Doubts
from rulectl.columnar.grid import NONE
from rulectl.columnar.holding import Holding
from rulectl.columnar.met import Met, Words
from rulectl.columnar.runs import Runs
from rulectl.columnar.starting import Start
from rulectl.columnar.states import Facts, Lens, Pair
from rulectl.columnar.tested import Questions, Reply
from rulectl.columnar.voices import Said, Voices
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
    """What a table comes to in all rows: the number of each row's run, for each output column what is said beside that
    (`Finished.voices`) and, where bits say what is open, what it lacks. `starts` are the numbers of what class numbers
    come to."""

    runs: Codes
    voices: tuple[Said, ...]
    doubts: tuple[Doubts, ...]
    starts: Codes


@dataclass
class TableColumns:
    """One table, ready for columns. `coarse` are the columns that ask a term for its class, `tested` the others, by the
    terms whose values they need, with their places among all columns; `given` are the places of those columns that need
    one plain input, by its name; `alone`: whether no other table writes what this one does."""

    number: int
    plan: TablePlan
    terms: Sequence[Term]
    constants: Mapping[str, Value]
    coarse: tuple[tuple[int, str, Lens], ...]
    tested: tuple[tuple[Questions, tuple[int, ...]], ...]
    given: Mapping[str, tuple[int, ...]]
    alone: bool
    finishing: Runs
    starts: list[Start] = field(default_factory=list)
    _counts: Numbered[tuple[int, ...]] = field(init=False)
    _rule_start: Known = field(default_factory=Known)
    _set_start: Met = field(default_factory=Met)
    _combined: Combined = field(default_factory=Combined)
    _start_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _points: Numbered[tuple[int, ...]] = field(default_factory=Numbered)
    _point_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _luts: tuple[Lut, ...] = ()

    def __post_init__(self) -> None:
        self._counts = Numbered((0,) * len(self.given))

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
            if isinstance(column.subject, Name) and column.classes is not None and column.subject.id in terms:
                lens = Lens if column.contents is None else ListLens
                coarse.append((at, column.subject.id, lens(column.classes)))
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
        given: dict[str, tuple[int, ...]] = {}
        for at, column in enumerate(table.lowered.columns):
            if len(column.names) == 1 and column.names <= inputs:
                (name,) = column.names
                given[name] = (*given.get(name, ()), at)
        given = {name: given[name] for name in sorted(given, key=plan.order.__getitem__)}
        alone = all(len(plan.writers[term.id]) == 1 for term in outputs)
        finishing = Runs(table, outputs, terms, constants)
        return TableColumns(number, table, outputs, constants, tuple(coarse), tuple(groups), given, alone, finishing)

    def forget(self) -> None:
        """Forget all runs; columns that hold their numbers must be forgotten with them."""
        self.starts, self._start_of = [], {}
        self._points, self._point_of, self._luts = Numbered(), {}, ()
        self._counts = Numbered((0,) * len(self.given))
        self.holding.forget()
        self.finishing.forget()
        self._rule_start, self._set_start, self._combined = Known(), Met(), Combined()
        for _, _, lens in self.coarse:
            lens.renumber()
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
        lists = sum(len(lens.pairs) for _, _, lens in self.coarse if isinstance(lens, ListLens))
        return len(self.starts) + len(self._points) + len(self._counts) + lists + self.finishing.held

    def decide(self, columns: Mapping[str, Column], rows: int) -> Pass:
        """What each row comes to."""
        decide = self._by_classes if self._repeats(columns, rows) else self._by_rules
        starts, doubts = decide(columns, rows)
        runs, voices = self.finishing.finish(self.starts, starts, columns, rows)
        return Pass(runs, voices, doubts, starts)

    def runs_of(self, done: Pass, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The runs of some rows, each with all that its rules say."""
        if not done.voices:
            return done.runs[where]
        return self.finishing.exactly(self.starts, done.starts, columns, where)

    def _by_classes(self, columns: Mapping[str, Column], rows: int) -> tuple[Codes, tuple[Doubts, ...]]:
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
        starts, *lacks = [lut.array() for lut in self._luts]
        if not any(lut.any() for lut in lacks):
            return starts.take(points), ()
        counts = np.array(self._counts.items, np.int32)
        return starts.take(points), tuple([Doubts(tuple(self.given), lut.take(points), counts) for lut in lacks])

    def _point(self, pairs: Sequence[Pair], replies: Sequence[Reply]) -> tuple[int, ...]:
        """A start, and for each output column the number of the counts of what it lacks beside that."""
        settled, index = (0,) * len(self.terms), self.plan.index
        if _certain(pairs, replies):
            key = self._classes(pairs, replies)
            open_ = [at for at, klass in enumerate(key) if klass == UNKNOWN]
            if not open_:
                return self._hits(index.match(key).hits), *settled
            if isinstance(index, Index) and self._tells and self._given.issuperset(open_):
                doubting = doubting_of(self.plan, index.leaf(key))
                seen = doubting.look(key)
                if seen is not None:
                    lacks = [dict(zip(seen.names, counts, strict=False)) for counts in seen.counts]
                    numbers = [self._counts.number(tuple([one.get(n, 0) for n in self.given])) for one in lacks]
                    return self._hits(doubting.leaf.rules(seen.hits)), *(numbers or settled)
        self.starts.append(self._start(pairs, replies))
        return len(self.starts) - 1, *settled

    @cached_property
    def _given(self) -> frozenset[int]:
        return frozenset(at for places in self.given.values() for at in places)

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
        return Holding(self.plan, self._first_only, self.given if self._tells else {})

    @cached_property
    def _first_only(self) -> bool:
        policies = {self.plan.table.policy, *self.plan.outputs.policies}
        return policies == {HitPolicy.FIRST}

    def _by_rules(self, columns: Mapping[str, Column], rows: int) -> tuple[Codes, tuple[Doubts, ...]]:
        """Rows whose classes are all known by the grid or by bits, those that lack inputs by bits; others by the
        combinations in which they come."""
        by_column: dict[int, Codes] = {}
        sets: dict[int, Words] = {}
        for at, name, lens in self.coarse:
            if isinstance(lens, ListLens):
                by_column[at], sets[at] = sets_of(columns[name], lens)
            else:
                by_column[at] = columns[name].classes(lens)
        for group, places in self.tested:
            by_column |= {at: group.classes(place, columns, rows) for place, at in enumerate(places)}
        classes = [by_column[at] for at in range(len(by_column))]
        bits = self.holding.over(sets)
        open_ = [column <= UNKNOWN for column in classes if rows and column.min() <= UNKNOWN]
        if not open_:
            return self._known(bits, classes, rows), ()
        starts = constant(rows)
        left: Mask = np.logical_or.reduce(open_)
        (where,) = (~left).nonzero()
        starts[where] = self._known(bits, [column[where] for column in classes], len(where))
        doubts = tuple(Doubts.none(tuple(self.given), rows) for _ in self.terms)
        opening = self.holding.opening
        if opening is not None and bits is not None:
            odd = opening.odd(classes)
            (where,) = (left & ~odd).nonzero()
            mine_of = [column[where] for column in classes]
            looked = opening.look(bits, mine_of, len(where), self._starts_of, lambda at: self.starts[at].run.hits)
            starts[where] = looked.starts
            doubts = tuple(none.and_those(where, one) for none, one in zip(doubts, looked.doubts, strict=True))
            odd[where] = looked.judged
            left &= odd
        if left.any():
            (where,) = left.nonzero()
            asked = {name for _, name, _ in self.coarse}.union(*(group.names for group, _ in self.tested))
            rest = {name: columns[name].kept(left) for name in asked}
            starts[where], mine = self._by_classes(rest, len(where))
            if mine:
                doubts = tuple(one.and_those(where, other) for one, other in zip(doubts, mine, strict=True))
        return starts, doubts

    def _known(self, bits: Bits | None, classes: Sequence[Codes], rows: int) -> Codes:
        """The starts of rows whose classes are all known."""
        if self._first_only:
            return self._first_rules(self.holding.first(bits, classes, rows))
        assert bits is not None
        return self._sets(bits.sets(classes, rows))

    def _starts_of(self, holding: Words) -> Codes:
        """The starts of rows in which some rules hold."""
        return self._first_rules(self.holding.lowest(holding)) if self._first_only else self._sets(holding)

    def _first_rules(self, rules: Codes) -> Codes:
        """The starts of rows of which only the first rule that holds matters, by its number; NONE: none does."""

        def begin(number: int) -> int:
            self.starts.append(self._of_hits(() if number == 0 else (number - 1,)))
            return len(self.starts) - 1

        return self._rule_start.of(rules - np.int32(NONE), len(self.plan.table.rules) + 1, begin)

    def _sets(self, sets: Words) -> Codes:
        """The starts of rows in which all rules that hold matter."""

        def begin(fresh: Words) -> Codes:
            return np.array(list(map(self._hits, self.holding.rules(fresh))), np.int32)

        # in most rows that lack facts no rule holds: these need not be told apart
        some = np.flatnonzero(sets.any(axis=1))
        starts = constant(len(sets), self._hits(()))
        starts[some] = self._set_start.of(sets.take(some, axis=0), begin)
        return starts

    def _of_hits(self, hits: tuple[int, ...]) -> Start:
        """The start of some rules that hold when nothing is open."""
        reach = Reach(hits, (), (), {}, not self.plan.computing.isdisjoint(hits))
        if not reach.computes:
            return self.finishing.starting.plain(reach)
        facts = Facts(self.constants)
        entries = Entries(self.plan, self.terms, facts, frozenset())
        return self.finishing.starting.start(
            TableRun(self.plan, entries, entries, reach), facts, facts, frozenset(), ()
        )

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
        return self.finishing.starting.start(made, now, may, gone, failed)


def _certain(pairs: Sequence[Pair], replies: Sequence[Reply]) -> bool:
    """Whether nothing may still change but what is unknown, and nothing failed."""
    answers = (answer for reply in replies for answer in reply.answers)
    return all(pair.now == pair.may for pair in pairs) and all(a.now == a.may and a.failed is None for a in answers)
