"""From a name to a rulebook: find the file, and read it or compile it.

BOOK is a path to a workbook (.xlsx, .xlsm), to a text workbook (.md), to compiled JSON, or the bare name of a shipped
rulebook. Nothing is raised for what a file holds: it all comes back as findings. Only workbooks need the compiler, and
only JSON needs the decoder; each is imported when it is needed, since a run on small files is mostly imports.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rulectl.books import TABLES, candidates, find, nearest, shipped_names
from rulectl.collecting import uncollected
from rulectl.diagnostics import Finding, finding, listed
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace

Doubt = Callable[[], tuple[Finding, ...]]


def certain() -> tuple[Finding, ...]:
    """A rulebook that has just been compiled is one."""
    return ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rulebook, None when there are errors; every finding; the file that it came from, None when there is none;
    every file that was read, the included ones too. `doubt` says why the rulebook is none after all: to be asked where
    work on it fails, for compiled JSON is not read to its last entry before there is a case."""

    rulebook: Rulebook | None
    findings: tuple[Finding, ...]
    path: Path | None = None
    sources: tuple[Path, ...] = ()
    doubt: Doubt = field(default=certain, compare=False, repr=False)


def load_rulebook(book: str | Path) -> Loaded:
    """Read a rulebook from wherever it is, compiling it when it is a workbook; `-` is compiled JSON on stdin."""
    with uncollected():
        return _load(book)


def _load(book: str | Path) -> Loaded:
    if str(book) == "-":
        return _decoded(None)
    path = find(str(book))
    if path is None:
        near = nearest(Path(book).name, candidates(Path(book)))
        place = FilePlace(str(book))
        if near:
            return Loaded(None, (finding("book-not-found-near", place, book=book, near=near),))
        return Loaded(None, (finding("book-not-found", place, book=book, shipped=listed(shipped_names())),))
    if path.is_dir():
        return Loaded(None, (finding("book-is-folder", FilePlace(str(book)), book=book),))
    if path.suffix.lower() == ".json":
        return _decoded(path)
    if path.suffix.lower() in TABLES:
        return Loaded(None, (finding("book-is-table", FilePlace(path.name), file=path.name),), path)
    from rulectl.compiler import compile_drafts
    from rulectl.gathering import gather

    drafts, findings = gather(path)
    compiled = compile_drafts(tuple(drafts.values()))
    rulebook = None if findings else compiled.rulebook
    return Loaded(rulebook, (*findings, *compiled.findings), path, tuple(drafts))


def _decoded(path: Path | None) -> Loaded:
    """A compiled rulebook, from a file or from standard input."""
    file = path.name if path is not None else "stdin"
    try:
        text = (path.read_bytes() if path is not None else sys.stdin.buffer.read()).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return Loaded(None, (finding("cannot-read", FilePlace(file), file=file),), path)
    from rulectl.codec.decode import decode  # brings the whole of jsonschema, which a workbook does not need

    decoded = decode(text, file)
    doubt = partial(_doubted, path, file, "" if path is not None else text)
    sources = () if path is None else (path,)
    return Loaded(decoded.rulebook, decoded.findings, path or Path("-"), sources, doubt)


def _doubted(path: Path | None, file: str, text: str) -> tuple[Finding, ...]:
    """What is wrong with compiled JSON, all of it read once more."""
    from rulectl.codec.doubt import doubts

    try:
        return doubts(text if path is None else path.read_bytes().decode("utf-8-sig"), file)
    except (OSError, UnicodeDecodeError):
        return ()
