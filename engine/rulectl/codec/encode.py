"""A rulebook as one JSON document, and as text.

The text is laid out with one term, parameter or entry a line, so that two versions of a rulebook differ in the lines of
the rules that changed. The same rulebook gives the same text byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any as Json

from rulectl.codec.document import Node, document
from rulectl.codec.hashing import content_hash
from rulectl.codec.validate import validate
from rulectl.model.rulebook import FORMAT_VERSION, LANGUAGE_VERSION, Rulebook

FORMAT = f"rulectl/{FORMAT_VERSION}"


def to_json(rulebook: Rulebook) -> Node:
    """The JSON document of a rulebook, its hash included."""
    head = {"format": FORMAT, "language": LANGUAGE_VERSION, "hash": content_hash(rulebook)}
    return {**head, **document(rulebook)}


def dumps(rulebook: Rulebook) -> str:
    """The text of the JSON document, held to the schema on its way out. Raises ValueError where it does not fit: then
    compiler and schema have come apart, which no user can mend."""
    whole = to_json(rulebook)
    misfits = validate(whole, rulebook.source)
    if misfits:
        raise ValueError(misfits[0].message("en"))
    return layout(whole)


_OPEN_LISTS = frozenset(
    [
        "terms",
        "parameters",
        "tables",
        "inputs",
        "outputs",
        "rules",
        "when",
        "then",
        "aggregates",
        "templates",
        "tests",
        "facts",
        "expected",
        "policies",
    ]
)
_OPEN_ITEMS = frozenset(("tables", "rules", "tests"))


def layout(document: Node) -> str:
    """The document as text, one entry a line."""
    return "".join(_object(document, 0)) + "\n"


def _object(node: Node, depth: int) -> Iterator[str]:
    """An object, one key a line; short keys that belong together are not worth a rule of their own."""
    pad = "\n" + " " * (depth + 1)
    yield "{"
    for n, (key, value) in enumerate(node.items()):
        yield f"{',' if n else ''}{pad}{_inline(key)}: "
        if key in _OPEN_LISTS and value:
            yield "["
            for m, item in enumerate(value):
                yield f"{',' if m else ''}{pad} "
                if key in _OPEN_ITEMS:
                    yield from _object(item, depth + 2)
                else:
                    yield _inline(item)
            yield pad + "]"
        else:
            yield _inline(value)
    yield "\n" + " " * depth + "}"


def _inline(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
