"""What all checks share: the rulebook, its plan, the engine that confirms a witness, and what was worked out before."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.runtime.plan import Plan

T = TypeVar("T")


@dataclass(frozen=True)
class Study:
    """A rulebook under study."""

    rulebook: Rulebook
    _kept: dict[Hashable, object] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What a check works out and another may need: made when it is first asked for. A key is always asked with the
        same `make`, but for the budget."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

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
