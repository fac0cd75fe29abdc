"""Hit policies, merges, tiers, statuses: the small closed vocabularies of the semantics (sections 5 to 7)."""

from __future__ import annotations

from enum import Enum


class HitPolicy(Enum):
    """DMN 1.5 section 8.2.10; the value is what JSON and DMN write."""

    UNIQUE = "U"
    ANY = "A"
    PRIORITY = "P"
    FIRST = "F"
    RULE_ORDER = "R"
    OUTPUT_ORDER = "O"
    COLLECT = "C"
    SUM = "C+"
    MIN = "C<"
    MAX = "C>"
    COUNT = "C#"

    @property
    def single(self) -> bool:
        """At most one rule decides."""
        return self in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)

    @property
    def lists(self) -> bool:
        """The result is a list."""
        return self in (HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER, HitPolicy.COLLECT)

    @property
    def numeric(self) -> bool:
        """The result is a number made of several."""
        return self in (HitPolicy.SUM, HitPolicy.MIN, HitPolicy.MAX, HitPolicy.COUNT)


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
    """What a decided term, or a case, comes to; worse from top to bottom."""

    DECIDED = "decided"
    PROVISIONAL = "provisional"
    UNDETERMINED = "undetermined"
    NO_RULE = "no_rule"

    @property
    def rank(self) -> int:
        return list(Status).index(self)
