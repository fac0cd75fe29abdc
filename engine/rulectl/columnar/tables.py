"""One table over all rows: what the combinations of classes that occur come to.

The runs are those of the one-case engine (runtime/judge.py): which rules hold, which may, and what else may come about
follows from class numbers alone for most tables, so a run is made once for the classes that occur together. Where a
rule that may count holds an expression, rows with the same reach are told apart by what it comes to (runs.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rulectl.columnar.bits import Bits
from rulectl.columnar.codes import Codes, Combined, Known, Mask, Part, Rows, constant
from rulectl.columnar.columns import Column
from rulectl.columnar.doubts import Asked, Doubts, Looked, Opening, Reached, asked_by
from rulectl.columnar.grid import NONE
from rulectl.columnar.holding import Holding
from rulectl.columnar.meeting import Points
from rulectl.columnar.met import Met, Words
from rulectl.columnar.runs import Runs
from rulectl.columnar.sight import Classes, Sight
from rulectl.columnar.starting import Start
from rulectl.columnar.states import Facts, Pair
from rulectl.columnar.tested import Questions, Reply
from rulectl.columnar.voices import Said, Voices
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.model.policy import HitPolicy
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

_TOGETHER = 64
"""So many new combinations that lack something are held against the rules together: fewer are looked at one by one
before a table's bits are made."""


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
    """One table, ready for columns. `asked` are its columns that need one name; None: what unknown names leave open is
    not told by bits."""

    number: int
    plan: TablePlan
    terms: Sequence[Term]
    constants: Mapping[str, Value]
    sight: Sight
    asked: Asked | None
    finishing: Runs
    starts: list[Start] = field(default_factory=list)
    _points: Points = field(init=False)
    _rule_start: Known = field(default_factory=Known)
    _set_start: Met = field(default_factory=Met)
    _combined: Combined = field(default_factory=Combined)
    _start_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _point_of: dict[tuple[int, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._points = self._no_points()

    def _no_points(self) -> Points:
        return Points(self.asked.inputs if self.asked is not None else (), len(self.terms))

    @staticmethod
    def of(
        number: int,
        table: TablePlan,
        plan: Plan,
        constants: Mapping[str, Value],
        shared: dict[tuple[object, ...], Questions],
        settled: Mapping[str, int],
    ) -> TableColumns:
        """A table of a rulebook; tables that ask the same share what is `shared`; `settled`: the strata of terms."""
        terms = plan.terms
        sight = Sight.of(table, terms, constants, shared)
        outputs = [terms[column.term] for column in table.table.outputs]
        alone = all(len(plan.writers[term.id]) == 1 for term in outputs)
        opened = asked_by(table, plan, settled) if alone and can_doubt(table) else None
        finishing = Runs(table, outputs, terms, constants)
        return TableColumns(number, table, outputs, constants, sight, opened, finishing)

    def forget(self) -> None:
        """Forget all runs; columns that hold their numbers must be forgotten with them."""
        self.starts, self._start_of = [], {}
        self._points, self._point_of = self._no_points(), {}
        self.holding.forget()
        self.finishing.forget()
        self._rule_start, self._set_start, self._combined = Known(), Met(), Combined()
        self.sight.forget()

    def forget_values(self) -> None:
        """Forget what amounts come to, and keep what classes do."""
        self.finishing.forget()
        for start in self.starts:
            start.number = -1

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
        return len(self.starts) + len(self._points) + self.sight.held + self.finishing.held

    def decide(self, columns: Mapping[str, Column], rows: int, behind: Callable[[str], Reached]) -> Pass:
        """What each row comes to; what is `behind` names that are no inputs."""
        reached = {name: behind(name) for name in self._inner}
        decide = self._by_classes if self._repeats(columns, rows) else self._by_rules
        starts, doubts = decide(columns, rows, reached)
        runs, voices = self.finishing.finish(self.starts, starts, columns, rows)
        return Pass(runs, voices, doubts, starts)

    def runs_of(self, done: Pass, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The runs of some rows, each with all that its rules say."""
        if not done.voices:
            return done.runs[where]
        return self.finishing.exactly(self.starts, done.starts, columns, where)

    @cached_property
    def _inner(self) -> Sequence[str]:
        """The names that are no inputs of which bits say what is open."""
        return sorted(self.asked.behind) if self.asked is not None else ()

    def _by_classes(
        self, columns: Mapping[str, Column], rows: int, reached: Mapping[str, Reached]
    ) -> tuple[Codes, tuple[Doubts, ...]]:
        """The start of each combination of classes, of replies to the other questions and of what is behind names; and
        what is in doubt beside it, nothing where that is nowhere."""
        parts = self.sight.parts(columns, rows)
        parts += [Part(reached[name].codes, len(reached[name].sets)) for name in self._inner]
        return self._points.told(self._combined.of(parts, rows, lambda keys: self._begin(keys, reached)))

    def _begin(self, keys: Sequence[Codes], reached: Mapping[str, Reached]) -> Codes:
        """The points of combinations that are new: held against the rules where there are enough of them that lack
        something, else one by one."""
        last = len(keys) - len(self._inner)
        points = constant(len(keys[0]) if keys else 1, -1)
        opening = self.holding.opening if len(points) >= _TOGETHER else None
        if opening is not None:
            classes = self.sight.of_keys(keys[:last])
            fine = ~opening.odd(classes.seen)
            if np.count_nonzero(fine & classes.seen.open) >= _TOGETHER:
                (where,) = fine.nonzero()
                behind = zip(self._inner, keys[last:], strict=True)
                mine = {name: Reached(codes[where], reached[name].sets) for name, codes in behind}
                looked = self._look(opening, classes, where, mine)
                told = ~looked.judged
                points[where[told]] = self._points.many(looked.starts, looked.doubts)[told]
        (left,) = (points < 0).nonzero()
        alone = zip(*(codes[left].tolist() for codes in keys[:last]), strict=True) if last else [()] * len(left)
        points[left] = np.fromiter(map(self._begin_one, alone), np.int32, len(left))
        return points

    def _begin_one(self, key: tuple[int, ...]) -> int:
        """The point of one combination, whatever is behind names: then the judge says for which of these it waits."""
        found = self._point_of.get(key)
        if found is None:
            found = self._point_of[key] = self._point(*self.sight.met(key))
        return found

    def _look(self, opening: Opening, classes: Classes, where: Rows | slice, reached: Mapping[str, Reached]) -> Looked:
        """How some rows stand that lack something."""
        bits = self.holding.over(classes.sets)
        assert bits is not None
        seen = classes.seen.of(where)
        return opening.look(
            bits, seen, reached, self._starts_of, self._first_rules, lambda at: self.starts[at].run.hits
        )

    def _point(self, pairs: Sequence[Pair], replies: Sequence[Reply]) -> int:
        """A start, and for each output column the number of the counts of what it lacks beside that."""
        index = self.plan.index
        if _certain(pairs, replies):
            key = self._classes(pairs, replies)
            open_ = [at for at, klass in enumerate(key) if klass == UNKNOWN]
            if not open_:
                return self._points.one(self._hits(index.match(key).hits))
            if isinstance(index, Index) and self.asked is not None and self._given.issuperset(open_):
                doubting = doubting_of(self.plan, index.leaf(key))
                seen = doubting.look(key)
                if seen is not None:
                    lacks = [dict(zip(seen.names, counts, strict=False)) for counts in seen.counts]
                    counts = [
                        (int(any(one.values())), *(one.get(name, 0) for name in self.asked.inputs)) for one in lacks
                    ]
                    return self._points.one(self._hits(doubting.leaf.rules(seen.hits)), counts)
        self.starts.append(self._start(pairs, replies))
        return self._points.one(len(self.starts) - 1)

    @cached_property
    def _given(self) -> frozenset[int]:
        """The columns that ask one plain input."""
        if self.asked is None:
            return frozenset()
        plain = self.asked.places.keys() - self.asked.behind.keys()
        return frozenset(at for name in plain for at in self.asked.places[name])

    # -- classes that hardly ever come together twice -----------------------------------------------------------

    def _repeats(self, columns: Mapping[str, Column], rows: int) -> bool:
        """Whether rows are better decided by combinations of classes than held against the rules themselves."""
        size = self.sight.combinations(columns, rows)
        if size <= min(_COMBINATIONS, max(_FEW_COMBINATIONS, rows // 4)):
            return True
        return not self.holding.possible

    @cached_property
    def holding(self) -> Holding:
        """How rows are held against the rules."""
        return Holding(self.plan, self._first_only, self.asked)

    @cached_property
    def _first_only(self) -> bool:
        policies = {self.plan.table.policy, *self.plan.outputs.policies}
        return policies == {HitPolicy.FIRST}

    def _by_rules(
        self, columns: Mapping[str, Column], rows: int, reached: Mapping[str, Reached]
    ) -> tuple[Codes, tuple[Doubts, ...]]:
        """Rows whose classes are all known by the grid or by bits, those that lack something by bits; others by the
        combinations in which they come."""
        classes = self.sight.of_rows(columns, rows, reached)
        bits = self.holding.over(classes.sets)
        left: Mask = classes.seen.open if rows and classes.seen.now else np.zeros(0, np.bool_)
        if not left.any():
            return self._known(bits, classes.seen.now, rows), ()
        starts = constant(rows)
        doubts = tuple(Doubts.none(self._points.names, rows) for _ in self.terms)
        opening = self.holding.opening
        odd = left if opening is None else opening.odd(classes.seen)
        together = opening is not None and opening.firsts is not None and self.holding.grid is None
        if opening is not None and together and classes.seen.settled and not odd.any():
            # rows that lack nothing are led to their first rule with the others: to part them takes longer
            looked = self._look(opening, classes, slice(None), reached)
            starts, doubts, left = looked.starts, looked.doubts, left & looked.judged
        else:
            (where,) = (~left).nonzero()
            starts[where] = self._known(bits, classes.seen.of(where).now, len(where))
            (where,) = (left & ~odd).nonzero()
            if opening is not None and len(where):
                looked = self._look(opening, classes, where, {name: one.of(where) for name, one in reached.items()})
                starts[where] = looked.starts
                doubts = tuple(none.and_those(where, one) for none, one in zip(doubts, looked.doubts, strict=True))
                odd[where] = looked.judged
            left = left & odd
        if left.any():
            (where,) = left.nonzero()
            rest = {name: columns[name].kept(left) for name in self.sight.names}
            behind = {name: Reached(one.codes[where], one.sets) for name, one in reached.items()}
            starts[where], more = self._by_classes(rest, len(where), behind)
            if more:
                doubts = tuple(one.and_those(where, other) for one, other in zip(doubts, more, strict=True))
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
        for pair, (at, _, _) in zip(pairs, self.sight.coarse, strict=True):
            key[at] = pair.now
        for (_, places), reply in zip(self.sight.tested, replies, strict=True):
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
        for (group, places), reply in zip(self.sight.tested, replies, strict=True):
            for name, known in zip(group.names, reply.known, strict=True):
                now[name], may[name] = _SOME if known.now else None, _SOME if known.may else None
                if known.absent:
                    absent.add(name)
            for at, answer in zip(places, reply.answers, strict=True):
                now_key[at], may_key[at] = answer.now, answer.may
                if answer.failed is not None:
                    failures[at] = group.failures[answer.failed]
        for pair, (at, name, _) in zip(pairs, self.sight.coarse, strict=True):
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
