"""Names and types of a rulebook as a model has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rulectl.dmn.feel_calls import FUNCTIONS
from rulectl.dmn.feel_print import literal
from rulectl.dmn.feel_text import KEYWORDS
from rulectl.dmn.writing import Element, element
from rulectl.lang.literals import range_text
from rulectl.model.rulebook import Parameter, Rulebook, Table, Term
from rulectl.types import Kind, Type

_BASE: Mapping[Kind, str] = {
    Kind.STRING: "string",
    Kind.ENUM: "string",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.DATETIME: "date and time",
    Kind.DURATION: "days and time duration",
}


class FreshNames:
    """Names that FEEL reads in any tool: letters, digits, blanks and `_`, none of them twice."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str, suffix: str = "") -> str:
        plain = " ".join(re.sub(r"[^\w ]", "_", name).split()) or "_"
        if not (plain[0].isalpha() or plain[0] == "_"):
            plain = f"_{plain}"
        if plain in FUNCTIONS or plain in KEYWORDS:
            plain = f"{plain}_"
        found, count = plain, 1
        while found in self._taken:
            count += 1
            found = f"{plain}{suffix}" if suffix and count == 2 else f"{plain}_{count}"
        self._taken.add(found)
        return found


@dataclass(frozen=True, slots=True)
class Naming:
    """Names in the model by id (terms, parameters) and by table; type references by id; the item definitions that these
    need; the tables that write each term."""

    feel: Mapping[str, str]
    tables: Mapping[str, str]
    references: Mapping[str, str]
    items: tuple[Element, ...]
    writers: Mapping[str, tuple[Table, ...]]
    lists: frozenset[str]

    def sole(self, table: Table) -> bool:
        """Whether a table and its one term are one decision."""
        return len(table.outputs) == 1 and len(self.writers[table.outputs[0].term]) == 1


def naming(book: Rulebook) -> Naming:
    """All names of a rulebook in its model."""
    fresh = FreshNames()
    every: tuple[Term | Parameter, ...] = (*book.terms, *book.parameters)
    feel = {item.id: fresh.of(item.name) for item in every}
    writers: dict[str, tuple[Table, ...]] = {}
    for table in book.tables:
        for column in table.outputs:
            writers[column.term] = (*writers.get(column.term, ()), table)
    types = {item.id: item.type for item in every}
    references: dict[str, str] = {}
    items: list[Element] = []
    for id_, type_ in types.items():
        references[id_] = _BASE[type_.kind]
        if type_.many or type_.values or type_.low is not None or type_.high is not None:
            references[id_] = f"t {feel[id_]}"
            items.append(_item(references[id_], type_))
    tables = {}
    for table in book.tables:
        sole = len(table.outputs) == 1 and len(writers[table.outputs[0].term]) == 1
        tables[table.name] = feel[table.outputs[0].term] if sole else fresh.of(table.name, " table")
        if len(table.outputs) > 1:
            references[f"/{table.name}"] = f"t {tables[table.name]} result"
            parts = ((feel[column.term], references[column.term]) for column in table.outputs)
            items.append(_structure(references[f"/{table.name}"], parts))
    lists = frozenset(id_ for id_, type_ in types.items() if type_.many)
    return Naming(feel, tables, references, tuple(items), writers, lists)


def allowed(type_: Type) -> str:
    """The allowed values of a type as FEEL; blank where all are."""
    return ", ".join(map(literal, type_.values)) or range_text(type_)


def base(type_: Type) -> str:
    """The FEEL type of one value."""
    return _BASE[type_.kind]


def _item(name: str, type_: Type) -> Element:
    values = allowed(type_)
    return element(
        "itemDefinition",
        {"name": name, "isCollection": "true" if type_.many else ""},
        (
            element("typeRef", text=_BASE[type_.kind]),
            element("allowedValues", children=[element("text", text=values)]) if values else None,
        ),
    )


def _structure(name: str, parts: Iterable[tuple[str, str]]) -> Element:
    components = (
        element("itemComponent", {"name": part}, [element("typeRef", text=reference)]) for part, reference in parts
    )
    return element("itemDefinition", {"name": name}, components)
