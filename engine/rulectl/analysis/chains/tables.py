"""One table as formulas: what it says in a column by its hit policy, and which of its rules fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from rulectl.analysis.chains.comparing import exclusive
from rulectl.analysis.chains.saying import Said, agreed, chosen, combined, counted, first, joined, unclear
from rulectl.analysis.chains.symbols import Demand, Items, Symbol, Words, items_of
from rulectl.analysis.smt import Truth, all_of, any_of, at_least, both, either, fresh_truth, no
from rulectl.model.policy import Gives, Takes
from rulectl.model.rulebook import Term
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import Lack
from rulectl.types import Kind
from rulectl.values import Scalar


@dataclass(slots=True)
class Rules:
    """A table as formulas: `active[i]` when the rule with number `numbers[i]` hits and counts, `open_` when a rule that
    does not hit still might, and what each says, column by column."""

    numbers: tuple[int, ...]
    active: tuple[Truth, ...]
    open_: Truth
    said: tuple[tuple[Said, ...], ...]


def column_said(plan: TablePlan, column: int, term: Term, rules: Rules | None, demand: Demand) -> Said:
    """What a table says in one of its columns."""
    policy = plan.outputs.policies[column]
    name = f"{plan.table.name}/{term.name}"
    if rules is None or (not term.type.many and policy.lists):
        return unclear(term, name, demand, _options(plan, column))
    hits = [(active, said[column]) for active, said in zip(rules.active, rules.said, strict=True)]
    takes, gives = policy.takes, policy.gives
    match takes:
        case Takes.FIRST:
            return first(term, name, hits, demand)
        case Takes.ONLY:
            twice = _twice([active for active, _ in hits])
            one = chosen(term, name, [(both(active, no(twice)), said) for active, said in hits], demand)
            return Said(both(one.nothing, no(twice)), one.unknown, twice, one.symbol, one.pending)
        case Takes.RANKED:
            return _by_rank(plan, column, term, rules, demand)
        case Takes.EVERY | Takes.SORTED:  # formulas know no order of a list
            pass
        case _:
            assert_never(takes)
    match gives:
        case Gives.ONE:
            return agreed(term, name, hits, demand, broken_first=False)
        case Gives.LIST:
            return joined(term, hits, demand)
        case Gives.COUNT:
            return counted([active for active, _ in hits])
        case Gives.SUM | Gives.LEAST | Gives.GREATEST:
            return combined(term, gives, name, hits, demand)
        case _:
            assert_never(gives)


def fires(plan: TablePlan, rules: Rules) -> Sequence[tuple[int, Truth]]:
    """For each rule of a table, when it fires: it decides, or adds to a column that has a policy of its own."""
    outputs = plan.outputs
    takes = outputs.policy.takes
    order: Sequence[int] | None
    match takes:
        case Takes.FIRST:
            order = range(len(rules.numbers))
        case Takes.RANKED:
            order = _priority(plan, rules)
        case Takes.ONLY | Takes.EVERY | Takes.SORTED:
            order = None
        case _:
            assert_never(takes)
    if order is not None:
        firing = dict(zip(order, exclusive(rules.active[i] for i in order), strict=True))
    else:
        firing = dict(enumerate(rules.active))
    found = []
    for i, n in enumerate(rules.numbers):
        ways = [firing[i]]
        for column, policy in enumerate(outputs.policies):
            if policy is not outputs.policy:
                ways.append(both(rules.active[i], no(rules.said[i][column].nothing)))
        found.append((n, any_of(ways)))
    return found


def _priority(plan: TablePlan, rules: Rules) -> Sequence[int] | None:
    """The places of rules in `rules` by the order of the values that they say in the columns of the table's policy;
    None where a value is computed."""
    like = [c for c, policy in enumerate(plan.outputs.policies) if policy is plan.outputs.policy]
    if any((n, c) in plan.expressions for n in rules.numbers for c in like):
        return None
    ranks: list[tuple[tuple[int, ...], int]] = []
    for place, n in enumerate(rules.numbers):
        rank = []
        for c in like:
            spoken: object = plan.spoken[n][c]
            spoken = spoken[0] if isinstance(spoken, tuple) and spoken else spoken
            order = plan.outputs.ranks[c]
            rank.append(order.get(spoken, len(order)) if isinstance(spoken, str) else len(order))
        ranks.append(((*rank, n), place))
    return [place for _, place in sorted(ranks)]


def _by_rank(plan: TablePlan, column: int, term: Term, rules: Rules, demand: Demand) -> Said:
    """The entry whose value comes first in the order of allowed values. A rule whose entry is computed stands once for
    each value that it may come to; while one lacks a fact, anything may come first."""
    name = f"{plan.table.name}/{term.name}"
    ways: list[tuple[tuple[int, ...], Truth, Said]] = []
    open_: list[Truth] = []
    for place, number in enumerate(rules.numbers):
        ranked: list[tuple[tuple[int, ...], Truth]] = [((), rules.active[place])]
        for like in plan.outputs.like(column):
            said, order = rules.said[place][like], plan.outputs.ranks[like]
            content = said.symbol.content
            if not isinstance(content, Words) or content.open_:
                return unclear(term, name, demand, _options(plan, column))
            open_.append(both(rules.active[place], said.unknown))
            steps = [((order.get(text, len(order)),), both(said.valued, content.is_(text))) for text in content.options]
            steps.append(((len(order),), said.nothing))
            ranked = [((*r, *more), both(g, also)) for r, g in ranked for more, also in steps if also is not False]
        ways.extend(((*rank, number), guard, rules.said[place][column]) for rank, guard in ranked)
    if len(ways) > 10 * len(rules.numbers) + 100:
        return unclear(term, name, demand, _options(plan, column))
    ways.sort(key=lambda way: way[0])
    settled = first(term, name, [(guard, said) for _, guard, said in ways], demand)
    waiting = any_of(open_)
    if waiting is False:
        return settled
    anything = unclear(term, name, demand, _options(plan, column))
    return chosen(term, name, [(no(waiting), settled), (waiting, anything)], demand)


def _options(plan: TablePlan, column: int) -> list[Scalar] | None:
    """All that a column can say, where every entry is a plain value."""
    if plan.outputs.policies[column].numeric or any(c == column for _, c in plan.expressions):
        return None
    found: list[Scalar] = []
    for row in plan.spoken:
        spoken = row[column]
        if isinstance(spoken, Lack):
            continue
        items = spoken if isinstance(spoken, tuple) else (spoken,)
        found.extend(item for item in items if item is not None and not isinstance(item, tuple))
    return list(dict.fromkeys(found))


def fits(value: Symbol, term: Term, kind: Kind) -> Truth:
    """When a computed value is one of a term's type."""
    textual = kind.textual and term.type.kind.textual
    if kind is not term.type.kind and not textual:
        return False
    content = value.content
    if isinstance(content, Items):
        if not term.type.values:
            return True
        inside = all_of(no(content.has(v)) for v in content.options if v not in term.type.values)
        return both(inside, fresh_truth("fits")) if content.open_ else inside
    if isinstance(content, Words):
        return any_of(content.is_(text) for text in term.type.values) if term.type.values else True
    low, high = term.type.low, term.type.high
    return all_of(
        (
            low is None or at_least(content, Fraction(low)),
            high is None or at_least(Fraction(high), content),
        )
    )


def typed(value: Symbol, term: Term) -> Symbol:
    """A value as one of its term: a single value of a list term is a list of one."""
    if term.type.many and not value.type.many:
        return Symbol(term.type, value.known, items_of(value), value.failed)
    return Symbol(term.type, value.known, value.content, value.failed)


def _twice(active: Sequence[Truth]) -> Truth:
    """That two of them hold."""
    found: list[Truth] = []
    earlier: Truth = False
    for one in active:
        found.append(both(one, earlier))
        earlier = either(earlier, one)
    return any_of(found)
