"""The one door to the solver (z3-solver): truths and numbers that hang on free variables, and questions about them.

Everything constant is folded here, in plain Python, so that only what is really open reaches the solver: a truth is a
`bool` or a formula, a number is a `Fraction` or a term over the reals. Each question has a limit of time and of memory
and can be broken off; an answer that was not reached says why. Source: de Moura and Bjorner, "Z3: An Efficient SMT
Solver", TACAS 2008.

This module is imported late, by the checks that ask: deciding a case must not pay for loading the solver.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from operator import attrgetter
from typing import Any

import z3

Truth = Any
"""`bool`, or a formula of the solver."""

Amount = Any
"""`Fraction`, or a term of the solver over the reals."""

SEED = 7
"""Where the solver starts; what is proved does not hang on it, and what a gap is called must not."""

MEMORY = 1500
"""Megabytes that one question may take before it is given up."""

LONGEST = 3600.0
"""Seconds that one question may take where no limit is given."""

_ENDS = 200
"""Parts of an amount that are looked through for the constants that it may come to."""

_numbers = itertools.count()
"""No two free values ever have one name: formulas of several worlds are made by turns, each going on in its own."""

_CONTEXT = z3.main_ctx()

_ast = attrgetter("ast")

# formulas that nobody needs any more may be freed by another thread than the one whose turn it is (analysis/turns.py)
z3.Z3_enable_concurrent_dec_ref(_CONTEXT.ref())


class Answer(Enum):
    """What the solver says of a question."""

    YES = "yes"
    NO = "no"
    TIME = "time"
    MEMORY = "memory"
    HARD = "hard"


# -- truths --------------------------------------------------------------------------------------------------------


def fresh_truth(name: str = "b") -> Truth:
    """A truth that may be either."""
    return z3.Bool(f"{name}.{next(_numbers)}")


def both(*items: Truth) -> Truth:
    """All of them."""
    return all_of(items)


def all_of(items: Iterable[Truth]) -> Truth:
    """All of them; true of none."""
    open_ = []
    for item in items:
        if item is False:
            return False
        if item is not True:
            open_.append(item)
    return True if not open_ else open_[0] if len(open_) == 1 else _joined(z3.Z3_mk_and, open_)


def any_of(items: Iterable[Truth]) -> Truth:
    """One of them at least; false of none."""
    open_ = []
    for item in items:
        if item is True:
            return True
        if item is not False:
            open_.append(item)
    return False if not open_ else open_[0] if len(open_) == 1 else _joined(z3.Z3_mk_or, open_)


def _joined(make: Callable[..., Any], items: Sequence[Any]) -> Any:
    """Formulas made into one. The solver's own `And` and `Or` look at the sort of every part in Python, which took
    longer than solving does; here all parts are truths."""
    return z3.BoolRef(make(_CONTEXT.ref(), len(items), (z3.Ast * len(items))(*map(_ast, items))), _CONTEXT)


def either(*items: Truth) -> Truth:
    """One of them at least."""
    return any_of(items)


def no(item: Truth) -> Truth:
    """Not."""
    return (not item) if isinstance(item, bool) else z3.BoolRef(z3.Z3_mk_not(_CONTEXT.ref(), item.ast), _CONTEXT)


def implies(one: Truth, other: Truth) -> Truth:
    """If the one, then the other."""
    return either(no(one), other)


def same(one: Truth, other: Truth) -> Truth:
    """Both or neither."""
    if isinstance(one, bool):
        return other if one else no(other)
    if isinstance(other, bool):
        return one if other else no(one)
    return one == other


def choose(condition: Truth, one: Truth, other: Truth) -> Truth:
    """The one where the condition holds, else the other."""
    if isinstance(condition, bool):
        return one if condition else other
    return either(both(condition, one), both(no(condition), other))


def at_most_one(items: Sequence[Truth]) -> Truth:
    """No two of them together."""
    certain = sum(1 for item in items if item is True)
    open_ = [item for item in items if not isinstance(item, bool)]
    if certain:
        return certain == 1 and all_of(no(item) for item in open_)
    return z3.AtMost(*open_, 1) if len(open_) > 1 else True


def at_most(items: Sequence[Truth], most: int) -> Truth:
    """No more than `most` of them."""
    open_ = [item for item in items if not isinstance(item, bool)]
    return z3.AtMost(*open_, most) if open_ else True


# -- numbers -------------------------------------------------------------------------------------------------------


def fresh_number(name: str = "x") -> Amount:
    """Any real number."""
    return z3.Real(f"{name}.{next(_numbers)}")


def fresh_whole(name: str = "n") -> Amount:
    """Any whole number, as a real."""
    return z3.ToReal(z3.Int(f"{name}.{next(_numbers)}"))


def _term(item: Amount) -> Any:
    return z3.RealVal(str(item)) if isinstance(item, Fraction) else item


def plus(one: Amount, other: Amount) -> Amount:
    """Their sum."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one + other
    return _term(one) + _term(other)


def minus(one: Amount, other: Amount) -> Amount:
    """Their difference."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one - other
    return _term(one) - _term(other)


def times(one: Amount, other: Amount) -> Amount:
    """Their product; see `linear`."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one * other
    return _term(one) * _term(other)


def spread(choice: Amount, other: Amount) -> Amount | None:
    """`choice * other` where the choice comes to one of a few constants, by conditions, sums and multiples: then
    each of its ends is multiplied by itself, and the product is exact. None for any other amount."""
    left = _ENDS
    whole = _term(other)

    def walk(term: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return None
        if z3.is_rational_value(term):
            return term * whole
        parts = term.children()
        kind = term.decl().kind()
        if kind == z3.Z3_OP_MUL and len(parts) == 2 and any(map(z3.is_rational_value, parts)):
            constant, open_ = parts if z3.is_rational_value(parts[0]) else reversed(parts)
            end = walk(open_)
            return None if end is None else constant * end
        if kind not in (z3.Z3_OP_ITE, z3.Z3_OP_ADD, z3.Z3_OP_SUB, z3.Z3_OP_UMINUS):
            return None
        ends = [walk(part) for part in (parts[1:] if kind == z3.Z3_OP_ITE else parts)]
        if any(end is None for end in ends):
            return None
        return z3.If(parts[0], *ends) if kind == z3.Z3_OP_ITE else term.decl()(*ends)

    return None if isinstance(choice, Fraction) else walk(choice)


def applied(name: str, one: Amount, other: Amount) -> Amount:
    """The value of a function of which only this is known: for the same two arguments, in either order, it is the
    same."""
    terms = sorted((_term(one), _term(other)), key=lambda term: term.get_id())
    real = z3.RealSort()
    return z3.Function(name, real, real, real)(*terms)


def linear(one: Amount, other: Amount) -> bool:
    """Whether one of the two is a constant."""
    return isinstance(one, Fraction) or isinstance(other, Fraction)


def less(one: Amount, other: Amount) -> Truth:
    """One < other."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one < other
    return _term(one) < _term(other)


def at_least(one: Amount, other: Amount) -> Truth:
    """One >= other."""
    return no(less(one, other))


def equal(one: Amount, other: Amount) -> Truth:
    """One = other."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other
    return _term(one) == _term(other)


def is_whole(item: Amount) -> Truth:
    """A number without a fraction."""
    return item.denominator == 1 if isinstance(item, Fraction) else z3.IsInt(item)


def pick(condition: Truth, one: Amount, other: Amount) -> Amount:
    """The one where the condition holds, else the other."""
    if isinstance(condition, bool):
        return one if condition else other
    return z3.If(condition, _term(one), _term(other))


def count(items: Iterable[Truth]) -> Amount:
    """How many of them hold."""
    total: Amount = Fraction(0)
    for item in items:
        total = plus(total, pick(item, Fraction(1), Fraction(0)))
    return total


# -- questions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Model:
    """A way in which everything that was asked holds at once."""

    inner: Any

    def truth(self, item: Truth) -> bool:
        """Whether a truth holds in it; what it leaves open is false."""
        if isinstance(item, bool):
            return item
        return bool(z3.is_true(self.inner.eval(item, model_completion=True)))

    def number(self, item: Amount) -> Fraction:
        """A number in it, exact; an algebraic one is cut to a fraction."""
        if isinstance(item, Fraction):
            return item
        value = self.inner.eval(item, model_completion=True)
        if z3.is_algebraic_value(value):
            value = value.approx(20)
        return Fraction(str(value.as_fraction()))


class Solver:
    """Facts that hold, and questions whether something can hold beside them."""

    def __init__(self, facts: Iterable[Truth] = ()) -> None:
        self._inner = z3.Solver()
        self._inner.set("max_memory", MEMORY)
        self._inner.set("random_seed", SEED)
        self.add(facts)

    def add(self, facts: Iterable[Truth]) -> None:
        """More facts."""
        for fact in facts:
            if fact is not True:
                made = z3.BoolVal(False) if fact is False else fact
                z3.Z3_solver_assert(_CONTEXT.ref(), self._inner.solver, made.ast)

    def can(self, *wanted: Truth, seconds: float) -> tuple[Answer, Model | None]:
        """Whether all of it can hold at once: YES with a model, NO for certain, or why there is no answer. Raises
        KeyboardInterrupt where the user broke it off."""
        if any(item is False for item in wanted):
            return Answer.NO, None
        if seconds <= 0:
            return Answer.TIME, None
        seconds = min(seconds, LONGEST)
        # the limit is looked at between steps; the alarm is for a step that is too long itself
        alarm = threading.Timer(seconds * 1.5 + 0.5, _CONTEXT.interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            return self._ask(wanted, seconds)
        except z3.Z3Exception as error:
            return _reason(str(error)), None
        finally:
            alarm.cancel()

    def _ask(self, wanted: Sequence[Truth], seconds: float) -> tuple[Answer, Model | None]:
        self._inner.push()
        try:
            self.add(wanted)
            self._inner.set("timeout", max(1, int(seconds * 1000)))
            found = self._inner.check()
            if found == z3.sat:
                return Answer.YES, Model(self._inner.model())
            if found == z3.unsat:
                return Answer.NO, None
            return _reason(self._inner.reason_unknown()), None
        finally:
            self._inner.pop()


_REASONS: Mapping[str, Answer] = {
    "timeout": Answer.TIME,
    "canceled": Answer.TIME,
    "resource": Answer.TIME,
    "memory": Answer.MEMORY,
}


def _reason(text: str) -> Answer:
    if "keyboard" in text:
        raise KeyboardInterrupt
    return next((answer for word, answer in _REASONS.items() if word in text), Answer.HARD)
