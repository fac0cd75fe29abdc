"""What unknown inputs leave open of a table of plain values, told from bit vectors (runtime/leaf.py).

A verdict waits for the rules that could hold and would change what is said (design/0005). Which these are follows, for
each hit policy, from what the rules that do hold say: a mask over all rules, worked out once for each set of them
(`moving`). What to ask follows from how many of them wait for each name, one AND and a count of bits a name, since
names that are inputs count singly however rules combine them. So a case that lacks facts takes little longer than one
that has them all, however many rules it leaves open; judged rule by rule (runtime/judge.py), which comes to the same,
it took 400 microseconds for 1,000 rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple, assert_never

from rulectl.lang.region import UNKNOWN
from rulectl.model.numbered import Numbered
from rulectl.model.policy import Gives, HitPolicy, Status, Takes
from rulectl.runtime.index import Index
from rulectl.runtime.leaf import KEPT_ANSWERS, Leaf
from rulectl.runtime.memo import Asked, Memo
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import CLASH, NOTHING, Spoken

KEPT_BYTES = 1 << 24
"""So much may be remembered of which rules would change what others say, for each set of these."""

MOST_VALUES = 2_048
"""Rules that say more different values than this are not put in the order of these."""

EXACT_DIGITS = 12
"""Sums of numbers of so many digits are not rounded to 34, so that adding any but zero changes them."""


_NO_COUNTS: Final[tuple[int, ...]] = ()


class Doubted(NamedTuple):
    """A term that may yet come to another value, and for each name how many rules wait for it."""

    term: str
    status: Status
    waits: tuple[tuple[str, int], ...]


Counts = tuple[tuple[int, ...], ...]
"""For each output column how many rules that would change it wait for each unknown name; nothing where none does."""


class Seen(NamedTuple):
    """How a case that lacks inputs stands before a table: the rules that hold, as bits; the names of what is unknown;
    the counts, none where nothing is in doubt."""

    hits: int
    names: tuple[str, ...]
    counts: Counts


class Doubting:
    """A table's rules, ready to tell what is open: those of a leaf that holds all rules that may matter. `moves`
    says which rules would change each output column beside those that hold, None where that is not told from bits;
    `answers` and `sight` are for whoever works something out from what is seen."""

    def __init__(self, plan: TablePlan, leaf: Leaf) -> None:
        self.plan = plan
        self.leaf = leaf
        self.first = first_decides(plan)
        self.answers: Memo[Seen, Any] = Memo(KEPT_ANSWERS)
        self.sight: Any = None
        self._outputs = range(len(plan.table.outputs))
        self._terms = tuple([output.term for output in plan.table.outputs])
        self._statuses: Asked[int, tuple[Status, ...]] = Asked(KEPT_ANSWERS, self._in_doubt)
        kept = KEPT_BYTES // (len(leaf.numbers) // 8 + 64) // max(1, len(self._outputs))
        self.moves: Asked[int, tuple[int, ...] | None] = Asked(kept, self.moving)

    def look(self, key: Sequence[int]) -> Seen | None:
        """How the classes of a case stand; None where that takes a judge."""
        standing = holding = self.leaf.every
        lacking: dict[str, int] = {}
        for column, steps in self.leaf.steps:
            if key[column] != UNKNOWN:
                standing &= steps.holds(key[column])
                continue
            standing &= steps.unknown
            holding &= steps.absent
            names = self.plan.lowered.columns[column].names
            if len(names) > 1:  # any of which may be unknown
                return None
            for name in names:
                # of an input that several columns ask
                lacking[name] = lacking.get(name, 0) | steps.waits
        return self.seen(standing, holding, lacking)

    def seen(self, standing: int, holding: int, lacking: Mapping[str, int]) -> Seen | None:
        """How a case stands, given the rules of which no test is false, those that hold of null wherever the case is
        blank, and by each name that is blank those that it keeps open. None where that takes a judge. Of a table where
        the first hit decides, only that one is among the hits."""
        hits = standing & holding
        if self.first:
            hits &= -hits
            open_ = standing & (hits - 1)
        else:
            open_ = standing & ~hits
        if not open_:
            return Seen(hits, (), ())
        moves = self.moves[hits]
        if moves is None:
            return None
        counts: list[tuple[int, ...]] = []
        last = -1
        own = _NO_COUNTS
        for move in moves:
            if move != last:
                last = move
                others = open_ & move
                own = tuple([(others & waits).bit_count() for waits in lacking.values()]) if others else _NO_COUNTS
            counts.append(own)
        return Seen(hits, tuple(lacking), tuple(counts) if any(counts) else ())

    def doubted(self, seen: Seen) -> tuple[Doubted, ...]:
        """The terms that are in doubt."""
        hits, names, counts = seen
        found: list[Doubted] = []
        for term, status, own in zip(self._terms, self._statuses[hits], counts, strict=True):
            if own:
                waits = tuple([(name, count) for name, count in zip(names, own, strict=True) if count])
                found.append(Doubted(term, status, waits))
        return tuple(found)

    def _in_doubt(self, hits: int) -> tuple[Status, ...]:
        """By output column what it is when it is in doubt, where some rules hold."""
        rules = self.leaf.rules(hits)
        spoken = [self.plan.outputs.resolve(column, rules, self._entry) for column in self._outputs]
        return tuple([Status.UNDETERMINED if one is NOTHING else Status.PROVISIONAL for one in spoken])

    def _entry(self, rule: int, column: int) -> Spoken:
        return self.plan.spoken[rule][column]

    # -- which rules would change what is said ------------------------------------------------------------------

    def moving(self, hits: int) -> tuple[int, ...] | None:
        """By output column the rules that would change it if they held too; None where that is not told from bits."""
        rules = self.leaf.rules(hits)
        found: list[int] = []
        for column in self._outputs:
            first = self.alike[column]
            moving = found[first] if first < column else self._moves_of(column, rules)
            if moving is None:
                return None
            found.append(moving)
        return tuple(found)

    @cached_property
    def alike(self) -> tuple[int, ...]:
        """For each output column the first one that is moved by the same rules: where the first hit decides, one whose
        rules differ alike."""
        if len(self._outputs) == 1:
            return (0,)
        made: dict[tuple[int, ...], int] = {}
        found: list[int] = []
        for column in self._outputs:
            policy = self.plan.outputs.policies[column]
            if policy.takes is not Takes.FIRST or policy.gives is not Gives.ONE:
                found.append(column)
                continue
            said: Numbered[Spoken] = Numbered(NOTHING)
            numbers = tuple([said.number(self.plan.spoken[rule][column]) for rule in self.leaf.numbers])
            found.append(made.setdefault(numbers, column))
        return tuple(found)

    def _moves_of(self, column: int, rules: Sequence[int]) -> int | None:
        outputs, every, spoken = self.plan.outputs, self.leaf.every, self.plan.spoken
        policy = outputs.policies[column]
        if policy.gives is Gives.COUNT:
            return every
        if policy.takes is Takes.ONLY and rules:
            return every if len(rules) == 1 else None
        if policy.takes is Takes.FIRST:
            said = spoken[rules[0]][column] if rules else NOTHING
            before = (1 << self._bit[rules[0]]) - 1 if rules else every
            return before & ~self._saying(column, said)
        mine = [said for said in (spoken[rule][column] for rule in rules) if said is not NOTHING]
        speaking = every & ~self._saying(column, NOTHING)
        if not mine:
            return speaking
        match policy.gives:
            case Gives.ONE if policy.takes is Takes.RANKED:
                ranks = outputs.ranks[column]
                known = [ranks[said] for said in mine if isinstance(said, str) and said in ranks]
                return self._below(column, min(known, default=None))
            case Gives.ONE:
                final = outputs.resolve(column, rules, self._entry)
                return None if final is CLASH else speaking & ~self._saying(column, final)
            case Gives.LIST:
                same = self._contained(column, rules)
                return None if same is None else speaking & ~same
            case Gives.SUM:
                return speaking & ~self._saying(column, Decimal(0)) if self._exact[column] else None
            case Gives.LEAST | Gives.GREATEST:
                best = min(mine) if policy.gives is Gives.LEAST else max(mine)  # type: ignore[type-var]  # one ordered type a column
                return self._below(column, best)
            case _:
                assert_never(policy.gives)

    def _contained(self, column: int, rules: Sequence[int]) -> int | None:
        """The rules that add nothing to the list of what some rules say, and change nothing of its order."""
        outputs = self.plan.outputs
        sorted_ = outputs.policies[column].takes is Takes.SORTED
        if self._joined[column] or (sorted_ and (len(outputs.like(column)) > 1 or not self._listed[column])):
            return None
        same = 0
        if outputs.repeats[column]:
            return same
        after = self.leaf.every
        met: set[Spoken] = set()
        for rule in rules:
            spoken = _alone(self.plan.spoken[rule][column])
            if spoken is not NOTHING and spoken not in met:
                met.add(spoken)
                same |= self._saying(column, spoken) & after
                # what is said again is said earlier: in the order of rules it must not come before another value
                after = after if sorted_ else self.leaf.every & -(1 << self._bit[rule])
        return same

    def _below(self, column: int, best: object) -> int | None:
        """The rules whose values go before the best that is said; under P these are ranks."""
        ordered = self._ordered[column]
        if ordered is None:
            return None
        found = 0
        for value, rules in ordered:
            if value == best:
                return found
            found |= rules
        return None

    def bits(self, rules: Iterable[int]) -> int:
        """Some rules as bits."""
        return _mask([self._bit[rule] for rule in rules])

    @cached_property
    def _bit(self) -> Mapping[int, int]:
        return {rule: bit for bit, rule in enumerate(self.leaf.numbers)}

    @cached_property
    def _said(self) -> Sequence[Mapping[Spoken, Sequence[int]]]:
        """By output column the rules that say each value, as numbers of bits; in lists, each item."""
        lists = [policy.lists for policy in self.plan.outputs.policies]
        columns: list[Mapping[Spoken, Sequence[int]]] = []
        for column in self._outputs:
            bits: dict[Spoken, list[int]] = {}
            for bit, rule in enumerate(self.leaf.numbers):
                spoken = self.plan.spoken[rule][column]
                bits.setdefault(_alone(spoken) if lists[column] else spoken, []).append(bit)
            columns.append(bits)
        return columns

    def _saying(self, column: int, spoken: Spoken) -> int:
        """The rules that say a value, in lists an item."""
        known = _alone(spoken) if self.plan.outputs.policies[column].lists else spoken
        return _mask(self._said[column].get(known, ()))

    @cached_property
    def _listed(self) -> Sequence[bool]:
        """By output column, whether all values that are said are listed."""
        ranks = self.plan.outputs.ranks
        return [all(value is NOTHING or value in ranks[c] for value in said) for c, said in enumerate(self._said)]

    @cached_property
    def _joined(self) -> Sequence[bool]:
        """By output column, whether some rule says several values together."""
        return [any(isinstance(value, tuple) for value in said) for said in self._said]

    @cached_property
    def _exact(self) -> Sequence[bool]:
        """By output column, whether all values are numbers whose sums are not rounded."""
        return [all(value is NOTHING or _short(value) for value in said) for said in self._said]

    @cached_property
    def _ordered(self) -> Sequence[Sequence[tuple[object, int]] | None]:
        """By output column the values from the best on, each with the rules that say it; under P the ranks of values.
        None where they are too many, or have no order."""
        found: list[Sequence[tuple[object, int]] | None] = []
        for column, said in enumerate(self._said):
            policy = self.plan.outputs.policies[column]
            values = [value for value in said if value is not NOTHING]
            if len(values) > MOST_VALUES:
                found.append(None)
            elif policy.takes is Takes.RANKED:
                ranks = self.plan.outputs.ranks[column]
                alone = self._listed[column] and len(self.plan.outputs.like(column)) == 1
                order = sorted((ranks[value], _mask(said[value])) for value in values) if alone else None  # type: ignore[index]  # listed values are texts
                found.append(order)
            elif policy.gives in (Gives.LEAST, Gives.GREATEST):
                best_first = sorted(values, reverse=policy.gives is Gives.GREATEST)  # type: ignore[type-var]  # one ordered type a column
                found.append([(value, _mask(said[value])) for value in best_first])
            else:
                found.append(None)
        return found


def doubting_of(plan: TablePlan, leaf: Leaf) -> Doubting:
    """What tells what is open among the rules of a leaf."""
    found: Doubting | None = leaf.doubting
    if found is None:
        found = leaf.doubting = Doubting(plan, leaf)
    return found


def first_decides(plan: TablePlan) -> bool:
    """Whether nothing but the first hit of a table matters."""
    policies = {plan.table.policy, *plan.outputs.policies}
    return policies == {HitPolicy.FIRST} and not plan.outputs.otherwise


def can_doubt(plan: TablePlan) -> bool:
    """Whether what is open in a table can be told from bits: its rules say plain values, and none is an else rule."""
    return type(plan.index) is Index and not plan.expressions and not plan.outputs.otherwise


def _alone(spoken: Spoken) -> Spoken:
    """The one item of a list of one, which adds to lists what the item does."""
    return spoken[0] if isinstance(spoken, tuple) and len(spoken) == 1 else spoken


def _mask(bits: Iterable[int]) -> int:
    return sum([1 << bit for bit in bits])


def _short(value: Spoken) -> bool:
    if not isinstance(value, Decimal):
        return False
    _, digits, exponent = value.as_tuple()
    return len(digits) <= EXACT_DIGITS and isinstance(exponent, int) and -EXACT_DIGITS < exponent <= 0
