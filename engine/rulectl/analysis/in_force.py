"""The days on which some tables are in force: what lies outside is meant to have no rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulectl.analysis.space import Space
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box
from rulectl.lang.syntax import Expr, Meets, Name
from rulectl.model.rulebook import Period
from rulectl.runtime.index import period_test


def _period(study: Study, numbers: Sequence[int]) -> Period:
    """From the day on which the first of some tables comes into force to the day on which the last ends: what lies
    outside is meant to have no rule."""
    periods = [study.rulebook.tables[number].period for number in numbers]
    starts, ends = [p.start for p in periods if p.start], [p.end for p in periods if p.end]
    return Period(
        min(starts) if len(starts) == len(periods) else None, max(ends) if len(ends) == len(periods) else None
    )


def dated(study: Study, numbers: Sequence[int]) -> Iterator[Expr]:
    """That a case is of a day on which some table is in force."""
    event, period = study.rulebook.event or "", _period(study, numbers)
    if event in study.terms and not period.always:
        yield Meets(Name(event), period_test(period, study.terms[event].type))


def in_force(study: Study, space: Space, numbers: Sequence[int]) -> Box:
    """The known values, of days on which some of the tables is in force."""
    event, period = study.rulebook.event or "", _period(study, numbers)
    if event not in study.terms or period.always:
        return space.values
    test = period_test(period, study.terms[event].type)
    return tuple(
        axis.region(axis.column.partition.region(test))
        if axis.column.partition is not None and axis.column.subject == Name(event)
        else axis.values
        for axis in space.axes
    )
