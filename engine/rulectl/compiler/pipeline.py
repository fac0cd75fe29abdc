"""The compiler: drafts in, a rulebook and all findings out. One pass a module, in the order of `PASSES`.

Every pass runs whatever was found before it, so that a manager sees all mistakes at once; what is broken stays silent
later on (see `work`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rulectl.compiler.about import read_about
from rulectl.compiler.aggregates import read_aggregates
from rulectl.compiler.apart import part_blocks
from rulectl.compiler.casebook import read_tests
from rulectl.compiler.dating import check_event, read_event
from rulectl.compiler.displaced import displaced
from rulectl.compiler.naming import read_names
from rulectl.compiler.order import order_tables
from rulectl.compiler.parameters import read_parameters
from rulectl.compiler.statements import read_policies, read_templates
from rulectl.compiler.tables import check_written, read_tables
from rulectl.compiler.vocabulary import read_vocabulary
from rulectl.compiler.work import Pass, Work
from rulectl.diagnostics import Finding, has_errors
from rulectl.model.draft import Draft
from rulectl.model.rulebook import Rulebook
from rulectl.source import Cell, CellRange, Place

PASSES: tuple[Pass, ...] = (
    part_blocks,
    read_about,
    read_vocabulary,
    read_parameters,
    read_names,
    read_event,
    read_aggregates,
    read_tables,
    check_written,
    check_event,
    read_templates,
    read_tests,
    read_policies,
    order_tables,
)


class Compiled(NamedTuple):
    """The rulebook, None when there are errors or an included workbook was not given (whoever looked for it knows why);
    and every finding, in the order of the cells."""

    rulebook: Rulebook | None
    findings: tuple[Finding, ...]


def compile_drafts(drafts: Sequence[Draft]) -> Compiled:
    """Compile a workbook, the first draft, with all workbooks that it includes, directly or not, the others."""
    work = Work(tuple(drafts), tuple(finding for draft in drafts for finding in draft.findings))
    for run in PASSES:
        work = run(work)
    findings = _sorted(work)
    whole = work.drafts and not work.incomplete and not has_errors(findings)
    return Compiled(_rulebook(work) if whole else None, findings)


def _rulebook(work: Work) -> Rulebook:
    book = work.books[0]
    return Rulebook(
        book.id,
        book.name,
        book.version,
        book.owner,
        book.notes,
        book.period,
        work.event,
        book.tier,
        book.includes,
        work.terms,
        work.parameters,
        work.tables,
        work.aggregates,
        work.templates,
        work.tests,
        work.policies,
        book.draft.file,
    )


def _sorted(work: Work) -> tuple[Finding, ...]:
    """Findings by file and sheet, in the order of the workbooks, then by row and column; each once."""
    files = {draft.file: at for at, draft in enumerate(work.drafts)}
    sheets: dict[tuple[str, str], int] = {}
    for draft in work.drafts:
        for block in draft.blocks:
            sheets.setdefault((draft.file, block.at.sheet), len(sheets))

    def key(place: Place) -> tuple[int, int, str, int, int]:
        cell = place.first if isinstance(place, CellRange) else place
        if isinstance(cell, Cell):
            last = len(sheets)
            return (
                files.get(cell.file, -1),
                sheets.get((cell.file, cell.sheet), last),
                cell.sheet,
                cell.row,
                cell.column,
            )
        return files.get(getattr(cell, "file", ""), -1), -1, "", 0, 0

    return tuple(sorted(_told(work), key=lambda finding: key(finding.at.place)))


def _told(work: Work) -> tuple[Finding, ...]:
    """What is said in the end: of a cell that could not be read only that, and each sentence once, at its gravest."""
    read = {finding for draft in work.drafts for finding in draft.findings}
    unread = work.unread_cells
    said: dict[tuple[object, ...], Finding] = {}
    for finding in work.findings:
        if finding.at.place in unread and finding not in read:
            continue
        key = (finding.slug, finding.at, finding.fields)
        if key not in said or finding.severity.rank < said[key].severity.rank:
            said[key] = finding
    return displaced(tuple(said.values()))
