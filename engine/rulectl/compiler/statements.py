"""Templates and policies: message texts with places, statements that every outcome must keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal as Choice
from typing import cast

from rulectl.compiler.cells import condition_in
from rulectl.compiler.complaints import complain, judged, left_blank, not_a_choice
from rulectl.compiler.records import Record, records
from rulectl.compiler.rules import content_id
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.parser import parse_template
from rulectl.lang.scope import Broken
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftCell
from rulectl.model.rulebook import Policy, Template
from rulectl.source import Cell


class Ids:
    """Ids that must not stand twice in the blocks of a kind."""

    def __init__(self) -> None:
        self._seen: dict[object, Cell] = {}

    def repeated(self, cell: DraftCell, key: object, id_: str) -> Iterable[Finding]:
        """A finding when the key has been seen."""
        first = self._seen.setdefault(key, cell.at)
        if first != cell.at:
            yield complain("repeated-id", cell, ("note-first", first), id=id_)


def read_templates(work: Work) -> Work:
    """Pass: the templates; an id may stand once a language."""
    found: list[Finding] = []
    templates: list[Template] = []
    ids = Ids()
    for _, block in work.blocks(BlockKind.TEMPLATES):
        for record in records(block, ("id", "text"), found):
            for key in ("id", "text"):
                if record.cell(key).blank:
                    found.append(left_blank(record.cell(key), "templates", key))
            if record.cell("id").blank or record.cell("text").blank:
                continue
            language = words.canonical("language", record.text("language")) or record.text("language")
            found.extend(ids.repeated(record.cell("id"), (record.text("id"), language), record.text("id")))
            cell = record.cell("text")
            text = parse_template(cell.text, work.scope)
            if isinstance(text, Broken):
                found.extend(judged(text, cell, work))
            else:
                templates.append(Template(record.text("id"), record.text("occasion"), language, text, cell.at))
    return replace(work, templates=tuple(templates)).plus(found)


def read_policies(work: Work) -> Work:
    """Pass: the policies."""
    found: list[Finding] = []
    policies: list[Policy] = []
    ids = Ids()
    for _, block in work.blocks(BlockKind.POLICIES):
        for record in records(block, ("statement",), found):
            policy = _policy(record, work, ids, found)
            if policy is not None:
                policies.append(policy)
    return replace(work, policies=tuple(policies)).plus(found)


def _policy(record: Record, work: Work, ids: Ids, found: list[Finding]) -> Policy | None:
    cell = record.cell("statement")
    if cell.blank:
        found.append(left_blank(cell, "policies", "statement"))
        return None
    id_ = record.text("id") or content_id("p", {"statement": cell.text})
    found.extend(ids.repeated(record.cell("id") if record.text("id") else cell, id_, id_))
    severity_cell = record.cell("severity")
    severity = "error" if severity_cell.blank else words.canonical("severity", severity_cell.text)
    if severity is None:
        found.append(not_a_choice(severity_cell, "severity"))
    statement = condition_in(cell, work.scope)
    if isinstance(statement, Broken):
        found.extend(judged(statement, cell, work))
        return None
    grave = cast(Choice["error", "warning", "notice"], severity or "error")
    return Policy(id_, statement, grave, record.text("note"), cell.text, cell.at)
