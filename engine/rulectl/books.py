"""Where rulebooks are: in a file that somebody names, or among the shipped ones by their bare names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from rulectl.data import data_folder

WORKBOOKS = (".xlsx", ".xlsm")
TEXTS = (".md",)
TABLES = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".parquet", ".pq", ".gz", ".zst")
"""What holds cases, if anything, and never a rulebook."""


def find(book: str) -> Path | None:
    """The file that a name means."""
    path = Path(book)
    # of os.path, since a name may be too long for the system; none at all is no folder
    if book and os.path.exists(path):
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


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that a mistyped one most likely means, or blank. Endings do not count: that two names end in .xlsx makes
    neither a slip of the other."""
    stems = {Path(other).stem: other for other in known}
    near = get_close_matches(Path(name).stem, stems, n=1)
    return stems[near[0]] if near else ""


def candidates(path: Path) -> list[str]:
    """Names of rulebooks that a mistyped one may have meant."""
    names = list(shipped_names())
    if os.path.isdir(path.parent):
        names += [p.name for p in path.parent.iterdir() if p.suffix.lower() in (*WORKBOOKS, *TEXTS, ".json")]
    return names
