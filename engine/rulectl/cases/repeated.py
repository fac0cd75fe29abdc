"""Headings that stand again among the rows of a file: several exports were put one below the other.

Where they are the same, only their row is passed over; where the columns stand in another order, the rows below are
laid as the file begins; where the columns are others, no row below is decided, for each cell would be read as what it
is not.

Hardly a file has such rows, so what is asked of all rows is whether one of a few cells can be a heading at all. One
that begins with a sign of ASCII can only be spelt with that sign, small or large, a blank before it, or signs beyond
ASCII; one that begins beyond ASCII only with the last two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rulectl.cases.headings import Plan, key_of, meant, own_columns
from rulectl.diagnostics import Finding, finding
from rulectl.model.rulebook import Term
from rulectl.source import FilePlace, Location, RowPlace

LEAST, MOST = "!", "~"
"""The first and the last sign of ASCII that can be seen."""

ASKED = 3
"""So many cells of a row are asked before the others; one alone may be a heading that is new."""

_SEEN = frozenset(map(chr, range(ord(LEAST), ord(MOST) + 1)))
_SURE = 4
"""A row with so many headings among its cells, and fewer others, is one of headings."""

Order = tuple[int, ...]
"""Where each column of a file stands in some rows; OTHER: these have other columns."""

OTHER: Order = ()


class HeadingRow:
    """The headings of a file, as rows are held against them. `known`: folded heading -> term. `named` are the places of
    headings that say something, without those of a rejects file in front; `signs` are those of ASCII that a heading may
    begin with."""

    def __init__(self, columns: Plan, known: Mapping[str, Term]) -> None:
        keys = [key_of(heading) for heading in columns.headings]
        self._own = own_columns(columns.headings)
        self.named = [at for at, key in enumerate(keys) if key and at >= self._own]
        self.straight: Order = tuple(range(len(keys)))
        self._asked = self.named[:ASKED]
        self._known = known
        self._read = {column.term.id: column.index for column in columns.columns}
        self._places: dict[str, list[int]] = {}
        for at, key in enumerate(keys):
            self._places.setdefault(key, []).append(at)
        firsts = {key[0] for key in (*self._places, *known) if key}
        self.signs = frozenset(sign for first in firsts if first.isascii() for sign in (first, first.upper())) | {"*"}
        self._never = _SEEN - self.signs

    def spelt(self, cell: str) -> bool:
        """Whether a cell is a heading of the file or of a term."""
        return cell[:1] not in self._never and self._heading(key_of(cell))

    def order(self, cells: Sequence[str]) -> Order | None:
        """How the rows below a row are laid; None where it is no row of headings."""
        width = len(self.straight)
        if len(cells) < width or not any(self.spelt(cells[at]) for at in self._asked):
            return None
        keys = [key_of(cell) for cell in cells]
        filled = [key for key in keys[self._own :] if key]
        found = len(set(filter(self._heading, filled)))
        sure = found == len(filled) or (found >= _SURE and found * 2 > len(filled))
        if not sure or found < min(2, len(self.named)):
            return None
        return OTHER if any(keys[width:]) else self._laid(keys[:width])

    def _heading(self, key: str) -> bool:
        return bool(key) and (key in self._places or self._term(key) is not None)

    def _term(self, key: str) -> Term | None:
        return self._known.get(key) or meant(key, self._known)

    def _laid(self, keys: Sequence[str]) -> Order:
        """The order of columns that have such headings: each that is read stands there, and no other of a term."""
        laid: dict[int, int] = {}
        spare: list[int] = []
        for at, key in enumerate(keys):
            column = next((place for place in self._places.get(key, ()) if place not in laid), None)
            if column is None and key and (term := self._term(key)) is not None:
                column = self._read.get(term.id)
                if column is None or column in laid:
                    return OTHER
            if column is None:
                spare.append(at)
            else:
                laid[column] = at
        if not laid.keys() >= set(self._read.values()):
            return OTHER
        left = iter(spare)
        return tuple(laid[at] if at in laid else next(left) for at in self.straight)


@dataclass(slots=True)
class Standing:
    """The headings that rows stand under: their order, and the row that they are in; 0: those of the file."""

    order: Order
    row: int = 0

    def laid(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """The cells of a row as the file begins."""
        return tuple(cells[at] for at in self.order) if self.row else cells

    def other(self, file: str, number: int) -> Finding:
        """What is told of a row that stands under other headings."""
        return finding("other-headings", Location(RowPlace(file, number), ""), row=self.row)


@dataclass(slots=True)
class PassedOver:
    """What of a file is passed over below its headings: blank rows; and the rows of headings, `repeated` those that say
    the same as the ones above them, `moved` those in another order."""

    blank: int = 0
    repeated: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)

    def findings(self, file: str) -> tuple[Finding, ...]:
        """One notice for each."""
        found = [
            finding(slug, RowPlace(file, rows[0]), count=len(rows))
            for slug, rows in (("repeated-headings", self.repeated), ("moved-headings", self.moved))
            if rows
        ]
        if self.blank:
            found.append(finding("blank-rows", FilePlace(file), count=self.blank))
        return tuple(found)
