"""Whether a statement holds, row by row, as far as that can be told without a look at each value.

Statements compare amounts that differ in every row, or few values: the former are compared as floats, which tell apart
all decimals of up to 15 digits and keep their order, the latter are worked out once for each combination. Plain
arithmetic is done in units (amounts.py). What none of these can tell is left to the one evaluator (lang/evaluate.py).
Truth is three-valued, as there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import prod

import numpy as np
import numpy.typing as npt

from rulectl.columnar.amounts import COMPARED, NULL, ODD, compared
from rulectl.columnar.codes import Numbered, Part, each
from rulectl.columnar.columns import Column, as_floats, in_floats, seconds_of
from rulectl.columnar.ruler import Floats
from rulectl.columnar.states import Facts, State
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.syntax import Both, Compare, Comparison, Either, Expr, Literal, Name, Not
from rulectl.lang.trees import names_of
from rulectl.values import Value

Truths = npt.NDArray[np.int8]

FALSE, TRUE, UNKNOWN = 0, 2, 1
"""In this order, `and` is the least and `or` the greatest, as Kleene has it."""

_FEW = 4_096
"""So many combinations of values are worked out one by one."""


class Kept:
    """What expressions came to for combinations of states, from frame to frame. A statement about a handful of values
    is evaluated for each once; of a frame of 400 cases of the shipped family that was a quarter of the work."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Expr, tuple[Numbered[State], ...], dict[tuple[int, ...], int]]] = {}

    def of(self, expr: Expr, states: tuple[Numbered[State], ...]) -> dict[tuple[int, ...], int]:
        """What an expression came to, by the numbers of the states of its terms."""
        kept = self._kept.get(id(expr))
        if kept is None or len(kept[1]) != len(states) or any(a is not b for a, b in zip(kept[1], states, strict=True)):
            kept = self._kept[id(expr)] = expr, states, {}
        return kept[2]


def truths(
    expr: Expr, columns: Mapping[str, Column], constants: Mapping[str, Value], rows: int, kept: Kept
) -> Truths | None:
    """Whether an expression holds in each row; None where that takes a look at each value. `constants` are the same
    whenever something is `kept`."""
    match expr:
        case Both(items):
            return _all(items, columns, constants, rows, kept, np.minimum)
        case Either(items):
            return _all(items, columns, constants, rows, kept, np.maximum)
        case Not(operand):
            inner = truths(operand, columns, constants, rows, kept)
            return None if inner is None else np.int8(TRUE) - inner
        case Compare(op, left, right):
            compared = _compared(op, left, right, columns, constants)
            return (
                _of_few(expr, columns, constants, rows, kept) if compared is None else np.broadcast_to(compared, rows)
            )
        case _:
            return _of_few(expr, columns, constants, rows, kept)


def _all(
    items: Sequence[Expr],
    columns: Mapping[str, Column],
    constants: Mapping[str, Value],
    rows: int,
    kept: Kept,
    join: Callable[[Truths, Truths], Truths],
) -> Truths | None:
    found: Truths | None = None
    for item in items:
        one = truths(item, columns, constants, rows, kept)
        if one is None:
            return None
        found = one if found is None else join(found, one)
    return found


def _compared(
    op: Comparison, left: Expr, right: Expr, columns: Mapping[str, Column], constants: Mapping[str, Value]
) -> Truths | None:
    """A comparison of two numbers; None where these are none, or neither floats nor units do."""
    if any(isinstance(side, Literal) and side.value is None for side in (left, right)):
        return _null(op, left, right, columns)
    one, other = _side(left, columns, constants), _side(right, columns, constants)
    if one is None or other is None:
        return _in_units(op, left, right, columns, constants)
    said = np.where(COMPARED[op](one, other), np.int8(TRUE), np.int8(FALSE))
    return np.where(np.isnan(one) | np.isnan(other), np.int8(UNKNOWN), said).astype(np.int8)


def _null(op: str, left: Expr, right: Expr, columns: Mapping[str, Column]) -> Truths | None:
    """Whether a term is known; None where something else is asked."""
    match left, right:
        case (Name(name), Literal(None)) | (Literal(None), Name(name)) if name in columns and op in ("=", "!="):
            numbers = columns[name].amounts
            if numbers is None:
                return None
            return np.where((numbers.kinds == NULL) == (op == "="), np.int8(TRUE), np.int8(FALSE))
        case _:
            return None


def _in_units(
    op: Comparison, left: Expr, right: Expr, columns: Mapping[str, Column], constants: Mapping[str, Value]
) -> Truths | None:
    """A comparison of what plain arithmetic comes to; None where it is none, or some row is odd."""
    found = compared(op, left, right, columns, constants)
    if found is None or (found[1].kinds == ODD).any():
        return None
    held, difference = found
    said = np.where(held, np.int8(TRUE), np.int8(FALSE))
    return np.where(difference.kinds == NULL, np.int8(UNKNOWN), said).astype(np.int8)


def _side(expr: Expr, columns: Mapping[str, Column], constants: Mapping[str, Value]) -> Floats | np.float64 | None:
    match expr:
        case Name(name) if name in columns:
            return as_floats(columns[name])
        case Name(name):
            return _float(constants.get(name))
        case Literal(value):
            return _float(value)
        case _:
            return None


def _float(value: Value) -> np.float64 | None:
    if isinstance(value, dt.datetime):
        return np.float64(seconds_of(value))
    return np.float64(value) if isinstance(value, Decimal) and in_floats(value) else None


def _of_few(
    expr: Expr, columns: Mapping[str, Column], constants: Mapping[str, Value], rows: int, kept: Kept
) -> Truths | None:
    """The truth of each combination of few values; None where they are many, or something cannot be computed."""
    names = sorted(names_of(expr) & columns.keys())
    if prod(columns[name].apart.size for name in names) > _FEW:
        return None
    exact = [columns[name].exact() for name in names]
    items = [states.items for _, states in exact]
    known = kept.of(expr, tuple([states for _, states in exact]))

    def holds(key: tuple[int, ...]) -> int:
        found = known.get(key)
        if found is None:
            facts = Facts(constants, {n: states[code].now for n, states, code in zip(names, items, key, strict=True)})
            value = evaluate(expr, facts)
            found = known[key] = UNKNOWN if not isinstance(value, bool) else TRUE if value else FALSE
        return found

    try:
        return each([Part(codes, len(states)) for codes, states in exact], rows, holds).astype(np.int8)
    except CannotCompute:
        return None
