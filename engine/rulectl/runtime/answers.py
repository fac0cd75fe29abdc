"""What settled tables say, remembered: by the classes into which a case falls, and by the rules that hit.

A case that knows all that a table asks comes to rules that hit and to none that merely could; what they say never
changes. So classes that were not met before are one AND of bit vectors, and mostly come to an answer that was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Final, NamedTuple, cast

from rulectl.lang.region import UNKNOWN
from rulectl.model.outcome import Firing
from rulectl.runtime.doubting import Doubted, Doubting, Seen, can_doubt, first_decides
from rulectl.runtime.index import Index, Leaf, Match
from rulectl.runtime.lowering import NONE
from rulectl.runtime.memo import Memo
from rulectl.runtime.merge import Contribution
from rulectl.runtime.plan import Plan
from rulectl.runtime.sight import Behind, Sight, judged_on, sight_of
from rulectl.values import Value

KEPT: Final = 20_000
"""How many answers of a table are remembered before all are forgotten."""

KEPT_OF_RULES: Final = 1 << 18
"""The same of answers that hang on one rule, of which a table of 100,000 rules has as many."""

MADE_AT_ONCE: Final = 16
"""So many neighbours have their plain answers made together, side by side in memory: soon all of them are asked for,
and that takes half the time."""

MOST_WAYS: Final = 1 << 18
"""A table whose classes can meet in more ways remembers its answers by the rules that hit alone."""


class More(NamedTuple):
    """What few tables say: derived values, the marks of terms that are not decided, what it adds to terms that other
    tables write too; and of terms in doubt the counts of what required and of what all outputs wait for
    (runtime/tally.py), the fields of those that tests read, and what these wait for."""

    derived: Mapping[str, Value]
    marks: int
    shares: tuple[tuple[str, Contribution], ...]
    urgent: int = 0
    total: int = 0
    open: int = 0
    behind: tuple[tuple[str, frozenset[str]], ...] = ()


class Answer(NamedTuple):
    """What a settled table says: its firings, the outputs that it alone writes, and the codes of those that other
    tables read, in their fields."""

    firings: tuple[Firing, ...]
    outputs: Mapping[str, Value]
    code: int
    more: More | None


Said = tuple[Any, ...]
"""An `Answer`, or all of an outcome but its case where there is but one table."""


class Answers(Memo[int, "Said | None"]):
    """The answers that a table has given, by the codes of its columns' terms (runtime/coding.py); None where it is not
    settled. `rules` are those that hang on one rule; the last is of none (NONE).

    Where a case knows all that a table asks, its answer hangs on the rules that hit alone; where the first decides, on
    that one. So classes that were not met before mostly come to an answer that was."""

    def __init__(
        self,
        number: int,
        plan: Plan,
        work_out: WorkOut,
        of_rule: OfRule,
        in_doubt: InDoubt,
    ) -> None:
        super().__init__(KEPT)
        self.number = number
        self.plan = table = plan.tables[number]
        self.terms = plan.written[number]
        self.first = first_decides(table)
        self.told = can_doubt(table)
        self.keyed = keyed = plan.keyed[number]
        self.mask = keyed.mask
        self.chained = sorted(table.reads & plan.writers.keys())
        """What other tables say and this one reads."""
        # in how many ways classes can meet: where there are many, answers are hardly ever asked for again
        self.ways = prod(field.ones + 1 for field in keyed.fields if field is not None)
        self.rules: list[Said | None] = [None] * (len(table.firings) + 1)
        self.held = 0
        self.plainly: tuple[str, ...] = ()
        """The outputs of a table whose first hit says all that is said of them, and that no table reads."""
        self._work_out = work_out
        self._of_rule = of_rule
        self._in_doubt = in_doubt
        self._sight: Sight | None = None
        self._onward: Memo[tuple[int | frozenset[str] | None, ...], Said | None] = Memo(KEPT)

    def __missing__(self, code: int) -> Said | None:
        answer = self.look(code)
        return self.keep(code, answer) if self.ways <= MOST_WAYS else answer

    def look(self, code: int) -> Said | None:
        """The same worked out."""
        sight = self._sight
        if sight is None:
            key = tuple(self.keyed.key(code))
            index = self.plan.index
            if type(index) is not Index or (UNKNOWN in key and not self.told):
                return self._work_out(self, self.plan.match(key))
            leaf = index.leaf(key)
            if not self.told or (leaf is not index.whole and UNKNOWN not in key):
                if self.first:
                    rule = leaf.first(key)
                    return self.rules[rule] or self.of_rule(rule)
                return self._of_hits(leaf, leaf.hits(key))
            sight = sight_of(self.plan, leaf, self.keyed)
            if leaf is index.whole:
                self._sight = sight
        doubting = sight.doubting
        standing, holding, lacking = sight.stand(code)
        if not lacking:
            return self._of_hits(doubting.leaf, standing)
        seen = doubting.seen(standing, holding, lacking)
        if seen is None:
            return self._work_out(self, doubting.leaf.match(tuple(self.keyed.key(code))))
        return self._of_seen(doubting, seen)

    def leaf(self) -> Leaf:
        """All rules of a table that is small enough."""
        index = self.plan.index
        assert isinstance(index, Index)
        return index.whole or index.leaf(())

    def _of_seen(self, doubting: Doubting, seen: Seen) -> Said | None:
        """The answer for how a case stands."""
        hits, _, counts = seen
        if not counts:
            return self._of_hits(doubting.leaf, hits)
        answers = doubting.answers
        if seen not in answers:
            settled = self._of_hits(doubting.leaf, hits)
            answers.keep(seen, settled and self._in_doubt(self, settled, doubting.doubted(seen)))
        return cast("Said | None", answers[seen])

    def onward(self, codes: int, open_: int, behind: Behind) -> Said | None:
        """The answer where terms that the table reads are in doubt: `open_` are the fields of all terms that are, and
        `behind` is what they wait for."""
        # which of them are open follows from what is behind them
        known = (codes & self.mask, *map(behind.get, self.chained))
        try:
            return self._onward[known]
        except KeyError:
            return self._onward.keep(known, self._work_out_onward(codes, open_, behind))

    def _work_out_onward(self, codes: int, open_: int, behind: Behind) -> Said | None:
        if not self.told:
            return None
        now, sure = tuple(self.keyed.key(codes)), tuple(self.keyed.key(codes & ~open_))
        index = self.plan.index
        assert isinstance(index, Index)
        leaf = index.leaf(now)
        if leaf is not index.whole:
            return None
        sight = sight_of(self.plan, leaf, self.keyed)
        seen = sight.look_on(codes, codes & ~open_, behind)
        if seen is not None:
            return self._of_seen(sight.doubting, seen)
        found = judged_on(self.plan, self.terms, now, sure, behind)
        if found is None:
            return None
        settled = self._work_out(self, found[0])
        return settled and self._in_doubt(self, settled, found[1])

    def _of_hits(self, leaf: Leaf, hits: int) -> Said | None:
        """The answer where some rules of a leaf hold and no others count."""
        if self.first:
            rule = leaf.numbers[(hits & -hits).bit_length() - 1] if hits else NONE
            return self.rules[rule] or self.of_rule(rule)
        answers = leaf.answers
        if hits not in answers:
            answers.keep(hits, self._work_out(self, Match(leaf.rules(hits), ())))
        return cast("Said | None", answers[hits])

    def of_rule(self, rule: int) -> Said | None:
        """The answer where one rule decides, or none (NONE)."""
        if self.held >= KEPT_OF_RULES:
            self.rules[:] = [None] * len(self.rules)
            self.held = 0
        if not self.plainly or rule == NONE:
            self.held += 1
            answer = self.rules[rule] = self._of_rule(self, rule)
            return answer
        first = rule - rule % MADE_AT_ONCE
        for number in range(first, min(first + MADE_AT_ONCE, len(self.rules) - 1)):
            if self.rules[number] is None:
                self.held += 1
                self.rules[number] = self._of_rule(self, number)
        return self.rules[rule]


WorkOut = Callable[[Answers, Match], "Said | None"]
OfRule = Callable[[Answers, int], "Said | None"]
InDoubt = Callable[[Answers, Said, Sequence[Doubted]], "Said | None"]
