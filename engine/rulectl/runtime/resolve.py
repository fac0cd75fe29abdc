"""Hit policies: from the rules that hit to the value of an output column (DMN 1.5 section 8.2.10, semantics 5).

Two values are not values: NOTHING, no rule spoke; UNKNOWN, a rule spoke but its expression lacks a fact; and CLASH, the
policy is broken. They are kept apart to the end, since each means something else to the person who reads the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from rulectl.model.grid import grid_of
from rulectl.model.policy import HitPolicy, Merge
from rulectl.model.rulebook import Rulebook, Table
from rulectl.values import CONTEXT, Value, distinct


class Lack(Enum):
    NOTHING = "nothing"
    UNKNOWN = "unknown"
    CLASH = "clash"


NOTHING: Final = Lack.NOTHING
UNKNOWN: Final = Lack.UNKNOWN
CLASH: Final = Lack.CLASH

Spoken = Value | Lack
"""What an entry, a table or a term comes to. Inside a collected list a `Lack.UNKNOWN` may stand for an item."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """How one table resolves. `ranks[term]` is the order of a term's allowed values, for P and O; `repeats[term]` is
    whether its list keeps them."""

    policy: HitPolicy
    policies: tuple[HitPolicy, ...]
    ranks: tuple[dict[str, int], ...]
    otherwise: frozenset[int]
    repeats: tuple[bool, ...]

    @property
    def exclusive(self) -> bool:
        """Whether some column forbids what several hits may say."""
        return HitPolicy.UNIQUE in self.policies or HitPolicy.ANY in self.policies

    @staticmethod
    def of(table: Table, rulebook: Rulebook) -> Outputs:
        terms = [rulebook.term(column.term) for column in table.outputs]
        orders = [{value: i for i, value in enumerate(term.type.values)} for term in terms]
        otherwise = frozenset(n for n, mark in grid_of(table).marks.items() if mark.otherwise)
        repeats = tuple(term.merge is Merge.ALL for term in terms)
        return Outputs(table.policy, tuple(c.policy for c in table.outputs), tuple(orders), otherwise, repeats)

    def active(self, hits: Sequence[int]) -> tuple[int, ...]:
        """The hits that count: an else rule only where no other rule hits."""
        ordinary = tuple(n for n in hits if n not in self.otherwise)
        return ordinary or tuple(hits)

    def _rank(
        self, rule: int, columns: Sequence[int], entry: Callable[[int, int], Spoken], best: bool = False
    ) -> tuple[int, ...]:
        """Where a rule stands in the order of allowed values, column by column; what is not listed comes last, and so
        does what is unknown, unless the `best` that it may come to is asked for."""
        ranks = []
        for column in columns:
            spoken = entry(rule, column)
            if best and spoken is UNKNOWN:
                ranks.append(0)
                continue
            order = self.ranks[column]
            first = spoken[0] if isinstance(spoken, tuple) and spoken else spoken
            ranks.append(order.get(first, len(order)) if isinstance(first, str) else len(order))
        return (*ranks, rule)

    def like(self, column: int) -> Sequence[int]:
        """The columns whose values order rules for the policy of a column: all that share it, or itself alone."""
        policy = self.policies[column]
        return [i for i, p in enumerate(self.policies) if p is policy] if policy is self.policy else [column]

    def weighed(self, column: int) -> Sequence[int]:
        """The columns whose entries the value of a column hangs on."""
        return self.like(column) if self.policies[column] is HitPolicy.PRIORITY else [column]

    def deciders(self, column: int, hits: Sequence[int], entry: Callable[[int, int], Spoken]) -> tuple[int, ...]:
        """The active hits that a column's value is made of, in the order of the result."""
        active = self.active(hits)
        match self.policies[column]:
            case HitPolicy.FIRST:
                return active[:1]
            case HitPolicy.PRIORITY:
                return self._first(column, active, entry)
            case HitPolicy.OUTPUT_ORDER:
                return tuple(sorted(active, key=lambda n: self._rank(n, self.like(column), entry)))
            case _:
                return active

    def _first(self, column: int, active: Sequence[int], entry: Callable[[int, int], Spoken]) -> tuple[int, ...]:
        """The hit whose value comes first, and those whose values are unknown and may come before it."""
        if not active:
            return ()
        like = self.like(column)
        first = min(active, key=lambda n: self._rank(n, like, entry))
        rank = self._rank(first, like, entry)[:-1]  # rules that tie say the same
        return tuple(n for n in active if n == first or self._rank(n, like, entry, best=True)[:-1] < rank)

    def resolve(self, column: int, hits: Sequence[int], entry: Callable[[int, int], Spoken]) -> Spoken:
        """The value of a column for a set of hits (ascending rule numbers). `entry(rule, column)` is what a rule says;
        it is asked only of rules that matter."""
        policy = self.policies[column]
        deciders = self.deciders(column, hits, entry)
        if policy is HitPolicy.UNIQUE and len(deciders) > 1:
            return CLASH
        if policy is HitPolicy.COUNT:
            return Decimal(len(deciders)) if deciders else NOTHING
        if policy is HitPolicy.PRIORITY and len({_key(entry(rule, column)) for rule in deciders}) > 1:
            return UNKNOWN  # which of them comes first hangs on a fact
        said = [spoken for spoken in (entry(rule, column) for rule in deciders) if spoken is not NOTHING]
        if not said:
            return NOTHING
        if policy.single:
            if len(set(map(_key, said))) > 1:
                return UNKNOWN if UNKNOWN in said else CLASH
            return said[0]
        if policy.lists:
            return join(said, self.repeats[column])
        return combine(policy, said)

    def fired(self, hits: Sequence[int], entry: Callable[[int, int], Spoken]) -> tuple[int, ...]:
        """The hits that fire, ascending: those that decide by the table's policy, and those that add to a column of
        another policy."""
        active = self.active(hits)
        if not active:
            return ()
        if self.policy is HitPolicy.FIRST:
            firing = {active[0]}
        elif self.policy is HitPolicy.PRIORITY:
            columns = [i for i, p in enumerate(self.policies) if p is HitPolicy.PRIORITY]
            firing = {min(active, key=lambda n: self._rank(n, columns, entry))}
        else:
            return active
        for column, policy in enumerate(self.policies):
            if policy is not self.policy:
                deciders = self.deciders(column, active, entry)
                firing.update(n for n in deciders if entry(n, column) is not NOTHING)
        return tuple(sorted(firing))


def _key(spoken: Spoken) -> tuple[type, Spoken]:
    return type(spoken), spoken


def join(said: Sequence[Spoken], repeats: bool = False) -> Spoken:
    """Lists and single values as one list, in order, repeats left out or kept; unknown items stay as UNKNOWN."""
    items: list[Spoken] = []
    for spoken in said:
        if isinstance(spoken, tuple):
            items.extend(spoken)
        else:
            items.append(spoken)
    return tuple(items) if repeats else distinct(items)  # type: ignore[arg-type]  # a Lack among the items is told apart by its own type


def combine(policy: HitPolicy, said: Sequence[Spoken]) -> Spoken:
    """Sum, least or greatest of what was said; unknown when any of it is."""
    if any(isinstance(spoken, Lack) for spoken in said):
        return CLASH if CLASH in said else UNKNOWN
    if policy is HitPolicy.SUM:
        total = Decimal(0)
        for spoken in said:
            assert isinstance(spoken, Decimal)
            total = CONTEXT.add(total, spoken)
        return total
    known: list[Value] = [spoken for spoken in said if not isinstance(spoken, Lack)]
    return min(known) if policy is HitPolicy.MIN else max(known)  # type: ignore[type-var]  # one ordered type a column
