"""Decision tables from JSON: rules by column, their entries decoded when they are looked at.

A large file is mostly entries, and of a hundred thousand rules a case looks at a few hundred. So an entry stays the
node that the JSON parser made until somebody asks for its tree; the engine's index asks for its short form alone
(lang/flat.py). The document has been held to the schema before it comes here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any as Json
from typing import TypeVar, cast

from rulectl.codec.nodes import VALUES, expr_of, unary_of, value_of
from rulectl.codec.places import cell_of, columns_of, range_of
from rulectl.codec.quoting import Reader
from rulectl.lang.flat import COMPARISONS, RANGES, Flat, Piece
from rulectl.lang.syntax import ANYTHING, Expr, Test
from rulectl.model.grid import Grid, Mark, Strip, entry_columns
from rulectl.model.made import Made
from rulectl.model.rulebook import InputColumn, OutputColumn, Period
from rulectl.values import Scalar, number

T = TypeVar("T")
Node = dict[str, Json]

_USUAL = ("id", "row", "when", "then")


def _made(nodes: Sequence[Node], make: Callable[[Node], T]) -> Made[T]:
    """The items of some nodes, each made when it is first asked for."""
    return Made(len(nodes), partial(_item, nodes, make))


def _item(nodes: Sequence[Node], make: Callable[[Node], T], at: int) -> T:
    return make(nodes[at])


def test_of(node: Node) -> Test:
    """An input entry."""
    return unary_of(node["test"]) if "test" in node else ANYTHING


def conclusion_of(node: Node) -> Expr | None:
    """An output entry."""
    return expr_of(node["value"]) if "value" in node else None


class Flats:
    """The short forms of input entries; numbers come again and are read once."""

    __slots__ = ("numbers",)

    def __init__(self) -> None:
        self.numbers: dict[str, Decimal] = {}

    def __call__(self, node: Node) -> Flat | None:
        """The short form of an entry, None where it has none."""
        test = node.get("test")
        return None if test is None else self._flat(test)

    def _flat(self, test: Node) -> Flat | None:
        ((sign, inner),) = test.items()
        if sign in COMPARISONS:
            value = self._scalar(inner)
            return None if value is None else ((sign, value),)
        if sign in RANGES:
            low, high = self._scalar(inner[0]), self._scalar(inner[1])
            return None if low is None or high is None else ((sign, low, high),)
        if sign == "one of":
            pieces: list[Piece] = []
            for item in inner:
                part = self._flat(item)
                if part is None:
                    return None
                pieces += part
            return tuple(pieces)
        return None

    def _scalar(self, node: Node) -> Scalar | None:
        ((kind, inner),) = node.items()
        if kind == "number":
            found = self.numbers.get(inner)
            if found is None:
                found = self.numbers[inner] = number(inner)
            return found
        if kind in ("text", "boolean"):
            return cast(Scalar, inner)
        return cast(Scalar, value_of(node)) if kind in ("date", "datetime", "duration") else None


def grid_of_json(
    node: Node, inputs: Sequence[InputColumn], outputs: Sequence[OutputColumn], home: str, reader: Reader
) -> Grid:
    """The rules of a table with these columns."""
    rules: list[Node] = node.get("rules", [])
    heads = [*(column.cell for column in inputs), *(column.cell for column in outputs)]
    whens = _columns("when", rules, node.get("inputs", ()))
    thens = _columns("then", rules, node.get("outputs", ()))
    anchor = columns_of(node["rows"], home) if "rows" in node else None
    odd = [(n, rule) for n, rule in enumerate(rules) if len(rule) != sum(key in rule for key in _USUAL)]
    marks = {n: _mark(rule) for n, rule in odd if not rule.keys() <= {*_USUAL, "cells", "at"}}
    return Grid(
        [rule["id"] for rule in rules],
        tuple(_tests(pool, refs, one, reader) for (pool, refs), one in zip(whens, inputs, strict=True)),
        tuple(_conclusions(pool, refs, one, reader) for (pool, refs), one in zip(thens, outputs, strict=True)),
        marks,
        anchor,
        [rule.get("row", 0) for rule in rules],
        entry_columns(heads, anchor),
        {n: range_of(rule["cells"], home) for n, rule in odd if "cells" in rule},
        {n: tuple(c and cell_of(c, home) for c in rule["at"]) for n, rule in odd if "at" in rule},
    )


def _columns(key: str, rules: Sequence[Node], columns: Sequence[Node]) -> Iterator[tuple[Node, list[int]]]:
    """For each column its entries, and for each rule the number of its own."""
    rows = zip(*[rule[key] for rule in rules], strict=True) if columns and rules else [()] * len(columns)
    for column, said in zip(columns, rows, strict=True):
        pool = column.get("entries", {})
        numbers = dict(zip(pool, range(len(pool)), strict=True))
        yield pool, list(map(numbers.__getitem__, said))


def _tests(pool: Node, refs: list[int], column: InputColumn, reader: Reader) -> Strip[Test]:
    nodes = list(pool.values())
    tests = _made(nodes, test_of)
    return Strip(
        refs, tests, reader.conditions(_texts(pool), tests, column.type, column.subject), _made(nodes, Flats())
    )


def _conclusions(pool: Node, refs: list[int], column: OutputColumn, reader: Reader) -> Strip[Expr | None]:
    nodes = list(pool.values())
    exprs = _made(nodes, conclusion_of)
    computed = [n for n, node in enumerate(nodes) if "value" in node and not node["value"].keys() <= VALUES]
    return Strip(refs, exprs, reader.conclusions(_texts(pool), exprs, column.term), computed=computed)


def _texts(pool: Node) -> list[str]:
    return [entry.get("written", key) for key, entry in pool.items()]


def _mark(rule: Node) -> Mark:
    return Mark(
        rule.get("otherwise", False),
        not rule.get("disabled", False),
        period_of(rule),
        rule.get("note", ""),
        rule.get("source", ""),
    )


def period_of(node: Node) -> Period:
    """The effective dates of a rulebook, a table or a rule."""
    start, end = node.get("from"), node.get("to")
    return Period(
        None if start is None else dt.date.fromisoformat(start), None if end is None else dt.date.fromisoformat(end)
    )


def misshapen(document: Node) -> Iterator[str]:
    """Rules that have not one known entry a column, named: what no schema can say and decoding cannot do without."""
    for table in document["tables"]:
        inputs, outputs = table.get("inputs", []), table.get("outputs", [])
        pools = [column.get("entries", {}) for column in (*inputs, *outputs)]
        for rule in table.get("rules", ()):
            where = f"tables {table['name']}, {rule['id']}"
            when, then = rule.get("when", []), rule.get("then", [])
            if len(when) != len(inputs) or len(then) != len(outputs):
                yield f"{where}: {len(when)}+{len(then)} ≠ {len(inputs)}+{len(outputs)}"
                continue
            yield from (f"{where}: {key}" for key, pool in zip((*when, *then), pools, strict=True) if key not in pool)
            if "at" in rule and len(rule["at"]) != len(pools):
                yield f"{where}: at"
