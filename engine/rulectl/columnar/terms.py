"""Decided terms over all rows: the verdict of each combination of its writers' runs (runtime/judge.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Combined, Known, Lut, Numbered, Part, Rows, constant, singly
from rulectl.columnar.columns import Coded
from rulectl.columnar.doubts import Doubts
from rulectl.columnar.listed import Added, end_to_end
from rulectl.columnar.owned import Gathering, Own, Owned
from rulectl.columnar.states import BLANK, State
from rulectl.columnar.tables import Pass, TableColumns
from rulectl.columnar.voices import ADDS, OWN, SILENT, Voice, Voices
from rulectl.columnar.weighing import Weighing
from rulectl.model.policy import Merge, Status
from rulectl.model.rulebook import Term
from rulectl.runtime.judge import SETTLED, Heard, Verdict, verdict_of
from rulectl.runtime.resolve import NOTHING

Waits = frozenset[tuple[frozenset[str], int]]
"""Sets of names, and for how many rules each stands."""


class Verdicts(NamedTuple):
    """The verdicts of all rows, what rows lack whose doubts are not in their verdict, and the values that rows have to
    themselves."""

    codes: Codes
    doubts: Doubts | None = None
    own: Own | None = None


_RANK = {id(status): status.rank for status in Status}
"""By identity: there is one of each, and the hash of a member of an enumeration is worked out in Python."""


def state_of(term: Term, verdict: Verdict) -> State:
    """What a judged term is from then on."""
    value = verdict.value if verdict.value is not None else term.default
    return State(value, value if verdict.settled else None, verdict.settled and value is None)


@dataclass(slots=True)
class TermColumns:
    """One decided term. `writers` are (table, output column) in firing order. By verdict number: `state` the number of
    the state, `rank` that of the status, `waits` that of the sets of names for which it waits (`groups`), `clash` 1 or
    0. A verdict in doubt for what bits say is open (doubts.py) has what it waits for beside it, row by row."""

    term: Term
    writers: Sequence[tuple[TableColumns, int]]
    verdicts: list[Verdict] = field(default_factory=list)
    states: Numbered[State] = field(default_factory=Numbered)
    state: Lut = field(default_factory=Lut)
    rank: Lut = field(default_factory=Lut)
    waits: Lut = field(default_factory=Lut)
    groups: Numbered[Waits] = field(default_factory=lambda: Numbered(frozenset()))
    unions: Numbered[frozenset[str]] = field(default_factory=lambda: Numbered(frozenset()))
    clash: Lut = field(default_factory=Lut)
    _behind: Lut = field(default_factory=Lut)
    _in_doubt: Known = field(default_factory=Known)
    _number: dict[tuple[object, ...], int] = field(default_factory=dict)
    _group: dict[tuple[frozenset[str], ...], int] = field(default_factory=dict)
    _verdict_of: dict[tuple[int, ...], int] = field(default_factory=dict)
    _of_voice: Lut = field(default_factory=Lut)
    _combined: Combined = field(default_factory=Combined)
    _own_number: int = -1
    _weighing: Weighing = field(init=False)

    def __post_init__(self) -> None:
        self._weighing = Weighing(self.term, [(table.plan, column) for table, column in self.writers])

    def forget(self) -> None:
        """Forget all verdicts; columns that hold their numbers must be forgotten with them."""
        self.forget_values()
        self._behind = Lut()
        self.groups, self.unions = Numbered(frozenset()), Numbered(frozenset())
        self._group = {}
        self._weighing.forget()

    def forget_values(self) -> None:
        """Forget the verdicts, and keep for what they may wait."""
        self.verdicts, self.states = [], Numbered()
        self.state, self.rank, self.waits, self.clash = Lut(), Lut(), Lut(), Lut()
        self._in_doubt, self._of_voice = Known(), Lut()
        self._number, self._verdict_of = {}, {}
        self._own_number = -1
        self._combined = Combined()
        self._weighing.forget_values()

    def decide(self, passes: Mapping[int, Pass], rows: int) -> Verdicts:
        """The number of each row's verdict, what it lacks beside that, and the values that rows have to themselves."""
        settled = self._settle(passes, rows)
        verdicts = settled.codes
        if len(self.writers) != 1:
            return settled
        ((table, column),) = self.writers
        found = passes[table.number].doubts
        if not found or not found[column].codes.any():
            return settled
        doubts = found[column]
        (where,) = doubts.codes.nonzero()
        verdicts = verdicts.copy()
        verdicts[where] = self._in_doubt.of(verdicts[where], len(self.verdicts), self._doubted)
        return Verdicts(verdicts, doubts)

    def _doubted(self, number: int) -> int:
        """The number of a verdict when it is in doubt."""
        value = self.verdicts[number].value
        return self.number(Verdict(value, Status.UNDETERMINED if value is None else Status.PROVISIONAL, False))

    def judged(self, verdicts: Codes) -> Codes | None:
        """The number of the sets of names for which each row's verdict waits, among `groups`; None where none does."""
        lut = self.waits.array()
        return lut[verdicts] if lut.any() else None

    def behind(self, waits: Codes) -> Codes:
        """The number of all names in each row's sets, among `unions`."""
        for group in self.groups.items[len(self._behind) :]:
            self._behind.items.append(self.unions.number(frozenset[str]().union(*(names for names, _ in group))))
        return self._behind.array()[waits]

    def _settle(self, passes: Mapping[int, Pass], rows: int) -> Verdicts:
        """The number of each row's verdict, as far as runs say, and the values that rows have to themselves."""
        parts: list[Part] = []
        owns: list[Own | None] = []
        for table, column in self.writers:
            done, voices = passes[table.number], table.voices[column]
            said = voices.of_runs(table.runs).take(done.runs)
            own = None
            if done.voices:
                mine, own = done.voices[column]
                said = np.where(mine < 0, said, mine)
            parts.append(Part(said, len(voices)))
            owns.append(own)
        if len(parts) > 1:
            return self._together(parts, owns, rows)
        # where one table says all there is, a verdict for each thing said is looked up in one step
        ((table, column),) = self.writers
        fresh = table.voices[column].items[len(self._of_voice) :]
        self._of_voice.items += [self._own if voice is OWN else self.number(self._judged((voice,))) for voice in fresh]
        return Verdicts(self._of_voice.array().take(parts[0].codes), own=owns[0])

    def _together(self, parts: Sequence[Part], owns: Sequence[Own | None], rows: int) -> Verdicts:
        """The same of several tables: a value of a row's own stands where nobody else says anything, or may come to;
        else it is weighed as any other is."""
        if all(own is None for own in owns):
            return Verdicts(self._combined.of(parts, rows, singly(self._verdict)))
        columns = [table.voices[column] for table, column in self.writers]
        speaking = [voices.speaking.take(part.codes) for part, voices in zip(parts, columns, strict=True)]
        speakers = np.sum([how != SILENT for how in speaking], axis=0)
        verdicts, gathering = constant(rows, self._own), Gathering(rows)
        weighed = np.ones(rows, np.bool_)
        for own in owns:
            if own is not None:
                (alone,) = (own.rows & (speakers == 1)).nonzero()
                gathering.add(alone, own.of(alone))
                weighed[alone] = False
        if self.term.merge in (Merge.COLLECT, Merge.ALL) and self.term.type.many:
            own_rows = np.logical_or.reduce([own.rows for own in owns if own is not None])
            (joined,) = (weighed & own_rows & (np.max(speaking, axis=0) == ADDS)).nonzero()
            lists = self._joined(joined, parts, owns, columns) if len(joined) else None
            if lists is not None:
                gathering.add(joined, lists)
                weighed[joined] = False
        (where,) = weighed.nonzero()
        rest: list[Part] = []
        for part, own, voices in zip(parts, owns, columns, strict=True):
            codes = part.codes[where]
            if own is not None:
                (mine,) = own.rows[where].nonzero()
                codes[mine] = voices.of_own(own.of(where[mine]), self.term.type)
            rest.append(Part(codes, len(voices)))
        verdicts[where] = self._combined.of(rest, len(where), singly(self._verdict))
        return Verdicts(verdicts, own=gathering.all())

    def _joined(
        self, where: Rows, parts: Sequence[Part], owns: Sequence[Own | None], columns: Sequence[Voices]
    ) -> Own | None:
        """The lists of rows in which all that is said stands for good."""
        added = [
            Added(part.codes[where], part.size, voices.said, None if own is None else own.of(where))
            for part, own, voices in zip(parts, owns, columns, strict=True)
        ]
        slots = {0: range(len(added))}
        return end_to_end(constant(len(where)), slots, added, self.term.type, self.term.merge is Merge.ALL)

    @property
    def _own(self) -> int:
        """The number of the verdict on all values that rows have to themselves, whose state is beside it."""
        if self._own_number < 0:
            self._own_number = len(self.verdicts)
            self.verdicts.append(Verdict(None, Status.DECIDED, False))
            self.state.items.append(self.states.number(BLANK))
            self.rank.items.append(_RANK[id(Status.DECIDED)])
            self.waits.items.append(0)
            self.clash.items.append(0)
        return self._own_number

    def _verdict(self, key: tuple[int, ...]) -> int:
        found = self._verdict_of.get(key)
        if found is None:
            voices = [t.voices[column].items[code] for (t, column), code in zip(self.writers, key, strict=True)]
            found = self._verdict_of[key] = self.number(self._judged(voices))
        return found

    def _judged(self, voices: Sequence[Voice]) -> Verdict:
        if len(voices) == 1 and voices[0].run is None:
            return verdict_of(voices[0].spoken, SETTLED)
        return self._weighing.verdict(
            [
                Heard(table.number, table.plan.table.tier, voice.spoken, voice.run, column)
                for (table, column), voice in zip(self.writers, voices, strict=True)
                if voice.run is not None or voice.spoken is not NOTHING
            ]
        )

    def number(self, verdict: Verdict) -> int:
        """The number of a verdict."""
        rank = _RANK[id(verdict.status)]
        waits = self._weighing.kept(verdict.waits)
        key = verdict.value, rank, verdict.clash, waits
        found = self._number.get(key)
        if found is None:
            found = self._number[key] = len(self.verdicts)
            self.verdicts.append(verdict if waits is verdict.waits else replace(verdict, waits=waits))
            self.state.items.append(self.states.number(state_of(self.term, verdict)))
            self.rank.items.append(rank)
            self.waits.items.append(self._waits(waits) if waits else 0)
            self.clash.items.append(int(verdict.clash))
        return found

    def _waits(self, waits: tuple[frozenset[str], ...]) -> int:
        """The number of some sets of names."""
        found = self._group.get(waits)
        if found is None:
            found = self._group[waits] = self.groups.number(frozenset(Counter(waits).items()))
        return found

    def column(self, verdicts: Verdicts) -> Coded | Owned:
        """The term as the tables above read it."""
        coded = Coded(self.state.array().take(verdicts.codes), self.states)
        return coded if verdicts.own is None else Owned(coded, verdicts.own, self.term.type)
