"""Arithmetic on amounts that hang on the case: exact where it is linear, else within bounds that are known to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from rulectl.analysis.chains.symbols import DAY, LONGEST, Demand, Symbol
from rulectl.analysis.smt import (
    Amount,
    Truth,
    applied,
    at_least,
    both,
    either,
    equal,
    fresh_number,
    fresh_whole,
    implies,
    less,
    linear,
    minus,
    no,
    pick,
    plus,
    spread,
    times,
)
from rulectl.types import DURATION, Kind

ZERO, ONE = Fraction(0), Fraction(1)

LAST = DAY * 3_652_059 - 1
"""The last second of the calendar."""

_HAIR = Fraction(1, 10**33)
"""How far, in proportion, a quotient of 34 digits may lie from the exact one."""


def _same(value: Amount) -> Amount:
    return value


def _turned(value: Amount) -> Amount:
    return minus(ZERO, value)


def floor(value: Amount, demand: Demand) -> Amount:
    """The greatest whole number that is not more."""
    if isinstance(value, Fraction):
        return Fraction(value.numerator // value.denominator)
    whole = fresh_whole("floor")
    demand(at_least(value, whole))
    demand(less(value, plus(whole, ONE)))
    return whole


def rounded(function: str, value: Amount, places: int, demand: Demand) -> Amount:
    """To so many places; half goes away from zero."""
    scale = Fraction(10) ** places
    value = times(scale, value)
    half = Fraction(1, 2)
    match function:
        case "floor":
            whole = floor(value, demand)
        case "ceiling":
            whole = _turned(floor(_turned(value), demand))
        case _:
            up = floor(plus(value, half), demand)
            down = _turned(floor(minus(half, value), demand))
            whole = pick(less(value, ZERO), down, up)
    return times(1 / scale, whole)


def extreme(function: str, values: Sequence[Amount]) -> Amount:
    """The least or the greatest."""
    best = values[0]
    for value in values[1:]:
        better = less(value, best) if function == "min" else less(best, value)
        best = pick(better, value, best)
    return best


def moved(moment: Symbol, at: Amount, known: Truth, failed: Truth, demand: Demand) -> Symbol:
    """A moment moved; a date stays the day on which it ends."""
    if moment.kind is Kind.DATE:
        at = times(DAY, floor(times(1 / DAY, at), demand))
    outside = either(less(at, ZERO), less(LAST, at))
    return Symbol(moment.type, both(known, no(outside)), at, either(failed, both(known, outside)))


def duration(value: Amount, known: Truth, failed: Truth, demand: Demand) -> Symbol:
    """Seconds as a duration, to the second; half a second may go either way."""
    whole = fresh_whole("seconds")
    demand(at_least(plus(value, Fraction(1, 2)), whole))
    demand(at_least(whole, minus(value, Fraction(1, 2))))
    outside = either(less(LONGEST, whole), less(whole, -LONGEST))
    return Symbol(DURATION, both(known, no(outside)), whole, either(failed, both(known, outside)))


@dataclass(frozen=True, slots=True)
class Loose:
    """A value that is known within bounds only. `sharp`: where the bounds leave one value; `law`: what it really is,
    which the solver finds hard. Both help to find a case; no proof needs them."""

    value: Amount
    sharp: Truth
    law: Truth


def product(left: Amount, right: Amount, demand: Demand) -> Amount | Loose:
    """The product; exact where a side is one of a few constants (a rate that a table gives), else what the signs and
    sizes of the two say."""
    if linear(left, right):
        return times(left, right)
    for one, other in ((left, right), (right, left)):
        exact = spread(one, other)
        if exact is not None:
            return exact
    value = applied("product", left, right)
    for a, b in ((left, right), (right, left)):
        demand(implies(equal(a, ZERO), equal(value, ZERO)))
        demand(implies(equal(a, ONE), equal(value, b)))
        for sign in (_same, _turned):
            some = both(at_least(a, ZERO), at_least(sign(b), ZERO))
            demand(implies(some, at_least(sign(value), ZERO)))
            demand(implies(both(some, at_least(ONE, a)), at_least(sign(b), sign(value))))
            demand(implies(both(some, at_least(a, ONE)), at_least(sign(value), sign(b))))
    demand(implies(both(at_least(ZERO, left), at_least(ZERO, right)), at_least(value, ZERO)))
    sharp = either(*(equal(side, plain) for side in (left, right) for plain in (ZERO, ONE)))
    return Loose(value, sharp, equal(value, times(left, right)))


def quotient(left: Amount, right: Amount, demand: Demand) -> Amount | Loose:
    """The quotient, exact but for the last of 34 digits where the divisor is a constant. The divisor is not zero."""
    if not isinstance(right, Fraction):
        value = _open_quotient(left, right, demand)
        return Loose(value, either(equal(left, ZERO), equal(right, ONE)), equal(left, times(value, right)))
    exact = times(1 / right, left)
    if isinstance(exact, Fraction) or _terminates(right):
        return exact
    value = fresh_number("quotient")
    _near(value, exact, demand)
    return value


def _near(value: Amount, exact: Amount, demand: Demand) -> None:
    """A number to 34 digits."""
    for sign in (_same, _turned):
        positive = at_least(sign(exact), ZERO)
        demand(implies(positive, at_least(sign(value), times(1 - _HAIR, sign(exact)))))
        demand(implies(positive, at_least(times(1 + _HAIR, sign(exact)), sign(value))))


def _open_quotient(left: Amount, right: Amount, demand: Demand) -> Amount:
    """What is known of a quotient with both sides open."""
    value = fresh_number("quotient")
    demand(implies(equal(left, ZERO), equal(value, ZERO)))
    demand(implies(equal(right, ONE), equal(value, left)))
    for sign in (_same, _turned):
        for turn in (_same, _turned):
            some = both(at_least(sign(left), ZERO), less(ZERO, turn(right)))
            size = sign(turn(value))
            demand(implies(some, at_least(size, ZERO)))
            demand(implies(both(some, at_least(turn(right), ONE)), at_least(sign(left), size)))
            demand(implies(both(some, at_least(ONE, turn(right))), at_least(size, sign(left))))
            demand(implies(both(some, at_least(turn(right), sign(left))), at_least(ONE, size)))
            demand(implies(both(some, at_least(sign(left), turn(right))), at_least(size, ONE)))
    return value


def share(part: Amount, whole: Amount, by: Amount, value: Amount, demand: Demand) -> None:
    """`whole * part / by` is beside `whole` as `part` is beside `by`, up to the last of 34 digits: a part of a whole is
    no more than the whole."""
    some = both(at_least(whole, ZERO), at_least(part, ZERO), less(ZERO, by))
    demand(implies(both(some, at_least(by, part)), at_least(times(1 + _HAIR, whole), value)))
    demand(implies(both(some, at_least(part, by)), at_least(value, times(1 - _HAIR, whole))))


def days(length: Amount, demand: Demand) -> Amount:
    """Seconds as days to 34 digits; whole days come out whole."""
    exact = times(1 / DAY, length)
    if isinstance(exact, Fraction):
        return exact
    value = fresh_number("days")
    _near(value, exact, demand)
    whole = floor(exact, demand)
    demand(implies(equal(exact, whole), equal(value, exact)))
    return value


def _terminates(divisor: Fraction) -> bool:
    """Whether division by a number gives finite decimals."""
    rest = abs(divisor.numerator)
    for prime in (2, 5):
        while rest and rest % prime == 0:
            rest //= prime
    return rest == 1
