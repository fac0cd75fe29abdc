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

from rulectl.columnar.amounts import NULL, PLAIN, amounts, decimal_of
from rulectl.columnar.amounts import ODD as NOT_PLAIN
from rulectl.columnar.codes import Codes, Known, Lut, Numbered, Part, Rows, constant, distinct, each, occurring
from rulectl.columnar.columns import Column, State
from rulectl.columnar.voices import Voices
from rulectl.lang.compiled import compiled
from rulectl.lang.evaluate import CannotCompute, names_of
from rulectl.lang.fold import fold_parts
from rulectl.lang.syntax import Expr, Name
from rulectl.runtime.judge import Entry, lacking, said_of
from rulectl.runtime.resolve import Lack, Spoken
from rulectl.types import Type
from rulectl.values import Value

ODD: Final = 0
"""The number of what cannot be computed, or does not fit."""


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
        self._compute = compiled(fold_parts(expr, known))
        self.forget()

    def forget(self) -> None:
        """Forget all results; what holds their numbers must be forgotten with them."""
        self.entries: list[Entry] = [Entry(Lack.NOTHING, Lack.NOTHING)]
        self._sure = Lut()
        self._sure.items.append(0)
        self._values: dict[Value, int] = {}
        self._others: dict[tuple[Spoken, Spoken, frozenset[str], frozenset[str]], int] = {}
        self._of_state = Known()
        self._states: Numbered[State] | None = None
        self._voices: dict[int, Lut] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def sure(self, codes: Codes) -> Codes:
        """1 where a result is a value that cannot change, else 0."""
        return self._sure.array().take(codes)

    def voices(self, codes: Codes, voices: Voices) -> Codes:
        """The number of what each row says where its result alone is said; only of results that are sure."""
        lut = self._voices.setdefault(id(voices), Lut())
        fresh = zip(self.entries[len(lut) :], self._sure.items[len(lut) :], strict=True)
        lut.items += [voices.number(entry.now) if sure else 0 for entry, sure in fresh]
        return lut.array().take(codes)

    def codes(self, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The number of what each of some rows comes to; ODD where that is nothing to go on with."""
        found = None if isinstance(self._expr, Name) else amounts(self._expr, columns, self._constants)
        if found is None or not found.units.ndim:
            return self._one_by_one(columns, where)
        kinds = np.where(found.sure, found.kinds, NOT_PLAIN)[where]
        (sums,), (nulls,), (rest,) = ((kinds == kind).nonzero() for kind in (PLAIN, NULL, NOT_PLAIN))
        values, number = np.unique(found.units[where[sums]], return_inverse=True)
        said = [self._sum(decimal_of(units, found.places)) for units in values.tolist()]
        codes = constant(len(where))
        codes[sums] = np.array(said, np.int32).take(number)
        if len(nulls):
            codes[nulls] = self._of_nulls(columns, where[nulls])
        if len(rest):
            codes[rest] = self._one_by_one(columns, where[rest])
        return codes

    def _of_nulls(self, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The same where arithmetic comes to nothing for certain: that hangs on which of its terms are unknown alone,
        so that one row is worked out of those that lack the same."""
        parts: list[Part] = []
        for codes, states in (columns[name].exact() for name in self.names):
            forms = np.zeros(len(states), np.int32)
            for code in occurring(codes[where]):
                state = states.items[code]
                forms[code] = 0 if state.now is not None else 2 if state.absent else 1
            parts.append(Part(forms.take(codes[where]), 3))
        at, number = distinct(parts, len(where))
        return self._one_by_one(columns, where[at]).take(number)

    def _one_by_one(self, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The same by each combination of values that is read."""
        exact = [columns[name].exact() for name in self.names]
        if len(exact) == 1:
            ((codes, states),) = exact
            if states is not self._states:
                self._states, self._of_state = states, Known()
            items = states.items
            return self._of_state.of(codes[where], len(states), lambda code: self._number((items[code],)))
        states_of = [numbered.items for _, numbered in exact]

        def work_out(key: tuple[int, ...]) -> int:
            return self._number([items[code] for items, code in zip(states_of, key, strict=True)])

        return each([Part(codes[where], len(states)) for codes, states in exact], len(where), work_out)

    def _number(self, states: Sequence[State]) -> int:
        """The number of what the expression comes to for the states of its terms."""
        try:
            value = self._compute({name: state[0] for name, state in zip(self.names, states, strict=True)})
            for state in states:
                if state[1] is not state[0] or state[0] is None:
                    return self._unsure(value, states)
        except CannotCompute:
            return ODD
        if value is None or self._void:
            return self._unsure(value, states)
        return self._sum(value)

    def _sum(self, value: Value) -> int:
        """The number of a value that cannot change."""
        # what fits is of one kind: no number is taken for a truth value
        said = said_of(value, self._type)
        if said is None:
            return ODD
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
