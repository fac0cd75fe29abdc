"""Which inputs to move, and whereto: backwards from what is wanted, over the chain of tables.

A condition that the case misses asks for another value of what it tests: of an input at once, of a conclusion by way of
the rules that would draw it. A rule that holds and comes too late asks that those before it no longer hold. What is
proposed is only worth trying; nothing is taken for granted before the engine has decided it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from rulectl.analysis.study import Study
from rulectl.analysis.whynot.asking import Goal
from rulectl.analysis.whynot.reasons import Candidate, Scene, Why, candidates
from rulectl.analysis.whynot.values import Slice, values_for
from rulectl.lang.syntax import Any, Except, Expr, IsNull, Literal, Name, Test
from rulectl.lang.syntax import Is as Equal
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Firing
from rulectl.model.rulebook import Rule, Table, Term
from rulectl.values import Value

Lever = tuple[str, Value]
"""An input and the value to give it."""

_DEEP = 6
"""How many tables back conclusions are followed."""

_RULES = 8
"""How many of the rules that would do are followed, those first that the case comes nearest to."""

_VALUES = 4
"""How many values of an input are proposed for one condition."""


@dataclass
class Levers:
    """Proposals for one decided case, the likeliest with the least weight."""

    study: Study
    part: Slice
    goal: Goal
    scene: Scene
    found: dict[Lever, float] = field(default_factory=dict)
    seen: set[tuple[str, Test]] = field(default_factory=set)

    def ranked(self) -> list[Lever]:
        """All proposals, the likeliest first."""
        self._want(self.goal, 0.0, 0)
        return sorted(self.found, key=lambda lever: self.found[lever])

    def _want(self, goal: Goal, weight: float, depth: int) -> None:
        """Propose what makes a term as wanted."""
        if goal.term.id not in self.study.plan.writers:
            if any(term.id == goal.term.id for term in self.part.inputs):
                self._input(goal, weight)
            return
        key = (goal.term.id, goal.test)
        if depth > _DEEP or key in self.seen:
            return
        self.seen.add(key)
        for candidate in candidates(self.scene, goal, formulas=True)[:_RULES]:
            self._rule(candidate, weight + len(candidate.missed), depth + 1)

    def _input(self, goal: Goal, weight: float) -> None:
        values = values_for(self.study, self.part, goal.term, dict(self.scene.facts), self.goal)
        met = (value for value in values if goal.met(value))
        for rank, value in enumerate(itertools.islice(met, _VALUES)):
            lever = (goal.term.id, value)
            self.found[lever] = min(self.found.get(lever, weight + rank / 8), weight + rank / 8)

    def _rule(self, candidate: Candidate, weight: float, depth: int) -> None:
        for one in candidate.missed:
            for goal in self._goals(one.column.subject, one.entry.test, names_of(one.entry.test)):
                self._want(goal, weight, depth)
        if candidate.why in (Why.BEHIND, Why.CLASH, Why.ELSE, Why.MERGED):
            for firing in candidate.before[:2]:
                self._break(firing, weight + 1, depth)
        elif candidate.why is Why.VALUE and candidate.entry.expr is not None:
            for name in sorted(names_of(candidate.entry.expr)):
                self._other(name, weight + 1, depth)
        elif candidate.why is Why.DATE and self.study.rulebook.event is not None:
            self._other(self.study.rulebook.event, weight, depth)

    def _goals(self, subject: Expr, test: Test, beside: frozenset[str]) -> Iterator[Goal]:
        """What a condition asks of the terms that it names."""
        if isinstance(subject, Name) and subject.id in self.study.terms:
            yield Goal(self.study.terms[subject.id], test, facts=self.scene.facts)
        elif not isinstance(subject, Name | Literal):
            beside |= names_of(subject)
        for name in sorted(beside):
            if name in self.study.terms:
                yield self._changed(self.study.terms[name])

    def _changed(self, term: Term) -> Goal:
        """That a term is anything but what it is."""
        value = self.scene.facts.get(term.id)
        return Goal(term, Except(IsNull() if value is None else Equal("=", Literal(value))))

    def _other(self, name: str, weight: float, depth: int) -> None:
        term = self.study.terms.get(name)
        if term is not None:
            self._want(self._changed(term), weight, depth)

    def _break(self, firing: Firing, weight: float, depth: int) -> None:
        """Propose what makes a rule no longer hold."""
        found = rules_of(self.study).get((firing.table, firing.rule))
        if found is None:
            return
        table, rule = found
        for column, entry in zip(table.inputs, rule.when, strict=True):
            if not isinstance(entry.test, Any):
                for goal in self._goals(column.subject, Except(entry.test), names_of(entry.test)):
                    self._want(goal, weight, depth)


def rules_of(study: Study) -> dict[tuple[str, str], tuple[Table, Rule]]:
    """Table and rule by their names, made once."""
    tables = study.rulebook.tables
    return study.once(
        "rules by name", lambda: {(table.name, rule.id): (table, rule) for table in tables for rule in table.rules}
    )
