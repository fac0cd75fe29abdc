"""The schema of rulebooks allows what the model knows, no more and no less, wherever it lists words."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any as Json
from typing import get_args

from rulectl.codec.formats import rulebook_schema
from rulectl.codes import Severity
from rulectl.lang.syntax import Function
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Tier
from rulectl.model.rulebook import AggregateFunction
from rulectl.types import Kind


def listed(node: Json, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every list of words in the schema, by the names of its definition and its field."""
    match node:
        case {"enum": [*words]}:
            yield path, words
        case dict():
            for key, inner in node.items():
                structural = key in ("$defs", "properties", "prefixItems", "items")
                yield from listed(inner, path if structural else f"{path}/{key}")
        case list():
            for inner in node:
                yield from listed(inner, path)


def values(members: type[Enum]) -> set[str]:
    return {member.value for member in members}


SETS = {
    "/tier": values(Tier),
    "/type/kind": values(Kind),
    "/expr/call": set(get_args(Function)),
    "/term/role": values(Role),
    "/term/merge": values(Merge),
    "/term/favours": values(Favours),
    "/table/policy": values(HitPolicy),
    "/table/tier": values(Tier),
    "/output/policy": values(HitPolicy),
    "/aggregate/function": set(get_args(AggregateFunction)),
    "/policy/severity": values(Severity),
}


def test_words_of_the_schema_are_those_of_the_model() -> None:
    found = dict(listed(rulebook_schema()))
    assert {path: set(words) for path, words in found.items()} == SETS
