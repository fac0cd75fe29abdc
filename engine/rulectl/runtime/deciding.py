"""Which of the rules that fired each term's value is made of, and what else was said of it.

A rule that fires need not decide: within its table another goes before it (hit policy), among tables a higher tier, an
earlier table or a smaller number does (merge). The outcome does not keep who did, since few ask; it follows from the
firings and the values that came out, by the same two functions that decided (resolve.py, merge.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Gives
from rulectl.model.rulebook import Rule, Rulebook, Table, Term
from rulectl.runtime.merge import Contribution, deciders
from rulectl.runtime.resolve import NOTHING, UNKNOWN, Outputs, Spoken
from rulectl.values import Value

Facts = Mapping[str, Value]


class Part(NamedTuple):
    """What a rule that fired says of a term, in one column of its table."""

    table: Table
    rule: Rule
    column: int
    said: Spoken


@dataclass(frozen=True, slots=True)
class Share:
    """What one column of one table says of a term: its value, and the rules that it is made of."""

    parts: tuple[Part, ...]
    said: Spoken


@dataclass(frozen=True, slots=True)
class Made:
    """How a term came to its value: the shares that it is made of, and those that were put aside; in firing order.
    Where these contradict each other or wait for a fact, it is made of none."""

    shares: tuple[Share, ...] = ()
    aside: tuple[Share, ...] = ()


def facts_of(rulebook: Rulebook, outcome: Outcome) -> dict[str, Value]:
    """All that is known of a decided case, parameters too; None is what is not."""
    unknown: dict[str, Value] = {term.id: None for term in rulebook.terms}
    parameters = {parameter.id: parameter.value for parameter in rulebook.parameters}
    return {**unknown, **parameters, **outcome.case, **outcome.derived, **outcome.outputs}


def made(rulebook: Rulebook, outcome: Outcome, facts: Facts) -> Mapping[str, Made]:
    """Of each term of which a rule that fired says something, how it came to its value; `facts` are `facts_of` it."""
    fired: dict[str, set[str]] = {}
    for firing in outcome.firings:
        fired.setdefault(firing.table, set()).add(firing.rule)
    spoken: dict[str, list[tuple[Table, Share]]] = {}
    for table in rulebook.tables:
        if table.name in fired:
            rules = [rule for rule in table.rules if rule.id in fired[table.name]]
            for column, share in enumerate(_shares(table, rulebook, rules, facts)):
                if share.parts:
                    spoken.setdefault(table.outputs[column].term, []).append((table, share))
    terms = {term.id: term for term in rulebook.terms}
    return {name: _made(terms[name], shares) for name, shares in spoken.items()}


def _shares(table: Table, rulebook: Rulebook, fired: Sequence[Rule], facts: Facts) -> list[Share]:
    """What each column of a table comes to, by the rules that fired."""

    def entry(rule: int, column: int) -> Spoken:
        expr = fired[rule].then[column].expr
        try:
            value = None if expr is None else evaluate(expr, facts)
        except CannotCompute:
            return NOTHING
        return value if value is not None else NOTHING if expr is None else UNKNOWN

    # what fired has hit: no rule among them is one that another of them keeps away
    outputs = replace(Outputs.of(table, rulebook), otherwise=frozenset())
    hits = range(len(fired))
    found = []
    for column in range(len(table.outputs)):
        parts = [
            Part(table, fired[rule], column, entry(rule, column))
            for rule in outputs.deciders(column, hits, entry)
            if fired[rule].then[column].expr is not None or outputs.policies[column].gives is Gives.COUNT
        ]
        found.append(Share(tuple(parts), outputs.resolve(column, hits, entry)))
    return found


def _made(term: Term, shares: Sequence[tuple[Table, Share]]) -> Made:
    heard = [Contribution(at, table.tier, share.said) for at, (table, share) in enumerate(shares)]
    taken = set(deciders(term, heard))
    return Made(
        tuple(share for at, (_, share) in enumerate(shares) if at in taken),
        tuple(share for at, (_, share) in enumerate(shares) if at not in taken and share.said is not NOTHING),
    )
