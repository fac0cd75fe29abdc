"""What a set of hits comes to: the value of each conclusion, or the formula that computes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rulectl.compare.joint import Version
from rulectl.lang.fold import fold_parts
from rulectl.lang.syntax import Expr, Literal
from rulectl.model.policy import Gives, HitPolicy
from rulectl.runtime.resolve import NOTHING, UNKNOWN, Lack, Spoken
from rulectl.values import Value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a table says of a term. `rules` are the numbers of the rules that decide it; `formulas`, where some of them
    compute, what they compute, under `policy`."""

    value: Spoken
    rules: tuple[int, ...]
    fired: bool
    formulas: tuple[Expr | None, ...] = ()
    policy: HitPolicy = HitPolicy.FIRST

    @property
    def known(self) -> Value:
        """The plain value; None where there is none, be it that rules clash."""
        return None if isinstance(self.value, Lack) else self.value

    @property
    def items(self) -> tuple[Value | Expr, ...]:
        """What it puts on a list; formulas stand for what they compute."""
        if not self.formulas:
            return listed(self.known)
        found: list[Value | Expr] = []
        for formula in self.formulas:
            if isinstance(formula, Literal):
                found += listed(formula.value)
            elif formula is not None:
                found.append(formula)
        return tuple(found)


def listed(value: Value) -> tuple[Value, ...]:
    """A value as what it puts on a list."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


SILENT = Answer(NOTHING, (), False)


def answers(version: Version, hits: Sequence[int], terms: Collection[str]) -> dict[str, Answer]:
    """What a version says of some terms, those that it concludes, for the numbers of the rules that hold, ascending."""
    plan = version.plan
    table = version.table

    def entry(rule: int, column: int) -> Spoken:
        return UNKNOWN if (rule, column) in plan.expressions else plan.spoken[rule][column]

    active = plan.outputs.active(hits)
    found: dict[str, Answer] = {}
    for column, conclusion in enumerate(table.outputs):
        if conclusion.term not in terms:
            continue
        rules = plan.outputs.deciders(column, active, entry)
        policy = plan.outputs.policies[column]
        if policy.gives is not Gives.COUNT and any(entry(rule, column) is UNKNOWN for rule in rules):
            formulas = tuple(_formula(version, rule, column) for rule in rules)
            found[conclusion.term] = Answer(UNKNOWN, rules, bool(active), formulas, policy)
        else:
            found[conclusion.term] = Answer(
                plan.outputs.resolve(column, hits, entry), rules, bool(active), policy=policy
            )
    return found


def _formula(version: Version, rule: int, column: int) -> Expr | None:
    expr = version.table.rules[rule].then[column].expr
    return None if expr is None else fold_parts(expr, version.study.plan.parameters)


def _one_each(*said: Answer) -> bool:
    """Whether one formula stands alone in each, and comes to what it computes whatever the hit policy."""
    return all(len(answer.formulas) == 1 and answer.policy.gives is not Gives.LIST for answer in said)


def differ(one: Answer | None, other: Answer | None) -> bool:
    """Whether two answers are not the same for certain: another value, another formula, or silence where the other rule
    decides that there is nothing to say. None is the answer of a version that does not conclude the term."""
    mine, theirs = one or SILENT, other or SILENT
    if mine.formulas or theirs.formulas:
        return mine.formulas != theirs.formulas or (mine.policy is not theirs.policy and not _one_each(mine, theirs))
    if (type(mine.known), mine.known) != (type(theirs.known), theirs.known):
        return True
    return None not in (one, other) and not mine.policy.lists and mine.fired != theirs.fired
