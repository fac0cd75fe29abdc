"""Last pass: the order of the tables, by who writes what another reads (semantics 6).

Strata as in stratified Datalog: strongly connected tables (Tarjan 1972) are one component; a component's stratum is one
more than that of any it reads from. A component of more than one table, or a table that reads what it writes, is a
cycle: an error that prints it, unless everything that goes round is a collecting list of plain values, where iterating
to quiescence must end because a list can only grow and there are only so many values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding, Note, finding
from rulectl.lang.flat import bare
from rulectl.lang.trees import names_of
from rulectl.model.grid import Grid, Strip, grid_of
from rulectl.model.policy import Merge
from rulectl.model.rulebook import Table, constant
from rulectl.source import Cell, Location

T = TypeVar("T")
MOST_PLACES = 3
"""How many other cells a finding names."""

Graph = Mapping[int, Sequence[int]]
"""Position of a table -> positions of the tables that it reads from."""


def order_tables(work: Work) -> Work:
    """Pass: strata, cycles, and the tables in firing order."""
    written = [frozenset(column.term for column in table.outputs) for table in work.tables]
    read = [reads(table, work.event) for table in work.tables]
    writers: dict[str, list[int]] = {}
    for at, terms in enumerate(written):
        for term in terms:
            writers.setdefault(term, []).append(at)
    graph = {at: sorted({other for term in terms for other in writers.get(term, ())}) for at, terms in enumerate(read)}
    found: list[Finding] = []
    strata: dict[int, int] = {}
    for component in components(graph):
        inside = set(component)
        below = [strata[other] for at in component for other in graph[at] if other not in inside]
        strata.update(dict.fromkeys(component, 1 + max(below, default=-1)))
        if len(component) > 1 or component[0] in graph[component[0]]:
            around = {term for at in component for term in read[at]} & {t for at in component for t in written[at]}
            if not _settles(work, component, around):
                found.append(_cycle(work, graph, component))
    placed = [replace(table, stratum=strata[at]) for at, table in enumerate(work.tables)]
    placed.sort(key=lambda table: (table.stratum, -table.salience))
    return replace(work, tables=tuple(placed)).plus(found)


def reads(table: Table, event: str | None) -> frozenset[str]:
    """Ids of the terms and parameters that a table leans on; rules that are switched off read nothing."""
    names: set[str] = set()
    for column in table.inputs:
        names |= names_of(column.subject)
    grid = grid_of(table)
    for node in (*_said(grid, grid.when), *_said(grid, grid.then)):
        if node is not None and not bare(node):
            names |= names_of(node)
    dated = any(mark.enabled and not mark.period.always for mark in grid.marks.values())
    if event is not None and (dated or not table.period.always):
        names.add(event)
    return frozenset(names)


def _said(grid: Grid, strips: Sequence[Strip[T]]) -> Iterator[T]:
    """What the enabled rules say in some columns, each entry once a column; what stood in rows that are broken is none
    of theirs."""
    off = {number for number, mark in grid.marks.items() if not mark.enabled}
    for strip in strips:
        used = {ref for number, ref in enumerate(strip.refs) if number not in off} if off else set(strip.refs)
        yield from (strip.items[ref] for ref in used)


def _settles(work: Work, component: Sequence[int], around: set[str]) -> bool:
    """Whether a cycle comes to rest by itself: only lists go round that collect plain values."""
    terms = {term.id: term for term in work.terms}
    if not all(terms[id_].type.many and terms[id_].merge is Merge.COLLECT for id_ in around):
        return False
    tables = [work.tables[at] for at in component]
    collecting = all(column.policy.lists for t in tables for column in t.outputs if column.term in around)
    said = (expr for grid in map(grid_of, tables) for expr in _said(grid, grid.then))
    return collecting and all(expr is None or constant(expr) for expr in said)


def _cycle(work: Work, graph: Graph, component: Sequence[int]) -> Finding:
    """The shortest way round, in firing order: each table writes what the next one reads. It names what is handed on,
    with a note at a cell that reads each."""
    way = _round(graph, component)
    # it begins with the table that stands first in the workbooks
    first = way.index(min(way))
    way = way[first:] + way[:first]
    if len(way) == 1:
        return _own(work, work.tables[way[0]])
    tables = [work.tables[at] for at in (*way, way[0])]
    cell = tables[0].cells
    assert cell is not None
    names = {term.id: term.name for term in work.terms}
    handed: list[str] = []
    notes: list[Note] = []
    for writer, reader in pairwise(tables):
        written = {column.term for column in writer.outputs}
        term, at = next((term, at) for term, at in _read_at(reader) if term in written)
        handed.append(names[term])
        if at is not None:
            notes.append(Note("note-cycle", Location(at)))
    return finding(
        "cycle",
        Location(cell.first, tables[0].name),
        notes=notes,
        table=tables[0].name,
        cycle=" → ".join(table.name for table in tables),
        terms=" / ".join(dict.fromkeys(handed)),
    )


def _own(work: Work, table: Table) -> Finding:
    """A table that reads what it concludes itself, told at the first cell that does, with notes at others."""
    written = {column.term for column in table.outputs}
    assert table.cells is not None
    (term, cell), *others = ((id_, at) for id_, at in _read_at(table) if id_ in written)
    notes = [Note("note-here-too", Location(other)) for _, other in others[:MOST_PLACES] if other and other != cell]
    named = next(t.name for t in work.terms if t.id == term)
    at = cell or table.cells.first
    return finding("reads-own-conclusion", at, notes=notes, table=table.name, term=named, name=table.name)


def _read_at(table: Table) -> Iterator[tuple[str, Cell | None]]:
    """The ids that a table reads, each with the cell that names it."""
    for column in table.inputs:
        yield from ((id_, column.cell) for id_ in sorted(names_of(column.subject)))
    for rule in table.rules:
        if rule.enabled:
            for entry in rule.when:
                yield from ((id_, entry.cell) for id_ in sorted(names_of(entry.test)))
            for output in rule.then:
                if output.expr is not None:
                    yield from ((id_, output.cell) for id_ in sorted(names_of(output.expr)))


def _round(graph: Graph, component: Sequence[int]) -> list[int]:
    """The shortest round of a component: each writes what the next reads, the last what the first reads."""
    inside = set(component)
    best: list[int] | None = None
    for start in sorted(component):
        parent: dict[int, int] = {}
        queue = [start]
        while queue and start not in parent:
            fresh: list[int] = []
            for at in queue:
                for other in graph[at]:
                    if other in inside and other not in parent:
                        parent[other] = at
                        fresh.append(other)
            queue = fresh
        if start in parent:
            way = [start]
            at = parent[start]
            while at != start:
                way.append(at)
                at = parent[at]
            if best is None or len(way) < len(best):
                best = way
    assert best is not None
    return best


def components(graph: Graph) -> Iterator[tuple[int, ...]]:
    """Tarjan's strongly connected components, those read from first; no recursion, a chain may be long."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in graph:
        if root in index:
            continue
        todo = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while todo:
            at, others = todo[-1]
            fresh = next((other for other in others if other not in index or other in on_stack), None)
            if fresh is None:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[at])
                if low[at] == index[at]:
                    component = [stack.pop()]
                    while component[-1] != at:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    yield tuple(sorted(component))
            elif fresh in index:
                low[at] = min(low[at], index[fresh])
            else:
                index[fresh] = low[fresh] = len(index)
                stack.append(fresh)
                on_stack.add(fresh)
                todo.append((fresh, iter(graph[fresh])))
