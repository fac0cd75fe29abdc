"""Text workbooks: sheets written as lines of text, for tests, stories and the sources of shipped rulebooks.

`## name` opens a sheet; a line that starts with `|` is a row, split on `|` and trimmed; `\\|` is a pipe, `<br>` a line
break; an empty line is a blank row; other lines are notes. Blank lines before a sheet's first row do not count, nor do
Markdown's separator rows (`|---|---|`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rulectl.diagnostics import Finding
from rulectl.model.draft import Draft, DraftBlock
from rulectl.sheets.blocks import Grid, read_grid

_PIPE = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_SEPARATOR = re.compile(r"^\|(?:\s*:?-{3,}:?\s*\|)+\s*$")


def grids(text: str) -> tuple[Grid, ...]:
    """The sheets of a text workbook; rows before the first `##` stand on a sheet of their own, `Sheet1`. Two sections
    of one name are one sheet, a blank row between them."""
    sheets: dict[str, list[tuple[str, ...]]] = {}
    for name, row in _rows(text):
        rows = sheets.setdefault(name, [])
        if row or rows:
            rows.append(row)
    return tuple(Grid(name, _trimmed(rows)) for name, rows in sheets.items() if any(rows))


def read_text(text: str, file: str) -> Draft:
    """A text workbook as a draft. Rows count as they would in the workbook that `grids` makes of it."""
    blocks: list[DraftBlock] = []
    findings: list[Finding] = []
    for grid in grids(text):
        found, odd = read_grid(grid, file)
        blocks.extend(found)
        findings.extend(odd)
    return Draft(file, tuple(blocks), tuple(findings))


def _rows(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sheet name and cells of each row; a blank row is empty."""
    name = "Sheet1"
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("## "):
            name = bare[3:].strip()
            yield name, ()
        elif bare.startswith("|") and not _SEPARATOR.match(bare):
            yield name, _cells(bare)
        elif not bare:
            yield name, ()


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a line `| a | b |`; the closing pipe may be missing."""
    parts = _PIPE.split(line)[1:]
    if parts and not parts[-1].strip():
        parts = parts[:-1]
    return tuple(_BREAK.sub("\n", part.strip().replace("\\|", "|")) for part in parts)


def _trimmed(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Without the blank rows at the end."""
    end = max((n for n, row in enumerate(rows, 1) if any(row)), default=0)
    return tuple(rows[:end])
