"""Templates and policies: message texts with places, statements that every outcome must keep."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Literal as Choice
from typing import cast

from rulectl.compiler.adjusting import overridden
from rulectl.compiler.cells import condition_in
from rulectl.compiler.complaints import chosen, complain, judged, left_blank
from rulectl.compiler.ids import Ids, content_id
from rulectl.compiler.including import included
from rulectl.compiler.records import Record, records
from rulectl.compiler.work import Book, Work
from rulectl.diagnostics import Finding
from rulectl.lang.parser import parse_template
from rulectl.lang.scope import Broken, Scope
from rulectl.lang.syntax import Either, Expr, Literal, Not
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftCell
from rulectl.model.rulebook import Policy, Template


def read_templates(work: Work) -> Work:
    """Pass: the templates; an id stands once a language. A workbook's own wording goes before an included one's."""
    found: list[Finding] = []
    templates: dict[tuple[str, str], Template] = {}
    above = included(work)
    for book, block in work.blocks(BlockKind.TEMPLATES):
        for record in records(block, ("id", "text"), found):
            template = _template(record, work, found)
            if template is None:
                continue
            known = templates.setdefault((template.id, template.language), template)
            if known is template or known.cell is None:
                continue
            same_book = known.cell.file == book.draft.file
            if same_book or (known != template and book.draft.file not in above[known.cell.file]):
                found.append(complain("repeated-id", record.cell("id"), ("note-first", known.cell), id=template.id))
            elif known.text != template.text:
                found.append(overridden(known, template, ("templates", "text")))
    return replace(work, templates=tuple(templates.values())).plus(found)


def _template(record: Record, work: Work, found: list[Finding]) -> Template | None:
    blank = [key for key in ("id", "text") if record.cell(key).blank]
    found.extend(left_blank(record.cell(key), "templates", key) for key in blank)
    if blank:
        return None
    language = words.canonical("language", record.text("language")) or record.text("language")
    text = parse_template(record.cell("text").text, work.scope)
    if isinstance(text, Broken):
        found.extend(judged(text, record.cell("text"), work))
        text = Literal("")
    return Template(record.text("id"), record.text("occasion"), language, text, record.cell("id").at)


def read_policies(work: Work) -> Work:
    """Pass: the policies."""
    found: list[Finding] = []
    policies: list[Policy] = []
    ids = Ids()
    for book, block in work.blocks(BlockKind.POLICIES):
        for record in records(block, ("statement",), found):
            policy = _policy(record, book, work, ids, found)
            if policy is not None:
                policies.append(policy)
    return replace(work, policies=tuple(policies)).plus(found)


def _policy(record: Record, book: Book, work: Work, ids: Ids, found: list[Finding]) -> Policy | None:
    cell = record.cell("statement")
    if cell.blank:
        found.append(left_blank(cell, "policies", "statement"))
        return None
    id_ = ids.take(record.cell("id"), record.text("id"), lambda: content_id("p", {"statement": cell.text}), book, found)
    severity = chosen(record.cell("severity"), "severity", partial(words.canonical, "severity"), found)
    statement = _statement(cell, work.scope)
    if isinstance(statement, Broken):
        found.extend(judged(statement, cell, work))
        return None
    grave = cast(Choice["error", "warning", "notice"], severity or "error")
    return Policy(id_, statement, grave, record.text("note"), cell.text, cell.at)


# `责任方 = "店铺" 时 运费承担 != "买家"`; 时 stands apart, since many a name holds it
_WHEN = re.compile(r"\s时(?:[，,]\s*|\s+)")
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|「[^」]*」')


def _statement(cell: DraftCell, scope: Scope) -> Expr | Broken:
    """A statement; one part `时` another says that the other holds wherever the one does."""
    hidden = _QUOTED.sub(lambda found: "\0" * len(found.group()), cell.text)
    parts = list(_WHEN.finditer(hidden))
    if len(parts) != 1:
        return condition_in(cell, scope)
    end, start = parts[0].span()
    when = condition_in(cell._replace(value=cell.text[:end], text=cell.text[:end]), scope)
    then = condition_in(cell._replace(value=cell.text[start:], text=cell.text[start:]), scope)
    if isinstance(then, Broken):
        moved = (replace(problem, span=problem.span.shifted(start)) for problem in then.problems)
        then = Broken(tuple(moved))
    if isinstance(when, Broken) or isinstance(then, Broken):
        return Broken(tuple(p for part in (when, then) if isinstance(part, Broken) for p in part.problems))
    return Either((Not(when), then))
