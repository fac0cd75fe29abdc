"""The naive scan, its middle: what the rules that hold say of a column, and several tables of a term."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any, assert_never

from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.trees import names_of
from rulectl.model.policy import Favours, HitPolicy, Merge, Tier
from rulectl.model.rulebook import Table, Term
from rulectl.values import CONTEXT
from tests.runtime.naive_rules import Case

SILENT = "<silent>"
OPEN = "<open>"
BROKEN = "<broken>"

Said = Any
"""A value, or SILENT, OPEN (an expression waits for a fact), BROKEN (the policy is violated)."""


def entry(case: Case, table: Table, rule: int, column: int, sure: bool) -> Said:
    expr = table.rules[rule].then[column].expr
    if expr is None:
        return SILENT
    view = case.view(sure)
    try:
        value = evaluate(expr, view)
    except CannotCompute:
        return SILENT
    if value is not None:
        return value
    names = names_of(expr)
    return SILENT if any(n in case.gone for n in names) and not case.lacking(names, sure) else OPEN


def choose(table: Table, column: int, hits: list[int], say: Callable[[int, int], Said], case: Case) -> list[int]:
    """The hits of which a column is made, in order; `hits` may mix else rules with others."""
    active = [n for n in hits if not table.rules[n].otherwise] or hits
    policy = table.outputs[column].policy
    like = [c for c, o in enumerate(table.outputs) if o.policy is policy] if policy is table.policy else [column]

    def best(n: int) -> list[int]:
        return [0 if say(n, c) == OPEN else place for c, place in zip(like, rank(n), strict=False)] + [n]

    def rank(n: int) -> list[int]:
        places = []
        for c in like:
            order = case.terms[table.outputs[c].term].type.values
            said = say(n, c)
            said = said[0] if isinstance(said, tuple) and said else said
            places.append(order.index(said) if said in order else len(order))
        return [*places, n]

    match policy:
        case HitPolicy.FIRST:
            return active[:1]
        case HitPolicy.PRIORITY:
            first = sorted(active, key=rank)[:1]
            # an entry that waits for a fact may yet come first
            return [n for n in active if n in first or best(n)[:-1] < rank(first[0])[:-1]]
        case HitPolicy.OUTPUT_ORDER:
            return sorted(active, key=rank)
        case HitPolicy.UNIQUE | HitPolicy.ANY | HitPolicy.RULE_ORDER | HitPolicy.COLLECT:
            return active
        case HitPolicy.SUM | HitPolicy.MIN | HitPolicy.MAX | HitPolicy.COUNT:
            return active
        case _:
            assert_never(policy)


def speak(table: Table, column: int, hits: list[int], say: Callable[[int, int], Said], case: Case) -> Said:
    """The value of a column."""
    policy = table.outputs[column].policy
    chosen = choose(table, column, hits, say, case)
    if policy is HitPolicy.UNIQUE and len(chosen) > 1:
        return BROKEN
    if policy is HitPolicy.COUNT:
        return Decimal(len(chosen)) if chosen else SILENT
    if policy is HitPolicy.PRIORITY and any(say(n, column) != say(chosen[0], column) for n in chosen):
        return OPEN
    said = [s for s in (say(n, column) for n in chosen) if s != SILENT]
    if not said:
        return SILENT
    match policy:
        case HitPolicy.UNIQUE | HitPolicy.ANY | HitPolicy.PRIORITY | HitPolicy.FIRST:
            if all(s == said[0] for s in said):
                return said[0]
            return OPEN if OPEN in said else BROKEN
        case HitPolicy.COLLECT | HitPolicy.RULE_ORDER | HitPolicy.OUTPUT_ORDER:
            return flat(said, case.terms[table.outputs[column].term])
        case HitPolicy.SUM:
            return fold(Merge.SUM, said)
        case HitPolicy.MIN:
            return fold(Merge.MIN, said)
        case HitPolicy.MAX:
            return fold(Merge.MAX, said)
        case _:
            assert_never(policy)


def flat(said: list[Said], term: Term) -> Said:
    items: list[Said] = []
    for s in said:
        for item in s if isinstance(s, tuple) else (s,):
            if term.merge is Merge.ALL or item not in items:
                items.append(item)
    return tuple(items)


def fold(how: Merge, said: list[Said]) -> Said:
    if BROKEN in said:
        return BROKEN
    if OPEN in said:
        return OPEN
    with localcontext(CONTEXT):
        return {Merge.SUM: sum, Merge.MIN: min, Merge.MAX: max}[how](said)  # type: ignore[operator]


def together(term: Term, parts: list[tuple[Tier, Said]]) -> Said:
    """The merge of what tables say of a term."""
    parts = [(tier, s) for tier, s in parts if s != SILENT]
    if not parts:
        return SILENT
    if len(parts) == 1:
        return parts[0][1]
    if term.merge in (Merge.COLLECT, Merge.ALL):
        return BROKEN if any(s == BROKEN for _, s in parts) else flat([s for _, s in parts], term)
    result: Said = SILENT
    for tier in (Tier.LAW, Tier.PLATFORM, Tier.SHOP, Tier.PROCEDURE, Tier.ADVICE):
        mine = [s for t, s in parts if t is tier]
        if not mine:
            continue
        if term.merge is Merge.FIRST:
            said = mine[0]
        elif term.merge is Merge.SINGLE:
            known = [s for s in mine if s != OPEN]
            broken = BROKEN in mine or any(s != known[0] for s in known)
            said = BROKEN if broken else OPEN if OPEN in mine else mine[0]
        else:
            said = fold(term.merge, mine)
        result = beside(term, result, said)
    return result


def beside(term: Term, higher: Said, lower: Said) -> Said:
    if higher == SILENT:
        return lower
    if term.favours is None or higher == BROKEN:
        return higher
    if lower == BROKEN:
        return BROKEN
    if OPEN in (higher, lower):
        return OPEN
    if term.favours is Favours.GREATER:
        return max(higher, lower)
    if term.favours is Favours.EARLIER and term.type.values:
        return min(higher, lower, key=term.type.values.index)
    return min(higher, lower)
