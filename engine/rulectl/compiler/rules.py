"""The rows of a decision table: one rule a row (DMN 1.5 section 8.2.8).

A rule with a broken cell is left out; its other cells, and the other rules, are checked all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from rulectl.codes import Severity
from rulectl.compiler.about import period_of
from rulectl.compiler.cells import output_in, test_in
from rulectl.compiler.columns import Columns
from rulectl.compiler.complaints import complain, judged, not_a_choice
from rulectl.compiler.ids import BLANK, content_id, fresh
from rulectl.compiler.naming import forbidden
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.chars import visible
from rulectl.lang.parser import is_otherwise
from rulectl.lang.scope import Broken
from rulectl.lang.syntax import ANYTHING, Expr, Name, Test
from rulectl.model import words
from rulectl.model.draft import DraftBlock, DraftCell, Native
from rulectl.model.policy import HitPolicy
from rulectl.model.rulebook import InputColumn, OutputEntry, Rule, Term, TestEntry
from rulectl.source import Cell, CellRange, Place

Row = tuple[DraftCell, ...]
_Key = tuple[int, type, Native, str]
"""Position of a column and content of a cell: large tables say the same over and over, and it is read once."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the rows of a table have in common."""

    columns: Columns
    policy: HitPolicy
    work: Work
    unread: frozenset[Place]
    tests: dict[_Key, Test | Broken] = field(default_factory=dict)
    outputs: dict[_Key, Expr | Broken | None] = field(default_factory=dict)


def read_rules(
    block: DraftBlock, columns: Columns, policy: HitPolicy, work: Work, found: list[Finding]
) -> tuple[Rule, ...]:
    """The rules of a table, in order, with ids that no two share."""
    sheet = _Sheet(columns, policy, work, work.unread_cells)
    rows = block.rows[3:]
    ids = [visible(columns.cell(row, "id").text) for row in rows]
    taken = _check_ids([columns.cell(row, "id") for row in rows], ids, found)
    rules: list[Rule] = []
    for row, stated in zip(rows, ids, strict=True):
        # a number merged over several rows is that of the first; the others are told apart from it
        named = stated and not columns.cell(row, "id").merged
        id_ = stated if named else fresh(stated or derived_id(row, columns), taken)
        taken.add(id_)
        here: list[Finding] = []
        rule = _rule(row, id_, sheet, here)
        found.extend(replace(finding, rules=(id_,)) for finding in here)
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def _check_ids(cells: Sequence[DraftCell], ids: Sequence[str], found: list[Finding]) -> set[str]:
    """The ids that are stated; a finding for each that cannot be one or stands twice."""
    first: dict[str, Cell] = {}
    for cell, id_ in zip(cells, ids, strict=True):
        problem = forbidden(cell, id_)
        if problem is not None:
            found.append(problem)
        elif id_ and not cell.merged and first.setdefault(id_, cell.at) != cell.at:
            found.append(complain("repeated-id", cell, ("note-first", first[id_]), id=id_))
    return set(first)


def derived_id(row: Row, columns: Columns) -> str:
    """An id made of what a row says: the same wherever the row and its columns stand, in either language."""
    said = {
        f"?{column.subject.id if isinstance(column.subject, Name) else column.heading}": (
            "otherwise" if is_otherwise(row[at].text) else row[at].text
        )
        for at, column, _ in columns.inputs
    }
    said |= {f"={column.term}": row[at].text for at, column, _ in columns.outputs}
    return content_id("r", said)


def _rule(row: Row, id_: str, sheet: _Sheet, found: list[Finding]) -> Rule | None:
    """A rule from its row, None when one of its cells is broken."""
    columns, work = sheet.columns, sheet.work
    otherwise = _otherwise(row, columns, found)
    when: list[TestEntry] = []
    for at, column, unit in columns.inputs:
        cell = row[at]
        test = ANYTHING if otherwise else _test(cell, at, column, unit, sheet)
        if isinstance(test, Broken):
            found.extend(judged(test, cell, work))
        else:
            when.append(TestEntry(test, cell.text, cell.at))
    then: list[OutputEntry] = []
    for at, _, term in columns.outputs:
        cell = row[at]
        expr = _output(cell, at, term, sheet)
        if isinstance(expr, Broken):
            found.extend(judged(expr, cell, work))
        else:
            then.append(OutputEntry(expr, cell.text, cell.at))
    whole = len(when) == len(columns.inputs) and len(then) == len(columns.outputs)
    enabled_cell = columns.cell(row, "enabled")
    enabled = True if enabled_cell.blank else words.yes_no(enabled_cell.text)
    if enabled is None:
        found.append(not_a_choice(enabled_cell, "yes"))
    period = period_of(columns.cell(row, "from"), columns.cell(row, "to"), work, found)
    cells = CellRange(row[0].at, row[columns.last].at)
    unread = any(entry.cell in sheet.unread for entry in then)
    if whole and columns.outputs and all(entry.expr is None for entry in then) and not unread:
        # where one rule decides, a rule that says nothing may well be meant to keep the others away
        empty = complain("rule-without-conclusion", row[columns.outputs[0][0]], rule=id_)
        found.append(replace(empty, severity_override=Severity.NOTICE if sheet.policy.single else None))
    if not whole or any(finding.severity.rank == 0 for finding in found):
        return None
    return Rule(
        id_,
        tuple(when),
        tuple(then),
        otherwise,
        bool(enabled),
        period,
        visible(columns.cell(row, "note").text),
        visible(columns.cell(row, "source").text),
        cells,
    )


def _test(cell: DraftCell, at: int, column: InputColumn, unit: str, sheet: _Sheet) -> Test | Broken:
    key = (at, type(cell.value), cell.value, cell.text)
    if key not in sheet.tests:
        sheet.tests[key] = test_in(cell, column.type, unit, sheet.work.scope)
    return sheet.tests[key]


def _output(cell: DraftCell, at: int, term: Term, sheet: _Sheet) -> Expr | Broken | None:
    key = (at, type(cell.value), cell.value, cell.text)
    if key not in sheet.outputs:
        sheet.outputs[key] = output_in(cell, term.type, term.unit, sheet.work.scope)
    return sheet.outputs[key]


def _otherwise(row: Row, columns: Columns, found: list[Finding]) -> bool:
    """Whether a row is an else rule: `否则` in a condition, all other conditions blank."""
    cells = [row[at] for at in columns.conditions]
    # an enum may have 其他 among its values
    values = {at: column.type.values for at, column, _ in columns.inputs}
    elses = [
        row[at] for at in columns.conditions if is_otherwise(row[at].text) and row[at].text not in values.get(at, ())
    ]
    if not elses:
        return False
    other = next((cell for cell in cells if cell not in elses and visible(cell.text) not in BLANK), None)
    if other is not None:
        found.append(complain("otherwise-not-alone", other, ("note-otherwise", elses[0].at), text=other.text.strip()))
    return True


def dated_cell(rows: Iterable[Row], columns: Columns) -> Cell | None:
    """The first cell of rules with an effective date."""
    return next(
        (cell.at for row in rows for key in ("from", "to") for cell in (columns.cell(row, key),) if not cell.blank),
        None,
    )
