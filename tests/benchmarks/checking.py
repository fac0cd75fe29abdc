"""How long the checks of one table take: complete tables of eight columns, and the overlaps of many rules.

    python -m tests.benchmarks.checking

A complete table is made by splitting the space of all cases again and again, so that proving it needs every rule; one
rule is then taken out, so that there is one gap to find. The overlaps are those of random rules under U.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from random import Random

from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import TABLES, verdicts
from rulectl.analysis.overlaps import overlap
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, tables_of
from rulectl.lang.syntax import ANYTHING, AllOf, Is, Literal, Name, OneOf, Test
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.types import BOOLEAN, NUMBER, Kind, Type

WIDEST = 1000
TEXTS = tuple(Type(Kind.ENUM, values=tuple(f"v{i}{j}" for j in range(6))) for i in range(4))
TYPES = (*TEXTS, NUMBER, NUMBER, BOOLEAN, NUMBER)
Side = tuple[object, ...]


def whole(column: int) -> Side:
    """All of a column: its values, or the two ends of its numbers."""
    return (
        (0, WIDEST) if TYPES[column] is NUMBER else (False, True) if TYPES[column] is BOOLEAN else TYPES[column].values
    )


def test(column: int, side: Side) -> Test:
    """A part of a column as a condition."""
    if side == whole(column):
        return ANYTHING
    if TYPES[column] is not NUMBER:
        items = tuple(Is("=", Literal(value)) for value in side)  # type: ignore[arg-type]  # texts or truths
        return items[0] if len(items) == 1 else OneOf(items)
    low, high = side
    ends = [Is(">=", Literal(Decimal(str(low))))] if low != 0 else []
    ends += [Is("<", Literal(Decimal(str(high))))] if high != WIDEST else []
    return ends[0] if len(ends) == 1 else AllOf(tuple(ends))


def split(r: Random, column: int, side: Side) -> tuple[Side, Side] | None:
    """Two parts of a part."""
    if TYPES[column] is NUMBER:
        low, high = int(str(side[0])), int(str(side[1]))
        if high - low < 2:
            return None
        middle = r.randint(low + 1, high - 1)
        return (low, middle), (middle, high)
    if len(side) < 2:
        return None
    at = r.randint(1, len(side) - 1)
    return side[:at], side[at:]


def complete(count: int, seed: int = 1) -> list[list[Side]]:
    """Boxes that between them hold every case once."""
    r = Random(seed)
    boxes = [[whole(column) for column in range(len(TYPES))]]
    while len(boxes) < count:
        at, column = r.randrange(len(boxes)), r.randrange(len(TYPES))
        parts = split(r, column, boxes[at][column])
        if parts is not None:
            box = boxes.pop(at)
            boxes += [[*box[:column], part, *box[column + 1 :]] for part in parts]
    r.shuffle(boxes)
    return boxes


def random_boxes(count: int, seed: int = 1) -> list[list[Side]]:
    """Boxes of a few narrow columns each, which overlap here and there."""
    r = Random(seed)
    boxes = []
    for _ in range(count):
        box = [whole(column) for column in range(len(TYPES))]
        for column in r.sample(range(len(TYPES)), 6):
            for _ in range(4):
                parts = split(r, column, box[column])
                box[column] = r.choice(parts) if parts is not None else box[column]
        boxes.append(box)
    return boxes


def rulebook(boxes: Iterable[Sequence[Side]], policy: HitPolicy) -> Rulebook:
    """One table, a rule a box."""
    rules = tuple(
        Rule(
            f"R{n}",
            tuple(TestEntry(test(column, side)) for column, side in enumerate(box)),
            (OutputEntry(Literal(Decimal(n))),),
        )
        for n, box in enumerate(boxes)
    )
    inputs = tuple(Term(f"t{n}", f"t{n}", Role.INPUT, type_, required=True) for n, type_ in enumerate(TYPES))
    columns = tuple(InputColumn(Name(term.id), term.type) for term in inputs)
    table = Table("T", policy, columns, (OutputColumn("out", policy),), rules)
    return Rulebook("b", "b", terms=(*inputs, Term("out", "out", Role.OUTPUT, NUMBER)), tables=(table,))


def main() -> None:
    for policy in (HitPolicy.UNIQUE, HitPolicy.FIRST):
        for count in (200, 1000):
            for left_out in (0, 1):
                book = rulebook(complete(count)[left_out:], policy)
                start = time.perf_counter()
                found = Counter(verdict.answer for verdict in verdicts(Study(book), Budget(), TABLES))
                took = time.perf_counter() - start
                said = f"{found[Answer.PROVED]} proved, {found[Answer.COUNTEREXAMPLE]} shown"
                print(f"{policy.value} {count} rules, {left_out} left out: all checks {took:.2f} s ({said})")
    for count in (1000, 10_000):
        study = Study(rulebook(random_boxes(count), HitPolicy.UNIQUE))
        start = time.perf_counter()
        pairs = [len(v.rules) - 1 for v in overlap(study, next(iter(tables_of(study))), Budget())]
        took = time.perf_counter() - start
        print(f"U {count} rules: {sum(pairs)} overlapping pairs in {took:.1f} s")


if __name__ == "__main__":
    main()
