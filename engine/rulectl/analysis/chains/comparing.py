"""Comparing values that hang on the case, and choosing between them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from rulectl.analysis.chains.symbols import Demand, Items, Symbol, Words, one_of
from rulectl.analysis.smt import (
    Truth,
    all_of,
    any_of,
    both,
    choose,
    either,
    equal,
    fresh_truth,
    implies,
    less,
    no,
    same,
)
from rulectl.types import Kind


def alike(one: Symbol, other: Symbol, demand: Demand) -> Truth | None:
    """When two known values are equal; None where they are not of a kind, so that the comparison is null."""
    if one.type.many != other.type.many:
        return None
    left, right = one.content, other.content
    if isinstance(left, Items) and isinstance(right, Items):
        return _lists_alike(left, right, demand)
    if isinstance(left, Words) and isinstance(right, Words):
        return _words_alike(left, right, demand)
    if Kind.BOOLEAN in (one.kind, other.kind):
        return same(left, right) if one.kind is other.kind else None
    if _scale(one.kind) != _scale(other.kind) or _scale(one.kind) == "":
        return None
    return equal(left, right)


def _scale(kind: Kind) -> str:
    match kind:
        case Kind.DATE | Kind.DATETIME:
            return "moment"
        case Kind.NUMBER | Kind.DURATION:
            return str(kind.value)
        case _:
            return ""


def _words_alike(one: Words, other: Words, demand: Demand) -> Truth:
    options = dict.fromkeys((*one.options, *other.options))
    listed = any_of(both(one.is_(text), other.is_(text)) for text in options)
    if not (one.open_ and other.open_):
        return listed
    # both may be texts that nobody named: they may be the same or not
    rest = fresh_truth("alike")
    for text in options:
        demand(implies(rest, same(one.is_(text), other.is_(text))))
    return either(listed, rest)


def _lists_alike(one: Items, other: Items, demand: Demand) -> Truth:
    # the same items may still stand in another order
    rest = fresh_truth("alike")
    for value in dict.fromkeys((*one.options, *other.options)):
        demand(implies(rest, same(one.has(value), other.has(value))))
    demand(implies(rest, equal(one.length, other.length)))
    if all(isinstance(items.length, Fraction) and items.length <= 1 for items in (one, other)):
        return all_of(same(one.has(value), other.has(value)) for value in dict.fromkeys((*one.options, *other.options)))
    return rest


def before(one: Symbol, other: Symbol) -> Truth | None:
    """When one known value is less than another; None where they have no order."""
    if one.type.many or other.type.many or _scale(one.kind) != _scale(other.kind) or _scale(one.kind) == "":
        return None
    return less(one.content, other.content)


def branch(condition: Truth, one: Symbol, other: Symbol, demand: Demand, name: str = "if") -> Symbol:
    """One value or another; of one type, but that null is of any."""
    type_ = other.type if one.known is False else one.type
    failed = choose(condition, one.failed, other.failed)
    known = choose(condition, one.known, other.known)
    ways = [(both(condition, one.known), one), (both(no(condition), other.known), other)]
    return Symbol(type_, known, one_of(type_, name, ways, demand), failed)


def exclusive(guards: Iterable[Truth]) -> list[Truth]:
    """Each guard where none before it holds."""
    found: list[Truth] = []
    earlier: Truth = False
    for guard in guards:
        found.append(both(guard, no(earlier)))
        earlier = either(earlier, guard)
    return found
