"""The decision tables of all workbooks, each by itself: head, columns, rules. What they are to one another is the
business of `order`."""

from __future__ import annotations

from dataclasses import replace

from rulectl.compiler.columns import read_columns, read_head, table_name
from rulectl.compiler.complaints import complain
from rulectl.compiler.dating import term_named
from rulectl.compiler.rules import Readings, dated_cell, read_rules
from rulectl.compiler.work import Book, Work
from rulectl.diagnostics import Finding, finding
from rulectl.lang.chars import visible
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock
from rulectl.model.policy import Role
from rulectl.model.rulebook import Table
from rulectl.source import Cell, CellRange, Location


def read_tables(work: Work) -> Work:
    """Pass: the decision tables, in the order of the workbooks."""
    found: list[Finding] = []
    tables: list[Table] = []
    names: dict[str, Cell] = {}
    writers: set[str] = set(work.writers)
    dated = work.dated
    readings = Readings(work.scope)
    for book, block in work.blocks(BlockKind.TABLE):
        writers |= _written(block, work)
        here: list[Finding] = []
        table, cell = _table(block, book, work, readings, here)
        name = table_name(block)
        if name in names:
            here.append(complain("duplicate-table", block.rows[0][1], ("note-first", names[name]), table=name))
        elif name:
            names[name] = block.rows[0][1].at
        found.extend(replace(finding, table=name) for finding in here)
        dated = dated or cell
        if table is not None and table.name:
            tables.append(table)
    return replace(work, tables=tuple(tables), writers=frozenset(writers), dated=dated).plus(found)


def _table(
    block: DraftBlock, book: Book, work: Work, readings: Readings, found: list[Finding]
) -> tuple[Table | None, Cell | None]:
    """A table and its first cell with a date; None where its columns cannot be made out."""
    head = read_head(block, book, work, found)
    columns = read_columns(block, head, work, found)
    if columns is None:
        return None, head.dated
    rows = block.rows[3:]
    if not rows:
        found.append(complain("empty-table", block.rows[0][0], table=head.name))
    rules = read_rules(block, columns, work, readings, found)
    table = Table(
        head.name,
        head.policy,
        tuple(column for _, column, _ in columns.inputs),
        tuple(column for _, column, _ in columns.outputs),
        rules,
        head.salience,
        head.tier,
        head.period,
        book.id,
        0,
        CellRange(block.at, block.rows[-1][-1].at),
    )
    return table, head.dated or dated_cell(rows, columns)


def _written(block: DraftBlock, work: Work) -> set[str]:
    """The ids of the terms that a table was meant to write, whatever else is wrong with it; of all terms when that
    cannot be made out, for then none can be said to lack a writer."""
    everything = {term.id for term in work.terms}
    if len(block.rows) < 3:
        return everything
    roles = [words.column_role(cell.text) for cell in block.rows[1]]
    headings = [
        visible(heading.text)
        for role, heading in zip(roles, block.rows[2], strict=True)
        if role is not None and role[0] == "conclusion" and not heading.blank
    ]
    named = [term_named(work, heading) for heading in headings]
    written = {term.id for term in named if term is not None}
    return written if named and len(written) == len(set(headings)) else everything


def check_written(work: Work) -> Work:
    """Pass: a derived term must come from somewhere."""
    if work.incomplete:
        return work
    given = work.writers | {aggregate.term for aggregate in work.aggregates}
    return work.plus(
        finding("never-written", Location(term.cell, term.name), term=term.name)
        for term in work.terms
        if term.role is Role.DERIVED and term.id not in given and term.cell is not None
    )
