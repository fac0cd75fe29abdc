"""What may still change of a term's value, remembered by the pattern of what is said.

Whether another rule would move the merged value, and for which names it waits, hangs on which of the values are equal,
not on what they are: a thousand cases in which the same rules are open, each with amounts of its own, have one pattern
(as terms have that differ in the names of their variables). So rules are tried out once for each pattern. That holds
where values are only compared for being the same: not where a policy or a merge puts them in order or adds them up, nor
where a lower tier may move a value the buyer's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rulectl.columnar.codes import Numbered
from rulectl.model.policy import Gives, HitPolicy, Merge, Takes
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import (
    SETTLED,
    Doubt,
    Entry,
    Heard,
    KnownEntries,
    TableRun,
    Verdict,
    doubt_of,
    merged,
    verdict_of,
)
from rulectl.runtime.plan import Reach, TablePlan
from rulectl.runtime.resolve import NOTHING, Lack, Spoken

_JOINING = frozenset((Merge.COLLECT, Merge.ALL))
_BY_SAMENESS = frozenset((Merge.SINGLE, Merge.FIRST, Merge.COLLECT, Merge.ALL))

Pattern = tuple[tuple[object, ...], tuple[int, ...]]
Waits = tuple[frozenset[str], ...]


class Weighing:
    """Verdicts on one term. `writers` are the plans of the tables that write it, with their columns."""

    def __init__(self, term: Term, writers: Sequence[tuple[TablePlan, int]]) -> None:
        self.term = term
        tiers = {plan.table.tier for plan, _ in writers}
        policies = [plan.outputs.policies[column] for plan, column in writers]
        self._patterned = (
            term.merge in _BY_SAMENESS
            and (term.favours is None or len(tiers) == 1)
            and all(_by_sameness(policy, len(policies) == 1) for policy in policies)
        )
        self.forget()

    def forget(self) -> None:
        """Forget all patterns; entries that bear marks must be forgotten with them."""
        self._doubts: dict[Pattern, Doubt] = {}
        self._shapes: Numbered[object] = Numbered()
        self.forget_values()

    def forget_values(self) -> None:
        """Forget all values, which patterns do not hang on; entries that bear marks must be forgotten with them."""
        self._frames: dict[tuple[Reach, int], Frame] = {}
        self._values: Numbered[tuple[type, Spoken]] = Numbered()
        self._waits: dict[Waits, Waits] = {(): ()}
        self._names: dict[frozenset[str], frozenset[str]] = {}
        self._added: dict[tuple[int, int], tuple[TableRun, Adding | None]] = {}

    def __len__(self) -> int:
        return len(self._doubts)

    def verdict(self, heard: Sequence[Heard]) -> Verdict:
        """The verdict from what writers say, in firing order."""
        if all(one.run is None for one in heard):
            return verdict_of(merged(self.term, heard), SETTLED)
        # plain entries are the same in all runs of a reach: each pattern of these alone would be met once
        computed = any(one.run is not None and one.run.reach.computes for one in heard)
        final = merged(self.term, heard)
        pattern = self._pattern(heard) if self._patterned and computed else None
        if pattern is not None:
            doubt = self._doubts.get(pattern)
            if doubt is None:
                doubt = self._doubt(heard, final)
                doubt = self._doubts[pattern] = doubt._replace(waits=self.kept(doubt.waits))
            return verdict_of(final, doubt)
        return verdict_of(final, self._doubt(heard, final))

    def _doubt(self, heard: Sequence[Heard], final: Spoken) -> Doubt:
        """What may become of what is merged."""
        joined = self._joined(heard) if self.term.merge in _JOINING and len(heard) > 1 else None
        return joined or doubt_of(self.term, heard, final)

    def _joined(self, heard: Sequence[Heard]) -> Doubt | None:
        """What may become of a list that writers add to: if no two of them may add the same, each can change it by
        itself alone. None where that is not so."""
        parts = [self._adding(one) for one in heard]
        if None in parts:
            return None
        adding = [part for part in parts if part is not None]
        if len(frozenset[Spoken]().union(*(part.items for part in adding))) < sum(len(part.items) for part in adding):
            return None
        waits: dict[tuple[int, int], frozenset[str]] = {}
        changing = [(one.table, part.changes) for one, part in zip(heard, adding, strict=True) if part.changes]
        if not changing:
            changing = [(one.table, part.joint) for one, part in zip(heard, adding, strict=True) if part.joint]
        unknown = [(one.table, part.unknown) for one, part in zip(heard, adding, strict=True)]
        for table, notes in (*changing, *unknown):
            for rule, names in notes:
                waits[table, rule] = waits.get((table, rule), frozenset()) | names
        return Doubt(bool(changing), any(part.speakable for part in adding), tuple(waits.values()))

    def _adding(self, one: Heard) -> Adding | None:
        """What one writer adds to a list, and may come to add."""
        if one.run is None:
            items = _items(one.spoken)
            return None if items is None else Adding(items)
        known = self._added.get((id(one.run), one.column))
        if known is None or known[0] is not one.run:
            known = self._added[id(one.run), one.column] = one.run, _adding(one.run, one.column, one.spoken)
        return known[1]

    def kept(self, waits: Waits) -> Waits:
        """The same sets of names, each held once: thousands of verdicts wait for the same few, and a set of names takes
        more room than all else that is kept of a verdict."""
        found = self._waits.get(waits)
        if found is None:
            found = tuple([self._names.setdefault(names, names) for names in waits])
            self._waits[found] = found
        return found

    def _pattern(self, heard: Sequence[Heard]) -> Pattern | None:
        """What is said with a number for each value, the same for the same; None where that must be evaluated."""
        fixed: list[object] = []
        values: list[int] = []
        for one in heard:
            run, column = one.run, one.column
            if run is None:
                shape, ids = self._marked(one.spoken)
                fixed += (one.table, shape)
                values += ids
                continue
            now = run.now
            if not isinstance(now, KnownEntries) and run.plan.expressions and run.reach.computes:
                return None
            frame = self._frames.get((run.reach, column))
            if frame is None:
                frame = self._frames[run.reach, column] = self._frame(run, column)
            fixed += (one.table, run.reach)
            values += frame.values
            if isinstance(now, KnownEntries):
                entries = now.entries
                for place in frame.places:
                    entry = entries[place]
                    shape, ids = entry.mark or self._mark(entry)
                    fixed.append(shape)
                    values += ids
        first: dict[int, int] = {}
        return tuple(fixed), tuple([first.setdefault(value, at) for at, value in enumerate(values)])

    def _frame(self, run: TableRun, column: int) -> Frame:
        """What is the same in all runs of a reach."""
        reach, plan = run.reach, run.plan
        rules = {*reach.hits}.union(*(one.hits for one in (*reach.variations, *reach.joint)))
        said = {plan.spoken[rule][column] for rule in sorted(rules) if (rule, column) not in plan.expressions}
        values = [value for spoken in said for value in self._marked(spoken)[1]]
        places = run.now.places if isinstance(run.now, KnownEntries) else {}
        return Frame(tuple(values), tuple([place for at, place in places.items() if at[1] == column]))

    def _mark(self, entry: Entry) -> tuple[int, tuple[int, ...]]:
        """The form of an entry, and the numbers of the values in it."""
        if entry.same:
            found = self._marked(entry.now, entry.lacks)
        else:
            found = self._marked(entry.now, entry.may, entry.lacks, entry.may_lack)
        entry.mark = found
        return found

    def _marked(self, *parts: Spoken | frozenset[str]) -> tuple[int, tuple[int, ...]]:
        values: list[int] = []
        form = tuple([self._form(part, values) for part in parts])
        return self._shapes.number(form), tuple(values)

    def _form(self, part: Spoken | frozenset[str], values: list[int]) -> object:
        """A part without its values, whose numbers go to `values`. No function within a function: one that calls itself
        is a cycle, and garbage is not looked for while a frame is decided."""
        if isinstance(part, tuple):
            return tuple([self._form(item, values) for item in part])
        if isinstance(part, Lack | frozenset):
            return part
        values.append(self._values.number((type(part), part)))
        return None


class Frame(NamedTuple):
    """The numbers of the plain values that rules of a column say, or may come to; the places of its expressions."""

    values: tuple[int, ...]
    places: tuple[int, ...]


class Adding(NamedTuple):
    """What a writer of a list may add to it (`items`); the rules that would change that with the names for which each
    waits, singly (`changes`) and as others fall away (`joint`), and those whose own entries are unknown. `speakable`:
    whether it may come to add anything else."""

    items: frozenset[Spoken]
    changes: tuple[tuple[int, frozenset[str]], ...] = ()
    joint: tuple[tuple[int, frozenset[str]], ...] = ()
    unknown: tuple[tuple[int, frozenset[str]], ...] = ()
    speakable: bool = False


def _items(spoken: Spoken) -> frozenset[Spoken] | None:
    """The items of a list; None where they repeat, or it is no list."""
    if spoken is NOTHING:
        return frozenset()
    if not isinstance(spoken, tuple) or not spoken:
        return None
    items = frozenset[Spoken](spoken)
    return items if len(items) == len(spoken) else None


def _adding(run: TableRun, column: int, spoken: Spoken) -> Adding | None:
    """What a writer says that may yet say something else; None where that is no list, or has an item twice."""
    items = _items(spoken)
    speakable = False
    notes: list[tuple[tuple[int, frozenset[str]], ...]] = []
    for ways in (run.changes(column), run.joint_changes(column)):
        mine: list[tuple[int, frozenset[str]]] = []
        for other, waiting in ways:
            more = _items(other)
            if items is None or more is None:
                return None
            items |= more
            if other != spoken:
                speakable = speakable or other is not NOTHING
                mine += waiting.items()
        notes.append(tuple(mine))
    changes, joint = notes
    return None if items is None else Adding(items, changes, joint, tuple(run.unknown(column).items()), speakable)


def _by_sameness(policy: HitPolicy, alone: bool) -> bool:
    """Whether a policy only asks which values are the same; a count is a value of its own, which may be that of another
    table."""
    takes = policy.takes in (Takes.ONLY, Takes.FIRST, Takes.EVERY)
    return takes and (policy.gives in (Gives.ONE, Gives.LIST) or (alone and policy.gives is Gives.COUNT))
