"""Ids: those that people state, and those that are made of what a row says where they state none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping

from rulectl.compiler.complaints import complain
from rulectl.compiler.work import Book
from rulectl.diagnostics import Finding
from rulectl.lang.chars import visible
from rulectl.model.draft import DraftCell
from rulectl.source import Cell

BLANK = frozenset(("", "-", "－", "—", "–"))
"""What says nothing in a condition."""


def content_id(prefix: str, said: Mapping[str, str]) -> str:
    """`r-` and eight hexadecimal digits of what cells say, by what they say it of; blank ones do not count."""
    parts = sorted(f"{key}\x1f{visible(text)}" for key, text in said.items() if visible(text) not in BLANK)
    return f"{prefix}-{hashlib.sha256(chr(30).join(parts).encode()).hexdigest()[:8]}"


def fresh(name: str, taken: Container[str], joint: str = "-") -> str:
    """The name, or with the first number that makes it unlike all others."""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}{joint}{count}"
    return found


class Ids:
    """The ids of one kind of thing in all workbooks. Each workbook counts for itself: where two use one id, the later
    goes by its workbook's name too, since whoever keeps it may not be able to change the other."""

    def __init__(self) -> None:
        self._stated: dict[tuple[str, str], Cell] = {}
        self._taken: dict[str, Cell] = {}

    def take(self, cell: DraftCell, stated: str, derived: Callable[[], str], book: Book, found: list[Finding]) -> str:
        """The id that a thing goes by: as stated at the cell, else the derived one."""
        if stated and not cell.merged:
            first = self._stated.setdefault((book.draft.file, stated), cell.at)
            if first != cell.at:
                found.append(complain("repeated-id", cell, ("note-first", first), id=stated))
        wanted = stated or derived()
        other = self._taken.get(wanted)
        if other is not None and other.file != book.draft.file:
            wanted = f"{book.id}:{wanted}"
        id_ = fresh(wanted, self._taken)
        self._taken[id_] = cell.at
        return id_
