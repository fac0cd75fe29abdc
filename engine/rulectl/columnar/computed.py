"""Expressions over all rows: what an entry comes to is worked out once for each combination of the values it reads.

Entries that come to the same are one, whatever they were made of: of the rows of a shop, each with its own amounts,
many get the whole price back, or none of it. So what is done after this (runs, verdicts, texts) is done for each
distinct result, not for each combination of inputs. What cannot be computed or does not fit its column has no number
here: such rows are gone through by the one-case machinery, which knows what to say of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from rulectl.columnar.amounts import LARGEST, NULL, PLACES, PLAIN, Amounts, amounts, decimal_of
from rulectl.columnar.amounts import ODD as NOT_PLAIN
from rulectl.columnar.codes import Codes, Known, Lut, Numbered, Part, Rows, constant, distinct, occurring
from rulectl.columnar.columns import Coded, Column
from rulectl.columnar.owned import Gathering, Own, can_hold, fitting, held, objects
from rulectl.columnar.states import CERTAIN, FORMS, State
from rulectl.columnar.truths import Kept
from rulectl.columnar.voices import Voices
from rulectl.columnar.worded import texts, wording
from rulectl.lang.compiled import compiled
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.fold import fold_parts
from rulectl.lang.syntax import Expr, Name
from rulectl.lang.trees import names_of
from rulectl.runtime.judge import Entry, lacking, said_of
from rulectl.runtime.resolve import Lack, Spoken
from rulectl.types import Type
from rulectl.values import Value

ODD: Final = 0
OWN: Final = 1
"""The numbers of what cannot be computed, or does not fit, and of a value that stands beside, for good (owned.py)."""

MANY = 256
"""Values are rows' own where there are more than so many, and hardly any of them is that of eight rows."""

_SHARED = 8


class Computed:
    """What an expression comes to in a column of some type, by number. `terms` are the ids of all terms, `constants`
    have the parameters."""

    def __init__(self, expr: Expr, type_: Type, terms: Mapping[str, object], constants: Mapping[str, Value]) -> None:
        every = names_of(expr)
        known = {name: value for name, value in constants.items() if name not in terms}
        self.names = tuple(sorted(every & terms.keys()))
        self._void = frozenset(name for name in every - terms.keys() if known.get(name) is None)
        self._type = type_
        self._expr, self._constants = expr, known
        folded = fold_parts(expr, known)
        self._compute = compiled(folded)
        self._wording = wording(folded, type_)
        self.forget()

    def forget(self) -> None:
        """Forget all results; what holds their numbers must be forgotten with them."""
        self.entries: list[Entry] = [Entry(Lack.NOTHING, Lack.NOTHING), Entry("\0", "\0")]
        self._sure = Lut()
        self._sure.items += [0, 1]
        self._values: dict[Value, int] = {}
        self._others: dict[tuple[Spoken, Spoken, frozenset[str], frozenset[str]], int] = {}
        self._of_state = Known()
        self._states: Numbered[State] | None = None
        self._kept = Kept()
        self._voices: dict[int, Lut] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def now(self, code: int) -> Spoken:
        """What a result says as a case stands."""
        return self.entries[code].now

    def sure(self, codes: Codes) -> Codes:
        """1 where a result is a value that cannot change, else 0."""
        return self._sure.array().take(codes)

    def voices(self, codes: Codes, voices: Voices) -> Codes:
        """The number of what each row says where its result alone is said; only of results that are sure."""
        lut = self._voices.setdefault(id(voices), Lut())
        if not lut.items:
            lut.items += [0, voices.own]
        fresh = zip(self.entries[len(lut) :], self._sure.items[len(lut) :], strict=True)
        lut.items += [voices.number(entry.now) if sure else 0 for entry, sure in fresh]
        return lut.array().take(codes)

    def numbered(self, codes: Codes, own: Own | None) -> Codes:
        """The numbers of results, also of those that are rows' own."""
        (where,) = (codes == OWN).nonzero()
        if own is None or not len(where):
            return codes
        at, places = np.unique(own.places[where], return_inverse=True)
        found = codes.copy()
        values = objects(own.values.gather(at), self._type)
        found[where] = np.array([self._sum(value) for value in values], np.int32).take(places)
        return found

    def codes(self, columns: Mapping[str, Column], where: Rows) -> tuple[Codes, Own | None]:
        """The number of what each of some rows comes to; ODD where that is nothing to go on with."""
        # the states of a term that is only named are few, or its values stand beside
        named = isinstance(self._expr, Name) and isinstance(columns.get(self._expr.id), Coded)
        found = None if named else amounts(self._expr, columns, self._constants)
        if found is None or not found.units.ndim:
            return self._one_by_one(columns, where)
        kinds = np.where(found.sure, found.kinds, NOT_PLAIN)[where]
        (sums,), (nulls,), (rest,) = ((kinds == kind).nonzero() for kind in (PLAIN, NULL, NOT_PLAIN))
        codes, gathering = constant(len(where)), Gathering(len(where))
        codes[sums], own = self._of_amounts(found, where[sums])
        gathering.add(sums, own)
        if len(nulls):
            codes[nulls] = self._of_nulls(columns, where[nulls])
        if len(rest):
            codes[rest], own = self._one_by_one(columns, where[rest])
            gathering.add(rest, own)
        return codes, gathering.all()

    def _of_amounts(self, found: Amounts, where: Rows) -> tuple[Codes, Own | None]:
        """The numbers of plain amounts that cannot change."""
        values, number = np.unique(found.units[where], return_inverse=True)
        if _many(len(values), len(where)) and found.most_at(PLACES) < LARGEST and found.places <= PLACES:
            fit = fitting(values * np.int64(10 ** (PLACES - found.places)), self._type)
            if fit is not None:
                codes = np.where(fit[1], np.int32(OWN), np.int32(ODD)).take(number)
                return codes, Own(np.where(codes == OWN, number, -1).astype(np.int32), fit[0])
        said = [self._sum(decimal_of(units, found.places)) for units in values.tolist()]
        return np.array(said, np.int32).take(number), None

    def _of_nulls(self, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The same where arithmetic comes to nothing for certain: that hangs on which of its terms are unknown alone,
        so that one row is worked out of those that lack the same."""
        parts = [Part(columns[name].forms[where], FORMS) for name in self.names]
        at, number = distinct(parts, len(where))
        return np.array([self._number(key) for key in self._keys(columns, where[at])], np.int32).take(number)

    def _one_by_one(self, columns: Mapping[str, Column], where: Rows) -> tuple[Codes, Own | None]:
        """The same by each combination of values that is read."""
        if len(self.names) == 1 and isinstance(column := columns[self.names[0]], Coded):
            codes, states = column.codes[where], column.states
            if not _many(len(occurring(codes)), len(where)):
                if states is not self._states:
                    self._states, self._of_state = states, Known()
                items = states.items
                return self._of_state.of(codes, len(states), lambda code: self._number((items[code],))), None
        apart = [columns[name].apart for name in self.names]
        at, number = distinct([Part(part.codes[where], part.size) for part in apart], len(where))
        if not _many(len(at), len(where)) or not can_hold(self._type):
            return np.array(list(map(self._number, self._keys(columns, where[at]))), np.int32).take(number), None
        codes, gathering = constant(len(at), OWN), Gathering(len(at))
        certain = np.ones(len(at), np.bool_)
        for name in self.names:
            certain &= columns[name].forms[where[at]] == CERTAIN
        (sure,) = certain.nonzero()
        own = self._worded(columns, where[at[sure]])
        gathering.add(sure, own)
        rest = np.arange(len(at)) if own is None else np.flatnonzero(~certain)
        codes[rest], own = self._each_own(self._keys(columns, where[at[rest]]))
        gathering.add(rest, own)
        whole = gathering.all()
        return codes.take(number), None if whole is None else whole.of(number)

    def _worded(self, columns: Mapping[str, Column], where: Rows) -> Own | None:
        """The texts of some rows in which all is certain; None where these are worked out one by one."""
        if self._wording is None or self._void or not _many(len(where), len(where)):
            return None
        found = texts(self._wording, columns, self._constants, where, self._kept)
        if found is None:
            return None
        values = found.to_frame("text").select(pl.concat_list("text")).to_series() if self._type.many else found
        return Own(np.arange(len(where), dtype=np.int32), values)

    def _keys(self, columns: Mapping[str, Column], where: Rows) -> list[tuple[State, ...]]:
        """The states of the terms in some rows."""
        states = [columns[name].at(where) for name in self.names]
        return list(zip(*states, strict=True)) if states else [()] * len(where)

    def _each_own(self, keys: Sequence[tuple[State, ...]]) -> tuple[Codes, Own | None]:
        """What each combination comes to: values of their own where hardly two come to the same."""
        codes = constant(len(keys), OWN)
        places: list[int] = []
        place_of: dict[Value, int] = {}
        for at, states in enumerate(keys):
            code, said = self._come_to(states)
            if code == OWN:
                places.append(place_of.setdefault(said, len(place_of)))
            else:
                places.append(-1)
                codes[at] = code
        values = list(place_of)
        held_ = held(values, self._type) if _many(len(values), len(keys)) else None
        own = np.array(places, np.int32)
        if held_ is None:
            (where,) = (own >= 0).nonzero()
            codes[where] = np.array([self._numbered(value) for value in values], np.int32)[own[where]]
            return codes, None
        return codes, Own(own, held_)

    def _come_to(self, states: Sequence[State]) -> tuple[int, Value]:
        """The number of what the expression comes to for the states of its terms, or OWN and a value that fits and
        cannot change."""
        try:
            value = self._compute({name: state[0] for name, state in zip(self.names, states, strict=True)})
            for state in states:
                if state[1] is not state[0] or state[0] is None:
                    return self._unsure(value, states), None
        except CannotCompute:
            return ODD, None
        if value is None or self._void:
            return self._unsure(value, states), None
        # what fits is of one kind: no number is taken for a truth value
        said = said_of(value, self._type)
        return (ODD, None) if said is None else (OWN, said)

    def _number(self, states: Sequence[State]) -> int:
        """The number of what the expression comes to for the states of its terms."""
        code, said = self._come_to(states)
        return self._numbered(said) if code == OWN else code

    def _sum(self, value: Value) -> int:
        """The number of a value that cannot change."""
        said = said_of(value, self._type)
        return ODD if said is None else self._numbered(said)

    def _numbered(self, said: Value) -> int:
        """The same of one that fits."""
        found = self._values.get(said)
        if found is None:
            found = self._values[said] = self._new(Entry(said, said))
        return found

    def _unsure(self, value: Value, states: Sequence[State]) -> int:
        """The same where something is unknown or may yet change. Raises CannotCompute."""
        absent = {name for name, state in zip(self.names, states, strict=True) if state.absent}
        certain = {name: state.certain for name, state in zip(self.names, states, strict=True)}
        lacks = frozenset(name for name, state in zip(self.names, states, strict=True) if state.now is None)
        may_lack = frozenset(name for name, known in certain.items() if known is None)
        now = self._said(value, lacks | self._void, absent)
        may = self._said(self._compute(certain), may_lack | self._void, absent)
        if now is None or may is None:
            return ODD
        key = now, may, (lacks | self._void) - absent, (may_lack | self._void) - absent
        found = self._others.get(key)
        if found is None:
            found = self._others[key] = self._new(Entry(*key))
        return found

    def _said(self, value: Value, missing: frozenset[str], absent: set[str]) -> Spoken:
        """What a value says; None where it does not fit."""
        return lacking(missing, absent) if value is None else said_of(value, self._type)

    def _new(self, entry: Entry) -> int:
        self.entries.append(entry)
        self._sure.items.append(int(entry.sure))
        return len(self.entries) - 1


def _many(values: int, rows: int) -> bool:
    """Whether so many different values in so many rows are rows' own."""
    return values > MANY and values * _SHARED > rows
