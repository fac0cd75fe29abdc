"""The smallest change of a case that brings about what is wanted, each decided by the engine before it is believed.

First every single change, value by value of every class; then changes of several inputs, by a beam over the levers that
lead backwards from the goal, one more input at a time; pairs are tried one and all where they are few enough. Where
none of that finds anything, the solver is asked for any case at all, and what it differs in is taken back bit by bit -
or it proves that there is none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.exact import Never, Shown, find
from rulectl.analysis.study import Study
from rulectl.analysis.whynot.asking import Goal
from rulectl.analysis.whynot.levers import Lever, Levers
from rulectl.analysis.whynot.reasons import Scene, candidates
from rulectl.analysis.whynot.values import Slice, engine_of, values_for
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Status
from rulectl.model.rulebook import Term
from rulectl.runtime.engine import Counted, Engine
from rulectl.values import Value

Facts = dict[str, Value]

MOST_CHANGES = 6
"""So many inputs are changed at most."""

_DECISIONS = 20_000
"""How many changed cases are decided at most."""

_MOST = 120
"""How many values of an input are tried where those of all inputs would take half of that."""

_BEAM = 40
"""How many unfinished changes are carried on with."""

_LEVERS = 40
"""How many levers of each of them are pulled."""

_ENOUGH = 24
"""With so many changes of one size the best of them is good."""

_SHOWN = 3
"""How many changes of one size are told."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An input, what the case has, and what it would have to have."""

    term: Term
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Change:
    """Inputs changed, and what the engine decides of the changed case. `least`: every smaller change was tried; `also`
    are other values of the one input that would do as well."""

    settings: tuple[Setting, ...]
    outcome: Outcome
    least: bool
    also: tuple[Value, ...] = ()


@dataclass
class Search:
    """Looks for a change. `facts` are the case's own with defaults filled in, `counted` what was counted across cases
    for it; `every` says that every value of every input can be tried by itself."""

    study: Study
    part: Slice
    goal: Goal
    facts: Facts
    counted: Counted
    budget: Budget
    left: int = _DECISIONS
    tried: set[frozenset[Lever]] = field(default_factory=set)
    _kept: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    every: bool = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = engine_of(self.study, self.part)
        self.terms = {term.id: term for term in self.part.inputs}
        self.known = {name: value for name, (value, _) in self.counted.items()} | self.facts
        self.every = True
        self.every = sum(len(self._values(term)) for term in self.part.inputs) <= _DECISIONS // 2
        if not self.every:
            self._kept.clear()

    # -- deciding ------------------------------------------------------------------------------------------------

    def decide(self, levers: Iterable[Lever]) -> Outcome:
        """What the tables in question make of the changed case. Raises OutOfTime."""
        self.left -= 1
        if self.left < 0:
            raise OutOfTime
        self.budget.check()
        return self.engine.decide({**self.known, **dict(levers)})

    def value(self, outcome: Outcome) -> Value:
        name = self.goal.term.id
        return outcome.outputs.get(name, outcome.derived.get(name))

    def confirmed(self, levers: frozenset[Lever], least: bool) -> Change | None:
        """The change, if the whole rulebook says so too."""
        outcome = self.study.engine.decide({**self.facts, **dict(levers)}, self.counted)
        if not self.goal.met(self.value(outcome)):
            return None
        order = self.study.plan.order
        settings = [
            Setting(self.study.terms[name], self.facts.get(name), value)
            for name, value in sorted(levers, key=lambda lever: order[lever[0]])
        ]
        return Change(tuple(settings), outcome, least)

    # -- searching -----------------------------------------------------------------------------------------------

    def changes(self) -> tuple[Change, ...]:
        """The smallest changes that were found, the best first; none where none was found in time."""
        exact = self.every and all(term.id in self.part.exact for term in self.part.inputs)
        found: list[Change] = []
        try:
            found = self._best(self._singles(), True)
            tried = 1
            frontier: list[frozenset[Lever]] = [frozenset()]
            for size in range(1, MOST_CHANGES + 1):
                if found:
                    break
                met, frontier = self._grown(frontier)
                found = self._best(met, size == 1 or (exact and tried >= size - 1))
                if size == 2 and not found and self._pairs_are_few():
                    found = self._best(self._pairs(), exact)
                    tried = 2
        except OutOfTime:
            pass
        return tuple(found)

    def _best(self, met: Iterable[frozenset[Lever]], least: bool) -> list[Change]:
        """The changes of one size that fill blanks rather than alter, settle rather than suggest, and move little; of
        the same inputs only one."""
        found: dict[frozenset[str], Change] = {}
        for levers in sorted(dict.fromkeys(map(self._needed, met)), key=self._cost):
            names = frozenset(name for name, _ in levers)
            if names in found and len(levers) == 1:
                also = tuple(value for name, value in levers if not self.terms[name].type.ordered)
                found[names] = replace(found[names], also=(*found[names].also, *also))
            elif names not in found and len(found) < _SHOWN:
                change = self.confirmed(levers, least)
                if change is not None:
                    found[names] = change
        return list(found.values())

    def _cost(self, levers: frozenset[Lever]) -> tuple[int, int, int, tuple[int, ...]]:
        outcome = self.engine.decide({**self.known, **dict(levers)})
        settled = outcome.statuses.get(self.goal.term.id) is Status.DECIDED
        altered = sum(name in self.known for name, _ in levers)
        ranks = sum(self._rank(self.terms[name], value) for name, value in levers)
        order = tuple(sorted(self.study.plan.order[name] for name, _ in levers))
        return (not settled, altered, ranks, order)

    def _needed(self, levers: frozenset[Lever]) -> frozenset[Lever]:
        """Without the levers that turn out not to matter."""
        for lever in sorted(levers, key=lambda one: self.study.plan.order[one[0]]):
            fewer = levers - {lever}
            if fewer and self.goal.met(self.value(self.engine.decide({**self.known, **dict(fewer)}))):
                levers = fewer
        return levers

    def _values(self, term: Term) -> tuple[Value, ...]:
        if term.id not in self._kept:
            values = values_for(self.study, self.part, term, self.known, self.goal)
            self._kept[term.id] = values if self.every else values[:_MOST]
        return self._kept[term.id]

    def _rank(self, term: Term, value: Value) -> int:
        """How far a value is from the case's own, among those that are worth trying."""
        values = self._values(term)
        return values.index(value) if value in values else len(values)

    def _singles(self) -> Iterator[frozenset[Lever]]:
        for term in self.part.inputs:
            for value in self._values(term):
                levers = frozenset(((term.id, value),))
                if self.goal.met(self.value(self.decide(levers))):
                    yield levers

    def _pairs_are_few(self) -> bool:
        sizes = [len(self._values(term)) for term in self.part.inputs]
        pairs = (sum(sizes) ** 2 - sum(size**2 for size in sizes)) // 2
        return pairs < self.left // 2

    def _pairs(self) -> Iterator[frozenset[Lever]]:
        for one, other in itertools.combinations(self.part.inputs, 2):
            for first, second in itertools.product(self._values(one), self._values(other)):
                levers = frozenset(((one.id, first), (other.id, second)))
                if levers not in self.tried and self.goal.met(self.value(self.decide(levers))):
                    yield levers

    def _grown(self, frontier: list[frozenset[Lever]]) -> tuple[list[frozenset[Lever]], list[frozenset[Lever]]]:
        """Each unfinished change with one lever more: those that do; where none does, the most promising."""
        met: list[frozenset[Lever]] = []
        others: list[tuple[frozenset[Lever], Outcome]] = []
        for levers in frontier:
            if len(met) >= _ENOUGH:
                break
            taken = {name for name, _ in levers}
            scene = Scene.of(self.study, self.decide(levers))
            for lever in Levers(self.study, self.part, self.goal, scene).ranked()[:_LEVERS]:
                more = levers | {lever}
                if lever[0] in taken or lever[0] not in self.terms or more in self.tried:
                    continue
                self.tried.add(more)
                outcome = self.decide(more)
                if self.goal.met(self.value(outcome)):
                    met.append(more)
                else:
                    others.append((more, outcome))
        return met, [] if met else self._promising(others)

    def _promising(self, others: list[tuple[frozenset[Lever], Outcome]]) -> list[frozenset[Lever]]:
        """The changes after which a rule that would do lacks least."""
        ranked = []
        for at, (levers, outcome) in enumerate(others):
            goal = self.goal.missing(self.value(outcome))
            near = candidates(Scene.of(self.study, outcome), goal)[:1]
            ranked.append((len(goal.items), near[0].far if near else (99, 99), at, levers))
        return [levers for *_, levers in sorted(ranked)[:_BEAM]]

    # -- the solver ----------------------------------------------------------------------------------------------

    def solved(self) -> Change | Never | None:
        """A change that the solver leads to; Never where it proves that no case has it; None where neither."""

        def shows(outcome: Outcome) -> bool:
            return self.goal.met(self.value(outcome))

        if not self.part.tables:
            return None
        try:
            answer = find(self.study, self.part.tables, [self.goal.statement], [], shows, self.budget, whole=True)
            if isinstance(answer, Never):
                return answer
            return self._towards(answer.case) if isinstance(answer, Shown) else None
        except OutOfTime:
            return None

    def _towards(self, case: Mapping[str, Value]) -> Change | None:
        """The case changed to what another has, as far as that is needed."""
        wanted = {name: value for name, value in case.items() if name in self.terms and self.known.get(name) != value}
        levers = frozenset((name, value) for name, value in wanted.items() if value is not None)
        if not self.goal.met(self.value(self.engine.decide({**self.known, **dict(levers)}))):
            return None
        return self.confirmed(self._needed(levers), False)
