"""What suits what: policies, merges and directions beside the type of a term, counts beside what they count.

The compiler asks for each cell and says where it does not suit (compiler/columns.py, vocabulary.py, aggregates.py);
whoever takes a rulebook from a file asks once more (codec/whole.py), for an engine would fail over it or, which is
worse, decide something.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from rulectl.model.policy import Favours, Gives, HitPolicy, Merge, Role
from rulectl.model.rulebook import Aggregate, Term
from rulectl.types import NUMBER, Kind, Type


def settles(policy: HitPolicy, type_: Type) -> bool:
    """Whether what a policy gives is of a type."""
    match policy.gives:
        case Gives.ONE:
            return True
        case Gives.LIST:
            return type_.many
        case Gives.SUM | Gives.COUNT:
            return type_ == replace(NUMBER, values=type_.values)
        case Gives.LEAST | Gives.GREATEST:
            return type_.ordered
        case _:
            assert_never(policy.gives)


def unranked(table: HitPolicy, columns: Sequence[tuple[HitPolicy, Type]]) -> Iterator[int]:
    """Under P and O the outputs are ranked by their allowed values, from left to right: one column at least must have
    some (DMN 1.5 section 8.2.10), and a column that has the policy for itself its own. The columns where none has."""
    for policy in (one for one in HitPolicy if one.takes.by_values):
        ranked = [at for at, (own, _) in enumerate(columns) if own is policy]
        together = [ranked] if policy is table else [[one] for one in ranked]
        yield from (group[0] for group in together if group and not any(columns[at][1].item.values for at in group))


def merges(merge: Merge, type_: Type) -> bool:
    """Whether contributions of a type can be merged so."""
    match merge:
        case Merge.SINGLE | Merge.FIRST:
            return True
        case Merge.COLLECT | Merge.ALL:
            return type_.many
        case Merge.MIN | Merge.MAX:
            return type_.ordered
        case Merge.SUM:
            return type_.kind is Kind.NUMBER and not type_.many
        case _:
            assert_never(merge)


def favourable(favours: Favours, type_: Type) -> bool:
    """Whether values of a type can favour the buyer so: greater and less need an order of amounts, earlier one of
    values or dates."""
    dated = type_.kind in (Kind.DATE, Kind.DATETIME) and not type_.many
    return bool(type_.item.values) or dated if favours is Favours.EARLIER else type_.ordered


def dating(term: Term) -> bool:
    """Whether a term can say when a case was."""
    return term.role is Role.INPUT and term.type.kind in (Kind.DATE, Kind.DATETIME) and not term.type.many


def countable(term: Term) -> bool:
    """Whether a term can be a count, or a sum."""
    return term.role is not Role.OUTPUT and term.type.kind is Kind.NUMBER and not term.type.many


def summable(term: Term) -> bool:
    """Whether values of a term can be added up."""
    return term.type.kind is Kind.NUMBER and not term.type.many


def counts(aggregate: Aggregate, terms: Mapping[str, Term]) -> bool:
    """Whether what a count across cases is made of suits it; all its terms are there."""
    of = None if aggregate.of is None else terms[aggregate.of]
    used = [terms[name] for name in (aggregate.of, *aggregate.by) if name is not None]
    return (
        countable(terms[aggregate.term])
        and all(term.role is Role.INPUT for term in used)
        and (of is not None or aggregate.function == "count")
        and (of is None or aggregate.function != "sum" or summable(of))
        and (aggregate.time is None or dating(terms[aggregate.time]))
        and (aggregate.window is None or aggregate.window > dt.timedelta(0))
    )
