"""Before all else: blocks that people put beside one another. A block takes whole rows, so that its neighbour would be
read as its options and columns; here they are parted, told of once, and each is read by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from rulectl.compiler.complaints import complain
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.chars import visible
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock


def part_blocks(work: Work) -> Work:
    """Pass: every block by itself, a finding at the marker of each that stands beside another."""
    found: list[Finding] = []
    drafts = tuple(
        replace(draft, blocks=tuple(part for block in draft.blocks for part in _parted(block, found)))
        for draft in work.drafts
    )
    return replace(work, drafts=drafts).plus(found)


def _parted(block: DraftBlock, found: list[Finding]) -> Iterator[DraftBlock]:
    """The blocks that stand side by side in one, from left to right."""
    while (second := _second(block)) is not None:
        at, kind = second
        cell = block.rows[0][at]
        found.append(complain("side-by-side", cell, ("note-beside", block.at), text=cell.text.strip()))
        yield _columns(block, block.kind, 0, at)
        block = _columns(block, kind, at, len(block.rows[0]))
    yield block


def _columns(block: DraftBlock, kind: BlockKind, start: int, end: int) -> DraftBlock:
    """Some columns of a block, down to the first row that is blank in them."""
    rows = (row[start:end] for row in block.rows)
    return DraftBlock(kind, tuple(takewhile(lambda row: not all(cell.blank for cell in row), rows)))


def _second(block: DraftBlock) -> tuple[int, BlockKind] | None:
    """Position and kind of the next marker in a marker row; the name and the values of a table may be any word."""
    row = block.rows[0]
    at = 1
    if block.kind is BlockKind.TABLE and len(row) > 1 and words.table_option(visible(row[1].text)) is None:
        at = 2
    while at < len(row):
        kind = None if row[at].blank or row[at].merged else words.marker(row[at].text)
        if kind is not None:
            return at, kind
        at += 2 if block.kind is BlockKind.TABLE and not row[at].blank else 1
    return None
