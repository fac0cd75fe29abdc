"""What one output column of a table says, by number: runs that say the same, and could say nothing else, are one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Lut
from rulectl.columnar.owned import Own, objects
from rulectl.model.policy import Gives
from rulectl.runtime.judge import TableRun
from rulectl.runtime.resolve import NOTHING, UNKNOWN, Lack, Spoken
from rulectl.types import Type


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What is said; `run` where it may yet say something else."""

    spoken: Spoken
    run: TableRun | None = None


OWN: Final = Voice("\0")
"""Stands for all that rows say of their own, each something else, for good (owned.py)."""


SILENT, ADDS, WEIGHS = range(3)


def _speaking(voice: Voice) -> int:
    if voice.run is not None:
        return WEIGHS
    if voice.spoken is NOTHING:
        return SILENT
    return ADDS if voice is OWN or isinstance(voice.spoken, tuple) else WEIGHS


class Said(NamedTuple):
    """What a column says in each row, by number, -1 where it is what the run says; and values of rows' own."""

    codes: Codes
    own: Own | None = None


class Voices:
    """What a column says, by number."""

    def __init__(self, column: int) -> None:
        self.column = column
        self.forget()

    def forget(self) -> None:
        """Forget all; what holds numbers must be forgotten with them."""
        self.items: list[Voice] = []
        self._numbers: dict[tuple[type, Spoken], int] = {}
        self.unsaid: set[int] = set()
        """The runs that stand for many which say different things in this column."""
        self._of_run = Lut()
        self._own = -1
        self._speaking = Lut()

    def __len__(self) -> int:
        return len(self.items)

    def number(self, spoken: Spoken) -> int:
        """The number of what is said for good."""
        key = type(spoken), spoken
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.items)
            self.items.append(Voice(spoken))
        return found

    @property
    def own(self) -> int:
        """The number of what rows say of their own."""
        if self._own < 0:
            self._own = len(self.items)
            self.items.append(OWN)
        return self._own

    @property
    def speaking(self) -> Codes:
        """Voice number -> SILENT, or how what is said could be added to a list: ADDS for good, or WEIGHS."""
        fresh = self.items[len(self._speaking) :]
        self._speaking.items += [_speaking(voice) for voice in fresh]
        return self._speaking.array()

    def said(self, number: int) -> Spoken:
        """What is said as a case stands."""
        return self.items[number].spoken

    def of_own(self, own: Own, type_: Type) -> Codes:
        """The numbers of what rows say of their own, one for each value."""
        at, places = np.unique(own.places, return_inverse=True)
        values = objects(own.values.gather(at), type_)
        return np.array([self.number(value) for value in values], np.int32).take(places)

    def of_runs(self, runs: list[TableRun]) -> Codes:
        """Run number -> the number of what it says, -1 where it is `unsaid`; of all runs of the table so far."""
        for number in range(len(self._of_run), len(runs)):
            self._of_run.items.append(-1 if number in self.unsaid else self._of(runs[number]))
        return self._of_run.array()

    def _of(self, run: TableRun) -> int:
        spoken = run.spoken(self.column)
        if self._open(run, spoken):
            self.items.append(Voice(spoken, run))
            return len(self.items) - 1
        return self.number(spoken)

    def _open(self, run: TableRun, spoken: Spoken) -> bool:
        """Whether a run may yet say something else."""
        reach = run.reach
        if reach.variations or reach.joint:
            return True
        if not (run.plan.expressions and reach.computes and reach.hits):
            return False
        if isinstance(spoken, Lack) or (isinstance(spoken, tuple) and UNKNOWN in spoken):
            return True
        # what was said of certain values by all rules that matter cannot change
        policy = run.plan.outputs.policies[self.column]
        # which does not hang on the column's own entries alone, or on none of them
        partly = policy.takes.by_values or policy.gives is Gives.COUNT
        if not partly and run.now is run.may:
            return False
        return any(True for _ in run.changes(self.column)) or bool(run.unknown(self.column))
