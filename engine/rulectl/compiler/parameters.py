"""Third pass: the parameters. What a workbook states goes before what the workbooks state that it includes: there name
and value are enough, what the row leaves blank stays as it is included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rulectl.compiler.adjusting import overridden
from rulectl.compiler.cells import value_in
from rulectl.compiler.complaints import chosen, complain, judged, left_blank
from rulectl.compiler.including import included
from rulectl.compiler.naming import bad_name
from rulectl.compiler.records import Record, records, unread
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.scope import Problem
from rulectl.model import words
from rulectl.model.draft import BlockKind
from rulectl.model.rulebook import Parameter
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Kind, Type
from rulectl.values import Value


def read_parameters(work: Work) -> Work:
    """Pass: the parameters, by id; the first workbook that states one decides, if it includes the others."""
    found: list[Finding] = []
    parameters: dict[str, Parameter] = {}
    broken: set[str] = set()
    above = included(work)
    rows = [
        (book.draft.file, record)
        for book, block in work.blocks(BlockKind.PARAMETERS)
        for record in records(block, ("name", "value"), found)
    ]
    for file, record in rows:
        base = _base(record, [other for there, other in rows if there in above.get(file, frozenset()) - {file}])
        parameter = _parameter(record, base, work, found)
        if parameter is None:
            broken.update(words.fold(name) for name in (record.text("name"), record.text("id")) if name)
            continue
        known = parameters.setdefault(parameter.id, parameter)
        if known is parameter or known.cell is None:
            continue
        cell = record.cell("id") if record.text("id") else record.cell("name")
        if known.cell.file == file or (known != parameter and file not in above.get(known.cell.file, frozenset())):
            found.append(complain("duplicate-parameter", cell, ("note-first", known.cell), id=parameter.id))
        elif known.value != parameter.value:
            found.append(overridden(known, parameter, ("parameters", "value")))
    whole = {words.fold(name) for parameter in parameters.values() for name in (parameter.name, parameter.id)}
    return replace(
        work,
        parameters=tuple(parameters.values()),
        broken=work.broken | (broken - whole),
        incomplete=work.incomplete or unread(found),
    ).plus(found)


def _base(record: Record, included: Sequence[Record]) -> Record:
    """The included row of the same parameter; the row itself where there is none."""
    said = {words.fold(record.text(key)) for key in ("name", "id") if record.text(key)}
    return next((other for other in included if {words.fold(other.text(key)) for key in ("name", "id")} & said), record)


def _parameter(record: Record, base: Record, work: Work, found: list[Finding]) -> Parameter | None:
    """A parameter from its row, None when it is broken; `base` is the included row that it goes before."""
    name, unit = record.text("name"), record.text("unit") or base.text("unit")
    before = len(found)
    if not name:
        found.append(left_blank(record.cell("name"), "parameters", "name"))
    for key in ("name", "id"):
        found.extend(bad_name(record.cell(key), record.text(key)))
    cell = record.cell("value")
    if cell.blank:
        found.append(left_blank(cell, "parameters", "value"))
        return None
    type_, value = _typed(record, base, unit, found)
    if isinstance(value, Problem):
        found.extend(judged(value, cell, work))
    if len(found) > before or type_ is None or isinstance(value, Problem):
        return None
    id_ = record.text("id") or base.text("id") or name
    description = record.text("description") or base.text("description")
    return Parameter(id_, name, type_, value, unit, description, record.cell("name").at)


def _typed(record: Record, base: Record, unit: str, found: list[Finding]) -> tuple[Type | None, Value | Problem]:
    """Type and value; a blank type is the first that the value can be: duration, number, yes or no, date, text."""
    cell = record.cell("value")
    type_cell = base.cell("type") if record.cell("type").blank else record.cell("type")
    if not type_cell.blank:
        stated = chosen(type_cell, "type", words.type_of, found)
        if stated is None:
            return None, None
        # a parameter has no list of allowed values: an enum is a text here
        kind = Kind.STRING if stated[0] is Kind.ENUM else stated[0]
        type_ = Type(kind, stated[1])
        return type_, value_in(cell, type_, unit)
    # `48小时` is a duration, unless the unit's own cell says that hours are counted
    kinds = (NUMBER, BOOLEAN, DATE, DATETIME) if unit else (DURATION, NUMBER, BOOLEAN, DATE, DATETIME)
    for type_ in kinds:
        value = value_in(cell, type_, unit)
        if not isinstance(value, Problem) and (type_ is not BOOLEAN or words.yes_no(cell.text) is not None):
            return type_, value
    return STRING, value_in(cell, STRING, unit)
