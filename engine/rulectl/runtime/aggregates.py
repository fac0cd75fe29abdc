"""Facts counted across cases (semantics 8): count, distinct count and sum, per group, within a window of time.

Computed over all cases before any table runs. Windows are by the cases' own times, so the order of the file does not
matter; both ends of a window are included. Groups narrow from left to right: a case that leaves a later key blank is
counted with all that share the keys it gives; one that leaves the first key blank, or its time where there is a window,
has no count (unknown).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Overflow

from rulectl.lang.dates import moment_of
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.model.policy import Role
from rulectl.model.rulebook import Aggregate, Rulebook
from rulectl.values import CONTEXT, Value, number_text

QUOTED_IDS = 100
"""How many case ids are quoted behind a count; the count itself is exact."""

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Sums in the making are not rounded, so that an amount leaves no trace when its case leaves the window."""

CaseFacts = Mapping[str, Value]
Counts = dict[str, tuple[Value, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class _Member:
    """A case that counts: its time, its id, and the value that is counted."""

    time: dt.datetime
    id: str
    value: Value


def compute(rulebook: Rulebook, cases: Sequence[CaseFacts], ids: Sequence[str]) -> list[Counts]:
    """Per case the aggregate terms that are known: value, and the ids of the first cases behind it by time."""
    found: list[Counts] = [{} for _ in cases]
    if not rulebook.aggregates:
        return found
    blank: dict[str, Value] = {p.id: p.value for p in rulebook.parameters}
    blank |= {t.id: t.default for t in rulebook.terms if t.role is Role.INPUT}
    full = [{**blank, **{k: v for k, v in case.items() if v is not None}} for case in cases]
    for aggregate in rulebook.aggregates:
        _compute_one(aggregate, full, ids, found)
    return found


def _counts(aggregate: Aggregate, facts: CaseFacts) -> bool:
    """Whether a case is counted: the filter holds for certain."""
    if aggregate.where is None:
        return True
    try:
        return evaluate(aggregate.where, facts) is True
    except CannotCompute:
        return False


def _compute_one(aggregate: Aggregate, cases: Sequence[CaseFacts], ids: Sequence[str], found: list[Counts]) -> None:
    stated = [c.get(aggregate.time) if aggregate.time else None for c in cases]
    times = [moment_of(value) if isinstance(value, dt.date) else None for value in stated]
    windowed = aggregate.window is not None
    counting = [
        i
        for i, case in enumerate(cases)
        if (times[i] is not None or not windowed)
        and (aggregate.of is None or case.get(aggregate.of) is not None)
        and _counts(aggregate, case)
    ]
    asking: dict[tuple[int, ...], list[int]] = {}
    for i, case in enumerate(cases):
        given = tuple(k for k, key in enumerate(aggregate.by) if case.get(key) is not None)
        if (not aggregate.by or (given and given[0] == 0)) and (times[i] is not None or not windowed):
            asking.setdefault(given, []).append(i)
    for given, askers in asking.items():
        keys = [aggregate.by[k] for k in given]
        groups: dict[tuple[Value, ...], tuple[list[_Member], list[int]]] = {}
        for i in askers:
            groups.setdefault(tuple(cases[i][k] for k in keys), ([], []))[1].append(i)
        for i in counting:
            group = groups.get(tuple(cases[i].get(k) for k in keys))
            if group is not None:
                value = cases[i][aggregate.of] if aggregate.of else None
                group[0].append(_Member(times[i] or dt.datetime.min, ids[i], value))
        for members, mine in groups.values():
            members.sort(key=lambda m: (m.time, m.id))
            _slide(aggregate, members, sorted(mine, key=lambda i: times[i] or dt.datetime.min), times, found)


def _slide(
    aggregate: Aggregate,
    members: Sequence[_Member],
    askers: Sequence[int],
    times: Sequence[dt.datetime | None],
    found: list[Counts],
) -> None:
    """One group: the window slides up over the members with the askers' times; each member enters and leaves once."""
    stamps = [m.time for m in members]
    seen: Counter[Value] = Counter()
    total = Decimal(0)
    low = high = 0
    for i in askers:
        start, stop = _window(aggregate, stamps, times[i])
        for member in members[high:stop]:
            seen[member.value] += 1
            total = _EXACT.add(total, member.value) if isinstance(member.value, Decimal) else total
        for member in members[low : min(start, stop)]:
            seen[member.value] -= 1
            if not seen[member.value]:
                del seen[member.value]
            total = _EXACT.subtract(total, member.value) if isinstance(member.value, Decimal) else total
        low, high = max(low, start), max(high, stop)
        amounts: dict[str, int | Decimal] = {"count": stop - start, "distinct count": len(seen), "sum": total}
        try:
            value = CONTEXT.create_decimal(amounts[aggregate.function])
        except Overflow:  # past any number that we write: not known
            continue
        found[i][aggregate.term] = (value, _ids(members[start : min(stop, start + QUOTED_IDS)]))


def _window(aggregate: Aggregate, stamps: Sequence[dt.datetime], time: dt.datetime | None) -> tuple[int, int]:
    """The members within the window around a time: positions, end excluded."""
    if aggregate.window is None or time is None:
        return 0, len(stamps)
    try:
        start = time - aggregate.window
    except OverflowError:
        start = dt.datetime.min
    try:
        stop = time if aggregate.back_only else time + aggregate.window
    except OverflowError:
        stop = dt.datetime.max
    return bisect_left(stamps, start), bisect_right(stamps, stop)


def _ids(members: Iterable[_Member]) -> tuple[str, ...]:
    return tuple(m.id for m in members)


def places_of(amount: str) -> int:
    """How many decimal places an amount has."""
    return max(0, -int(Decimal(amount).as_tuple().exponent))


def exact_units(amount: str, places: int) -> int:
    """An amount as a whole number of units of so many decimal places, of which it has no more."""
    return int(_EXACT.scaleb(Decimal(amount), places))


def sum_text(units: int, places: int) -> str | None:
    """A sum of so many units of so many decimal places as text; None where no number that we write holds it."""
    try:
        return number_text(CONTEXT.create_decimal(_EXACT.scaleb(Decimal(units), -places)))
    except Overflow:  # past any number that we write: not known
        return None
