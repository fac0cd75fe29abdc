"""Facts counted across cases, held to a quadratic count written from the semantics (section 8) alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.lang.syntax import Compare, Expr, Literal, Name
from rulectl.model.policy import Role
from rulectl.model.rulebook import Aggregate, AggregateFunction, Parameter, Rulebook, Term
from rulectl.runtime.aggregates import QUOTED_IDS, CaseFacts, compute
from rulectl.types import DATE, DATETIME, NUMBER, STRING
from rulectl.values import CONTEXT, Value

TERMS = (
    Term("style", "款号", Role.INPUT, STRING),
    Term("batch", "批次", Role.INPUT, STRING),
    Term("shop", "店铺", Role.INPUT, STRING, default="s1"),
    Term("buyer", "买家", Role.INPUT, STRING),
    Term("amount", "金额", Role.INPUT, NUMBER),
    Term("at", "进线", Role.INPUT, DATETIME),
    Term("day", "签收日", Role.INPUT, DATE),
    Term("counted", "人数", Role.DERIVED, NUMBER),
)
LIMIT = Parameter("limit", "起点", NUMBER, Decimal(2))
START = dt.datetime(2025, 1, 1)

texts = st.sampled_from(["a", "b"])
amounts = st.sampled_from([Decimal(text) for text in ("0", "0.10", "1", "1.0", "-3", "1E+40")])
moments = st.builds(
    lambda days, minutes: START + dt.timedelta(days=days, minutes=minutes), st.integers(0, 6), st.integers(-1, 1)
)
filters: st.SearchStrategy[Expr | None] = st.sampled_from(
    [None, Compare("=", Name("buyer"), Literal("a")), Compare(">=", Name("amount"), Name("limit"))]
)


@st.composite
def facts(draw: st.DrawFn) -> CaseFacts:
    """A case that leaves about a quarter of its facts blank."""
    full: dict[str, st.SearchStrategy[Value]] = {
        "style": texts,
        "batch": texts,
        "shop": st.sampled_from(["s1", "s2"]),
        "buyer": st.sampled_from(["a", "b", "c"]),
        "amount": amounts,
        "at": moments,
        "day": moments.map(dt.datetime.date),
    }
    return {name: draw(values) for name, values in full.items() if draw(st.integers(0, 3))}


@st.composite
def aggregates(draw: st.DrawFn) -> Aggregate:
    functions: list[AggregateFunction] = ["count", "distinct count", "sum"]
    function = draw(st.sampled_from(functions))
    of = {"count": st.sampled_from([None, "buyer"]), "sum": st.just("amount")}.get(
        function, st.sampled_from(["buyer", "amount"])
    )
    window = draw(st.sampled_from([None, dt.timedelta(days=1), dt.timedelta(days=2), dt.timedelta(days=10**6)]))
    return Aggregate(
        "counted",
        function,
        draw(of),
        tuple(draw(st.lists(st.sampled_from(["style", "batch", "shop"]), unique=True))),
        window,
        back_only=draw(st.booleans()) and window is not None,
        time=draw(st.sampled_from(["at", "day"])) if window is not None else None,
        where=draw(filters),
    )


def moment(value: Value) -> dt.datetime | None:
    """A day counts from its midnight."""
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        return value if isinstance(value, dt.datetime) else None
    return dt.datetime(value.year, value.month, value.day)


def passes(where: Expr | None, case: CaseFacts) -> bool:
    """What the filters above say, in Python."""
    match where:
        case None:
            return True
        case Compare("=", Name("buyer")):
            return case.get("buyer") == "a"
        case _:
            amount = case.get("amount")
            return isinstance(amount, Decimal) and amount >= 2


def within(one: Aggregate, own: dt.datetime, other: dt.datetime) -> bool:
    """Both ends of a window are in it."""
    assert one.window is not None
    apart = other - own
    return -one.window <= apart <= (dt.timedelta(0) if one.back_only else one.window)


def members(one: Aggregate, own: CaseFacts, cases: Sequence[CaseFacts]) -> list[int] | None:
    """The cases that count for a case, None where its count is unknown."""
    at = moment(own.get(one.time or ""))
    if (one.by and own.get(one.by[0]) is None) or (one.window is not None and at is None):
        return None
    keys = [key for key in one.by if own.get(key) is not None]
    found = []
    for number, case in enumerate(cases):
        then = moment(case.get(one.time or ""))
        near = one.window is None or (at is not None and then is not None and within(one, at, then))
        alike = all(case.get(key) == own[key] for key in keys)
        if near and alike and passes(one.where, case) and (one.of is None or case.get(one.of) is not None):
            found.append(number)
    return found


def amount(one: Aggregate, cases: Sequence[CaseFacts]) -> Decimal:
    """What the cases that count come to."""
    if one.function == "count":
        return Decimal(len(cases))
    values = [case[one.of or ""] for case in cases]
    if one.function == "distinct count":
        return Decimal(len(set(values)))
    total = sum((Fraction(value) for value in values if isinstance(value, Decimal)), Fraction(0))
    return CONTEXT.divide(Decimal(total.numerator), Decimal(total.denominator))


def rulebook(one: Aggregate) -> Rulebook:
    return Rulebook("counts", "统计", terms=TERMS, parameters=(LIMIT,), aggregates=(one,))


@settings(max_examples=400, deadline=None)
@given(aggregates(), st.lists(facts(), max_size=12), st.randoms(use_true_random=False))
def test_counts_are_those_of_a_plain_scan_in_any_order(one: Aggregate, cases: list[CaseFacts], r: object) -> None:
    ids = [f"c{number:02}" for number in range(len(cases))]
    full = [{"shop": "s1", **case} for case in cases]
    expected: dict[str, dict[str, tuple[Value, tuple[str, ...]]]] = {}
    for id_, own in zip(ids, full, strict=True):
        mine = members(one, own, full)
        if mine is None:
            expected[id_] = {}
            continue
        stamp = {number: (moment(full[number].get(one.time or "")) or dt.datetime.min) for number in mine}
        behind = sorted(mine, key=lambda number: (stamp[number], ids[number]))
        expected[id_] = {"counted": (amount(one, [full[n] for n in mine]), tuple(ids[n] for n in behind))}
    assert dict(zip(ids, compute(rulebook(one), cases, ids), strict=True)) == expected
    order = list(range(len(cases)))
    r.shuffle(order)  # type: ignore[attr-defined]  # hypothesis hands over a Random
    mixed = compute(rulebook(one), [cases[n] for n in order], [ids[n] for n in order])
    assert {ids[n]: counts for n, counts in zip(order, mixed, strict=True)} == expected


def test_a_count_is_exact_though_few_of_its_cases_are_quoted() -> None:
    many = QUOTED_IDS * 2 + 50
    one = Aggregate("counted", "count", None, ("style",))
    counts = compute(rulebook(one), [{"style": "a"}] * many, [f"{number:03}" for number in range(many)])
    value, ids = counts[-1]["counted"]
    assert value == many
    assert ids == tuple(f"{number:03}" for number in range(QUOTED_IDS))


def test_a_sum_stays_exact_when_a_great_amount_leaves_the_window() -> None:
    one = Aggregate("counted", "sum", "amount", (), dt.timedelta(days=1), time="day")
    days = [dt.date(2025, 1, 1), dt.date(2025, 1, 2), dt.date(2025, 1, 3)]
    values = [Decimal("1E+40"), Decimal("0.01"), Decimal("0.02")]
    cases: list[CaseFacts] = [{"day": day, "amount": value} for day, value in zip(days, values, strict=True)]
    counts = compute(rulebook(one), cases, ["1", "2", "3"])
    assert counts[2]["counted"][0] == Decimal("0.03")


def test_a_sum_past_all_numbers_is_not_known() -> None:
    one = Aggregate("counted", "sum", "amount", ())
    assert compute(rulebook(one), [{"amount": Decimal("9E+6144")}] * 2, ["1", "2"]) == [{}, {}]


def test_without_aggregates_nothing_is_counted() -> None:
    assert compute(Rulebook("none", "无", terms=TERMS), [{}, {}], ["1", "2"]) == [{}, {}]
