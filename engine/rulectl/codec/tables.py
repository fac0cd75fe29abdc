"""Decision tables as JSON: every distinct entry once in its column, and rules that name them.

An entry's key is the text that the author wrote, so that a rule reads as its row does and a change to a rule is one
line of a diff. Under the key stand the structure and, where it is not the same, the canonical text. A text that means
two things in two cells (a number and a text that look alike) gets a second key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any as Json
from typing import TypeVar

from rulectl.codec.nodes import expr_json, unary_json
from rulectl.codec.parts import Context, Node, kept, period_json, texts_json, type_json
from rulectl.codec.places import columns_json
from rulectl.codec.writing import writer
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.syntax import ANYTHING, Expr, Test
from rulectl.model.grid import Grid, Mark, Strip, grid_of
from rulectl.model.policy import Tier
from rulectl.model.rulebook import InputColumn, OutputColumn, Table

T = TypeVar("T")

_compact = writer(",", ":", ordered=True)


@dataclass(frozen=True)
class Encoded:
    """A table and its entries as nodes, None for one that says nothing: worked out once for hash, schema and text."""

    table: Table
    grid: Grid
    when: tuple[tuple[Node | None, ...], ...]
    then: tuple[tuple[Node | None, ...], ...]

    @staticmethod
    def of(table: Table) -> Encoded:
        grid = grid_of(table)
        return Encoded(
            table,
            grid,
            tuple(tuple(map(_test_json, strip.items)) for strip in grid.when),
            tuple(tuple(map(_value_json, strip.items)) for strip in grid.then),
        )

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """By column, the key of each distinct entry."""
        return (*(_keys(strip.texts) for strip in self.grid.when), *(_keys(strip.texts) for strip in self.grid.then))

    def meanings(self) -> Iterator[str]:
        """What each rule means, a line a rule."""
        strips: tuple[Strip[Json], ...] = (*self.grid.when, *self.grid.then)
        said = [[_compact(node) for node in nodes] for nodes in (*self.when, *self.then)]
        columns = [[texts[ref] for ref in strip.refs] for texts, strip in zip(said, strips, strict=True)]
        rows = zip(*columns, strict=True) if columns else ((),) * len(self.grid.ids)
        for number, (id_, row) in enumerate(zip(self.grid.ids, rows, strict=True)):
            mark = self.grid.marks.get(number)
            # a mark that says only what is usual, such as 启用 是, is none
            said_too = _mark_json(mark) if mark is not None else {}
            head = _compact([id_, said_too]) if said_too else _compact(id_)
            yield f"{head}:{','.join(row)}\n"


def _test_json(test: Test) -> Node | None:
    return None if test == ANYTHING else unary_json(test)


def _value_json(expr: Expr | None) -> Node | None:
    return None if expr is None else expr_json(expr)


def _keys(texts: Sequence[str]) -> tuple[str, ...]:
    """A key for each text: itself, or where it stands twice with a number behind it."""
    if len(set(texts)) == len(texts):
        return tuple(texts)
    taken: set[str] = set()
    keys = []
    for text in texts:
        key, count = text, 1
        while key in taken:
            count += 1
            key = f"{text}#{count}"
        taken.add(key)
        keys.append(key)
    return tuple(keys)


def _mark_json(mark: Mark) -> Node:
    """What few rules have; a period has two ends."""
    return kept(
        otherwise=mark.otherwise,
        disabled=not mark.enabled,
        **period_json(mark.period),
        note=mark.note,
        source=mark.source,
    )


def table_json(encoded: Encoded, context: Context) -> Node:
    """A table; without its rules where only the meaning is wanted, see `Encoded.meanings`."""
    table = encoded.table
    split = len(table.inputs)
    keys = encoded.keys
    return {"name": table.name, "policy": table.policy.value} | kept(
        salience=table.salience or None,
        tier=None if table.tier is Tier.PROCEDURE else table.tier.value,
        **period_json(table.period),
        book="" if context.meaning else table.book,
        stratum=table.stratum or None,
        cells=context.place(table.cells),
        rows=None if context.meaning else columns_json(encoded.grid.anchor, context.home),
        inputs=[
            _input(column, strip, nodes, keys_, context)
            for column, strip, nodes, keys_ in zip(
                table.inputs, encoded.grid.when, encoded.when, keys[:split], strict=True
            )
        ],
        outputs=[
            _output(column, strip, nodes, keys_, context)
            for column, strip, nodes, keys_ in zip(
                table.outputs, encoded.grid.then, encoded.then, keys[split:], strict=True
            )
        ],
        rules=[] if context.meaning else list(_rules(encoded, context)),
    )


def _input(
    column: InputColumn, strip: Strip[Test], nodes: Sequence[Node | None], keys: Sequence[str], context: Context
) -> Node:
    subject = "" if context.meaning else print_expr(column.subject, context.names)

    def canonical(test: Test) -> str:
        return print_test(test, column.type, context.names)

    return {
        "subject": expr_json(column.subject),
        "type": type_json(column.type),
        **texts_json(subject, column.heading, context),
        **kept(
            cell=context.place(column.cell),
            entries={} if context.meaning else _entries("test", strip, nodes, keys, canonical),
        ),
    }


def _output(
    column: OutputColumn,
    strip: Strip[Expr | None],
    nodes: Sequence[Node | None],
    keys: Sequence[str],
    context: Context,
) -> Node:
    type_ = context.types.get(column.term)

    def canonical(expr: Expr | None) -> str:
        return "" if expr is None else print_expr(expr, context.names, in_cell=type_)

    return kept(
        term=column.term,
        policy=column.policy.value,
        cell=context.place(column.cell),
        entries={} if context.meaning else _entries("value", strip, nodes, keys, canonical),
    )


def _entries(
    name: str, strip: Strip[T], nodes: Sequence[Node | None], keys: Sequence[str], canonical: Callable[[T], str]
) -> Node:
    """The distinct entries of a column by key."""
    found: Node = {}
    for item, written, node, key in zip(strip.items, strip.texts, nodes, keys, strict=True):
        entry: Node = {} if node is None else {name: node}
        text = canonical(item)
        if text and text != written:
            entry["text"] = text
        if key != written:
            entry["written"] = written
        found[key] = entry
    return found


def _rules(encoded: Encoded, context: Context) -> Iterator[Node]:
    grid, keys = encoded.grid, encoded.keys
    split = len(grid.when)
    strips: tuple[Strip[Json], ...] = (*grid.when, *grid.then)
    columns = [[names[ref] for ref in strip.refs] for names, strip in zip(keys, strips, strict=True)]
    count = len(grid.ids)
    whens: Iterator[list[str]] = (
        map(list, zip(*columns[:split], strict=True)) if split else iter([[] for _ in range(count)])
    )
    thens: Iterator[list[str]] = (
        map(list, zip(*columns[split:], strict=True)) if columns[split:] else iter([[] for _ in range(count)])
    )
    for number, (id_, when, then) in enumerate(zip(grid.ids, whens, thens, strict=True)):
        node: Node = {"id": id_}
        mark = grid.marks.get(number)
        if mark is not None:
            node |= _mark_json(mark)
        if grid.anchor is not None and grid.rows[number]:
            node["row"] = grid.rows[number]
        if number in grid.moved:
            node["cells"] = grid.moved[number].seen_from(context.home)
        if number in grid.scattered:
            node["at"] = [None if cell is None else cell.seen_from(context.home) for cell in grid.scattered[number]]
        if when:
            node["when"] = when
        if then:
            node["then"] = then
        yield node
