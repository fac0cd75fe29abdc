"""The head of a decision table: its marker row, the roles of its columns and the terms that they stand for.

DMN 1.5 section 8.2: input clauses, output clauses, hit policy. The hit policy is settled per conclusion here, so that
nobody below has to know that a list collects whatever the table does with its other conclusions (semantics 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from rulectl.compiler.about import period_of, tier_of
from rulectl.compiler.cells import expression_in, value_in
from rulectl.compiler.complaints import (
    chosen,
    complain,
    heading_of,
    ill_suited,
    judged,
    names_of_terms,
    repeated,
    strange,
    unknown_term,
    vocabulary_of,
)
from rulectl.compiler.dating import term_named
from rulectl.compiler.naming import forbidden
from rulectl.compiler.work import Book, Work
from rulectl.diagnostics import Finding, Note
from rulectl.lang.chars import visible
from rulectl.lang.faults import clipped
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import Name
from rulectl.model import words
from rulectl.model.draft import DraftBlock, DraftCell
from rulectl.model.policy import HitPolicy, Role, Tier
from rulectl.model.rulebook import InputColumn, OutputColumn, Period, Term
from rulectl.model.suiting import settles, unranked
from rulectl.source import Cell
from rulectl.types import NUMBER

MOST = 1_000_000_000
"""The greatest priority."""


class Head(NamedTuple):
    """The marker row of a table. `dated` is its first cell with a date."""

    name: str
    policy: HitPolicy
    salience: int
    tier: Tier
    period: Period
    dated: Cell | None


class Columns(NamedTuple):
    """Where things stand in the rows of a table: position -> column. `single` holds the columns of which a table has
    one (id, note, source, enabled, from, to)."""

    inputs: tuple[tuple[int, InputColumn, str], ...]
    outputs: tuple[tuple[int, OutputColumn, Term], ...]
    single: dict[str, int]
    conditions: tuple[int, ...]
    last: int

    def cell(self, row: tuple[DraftCell, ...], key: str) -> DraftCell:
        """The cell of a single column, a blank one where the table has none."""
        return row[self.single[key]] if key in self.single else DraftCell(row[0].at)


def read_head(block: DraftBlock, book: Book, work: Work, found: list[Finding]) -> Head:
    """Name and options of a table."""
    row = block.rows[0]
    name = table_name(block)
    if not name:
        found.append(complain("table-without-name", row[0], text=row[0].text.strip()))
    else:
        found.extend(forbidden(row[1], name))
    options = dict(_options(row[2 if name else 1 :], found))
    policy = chosen(options.get("policy"), "policy", words.hit_policy, found) or HitPolicy.FIRST
    period = period_of(options.get("from"), options.get("to"), work, found)
    met = period.meet(book.period)
    if met.start is not None and met.end is not None and met.start > met.end:
        cell = options.get("from") or options.get("to")
        if cell is not None:
            found.append(complain("period-outside", cell, text=cell.text.strip()))
    dated = next((options[key].at for key in ("from", "to") if key in options), None)
    tier = tier_of(options.get("tier"), book.tier, found)
    return Head(name, policy, _salience(options.get("salience"), work, found), tier, met, dated)


def table_name(block: DraftBlock) -> str:
    """The cell beside the marker; blank where the options begin at once. `Tier | hit policy | F` is a table of that
    name."""
    row = block.rows[0]
    name = visible(row[1].text) if len(row) > 1 else ""
    option = words.table_option(name) is not None and len(row) > 2 and words.table_option(row[2].text) is None
    return "" if option else name


def _options(row: tuple[DraftCell, ...], found: list[Finding]) -> Iterator[tuple[str, DraftCell]]:
    """Key and value cell of each option; a key without a value says nothing."""
    cells = iter(row)
    firsts: dict[str, DraftCell] = {}
    for cell in cells:
        if cell.blank:
            continue
        value = next(cells, None)
        key = words.table_option(cell.text)
        if key is None:
            found.append(strange("unknown-key", cell, "table option"))
        elif key in firsts:
            found.append(repeated(cell, firsts[key]))
        else:
            firsts[key] = cell
            if value is not None and not value.blank:
                yield key, value


def _salience(cell: DraftCell | None, work: Work, found: list[Finding]) -> int:
    if cell is None:
        return 0
    value = value_in(cell, NUMBER)
    if isinstance(value, Problem):
        found.extend(judged(value, cell, work))
        return 0
    assert isinstance(value, Decimal)
    if abs(value) > MOST or value != int(value):
        found.append(complain("not-whole", cell, text=cell.text.strip()))
        return 0
    return int(value)


def read_columns(block: DraftBlock, head: Head, work: Work, found: list[Finding]) -> Columns | None:
    """The columns of a table; None when it has no rows of roles and headings. A broken column is left out with its
    finding; `conditions` has the positions of broken conditions too."""
    if len(block.rows) < 3 or not any(words.column_role(cell.text) for cell in block.rows[1] if not cell.blank):
        at = block.rows[1][0] if len(block.rows) > 1 else block.rows[0][0]
        cell = next((c for c in block.rows[1] if not c.blank), at) if len(block.rows) > 1 else at
        found.append(complain("no-role-row", cell, table=head.name))
        return None
    inputs: list[tuple[int, InputColumn, str]] = []
    outputs: list[tuple[int, OutputColumn, Term]] = []
    single: dict[str, int] = {}
    conditions: list[int] = []
    conclusions = 0
    last = 0
    width = _own_width(block, found)
    for position, (role_cell, heading) in enumerate(zip(block.rows[1][:width], block.rows[2], strict=False)):
        role = _role(block, position, found)
        if role is None:
            continue
        last = position
        key, own = role
        if key == "condition":
            conditions.append(position)
            column = _input(heading, work, found)
            if column is not None:
                inputs.append((position, *column))
        elif key == "conclusion":
            conclusions += 1
            output = _output(role_cell, heading, own, head.policy, outputs, work, found)
            if output is not None:
                outputs.append((position, *output))
        elif key in single:
            if not role_cell.merged:
                found.append(repeated(role_cell, block.rows[1][single[key]]))
        else:
            single[key] = position
    if not conclusions and not block.cut:
        found.append(complain("no-conclusion-column", block.rows[1][0], table=head.name))
    _check_priority(head, outputs, block, work, found)
    return Columns(tuple(inputs), tuple(outputs), single, tuple(conditions), last)


def _own_width(block: DraftBlock, found: list[Finding]) -> int:
    """How many columns are the table's own: what stands beside it, behind a blank column and without role or name, are
    notes, which is told once."""
    named = [at for at, cells in enumerate(zip(*block.rows[1:3], strict=True)) if not all(c.blank for c in cells)]
    width, end = len(block.rows[0]), max(named) + 1
    blank = all(row[end].blank for row in block.rows[1:]) if end < width else False
    beside = next((c for row in block.rows[1:] for c in row[end:] if not c.blank), None) if blank else None
    if beside is None:
        return width
    found.append(complain("note-beside", beside, text=clipped(beside.text.strip())))
    return end


def _role(block: DraftBlock, position: int, found: list[Finding]) -> tuple[str, HitPolicy | None] | None:
    """The role of a column; None for one that has none, which is a finding unless the column is blank."""
    cell = block.rows[1][position]
    if cell.blank:
        written = next((row[position] for row in block.rows[2:] if not row[position].blank), None)
        if written is not None:
            found.append(complain("column-without-role", written, text=written.text.strip()))
        return None
    role = words.column_role(cell.text)
    if role is None:
        found.append(complain("unknown-role", cell, text=cell.text.strip(), **vocabulary_of("table", cell.text)))
    return role


def _input(heading: DraftCell, work: Work, found: list[Finding]) -> tuple[InputColumn, str] | None:
    """A condition and the unit of its term: a term, a parameter or an expression."""
    if heading.blank:
        found.append(complain("blank-heading", heading, **heading_of("table", "condition")))
        return None
    name = visible(heading.text)
    id_ = work.named(name)
    symbol = work.scope.find(id_) if id_ is not None else None
    if symbol is not None:
        return InputColumn(Name(symbol.id), symbol.type, name, heading.at), symbol.unit
    if not any(mark in name for mark in "+-*/()（）<>=,，"):
        found.extend(unknown_term(heading, name, work, [*names_of_terms(work), *(p.name for p in work.parameters)]))
        return None
    read = expression_in(heading, work.scope)
    if isinstance(read, Broken):
        found.extend(judged(read, heading, work))
        return None
    expr, type_ = read
    return InputColumn(expr, type_, name, heading.at), ""


def _output(
    role_cell: DraftCell,
    heading: DraftCell,
    own: HitPolicy | None,
    table: HitPolicy,
    others: list[tuple[int, OutputColumn, Term]],
    work: Work,
    found: list[Finding],
) -> tuple[OutputColumn, Term] | None:
    """A conclusion: its term must be one that rules may write, once a table, under a policy that fits it."""
    if heading.blank:
        found.append(complain("blank-heading", heading, **heading_of("table", "conclusion")))
        return None
    name = visible(heading.text)
    term = term_named(work, name)
    if term is None:
        if work.named(name) is not None:
            found.append(complain("writes-input", heading, term=name))
        else:
            writable = [t.name for t in work.terms if t.role is not Role.INPUT]
            found.extend(unknown_term(heading, name, work, writable))
        return None
    if term.role is Role.INPUT:
        found.append(complain("writes-input", heading, ("note-declared", term.cell), term=term.name))
        return None
    counted = next((a for a in work.aggregates if a.term == term.id), None)
    if counted is not None:
        found.append(complain("writes-aggregate", heading, ("note-counted", counted.cell), term=term.name))
        return None
    first = next((column for _, column, _ in others if column.term == term.id), None)
    if first is not None:
        found.append(complain("repeated-conclusion", heading, ("note-first", first.cell), term=term.name))
        return None
    policy = own or table.usual(term.type.many)
    if not settles(policy, term.type):
        slug = "policy-makes-list" if policy.lists else "policy-needs-number"
        wrong = ill_suited(slug, heading if own is None else role_cell, term, policy, work)
        same = next((n for n, one in enumerate(found) if own is None and _of_table(one, slug, heading)), None)
        if same is None:
            found.append(wrong)
        else:  # it is the policy of the table that does not suit it
            found[same] = replace(found[same], notes=(*found[same].notes, Note("note-here-too", wrong.at)))
        return None
    return OutputColumn(term.id, policy, heading.at), term


def _of_table(one: Finding, slug: str, heading: DraftCell) -> bool:
    """Whether a finding says of another conclusion that the policy of the table does not suit it."""
    return one.slug == slug and isinstance(one.at.place, Cell) and one.at.place.row == heading.at.row


def _check_priority(
    head: Head, outputs: list[tuple[int, OutputColumn, Term]], block: DraftBlock, work: Work, found: list[Finding]
) -> None:
    """A finding for each column that a policy ranks by values that no column of its table has."""
    for number in unranked(head.policy, [(column.policy, term.type) for _, column, term in outputs]):
        at, column, term = outputs[number]
        found.append(ill_suited("policy-needs-values", block.rows[2][at], term, column.policy, work))
