"""Few cases that between them cover what many cover.

By greed: the case that covers most first, joined with what others give as long as it does not get in its way. (Set
cover by greed is within a logarithm of the least: Chvatal, Math. of OR 4, 1979.) Then the other way round: cases that
the others make needless are left out, and of two that are much alike one is tried that does for both.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from rulectl.analysis.budget import Budget
from rulectl.analysis.witness import Case

Item = TypeVar("Item")
Covers = Callable[[Case], frozenset[Item]]

Chosen = Sequence[tuple[Case, frozenset[Item]]]

_JOINED = 60
"""With how many others a chosen case is tried to be joined."""

_LIKEST = 8
_MERGED = 1200
"""Into how many others a case is tried to be merged, and how many such tries there are in all."""


def fewest(
    pool: Sequence[tuple[Case, frozenset[Item]]],
    wanted: set[Item],
    free: frozenset[str],
    covers: Covers[Item],
    budget: Budget,
) -> list[Case]:
    """Cases that cover all that is wanted and that the pool covers. `free` are fields whose value does not matter when
    two cases are joined; `covers` decides a case. Once the time is up, cases are picked as they are."""
    left = set(wanted)
    chosen: list[tuple[Case, frozenset[Item]]] = []
    while left:
        case, items = max(pool, key=lambda pair: len(pair[1] & left))
        gained = items & left
        if not gained:
            break
        others = sorted((pair for pair in pool if pair[1] & left - gained), key=lambda pair: -len(pair[1] & left))
        fit = (pair for pair in others if _agree(case, pair[0], free))
        for other, theirs in itertools.islice(fit, _JOINED):
            if not budget.left:
                break
            if not theirs & left - gained or not _agree(case, other, free):
                continue  # the case has grown since
            both = {**other, **case}
            covered = covers(both)
            if covered & left > gained or len(covered & left) > len(gained):
                case, items, gained = both, covered, covered & left
        chosen.append((case, items))
        left -= gained
    return [case for case, _ in _merged(_needed(chosen, wanted), wanted, covers, budget)]


def _agree(one: Case, other: Case, free: frozenset[str]) -> bool:
    return all(one.get(name, value) == value for name, value in other.items() if name not in free)


def _needed(chosen: Chosen[Item], wanted: set[Item]) -> list[tuple[Case, frozenset[Item]]]:
    """The cases without those whose every item another covers too, the poorest looked at first."""
    times = Counter(item for _, items in chosen for item in items & wanted)
    kept = list(chosen)
    for pair in sorted(chosen, key=lambda pair: len(pair[1] & wanted)):
        if all(times[item] > 1 for item in pair[1] & wanted):
            kept.remove(pair)
            times.subtract(pair[1] & wanted)
    return kept


def _merged(chosen: Chosen[Item], wanted: set[Item], covers: Covers[Item], budget: Budget) -> Chosen[Item]:
    """One case for two, where it covers all that only they do: what the poorer one gives, put into one like it."""
    kept = list(chosen)
    times = Counter(item for _, items in kept for item in items & wanted)
    tried = 0
    for pair in sorted(chosen, key=lambda pair: sum(times[item] == 1 for item in pair[1] & wanted)):
        for other in sorted(kept, key=lambda rival: -_alike(pair[0], rival[0]))[: _LIKEST + 1]:
            if other == pair or tried >= _MERGED or not budget.left:
                continue
            tried += 1
            both = {**other[0], **pair[0]}
            covered = covers(both)
            left = times - Counter(pair[1] & wanted) - Counter(other[1] & wanted)
            if all(left[item] > 0 or item in covered for item in (pair[1] | other[1]) & wanted):
                kept = [one for one in kept if one not in (pair, other)] + [(both, covered)]
                times = left + Counter(covered & wanted)
                break
    return _needed(kept, wanted)


def _alike(one: Case, other: Case) -> int:
    """How many fields have the same value, less those that differ."""
    return sum(1 if other[name] == value else -1 for name, value in one.items() if name in other)
