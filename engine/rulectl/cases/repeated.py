"""Headings that stand again among the rows of a file: several exports were put one below the other.

A row is passed over where all its cells are the headings, compared as headings are. Hardly a file has such rows, so
what is asked of all rows is whether one of its cells can be its heading at all. A heading that begins with a sign of
ASCII can only be spelt with that sign, small or large, a blank before it, or signs beyond ASCII; one that begins beyond
ASCII only with the last two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulectl.cases.headings import key_of
from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace, RowPlace

LEAST, MOST = "!", "~"
"""The first and the last sign of ASCII that can be seen."""

_SEEN = frozenset(map(chr, range(ord(LEAST), ord(MOST) + 1)))


class HeadingRow:
    """The headings of a file. `keys` are they as they are compared, `named` the places of those that are not blank."""

    def __init__(self, headings: Sequence[str]) -> None:
        self.keys = tuple(map(key_of, headings))
        self.named = [at for at, key in enumerate(self.keys) if key]
        self._first = self.named[0] if self.named else 0
        self._others = _SEEN.difference(self.signs(self._first)) if self.named else _SEEN

    def signs(self, at: int) -> tuple[str, ...]:
        """The signs of ASCII that a heading may begin with."""
        sign = self.keys[at][0]
        return tuple({sign, sign.upper()}) if sign.isascii() else ()

    def again(self, cells: Sequence[str]) -> bool:
        """Whether a row says the headings."""
        width = len(self.keys)
        if len(cells) < width or not self.named or cells[self._first][:1] in self._others:
            return False
        return all(key_of(cell) == key for cell, key in zip(cells, self.keys, strict=False)) and not any(
            cell.strip() for cell in cells[width:]
        )


@dataclass(slots=True)
class PassedOver:
    """What of a file is passed over below its headings: blank rows, and `repeated` headings, in row `first` and on."""

    blank: int = 0
    repeated: int = 0
    first: int = 0

    def repeats(self, *rows: int) -> None:
        """The headings stand again in some rows, which come in order."""
        if rows and not self.repeated:
            self.first = rows[0]
        self.repeated += len(rows)

    def findings(self, file: str) -> tuple[Finding, ...]:
        """One notice for each."""
        found: list[Finding] = []
        if self.repeated:
            found.append(finding("repeated-headings", RowPlace(file, self.first), count=self.repeated))
        if self.blank:
            found.append(finding("blank-rows", FilePlace(file), count=self.blank))
        return tuple(found)
