"""Types of a model: item definitions and references, as the types of terms and structures of them (DMN section 7.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from rulectl.diagnostics import Finding, finding
from rulectl.dmn.feel import read_tests
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.meaning import Env, NeedsColumnError
from rulectl.dmn.model import Item
from rulectl.dmn.names import TYPES, UNTYPED
from rulectl.lang.chars import visible
from rulectl.lang.syntax import Between, Is, Literal, OneOf, Test
from rulectl.source import ElementPlace
from rulectl.types import Kind, Type

MAX_DEPTH = 10
_NOTHING = Env({})


@dataclass(frozen=True, slots=True)
class Struct:
    """A structure; a list of structures is one of lists, side by side."""

    parts: Mapping[str, Shape]


Shape = Type | Struct
"""What an element holds; None is used where nothing is said of it."""


class Shapes:
    """The item definitions of a model, and what references to them mean."""

    def __init__(self, items: tuple[Item, ...], found: list[Finding]) -> None:
        self._items = {item.name: item for item in items}
        self._found = found
        self._told: set[str] = set()

    def of(self, reference: str, at: ElementPlace) -> Shape | None:
        """What a type reference means; None where it says nothing. One that cannot be carried is a finding."""
        return self._reference(reference, at, 0)

    def _reference(self, reference: str, at: ElementPlace, depth: int) -> Shape | None:
        if reference in self._items:
            return self._item(self._items[reference], depth + 1)
        plain = re.sub(r"^[\w-]+:", "", reference)
        if plain in self._items:
            return self._item(self._items[plain], depth + 1)
        if plain in UNTYPED:
            return None
        kind = TYPES.get(plain)
        if kind is None:
            self._tell("dmn-type", at, type=reference)
            return None
        return Type(kind)

    def _item(self, item: Item, depth: int) -> Shape | None:
        if depth > MAX_DEPTH:
            self._tell("dmn-type", item.at, type=item.name)
            return None
        shape: Shape | None
        if item.components:
            parts = {part.name: self._item(part, depth + 1) or Type(Kind.STRING) for part in item.components}
            shape = Struct(parts)
        else:
            shape = self._reference(item.reference, item.at, depth)
        if item.constraint and isinstance(shape, Type):
            shape = self.constrained(shape, item.constraint, item.at)
        return self._many(shape, item) if item.many else shape

    def _many(self, shape: Shape | None, item: Item) -> Shape | None:
        """A list of what a shape is."""
        if isinstance(shape, Struct):
            return Struct({name: self._many(part, item) or part for name, part in shape.parts.items()})
        if shape is not None and shape.many:
            self._tell("dmn-type", item.at, type=item.name)
        return None if shape is None else replace(shape, many=True)

    def constrained(self, type_: Type, text: str, at: ElementPlace) -> Type:
        """A type with its allowed values or range; a constraint that no vocabulary can state is a finding."""
        values = values_in(text)
        if values is not None and type_.kind.textual:
            return replace(type_, kind=Kind.ENUM, values=values)
        limits = _limits(_test(text))
        if limits is not None and type_.kind is Kind.NUMBER:
            return replace(type_, low=limits[0], high=limits[1])
        self._tell("dmn-constraint", at, text=text)
        return type_

    def _tell(self, slug: str, at: ElementPlace, **fields: str) -> None:
        """Say a thing of an element once."""
        key = f"{slug} {at} {fields}"
        if key not in self._told:
            self._told.add(key)
            self._found.append(finding(slug, at, **fields))  # type: ignore[arg-type]  # fields of the sentence


def _test(text: str) -> Test | None:
    try:
        return read_tests(text, _NOTHING)
    except (FeelFault, NeedsColumnError):
        return None


def values_in(text: str) -> tuple[str, ...] | None:
    """`"A", "B"` -> its texts in order, each once; None where it is anything else, or a cell could not list them."""
    test = _test(text)
    items = test.items if isinstance(test, OneOf) else (test,)
    values: list[str] = []
    for item in items:
        if not (isinstance(item, Is) and item.op == "=" and isinstance(item.value, Literal)):
            return None
        value = item.value.value
        if not isinstance(value, str) or not value or visible(value) != value or re.search(r"[;；\n]", value):
            return None
        values.append(value)
    if len(values) == 1 and re.search(r"[、,，]", values[0]):
        return None
    return tuple(dict.fromkeys(values))


def _limits(test: Test | None) -> tuple[Decimal | None, Decimal | None] | None:
    """The least and the greatest number that a test lets through, both included."""
    match test:
        case Between(Literal(Decimal() as low), Literal(Decimal() as high), True, True):
            return low, high
        case Is(">=", Literal(Decimal() as low)):
            return low, None
        case Is("<=", Literal(Decimal() as high)):
            return None, high
        case _:
            return None
