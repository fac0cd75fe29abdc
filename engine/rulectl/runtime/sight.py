"""How one case stands before a table of plain values, by its codes: what holds, what is open, and what is waited for.

Each column has, by the class numbers of its term, the rules of which its test is not false, so that a case is one
look-up and one AND a column, with nothing remembered of which inputs are blank: with forty columns each case lacks
others. What is open matters as runtime/doubting.py says.

An earlier table may have left a term open, or said a value that may still change. Then a case stands twice before the
tables that read it, as it is now and as far as it is certain, and rules that hold now may fall (design/0005). What to
ask are the inputs that the earlier doubts wait for, in place of the terms themselves. Where the first hit decides, that
is told from bits, too; where more hits count and some may fall, the judge says it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rulectl.lang.region import UNKNOWN, Partition
from rulectl.model.rulebook import Term
from rulectl.runtime.coding import Coarse, Key, Keyed
from rulectl.runtime.contents import Held
from rulectl.runtime.doubting import Doubted, Doubting, Seen, doubting_of
from rulectl.runtime.index import Match
from rulectl.runtime.judge import Entries, TableRun, judge, reach_of
from rulectl.runtime.leaf import Leaf, Steps
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import NOTHING, Spoken

MOST_CLASSES: Final = 4_096
"""Of a column of more classes than this it is worked out when it is asked for which rules stand."""

Behind = Mapping[str, frozenset[str]]
"""For terms in doubt the inputs that they wait for."""

_NOTHING_BEHIND: Final[Behind] = MappingProxyType({})


class Standing:
    """The rules of which the tests in a column are not false, by class number of its term."""

    def __init__(self, steps: Steps | Held, coarse: Coarse | None) -> None:
        self._steps = steps
        self._coarse = coarse

    def __getitem__(self, number: int) -> int:
        own = number if self._coarse is None else self._coarse[number]
        return self._steps.unknown if own == UNKNOWN else self._steps.holds(own)


class Sight:
    """The rules of a leaf, ready to be looked at by the codes of cases."""

    def __init__(self, doubting: Doubting, keyed: Keyed) -> None:
        self.doubting = doubting
        self._every = doubting.leaf.every
        self._columns = [self._column(at, steps, keyed) for at, steps in doubting.leaf.steps]

    def _column(
        self, at: int, steps: Steps | Held, keyed: Keyed
    ) -> tuple[int, int, Sequence[int] | Standing, int, int, str]:
        """Of a column that some rule asks the field of its term, the rules of which the test is not false, those that
        hold of null, those that an unknown value keeps open, and the term."""
        column, field, coarse = self.doubting.plan.lowered.columns[at], keyed.fields[at], keyed.coarse[at]
        assert field is not None  # the short way is for columns of codes alone
        masks: Sequence[int] | Standing = Standing(steps, coarse)
        if steps.every == 1 and isinstance(column.classes, Partition):
            size = column.classes.size if coarse is None else len(coarse)
            if size <= MOST_CLASSES:
                masks = [masks[number] for number in range(size)]
        (name,) = column.names
        return field.shift, field.ones, masks, steps.absent, steps.waits, name

    def stand(self, code: int, behind: Behind = _NOTHING_BEHIND) -> tuple[int, int, dict[str, int]]:
        """The rules of which no test is false; those that hold of null wherever a case is blank; and by each name that
        is blank those that it keeps open."""
        standing = holding = self._every
        lacking: dict[str, int] = {}
        for shift, ones, masks, absent, waits, name in self._columns:
            number = code >> shift & ones
            standing &= masks[number]
            if number == UNKNOWN:
                holding &= absent
                if name in behind:
                    for other in behind[name]:
                        lacking[other] = lacking.get(other, 0) | waits
                else:
                    # of an input that several columns ask
                    lacking[name] = lacking[name] | waits if name in lacking else waits
        return standing, holding, lacking

    def look_on(self, now: int, sure: int, behind: Behind) -> Seen | None:
        """How a case stands by its codes as they are now and as far as they are certain, where terms in doubt wait for
        others; None where that takes a judge. The names are inputs."""
        doubting = self.doubting
        standing, holding, _ = self.stand(now)
        certain, firm, lacking = self.stand(sure, behind)
        hits = standing & holding
        held = certain & firm & hits
        open_ = (standing | certain) & ~hits
        if hits == held:
            hits = hits & -hits if doubting.first else hits
            causes = doubting.moves[hits] if open_ else ()
            if causes is None:
                return None
            found = [open_ & moving for moving in causes]
        elif doubting.first:
            found = _first_causes(doubting, hits, held, open_)
            hits &= -hits
        else:
            return None
        if not any(found):
            return Seen(hits, (), ())
        if not lacking:
            return None
        waits = tuple(lacking.values())
        counts = tuple([tuple([(rules & one).bit_count() for one in waits]) if rules else () for rules in found])
        return Seen(hits, tuple(lacking), counts)


def _first_causes(doubting: Doubting, hits: int, held: int, open_: int) -> list[int]:
    """By output column the rules that would bring another value where the first hit decides and hits may fall: `held`
    are those that stay."""
    first, falling = hits & -hits, hits & ~held
    moves = doubting.moves[first] or ()
    found = [open_ & moving for moving in moves]
    if not falling & first:
        return found
    stays = held & -held
    second = hits ^ first
    second &= -second
    beside = doubting.moves[stays] or ()
    for column, moving in enumerate(beside):
        final = _said(doubting, first, column)
        if _said(doubting, second, column) != final:
            found[column] |= first
        if _said(doubting, stays, column) != final:
            found[column] |= falling
        elif not found[column] and open_ & moving:
            # what is possible alone changes nothing, but does once what may fall has fallen
            found[column] = open_ & moving | falling
    return found


def _said(doubting: Doubting, rule: int, column: int) -> Spoken:
    """What a rule given as a bit says; nothing where there is none."""
    return doubting.plan.spoken[doubting.leaf.numbers[rule.bit_length() - 1]][column] if rule else NOTHING


def judged_on(
    plan: TablePlan, terms: Sequence[Term], now: Key, sure: Key, behind: Behind
) -> tuple[Match, tuple[Doubted, ...]] | None:
    """The rules that hold, and the terms that the judge finds in doubt; None where rules contradict each other.
    `terms` are those of the output columns."""
    nothing = Entries(plan, terms, {}, frozenset())
    run = TableRun(plan, nothing, nothing, reach_of(plan, now, nothing, sure, ()))
    doubts: list[Doubted] = []
    for column, term in enumerate(terms):
        verdict = judge(term, [(0, run, column)])
        if verdict.clash:
            return None
        if not verdict.settled:
            waits: Counter[str] = Counter()
            for names in verdict.waits:
                waits.update({other for name in names for other in behind.get(name, (name,))})
            doubts.append(Doubted(term.id, verdict.status, tuple(waits.items())))
    return Match(run.hits, ()), tuple(doubts)


def sight_of(plan: TablePlan, leaf: Leaf, keyed: Keyed) -> Sight:
    """What looks at the rules of a leaf."""
    doubting = doubting_of(plan, leaf)
    found: Sight | None = doubting.sight
    if found is None:
        found = doubting.sight = Sight(doubting, keyed)
    return found
