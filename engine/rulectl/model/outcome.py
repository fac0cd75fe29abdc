"""The outcome: what the engine says of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """Facts, outputs and statuses by term id, in the vocabulary's order. `case` holds the typed inputs that were given
    or defaulted, `derived` the derived terms, `counted` the case ids behind each aggregate."""

    case: Mapping[str, Value]
    outputs: Mapping[str, Value]
    derived: Mapping[str, Value]
    statuses: Mapping[str, Status]
    status: Status
    asks: tuple[str, ...]
    firings: tuple[Firing, ...]
    findings: tuple[Finding, ...] = ()
    counted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
