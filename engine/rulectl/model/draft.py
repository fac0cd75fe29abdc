"""The draft: a workbook as read. Text and positions; nothing judged yet, nothing lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from rulectl.diagnostics import Finding
from rulectl.source import Cell

Native = str | Decimal | bool | dt.date | dt.datetime | dt.timedelta | None


class BlockKind(Enum):
    """The blocks of a workbook, by the marker in their first cell."""

    RULEBOOK = "rulebook"
    VOCABULARY = "vocabulary"
    PARAMETERS = "parameters"
    TABLE = "table"
    AGGREGATES = "aggregates"
    TEMPLATES = "templates"
    TESTS = "tests"
    POLICIES = "policies"


class DraftCell(NamedTuple):
    """What stands in a cell. `value` is Excel's own (a number exact as shown, a native date or boolean), `text` the
    same as a person would type it. A cell under a merge carries the value of the merge's first cell and `merged`."""

    at: Cell
    value: Native = None
    text: str = ""
    merged: bool = False

    @property
    def blank(self) -> bool:
        return not self.text or self.text.isspace()

    @property
    def content(self) -> object:
        """What two cells have in common that say the same, wherever they stand; of a text, the text itself."""
        value = self.value
        return value if type(value) is str and value == self.text else (type(value), value, self.text)


@dataclass(frozen=True, slots=True)
class DraftBlock:
    """A block: its marker row first, then its rows, all equally wide (trailing blank cells filled in). `cut` says that
    it went on to the right, which has its finding, so that nothing can be said to be missing from it."""

    kind: BlockKind
    rows: tuple[tuple[DraftCell, ...], ...]
    cut: bool = False

    @property
    def at(self) -> Cell:
        return self.rows[0][0].at


@dataclass(frozen=True, slots=True)
class Draft:
    """One workbook. `file` is its name as people know it (no folder), as in every Cell of it."""

    file: str
    blocks: tuple[DraftBlock, ...]
    findings: tuple[Finding, ...] = ()
