"""Judging a decided term: its value, its status, and what to ask (semantics 7).

What may still change is asked of single changes: one possible rule comes true, one rule that rests on a provisional
fact falls away, or all of these fall away together; where that moves nothing, one comes true as these fall away. A
provisional term is read with its value when rules are matched, and as unknown when what may still change is judged. If
none of this moves the merged value, it is settled, but for rules that may yet turn out to contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.model.policy import Status
from rulectl.model.rulebook import Term
from rulectl.runtime.coding import Key
from rulectl.runtime.index import KEPT_MATCHES
from rulectl.runtime.merge import Contribution, merge
from rulectl.runtime.plan import Reach, TablePlan, Variation
from rulectl.runtime.resolve import CLASH, NOTHING, UNKNOWN, Lack, Spoken
from rulectl.types import fits
from rulectl.values import Value


@dataclass(slots=True)
class Entries:
    """What rules say, under some facts; expressions are evaluated once, when asked for. `like`: entries under facts
    that differ in the terms `but` alone, which know the value of whatever names none of these."""

    plan: TablePlan
    terms: Sequence[Term]
    facts: Mapping[str, Value]
    absent: frozenset[str]
    like: Entries | None = None
    but: Set[str] = frozenset()
    known: dict[tuple[int, int], Spoken] = field(default_factory=dict)
    failures: dict[tuple[int, int], CannotCompute] = field(default_factory=dict)
    misfits: dict[tuple[int, int], Value] = field(default_factory=dict)
    columns_failed: tuple[CannotCompute, ...] = ()

    def __call__(self, rule: int, column: int) -> Spoken:
        at = (rule, column)
        expr = self.plan.expressions.get(at)
        if expr is None:
            return self.plan.spoken[rule][column]
        if at not in self.known:
            if self.like is not None and self.plan.named[at].isdisjoint(self.but):
                self.known[at] = self.like(rule, column)
            else:
                self.known[at] = self._evaluate(at)
        return self.known[at]

    def _evaluate(self, at: tuple[int, int]) -> Spoken:
        expr = self.plan.expressions[at]
        try:
            value = evaluate(expr, self.facts)
        except CannotCompute as failure:
            self.failures[at] = failure
            return NOTHING
        if value is None:
            missing = {name for name in self.plan.named[at] if self.facts.get(name) is None}
            return NOTHING if missing and missing <= self.absent else UNKNOWN
        type_ = self.terms[at[1]].type
        if type_.many and not isinstance(value, tuple):
            value = (value,)
        if not fits(value, type_):
            self.misfits[at] = value
            return NOTHING
        return value

    def missing(self, rule: int, column: int) -> frozenset[str]:
        """The names whose values an unknown entry waits for."""
        return self.missing_of(self.plan.named.get((rule, column), frozenset()))

    def missing_of(self, names: frozenset[str]) -> frozenset[str]:
        """Those of the names that are unknown and may become known."""
        return frozenset(n for n in names if self.facts.get(n) is None and n not in self.absent)


@dataclass(slots=True)
class TableRun:
    """One table's pass over one case: what holds now, and what else may come to hold."""

    plan: TablePlan
    now: Entries
    may: Entries
    reach: Reach

    @property
    def hits(self) -> tuple[int, ...]:
        return self.reach.hits

    def spoken(self, column: int) -> Spoken:
        if self.reach.computes and self.plan.expressions and self.reach.hits:
            return self.plan.outputs.resolve(column, self.reach.hits, self.now)
        said = self.reach.said
        if column not in said:
            said[column] = self.plan.outputs.resolve(column, self.reach.hits, self.now)
        return said[column]

    def changes(self, column: int) -> Iterator[tuple[Spoken, Mapping[int, frozenset[str]]]]:
        """What else the column may come to, and the rules that would bring it with the names for which each waits."""
        outputs = self.plan.outputs
        for variation in self.reach.variations:
            waiting = {rule: self.reach.waiting[rule] for rule in variation.causes}
            yield outputs.resolve(column, variation.hits, self.may), waiting
        if not self.reach.computes or not self.hits:
            return
        deciders = {*outputs.deciders(column, self.hits, self.now), *outputs.deciders(column, self.hits, self.may)}
        for rule in sorted(deciders):
            for other in outputs.weighed(column):
                if (rule, other) in self.plan.expressions and self.now(rule, other) != self.may(rule, other):
                    yield outputs.resolve(column, self.hits, self.may), {rule: self.may.missing(rule, other)}

    def joint_changes(self, column: int) -> Iterator[tuple[Spoken, Mapping[int, frozenset[str]]]]:
        """The same for one rule that comes true as all doubtful hits fall away."""
        for variation in self.reach.joint:
            waiting = {rule: self.reach.waiting[rule] for rule in variation.causes}
            yield self.plan.outputs.resolve(column, variation.hits, self.may), waiting

    def unknown(self, column: int) -> Mapping[int, frozenset[str]]:
        """The deciding rules whose own entries are unknown, and the names for which each waits."""
        if not self.reach.computes or not self.hits:
            return {}
        rules = self.plan.outputs.deciders(column, self.hits, self.now)
        columns = self.plan.outputs.weighed(column)
        open_ = {rule: [c for c in columns if self.now(rule, c) is UNKNOWN] for rule in rules}
        return {
            rule: frozenset[str]().union(*(self.now.missing(rule, c) for c in columns))
            for rule, columns in open_.items()
            if columns
        }


def run(
    plan: TablePlan, now: Entries, now_key: Key, may: Entries, may_key: Key, earlier: Sequence[int] = ()
) -> TableRun:
    """Match a table under what is known now and under what is certain. `earlier` hits of a cycle stay hits."""
    if not plan.simple or earlier:
        return TableRun(plan, now, may, reach_of(plan, now_key, may, may_key, earlier))
    reach = plan.reaches.get((now_key, may_key))
    if reach is None:
        if len(plan.reaches) >= KEPT_MATCHES:
            plan.reaches.clear()
        reach = plan.reaches[now_key, may_key] = reach_of(plan, now_key, may, may_key, ())
    return TableRun(plan, now, may, reach)


def reach_of(plan: TablePlan, now_key: Key, may: Entries, may_key: Key, earlier: Sequence[int]) -> Reach:
    """What the class numbers of a case come to in a table."""
    present = plan.match(now_key)
    certain = present if may_key == now_key else plan.match(may_key)
    elses = plan.outputs.otherwise
    hit = {n for n in (*present.hits, *earlier) if n not in elses}
    sure = {n for n in certain.hits if n not in elses} & hit | (set(earlier) - elses)
    open_ = {n for n in (*present.open, *certain.open, *certain.hits) if n not in elses} - hit
    falling = hit - sure
    fallback = {n for n in present.hits if n in elses}
    open_else = {n for n in (*present.open, *certain.open) if n in elses} - fallback

    hits = hit or (set() if any(n not in elses for n in present.open) else fallback)
    variations: list[Variation] = []
    for rule in sorted(open_):
        variations.append(_variation(hit | {rule}, fallback, (rule,)))
    for rule in sorted(falling):
        variations.append(_variation(hit - {rule}, fallback, (rule,)))
    if len(falling) > 1:
        variations.append(_variation(sure, fallback, tuple(sorted(falling))))
    joint = tuple(_variation(sure | {rule}, fallback, (rule, *sorted(falling))) for rule in sorted(open_) if falling)
    waiting = {rule: plan.needs(rule, may_key, may.missing_of) for rule in open_ | falling}
    if not hit and open_ and fallback:
        # the else rule comes about when every possible rule turns out false
        variations.append(Variation(tuple(sorted(fallback)), tuple(sorted(fallback))))
        everything = frozenset[str]().union(*(waiting[rule] for rule in open_))
        waiting |= dict.fromkeys(fallback, everything)
    if not hit or falling:
        for rule in sorted(open_else):
            waiting[rule] = plan.needs(rule, may_key, may.missing_of)
            variations.append(Variation(tuple(sorted(fallback | {rule})), (rule,)))
    heard = hits.union(*(one.hits for one in (*variations, *joint)))
    computes = not plan.computing.isdisjoint(heard)
    return Reach(tuple(sorted(hits)), tuple(variations), joint, waiting, computes)


def _variation(hit: set[int], fallback: set[int], causes: tuple[int, ...]) -> Variation:
    return Variation(tuple(sorted(hit or fallback)), causes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a term comes to. `waits` are the sets of names, one for each rule that keeps it from being settled."""

    value: Value
    status: Status
    clash: bool
    waits: tuple[frozenset[str], ...] = ()

    @property
    def settled(self) -> bool:
        return self.status in (Status.DECIDED, Status.NO_RULE)


SILENT = Verdict(None, Status.NO_RULE, False)


def judge(term: Term, runs: Sequence[tuple[int, TableRun, int]]) -> Verdict:
    """The verdict on a term from the runs of its writers: (table number, run, output column), in firing order."""
    # most tables say nothing of most cases
    runs = [at for at in runs if not at[1].reach.silent]
    if not runs:
        return SILENT
    base = [Contribution(number, r.plan.table.tier, r.spoken(column)) for number, r, column in runs]
    final = merge(term, base)
    waits: dict[tuple[int, int], frozenset[str]] = {}
    speakable = changed = False
    for ways in (TableRun.changes, TableRun.joint_changes):
        if changed:  # doubtful enough
            break
        for at, (number, table_run, column) in enumerate(runs):
            for spoken, waiting in ways(table_run, column):
                if spoken == base[at].spoken:
                    continue
                own = Contribution(number, table_run.plan.table.tier, spoken)
                other = merge(term, [*base[:at], own, *base[at + 1 :]])
                if other != final:
                    changed = True
                    speakable = speakable or other is not NOTHING
                    _note(waits, number, waiting)
    for number, table_run, column in runs:
        _note(waits, number, table_run.unknown(column))
    return _verdict(final, changed, speakable, tuple(waits.values()))


def settled(term: Term, said: Sequence[Contribution]) -> Verdict:
    """The verdict on a term where nothing that tables said of it can change."""
    return _verdict(merge(term, said), False, False, ()) if said else SILENT


def _verdict(final: Spoken, changed: bool, speakable: bool, waiting_sets: tuple[frozenset[str], ...]) -> Verdict:
    """What a merged value comes to; `changed`: it may yet be another, `speakable`: one at all."""
    if final is NOTHING:
        if speakable:
            return Verdict(None, Status.UNDETERMINED, False, waiting_sets)
        return Verdict(None, Status.NO_RULE, False)
    if isinstance(final, Lack):
        return Verdict(None, Status.UNDETERMINED, final is CLASH, waiting_sets)
    if isinstance(final, tuple) and UNKNOWN in final:
        known = tuple(item for item in final if not isinstance(item, Lack))
        return Verdict(known or None, Status.PROVISIONAL if known else Status.UNDETERMINED, False, waiting_sets)
    if changed:
        return Verdict(final, Status.PROVISIONAL, False, waiting_sets)
    return Verdict(final, Status.DECIDED, False)


def _note(waits: dict[tuple[int, int], frozenset[str]], number: int, waiting: Mapping[int, frozenset[str]]) -> None:
    """A rule counts once for a term, with all the names for which it waits."""
    for rule, names in waiting.items():
        waits[number, rule] = waits.get((number, rule), frozenset()) | names
