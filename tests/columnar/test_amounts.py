"""Plain arithmetic on whole columns comes to what it comes to number by number, to the digit, or says that it cannot
tell; a number is found among end points where they say it is; values become typed columns as they are."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.columnar.amounts import NULL, ODD, PLAIN, amounts, compared, decimal_of, places_among, units_of
from rulectl.columnar.codes import Numbered
from rulectl.columnar.columns import Coded, Column, Numbers, Texts, ends_of, in_floats
from rulectl.columnar.states import State
from rulectl.columnar.states import given as state_of
from rulectl.columnar.typed import typed
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.region import FIRST, Partition
from rulectl.lang.syntax import Binary, Call, Compare, Comparison, Expr, If, Literal, Name, Negative
from rulectl.types import NUMBER, Kind, Type
from rulectl.values import Value, number

ROWS = 40
CONSTANTS: Mapping[str, Value] = {"fee": Decimal("0.25"), "unset": None, "word": "a"}
ORDERS: tuple[Comparison, ...] = ("=", "!=", "<", "<=", ">", ">=")
WIDE = ("123456789012345", "0.123456789", "1E+20", "-999999999.999999", "0.3333333333333333333333333333333333")


def drawn(r: Random, size: int) -> Value:
    """A number, most of them plain; None."""
    pick = r.random()
    if pick < 0.12:
        return None
    if pick < 0.18:
        return Decimal(r.choice(WIDE))
    return Decimal(r.randrange(-size, size)).scaleb(-r.choice([0, 2, 2, 3]))


def column(r: Random, values: Sequence[Value]) -> Column:
    """A column of numbers, as floats where these tell them apart."""
    if r.random() < 0.5 and all(value is None or in_floats(number(str(value))) for value in values):
        floats = np.array([np.nan if value is None else float(str(value)) for value in values])
        return Numbers(floats, {}, Partition.of(NUMBER, ()), ends_of(()))
    states: Numbered[State] = Numbered()
    codes = []
    for value in values:
        provisional = value is not None and r.random() < 0.1
        codes.append(states.number(State(value, None, False) if provisional else state_of(value)))
    return Coded(np.array(codes, np.int32), states)


def tree(r: Random, depth: int) -> Expr:
    if not depth or r.random() < 0.15:
        names = ("a", "b", "c", "fee", *(("unset", "word") if r.random() < 0.05 else ()))
        return Name(r.choice(names)) if r.random() < 0.75 else Literal(Decimal(r.choice(["0", "2", "0.5", "-1.005"])))
    one, other = tree(r, depth - 1), tree(r, depth - 1)
    match r.randrange(9):
        case 0 | 1 | 2:
            return Binary(r.choice(["+", "-", "*"]), one, other)
        case 3 | 4:
            return Call(r.choice(["min", "max"]), (one, other, one)[: r.choice([1, 2, 3])])
        case 5:
            digits = Literal(Decimal(r.choice([0, 1, 2, 2, 7, -1])))
            return Call(r.choice(["round", "floor", "ceiling"]), (r.choice([one, Binary("/", one, other)]), digits))
        case 6:
            return Call(r.choice(["round", "floor", "ceiling"]), (one,))
        case 7:
            return Negative(one) if r.random() < 0.5 else Call("abs", (one,))
        case _:
            return r.choice([one, Binary("/", one, other), If(Compare("<", one, other), one, other)])


met: Counter[int] = Counter()


@given(st.integers(0, 2**40))
@settings(max_examples=1_000, deadline=None)
def test_plain_arithmetic(seed: int) -> None:
    r = Random(seed)
    size = r.choice([20, 3_000, 10**8, 10**12])
    values = {name: [drawn(r, size) for _ in range(ROWS)] for name in ("a", "b", "c")}
    columns = {name: column(r, items) for name, items in values.items()}
    expr = tree(r, 3)
    found = amounts(expr, columns, CONSTANTS)
    if found is None:
        return
    units, kinds, sure = (np.broadcast_to(part, ROWS) for part in (found.units, found.kinds, found.sure))
    for row in range(ROWS):
        met[int(kinds[row])] += 1
        if kinds[row] == ODD:
            continue
        value = evaluate(expr, {**CONSTANTS, **{name: items[row] for name, items in values.items()}})
        assert (value is None) == (kinds[row] == NULL)
        if value is not None:
            assert decimal_of(int(units[row]), found.places) == value
        known = {name: exact[1].items[exact[0][row]] for name, exact in ((n, c.exact()) for n, c in columns.items())}
        named = [state for name, state in known.items() if f"'{name}'" in str(expr)]
        assert sure[row] == all(state.certain is state.now for state in named)


def test_rows_of_all_kinds_were_met() -> None:
    test_plain_arithmetic()
    assert min(met[int(kind)] for kind in (PLAIN, NULL, ODD)) > 1_000


@given(st.integers(0, 2**40))
@settings(max_examples=300, deadline=None)
def test_comparing_and_placing(seed: int) -> None:
    r = Random(seed)
    values = {name: [drawn(r, 300) for _ in range(ROWS)] for name in ("a", "b", "c")}
    columns = {name: column(r, items) for name, items in values.items()}
    op, left, right = r.choice(ORDERS), tree(r, 1), tree(r, 1)
    found = compared(op, left, right, columns, CONSTANTS)
    points = sorted({Decimal(r.randrange(-300, 300)) / r.choice([1, 100]) for _ in range(r.randrange(6))})
    summed = amounts(left, columns, CONSTANTS)
    places = None if summed is None else places_among(points, summed)
    partition = Partition.over(NUMBER, points)
    for row in range(ROWS):
        facts = {**CONSTANTS, **{name: items[row] for name, items in values.items()}}
        if found is not None and np.broadcast_to(found[1].kinds, ROWS)[row] == PLAIN:
            assert evaluate(Compare(op, left, right), facts) is bool(np.broadcast_to(found[0], ROWS)[row])
        if places is not None and summed is not None and np.broadcast_to(summed.kinds, ROWS)[row] == PLAIN:
            at = FIRST + int(np.broadcast_to(places, ROWS)[row])
            assert at == partition.locate(evaluate(left, facts))


def test_what_is_no_plain_arithmetic() -> None:
    numbers = Coded(np.zeros(1, np.int32), Numbered(state_of(Decimal(1))))
    texts = Texts(np.zeros(1, np.int32), Numbered(state_of("a")), pl.Series(["a"]))
    words = Coded(np.zeros(1, np.int32), Numbered(state_of("a")))
    columns: dict[str, Column] = {"a": numbers, "b": texts, "c": words}
    for expr in (
        Binary("/", Name("a"), Name("a")),
        Binary("**", Name("a"), Name("a")),
        Binary("+", Name("a"), Name("b")),
        Binary("+", Name("a"), Name("c")),
        Binary("+", Name("a"), Name("unset")),
        Call("round", (Name("a"), Name("a"))),
        Call("min", (Name("a"),)),
        Literal(None),
        Literal("a"),
        Binary("*", Binary("*", Literal(Decimal(10**8)), Literal(Decimal(10**8))), Literal(Decimal(10**8))),
    ):
        assert amounts(expr, columns, CONSTANTS) is None, expr


@pytest.mark.parametrize("text", ["0", "1", "-0.000001", "999999999.999999", "100", "1E+3"])
def test_units(text: str) -> None:
    units = units_of(Decimal(text))
    assert units is not None
    assert decimal_of(units, 6) == Decimal(text)


@pytest.mark.parametrize("text", ["0.0000001", "1000000000", "-1E+600", "1.00000000000000000001"])
def test_no_units(text: str) -> None:
    assert units_of(Decimal(text)) is None


def test_division_by_nothing_is_left_to_the_evaluator() -> None:
    states: Numbered[State] = Numbered(state_of(Decimal(1)), state_of(Decimal(0)))
    columns = {"a": Coded(np.zeros(2, np.int32), states), "b": Coded(np.array([0, 1], np.int32), states)}
    expr = Call("round", (Binary("/", Name("a"), Name("b")),))
    found = amounts(expr, columns, {})
    assert found is not None
    assert found.kinds.tolist() == [PLAIN, ODD]
    with pytest.raises(CannotCompute):
        evaluate(expr, {"a": Decimal(1), "b": Decimal(0)})


# -- typed columns -----------------------------------------------------------------------------------------------

ONES: Mapping[Kind, st.SearchStrategy[Value]] = {
    Kind.STRING: st.sampled_from(["a", "", "长"]),
    Kind.NUMBER: st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.sampled_from([Decimal("1E+3")]),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)),
    Kind.DATETIME: st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)),
    Kind.DURATION: st.timedeltas(dt.timedelta(-1_000), dt.timedelta(1_000)),
}


@given(st.data(), st.sampled_from(sorted(ONES, key=lambda kind: kind.value)), st.booleans())
@settings(max_examples=300, deadline=None)
def test_values_as_a_column(data: st.DataObject, kind: Kind, many: bool) -> None:
    one: st.SearchStrategy[Value] = st.lists(ONES[kind], max_size=3).map(tuple) if many else ONES[kind]
    values = data.draw(st.lists(st.none() | one, max_size=6))
    found = typed(values, Type(kind, many)).to_list()
    plainly = [list(value) if isinstance(value, tuple) else value for value in values]
    if any(isinstance(item, str) for value in found for item in (value if isinstance(value, list) else [value])):
        assert kind is Kind.STRING or len(str(max(plainly, key=lambda v: len(str(v))))) > 30
        return
    assert found == plainly
