"""The rows of a decision table: one rule a row (DMN 1.5 section 8.2.8).

A rule with a broken cell is left out; its other cells, and the other rules, are checked all the same. Large tables say
the same over and over, so each column reads what it has not read yet (`_Reader`), and the rules are kept by column
(model/grid.py): a row in which nothing is out of the ordinary is a handful of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any, Generic, TypeVar

from rulectl.codes import Severity
from rulectl.compiler.about import period_of
from rulectl.compiler.columns import Columns
from rulectl.compiler.complaints import chosen, complain, judged
from rulectl.compiler.ids import BLANK, content_id, fresh
from rulectl.compiler.naming import forbidden
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.chars import visible
from rulectl.lang.flat import bare
from rulectl.lang.parser import is_otherwise
from rulectl.lang.scope import Broken, Problem, Scope
from rulectl.lang.swift import Conclusions, Conditions
from rulectl.lang.syntax import ANYTHING, Expr, Name, Test
from rulectl.lang.trees import nodes_of
from rulectl.model import words
from rulectl.model.draft import DraftBlock, DraftCell, Native
from rulectl.model.grid import PLAIN, Anchor, Grid, Mark, Rules, Strip
from rulectl.model.rulebook import Rule
from rulectl.source import Cell, Place, Span
from rulectl.types import Type

Row = tuple[DraftCell, ...]
T = TypeVar("T")
Read = Callable[[Native, str], T | Broken]
"""What reads the value and the text of a cell."""

MOST_REMEMBERED = 1_000

TOTALS = frozenset(("合计", "总计", "小计", "共计", "汇总", "total", "totals", "subtotal", "sum"))
"""What stands below a table of figures in place of a number."""

_BROKEN, _OTHERWISE = -1, -2
"""What a reader gives in place of an entry's number: the row is then looked at with care."""


class _Reader(Generic[T]):
    """One column of a table: its distinct entries, each read once."""

    def __init__(self, at: int, read: Read[T], elses: Callable[[str], bool] | None) -> None:
        self.at = at
        self.read = read
        self.elses = elses
        self.known: dict[object, int] = {}
        self.broken: dict[object, Broken] = {}
        self.items: list[T] = []
        self.texts: list[str] = []
        self.refs: list[int] = []

    def number(self, cell: DraftCell) -> int:
        """The number of a cell's entry; negative where the cell is broken or says 否则."""
        key = cell.content
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._new(cell, key)
        return found

    def _new(self, cell: DraftCell, key: object) -> int:
        if self.elses is not None and self.elses(cell.text):
            return _OTHERWISE
        item = self.read(cell.value, cell.text)
        if isinstance(item, Broken):
            self.broken[key] = item
            return _BROKEN
        return self.add(item, cell.text)

    def add(self, item: T, text: str) -> int:
        """The number of an entry that was not met before."""
        self.items.append(item)
        self.texts.append(text)
        return len(self.items) - 1

    def faults(self, cell: DraftCell) -> Broken:
        return self.broken[cell.content]

    def strip(self) -> Strip[T]:
        return Strip(self.refs, self.items, self.texts)


class Readings:
    """What cells say in columns of one type, for all tables: small tables share terms, and so what is written of them.
    A large one repeats itself in its own columns (`_Reader`)."""

    def __init__(self, scope: Scope) -> None:
        remembering = lru_cache(MOST_REMEMBERED, typed=True)
        self.conditions: Callable[[Type, str], Read[Test]] = cache(
            lambda column, unit: remembering(Conditions(column, unit, scope).read)
        )
        self.conclusions: Callable[[Type, str], Read[Expr | None]] = cache(
            lambda column, unit: remembering(Conclusions(column, unit, scope).read)
        )


@dataclass(slots=True)
class _Sheet:
    """What the rows of a table have in common. `odd` are the columns in which few rules say anything, `remarks` those
    of notes and sources; `asks` and `tells` are the terms of the columns; `blanks` are the entries of an else rule, by
    column and text."""

    columns: Columns
    work: Work
    unread: frozenset[Place]
    tests: tuple[_Reader[Test], ...]
    outputs: tuple[_Reader[Expr | None], ...]
    others: tuple[int, ...]
    odd: tuple[int, ...]
    remarks: tuple[int, ...]
    asks: tuple[str | None, ...]
    tells: tuple[str, ...]
    blanks: dict[tuple[int, str], int] = field(default_factory=dict)


def _sheet(columns: Columns, work: Work, readings: Readings) -> _Sheet:
    tests: list[_Reader[Test]] = [
        _Reader(
            at,
            _of_others(readings.conditions(column.type, unit), column.subject),
            partial(is_otherwise, values=column.type.values),
        )
        for at, column, unit in columns.inputs
    ]
    outputs = [_Reader(at, readings.conclusions(term.type, term.unit), None) for at, _, term in columns.outputs]
    inputs = {at for at, *_ in columns.inputs}
    return _Sheet(
        columns,
        work,
        work.unread_cells,
        tuple(tests),
        tuple(outputs),
        tuple(at for at in columns.conditions if at not in inputs),
        tuple(columns.single[key] for key in ("enabled", "from", "to") if key in columns.single),
        tuple(columns.single[key] for key in ("note", "source") if key in columns.single),
        tuple(column.subject.id if isinstance(column.subject, Name) else None for _, column, _ in columns.inputs),
        tuple(term.id for _, _, term in columns.outputs),
    )


def _of_others(read: Read[Test], subject: Expr) -> Read[Test]:
    """A reader that refuses what asks of a term whether it is like itself: always so, or never."""
    if not isinstance(subject, Name):
        return read
    itself = subject.id

    def again(value: Native, text: str) -> Test | Broken:
        test = read(value, text)
        if isinstance(test, Broken) or bare(test):
            return test
        if not any(isinstance(node, Name) and node.id == itself for node in nodes_of(test)):
            return test
        return Broken((Problem("compares-itself", Span(0, len(text)), (("text", visible(text)),)),))

    return again


def read_rules(
    block: DraftBlock, columns: Columns, work: Work, readings: Readings, found: list[Finding]
) -> Sequence[Rule]:
    """The rules of a table, in order, with ids that no two share."""
    sheet = _sheet(columns, work, readings)
    rows = block.rows[3:]
    id_cells = [columns.cell(row, "id") for row in rows]
    stated = [visible(cell.text) for cell in id_cells]
    taken = _check_ids(id_cells, stated, found)
    ids: list[str] = []
    numbers: list[int] = []
    marks: dict[int, Mark] = {}
    readers: tuple[_Reader[Any], ...] = (*sheet.tests, *sheet.outputs)
    for row, cell, id_ in zip(rows, id_cells, stated, strict=True):
        if not id_ or cell.merged:
            # a number merged over several rows is that of the first; the others are told apart from it
            id_ = fresh(id_ or derived_id(row, columns), taken)
            taken.add(id_)
        refs = [reader.number(row[reader.at]) for reader in readers]
        if _ordinary(row, refs, sheet):
            mark: Mark | None = _remarks(row, sheet)
        elif remark := _remark(row, sheet):
            # read as a rule it would take all cases from those below it, and from the else rule
            found.append(complain("row-without-rule", remark, text=visible(remark.text)))
            continue
        else:
            here: list[Finding] = []
            mark = _careful(row, id_, refs, sheet, here)
            found.extend(replace(finding, rules=(id_,)) for finding in here)
        if visible(cell.text).lower() in TOTALS:
            found.append(replace(complain("totals-row", cell, text=visible(cell.text)), rules=(id_,)))
        if mark is None:
            continue
        if mark is not PLAIN:
            marks[len(ids)] = mark
        ids.append(id_)
        numbers.append(row[0].at.row)
        for reader, ref in zip(readers, refs, strict=True):
            reader.refs.append(ref)
    at = block.at
    offset = at.column
    return Rules(
        Grid(
            ids,
            tuple(reader.strip() for reader in sheet.tests),
            tuple(reader.strip() for reader in sheet.outputs),
            marks,
            Anchor(at.file, at.sheet, offset, offset + columns.last),
            numbers,
            tuple(offset + reader.at for reader in readers),
        )
    )


def _ordinary(row: Row, refs: Sequence[int], sheet: _Sheet) -> bool:
    """Whether a row is a plain rule: every cell read, something concluded, nothing else said."""
    if refs and min(refs) < 0:
        return False
    if any(not row[at].blank for at in sheet.odd) or any(is_otherwise(row[at].text) for at in sheet.others):
        return False
    return _says(sheet, refs)


def _remark(row: Row, sheet: _Sheet) -> DraftCell | None:
    """The first cell of a row that asks and says nothing: `注：金卡优先` below the last rule, a number without a
    rule. A dash among the conditions makes it a rule of which that is meant."""
    single = sheet.columns.single
    aside = {single[key] for key in ("id", "note", "source") if key in single}
    filled = [at for at, cell in enumerate(row) if not cell.blank or cell.at in sheet.unread]
    return row[filled[0]] if filled and aside.issuperset(filled) else None


def _remarks(row: Row, sheet: _Sheet) -> Mark:
    """The note and the source of a plain rule."""
    if all(row[at].blank for at in sheet.remarks):
        return PLAIN
    note, source = _note_and_source(row, sheet.columns)
    return Mark(note=note, source=source)


def _note_and_source(row: Row, columns: Columns) -> tuple[str, str]:
    return visible(columns.cell(row, "note").text), visible(columns.cell(row, "source").text)


def _says(sheet: _Sheet, refs: Sequence[int]) -> bool:
    """Whether a row whose cells could all be read concludes anything."""
    said = refs[len(sheet.tests) :]
    return any(reader.items[ref] is not None for reader, ref in zip(sheet.outputs, said, strict=True))


def _check_ids(cells: Sequence[DraftCell], ids: Sequence[str], found: list[Finding]) -> set[str]:
    """The ids that are stated; a finding for each that cannot be one or stands twice."""
    first: dict[str, Cell] = {}
    for cell, id_ in zip(cells, ids, strict=True):
        problems = forbidden(cell, id_)
        found.extend(problems)
        if not problems and id_ and not cell.merged and first.setdefault(id_, cell.at) != cell.at:
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


def _careful(row: Row, id_: str, refs: list[int], sheet: _Sheet, found: list[Finding]) -> Mark | None:
    """What is special about a row, None when one of its cells is broken; an else rule's numbers are filled in."""
    columns, work = sheet.columns, sheet.work
    otherwise = _otherwise(row, columns, found)
    whole = True
    for n, reader in enumerate(sheet.tests):
        cell = row[reader.at]
        if otherwise:
            if refs[n] < 0 or reader.items[refs[n]] != ANYTHING:
                key = (n, cell.text)
                if key not in sheet.blanks:
                    sheet.blanks[key] = reader.add(ANYTHING, cell.text)
                refs[n] = sheet.blanks[key]
        elif refs[n] < 0:
            whole = False
            _tell(judged(reader.faults(cell), cell, work, sheet.asks[n]), row, reader.at, found)
    for n, output in enumerate(sheet.outputs, len(sheet.tests)):
        cell = row[output.at]
        if refs[n] < 0:
            whole = False
            _tell(judged(output.faults(cell), cell, work, sheet.tells[n - len(sheet.tests)]), row, output.at, found)
    outputs = [row[reader.at] for reader in sheet.outputs]
    enabled = chosen(columns.cell(row, "enabled"), "yes", words.yes_no, found)
    period = period_of(columns.cell(row, "from"), columns.cell(row, "to"), work, found)
    unread = any(cell.at in sheet.unread for cell in outputs)
    if whole and columns.outputs and not unread and not _says(sheet, refs):
        empty = complain("rule-without-conclusion", outputs[0], rule=id_)
        meant = any(column.policy.heeds_silence for _, column, _ in columns.outputs)
        found.append(replace(empty, severity_override=Severity.NOTICE if meant else None))
    if not whole or any(finding.severity.rank == 0 for finding in found):
        return None
    return Mark(otherwise, enabled is not False, period, *_note_and_source(row, columns))


def _tell(faults: Sequence[Finding], row: Row, at: int, found: list[Finding]) -> None:
    """What is wrong with a cell; of one that is merged over several columns, once, at the one that people see."""
    first = at
    while first and row[first].merged and row[first - 1].text == row[first].text:
        first -= 1
    if not faults or first == at:
        found.extend(faults)
    elif not any(finding.at.place == row[first].at for finding in found):
        text = visible(row[first].text)
        found.append(complain("merged-across", row[first], ("note-merged-column", row[at].at), text=text))


def _otherwise(row: Row, columns: Columns, found: list[Finding]) -> bool:
    """Whether a row is an else rule: `否则` in a condition, all other conditions blank."""
    cells = [row[at] for at in columns.conditions]
    values = {at: column.type.values for at, column, _ in columns.inputs}
    elses = [row[at] for at in columns.conditions if is_otherwise(row[at].text, values.get(at, ()))]
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
