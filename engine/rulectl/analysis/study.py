"""What all checks share: the rulebook, its plan, the engine that confirms a witness, and what was worked out before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.runtime.plan import Plan


@dataclass(frozen=True)
class Study:
    """A rulebook under study. `kept` is for a check to leave what another may need, by a key of its own."""

    rulebook: Rulebook
    kept: dict[object, object] = field(default_factory=dict)

    @cached_property
    def engine(self) -> Engine:
        """The one-case engine by which a counterexample is confirmed."""
        return Engine(self.rulebook)

    @property
    def plan(self) -> Plan:
        return self.engine.plan

    @property
    def terms(self) -> Mapping[str, Term]:
        return self.plan.terms

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of terms and parameters by id."""
        book = self.rulebook
        return {t.id: t.name for t in book.terms} | {p.id: p.name for p in book.parameters}
