"""Merging: from what several tables say of a term to its one value (semantics 6).

Within a tier the term's merge decides; among tiers the highest that spoke wins, and a lower one may move the value only
the way that favours the buyer. Lists are joined: what a higher tier lists is never taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from rulectl.model.policy import Favours, Gives, Merge, Tier
from rulectl.model.rulebook import Term
from rulectl.runtime.resolve import CLASH, NOTHING, UNKNOWN, Lack, Spoken, combine, join


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one column of one table says of a term; tables come in firing order."""

    table: int
    tier: Tier
    spoken: Spoken


def merge(term: Term, contributions: Sequence[Contribution]) -> Spoken:
    """The value of a term, or why it has none."""
    said = [c for c in contributions if c.spoken is not NOTHING]
    if not said:
        return NOTHING
    if len(said) == 1:
        return said[0].spoken
    if term.merge in (Merge.COLLECT, Merge.ALL):
        clash = any(c.spoken is CLASH for c in said)
        return CLASH if clash else join([c.spoken for c in said], term.merge is Merge.ALL)
    result: Spoken = NOTHING
    for tier in Tier:
        mine = [c.spoken for c in said if c.tier is tier]
        if mine:
            result = _lower(term, result, _within(term.merge, mine))
    return result


def deciders(term: Term, contributions: Sequence[Contribution]) -> tuple[int, ...]:
    """Which of some contributions the value of a term is made of, by their places: with these alone it is the same, and
    each of them can change it (of a least or greatest, all that were compared). None, where they leave it open or
    contradict each other."""
    said = tuple(at for at, one in enumerate(contributions) if one.spoken is not NOTHING)
    result = merge(term, contributions)
    if isinstance(result, Lack):
        return ()
    if term.merge in (Merge.COLLECT, Merge.ALL):
        return said
    for tier in Tier:
        mine = tuple(at for at in said if contributions[at].tier is tier)
        if mine and _within(term.merge, [contributions[at].spoken for at in mine]) == result:
            return mine[:1] if term.merge is Merge.FIRST else mine
    return ()


def _within(how: Merge, said: Sequence[Spoken]) -> Spoken:
    """One tier's value."""
    match how:
        case Merge.FIRST:
            return said[0]
        case Merge.SINGLE:
            if CLASH in said or len({(type(s), s) for s in said if s is not UNKNOWN}) > 1:
                return CLASH
            return UNKNOWN if UNKNOWN in said else said[0]
        case Merge.COLLECT | Merge.ALL:
            return join(said, how is Merge.ALL)
        case Merge.MIN:
            return combine(Gives.LEAST, said)
        case Merge.MAX:
            return combine(Gives.GREATEST, said)
        case Merge.SUM:
            return combine(Gives.SUM, said)
        case _:
            assert_never(how)


def _lower(term: Term, higher: Spoken, lower: Spoken) -> Spoken:
    """The value after a lower tier has spoken."""
    if higher is NOTHING:
        return lower
    if term.favours is None or higher is CLASH:
        return higher
    if isinstance(higher, Lack) or isinstance(lower, Lack):
        return CLASH if lower is CLASH else UNKNOWN
    return lower if kinder(term, lower, higher) else higher


def kinder(term: Term, one: Spoken, other: Spoken) -> bool:
    """Whether a value favours the buyer more than another."""
    match term.favours:
        case Favours.GREATER:
            return one > other  # type: ignore[operator]  # both are of the term's one ordered type
        case Favours.LESS:
            return one < other  # type: ignore[operator]
        case Favours.EARLIER if term.type.values:
            order = term.type.values
            return order.index(str(one)) < order.index(str(other))
        case Favours.EARLIER:
            return one < other  # type: ignore[operator]
        case _:
            return False
