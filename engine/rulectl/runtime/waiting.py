"""What decided terms wait for, followed down to terms that nothing decides: these are what can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def waited_for(names: Iterable[str], waits: Callable[[str], Iterable[str] | None]) -> frozenset[str]:
    """The names with decided terms replaced by what these wait for themselves; `waits` says it of a decided term, and
    None of others."""
    found: set[str] = set()
    seen: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        behind = waits(name)
        if behind is None:
            found.add(name)
        else:
            left += behind
    return frozenset(found)
