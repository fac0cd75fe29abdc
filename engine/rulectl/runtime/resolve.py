"""Hit policies: from the rules that hit to the value of an output column (DMN 1.5 section 8.2.10, semantics 5).

Two values are not values: NOTHING, no rule spoke; UNKNOWN, a rule spoke but its expression lacks a fact; and CLASH, the
policy is broken. They are kept apart to the end, since each means something else to the person who reads the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final, Literal, assert_never

from rulectl.model.grid import grid_of
from rulectl.model.policy import Gives, HitPolicy, Merge, Takes
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
    whether its list keeps them; `exclusive` says that some column forbids what several hits may say."""

    policy: HitPolicy
    policies: tuple[HitPolicy, ...]
    ranks: tuple[dict[str, int], ...]
    otherwise: frozenset[int]
    repeats: tuple[bool, ...]
    exclusive: bool

    @staticmethod
    def of(table: Table, rulebook: Rulebook) -> Outputs:
        terms = [rulebook.term(column.term) for column in table.outputs]
        orders = [{value: i for i, value in enumerate(term.type.values)} for term in terms]
        otherwise = frozenset(n for n, mark in grid_of(table).marks.items() if mark.otherwise)
        repeats = tuple(term.merge is Merge.ALL for term in terms)
        policies = tuple(column.policy for column in table.outputs)
        exclusive = any(policy.takes is Takes.ONLY or policy.agrees for policy in policies)
        return Outputs(table.policy, policies, tuple(orders), otherwise, repeats, exclusive)

    def active(self, hits: Sequence[int]) -> tuple[int, ...]:
        """The hits that count: an else rule only where no other rule hits."""
        if not self.otherwise:
            return tuple(hits)
        return tuple([n for n in hits if n not in self.otherwise]) or tuple(hits)

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
        return self.like(column) if self.policies[column].takes.by_values else [column]

    def needed(self, column: int) -> Sequence[int]:
        """The columns without whose entries there is no value of a column."""
        return self.like(column) if self.policies[column].takes is Takes.RANKED else [column]

    def unplaced(
        self, column: int, hits: Sequence[int], entry: Callable[[int, int], Spoken]
    ) -> Mapping[int, Sequence[int]]:
        """The rules of an ordered list that may come to stand elsewhere in it, each with its columns that are unknown.
        Where an entry that is unknown, and so comes last, would not come first either, nothing between moves it."""
        if self.policies[column].takes is not Takes.SORTED:
            return {}
        active, like = self.active(hits), self.like(column)
        ranks = {rule: self._rank(rule, like, entry) for rule in active}
        found: dict[int, Sequence[int]] = {}
        for rule in active:
            best = self._rank(rule, like, entry, best=True)
            if any(best < ranks[other] < ranks[rule] for other in active):
                found[rule] = [at for at in like if entry(rule, at) is UNKNOWN]
        return found

    def deciders(self, column: int, hits: Sequence[int], entry: Callable[[int, int], Spoken]) -> tuple[int, ...]:
        """The active hits that a column's value is made of, in the order of the result."""
        active = self.active(hits)
        takes = self.policies[column].takes
        match takes:
            case Takes.FIRST:
                return active[:1]
            case Takes.ONLY | Takes.EVERY:
                return active
            case Takes.RANKED:
                return self._first(column, active, entry)
            case Takes.SORTED:
                return tuple(sorted(active, key=lambda n: self._rank(n, self.like(column), entry)))
            case _:
                assert_never(takes)

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
        takes, gives = self.policies[column].takes, self.policies[column].gives
        deciders = self.deciders(column, hits, entry)
        if takes is Takes.FIRST and gives is Gives.ONE:  # by far the commonest
            return entry(deciders[0], column) if deciders else NOTHING
        if takes is Takes.ONLY and len(deciders) > 1:
            return CLASH
        if gives is Gives.COUNT:
            return Decimal(len(deciders)) if deciders else NOTHING
        if takes is Takes.RANKED and len({_key(entry(rule, column)) for rule in deciders}) > 1:
            return UNKNOWN  # which of them comes first hangs on a fact
        said = [spoken for spoken in (entry(rule, column) for rule in deciders) if spoken is not NOTHING]
        if not said:
            return NOTHING
        match gives:
            case Gives.ONE:
                if len(set(map(_key, said))) > 1:
                    return UNKNOWN if UNKNOWN in said else CLASH
                return said[0]
            case Gives.LIST:
                return join(said, self.repeats[column])
            case Gives.SUM | Gives.LEAST | Gives.GREATEST:
                return combine(gives, said)
            case _:
                assert_never(gives)

    def fired(self, hits: Sequence[int], entry: Callable[[int, int], Spoken]) -> tuple[int, ...]:
        """The hits that fire, ascending: those that decide by the table's policy, and those that add to a column of
        another policy."""
        active = self.active(hits)
        if not active:
            return ()
        takes = self.policy.takes
        match takes:
            case Takes.FIRST:
                firing = {active[0]}
            case Takes.RANKED:
                columns = [i for i, p in enumerate(self.policies) if p is self.policy]
                firing = {min(active, key=lambda n: self._rank(n, columns, entry))}
            case Takes.ONLY | Takes.EVERY | Takes.SORTED:
                return active
            case _:
                assert_never(takes)
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


def combine(gives: Literal[Gives.SUM, Gives.LEAST, Gives.GREATEST], said: Sequence[Spoken]) -> Spoken:
    """Sum, least or greatest of what was said; unknown when any of it is."""
    known: list[Value] = [spoken for spoken in said if not isinstance(spoken, Lack)]
    if len(known) < len(said):
        return CLASH if CLASH in said else UNKNOWN
    match gives:
        case Gives.SUM:
            total = Decimal(0)
            for value in known:
                assert isinstance(value, Decimal)
                total = CONTEXT.add(total, value)
            return total
        case Gives.LEAST:
            return min(known)  # type: ignore[type-var]  # one ordered type a column
        case Gives.GREATEST:
            return max(known)  # type: ignore[type-var]  # one ordered type a column
        case _:
            assert_never(gives)
