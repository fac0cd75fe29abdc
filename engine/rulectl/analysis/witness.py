"""From a box of classes to a case that a person can read, and the engine's word on it.

Where an axis asks one term alone, a class gives a value at once. Axes that hang on the same terms are filled together:
values are tried that come up in their conditions, and values a step beside them, until each axis falls where it should.
Nothing that this finds is taken for granted: what is reported is what the one-case engine decides.

The engine is given the tables in question alone; what other tables would work out is then part of the case.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from rulectl.analysis.budget import Budget
from rulectl.analysis.space import Axis, Space
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box, inside
from rulectl.lang.dates import moment_of
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN
from rulectl.lang.syntax import Literal, Node
from rulectl.lang.trees import nodes_of
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rule, Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.types import Kind, fits
from rulectl.values import CONTEXT, Value

Case = dict[str, Value]

_TRIES = 4000
"""How many values are tried for axes that hang together; what a person would think of comes first."""

_PER_TERM = 40
_EXTENSIONS = 60


def alone(study: Study, numbers: tuple[int, ...]) -> Engine:
    """The engine of some tables by themselves: what others would write is given."""
    return study.once(("alone", numbers), lambda: Engine(_alone(study.rulebook, numbers)))


def _alone(book: Rulebook, numbers: tuple[int, ...]) -> Rulebook:
    tables = tuple(replace(book.tables[number], stratum=0) for number in numbers)
    written = {column.term for table in tables for column in table.outputs}
    terms = tuple(t if t.id in written else replace(t, role=Role.INPUT, default=t.default) for t in book.terms)
    return replace(book, tables=tables, terms=terms, aggregates=(), policies=(), tests=())


def only(book: Rulebook, number: int, rules: Sequence[Rule]) -> Rulebook:
    """A rulebook of one table with some of its rules alone."""
    alone_ = _alone(book, (number,))
    return replace(alone_, tables=(replace(alone_.tables[0], rules=tuple(rules)),))


def decide(study: Study, numbers: tuple[int, ...], case: Case) -> Outcome:
    """What the engine says of a case, given these tables alone."""
    return alone(study, numbers).decide(case)


def shown(study: Study, space: Space, box: Box, budget: Budget, told: Callable[[Case], bool]) -> Case | None:
    """A case in a box of which the engine says what is claimed: with values for the fewest terms, else, where something
    must merely be known, for all of them. None when none was found."""
    for every in (False, True):
        case = case_in(study, space, box, budget, every)
        if case is not None and told(case):
            return case
    return None


def case_in(study: Study, space: Space, box: Box, budget: Budget, every: bool = False) -> Case | None:
    """A case in a box, with values for the fewest terms, or for all; None when none was found, which is sure to be none
    only where no axes are tied."""
    case: Case = {}
    asked = set(range(len(space.axes)) if every else space.asked(box))
    loose = [i for i in asked if not space.axes[i].tied]
    for at in loose:
        axis = space.axes[at]
        value = axis.pick(box[at])
        if value is not None and axis.term is not None:
            case[axis.term.id] = value
    for group in _groups(space, [i for i in asked if space.axes[i].tied]):
        found = _fill(study, space, box, group, budget)
        if found is None:
            return None
        case |= found
    return case


def filled_in(study: Study, case: Case, names: Iterable[str]) -> Iterator[Case]:
    """The case, with a few values for what it leaves open of the terms that conclusions lean on."""
    left = [study.terms[name] for name in sorted(names) if name in study.terms and name not in case]
    tries = [[value for value in _candidates(study, term, ()) if value is not None][:6] for term in left]
    for values in itertools.islice(itertools.product(*tries), _EXTENSIONS):
        yield {**case, **{term.id: value for term, value in zip(left, values, strict=True)}}


def _groups(space: Space, tied: Sequence[int]) -> Iterator[list[int]]:
    """Axes that hang together, by shared terms."""
    left = list(tied)
    while left:
        group = [left.pop(0)]
        names = set(space.axes[group[0]].column.names)
        grown = True
        while grown:
            grown = False
            for at in list(left):
                if names & space.axes[at].column.names:
                    left.remove(at)
                    group.append(at)
                    names |= space.axes[at].column.names
                    grown = True
        yield group


def _fill(study: Study, space: Space, box: Box, group: Sequence[int], budget: Budget) -> Case | None:
    """Values for all terms of some axes such that each axis falls into its region."""
    axes = [(space.axes[at], box[at]) for at in group]
    names = sorted({name for axis, _ in axes for name in axis.column.names})
    terms = [study.terms[name] for name in names if name in study.terms]
    parameters = study.plan.parameters
    tries = {term.id: _candidates(study, term, axes) for term in terms}
    terms.sort(key=lambda term: len(tries[term.id]))
    steps = 0

    def search(at: int, case: Case) -> Case | None:
        nonlocal steps
        if at == len(terms):
            return case
        here = {term.id for term in terms[: at + 1]}
        due = [
            pair
            for pair in axes
            if pair[0].column.names & study.terms.keys() <= here and terms[at].id in pair[0].column.names
        ]
        for value in tries[terms[at].id]:
            steps += 1
            if steps > _TRIES:
                return None
            if steps % 256 == 0:
                budget.check()
            now = {**case, terms[at].id: value}
            if all(_falls(axis, region, {**parameters, **now}) for axis, region in due):
                found = search(at + 1, now)
                if found is not None:
                    return found
        return None

    found = search(0, {})
    return None if found is None else {name: value for name, value in found.items() if value is not None}


def _falls(axis: Axis, region: tuple[tuple[int, int], ...], facts: Mapping[str, Value]) -> bool:
    try:
        number = axis.column.classify(facts, frozenset())
    except CannotCompute:
        return False
    return inside(ABSENT if number == UNKNOWN else number, region)


def _candidates(
    study: Study, term: Term, axes: Sequence[tuple[Axis, Box | tuple[tuple[int, int], ...]]]
) -> list[Value]:
    """Values worth trying for a term, the plainest first; the unknown last."""
    own = [axis for axis, _ in axes if axis.term is term]
    found: list[Value] = []
    for axis in own:
        numbers = [n for start, stop in axis.values for n in range(start, stop) if n >= FIRST and axis.lives(n)]
        step = max(1, len(numbers) // _PER_TERM)
        found += [axis.sample(number) for number in numbers[::step]]
    constants = [c for axis, _ in axes for c in _constants(study, axis)]
    if term.type.many:
        found += _lists(term, [c for c in constants if fits((c,), term.type)])
    elif term.type.kind is Kind.BOOLEAN:
        found += [True, False]
    elif term.type.values:
        found += [*(c for c in constants if c in term.type.values), *term.type.values]
    elif term.type.ordered:
        found += _steps(constants, term)
    else:
        found += [*constants, "其他"]
    kept: list[Value] = [value for value in dict.fromkeys(found) if value is not None and fits(value, term.type)]
    if term.default is None:
        kept.append(None)
    return kept


def _constants(study: Study, axis: Axis) -> Iterator[Value]:
    """What the conditions of an axis compare with."""
    nodes: list[Node] = [axis.column.subject]
    if axis.column.test is not None:
        nodes.append(axis.column.test)
    for node in nodes_of(*nodes):
        if isinstance(node, Literal):
            yield from node.value if isinstance(node.value, tuple) else (node.value,)
    for name in axis.column.names:
        if name in study.plan.parameters:
            yield study.plan.parameters[name]
    if axis.column.partition is not None and axis.column.partition.ordered:
        points = axis.column.partition.points
        yield from points[:: max(1, len(points) // _PER_TERM)]


def _lists(term: Term, items: Sequence[Value]) -> list[Value]:
    """Short lists of what the conditions name, and of something else."""
    named = list(dict.fromkeys(items))[:12]
    other = [value for value in term.type.values if value not in named][:1]
    pool = [*named, *other]
    found: list[Value] = []
    for size in range(1, len(pool) + 1):
        found += itertools.islice(itertools.combinations(pool, size), 200)
    return [*found, ()]


def _steps(constants: Sequence[Value], term: Term) -> list[Value]:
    """The numbers, days or durations that come up, and a step to either side."""
    found: list[Value] = []
    for constant in constants:
        match constant:
            case bool():
                continue
            case Decimal() if term.type.kind is Kind.NUMBER:
                found += [constant, CONTEXT.add(constant, Decimal(1)), CONTEXT.subtract(constant, Decimal(1))]
            case dt.date() | dt.timedelta():
                found += _moved(constant, term)
            case _:
                continue
    if term.type.kind is Kind.NUMBER:
        numbers = [n for n in found if isinstance(n, Decimal)][:12]
        found += [Decimal(0), Decimal(1), Decimal(100)]
        found += [CONTEXT.add(a, b) for a in numbers for b in numbers]
        found += [bound for bound in (term.type.low, term.type.high) if bound is not None]
    elif term.type.kind is Kind.DURATION:
        found += [dt.timedelta(days=n) for n in (1, 0, 30)]
    else:
        day = dt.date(2025, 1, 1)
        moments: list[Value] = [day + dt.timedelta(days=n) for n in (0, 1, 10, 100)]
        found += moments
        if term.type.kind is Kind.DATETIME:
            found = [moment_of(v) for v in found if isinstance(v, dt.date)]
    return found


def _moved(constant: dt.date | dt.timedelta, term: Term) -> list[Value]:
    day = dt.timedelta(days=1)
    if isinstance(constant, dt.timedelta):
        if term.type.kind is Kind.DURATION:
            return [constant, constant + day, constant - day]
        start = dt.datetime(2025, 1, 1)
        return [start + constant, start + constant + day, start + constant - day]
    if term.type.kind is Kind.DURATION:
        return []
    try:
        return [constant, constant + day, constant - day]
    except OverflowError:
        return [constant]
