"""Hit policies, merges, tiers, statuses: the small closed vocabularies of the semantics (sections 5 to 7).

A hit policy is two answers: which of the rules that hold it takes (`Takes`), and what it gives for what they say
(`Gives`). Whoever treats policies differently asks for these, by `match` with `assert_never`, so that mypy names every
place that has to think of a new one. How a policy is added: engine/docs/extending.md.
"""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import assert_never


class Takes(Enum):
    """Which of the rules that hold decide a conclusion."""

    ONLY = "the only one; two that hold are a mistake"
    FIRST = "the first in the order of the table"
    RANKED = "the one whose value comes first in the order of the allowed values"
    EVERY = "all, in the order of the table"
    SORTED = "all, in the order of their values"

    @property
    def picks(self) -> bool:
        """One of several decides, and the others are passed over."""
        match self:
            case Takes.FIRST | Takes.RANKED:
                return True
            case Takes.ONLY | Takes.EVERY | Takes.SORTED:
                return False
            case _:
                assert_never(self)

    @property
    def keeps_away(self) -> bool:
        """A rule that holds keeps others from deciding, also where it says nothing itself."""
        match self:
            case Takes.ONLY | Takes.FIRST:
                return True
            case Takes.RANKED | Takes.EVERY | Takes.SORTED:
                return False
            case _:
                assert_never(self)

    @property
    def by_values(self) -> bool:
        """It goes by the order of the values that rules conclude."""
        match self:
            case Takes.RANKED | Takes.SORTED:
                return True
            case Takes.ONLY | Takes.FIRST | Takes.EVERY:
                return False
            case _:
                assert_never(self)


class Gives(Enum):
    """What the values of the rules that decide become."""

    ONE = "the value that all of them say; two that differ are a mistake"
    LIST = "a list of them"
    SUM = "their sum"
    LEAST = "the least of them"
    GREATEST = "the greatest of them"
    COUNT = "how many rules there are, whatever they say"

    @property
    def tallies(self) -> bool:
        """A rule that says again what another says makes a difference."""
        match self:
            case Gives.SUM | Gives.COUNT:
                return True
            case Gives.ONE | Gives.LIST | Gives.LEAST | Gives.GREATEST:
                return False
            case _:
                assert_never(self)

    @property
    def coins(self) -> bool:
        """The result may be a value that no rule says."""
        match self:
            case Gives.SUM | Gives.COUNT:
                return True
            case Gives.ONE | Gives.LIST | Gives.LEAST | Gives.GREATEST:
                return False
            case _:
                assert_never(self)


class HitPolicy(Enum):
    """DMN 1.5 section 8.2.10; the value is what workbooks and JSON write. `words` are the Chinese and the English ones
    (model/words.py), `dmn` is hitPolicy and aggregation of a DMN model, by which it is also read back."""

    takes: Takes
    gives: Gives
    words: str
    dmn: tuple[str, str]

    UNIQUE = "U", Takes.ONLY, Gives.ONE, "唯一 / U,unique", ("UNIQUE", "")
    ANY = "A", Takes.EVERY, Gives.ONE, "任一 / A,any", ("ANY", "")
    PRIORITY = "P", Takes.RANKED, Gives.ONE, "优先 / P,priority", ("PRIORITY", "")
    FIRST = "F", Takes.FIRST, Gives.ONE, "首条,首个,第一条 / F,first,first match", ("FIRST", "")
    RULE_ORDER = "R", Takes.EVERY, Gives.LIST, "规则序 / R,rule order", ("RULE ORDER", "")
    OUTPUT_ORDER = "O", Takes.SORTED, Gives.LIST, "输出序 / O,output order", ("OUTPUT ORDER", "")
    COLLECT = "C", Takes.EVERY, Gives.LIST, "收集 / C,collect", ("COLLECT", "")
    SUM = "C+", Takes.EVERY, Gives.SUM, "求和 / C+,collect sum,sum", ("COLLECT", "SUM")
    MIN = "C<", Takes.EVERY, Gives.LEAST, "最小 / C<,collect min,min", ("COLLECT", "MIN")
    MAX = "C>", Takes.EVERY, Gives.GREATEST, "最大 / C>,collect max,max", ("COLLECT", "MAX")
    COUNT = "C#", Takes.EVERY, Gives.COUNT, "计数 / C#,collect count,count", ("COLLECT", "COUNT")

    def __new__(cls, symbol: str, takes: Takes, gives: Gives, words: str, dmn: tuple[str, str]) -> HitPolicy:
        policy = object.__new__(cls)
        policy._value_ = symbol
        policy.takes, policy.gives, policy.words, policy.dmn = takes, gives, words, dmn
        return policy

    @classmethod
    def of(cls, symbol: str) -> HitPolicy:
        """The policy that workbooks and JSON write so; ValueError where there is none."""
        found: HitPolicy = cls(symbol)  # type: ignore[call-arg]  # a call looks up a value, whatever __new__ takes
        return found

    @property
    def single(self) -> bool:
        """The result is what rules say, as one of them says it."""
        return self.gives is Gives.ONE

    @property
    def agrees(self) -> bool:
        """Several rules may hold, and must then say the same."""
        return self.takes is Takes.EVERY and self.gives is Gives.ONE

    @property
    def heeds_silence(self) -> bool:
        """A rule that holds and says nothing makes a difference to what others say: it keeps them away, or is counted
        itself. Under all other policies it is passed over."""
        return self.takes.keeps_away or self.gives is Gives.COUNT

    @property
    def lists(self) -> bool:
        """The result is a list."""
        return self.gives is Gives.LIST

    def usual(self, many: bool) -> HitPolicy:
        """The policy of a column that states none, in a table with this one: `many`, of a list, which collects whatever
        the table does with its other conclusions (semantics 5)."""
        return self if self.lists or not many else HitPolicy.COLLECT

    @property
    def numeric(self) -> bool:
        """The result is made of several values by counting or comparing them."""
        return self.gives not in (Gives.ONE, Gives.LIST)


class Merge(Enum):
    """How contributions of several tables to one term become one value. ALL is COLLECT that keeps repeats, as DMN has
    its lists."""

    SINGLE = "single"
    FIRST = "first"
    COLLECT = "collect"
    ALL = "all"
    MIN = "min"
    MAX = "max"
    SUM = "sum"


class Favours(Enum):
    """Which way a value favours the buyer."""

    GREATER = "greater"
    LESS = "less"
    EARLIER = "earlier"


class Tier(Enum):
    """Whose rule it is, highest first."""

    LAW = "law"
    PLATFORM = "platform"
    SHOP = "shop"
    PROCEDURE = "procedure"
    ADVICE = "advice"

    @property
    def rank(self) -> int:
        """0 is the highest."""
        return list(Tier).index(self)


class Role(Enum):
    INPUT = "input"
    DERIVED = "derived"
    OUTPUT = "output"


class Status(Enum):
    """What a decided term, or a case, comes to; worse from top to bottom, by `rank`."""

    DECIDED = "decided"
    PROVISIONAL = "provisional"
    UNDETERMINED = "undetermined"
    NO_RULE = "no_rule"

    @cached_property
    def rank(self) -> int:
        """How bad it is, from 0."""
        return list(Status).index(self)
