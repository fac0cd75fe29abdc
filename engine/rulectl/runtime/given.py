"""The inputs of a case as they came: read when somebody looks at them, which of a decided case is rare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rulectl.lang.literals import value_of
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Term
from rulectl.values import Value


class Facts(Mapping[str, Value]):
    """The inputs of a case by term id, read into typed values when they are looked at."""

    __slots__ = ("_raw", "_typed")
    _terms: Mapping[str, Term] = MappingProxyType({})
    _raw: Mapping[str, Any]
    """Set by whoever makes one: to be handed it would take half as long again."""
    _typed: dict[str, Value]

    @classmethod
    def about(cls, terms: Mapping[str, Term]) -> type[Facts]:
        """The class of one rulebook's facts: what is the same for every case is not stored with each."""
        return type("Facts", (cls,), {"__slots__": (), "_terms": terms})

    def _read(self) -> dict[str, Value]:
        try:
            return self._typed
        except AttributeError:
            typed = self._typed = {}
        for term in dict.fromkeys(self._terms.values()):
            raw = next((self._raw[h] for h in (term.name, term.id, *term.aliases) if h in self._raw), None)
            value = value_of(raw, term.type, term.unit)
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
