"""What a case knows of a term, by number, and the classes in which the columns of tables see that.

A state is the value of a term now, what is certain of it, and whether it is absent for certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rulectl.columnar.codes import Codes, Numbered
from rulectl.lang.region import ABSENT, UNKNOWN, Partition
from rulectl.runtime.contents import Contents
from rulectl.values import Value


class State(NamedTuple):
    """A term in a case. `kind` keeps true and 1 apart among equal states."""

    now: Value
    certain: Value
    absent: bool


UNCERTAIN = -1
"""In place of the class of a value that may yet change."""

BLANK = State(None, None, False)


def given(value: Value) -> State:
    """The state of a term that a case gives, or leaves blank."""
    return BLANK if value is None else State(value, value, False)


CERTAIN, OPEN, MISSING, GONE = range(4)
"""What is known of a term in a row: its value for good, one that may yet change, none, or that there is none for
certain."""

FORMS = 4


def form_of(state: State) -> int:
    """What is known of a term in a state."""
    now, certain, absent = state
    if now is None:
        return GONE if absent else MISSING
    return CERTAIN if certain is now else OPEN


class Facts(dict[str, Value]):
    """What a run may look at, beside the constants that all runs share. A name that is neither is a mistake of this
    module, never a silent unknown."""

    __slots__ = ("constants",)

    def __init__(self, constants: Mapping[str, Value], own: Mapping[str, Value] | None = None) -> None:
        super().__init__(own or ())
        self.constants = constants

    def __missing__(self, name: str) -> Value:
        return self.constants[name]

    def get(self, name: str, default: object = None) -> Value:
        return self[name]


class Pair(NamedTuple):
    """The classes of a term: as it is now, and as far as it is certain."""

    now: int
    may: int


def classes_of(state: State, partition: Partition | Contents) -> Pair:
    """The classes of a state, as a table that reads the term sees them."""
    null = ABSENT if state.absent else UNKNOWN
    now = null if state.now is None else partition.locate(state.now)
    if state.certain is state.now:
        return Pair(now, now)
    return Pair(now, null if state.certain is None else partition.locate(state.certain))


_KEPT = 2
"""Of so many kinds of states a column's pairs are remembered: those of the reader, and those of the last frame."""


@dataclass(slots=True)
class Lens:
    """How one table column sees one term: the pairs of classes met so far, by number."""

    partition: Partition | Contents
    pairs: Numbered[Pair] = field(default_factory=Numbered)
    _seen: dict[int, tuple[Numbered[State], Codes]] = field(default_factory=dict)
    _classes: Codes = field(default_factory=lambda: np.zeros(0, np.int32))
    _finer: dict[int, tuple[Partition, Codes]] = field(default_factory=dict)

    def of_states(self, states: Numbered[State]) -> Codes:
        """State number -> pair number."""
        # the last asked for stands last; states that a frame brought along do not come again
        known = self._seen.pop(id(states), None)
        done = known[1] if known is not None and known[0] is states else np.zeros(0, np.int32)
        if len(done) < len(states):
            fresh = [self.pairs.number(classes_of(state, self.partition)) for state in states.items[len(done) :]]
            done = np.concatenate([done, np.array(fresh, np.int32)])
        self._seen[id(states)] = states, done
        if len(self._seen) > _KEPT:
            del self._seen[next(iter(self._seen))]
        return done

    def of_classes(self, points: Partition) -> Codes:
        """Class number of a partition with all of this one's points -> pair number."""
        known = self._finer.get(id(points))
        if known is None or known[0] is not points:
            assert isinstance(self.partition, Partition)
            classes = [points.coarser(self.partition, klass) for klass in range(points.size)]
            pairs = np.array([self.pairs.number(Pair(klass, klass)) for klass in classes], np.int32)
            known = self._finer[id(points)] = (points, pairs)
        return known[1]

    def class_of_classes(self, points: Partition) -> Codes:
        """Class number of a partition with all of this one's points -> class."""
        pairs = self.of_classes(points)
        return self._class_of_pairs()[pairs]

    def class_of_states(self, states: Numbered[State]) -> Codes:
        """State number -> class; UNCERTAIN for a state that is not certain."""
        pairs = self.of_states(states)
        return self._class_of_pairs()[pairs]

    def now_and_may(self, pairs: Codes) -> tuple[Codes, Codes]:
        """The classes of pairs, by their numbers, now and as far as they are certain; one array where these are the
        same."""
        both = np.array(self.pairs.items, np.int32).reshape(-1, 2)
        now, may = both[:, 0].take(pairs), both[:, 1].take(pairs)
        return now, now if (now == may).all() else may

    def _class_of_pairs(self) -> Codes:
        done = len(self._classes)
        if done < len(self.pairs):
            fresh = [pair.now if pair.now == pair.may else UNCERTAIN for pair in self.pairs.items[done:]]
            self._classes = np.concatenate([self._classes, np.array(fresh, np.int32)])
        return self._classes

    def forget(self) -> None:
        """Let go of all states."""
        self._seen.clear()

    def renumber(self) -> None:
        """Forget the pairs too; what holds their numbers must be forgotten with them."""
        self.forget()
        self.pairs = Numbered()
        self._classes = np.zeros(0, np.int32)
        self._finer.clear()
