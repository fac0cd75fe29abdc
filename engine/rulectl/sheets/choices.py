"""What may stand in the columns of a workbook, seen from its own vocabulary: for drop-downs and for numbers.

Nothing is judged here, and nothing is required: a heading that is not understood has no choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rulectl.codes import Language
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock
from rulectl.types import Kind, Type


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a block: its place on the sheet, its key (`condition`, `type`, ...) and the type of its term."""

    number: int
    key: str | None
    type: Type | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Words to choose from in a stretch of one column; `closed` when nothing else can stand there."""

    column: int
    first: int
    last: int
    words: tuple[str, ...]
    closed: bool


HEADER_ROWS = {BlockKind.RULEBOOK: 1, BlockKind.TABLE: 3}
"""How many rows come before the first entry, 2 where nothing is said: the marker and the headings."""

_OPEN_ENDED = 200
"""How many rows below the last block of a sheet have choices too."""


def header_rows(kind: BlockKind) -> int:
    return HEADER_ROWS.get(kind, 2)


def known_terms(blocks: Iterable[DraftBlock]) -> dict[str, Type]:
    """The type of each term, by folded name, id and alias, as far as the vocabularies can be read."""
    found: dict[str, Type] = {}
    for block in blocks:
        if block.kind is not BlockKind.VOCABULARY or len(block.rows) < 2:
            continue
        keys = [words.heading(block.kind, cell.text) for cell in block.rows[1]]
        for row in block.rows[2:]:
            entry = {key: cell.text for key, cell in zip(keys, row, strict=True) if key}
            kind = words.type_of(entry.get("type", ""))
            if kind is None:
                continue
            type_ = Type(kind[0], kind[1], words.parted(entry.get("values", "")))
            for name in (entry.get("name", ""), entry.get("id", ""), *words.parted(entry.get("aliases", ""))):
                if name:
                    found.setdefault(words.fold(name), type_)
    return found


def columns(block: DraftBlock, terms: Mapping[str, Type]) -> tuple[Column, ...]:
    """The columns of a block, left to right."""
    left = block.at.column
    if block.kind is BlockKind.RULEBOOK or len(block.rows) < header_rows(block.kind):
        return tuple(Column(left + n, None) for n in range(len(block.rows[0])))
    found = []
    for n, cell in enumerate(block.rows[1]):
        key = words.heading(block.kind, cell.text)
        name = cell.text
        if block.kind is BlockKind.TABLE:
            role = words.column_role(cell.text)
            key = role[0] if role else None
            name = block.rows[2][n].text if key in ("condition", "conclusion") else ""
        elif block.kind is BlockKind.TESTS:
            name = words.expected_term(cell.text) or cell.text
        found.append(Column(left + n, key, terms.get(words.fold(name))))
    return tuple(found)


_CLOSED: dict[tuple[BlockKind, str], str] = {
    (BlockKind.VOCABULARY, "role"): "role",
    (BlockKind.VOCABULARY, "merge"): "merge",
    (BlockKind.VOCABULARY, "favours"): "favours",
    (BlockKind.VOCABULARY, "required"): "yes",
    (BlockKind.TABLE, "enabled"): "yes",
    (BlockKind.AGGREGATES, "function"): "aggregate",
    (BlockKind.TEMPLATES, "language"): "language",
    (BlockKind.POLICIES, "severity"): "severity",
}


def choices(block: DraftBlock, described: Iterable[Column], lang: Language, last_on_sheet: bool) -> Iterator[Choice]:
    """The drop-downs of a block."""
    yield from _options(block, lang)
    first = block.at.row + header_rows(block.kind)
    last = block.rows[-1][0].at.row + (_OPEN_ENDED if last_on_sheet else 0)
    for column in described:
        closed = _CLOSED.get((block.kind, column.key or ""))
        if closed is not None:
            yield Choice(column.number, first, last, words.choices(closed, lang), True)
        elif column.key == "type":
            yield Choice(column.number, first, last, _types(block.kind, lang), True)
        elif column.type is not None and (column.key in ("condition", "conclusion") or block.kind is BlockKind.TESTS):
            listed = column.type.values
            if column.type.kind is Kind.BOOLEAN:
                listed = words.choices("yes", lang)
            if listed:
                yield Choice(column.number, first, last, listed, False)
    if block.kind is BlockKind.TABLE and len(block.rows) > 1:
        for column in described:
            at = block.at.row + 1
            yield Choice(column.number, at, at, words.choices("table", lang), False)


def _types(kind: BlockKind, lang: Language) -> tuple[str, ...]:
    plain = words.choices("type", lang)
    if kind is not BlockKind.VOCABULARY:
        return plain
    return (*plain, *(words.type_word(listed, True, lang) for listed in (Kind.ENUM, Kind.STRING, Kind.NUMBER)))


def _options(block: DraftBlock, lang: Language) -> Iterator[Choice]:
    """The drop-downs beside keys: hit policy and tier in a table's marker row, tier in the rulebook's rows."""
    rows = block.rows[1:] if block.kind is BlockKind.RULEBOOK else block.rows[:1]
    if block.kind not in (BlockKind.RULEBOOK, BlockKind.TABLE):
        return
    for row in rows:
        start = 0 if block.kind is BlockKind.RULEBOOK else 2
        for key_cell, value_cell in zip(row[start::2], row[start + 1 :: 2], strict=False):
            category = "rulebook" if block.kind is BlockKind.RULEBOOK else "table option"
            key = words.canonical(category, key_cell.text)
            at = value_cell.at
            if key == "policy":
                yield Choice(at.column, at.row, at.row, words.choices("policy", "en"), True)
            elif key == "tier":
                yield Choice(at.column, at.row, at.row, words.choices("tier", lang), True)
