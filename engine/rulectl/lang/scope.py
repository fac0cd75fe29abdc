"""What names mean while a cell is parsed, and what a failed parse gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rulectl.lang.chars import plain
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
    """All symbols that a cell may name: by name, id and alias. What every cell asks of them is worked out once:
    `distinct` has every symbol once, `names` the names by id, `units` the units that terms are counted in, `owners` the
    symbol of each list of allowed values that only one has."""

    symbols: Mapping[str, Symbol]
    distinct: tuple[Symbol, ...] = field(init=False, repr=False, compare=False)
    names: Mapping[str, str] = field(init=False, repr=False, compare=False)
    units: tuple[str, ...] = field(init=False, repr=False, compare=False)
    owners: Mapping[tuple[str, ...], Symbol | None] = field(init=False, repr=False, compare=False)
    _starts: Mapping[str, tuple[tuple[str, Symbol], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts: dict[str, list[tuple[str, Symbol]]] = {}
        for name, symbol in self.symbols.items():
            if name:
                starts.setdefault(plain(name)[0], []).append((plain(name), symbol))
        longest_first = {char: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for char, found in starts.items()}
        object.__setattr__(self, "_starts", longest_first)
        distinct = tuple({symbol.id: symbol for symbol in self.symbols.values()}.values())
        object.__setattr__(self, "distinct", distinct)
        owners: dict[tuple[str, ...], Symbol | None] = {}
        for symbol in distinct:
            if symbol.type.values:
                owners[symbol.type.values] = None if symbol.type.values in owners else symbol
        object.__setattr__(self, "owners", owners)
        object.__setattr__(self, "names", {symbol.id: symbol.name for symbol in distinct})
        object.__setattr__(self, "units", tuple(sorted({symbol.unit for symbol in distinct if symbol.unit})))

    def find(self, name: str) -> Symbol | None:
        return self.symbols.get(name)

    def longest(self, text: str, pos: int) -> tuple[Symbol, int] | None:
        """The longest known name at an offset of a plain text, and its length. A name that ends in a Latin letter or a
        digit must end there in the text too."""
        for name, symbol in self._starts.get(text[pos : pos + 1], ()):
            if text.startswith(name, pos) and not (
                _latin(name[-1]) and _latin(text[pos + len(name) : pos + len(name) + 1])
            ):
                return symbol, len(name)
        return None


def _latin(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


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
