"""The outcome: what the engine says of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from rulectl.diagnostics import Finding
from rulectl.model.policy import Status
from rulectl.source import CellRange
from rulectl.values import Value


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fired. One object per rule and rulebook: the trace of a case is a tuple of these."""

    table: str
    rule: str
    cells: CellRange | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """`表/规则号`, as the batch writes it."""
        return f"{self.table}/{self.rule}"


class Outcome(NamedTuple):
    """Facts, outputs and statuses by term id. `case` holds the typed inputs that were given or defaulted, `derived`
    the derived terms, `counted` the case ids behind each aggregate. A named tuple, since it is made once a case and a
    frozen dataclass takes three times as long to make. The mappings are shared between outcomes: do not change them.
    """

    case: Mapping[str, Value]
    outputs: Mapping[str, Value]
    derived: Mapping[str, Value]
    statuses: Mapping[str, Status]
    status: Status
    asks: tuple[str, ...]
    firings: tuple[Firing, ...]
    findings: tuple[Finding, ...] = ()
    counted: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def __reduce__(self) -> tuple[type[Outcome], tuple[object, ...]]:
        """To other processes with mappings of its own: those here may be views, read when they are looked at."""
        return Outcome, tuple([dict(part) if isinstance(part, Mapping) else part for part in self])
