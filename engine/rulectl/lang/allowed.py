"""Allowed values where people write them without quotation marks: which one stands at a place of a cell, and several
that stand side by side.

Idea: the longest value that stands whole wins over whatever the words around it may mean, so that a value such as
`非卖品` or `退货;退款` means itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from rulectl.lang.chars import plain, visible
from rulectl.lang.literals import match_allowed
from rulectl.types import Type

_REST = r"(?:的?(?:所有|全部|其他|其它)|均可|都可以?|皆可)?"
_OUT = r"\s*(?:以外|之外|除外|外)" + _REST + r"(?=\s*(?:$|[;,、\n)]))"
OUTSIDE = re.compile(_OUT)
"""What ends `除 A、B 外` and `A 以外`."""
AFTER = re.compile(r"\s*(?:$|[;,、\n)\]]|或|且|和|与|及|以及|并|而|&|\|)|\s+(?:n?or|and)\b|" + _OUT, re.IGNORECASE)
"""What may follow a value that stands whole."""


@lru_cache(maxsize=256)
def _by_first(values: tuple[str, ...]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Allowed values by their first character, as plain text and as they are, the longest first. A column has them for
    all its cells, and there may be thousands."""
    found: dict[str, list[tuple[str, str]]] = {}
    for value in sorted(values, key=lambda value: -len(value)):
        if value:
            found.setdefault(plain(value)[0], []).append((plain(value), value))
    return {first: tuple(pairs) for first, pairs in found.items()}


def standing(values: tuple[str, ...], text: str, at: int) -> tuple[str, int] | None:
    """The longest value that stands whole at an offset of a plain text, and where it ends."""
    for written, value in _by_first(values).get(text[at], ()):
        if text.startswith(written, at) and AFTER.match(text, at + len(written)):
            return value, at + len(written)
    return None


def side_by_side(text: str, column: Type) -> tuple[str, ...] | None:
    """`A/B`, and of a single value `A B`: allowed values all of them, so that nothing else can be meant."""
    written = [part for part in re.split(r"[/／]" if column.many else r"[/／\s]+", text) if part.strip()]
    parts = [match_allowed(visible(part), column.values) for part in written]
    known = tuple(part for part in parts if part is not None)
    return known if len(known) == len(parts) > 1 else None
