"""What class numbers come to in a table, before any expression is looked at: which expressions may be asked, and how
what columns say hangs on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rulectl.columnar.computed import Computed
from rulectl.columnar.states import Facts
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.trees import names_of
from rulectl.model.policy import Takes
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import Entry, KnownEntries, TableRun
from rulectl.runtime.plan import Reach, TablePlan
from rulectl.values import Value

At = tuple[int, int]
"""A rule and an output column."""

_SOME: Final = Entry("\0", "\0")
"""Stands for what an expression comes to where that is not asked."""

_NOTHING: Final = Facts({})

PLAIN, SEVERAL = -1, -2
"""A column that says what its start says, and one whose value is made of several entries or changed on the way."""


@dataclass(slots=True)
class Start:
    """What class numbers come to: a run as it is before any expression is looked at. `live` are the expressions that
    may be asked, by rule and column; `steady`: nothing but what columns say hangs on them, and how that does is in
    `says`: by column the place among `live`, PLAIN or SEVERAL."""

    now: Facts
    may: Facts
    absent: frozenset[str]
    failed: tuple[CannotCompute, ...]
    run: TableRun
    live: tuple[At, ...]
    shape: tuple[int, ...]
    steady: bool
    says: tuple[int, ...]
    number: int = -1
    reads: tuple[str, ...] = ()
    places: dict[At, int] = field(default_factory=dict)


class Starting:
    """The starts of one table, and what works out its expressions (`computed`). `terms` are those of its columns,
    `every` those of the rulebook by id."""

    def __init__(
        self, plan: TablePlan, terms: Sequence[Term], every: Mapping[str, Term], constants: Mapping[str, Value]
    ) -> None:
        self.plan = plan
        self.terms = terms
        self.constants = constants
        self.computed: list[Computed] = []
        self._every = every
        self._plain = KnownEntries(plan, {}, ())
        self._computed_of: dict[tuple[int, int], int] = {}
        self._number_of: dict[At, int] = {}

    def start(
        self, made: TableRun, now: Facts, may: Facts, absent: frozenset[str], failed: tuple[CannotCompute, ...]
    ) -> Start:
        """The start of some class numbers, for which a run was made of what little is known."""
        if not made.reach.computes:
            return self.plain(made.reach, failed)
        live = tuple(self._live(made.reach))
        if not live:
            return Start(now, may, absent, failed, made, (), (), False, ())
        steady = self._steady(made.reach)
        start = Start(now, may, absent, failed, made, live, tuple(map(self._compute, live)), steady, ())
        start.places = {at: place for place, at in enumerate(live)}
        read = frozenset[str]().union(*(names_of(self.plan.expressions[at]) for at in live))
        start.reads = tuple(sorted(read & self._every.keys()))
        if steady:
            start.says = tuple(self._says(made.reach, live, column) for column in range(len(self.terms)))
            entries = KnownEntries(self.plan, start.places, (_SOME,) * len(live), columns_failed=failed)
            start.run = TableRun(self.plan, entries, entries, made.reach)
        return start

    def plain(self, reach: Reach, failed: tuple[CannotCompute, ...] = ()) -> Start:
        """The start of rules that say plain values: nothing is ever worked out of what is known, and to let go of it
        leaves a third of the start."""
        entries = KnownEntries(self.plan, {}, (), columns_failed=failed) if failed else self._plain
        run = TableRun(self.plan, entries, entries, reach)
        return Start(_NOTHING, _NOTHING, frozenset(), failed, run, (), (), False, ())

    def _live(self, reach: Reach) -> Iterator[At]:
        """The expressions of the rules that decide a column, or may come to."""
        outputs = self.plan.outputs
        sets = [outputs.active(hits) for hits in (reach.hits, *(v.hits for v in (*reach.variations, *reach.joint)))]
        for column, policy in enumerate(outputs.policies):
            first = policy.takes is Takes.FIRST
            rules = {rule for hits in sets for rule in (hits[:1] if first else hits)}
            for rule in sorted(rules):
                if (rule, column) in self.plan.expressions:
                    yield rule, column

    def _compute(self, at: At) -> int:
        """The number of what works out an expression; rules that say the same share it."""
        found = self._number_of.get(at)
        if found is None:
            expr, column = self.plan.expressions[at], at[1]
            # by what it is: equal ones need not say the same, since 1 equals true
            found = self._computed_of.get((id(expr), column))
            if found is None:
                found = self._computed_of[id(expr), column] = len(self.computed)
                self.computed.append(Computed(expr, self.terms[column].type, self._every, self.constants))
            self._number_of[at] = found
        return found

    def _steady(self, reach: Reach) -> bool:
        """Whether neither which rules fire nor what there is to tell of them hangs on certain values."""
        outputs = self.plan.outputs
        ordered = any(policy.takes.by_values for policy in (outputs.policy, *outputs.policies))
        if reach.variations or reach.joint or ordered:
            return False
        return not (outputs.exclusive and len(outputs.active(reach.hits)) > 1)

    def _says(self, reach: Reach, live: Sequence[At], column: int) -> int:
        """How what a column says hangs on expressions."""
        mine = [place for place, at in enumerate(live) if at[1] == column]
        if not mine:
            return PLAIN
        policy = self.plan.outputs.policies[column]
        alone = policy.takes is Takes.FIRST or (policy.single and len(self.plan.outputs.active(reach.hits)) == 1)
        return mine[0] if alone else SEVERAL
