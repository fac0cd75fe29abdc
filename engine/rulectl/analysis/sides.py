"""The thresholds of a rulebook's conditions, and on which side of each a decided case stands.

A side is a class of an axis that lies beside a limit of some rule: the limit itself and the stretches next to it. A
comparison with other terms (`<= 订单利润`) has two: it holds or not. Conditions on what tables conclude, and computed
ones, have sides like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rulectl.analysis.space import Axis, space_of
from rulectl.analysis.study import Study
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import FIRST
from rulectl.lang.syntax import Between, Is, Test
from rulectl.lang.trees import nodes_of
from rulectl.model.outcome import Outcome
from rulectl.runtime.index import FALSE, TRUE
from rulectl.values import Value


@dataclass(frozen=True, slots=True)
class Threshold:
    """An axis of a table with limits: the classes beside them."""

    table: int
    at: int
    axis: Axis
    sides: frozenset[int]


def thresholds(study: Study) -> Sequence[Threshold]:
    """All of them, made once."""
    return study.once("thresholds", lambda: tuple(_thresholds(study)))


def _thresholds(study: Study) -> Iterator[Threshold]:
    for number in range(len(study.rulebook.tables)):
        space = space_of(study, (number,))
        for at, axis in enumerate(space.axes):
            partition = axis.column.partition
            if partition is None:
                if axis.column.test is not None and _orders(axis.column.test):
                    yield Threshold(number, at, axis, frozenset((FALSE, TRUE)))
                continue
            if not partition.ordered:
                continue
            marks = {mark for box in space.boxes for run in box[at] for mark in run}
            sides = frozenset(side for mark in marks for side in _beside(axis, mark))
            if sides:
                yield Threshold(number, at, axis, sides)


def _beside(axis: Axis, mark: int) -> Iterator[int]:
    """The classes with a value before and after the start of one."""
    before = mark - 1
    while before >= FIRST and not axis.lives(before):
        before -= 1
    yield from (side for side in (before, mark) if side >= FIRST and axis.lives(side))


def _orders(test: Test) -> bool:
    """Whether a condition compares by size."""
    return any(
        isinstance(node, Between) or (isinstance(node, Is) and node.op in ("<", "<=", ">", ">="))
        for node in nodes_of(test)
    )


def facts_of(study: Study, outcome: Outcome) -> Mapping[str, Value]:
    """All that the conditions of a decided case may ask."""
    return {**study.plan.parameters, **outcome.case, **outcome.derived, **outcome.outputs}


def side_of(threshold: Threshold, facts: Mapping[str, Value]) -> int | None:
    """The side on which a case stands; None where it stands on none."""
    try:
        number = threshold.axis.column.classify(facts, frozenset())
    except CannotCompute:
        return None
    return number if number in threshold.sides else None
