"""The inputs of a case as they came: read when somebody looks at them, which of a decided case is rare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rulectl.cases.placeholders import meant_by
from rulectl.lang.literals import value_of
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Term
from rulectl.values import Value


class Facts(Mapping[str, Value]):
    """The inputs of a case by term id, read into typed values when they are looked at."""

    __slots__ = ("_typed", "_values")
    _places: Sequence[tuple[Term, int]] = ()
    _values: tuple[Any, ...]
    """As they came, and not the caller's mapping, which may be another case by then. Set by whoever makes one: to be
    handed it would take half as long again."""
    _typed: dict[str, Value]

    @classmethod
    def about(cls, places: Sequence[tuple[Term, int]]) -> type[Facts]:
        """The class of one rulebook's facts, with the place of each term among the values: what is the same for every
        case is not stored with each."""
        return type("Facts", (cls,), {"__slots__": (), "_places": places})

    def _read(self) -> dict[str, Value]:
        try:
            return self._typed
        except AttributeError:
            typed = self._typed = {}
        for term, at in self._places:
            meant = meant_by(self._values[at], term.type)
            value = meant if isinstance(meant, Problem) else value_of(meant, term.type, term.unit)
            value = term.default if value is None else value
            if value is not None and not isinstance(value, Problem):
                typed[term.id] = value
        return typed

    def __getitem__(self, name: str) -> Value:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())
