"""Verdicts remembered by what the judge asked to come to them.

Where every entry is a plain value, a verdict hangs on what the writers' tables come to (`Reach`) and on nothing else.
Where entries are computed, the judge asks for some of them, and which one it asks for next hangs on the answers so far.
So what it asked stands in a tree: from the same reaches the first question is the same, from the same answer to it the
second one, and after the last one stands the verdict. Going down the tree asks the same entries of the same case, which
are worked out and found at fault as if the judge had asked, and spares merging all that might come otherwise. ("Self-
adjusting" memory of this kind: Acar, Blelloch and Harper, "Selective memoization", POPL 2003.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rulectl.lang.evaluate import CannotCompute
from rulectl.model.rulebook import Term
from rulectl.runtime.index import KEPT_MATCHES
from rulectl.runtime.judge import Heard, Saying, TableRun, Verdict, judge, weigh
from rulectl.runtime.memo import Memo
from rulectl.runtime.memory import Runs, Settling
from rulectl.runtime.resolve import Spoken
from rulectl.values import Value

KEPT_TREE: Final = 4_000
"""How many answers to questions about a term are remembered before all are forgotten."""

TRIED: Final = 100
"""So many times are verdicts remembered before it is looked at whether they come again: those on amounts rarely do."""


class Question(NamedTuple):
    """One question of the judge: to which run, under certain facts or as they are now, about which entry; `names` asks
    for which names it waits instead of what it says."""

    run: int
    certain: bool
    rule: int
    column: int
    names: bool

    def of(self, heard: Runs) -> Spoken | frozenset[str]:
        """The answer in a case."""
        run = heard[self.run][1]
        said = run.may if self.certain else run.now
        return said.missing(self.rule, self.column) if self.names else said(self.rule, self.column)


class Asked(NamedTuple):
    """A question that was asked, and by its answers what came next."""

    question: Question
    then: dict[Spoken | frozenset[str], Asked | Settling]


Notes = dict[Question, Spoken | frozenset[str]]


class _Noting:
    """What rules say, with what is asked about computed entries noted down."""

    def __init__(self, said: Saying, run: TableRun, place: int, certain: bool, noted: Notes) -> None:
        self._said = said
        self._computed = run.plan.expressions
        self._run, self._certain, self._noted = place, certain, noted

    @property
    def columns_failed(self) -> tuple[CannotCompute, ...]:
        return self._said.columns_failed

    @property
    def failures(self) -> Mapping[tuple[int, int], CannotCompute]:
        return self._said.failures

    @property
    def misfits(self) -> Mapping[tuple[int, int], Value]:
        return self._said.misfits

    def __call__(self, rule: int, column: int) -> Spoken:
        spoken = self._said(rule, column)
        if (rule, column) in self._computed:
            self._noted.setdefault(Question(self._run, self._certain, rule, column, False), spoken)
        return spoken

    def missing(self, rule: int, column: int) -> frozenset[str]:
        names = self._said.missing(rule, column)
        if (rule, column) in self._computed:
            self._noted.setdefault(Question(self._run, self._certain, rule, column, True), names)
        return names


class Judged:
    """The verdicts on one term, and what they make of it."""

    def __init__(self, term: Term, settled: Callable[[Verdict], Settling]) -> None:
        """`settled` says what a verdict makes of the term."""
        self.term = term
        self.settled = settled
        self.plain: Memo[tuple[object, ...], Settling] = Memo(KEPT_MATCHES)
        self.trees: dict[tuple[object, ...], Asked | Settling] = {}
        self.kept = self.tried = self.found = 0

    def of(self, heard: Runs) -> Settling:
        """What the term comes to from what its writers do."""
        key = tuple([run.reach for _, run, _ in heard])
        known = self.plain.get(key)
        if known is not None:
            return known
        for _, run, _ in heard:
            if run.reach.computes:
                return self._computed(key, heard)
        return self.plain.keep(key, self.settled(judge(self.term, heard)))

    def _computed(self, key: tuple[object, ...], heard: Runs) -> Settling:
        """The same where some writers compute what they say."""
        if self.tried >= TRIED and self.found < self.tried // 4:
            return self.settled(_at_once(self.term, heard) or judge(self.term, heard))
        self.tried += 1
        # the judge may look at whether facts differ from certain ones
        key = (*key, *[run.now is run.may for _, run, _ in heard])
        at = self.trees.get(key)
        while type(at) is Asked:
            at = at.then.get(at.question.of(heard))
        if at is not None:
            assert isinstance(at, Settling)
            self.found += 1
            return at
        noted: Notes = {}
        listening = [(number, _noting(run, place, noted), column) for place, (number, run, column) in enumerate(heard)]
        found = self.settled(judge(self.term, listening))
        self._remember(key, noted, found)
        return found

    def _remember(self, key: tuple[object, ...], noted: Notes, found: Settling) -> None:
        """One more way down the tree."""
        if self.kept >= KEPT_TREE:
            self.trees.clear()
            self.kept = 0
        self.kept += 1 + len(noted)
        after: Asked | Settling = found
        for question, answer in reversed(noted.items()):
            after = Asked(question, {answer: after})
        known = self.trees.setdefault(key, after)
        # until it has parted from what is known; to its end, where another thread has just been the same way
        while known is not after and isinstance(known, Asked) and isinstance(after, Asked):
            ((answer, after),) = after.then.items()
            known = known.then.setdefault(answer, after)


def _noting(run: TableRun, place: int, noted: Notes) -> TableRun:
    """A run with what is asked of it noted down."""
    now = _Noting(run.now, run, place, False, noted)
    may = now if run.may is run.now else _Noting(run.may, run, place, True, noted)
    return TableRun(run.plan, now, may, run.reach)


def _at_once(term: Term, heard: Runs) -> Verdict | None:
    """The verdict where nothing is possible but what is, None where there is more to ask."""
    for _, run, _ in heard:
        if run.reach.variations or run.reach.joint or run.now is not run.may:
            return None
    said = [Heard(n, run.plan.table.tier, run.spoken(column), None, column) for n, run, column in heard]
    verdict = weigh(term, said)
    return verdict if verdict.settled else None
