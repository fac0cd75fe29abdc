"""Tables that go by another name now: they have no ids of their own, and would be told as gone and new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rulectl.lang.syntax import Expr, Test
from rulectl.model.grid import Grid, grid_of
from rulectl.model.rulebook import Rulebook, Table

Columns = tuple[frozenset[object], frozenset[str]]


def renamed_tables(old: Rulebook, new: Rulebook) -> Mapping[str, str]:
    """Old names to new ones: of tables that ask and conclude the same and have a rule in common, as long as no third
    table could be meant."""
    gone, come = _alone(old, new), _alone(new, old)
    pairs = ((table, come[columns]) for columns, table in gone.items() if columns in come)
    return {table.name: other.name for table, other in pairs if _rows(table) & _rows(other)}


def _alone(book: Rulebook, other: Rulebook) -> Mapping[Columns, Table]:
    """The tables of a book that the other has not, by what they ask and conclude where that tells them apart."""
    theirs = {table.name for table in other.tables}
    mine = [(_columns(table), table) for table in book.tables if table.name not in theirs]
    times = Counter(columns for columns, _ in mine)
    return {columns: table for columns, table in mine if times[columns] == 1}


def _columns(table: Table) -> Columns:
    return frozenset(column.subject for column in table.inputs), frozenset(column.term for column in table.outputs)


def _rows(table: Table) -> set[frozenset[tuple[object, Test | Expr | None]]]:
    """What each rule asks and says, by column."""
    grid = grid_of(table)
    return {_row(table, grid, rule) for rule in range(len(grid.ids))}


def _row(table: Table, grid: Grid, rule: int) -> frozenset[tuple[object, Test | Expr | None]]:
    asked = ((c.subject, s.items[s.refs[rule]]) for c, s in zip(table.inputs, grid.when, strict=True))
    said = ((c.term, s.items[s.refs[rule]]) for c, s in zip(table.outputs, grid.then, strict=True))
    return frozenset((*asked, *said))
