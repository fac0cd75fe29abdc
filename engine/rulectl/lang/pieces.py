"""How the pieces of a condition join: the items of a list, two bounds that make a range; and what is refused for being
two things at once. Shared by conditions made of tokens and conditions made of texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as Choice
from typing import NamedTuple

from rulectl.lang.bounds import below, covering, lower, upper
from rulectl.lang.faults import Fault, fault
from rulectl.lang.printer import print_test
from rulectl.lang.scope import Scope, Symbol
from rulectl.lang.syntax import AllOf, Between, Comparison, Contains, Except, Expr, Is, IsNull, Literal, OneOf, Test
from rulectl.source import Span
from rulectl.types import NUMBER, Type

Form = Choice["value", "bound", "range", "negated", "outside", "contains", "other"]


class Column(NamedTuple):
    """What a condition tests: the type, the unit, the term where it is known, and names to print with. `thousands` says
    that a comma may part thousands here."""

    type: Type
    unit: str = ""
    symbol: Symbol | None = None
    names: Mapping[str, str] | None = None
    thousands: bool = True


class Piece(NamedTuple):
    """A part of a condition and how it was written; `quoted` is a text in quotes, which is nothing but that text."""

    test: Test
    form: Form
    quoted: bool = False


def column_of(type_: Type, unit: str, scope: Scope) -> Column:
    """A column, with the term whose list of values it shares where there is just one."""
    return Column(type_, unit, scope.owners.get(type_.values), scope.names)


def ambiguous(span: Span, column: Column, first: Test | str, second: Test | str) -> Fault:
    """Two readings, as texts to choose from."""
    texts = [t if isinstance(t, str) else print_test(t, column.type, column.names or {}) for t in (first, second)]
    return fault("ambiguous-entry", span, first=texts[0], second=texts[1])


def between(low: tuple[Expr, bool], high: tuple[Expr, bool], span: Span) -> Between:
    """A range of two bounds. Raises Fault when nothing can lie in it."""
    if below(high[0], low[0]) or (low[0] == high[0] and isinstance(low[0], Literal) and not (low[1] and high[1])):
        ends = [print_test(Is("=", end[0]), NUMBER, {}) for end in (low, high)]
        raise fault("empty-range", span, low=ends[0], high=ends[1])
    return Between(low[0], high[0], low[1], high[1], span)


def met(pieces: list[Piece], joined: bool, column: Column, span: Span) -> Piece:
    """Pieces that must all hold: two bounds make a range. `joined` says that a word such as 且 stands between."""
    if len(pieces) == 1:
        return pieces[0]
    tests = [piece.test for piece in pieces]
    if len(tests) == 2:
        low, high = lower(tests[0]) or lower(tests[1]), upper(tests[0]) or upper(tests[1])
        if low and high:
            if not joined and (below(high[0], low[0]) or low[0] == high[0]):
                raise ambiguous(span, column, OneOf(tuple(tests)), Between(high[0], low[0]))
            return Piece(between(low, high, span), "range")
    if not joined:
        raise ambiguous(span, column, OneOf(tuple(tests)), AllOf(tuple(tests)))
    refused = tests[0].test if isinstance(tests[0], Except) and pieces[0].form == "negated" else None
    if refused is not None and all(piece.form == "value" for piece in pieces[1:]):
        # `not A and B`: as people speak, neither
        raise ambiguous(span, column, Except(_one_of((refused, *tests[1:]))), AllOf(tuple(tests)))
    return Piece(AllOf(tuple(tests), span), "other")


def checked_list(pieces: list[Piece], column: Column, span: Span, worded: bool = False) -> Test:
    """Pieces of which one must hold. Raises Fault when the list is likely to mean something else than it says:
    `非 A、B` and `A、B 以外` (neither?), `非 A; 非 B` and `>3,<7` (true of everything). `worded` says that 或 stands
    between all of them, so that the last is meant."""
    tests = tuple(piece.test for piece in pieces)
    if len(tests) == 1:
        return tests[0]
    negative = [_refused(piece) for piece in pieces]
    refused = tuple(test for test in negative if test is not None)
    if len(refused) > 1 and len(set(refused)) > 1:
        raise ambiguous(span, column, Except(_one_of(refused)), Except(IsNull()))
    if pieces[0].form == "negated" and refused and all(piece.form == "value" for piece in pieces[1:]):
        neither = Except(_one_of((*refused, *tests[1:])))
        raise ambiguous(span, column, neither, OneOf((Except(refused[0]), *tests[1:])))
    if pieces[-1].form == "outside" and all(piece.form == "value" for piece in pieces[:-1]):
        last = tests[-1].test if isinstance(tests[-1], Except) else tests[-1]
        raise ambiguous(span, column, Except(_one_of((*tests[:-1], last))), OneOf(tests))
    if pieces[0].form == "contains" and all(p.form == "value" and not p.quoted for p in pieces[1:]):
        raise ambiguous(span, column, _all_within(tests), OneOf(tests))
    inside = covering(tests)
    if inside is not None and not worded:
        raise ambiguous(span, column, inside, OneOf(tests))
    return OneOf(tests, span)


def _all_within(tests: tuple[Test, ...]) -> Test:
    """`包含 A;B` with the word said of every item; `不包含 A;B` of none."""
    parts = tuple(Contains(test.value) if isinstance(test, Is) else test for test in tests)
    if isinstance(parts[0], Except):
        return Except(OneOf((parts[0].test, *parts[1:])))
    return OneOf(parts)


def _one_of(tests: tuple[Test, ...]) -> Test:
    return tests[0] if len(tests) == 1 else OneOf(tests)


def _refused(piece: Piece) -> Test | None:
    """What a piece says no to, where it was written as `非 A` or `!= A`."""
    match piece.test:
        case Except(inner) if piece.form == "negated":
            return inner
        case Is("!=", value):
            return Is("=", value)
        case _:
            return None


def bound(op: Comparison, value: Expr, span: Span) -> Test:
    """`op value`; null is a test of its own."""
    if isinstance(value, Literal) and value.value is None and op in ("=", "!="):
        return IsNull(span) if op == "=" else Except(IsNull(span), span)
    return Is(op, value, span)
