"""JSON Schemas of one rulebook's own cases and outcomes, made from its vocabulary (JSON Schema 2020-12).

They state the canonical form of values: a program that keeps to them is always understood. People's own ways of writing
(35元, 2025年8月23日) are read too, but are not promised here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any as Json
from typing import Literal

from rulectl.codec.nodes import duration_json
from rulectl.data import data_folder
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import Kind, Type
from rulectl.values import Value

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Headings = Literal["name", "id"]
Node = dict[str, Json]

_MOMENT = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"
_DURATION = r"^-?P(?!$)(\d+D)?(T(?!$)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$"


def case_schema(rulebook: Rulebook, headings: Headings = "name") -> Node:
    """What a case may hold. Keys beyond the vocabulary are allowed: a case file has columns that no rule asks for."""
    counted = {aggregate.term for aggregate in rulebook.aggregates}
    given = [term for term in rulebook.terms if term.role is Role.INPUT or term.id in counted]
    needed = [_key(term, headings) for term in given if term.required and term.default is None]
    return {
        "$schema": DIALECT,
        "title": rulebook.name or rulebook.id,
        "description": f"A case of the rulebook {rulebook.id} {rulebook.version}".rstrip() + ".",
        "type": "object",
        "properties": {_key(term, headings): _property(term, _key(term, headings) not in needed) for term in given},
        **({"required": needed} if needed else {}),
    }


def outcome_schema(rulebook: Rulebook, headings: Headings = "name") -> Node:
    """What `decide` says of a case."""
    terms = rulebook.terms
    written = {column.term for table in rulebook.tables for column in table.outputs}
    counted = {aggregate.term for aggregate in rulebook.aggregates}
    outputs = (term for term in terms if term.role is Role.OUTPUT)
    derived = (term for term in terms if term.role is Role.DERIVED or term.id in written | counted)
    statuses = [status.value for status in Status]
    firm = {_key(t, headings): {"description": _described(t), "enum": statuses} for t in rulebook.decided_terms()}
    behind = {_key(t, headings): _list(_described(t), _text("The id of a case.")) for t in terms if t.id in counted}
    asked = {"enum": [_key(term, headings) for term in terms]}
    return {
        "$schema": DIALECT,
        "title": rulebook.name or rulebook.id,
        **_object(
            f"An outcome of the rulebook {rulebook.id} {rulebook.version}".rstrip() + ".",
            {
                "case": _facts("What was known of the case, defaults included.", terms, headings),
                "outputs": _facts("What was decided; null where no rule spoke.", outputs, headings),
                "derived": _facts("What was worked out on the way.", derived, headings),
                "status": _object("How firm each decision is.", firm),
                "case_status": {"description": "The worst status among the outputs that count.", "enum": statuses},
                "asks": _list("Unknown terms that would settle what is open, the most useful first.", asked),
                "firings": _list("The rules that fired, in order.", _firing(rulebook)),
                "findings": _list("What is to be said of the case besides.", {"$ref": "#/$defs/finding"}),
                "messages": _list("The messages to send, in this order, with the case's facts filled in.", _message()),
                "counted": _object("The cases behind each term counted across cases.", behind),
            },
            ["case", "outputs", "status", "case_status", "asks", "firings", "findings"],
        ),
        "$defs": {"finding": finding_schema()},
    }


def _firing(rulebook: Rulebook) -> Node:
    names = sorted({table.name for table in rulebook.tables})
    parts = {
        "table": {"description": "The table's name.", "enum": names},
        "rule": {"type": "string", "description": "The rule's id."},
        "cell": _text("The rule's cells in the workbook."),
    }
    return _object("", parts, ["table", "rule"])


def _message() -> Node:
    parts = {
        "id": _text("The id of the template."),
        "text": _text("What to send."),
        "missing": _list("The places in braces that nothing is known for yet.", {"type": "string"}),
    }
    return _object("", parts, ["id", "text"])


def _object(description: str, properties: Node, required: Sequence[str] = ()) -> Node:
    """Those properties and no other; without a description where that is blank."""
    return {
        **({"description": description} if description else {}),
        "type": "object",
        "properties": properties,
        **({"required": [*required]} if required else {}),
        "additionalProperties": False,
    }


def _list(description: str, items: Node) -> Node:
    return {"description": description, "type": "array", "items": items}


def _text(description: str) -> Node:
    return {"description": description, "type": "string"}


def finding_schema() -> Node:
    """The schema of findings as shipped, without its own head."""
    schema: Node = json.loads(data_folder("rulectl.schema").joinpath("finding.schema.json").read_text("utf-8"))
    return {key: value for key, value in schema.items() if not key.startswith("$")}


def _key(term: Term, headings: Headings) -> str:
    return term.id if headings == "id" else term.name


def _facts(description: str, terms: Iterable[Term], headings: Headings) -> Node:
    return _object(description, {_key(term, headings): _property(term, True) for term in terms})


def _described(term: Term) -> str:
    """The id, the unit, and what it means."""
    head = f"{term.id} ({term.unit})" if term.unit else term.id
    return f"{head}: {term.description}" if term.description else head


def _property(term: Term, nullable: bool) -> Node:
    """A term as a property; null is the unknown."""
    node: Node = {"title": term.name, "description": _described(term), **_shape(term.type, nullable)}
    if term.default is not None:
        node["default"] = _plain(term.default)
    return node


def _shape(type_: Type, nullable: bool) -> Node:
    """The form of a type's values."""
    if type_.many:
        return {"type": ["array", "null"] if nullable else "array", "items": _shape(type_.item, False)}
    if type_.values:
        return {"enum": [*type_.values, *([None] if nullable else [])]}
    name, rest = _SCALARS[type_.kind]
    if type_.low is not None:
        rest = {**rest, "minimum": _plain(type_.low)}
    if type_.high is not None:
        rest = {**rest, "maximum": _plain(type_.high)}
    return {"type": [name, "null"] if nullable else name, **rest}


_SCALARS: dict[Kind, tuple[str, Node]] = {
    Kind.STRING: ("string", {}),
    Kind.ENUM: ("string", {}),
    Kind.NUMBER: ("number", {}),
    Kind.BOOLEAN: ("boolean", {}),
    Kind.DATE: ("string", {"format": "date"}),
    # not "date-time", which demands a time zone
    Kind.DATETIME: ("string", {"pattern": _MOMENT}),
    Kind.DURATION: ("string", {"format": "duration", "pattern": _DURATION}),
}


def _plain(value: Value) -> Json:
    """A value as plain JSON. A number becomes a float only where that changes no digit worth having in a hint."""
    match value:
        case tuple():
            return [_plain(item) for item in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dt.date():
            return value.isoformat()
        case dt.timedelta():
            return duration_json(value)
        case _:
            return value
