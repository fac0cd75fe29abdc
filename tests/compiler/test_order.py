"""The order of tables: components and strata against their definitions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rulectl.compiler.order import components, order_tables
from rulectl.compiler.work import Work
from rulectl.lang.syntax import Name
from rulectl.model.policy import HitPolicy, Merge, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, Table, Term
from rulectl.source import Cell, CellRange
from rulectl.types import Kind, Type

graphs = st.integers(1, 8).flatmap(
    lambda size: st.fixed_dictionaries(
        {at: st.lists(st.integers(0, size - 1), unique=True, max_size=size).map(sorted) for at in range(size)}
    )
)


def reachable(graph: dict[int, list[int]], start: int) -> set[int]:
    """What can be reached in one step or more."""
    seen: set[int] = set()
    todo = list(graph[start])
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo.extend(graph[at])
    return seen


@given(graphs)
def test_components_are_the_classes_of_mutual_reach(graph: dict[int, list[int]]) -> None:
    reach = {at: reachable(graph, at) for at in graph}
    found = list(components(graph))
    assert sorted(at for component in found for at in component) == sorted(graph)
    for component in found:
        for at in component:
            assert set(component) == {other for other in graph if other in reach[at] and at in reach[other]} | {at}


@given(graphs)
def test_what_is_read_comes_first(graph: dict[int, list[int]]) -> None:
    place = {at: n for n, component in enumerate(components(graph)) for at in component}
    assert all(place[other] <= place[at] for at, others in graph.items() for other in others)


def test_a_long_chain_needs_no_stack() -> None:
    chain = {at: [at + 1] if at < 50_000 else [] for at in range(50_001)}
    assert [component[0] for component in components(chain)] == list(range(50_000, -1, -1))


TERMS = ("a", "b", "c", "d", "e")
drawn = st.lists(
    st.tuples(st.sets(st.sampled_from(TERMS), max_size=2), st.sets(st.sampled_from(TERMS), min_size=1, max_size=2)),
    min_size=1,
    max_size=6,
)


def work_of(tables: list[tuple[set[str], set[str]]], many: bool = False) -> Work:
    """Tables by what they read and write."""
    kind = Type(Kind.STRING, many)
    merge, policy = (Merge.COLLECT, HitPolicy.COLLECT) if many else (Merge.SINGLE, HitPolicy.FIRST)
    at = Cell("f", "s", 1, 1)
    return Work(
        (),
        terms=tuple(Term(name, name, Role.DERIVED, kind, merge=merge) for name in TERMS),
        tables=tuple(
            Table(
                f"t{n}",
                HitPolicy.FIRST,
                tuple(InputColumn(Name(name), kind) for name in sorted(read)),
                tuple(OutputColumn(name, policy) for name in sorted(written)),
                (),
                cells=CellRange(at, at),
            )
            for n, (read, written) in enumerate(tables)
        ),
    )


@given(drawn)
def test_a_stratum_is_one_above_the_highest_that_writes_what_is_read(tables: list[tuple[set[str], set[str]]]) -> None:
    graph = {n: [m for m, (_, out) in enumerate(tables) if out & read] for n, (read, _) in enumerate(tables)}
    cyclic = [n for n in graph if n in reachable(graph, n)]
    work = order_tables(work_of(tables))
    assert bool(work.findings) == bool(cyclic)
    for found in work.findings:
        fields = dict(found.fields)
        names = fields["cycle"].split(" → ") if found.slug == "cycle" else [fields["name"]] * 2
        assert names[0] == names[-1]
        assert len(set(names)) == len(names) - 1
        way = [int(name[1:]) for name in names]
        # each writes what the next one reads
        assert all(writer in graph[reader] for writer, reader in pairwise(way))
    if not cyclic:
        stratum = {int(table.name[1:]): table.stratum for table in work.tables}
        assert all(stratum[n] == 1 + max((stratum[m] for m in graph[n]), default=-1) for n in graph)
        assert [table.stratum for table in work.tables] == sorted(stratum.values())


@given(drawn)
def test_collecting_lists_may_go_round_and_share_a_stratum(tables: list[tuple[set[str], set[str]]]) -> None:
    graph = {n: [m for m, (_, out) in enumerate(tables) if out & read] for n, (read, _) in enumerate(tables)}
    work = order_tables(work_of(tables, many=True))
    assert work.findings == ()
    stratum = {int(table.name[1:]): table.stratum for table in work.tables}
    for n in graph:
        for m in graph[n]:
            together = n in reachable(graph, m)
            assert stratum[m] == stratum[n] if together else stratum[m] < stratum[n]
