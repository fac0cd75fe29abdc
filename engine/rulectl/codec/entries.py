"""Entries of compiled JSON that no cell of their column could hold, looked for whenever a file is loaded.

A sealed text is spared the schema, and its entries are decoded when a case first comes to them (design note 0011). A
forged one might name a term that there is not, or a value that its column does not know, or read what only later tables
write: no engine stumbles over that, it decides otherwise, and says nothing. So each distinct entry is looked at as the
JSON parser left it, once. What is judged is certain to be wrong; what only the reader of cells could tell fails when a
case comes to it, and is told then (`doubt`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any as Json
from typing import NamedTuple

from rulectl.codec.nodes import VALUES, value_of
from rulectl.diagnostics import Finding, finding
from rulectl.lang.flat import RANGES
from rulectl.lang.trees import names_of
from rulectl.model.policy import Merge
from rulectl.model.rulebook import Rulebook, Table
from rulectl.source import FilePlace
from rulectl.types import BOOLEAN, NUMBER, STRING, Kind, Type, compatible, fits
from rulectl.values import Value, number

Node = dict[str, Json]
Entry = tuple[str, int, str]
"""A side of a table, its column there, the text of the entry."""

MOST = 20
"""How many entries are told of."""

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_COMPARING = frozenset(("=", "!=", "<", "<=", ">", ">="))
_COMPUTING = frozenset(("+", "-", "*", "/", "**"))
_KINDS = {
    "text": (Kind.STRING, Kind.ENUM),
    "number": (Kind.NUMBER,),
    "boolean": (Kind.BOOLEAN,),
    "date": (Kind.DATE, Kind.DATETIME),
    "datetime": (Kind.DATE, Kind.DATETIME),
    "duration": (Kind.DURATION,),
}
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised over a node that is nonsense."""


class Spoilt(NamedTuple):
    """An entry that means nothing: its table, the first rule that has it, the heading above it, and its text."""

    table: str
    rule: str
    heading: str
    text: str


def told(entries: Iterable[Spoilt], file: str) -> tuple[Finding, ...]:
    """What is said of entries that mean nothing."""
    place = FilePlace(file)
    return tuple(
        finding("json-entry-spoilt", place, file=file, rules=[one.rule], name=one.table, **one._asdict())
        for one in entries
    )


def misfits(document: Node, book: Rulebook) -> Iterator[Spoilt | str]:
    """The entries of a document that its rules use and no cell of their column could hold; and, named, what tables read
    of those that come after them."""
    types = {p.id: p.type for p in book.parameters} | {term.id: term.type for term in book.terms}
    names = {term.id: term.name for term in book.terms}
    judge = _Judge(types)
    latest: dict[str, int] = {}
    for table in book.tables:
        for output in table.outputs:
            latest[output.term] = max(table.stratum, latest.get(output.term, 0))
    growing = {t.id for t in book.terms if t.type.many and t.merge is Merge.COLLECT}
    for node, table in zip(document["tables"], book.tables, strict=True):
        read: dict[str, list[Entry]] = {}
        columns = [("inputs", at, one.type, one.heading) for at, one in enumerate(table.inputs)]
        columns += [("outputs", at, types[one.term], names[one.term]) for at, one in enumerate(table.outputs)]
        for side, at, type_, heading in columns:
            entries: dict[str, Node] = node[side][at].get("entries", {})
            for text in judge.wrong(entries, side == "inputs", type_):
                if rules := _users(node, (side, at, text)):
                    yield Spoilt(table.name, rules[0]["id"], heading, entries[text].get("written", text))
            for name, said in judge.named.items():
                read.setdefault(name, []).extend((side, at, text) for text in said)
        yield from _upwards(node, table, read, latest, growing)


def _upwards(
    node: Node, table: Table, read: Mapping[str, list[Entry]], latest: Mapping[str, int], growing: Set[str]
) -> Iterator[str]:
    """What a table reads that it, or a later one, writes: lists that grow may go round, all else is never there."""
    subjects = {name for column in table.inputs for name in names_of(column.subject)}
    for name in subjects | read.keys():
        stratum = latest.get(name, -1)
        if stratum < table.stratum or (stratum == table.stratum and name in growing):
            continue
        # rules that are switched off read nothing
        on = (not rule.get("disabled") for entry in read.get(name, ()) for rule in _users(node, entry))
        if name in subjects or any(on):
            yield f"tables {table.name}: {name}"


def _users(node: Node, entry: Entry) -> list[Node]:
    """The rules of a table that have an entry."""
    side, at, text = entry
    key = "when" if side == "inputs" else "then"
    return [rule for rule in node.get("rules", ()) if rule[key][at] == text]


class _Judge:
    """Looks at the entries of a column. `named`: what those of the last column name, and which of them do."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self._types = types
        self.named: dict[str, list[str]] = {}
        self._found: list[str] = []

    def wrong(self, entries: Mapping[str, Node], tests: bool, type_: Type) -> Iterator[str]:
        """The texts of the entries that are certainly wrong."""
        self.named = {}
        key = "test" if tests else "value"
        for text, entry in entries.items():
            if key not in entry:
                continue
            node = entry[key]
            try:
                good = self._test(node, type_) if tests else self._conclusion(node, type_)
            except _FAILURES:
                good = False
            if not good:
                yield text
            for name in self._found:
                self.named.setdefault(name, []).append(text)
            self._found.clear()

    def _test(self, node: Node, type_: Type) -> bool:
        ((sign, inner),) = node.items()
        if sign in _COMPARING:
            return self._operand(inner, type_)
        if sign == "one of" or sign == "all of":
            return bool(inner) and all(self._test(item, type_) for item in inner)
        if sign in RANGES:
            low, high = inner
            return self._operand(low, type_) and self._operand(high, type_)
        if sign == "except":
            return self._test(inner, type_)
        if sign == "contains":
            return self._operand(inner, Type(type_.kind))
        return sign in ("any", "null") and inner is True

    def _operand(self, node: Node, type_: Type) -> bool:
        """What a value of a type, or an item of a list of it, is compared with."""
        ((kind, inner),) = node.items()
        if kind == "text":
            return inner.__class__ is str and type_.kind in _KINDS[kind] and (not type_.values or inner in type_.values)
        if kind == "number":
            return type_.kind is Kind.NUMBER and _is_number(inner)
        if kind in _KINDS:
            value_of(node)
            return type_.kind in _KINDS[kind]
        return kind != "null" and self._suits(self._type(node), type_)

    def _suits(self, found: Type | None, type_: Type) -> bool:
        """Whether what is of one type can be held against another; None: nobody can tell."""
        return found is None or compatible(Type(found.kind), Type(type_.kind))

    def _conclusion(self, node: Node, type_: Type) -> bool:
        ((kind, inner),) = node.items()
        if kind == "text" and not type_.many and inner.__class__ is str and inner in type_.values:
            return True
        if kind in VALUES:
            return fits(_value(kind, node), type_)
        if kind == "sequence":
            return type_.many and all(self._suits(self._type(item), type_) for item in inner)
        # of numbers and dates texts are made
        return self._suits(self._type(node), type_) or type_.kind is Kind.STRING

    def _type(self, node: Node) -> Type | None:
        """The type of an expression, where that is seen at a glance. Raises one of _FAILURES over one that is none."""
        ((kind, inner),) = node.items()
        if kind == "name":
            self._found.append(inner)
            return self._types[inner]
        if kind in VALUES:
            value = value_of(node)
            return None if value is None or isinstance(value, tuple) else Type(_KINDS[kind][0])
        if kind == "meets":
            subject, test = inner
            self._type(subject)
            self._names(test)
            return BOOLEAN
        parts = [inner] if kind in ("negative", "not") else inner[1:] if kind == "call" else inner
        types = [self._type(part) for part in parts]
        if kind in _COMPUTING or kind == "negative":
            return NUMBER if all(found is not None and found.kind is Kind.NUMBER for found in types) else None
        if kind in _COMPARING or kind in ("and", "or", "not"):
            return BOOLEAN
        if kind == "if":
            _, then, otherwise = types
            return then if then == otherwise else None
        if kind == "join":
            return STRING
        if kind in ("call", "sequence"):
            return None
        raise KeyError(kind)

    def _names(self, node: Json) -> None:
        """Look at the names in whatever stands there."""
        if isinstance(node, dict):
            for key, inner in node.items():
                if key == "name":
                    self._found.append(inner)
                    self._types[inner]
                elif key != "text":
                    self._names(inner)
        elif isinstance(node, list):
            for item in node:
                self._names(item)


def _value(kind: str, node: Node) -> Value:
    """The value of a node of some kind. Raises TypeError where it is of another."""
    if kind != "null" and not isinstance(node[kind], bool if kind == "boolean" else list if kind == "list" else str):
        raise TypeError(kind)
    return value_of(node)


def _is_number(text: Json) -> bool:
    return _NUMBER.fullmatch(text) is not None or number(text).is_finite()
