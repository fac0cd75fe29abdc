"""How long the checks of one table take, by its shape: wide ones, numbers or dates alone, lists, every hit policy.

    python -m tests.benchmarks.checking_shapes [RULES ...]

The rules are drawn: each asks some of its columns, by lists, exceptions or ranges, so that many overlap and many cases
are left over; a gap or a shadow then takes more looking than in a table that people wrote. Prints seconds of processor
time, how many verdicts of each kind, and the slowest check.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections import Counter
from decimal import Decimal
from random import Random

from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import TABLES, verdicts
from rulectl.analysis.study import Study
from rulectl.lang.syntax import ANYTHING, Between, Except, Is, Literal, Name, OneOf, Test
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.types import BOOLEAN, DATE, NUMBER, Kind, Type

TEXT = Type(Kind.ENUM, values=tuple(f"v{n}" for n in range(8)))
LIST = Type(Kind.ENUM, values=TEXT.values[:4], many=True)
LEVEL = Type(Kind.ENUM, values=tuple(f"l{n}" for n in range(5)))
ASKED = 0.6
"""How likely a rule asks a column."""

SHAPES: dict[str, tuple[Type, ...]] = {
    "mixed": (TEXT,) * 4 + (NUMBER,) * 3 + (BOOLEAN,),
    "15 columns": (TEXT,) * 7 + (NUMBER,) * 5 + (BOOLEAN,) * 3,
    "numbers": (NUMBER,) * 8,
    "dates": (DATE,) * 8,
    "texts": (TEXT,) * 8,
    "lists": (LIST, *(TEXT,) * 5, NUMBER, NUMBER),
    "3 columns": (NUMBER, TEXT, DATE),
}
POLICIES = {
    "U": HitPolicy.UNIQUE,
    "A": HitPolicy.ANY,
    "P": HitPolicy.PRIORITY,
    "F": HitPolicy.FIRST,
    "R": HitPolicy.RULE_ORDER,
    "O": HitPolicy.OUTPUT_ORDER,
    "C": HitPolicy.COLLECT,
    "C+": HitPolicy.SUM,
}
LISTING = (HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER, HitPolicy.COLLECT)


def test(r: Random, type_: Type) -> Test:
    """A drawn condition."""
    if r.random() > ASKED:
        return ANYTHING
    if type_.kind is Kind.ENUM:
        items = tuple(Is("=", Literal(text)) for text in r.sample(type_.values, r.randint(1, 3)))
        some = items[0] if len(items) == 1 else OneOf(items)
        return Except(some) if r.random() < 0.4 else some
    if type_ is BOOLEAN:
        return Is("=", Literal(r.random() < 0.5))
    low, high = (point(type_, n) for n in sorted((r.randint(0, 300), r.randint(0, 300))))
    return r.choice((Is("<", low), Is(">=", low), Between(low, high, True, False)))


def point(type_: Type, number: int) -> Literal:
    return Literal(Decimal(number) if type_ is NUMBER else dt.date(2025, 1, 1) + dt.timedelta(days=number))


def rulebook(types: tuple[Type, ...], count: int, policy: HitPolicy) -> Rulebook:
    """One table of drawn rules."""
    r = Random(1)
    out = Type(Kind.ENUM, values=LEVEL.values, many=True) if policy in LISTING else NUMBER
    out = LEVEL if policy is HitPolicy.PRIORITY else out
    inputs = tuple(
        Term(f"t{n}", f"t{n}", Role.INPUT, type_, required=r.random() < 0.7) for n, type_ in enumerate(types)
    )
    rules = []
    for n in range(count):
        level = LEVEL.values[n % 5]
        said = Literal((level,) if out.many else level if out is LEVEL else Decimal(n % 7))
        rules.append(Rule(f"R{n}", tuple(TestEntry(test(r, type_)) for type_ in types), (OutputEntry(said),)))
    columns = tuple(InputColumn(Name(term.id), term.type) for term in inputs)
    table = Table("T", policy, columns, (OutputColumn("out", policy),), tuple(rules))
    return Rulebook("b", "b", terms=(*inputs, Term("out", "out", Role.OUTPUT, out)), tables=(table,))


def main() -> None:
    for count in [int(text) for text in sys.argv[1:]] or [200]:
        for shape, types in SHAPES.items():
            for name, policy in POLICIES.items():
                study = Study(rulebook(types, count, policy))
                taken: dict[str, float] = {}
                found: Counter[str] = Counter()
                for question in TABLES:
                    start = time.process_time()
                    found.update(verdict.answer.value for verdict in verdicts(study, Budget.of(60), (question,)))
                    taken[question.slug] = time.process_time() - start
                slow = max(taken, key=lambda slug: taken[slug])
                said = ", ".join(f"{n} {answer}" for answer, n in sorted(found.items()))
                print(
                    f"{count} rules, {shape}, {name}: {sum(taken.values()):.2f} s; {said}; {slow} {taken[slow]:.2f} s"
                )


if __name__ == "__main__":
    main()
