"""The engine of a part of a rulebook: the tables that a question hangs on, and all that these lean on.

A search decides many cases to find one; of a hundred tables a question often hangs on ten. What the part says of them
is what the whole says; a case that is reported is still decided by the whole (search.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rulectl.lang.trees import names_of
from rulectl.runtime.engine import Engine
from rulectl.runtime.plan import Plan

WORTH = 0.8
"""A part that is larger than this share of the whole is not worth an engine of its own."""


def leaning_on(plan: Plan, tables: Iterable[int]) -> frozenset[int]:
    """Tables with all that write what they read, and so on."""
    found: set[int] = set()
    todo = list(tables)
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo.extend(writer for name in plan.tables[number].reads for writer, _ in plan.writers.get(name, ()))
    return frozenset(found)


def part(engine: Engine, tables: frozenset[int]) -> Engine:
    """The engine of some tables, which lean on no others; the whole where it is little more."""
    plan, book = engine.plan, engine.rulebook
    if len(tables) > WORTH * len(plan.tables):
        return engine
    kept = sorted(tables)
    written = {column.term for number in kept for column in book.tables[number].outputs}
    terms = tuple(term for term in book.terms if term.id in written or term.id not in plan.writers)
    known = {term.id for term in terms} | plan.parameters.keys()
    policies = tuple(policy for policy in book.policies if names_of(policy.statement) <= known)
    own = replace(book, tables=tuple(book.tables[n] for n in kept), terms=terms, policies=policies, tests=())
    return Engine(own, quick=False, plan=Plan(own, tuple(plan.tables[n] for n in kept)))
