"""Values that are easier to read than those of a case that was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from rulectl.analysis.wording import DAY, PLAIN
from rulectl.lang.syntax import Name
from rulectl.model.rulebook import Term
from rulectl.runtime.plan import Plan
from rulectl.types import fits
from rulectl.values import CONTEXT, Value

OTHERS = ("其他", "另一", "别的", "某个", "不同")
"""Texts that nobody names."""


def named_numbers(plan: Plan) -> Mapping[str, Sequence[Decimal]]:
    """The numbers that conditions on a term alone name, by its id."""
    found: dict[str, Sequence[Decimal]] = {}
    for column in (column for table in plan.tables for column in table.asked.columns):
        if isinstance(column.subject, Name) and column.partition is not None:
            points = [point for point in column.partition.points if isinstance(point, Decimal)]
            found[column.subject.id] = sorted({*found.get(column.subject.id, ()), *points})
    return found


def plainer(term: Term, value: Value, numbers: Mapping[str, Sequence[Decimal]]) -> Iterator[Value]:
    """Values that are easier to read than the one that was found, the plainest first; `numbers` are
    those that conditions name, so that what is shown hangs on these and not on what the solver came upon."""
    match value:
        case bool():
            return
        case Decimal():
            near = [value.quantize(Decimal(1).scaleb(-n), context=CONTEXT) for n in range(4) if abs(value) < 10**15]
            beside = (CONTEXT.add(n, Decimal(step)) for n in numbers.get(term.id, ()) for step in (0, 1, -1))
            tried = [*PLAIN, *sorted(beside, key=_size), *near, *(n + 1 for n in near[:1])]
            yield from (n for n in tried if _simpler(n, value) and fits(n, term.type))
        case dt.datetime():
            for hour in (9, 12):
                yield dt.datetime.combine(DAY, dt.time(hour))
        case dt.date():
            # a day may have to lie before or after another of the case
            yield from (DAY, DAY + dt.timedelta(days=1), DAY - dt.timedelta(days=1))
        case dt.timedelta():
            yield from (dt.timedelta(days=n) for n in (0, 1, 2, 10))
        case str() if not term.type.values and value in OTHERS:
            return
        case tuple():
            yield from (tuple(v for v in value if v != left) for left in value)


def _simpler(one: Decimal, other: Decimal) -> bool:
    """Whether a number is plainer than another: fewer digits, then smaller, whatever model it comes from."""
    return _size(one) < _size(other)


def _size(value: Decimal) -> tuple[int, Decimal]:
    return len(CONTEXT.plus(value).normalize(CONTEXT).as_tuple().digits) + (1 if value < 0 else 0), abs(value)
