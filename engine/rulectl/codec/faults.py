"""What jsonschema says of a document that does not fit the schema of rulebooks: the one door to jsonschema.

Why a `$ref` of our own: the trees of conditions may be deep and the books large, while jsonschema follows references by
recursion and looks each up anew. Here a reference is put on a list and worked off afterwards, with one prepared
validator a definition; depth no longer matters. `properties` goes by the keys that are there, and plain texts need no
validator of their own. Plain jsonschema agrees on every document (a test holds it to that).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any as Json

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from rulectl.codec.formats import FORMATS as CHECKS
from rulectl.codec.formats import rulebook_schema

_DEFS = "#/$defs/"
_PLAIN = frozenset(("type", "description"))
FORMATS = FormatChecker(())
"""The formats of the schema: the texts that decoding can read."""

for _name, _check in CHECKS.items():
    FORMATS.checks(_name)(_check)


def faults(document: Json) -> Iterator[tuple[str, str]]:
    """Where a document does not fit the schema: JSON pointer and what is the matter, in jsonschema's words."""
    schema = rulebook_schema()
    waiting: list[tuple[str, Json]] = []

    def later(_: object, ref: str, instance: Json, __: object) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            waiting.append((ref, instance))
        else:  # every definition is an object; told here, where the error still knows its path
            yield ValidationError(f"{instance!r} is not of type 'object'")

    def each(validator: Json, parts: dict[str, Json], instance: Json, _: object) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        for name, value in instance.items():
            part = parts.get(name)
            if part is None or (type(value) is str and part.keys() <= _PLAIN and part["type"] == "string"):
                continue
            if type(value) is dict and "$ref" in part:
                waiting.append((part["$ref"], value))
            else:
                yield from validator.descend(value, part, path=name, schema_path=name)

    checker: Json = extend(Draft202012Validator, {"$ref": later, "properties": each})  # type: ignore[no-untyped-call]  # jsonschema has it so
    prepared = {_DEFS + name: checker(part, format_checker=FORMATS) for name, part in schema["$defs"].items()}
    whole = checker({key: part for key, part in schema.items() if key != "$defs"}, format_checker=FORMATS)
    yield from ((_pointer(document, document, error), error.message) for error in whole.iter_errors(document))
    # a list that grows while it is walked: the references found on the way come last
    for ref, instance in waiting:
        for error in prepared[ref].iter_errors(instance):
            yield _pointer(document, instance, error), error.message


def _pointer(document: Json, part: Json, error: ValidationError) -> str:
    """The JSON pointer of an error within a part of the document; the part is found by its identity."""
    steps = (*(_path(document, part) or ()), *error.absolute_path)
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _path(document: Json, part: Json) -> tuple[str | int, ...] | None:
    """The way from the document to one of its parts, which is an object or the whole."""
    waiting: list[tuple[Json, tuple[str | int, ...]]] = [(document, ())]
    for whole, path in waiting:
        if whole is part:
            return path
        if isinstance(whole, dict):
            waiting.extend((value, (*path, key)) for key, value in whole.items())
        elif isinstance(whole, list):
            waiting.extend((value, (*path, n)) for n, value in enumerate(whole))
    return None
