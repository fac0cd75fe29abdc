"""A rulebook as one JSON document, and as text.

The text is laid out with one term, parameter, entry or rule a line, so that two versions of a rulebook differ in the
lines of what changed. The same rulebook gives the same text byte for byte. The last line seals the rest: a reader that
finds the seal whole need not hold the text to the schema again (see decode).
"""

from __future__ import annotations

from typing import Any as Json

from rulectl.codec.document import document
from rulectl.codec.formats import seal
from rulectl.codec.hashing import content_hash
from rulectl.codec.parts import Node
from rulectl.codec.tables import Encoded
from rulectl.codec.validate import validate
from rulectl.codec.whole import mismatches
from rulectl.codec.writing import writer
from rulectl.model.rulebook import FORMAT_VERSION, LANGUAGE_VERSION, Rulebook

FORMAT = f"rulectl/{FORMAT_VERSION}"


def to_json(rulebook: Rulebook) -> Node:
    """The JSON document of a rulebook, its hash included."""
    tables = [Encoded.of(table) for table in rulebook.tables]
    head = {"format": FORMAT, "language": LANGUAGE_VERSION, "hash": content_hash(rulebook, tables)}
    return {**head, **document(rulebook, tables)}


def dumps(rulebook: Rulebook) -> str:
    """The text of the JSON document, held to the schema on its way out. Raises ValueError where it does not fit: then
    compiler and schema have come apart, which no user can mend. A rulebook whose parts do not fit each other, which the
    compiler never makes, gets no seal."""
    whole = to_json(rulebook)
    misfits = validate(whole, rulebook.source)
    if misfits:
        raise ValueError(misfits[0].message("en"))
    text = layout(whole)
    if any(mismatches(rulebook)):
        return text
    body = text.removesuffix("\n}\n")
    return f'{body},\n "seal": "{seal(body.encode("utf-8", "surrogatepass"))}"\n}}\n'


_OPEN_LISTS = frozenset(
    (
        "terms",
        "parameters",
        "tables",
        "inputs",
        "outputs",
        "rules",
        "aggregates",
        "templates",
        "tests",
        "facts",
        "expected",
        "policies",
    )
)
_OPEN_ITEMS = frozenset(("tables", "inputs", "outputs", "tests"))
_OPEN_OBJECTS = frozenset(("entries",))

_inline = writer(", ", ": ")


def layout(document: Node) -> str:
    """The document as text, one entry a line."""
    parts: list[str] = []
    _object(document, 0, parts)
    return "".join(parts) + "\n"


def _object(node: Node, depth: int, parts: list[str]) -> None:
    """An object, one key a line; short keys that belong together are not worth a rule of their own."""
    pad = "\n" + " " * (depth + 1)
    parts.append("{")
    for n, (key, value) in enumerate(node.items()):
        parts.append(f"{',' if n else ''}{pad}{_inline(key)}: ")
        if key in _OPEN_LISTS and value:
            _list(value, key in _OPEN_ITEMS, depth, pad, parts)
        elif key in _OPEN_OBJECTS and value:
            inner = pad + " "
            lines = (f"{inner}{_inline(name)}: {_inline(item)}" for name, item in value.items())
            parts.append(f"{{{','.join(lines)}{pad}}}")
        else:
            parts.append(_inline(value))
    parts.append("\n" + " " * depth + "}")


def _list(items: list[Json], open_: bool, depth: int, pad: str, parts: list[str]) -> None:
    """A list, one item a line or, where the items are large, opened up themselves."""
    parts.append("[")
    if open_:
        for m, item in enumerate(items):
            parts.append(f"{',' if m else ''}{pad} ")
            _object(item, depth + 2, parts)
    else:
        inner = pad + " "
        parts.append(",".join([inner + _inline(item) for item in items]))
    parts.append(pad + "]")
