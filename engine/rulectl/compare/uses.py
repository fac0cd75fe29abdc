"""Where a term or a parameter is used, and what hangs on that down the chain.

A use is a cell: a condition, a heading, a conclusion, a filter of an aggregate, a message, a policy. What hangs on it
are the terms that the rule then concludes, the tables that read these, and so on: through a condition all conclusions
of a rule, through a formula its own alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal as Choice

from rulectl.lang.syntax import Expr, Node, Test
from rulectl.lang.trees import names_of
from rulectl.model.grid import Strip, grid_of
from rulectl.model.rulebook import Rulebook, Table
from rulectl.source import Cell

Way = Choice["condition", "heading", "conclusion", "aggregate", "template", "policy"]


@dataclass(frozen=True, slots=True)
class Use:
    """A cell that names something. `owner` is the rule's table and id (`表/规则号`), or the aggregate, message or
    policy; `gives` the terms that hang on it."""

    way: Way
    owner: str
    at: Cell | None
    gives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What hangs on some terms: other terms in the order of the vocabulary, the tables that read them, and messages and
    policies that speak of them."""

    terms: tuple[str, ...]
    tables: tuple[str, ...]
    templates: tuple[str, ...]
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Uses:
    """All uses of a rulebook, by the id of what is used."""

    book: Rulebook
    by_id: dict[str, tuple[Use, ...]]

    @staticmethod
    def of(book: Rulebook) -> Uses:
        found: dict[str, list[Use]] = {}
        for name, use in _every(book):
            found.setdefault(name, []).append(use)
        return Uses(book, {name: tuple(dict.fromkeys(uses)) for name, uses in found.items()})

    def direct(self, id_: str) -> tuple[Use, ...]:
        """The cells that name a term or a parameter."""
        return self.by_id.get(id_, ())

    def reach(self, ids: Iterable[str], given: Iterable[str] = ()) -> Reach:
        """What hangs on terms or parameters, `given` included as terms that change themselves."""
        terms: set[str] = set(given)
        tables: dict[str, None] = {}
        templates: dict[str, None] = {}
        policies: dict[str, None] = {}
        waiting = [*dict.fromkeys((*ids, *terms))]
        seen: set[str] = set(waiting)
        while waiting:
            for use in self.direct(waiting.pop(0)):
                if use.way == "template":
                    templates[use.owner] = None
                elif use.way == "policy":
                    policies[use.owner] = None
                elif use.way != "aggregate":
                    tables[use.owner.rpartition("/")[0]] = None
                terms.update(use.gives)
                new = [term for term in use.gives if term not in seen]
                seen.update(new)
                waiting += new
        order = [term.id for term in self.book.terms if term.id in terms]
        return Reach(tuple(order), tuple(tables), tuple(templates), tuple(policies))


def _every(book: Rulebook) -> Iterator[tuple[str, Use]]:
    """What is named, and where."""
    for table in book.tables:
        yield from _of_table(table)
    for aggregate in book.aggregates:
        parts = [part for part in (aggregate.of, aggregate.time, *aggregate.by) if part is not None]
        where = names_of(aggregate.where) if aggregate.where is not None else frozenset()
        for name in dict.fromkeys((*parts, *sorted(where))):
            yield name, Use("aggregate", aggregate.term, aggregate.cell, (aggregate.term,))
    for template in book.templates:
        for name in sorted(names_of(template.text)):
            yield name, Use("template", template.id, template.cell)
    for policy in book.policies:
        for name in sorted(names_of(policy.statement)):
            yield name, Use("policy", policy.id, policy.cell)


def _of_table(table: Table) -> Iterator[tuple[str, Use]]:
    grid = grid_of(table)
    written = tuple(column.term for column in table.outputs)
    for column in table.inputs:
        for name in sorted(names_of(column.subject)):
            yield name, Use("heading", f"{table.name}/", column.cell, written)
    for at, strip in enumerate(grid.when):
        for name, rule in _naming(strip):
            yield (
                name,
                Use("condition", f"{table.name}/{grid.ids[rule]}", grid.entry_cells(rule)[at], _said(table, rule)),
            )
    for at, said in enumerate(grid.then):
        for name, rule in _naming(said):
            cell = grid.entry_cells(rule)[len(grid.when) + at]
            yield name, Use("conclusion", f"{table.name}/{grid.ids[rule]}", cell, (written[at],))


def _said(table: Table, rule: int) -> tuple[str, ...]:
    """The terms that a rule speaks of."""
    entries = zip(table.outputs, table.rules[rule].then, strict=True)
    return tuple(column.term for column, entry in entries if entry.expr is not None)


def _naming(strip: Strip[Test] | Strip[Expr | None]) -> Iterator[tuple[str, int]]:
    """What the entries of a column name, and the rules that have them."""
    named: dict[int, frozenset[str]] = {}
    for number, item in enumerate(strip.items):
        node: Node | None = item
        names = names_of(node) if node is not None else frozenset()
        if names:
            named[number] = names
    if named:
        for rule, ref in enumerate(strip.refs):
            for name in sorted(named.get(ref, ())):
                yield name, rule
