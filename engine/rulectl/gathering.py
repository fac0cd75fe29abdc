"""A workbook and all that it includes, as drafts.

An included workbook is looked for beside the one that names it, then among the shipped ones; each is read once, so that
workbooks may include each other.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from rulectl.books import TEXTS, WORKBOOKS, candidates, nearest, shipped
from rulectl.compiler import identity, includes, stem
from rulectl.diagnostics import Finding, Note, finding
from rulectl.model.draft import Draft
from rulectl.sheets.reader import read_workbook
from rulectl.source import Cell, FilePlace, Location


def read_draft(path: Path) -> Draft:
    """One workbook as it stands."""
    if path.suffix.lower() not in TEXTS:
        return read_workbook(path)
    from rulectl.sheets.text import read_text  # late: few workbooks are text

    try:
        return read_text(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError):
        return Draft(path.name, (), (finding("cannot-read", FilePlace(path.name), file=path.name),))


def gather(path: Path) -> tuple[dict[Path, Draft], tuple[Finding, ...]]:
    """A workbook and all that it includes, directly or not, each once; a finding for each not there. A workbook that
    has been read stands for its name everywhere, so that a shop's copy of a shipped one goes in the place of that."""
    drafts: dict[Path, Draft] = {}
    findings: list[Finding] = []
    waiting: list[tuple[Path, Cell | None]] = [(path, None)]
    while waiting:
        at, named = waiting.pop(0)
        key = at.resolve()
        if key in drafts or any(stem(at.name) == stem(other.file) for other in drafts.values()):
            continue
        draft = read_draft(at)
        drafts[key] = draft if named is None else _noted(draft, named)
        for name, cell in includes(draft):
            if not _plain(name):
                findings.append(finding("include-outside", Location(cell, name), book=name))
                continue
            # a copy under another name keeps its id; no workbook means itself by it
            if any(stem(name) == identity(other) for other in drafts.values() if other.file != draft.file):
                continue
            found = _included(name, at.parent)
            if found is None:
                findings.append(_missing(name, cell, at.parent))
            else:
                waiting.append((found, cell))
    return drafts, tuple(findings)


def _plain(name: str) -> bool:
    """Whether a name is that of a file alone, on every system: no folder, no drive. A workbook may come from anywhere,
    and must not say what else is read."""
    return not any(mark in name for mark in "/\\:\0") and name.strip(". ") != ""


def _included(name: str, folder: Path) -> Path | None:
    """The file of an included workbook; a link that leads out of the folder is none."""
    for candidate in (name, *(name + ending for ending in (*WORKBOOKS, *TEXTS))):
        path = folder / candidate
        # of os.path, since a name may be too long for the system
        if os.path.isfile(path) and path.resolve().is_relative_to(folder.resolve()):
            return path
    return shipped(name)


def _noted(draft: Draft, named: Cell) -> Draft:
    """An included workbook, where it cannot be read told with the cell that names it."""
    note = Note("note-included", Location(named))
    return replace(
        draft,
        findings=tuple(
            replace(found, notes=(*found.notes, note)) if isinstance(found.at.place, FilePlace) else found
            for found in draft.findings
        ),
    )


def _missing(name: str, cell: Cell, folder: Path) -> Finding:
    """An included workbook that is nowhere, at the cell that names it."""
    near = nearest(name, (other for other in candidates(folder / name) if other not in (name, cell.file)))
    slug = "include-not-found-near" if near else "include-not-found"
    return finding(slug, Location(cell, name), book=name, near=near)
