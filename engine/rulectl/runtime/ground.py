"""All that is remembered of a rulebook between cases that take the long way: of tables, of terms, of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from rulectl.model.policy import Role
from rulectl.runtime.judge import SILENT
from rulectl.runtime.judged import Judged
from rulectl.runtime.memory import Placing, Settling
from rulectl.runtime.plan import Plan
from rulectl.runtime.speaking import Speaking
from rulectl.runtime.standing import Group, Standing, groups_of
from rulectl.values import Value


class Stratum(NamedTuple):
    """The tables of a stratum as bits, and the groups of columns that these ask about."""

    tables: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """`codes` are those of parameters. `placings`, `judged` and `silent` by term: where its values stand, what its
    verdicts make of it, and what it is where no table speaks of it. `defaults` are those of inputs. `given`, `spoken`,
    `outputs` and `derived` are terms in the vocabulary's order: inputs that no table writes, what has a verdict, and by
    role. `straight`: tables run in the order of their numbers, and each once."""

    codes: int
    speaking: Speaking
    standings: tuple[Standing, ...]
    groups: tuple[Group, ...]
    strata: tuple[Stratum, ...]
    placings: Mapping[str, Placing]
    judged: Mapping[str, Judged]
    silent: Mapping[str, Settling]
    defaults: dict[str, Value]
    given: tuple[str, ...]
    spoken: tuple[str, ...]
    outputs: tuple[str, ...]
    derived: tuple[str, ...]
    straight: bool

    @staticmethod
    def of(plan: Plan) -> Ground:
        turning = zip(plan.settled_in, plan.cyclic, strict=True)
        speaking = Speaking(plan, {name for settled, cyclic in turning if cyclic for name in settled})
        groups = groups_of(plan.tables, plan.keyed)
        members: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in plan.tables]
        for at, group in enumerate(groups):
            for number, _, places in group.members:
                members[number].append((at, places))
        parts = zip(plan.tables, plan.written, plan.keyed, map(tuple, members), strict=True)
        standings = tuple(Standing.of(table, terms, keyed, mine) for table, terms, keyed, mine in parts)
        strata: list[Stratum] = []
        for numbers in plan.strata:
            tables = sum(1 << number for number in numbers)
            strata.append(Stratum(tables, tuple(at for at, group in enumerate(groups) if group.tables & tables)))
        known = [*plan.coding.fields, *plan.writers, *(term.id for term in plan.unspoken)]
        placings = {name: Placing(plan.terms[name], plan.coding, speaking) for name in known if name in plan.terms}
        spoken = {*plan.writers, *(term.id for term in plan.unspoken)}
        terms = plan.rulebook.terms
        return Ground(
            sum([plan.coding.code(name, value, False) for name, value in plan.parameters.items()]),
            speaking,
            standings,
            groups,
            tuple(strata),
            placings,
            {name: Judged(plan.terms[name], placings[name].settled) for name in plan.writers},
            {name: placings[name].settled(SILENT) for name in spoken},
            {t.id: t.default for t in terms if t.role is Role.INPUT and t.default is not None},
            tuple(t.id for t in terms if t.role is Role.INPUT and t.id not in spoken),
            tuple(t.id for t in terms if t.id in spoken),
            tuple(t.id for t in plan.outputs),
            tuple(t.id for t in plan.derived),
            not any(plan.cyclic) and [*chain.from_iterable(plan.strata)] == [*range(len(plan.tables))],
        )
