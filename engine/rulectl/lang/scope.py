"""What names mean while a cell is parsed, and what a failed parse gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rulectl.source import Cell, Span
from rulectl.types import Type


@dataclass(frozen=True, slots=True)
class Symbol:
    """A term or a parameter as the language sees it; `cell` is where its allowed values, or it, are stated."""

    id: str
    name: str
    type: Type
    unit: str = ""
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """All symbols that a cell may name: by name, id and alias."""

    symbols: Mapping[str, Symbol]

    def find(self, name: str) -> Symbol | None:
        return self.symbols.get(name)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell cannot be read: the slug of a code, the part of the text that is to blame, and the fields of its
    sentence. `cells` are other cells that belong to it, by the key of their note (see diagnostics.Note)."""

    slug: str
    span: Span
    fields: tuple[tuple[str, str], ...] = ()
    cells: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that could not be read; silent in every later pass."""

    problems: tuple[Problem, ...]
