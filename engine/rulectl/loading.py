"""From a name to a rulebook: find the file, read it, follow its includes, compile.

BOOK is a path to a workbook (.xlsx, .xlsm), to a text workbook (.md), to compiled JSON, or the bare name of a shipped
rulebook. An included workbook is looked for beside the one that names it, then among the shipped ones; each is read
once, so that workbooks may include each other. Nothing is raised for what a file holds: it all comes back as findings.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from rulectl.compiler import compile_drafts, identity, includes, stem
from rulectl.data import data_folder
from rulectl.diagnostics import Finding, Note, finding
from rulectl.model.draft import Draft
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import read_text
from rulectl.source import Cell, FilePlace, Location

WORKBOOKS = (".xlsx", ".xlsm")
TEXTS = (".md",)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rulebook, None when there are errors; every finding; the file that it came from, None when there is none;
    every file that was read, the included ones too."""

    rulebook: Rulebook | None
    findings: tuple[Finding, ...]
    path: Path | None = None
    sources: tuple[Path, ...] = ()


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for garbage: a rulebook is hundreds of thousands of small objects without a cycle among them, and
    looking for one takes longer than anything else."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def load_rulebook(book: str | Path) -> Loaded:
    """Read a rulebook from wherever it is, compiling it when it is a workbook; `-` is compiled JSON on stdin."""
    with uncollected():
        return _load(book)


def _load(book: str | Path) -> Loaded:
    if str(book) == "-":
        return _decoded(None)
    path = find(str(book))
    if path is None:
        near = get_close_matches(Path(book).name, _candidates(Path(book)), n=1)
        slug = "book-not-found-near" if near else "book-not-found"
        return Loaded(None, (finding(slug, FilePlace(str(book)), book=book, near=near[0] if near else ""),))
    if path.is_dir():
        return Loaded(None, (finding("book-is-folder", FilePlace(str(book)), book=book),))
    if path.suffix.lower() == ".json":
        return _decoded(path)
    drafts, findings = gather(path)
    compiled = compile_drafts(tuple(drafts.values()))
    rulebook = None if findings else compiled.rulebook
    return Loaded(rulebook, (*findings, *compiled.findings), path, tuple(drafts))


def find(book: str) -> Path | None:
    """The file that a name means."""
    path = Path(book)
    if path.exists():
        return path
    return shipped(book) if path.name == book else None


def shipped(name: str) -> Path | None:
    """A rulebook that comes with the product, by its bare name, with or without its ending."""
    for candidate in (name, name + ".xlsx"):
        found = data_folder("rulectl.rulebooks") / candidate
        if found.suffix in WORKBOOKS and os.path.isfile(found):
            return found
    return None


def shipped_names() -> tuple[str, ...]:
    """The bare names of all shipped rulebooks."""
    every = data_folder("rulectl.rulebooks").iterdir()
    return tuple(sorted(p.stem for p in every if p.suffix in WORKBOOKS and not p.name.startswith("~$")))


def _candidates(path: Path) -> list[str]:
    """Names that a mistyped one may have meant."""
    names = list(shipped_names())
    if path.parent.is_dir():
        names += [p.name for p in path.parent.iterdir() if p.suffix.lower() in (*WORKBOOKS, *TEXTS, ".json")]
    return names


def read_draft(path: Path) -> Draft:
    """One workbook as it stands."""
    if path.suffix.lower() not in TEXTS:
        return read_workbook(path)
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
    near = [other for other in get_close_matches(name, _candidates(folder / name), n=2) if other != name]
    slug = "include-not-found-near" if near else "include-not-found"
    return finding(slug, Location(cell, name), book=name, near=near[0] if near else "")


def _decoded(path: Path | None) -> Loaded:
    """A compiled rulebook, from a file or from standard input."""
    file = path.name if path is not None else "stdin"
    try:
        text = (path.read_bytes() if path is not None else sys.stdin.buffer.read()).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return Loaded(None, (finding("cannot-read", FilePlace(file), file=file),), path)
    from rulectl.codec.decode import decode  # brings the whole of jsonschema, which a workbook does not need

    decoded = decode(text, file)
    return Loaded(decoded.rulebook, decoded.findings, path or Path("-"))
