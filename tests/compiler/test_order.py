"""The order of tables: components and strata against their definitions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rulectl.compiler.order import components

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
