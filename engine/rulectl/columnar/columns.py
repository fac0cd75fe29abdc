"""What a term is, row by row: a column of states, seen finely (its values) or coarsely (the classes a table asks for).

A state is what a case knows of a term: its value now, what is certain of it, and whether it is absent for certain. Most
terms have few states and are coded by them. An amount may differ in every row: `Numbers` keeps the numbers themselves,
as binary floats where these tell all decimals apart (15 digits), and codes them by value only where a rule computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.columnar.amounts import NULL, ODD, PLAIN, Amounts, of_floats, units_of
from rulectl.columnar.codes import Codes, Numbered, Part, Rows, constant, occurring
from rulectl.columnar.ruler import Floats, Ruler
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN, Partition
from rulectl.values import Value, number, plain_text


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


def classes_of(state: State, partition: Partition) -> Pair:
    """The classes of a state, as a table that reads the term sees them."""
    null = ABSENT if state.absent else UNKNOWN
    now = null if state.now is None else partition.locate(state.now)
    if state.certain is state.now:
        return Pair(now, now)
    return Pair(now, null if state.certain is None else partition.locate(state.certain))


@dataclass(slots=True)
class Lens:
    """How one table column sees one term: the pairs of classes met so far, by number."""

    partition: Partition
    pairs: Numbered[Pair] = field(default_factory=Numbered)
    _seen: dict[int, tuple[Numbered[State], Codes]] = field(default_factory=dict)
    _classes: Codes = field(default_factory=lambda: np.zeros(0, np.int32))
    _finer: dict[int, tuple[Partition, Codes]] = field(default_factory=dict)

    def of_states(self, states: Numbered[State]) -> Codes:
        """State number -> pair number."""
        known = self._seen.get(id(states))
        if known is not None and known[0] is states and len(known[1]) == len(states):
            return known[1]
        start = 0 if known is None or known[0] is not states else len(known[1])
        fresh = [self.pairs.number(classes_of(state, self.partition)) for state in states.items[start:]]
        codes = np.array(fresh, np.int32)
        if start and known is not None:
            codes = np.concatenate([known[1], codes])
        self._seen[id(states)] = (states, codes)
        return codes

    def of_classes(self, points: Partition) -> Codes:
        """Class number of a partition with all of this one's points -> pair number."""
        known = self._finer.get(id(points))
        if known is None or known[0] is not points:
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

    def _class_of_pairs(self) -> Codes:
        done = len(self._classes)
        if done < len(self.pairs):
            fresh = [pair.now if pair.now == pair.may else UNCERTAIN for pair in self.pairs.items[done:]]
            self._classes = np.concatenate([self._classes, np.array(fresh, np.int32)])
        return self._classes

    def forget(self) -> None:
        self._seen.clear()


class Column(Protocol):
    """A term over all rows."""

    def seen(self, lens: Lens) -> Part:
        """As a table column sees it: pair numbers."""

    def width(self, lens: Lens) -> int:
        """How many pairs of classes it may fall into."""

    def classes(self, lens: Lens) -> Codes:
        """As a table column sees it: classes, UNCERTAIN for what is not certain."""

    def exact(self) -> tuple[Codes, Numbered[State]]:
        """By its states."""

    def at(self, rows: Rows) -> list[State]:
        """The states of some rows."""

    @property
    def forms(self) -> Codes:
        """What is known of each row: CERTAIN, OPEN, MISSING or GONE."""

    @property
    def amounts(self) -> Amounts | None:
        """Numbers in units; None where these are none."""

    def kept(self, rows: npt.NDArray[np.bool_]) -> Column:
        """The same for some of the rows."""

    def texts(self) -> pl.Series:
        """As texts, null where it is not known."""


@dataclass
class Coded:
    """A term with few states."""

    codes: Codes
    states: Numbered[State]

    def seen(self, lens: Lens) -> Part:
        lut = lens.of_states(self.states)
        if len(lens.pairs) == 1:
            return Part(constant(len(self.codes)), 1)
        return Part(lut.take(self.codes), len(lens.pairs))

    def width(self, lens: Lens) -> int:
        return len(occurring(lens.of_states(self.states)))

    def classes(self, lens: Lens) -> Codes:
        return lens.class_of_states(self.states).take(self.codes)

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self.codes, self.states

    def at(self, rows: Rows) -> list[State]:
        return [self.states.items[code] for code in self.codes[rows].tolist()]

    @cached_property
    def forms(self) -> Codes:
        """What is known of each row."""
        lut = constant(len(self.states))
        for code in occurring(self.codes):
            lut[code] = form_of(self.states.items[code])
        return lut.take(self.codes)

    @cached_property
    def floats(self) -> Floats | None:
        """Numbers as floats, NaN for null; None where floats do not tell them apart, or these are no numbers."""
        lut = np.full(len(self.states), np.nan)
        for code in occurring(self.codes):
            value = self.states.items[code].now
            if value is not None:
                if not isinstance(value, Decimal) or not in_floats(value):
                    return None
                lut[code] = float(value)
        return lut.take(self.codes)

    @cached_property
    def amounts(self) -> Amounts | None:
        """Numbers in units; None where these are none."""
        size = len(self.states)
        units, kinds, sure = np.zeros(size, np.int64), np.full(size, NULL), np.zeros(size, np.bool_)
        for code in occurring(self.codes):
            now, certain, _ = self.states.items[code]
            sure[code] = certain is now
            if now is None:
                continue
            if type(now) is not Decimal:
                return None
            found = units_of(now)
            kinds[code] = ODD if found is None else PLAIN
            units[code] = found or 0
        whole, codes = Amounts.of(units, kinds, sure), self.codes
        return replace(whole, units=whole.units.take(codes), kinds=kinds.take(codes), sure=sure.take(codes))

    def kept(self, rows: npt.NDArray[np.bool_]) -> Coded:
        return Coded(self.codes[rows], self.states)

    def texts(self) -> pl.Series:
        codes, states = self.exact()
        texts = [None if state.now is None else plain_text(state.now) for state in states.items]
        return pl.Series(texts, dtype=pl.String).gather(pl.Series(codes))


@dataclass(slots=True)
class Texts:
    """Free text: coded by the texts that rules name, written as it was read. `simple`: every text is one of letters and
    digits, which no file and no spreadsheet takes for anything else."""

    codes: Codes
    states: Numbered[State]
    series: pl.Series
    simple: bool = False

    def seen(self, lens: Lens) -> Part:
        return Coded(self.codes, self.states).seen(lens)

    def width(self, lens: Lens) -> int:
        return Coded(self.codes, self.states).width(lens)

    def classes(self, lens: Lens) -> Codes:
        return Coded(self.codes, self.states).classes(lens)

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self.codes, self.states

    def at(self, rows: Rows) -> list[State]:
        return Coded(self.codes, self.states).at(rows)

    @property
    def forms(self) -> Codes:
        """What is known of each row."""
        return Coded(self.codes, self.states).forms

    @property
    def amounts(self) -> None:
        """Texts are no numbers."""
        return None

    def kept(self, rows: npt.NDArray[np.bool_]) -> Texts:
        return Texts(self.codes[rows], self.states, self.series.filter(pl.Series(rows)), self.simple)

    def texts(self) -> pl.Series:
        return self.series


@dataclass
class Numbers:
    """A number that may differ in every row: NaN where a case leaves it blank. `odd` are the rows whose numbers have
    too many digits for floats, as decimals. `ends` are the end points of `points` as `ends_of` gives them."""

    values: Floats
    odd: Mapping[int, Decimal]
    points: Partition
    ends: Ruler

    @cached_property
    def _classes(self) -> Codes:
        """The class of each row among the points of all tables."""
        found = self.ends.places(self.values)
        found += np.int32(FIRST)
        blank = np.isnan(self.values)
        if blank.any():
            found[blank] = UNKNOWN
        for row, value in self.odd.items():
            found[row] = self.points.locate(value)
        return found

    def seen(self, lens: Lens) -> Part:
        return Part(lens.of_classes(self.points).take(self._classes), len(lens.pairs))

    def width(self, lens: Lens) -> int:
        return lens.partition.size

    def classes(self, lens: Lens) -> Codes:
        if lens.partition.points == self.points.points:
            return self._classes
        return lens.class_of_classes(self.points).take(self._classes)

    def exact(self) -> tuple[Codes, Numbered[State]]:
        return self._exact

    def at(self, rows: Rows) -> list[State]:
        odd = self.odd
        values = zip(rows.tolist(), self.values[rows].tolist(), strict=True)
        return [
            given(odd[row]) if row in odd else BLANK if value != value else given(number(value))
            for row, value in values
        ]

    @property
    def forms(self) -> Codes:
        """What is known of each row."""
        found = np.where(np.isnan(self.values), MISSING, CERTAIN).astype(np.int32)
        found[list(self.odd)] = CERTAIN
        return found

    @cached_property
    def _exact(self) -> tuple[Codes, Numbered[State]]:
        values, found = np.unique(self.values, return_inverse=True)
        states: Numbered[State] = Numbered()
        lut = [states.number(BLANK if value != value else given(number(value))) for value in values.tolist()]
        codes: Codes = np.array(lut, np.int32)[found]
        for row, value in self.odd.items():
            codes[row] = states.number(given(value))
        return codes, states

    @cached_property
    def amounts(self) -> Amounts:
        """The numbers in units."""
        return of_floats(self.values, list(self.odd))

    def kept(self, rows: npt.NDArray[np.bool_]) -> Numbers:
        at = np.cumsum(rows) - 1
        odd = {int(at[row]): value for row, value in self.odd.items() if rows[row]}
        return Numbers(self.values[rows], odd, self.points, self.ends)

    def texts(self) -> pl.Series:
        codes, states = self.exact()
        texts = [None if state.now is None else plain_text(state.now) for state in states.items]
        return pl.Series(texts, dtype=pl.String).gather(pl.Series(codes))


def ends_of(points: Sequence[Decimal]) -> Ruler:
    """Each end point and the very next float: to the right of both lies the open stretch above it."""
    ends = np.array([float(point) for point in points], np.float64)
    return Ruler.of(np.stack([ends, np.nextafter(ends, np.inf)], axis=1).ravel())


def in_floats(value: Decimal) -> bool:
    """Whether floats tell a number from all others of up to 15 digits, and keep their order."""
    return len(value.as_tuple().digits) <= 15 and abs(value) < 10**15


def told_apart(points: Sequence[Decimal]) -> bool:
    """Whether floats tell these end points from every number of up to 15 digits."""
    return all(map(in_floats, points)) and all(float(a) < float(b) for a, b in pairwise(points))


def as_floats(column: Column) -> Floats | None:
    """A column of numbers as floats, NaN for null; None where floats do not tell them apart, or these are no
    numbers."""
    match column:
        case Numbers():
            return None if column.odd else column.values
        case Coded():
            return column.floats
        case _:
            return None
