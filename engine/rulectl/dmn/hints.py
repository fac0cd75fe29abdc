"""What decision tables say of the names that they test: a type, allowed values, what stands in the column.

Many models state no type where a name is declared, and some declare nothing at all; their tables say it all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from rulectl.dmn.feel import read_tests
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.meaning import Env, NeedsColumnError
from rulectl.dmn.model import Boxed, Conditional, Context, DecisionTable, Feel, Invocation, Listed, Model
from rulectl.dmn.shapes import Shape, Shapes, values_in
from rulectl.lang.syntax import Literal, Node
from rulectl.lang.trees import children
from rulectl.source import ElementPlace
from rulectl.types import Kind, Type
from rulectl.values import Value

_NOTHING = Env({})


@dataclass(slots=True)
class Hint:
    """What is said of a name. `listed`: the allowed values of each table that tests it, None where it lists none."""

    references: list[tuple[str, ElementPlace]] = field(default_factory=list)
    listed: list[tuple[str, ...] | None] = field(default_factory=list)
    entries: list[Feel] = field(default_factory=list)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of all tables, where every one lists some."""
        if not self.listed or any(values is None for values in self.listed):
            return ()
        return tuple(dict.fromkeys(value for values in self.listed for value in values or ()))

    def type_of(self, shapes: Shapes) -> Shape | None:
        """The type that is stated, else the one of what stands in the column."""
        for reference, at in self.references:
            shape = shapes.of(reference, at)
            if shape is not None:
                return shape
        for entry in self.entries:
            found = next((v.value for v in _literals(entry.text) if v.value is not None), None)
            if found is not None and not isinstance(found, tuple):
                return Type(_kind(found))
        return None


def hints(model: Model) -> Mapping[str, Hint]:
    """By the text of what is tested, its blanks made one."""
    found: dict[str, Hint] = {}
    bodies = [decision.body for decision in model.decisions]
    for body in bodies:
        for table in _tables(body):
            for number, clause in enumerate(table.inputs):
                hint = found.setdefault(" ".join(clause.subject.text.split()), Hint())
                hint.references.append((clause.subject.reference, clause.subject.at))
                hint.listed.append(values_in(clause.values) if clause.values else None)
                hint.entries += [row.when[number] for row in table.rows[:50] if number < len(row.when)]
    return found


def _tables(body: Boxed) -> Iterator[DecisionTable]:
    """The tables of a decision's own expression, not of functions, whose names are others."""
    match body:
        case DecisionTable():
            yield body
        case Context(entries):
            for entry in entries:
                yield from _tables(entry.value)
        case Invocation(_, bindings):
            for binding in bindings:
                yield from _tables(binding.value)
        case Listed(items):
            for item in items:
                yield from _tables(item)
        case Conditional(condition, then, otherwise):
            for part in (condition, then, otherwise):
                yield from _tables(part)
        case _:
            return


def _literals(text: str) -> Iterator[Literal]:
    try:
        waiting: list[Node] = [read_tests(text, _NOTHING)]
    except (FeelFault, NeedsColumnError):
        return
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, Literal):
            yield node
        waiting.extend(children(node))


def _kind(value: Value) -> Kind:
    match value:
        case bool():
            return Kind.BOOLEAN
        case Decimal():
            return Kind.NUMBER
        case dt.datetime():
            return Kind.DATETIME
        case dt.date():
            return Kind.DATE
        case dt.timedelta():
            return Kind.DURATION
        case _:
            return Kind.STRING
