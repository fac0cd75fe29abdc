"""How long it takes to compare two rulebooks: tables of ten thousand rules of which ten changed, and the shipped
rulebook with one parameter changed; processor time.

    python -m tests.benchmarks.comparing
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from random import Random

import rulectl
from rulectl.analysis.budget import Budget
from rulectl.compare.comparison import compare
from rulectl.compare.telling import tell
from rulectl.model.grid import Rules, grid_of
from rulectl.model.policy import HitPolicy
from rulectl.model.rulebook import Rulebook
from tests.benchmarks.checking import complete, random_boxes, rulebook

RULES = 10_000


def edited(book: Rulebook) -> Rulebook:
    """Ten rules changed: four conclude something else, two hold elsewhere, two are gone, two are new."""
    r = Random(1)
    table = book.tables[0]
    rules = list(table.rules)
    for n in range(4):
        at = r.randrange(len(rules))
        rules[at] = replace(rules[at], then=rules[(at + 7) % len(rules)].then)
        other = r.randrange(len(rules))
        if n < 2:
            rules[other] = replace(rules[other], when=rules[(other + 13) % len(rules)].when)
            del rules[r.randrange(len(rules))]
            rules.insert(r.randrange(len(rules)), replace(rules[other], id=f"N{n}", then=rules[at].then))
    return by_column(replace(book, tables=(replace(table, rules=tuple(rules)),)))


def by_column(book: Rulebook) -> Rulebook:
    """The rules kept by column, as the compiler keeps them."""
    return replace(book, tables=tuple(replace(table, rules=Rules(grid_of(table))) for table in book.tables))


@contextmanager
def timed(what: str) -> Iterator[Callable[[str], None]]:
    """Prints how long something took."""
    told: list[str] = []
    start = time.process_time()
    yield told.append
    print(f"{what}: {time.process_time() - start:.2f} s, {' '.join(told)}")


def compared(name: str, old: Rulebook, new: Rulebook) -> None:
    with timed(f"{name}, compared") as say:
        found = compare(old, new, Budget())
        say(f"{sum(len(one.regions) for one in found.altered)} regions")
    with timed(f"{name}, told") as say:
        say(f"{len(tell(found, Budget()))} findings")


def main() -> None:
    for policy, boxes, name in (
        (HitPolicy.FIRST, complete(RULES), "a complete table"),
        (HitPolicy.FIRST, random_boxes(RULES), "a table of overlapping rules"),
        (HitPolicy.UNIQUE, random_boxes(RULES), "the same under U"),
    ):
        book = rulebook(boxes, policy)
        compared(f"{name}, {RULES} rules", by_column(book), edited(book))
    shipped = rulectl.load("after_sales").rulebook
    line = tuple(replace(p, value=Decimal(600)) if p.id == "high_price" else p for p in shipped.parameters)
    compared(f"after_sales, {len(shipped.tables)} tables", shipped, replace(shipped, parameters=line))


if __name__ == "__main__":
    main()
