"""Judging a decided term: its value, its status, and what to ask (semantics 7).

What may still change is asked of single changes: one possible rule comes true, one rule that rests on a provisional
fact falls away, or all of these fall away together; where that moves nothing, one comes true as these fall away. A
provisional term is read with its value when rules are matched, and as unknown when what may still change is judged. If
none of this moves the merged value, it is settled, but for rules that may yet turn out to contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rulectl.lang.evaluate import CannotCompute
from rulectl.model.policy import Status, Tier
from rulectl.model.rulebook import Term
from rulectl.runtime.coding import Key
from rulectl.runtime.merge import Contribution, merge
from rulectl.runtime.plan import Reach, TablePlan, Variation
from rulectl.runtime.resolve import CLASH, NOTHING, UNKNOWN, Lack, Spoken
from rulectl.types import Type, fits
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
        try:
            value = self.plan.computed(at)(self.facts)
        except CannotCompute as failure:
            self.failures[at] = failure
            return NOTHING
        if value is None:
            return lacking({name for name in self.plan.named[at] if self.facts.get(name) is None}, self.absent)
        said = said_of(value, self.terms[at[1]].type)
        if said is None:
            self.misfits[at] = value
            return NOTHING
        return said

    def missing(self, rule: int, column: int) -> frozenset[str]:
        """The names whose values an unknown entry waits for."""
        return self.missing_of(self.plan.named.get((rule, column), frozenset()))

    def missing_of(self, names: frozenset[str]) -> frozenset[str]:
        """Those of the names that are unknown and may become known."""
        return frozenset(n for n in names if self.facts.get(n) is None and n not in self.absent)


def lacking(missing: Set[str], absent: Set[str]) -> Lack:
    """What an entry without a value says, for which some names are `missing`: nothing, where all of these are absent
    for certain."""
    return NOTHING if missing and missing <= absent else UNKNOWN


def said_of(value: Value, type_: Type) -> Value:
    """A computed value as an entry of a column of some type says it; None where it does not fit."""
    if type_.many and not isinstance(value, tuple):
        value = (value,)
    return value if fits(value, type_) else None


class Entry:
    """What an expression says as a case stands and as far as it is certain, and the names that are unknown in each.
    `same`: all of it is certain, also what is unknown; `sure`: it is a value that cannot change. `mark` is for whoever
    remembers something by it."""

    __slots__ = ("lacks", "mark", "may", "may_lack", "now", "same", "sure")

    def __init__(
        self, now: Spoken, may: Spoken, lacks: frozenset[str] = frozenset(), may_lack: frozenset[str] = frozenset()
    ) -> None:
        self.now, self.may, self.lacks, self.may_lack = now, may, lacks, may_lack
        self.same = now == may and lacks == may_lack
        self.sure = self.same and not lacks and not isinstance(now, Lack)
        self.mark: tuple[int, tuple[int, ...]] | None = None


@dataclass(slots=True)
class KnownEntries:
    """What rules say where their expressions have been worked out before, none in vain: `entries` by `places`. `may`:
    as far as it is certain."""

    plan: TablePlan
    places: Mapping[tuple[int, int], int]
    entries: Sequence[Entry]
    may: bool = False
    columns_failed: tuple[CannotCompute, ...] = ()

    @property
    def failures(self) -> Mapping[tuple[int, int], CannotCompute]:
        return {}

    @property
    def misfits(self) -> Mapping[tuple[int, int], Value]:
        return {}

    def __call__(self, rule: int, column: int) -> Spoken:
        place = self.places.get((rule, column))
        if place is None:
            return self.plan.spoken[rule][column]
        entry = self.entries[place]
        return entry.may if self.may else entry.now

    def missing(self, rule: int, column: int) -> frozenset[str]:
        """The names whose values an entry waits for."""
        place = self.places.get((rule, column))
        if place is None:
            return frozenset()
        entry = self.entries[place]
        return entry.may_lack if self.may else entry.lacks


class Saying(Protocol):
    """What rules say in a case, and why some say nothing."""

    @property
    def columns_failed(self) -> tuple[CannotCompute, ...]: ...
    @property
    def failures(self) -> Mapping[tuple[int, int], CannotCompute]: ...
    @property
    def misfits(self) -> Mapping[tuple[int, int], Value]: ...
    def __call__(self, rule: int, column: int) -> Spoken: ...
    def missing(self, rule: int, column: int) -> frozenset[str]: ...


@dataclass(slots=True)
class TableRun:
    """One table's pass over one case: what holds now, and what else may come to hold."""

    plan: TablePlan
    now: Saying
    may: Saying
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
        for rule, others in outputs.unplaced(column, self.hits, self.now).items():
            yield UNKNOWN, {rule: frozenset[str]().union(*(self.now.missing(rule, other) for other in others))}

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
        columns = self.plan.outputs.needed(column)
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
        reach = plan.reaches.keep((now_key, may_key), reach_of(plan, now_key, may, may_key, ()))
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


class Heard(NamedTuple):
    """What a column of a table says of a term; `run` knows what else it may come to say, None where nothing."""

    table: int
    tier: Tier
    spoken: Spoken
    run: TableRun | None
    column: int


def judge(term: Term, runs: Sequence[tuple[int, TableRun, int]]) -> Verdict:
    """The verdict on a term from the runs of its writers: (table number, run, output column), in firing order."""
    # most tables say nothing of most cases
    return weigh(
        term,
        [
            Heard(number, run.plan.table.tier, run.spoken(column), run, column)
            for number, run, column in runs
            if not run.reach.silent
        ],
    )


class Doubt(NamedTuple):
    """What may become of a term's value: whether it may yet be another (`changed`), be one at all (`speakable`), and
    the sets of names, one for each rule that keeps it from being settled."""

    changed: bool = False
    speakable: bool = False
    waits: tuple[frozenset[str], ...] = ()


SETTLED = Doubt()
"""Nothing may become of it."""


def weigh(term: Term, heard: Sequence[Heard]) -> Verdict:
    """The verdict on a term from what its writers say, in firing order."""
    if not heard:
        return SILENT
    final = merged(term, heard)
    return verdict_of(final, doubt_of(term, heard, final))


def merged(term: Term, heard: Sequence[Heard]) -> Spoken:
    """The value of a term from what its writers say."""
    if len(heard) == 1:
        return heard[0].spoken
    return merge(term, [Contribution(one.table, one.tier, one.spoken) for one in heard])


def doubt_of(term: Term, heard: Sequence[Heard], final: Spoken) -> Doubt:
    """What may become of the value that is merged from what writers say."""
    base = [Contribution(one.table, one.tier, one.spoken) for one in heard]
    waits: dict[tuple[int, int], frozenset[str]] = {}
    speakable = changed = False
    for ways in (TableRun.changes, TableRun.joint_changes):
        if changed:  # doubtful enough
            break
        for at, one in enumerate(heard):
            if one.run is None:
                continue
            for spoken, waiting in ways(one.run, one.column):
                if spoken == one.spoken:
                    continue
                own = Contribution(one.table, one.tier, spoken)
                other = merge(term, [*base[:at], own, *base[at + 1 :]])
                if other != final:
                    changed = True
                    speakable = speakable or other is not NOTHING
                    _note(waits, one.table, waiting)
    for one in heard:
        if one.run is not None:
            _note(waits, one.table, one.run.unknown(one.column))
    return Doubt(changed, speakable, tuple(waits.values()))


def verdict_of(final: Spoken, doubt: Doubt) -> Verdict:
    """What a merged value comes to."""
    if final is NOTHING:
        if doubt.speakable:
            return Verdict(None, Status.UNDETERMINED, False, doubt.waits)
        return SILENT
    if isinstance(final, Lack):
        return Verdict(None, Status.UNDETERMINED, final is CLASH, doubt.waits)
    if isinstance(final, tuple) and UNKNOWN in final:
        known = tuple(item for item in final if not isinstance(item, Lack))
        return Verdict(known or None, Status.PROVISIONAL if known else Status.UNDETERMINED, False, doubt.waits)
    if doubt.changed:
        return Verdict(final, Status.PROVISIONAL, False, doubt.waits)
    return Verdict(final, Status.DECIDED, False)


def _note(waits: dict[tuple[int, int], frozenset[str]], number: int, waiting: Mapping[int, frozenset[str]]) -> None:
    """A rule counts once for a term, with all the names for which it waits."""
    for rule, names in waiting.items():
        waits[number, rule] = waits.get((number, rule), frozenset()) | names
