"""What classes alone cannot settle, asked of the formulas of the rulebook (chains/world.py).

Where two conditions look at the same term, or one is computed, not every combination of their classes can occur; where
a condition reads what other tables conclude, not every combination can come about. Both are asked as statements of the
rule language itself, and what is found is a case that the engine confirms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.search import Found, Never, Open, Search, Shown
from rulectl.analysis.chains.telling import world_of
from rulectl.analysis.chains.world import World
from rulectl.analysis.smt import Answer, Model, Truth, all_of, any_of, both
from rulectl.analysis.smt import no as not_
from rulectl.analysis.space import Space
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box
from rulectl.analysis.witness import alone
from rulectl.lang.fold import fold_test
from rulectl.lang.syntax import Any, Both, Either, Expr, Literal, Meets, Name
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rule, Table
from rulectl.runtime.index import period_test
from rulectl.types import DATE

__all__ = ["Found", "Never", "Open", "Shown", "derived", "find", "inside_box", "rule_holds", "some"]


def derived(study: Study, space: Space) -> bool:
    """Whether a space asks what tables conclude, so that a case must be one of the whole rulebook."""
    return any(name in study.plan.writers for axis in space.axes for name in axis.column.names)


@dataclass(slots=True)
class Asked:
    """A question of which more can be asked in turn, to a solver that keeps what it has learnt: cases in which some
    statements are true, of the `whole` rulebook or of some tables alone."""

    world: World
    search: Search
    wanted: Truth

    @staticmethod
    def of(study: Study, numbers: tuple[int, ...], yes: Iterable[Expr], budget: Budget, *, whole: bool) -> Asked:
        """A question with a name of its own among those of the world."""
        if whole:
            world, engine = world_of(study, budget), study.engine
        else:
            engine = alone(study, numbers)
            world = study.once(("world", numbers), lambda: World(engine.rulebook, engine.plan, budget))
            world.budget = budget
        asked = study.once("asked", list[str])
        owner = f"asked {len(asked)}"
        asked.append(owner)
        search = Search(world, engine, owner, budget, numbers if whole else tuple(range(len(numbers))))
        one = Asked(world, search, True)
        one.wanted = all_of([one.true(expr) for expr in yes])
        return one

    def true(self, expr: Expr) -> Truth:
        """That a statement is true."""
        return self.world.statement(self.search.owner, expr, None).true

    def find(self, shows: Callable[[Outcome], bool], *more: Truth) -> Found:
        """A case of it in which more holds, and which shows what it should."""
        return self.search.find(both(self.wanted, *more), lambda found: shows(found.outcome), least=False)

    def can(self, *more: Truth) -> tuple[Answer, Model | None]:
        """Whether more can hold in it, as far as the formulas tell."""
        solver = self.world.solver(self.search.owner)
        return solver.can(self.wanted, *more, seconds=self.search.budget.left)


def find(
    study: Study,
    numbers: tuple[int, ...],
    yes: Iterable[Expr],
    no: Iterable[Expr],
    shows: Callable[[Outcome], bool],
    budget: Budget,
    *,
    whole: bool,
) -> Found:
    """A case in which some statements are true and others are not."""
    asked = Asked.of(study, numbers, yes, budget, whole=whole)
    return asked.find(shows, not_(any_of([asked.true(expr) for expr in no])))


def rule_holds(study: Study, table: Table, rule: Rule) -> Expr:
    """That a rule's conditions hold and its dates include the case's, as a statement."""
    items: list[Expr] = [
        Meets(column.subject, fold_test(entry.test, study.plan.parameters))
        for column, entry in zip(table.inputs, rule.when, strict=True)
        if not isinstance(entry.test, Any)
    ]
    period = rule.period.meet(table.period)
    if not period.always:
        event = study.rulebook.event or ""
        items.append(Meets(Name(event), period_test(period, study.terms[event].type if event in study.terms else DATE)))
    return _all(items)


def inside_box(space: Space, box: Box) -> Expr:
    """That a case lies in a box."""
    return _all([Meets(space.axes[at].column.subject, space.axes[at].test(box[at])) for at in space.asked(box)])


def _all(items: Sequence[Expr]) -> Expr:
    return Both(tuple(items)) if len(items) > 1 else items[0] if items else Literal(True)


def some(items: Sequence[Expr]) -> Expr:
    """One of some statements."""
    return Either(tuple(items)) if len(items) > 1 else items[0] if items else Literal(False)
