"""The formulas say of every case what the engine says: on drawn rulebooks, case by case.

`allows`: what the engine decided is one of the ways that the formulas leave open; without this a proof would be worth
nothing. `forces`: they leave open no other way, so that a counterexample of the solver is one of the engine's; that may
fail only where something was given up, and seldom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from random import Random

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.comparing import alike
from rulectl.analysis.chains.questions import firing
from rulectl.analysis.chains.symbols import Symbol, constant, items_of
from rulectl.analysis.chains.world import World
from rulectl.analysis.smt import Answer, Truth, all_of, both, equal, no
from rulectl.model.rulebook import Rulebook
from rulectl.runtime.engine import Engine
from rulectl.values import Value
from tests.runtime import drawn

SEEDS = 60


def pinned(symbol: Symbol, value: Value, world: World) -> Truth:
    """That a symbol has a value; lists are the same without regard to order."""
    if value is None:
        return no(symbol.known)
    if symbol.type.many:
        assert isinstance(value, tuple)
        items = items_of(symbol)
        same = all_of(items.has(v) if v in value else no(items.has(v)) for v in symbol.type.values)
        return both(symbol.known, same, equal(items.length, Fraction(len(value))))
    alike_ = alike(symbol, constant(value), world.demand)
    assert alike_ is not None
    return both(symbol.known, alike_)


def given(world: World, facts: Mapping[str, Value]) -> Iterator[Truth]:
    """That the inputs are as in a case."""
    for id_, term in world.inputs.items():
        value = facts.get(id_)
        yield pinned(world.symbol(id_), value if value is not None else term.default, world)


def verdicts(book: Rulebook, facts: Mapping[str, Value], world: World, engine: Engine) -> tuple[bool, bool]:
    """Whether the formulas allow, and whether they force, what the engine decides."""
    outcome = engine.decide(facts)
    decided = {t.id: {**outcome.derived, **outcome.outputs}[t.id] for t in book.terms if t.id not in world.inputs}
    world.asked("question", list(decided))
    results = [pinned(world.symbol(id_), value, world) for id_, value in decided.items()]
    here = list(given(world, facts))
    solver = world.solver("question")
    allows, _ = solver.can(*here, *results, seconds=10)
    other, _ = solver.can(*here, no(all_of(results)), seconds=10)
    return allows is Answer.YES, other is Answer.NO


def in_order(book: Rulebook, engine: Engine) -> bool:
    """Whether no table reads what only later ones write; the compiler lets no other rulebook through."""
    last = {c.term: t.stratum for t in book.tables for c in t.outputs}
    return all(
        last.get(name, -1) < plan.table.stratum or engine.plan.cyclic[plan.table.stratum]
        for plan in engine.plan.tables
        for name in plan.reads
    )


def test_formulas_agree_with_the_engine() -> None:
    forced = total = 0
    for seed in range(SEEDS):
        r = Random(seed)
        book = drawn.rulebook(r, loops=seed % 10 == 0)
        engine = Engine(book)
        if not in_order(book, engine):
            continue
        world = World(book, engine.plan, Budget())
        for _ in range(4):
            facts = drawn.case(r, book)
            allows, forces = verdicts(book, facts, world, engine)
            assert allows, f"seed {seed}: {facts}"
            total += 1
            forced += forces
    assert total > 2 * SEEDS
    assert forced >= 0.95 * total, f"{forced} of {total}"


def test_a_rule_that_fires_may_fire_by_the_formulas() -> None:
    """Without this the proof that a rule never fires would be worth nothing."""
    seen = 0
    # 261: under P, with a list before what the values of rules are ordered by
    for seed in (*range(SEEDS), 261):
        r = Random(seed)
        book = drawn.rulebook(r)
        engine = Engine(book)
        if not in_order(book, engine):
            continue
        world = World(book, engine.plan, Budget())
        for _ in range(4):
            facts = drawn.case(r, book)
            fired = {(one.table, one.rule) for one in engine.decide(facts).firings}
            for number, table in enumerate(book.tables):
                owner = f"firing {number}"
                rules = {
                    n: truth for n, truth in firing(world, owner, number) if (table.name, table.rules[n].id) in fired
                }
                here = list(given(world, facts))
                solver = world.solver(owner)
                for n, truth in rules.items():
                    answer, _ = solver.can(*here, truth, seconds=10)
                    assert answer is Answer.YES, f"seed {seed}, {table.name}/{table.rules[n].id}: {facts}"
                    seen += 1
    assert seen > 2 * SEEDS
