"""Cases of the DMN Technology Compatibility Kit: read, put to a rulebook, compared.

The models and cases stand beside the project, in `../shared/conformance/dmn-tck`; nothing of them is kept here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rulectl.dmn.xml import Node, tree
from rulectl.values import Value, number

LEVEL_2 = Path(__file__).resolve().parents[2].parent / "shared/conformance/dmn-tck/compliance-level-2"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """A result node: its name and what is expected of each of its parts, by path."""

    name: str
    expected: Mapping[Path_, Value]


@dataclass(frozen=True)
class Case:
    id: str
    given: Mapping[Path_, Value]
    results: tuple[Result, ...]


def models() -> list[Path]:
    """The models, one a folder."""
    return sorted(LEVEL_2.glob("*/*.dmn"))


def cases(model: Path) -> Iterator[Case]:
    """The cases of a model."""
    root = tree(model.with_name(f"{model.stem}-test-01.xml").read_bytes())
    for case in root.all("testCase"):
        given: dict[Path_, Value] = {}
        for node in case.all("inputNode"):
            given |= parts(node, (node.get("name"),))
        results = []
        for node in case.all("resultNode"):
            expected = node.first("expected")
            assert expected is not None
            results.append(Result(node.get("name"), parts(expected, (node.get("name"),))))
        yield Case(case.get("id"), given, tuple(results))


def parts(node: Node, path: Path_) -> dict[Path_, Value]:
    """The values under a node by their paths; of a list of structures, each part as a list."""
    value, listed = node.first("value"), node.first("list")
    if value is not None:
        return {path: scalar(value)}
    if listed is not None:
        items = [parts(item, path) for item in listed.all("item")]
        paths = dict.fromkeys(path for item in items for path in item) or {path: None}
        return {one: tuple(item.get(one) for item in items) for one in paths}
    found: dict[Path_, Value] = {}
    for component in node.all("component"):
        found |= parts(component, (*path, component.get("name")))
    return found or {path: None}


def scalar(node: Node) -> Value:
    """A value as typed."""
    if node.get(f"{INSTANCE} nil") == "true":
        return None
    text = node.text
    match node.get(f"{INSTANCE} type").rpartition(":")[2]:
        case "boolean":
            return text == "true"
        case "decimal" | "double" | "integer":
            return number(text)
        case "string":
            return text
        case kind:
            raise ValueError(f"values of type {kind} are not compared yet")


def agrees(found: Value, expected: Value) -> bool:
    """Equal; numbers to the precision that the kit states them with (15 digits)."""
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        return abs(found - expected) <= abs(expected) * Decimal("1e-13")
    if isinstance(found, tuple) and isinstance(expected, tuple):
        return len(found) == len(expected) and all(map(agrees, found, expected))
    return type(found) is type(expected) and found == expected
