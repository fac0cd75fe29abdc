"""Questions about all cases of a rulebook, as formulas: each is an owner that leans on the slice that it hangs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from rulectl.analysis.chains.comparing import alike
from rulectl.analysis.chains.saying import by_tier, kinder
from rulectl.analysis.chains.solvers import Owner
from rulectl.analysis.chains.tables import fires
from rulectl.analysis.chains.world import World
from rulectl.analysis.smt import Truth, any_of, both, no
from rulectl.lang.fold import fold_test
from rulectl.lang.syntax import Any, Name
from rulectl.model.policy import Tier
from rulectl.model.rulebook import InputColumn, TestEntry
from rulectl.runtime.index import period_test
from rulectl.runtime.plan import Plan


def firing(world: World, owner: Owner, number: int) -> Sequence[tuple[int, Truth]]:
    """For each rule of a table, by its number, when it fires; nothing of a table that was given up."""
    world.asked(owner, sorted(world.plan.tables[number].reads & world.plan.terms.keys()))
    with world.at(owner):
        rules = world.table(number)
    return () if rules is None else fires(world.plan.tables[number], rules)


def conditions(world: World, owner: Owner, number: int, rule: int) -> Iterator[tuple[InputColumn, TestEntry, Truth]]:
    """The conditions of a rule, each with when it holds."""
    table = world.plan.tables[number].table
    with world.at(owner):
        for column, entry in zip(table.inputs, table.rules[rule].when, strict=True):
            if not isinstance(entry.test, Any):
                test = fold_test(entry.test, world.plan.parameters)
                yield column, entry, world.test(column.subject, test, column.type.many, entry.cell)[0]


def disagreement(world: World, owner: Owner, id_: str) -> Truth:
    """When tables contradict each other on a term, none of them by itself."""
    world.asked(owner, [id_])
    with world.at(owner):
        broken = any_of(world.column(number, column).clash for number, column in world.plan.writers[id_])
        return both(world.said(id_).clash, no(broken))


class Silence(Enum):
    """Why nobody speaks of a term: a rule that covers the case leaves it blank; a rule of an earlier table leaves blank
    what is asked for, or a list is empty; or no rule covers the case."""

    BLANK = "blank"
    BEFORE = "before"
    NO_RULE = "no-rule"


def silences(world: World, owner: Owner, id_: str) -> Mapping[Silence, Truth]:
    """When nobody speaks of a term though every input that it hangs on is known, by the reason."""
    world.asked(owner, [id_])
    with world.at(owner):
        nothing = both(world.said(id_).nothing, no(world.symbol(id_).known))
        covered = _covered(world, id_)
        before = sorted(before_it(world.plan, id_))
        left = {name: True if world.plan.terms[name].type.many else _covered(world, name) for name in before}
        lacking = any_of(both(no(world.symbol(name).known), left[name]) for name in before)
        force = _in_force(world, id_)
    here = world.slice(owner)
    silent = both(nothing, *(world.symbol(name).known for name in world.inputs if f"term {name}" in here))
    return {
        Silence.BLANK: both(silent, covered),
        Silence.BEFORE: both(silent, no(covered), lacking),
        Silence.NO_RULE: both(silent, no(covered), no(lacking), force),
    }


def _in_force(world: World, id_: str) -> Truth:
    """When some table that writes a term is in force: before all of them begin nothing is said, as it is meant."""
    periods = [world.plan.tables[number].table.period for number, _ in world.plan.writers[id_]]
    event = world.plan.terms.get(world.rulebook.event or "")
    if event is None or any(period.always for period in periods):
        return True
    return any_of(world.test(Name(event.id), period_test(period, event.type), False, None)[0] for period in periods)


def before_it(plan: Plan, id_: str) -> frozenset[str]:
    """The terms that tables conclude before a term can be, from step to step."""
    found: set[str] = set()
    todo = [id_]
    while todo:
        writers = {number for number, _ in plan.writers[todo.pop()]}
        fresh = {name for n in writers for name in plan.tables[n].reads & plan.writers.keys()} - found - {id_}
        found |= fresh
        todo.extend(fresh)
    return frozenset(found)


def _covered(world: World, id_: str) -> Truth:
    """When a rule of the tables that write a term holds."""
    numbers = sorted({number for number, _ in world.plan.writers[id_]})
    tables = [rules for n in numbers if (rules := world.table(n)) is not None]
    return any_of(active for rules in tables for active in rules.active)


def overruling(world: World, owner: Owner, id_: str) -> Sequence[tuple[Tier, Truth]]:
    """For each tier that writes a term below others: when it says something else than they came to, to no avail."""
    world.asked(owner, [id_])
    term = world.plan.terms[id_]
    found: list[tuple[Tier, Truth]] = []
    with world.at(owner):
        for tier, before, own in by_tier(term, world.parts(term), world.demand):
            alike_ = alike(own.symbol, before.symbol, world.demand)
            if alike_ is not None:
                differs = both(before.valued, own.valued, no(alike_), no(kinder(term, own.symbol, before.symbol)))
                found.append((tier, differs))
    return found
