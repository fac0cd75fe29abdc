"""First pass: what each workbook says of itself. A workbook without a rulebook block is named after its file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from rulectl.compiler.cells import value_in
from rulectl.compiler.complaints import blame, chosen, complain, judged, repeated, strange
from rulectl.compiler.work import Book, Work
from rulectl.diagnostics import Finding, has_errors
from rulectl.lang.chars import visible
from rulectl.lang.scope import Problem
from rulectl.model import words
from rulectl.model.draft import BlockKind, Draft, DraftBlock, DraftCell
from rulectl.model.policy import Tier
from rulectl.model.rulebook import Period
from rulectl.source import Cell
from rulectl.types import DATE

_ENDING = re.compile(r"\.(?:xls[xm]|md)$", re.IGNORECASE)


def read_about(work: Work) -> Work:
    """Pass: one `Book` a draft."""
    found: list[Finding] = []
    books: list[Book] = []
    dated: Cell | None = work.dated
    for draft in work.drafts:
        book, cell = _book(draft, work, found)
        dated = dated or cell
        books.append(book)
        found.extend(_of_itself(draft))
    files = files_by_name(books)
    missing = any(stem(name) not in files for book in books for name in book.includes)
    unread = any(not draft.blocks and has_errors(draft.findings) for draft in work.drafts)
    return replace(work, books=tuple(books), dated=dated, incomplete=missing or unread).plus(found)


def includes(draft: Draft) -> tuple[tuple[str, Cell], ...]:
    """The workbooks that a workbook includes, as named (endings kept), each with the cell that names it."""
    return tuple((name, cell.at) for name, cell in _includes(draft))


def _includes(draft: Draft) -> Iterator[tuple[str, DraftCell]]:
    for block in draft.blocks:
        cell = _keys(block, []).get("includes") if block.kind is BlockKind.RULEBOOK else None
        if cell is not None:
            yield from ((name, cell) for name in words.parted(cell.text))


def _of_itself(draft: Draft) -> Iterator[Finding]:
    """A workbook that includes itself: more likely than not, another of the same name is meant."""
    for name, cell in _includes(draft):
        if stem(name) == stem(draft.file):
            yield blame("includes-itself", cell, name, name=name)
            return


def identity(draft: Draft) -> str:
    """The id that a workbook states; without one, the name of its file."""
    for block in draft.blocks:
        if block.kind is BlockKind.RULEBOOK:
            keys = _keys(block, [])
            return visible(keys["id"].text) if "id" in keys else stem(draft.file)
    return stem(draft.file)


def files_by_name(books: Sequence[Book]) -> Mapping[str, str]:
    """The name by which a workbook is included, that of its file or else its id -> the file."""
    files = {stem(book.draft.file): book.draft.file for book in books}
    for book in books:
        files.setdefault(book.id, book.draft.file)
    return files


def stem(file: str) -> str:
    """The name of a file without folder and ending: by it a workbook is included."""
    return _ENDING.sub("", PurePath(file).name)


def period_of(start: DraftCell | None, end: DraftCell | None, work: Work, found: list[Finding]) -> Period:
    """A period from its two cells; a broken or reversed end is left open, with its finding."""
    first, last = (_date(cell, work, found) for cell in (start, end))
    if first is not None and last is not None and first > last and end is not None and start is not None:
        found.append(complain("period-reversed", end, ("note-start", start.at), start=first, end=last))
        return Period()
    return Period(first, last)


def _date(cell: DraftCell | None, work: Work, found: list[Finding]) -> dt.date | None:
    if cell is None or cell.blank:
        return None
    value = value_in(cell, DATE)
    if isinstance(value, Problem):
        found.extend(judged(value, cell, work))
        return None
    return value if isinstance(value, dt.date) else None


def tier_of(cell: DraftCell | None, default: Tier, found: list[Finding]) -> Tier:
    """A tier from its cell; the default where it is blank or, with a finding, not a tier."""
    return chosen(cell, "tier", words.tier, found) or default


def _keys(block: DraftBlock, found: list[Finding]) -> Mapping[str, DraftCell]:
    """Key -> the cell of its value: the first filled cell to its right."""
    keys: dict[str, DraftCell] = {}
    firsts: dict[str, DraftCell] = {}
    for row in block.rows[1:]:
        name = next((cell for cell in row if not cell.blank), row[0])
        right = [cell for cell in row if cell.at.column > name.at.column]
        key = words.heading(BlockKind.RULEBOOK, name.text)
        if key is None:
            found.append(strange("unknown-key", name, "rulebook"))
        elif key in keys:
            found.append(repeated(name, firsts[key]))
        else:
            firsts[key] = name
            values = [cell for cell in right if not cell.blank and not cell.merged]
            if values:
                keys[key] = values[0]
            if key == "includes" and len(values) > 1:
                # one workbook a cell is as good as all in one
                keys[key] = values[0]._replace(text=";".join(cell.text for cell in values))
    return keys


def _book(draft: Draft, work: Work, found: list[Finding]) -> tuple[Book, Cell | None]:
    """What a draft says of itself, and the first cell with a date."""
    name = stem(draft.file)
    blocks = [block for block in draft.blocks if block.kind is BlockKind.RULEBOOK]
    if not blocks:
        return Book(draft, name, name), None
    for block in blocks[1:]:
        found.append(complain("second-rulebook-block", block.rows[0][0], ("note-first", blocks[0].at)))
    keys = _keys(blocks[0], found)

    def text(key: str, default: str = "") -> str:
        return visible(keys[key].text) if key in keys else default

    id_ = text("id", name)
    dates = [keys[key] for key in ("from", "to") if key in keys]
    book = Book(
        draft,
        id_,
        text("name", id_),
        text("version"),
        text("owner"),
        text("notes"),
        period_of(keys.get("from"), keys.get("to"), work, found),
        keys.get("event"),
        tier_of(keys.get("tier"), Tier.PROCEDURE, found),
        tuple(other for item in words.parted(text("includes")) if (other := _ENDING.sub("", item)) != name),
    )
    return book, dates[0].at if dates else None
