"""The values worth trying for each input: one of every class that the rules in question tell apart, as near to the
case's own value as the class allows.

Whatever a rule can see of a value is its class (lang/region.py), so trying one value of each class is trying all of
them. That is not so of inputs that are computed with or compared with others: of these the numbers, days and times that
come up beside them are tried, and a step to either side.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rulectl.analysis.study import Study
from rulectl.analysis.whynot.asking import Goal
from rulectl.analysis.wording import inhabited, sample
from rulectl.lang.region import FIRST, Partition
from rulectl.lang.syntax import Literal, Name, Node
from rulectl.lang.trees import children, names_of
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.runtime.plan import TablePlan
from rulectl.types import Kind, fits
from rulectl.values import CONTEXT, Value, distinct

Facts = dict[str, Value]

MOST_BESIDE = 120
"""How many values of an input are tried that come up beside it in formulas."""

_LISTED = 5
"""Of a list of so many allowed values every choice is tried."""

_BESIDE = 16
"""How many values that come up beside a computed input are put together by twos."""

_STEPS: dict[Kind, tuple[dt.timedelta, ...]] = {
    Kind.DATE: (dt.timedelta(days=1),),
    Kind.DATETIME: (dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(seconds=1)),
    Kind.DURATION: (dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(seconds=1)),
}


_DAYS = tuple(
    dt.date(2025, 1, 1) + dt.timedelta(days=days) for days in (0, 1, 7, 30, 180, 365, -1, -7, -30, -180, -365)
)
_PLAIN: dict[Kind, tuple[Value, ...]] = {
    Kind.NUMBER: (Decimal(0), Decimal(1), Decimal(10), Decimal(100), Decimal(1000)),
    Kind.DATE: _DAYS,
    Kind.DATETIME: tuple(dt.datetime.combine(day, dt.time(9)) for day in _DAYS),
    Kind.DURATION: tuple(dt.timedelta(hours=hours) for hours in (1, 12, 24, 48, 72, 168)),
}
"""What is tried where nothing better is known."""


@dataclass(frozen=True)
class Slice:
    """What can have a say in a term: the tables before it, in firing order, the inputs that they ask, and what they ask
    that is counted across cases."""

    tables: tuple[int, ...]
    inputs: tuple[Term, ...]
    counted: tuple[Term, ...]
    exact: frozenset[str]
    """The inputs of which trying a value of every class is trying all."""
    partitions: dict[str, Partition]
    nodes: dict[str, tuple[Node, ...]]
    """Input -> the formulas and comparisons that name it."""


def slice_of(study: Study, term: str) -> Slice:
    """The part of the rulebook that a term hangs on."""
    plan, numbers, names, left = study.plan, set[int](), {term}, [term]
    event = study.rulebook.event
    while left:
        for number, _ in plan.writers.get(left.pop(), ()):
            if number in numbers:
                continue
            numbers.add(number)
            dated = {event} if event is not None and _dated(plan.tables[number]) else set[str]()
            for name in (plan.tables[number].reads | dated) - names:
                names.add(name)
                left.append(name)
    counted = {aggregate.term for aggregate in study.rulebook.aggregates}
    tables = tuple(sorted(numbers))
    inputs = tuple(t for t in study.rulebook.terms if t.id in names and t.role is Role.INPUT and t.id not in counted)
    points: dict[str, list[Partition]] = {}
    nodes: dict[str, list[Node]] = {}
    for number in tables:
        for column in plan.tables[number].asked.columns:
            if isinstance(column.subject, Name) and column.partition is not None:
                points.setdefault(column.subject.id, []).append(column.partition)
                continue
            for name in column.names:
                nodes.setdefault(name, []).extend(n for n in (column.subject, column.test) if n is not None)
        for expr in dict.fromkeys(plan.tables[number].expressions.values()):
            for name in names_of(expr):
                nodes.setdefault(name, []).append(expr)
    partitions = {
        name: Partition.over(found[0].type, {point for one in found for point in one.points})
        for name, found in points.items()
    }
    exact = frozenset(t.id for t in inputs if t.id not in nodes and not t.type.many)
    across = tuple(t for t in study.rulebook.terms if t.id in names & counted)
    return Slice(tables, inputs, across, exact, partitions, {name: tuple(found) for name, found in nodes.items()})


def engine_of(study: Study, part: Slice) -> Engine:
    """The engine of a part of the rulebook, which says of its term what the whole one says; what is counted across
    cases is given."""
    return study.once(("part", part.tables), lambda: Engine(_part(study.rulebook, part)))


def _part(book: Rulebook, part: Slice) -> Rulebook:
    counted = {aggregate.term for aggregate in book.aggregates}
    terms = tuple(replace(term, role=Role.INPUT) if term.id in counted else term for term in book.terms)
    tables = tuple(book.tables[number] for number in part.tables)
    return replace(book, terms=terms, tables=tables, aggregates=(), policies=(), tests=(), templates=())


def _dated(plan: TablePlan) -> bool:
    """Whether some rules of a table hold on some days only."""
    return not plan.table.period.always or any(not rule.period.always for rule in plan.table.rules)


def values_for(study: Study, part: Slice, term: Term, facts: Facts, goal: Goal) -> tuple[Value, ...]:
    """Values of an input other than the case's own, the nearest first."""
    own = facts.get(term.id)
    if term.id in part.nodes:  # what formulas compare it with hangs on the case, and on what is wanted
        return _values(part, term, own, list(_beside(study, part.nodes[term.id], term, facts, goal))[:MOST_BESIDE])
    return study.once(("values", part.tables, term.id, own), lambda: _values(part, term, own, ()))


def _values(part: Slice, term: Term, own: Value, beside: Sequence[Value]) -> tuple[Value, ...]:
    partition = part.partitions.get(term.id)
    found: list[Value] = []
    if partition is not None and not term.type.many:
        found += _of_classes(partition, term, own)
    found += beside
    if not found and not term.type.many:
        found += term.type.values
    return tuple(v for v in dict.fromkeys(found) if v is not None and v != own and fits(v, term.type))


def _of_classes(partition: Partition, term: Term, own: Value) -> list[Value]:
    """A value of every class but the case's own: whole numbers before others where the case has one, allowed values in
    their order, nearest classes first."""
    here = partition.locate(own) if own is not None else FIRST
    numbers = [n for start, stop in inhabited(partition, term.type) for n in range(start, stop)]
    found = [(n, _nearest(partition, n, term, own)) for n in numbers if own is None or n != here]
    if not partition.ordered:
        order = {value: at for at, value in enumerate(term.type.values)}
        return [value for _, value in sorted(found, key=lambda pair: order.get(str(pair[1]), -1))]
    whole = own is None or _is_whole(own)
    found.sort(key=lambda pair: (whole and not _is_whole(pair[1]), 0 if own is None else abs(pair[0] - here)))
    return [value for _, value in found]


def _is_whole(value: Value) -> bool:
    return not isinstance(value, Decimal) or value == value.to_integral_value(context=CONTEXT)


def _nearest(partition: Partition, number: int, term: Term, own: Value) -> Value:
    """The value of a class that lies nearest to another; of a stretch without its ends, a plain step from the end."""
    plain = sample(partition, number, term.type)
    at, on = divmod(number - FIRST, 2)
    if not partition.ordered or on or own is None:
        return plain
    below = partition.points[at - 1] if at else None
    above = partition.points[at] if at < len(partition.points) else None
    end = below if below is not None and own <= below else above if above is not None and own >= above else None
    if end is None:
        return plain
    for step in _steps(term, end):
        try:
            near = end + step if end == below else end - step
        except OverflowError:
            continue
        if partition.locate(near) == number and fits(near, term.type):
            found: Value = near
            return found
    return plain


def _steps(term: Term, end: Value) -> Sequence[Decimal | dt.timedelta]:
    """Steps that people take from a limit, the greatest first."""
    if term.type.kind is Kind.NUMBER:
        whole = isinstance(end, Decimal) and end == end.to_integral_value(context=CONTEXT)
        return (Decimal(1), Decimal("0.01")) if whole else (Decimal("0.01"), Decimal("0.0001"))
    return _STEPS[term.type.kind]


def _beside(study: Study, nodes: Iterable[Node], term: Term, facts: Facts, goal: Goal) -> Iterator[Value]:
    """Values that come up beside a term in formulas and comparisons."""
    item = term.type.item
    base = [value for value in dict.fromkeys(_named(study, nodes, facts, goal)) if value is not None]
    if term.type.many:
        own = facts.get(term.id)
        had = own if isinstance(own, tuple) else ()
        if 0 < len(item.values) <= _LISTED:
            sizes = range(len(item.values) + 1)
            yield from sorted(
                (chosen for size in sizes for chosen in itertools.combinations(item.values, size)),
                key=lambda chosen: len(set(chosen) ^ set(had)),
            )
            return
        items = [*(value for value in base if fits(value, item)), *item.values]
        for value in dict.fromkeys(items):
            yield (*had, value) if value not in had else tuple(one for one in had if one != value)
        yield from ((value,) for value in dict.fromkeys(items))
        return
    if item.kind is Kind.BOOLEAN:
        yield from (True, False)
        return
    if item.values:
        yield from item.values
    if item.kind.textual:
        yield from (value for value in base if isinstance(value, str))
        return
    yield from _ordered(term, [value for value in base if not isinstance(value, bool | str | tuple)][:_BESIDE])


def _ordered(term: Term, base: Sequence[Value]) -> Iterator[Value]:
    """What comes up, a step beside it, and sums and differences of two of them."""
    sums = [found for one, other in itertools.product(base, base) for found in (_sum(one, other), _less(one, other))]
    for value in distinct([*base, *sums]):
        if value is None or not fits(value, term.type):
            continue
        yield value
        for step in _steps(term, value)[:1]:
            yield from (found for found in (_sum(value, step), _less(value, step)) if found is not None)
    yield from _PLAIN[term.type.kind]


def _sum(one: Value, other: Value) -> Value:
    match one, other:
        case Decimal(), Decimal():
            return CONTEXT.add(one, other)
        case ((dt.date() | dt.timedelta()), dt.timedelta()):
            return _moved(one, other)
        case _:
            return None


def _less(one: Value, other: Value) -> Value:
    match one, other:
        case Decimal(), Decimal():
            return CONTEXT.subtract(one, other)
        case ((dt.date() | dt.timedelta()), dt.timedelta()):
            return _moved(one, -other)
        case _:
            return None


def _moved(value: dt.date | dt.timedelta, by: dt.timedelta) -> Value:
    try:
        return value + by
    except OverflowError:
        return None


def _named(study: Study, nodes: Iterable[Node], facts: Facts, goal: Goal) -> Iterator[Value]:
    """What a few formulas name: plain values, parameters, what the case has, and what is wanted."""
    left: list[Node] = [goal.test, *nodes]
    yield from goal.items
    while left:
        node = left.pop(0)
        if isinstance(node, Literal):
            yield from node.value if isinstance(node.value, tuple) else (node.value,)
        elif isinstance(node, Name):
            value = study.plan.parameters.get(node.id, facts.get(node.id))
            yield from value if isinstance(value, tuple) else (value,)
        left.extend(children(node))
