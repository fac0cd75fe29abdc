"""Rules by column: every distinct entry once, and for each rule which of them it has.

A table of a hundred thousand rules says the same few things over and over. Kept by column, an entry is read, printed,
checked, decoded and indexed once, however many rules have it, and a rule is made only when somebody looks at it
(`Rules` is a sequence of rules like any other). Where things stand is kept the same way: an entry stands in its
column's column and in its rule's row; only what stands elsewhere is written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from rulectl.lang.flat import Flat, flat_of
from rulectl.lang.syntax import Expr, Literal, Test
from rulectl.model.made import Made
from rulectl.model.rulebook import OutputEntry, Period, Rule, Table, TestEntry
from rulectl.source import Cell, CellRange

T = TypeVar("T")


_make = tuple.__new__
"""Of many cells: the constructor of a named tuple takes twice as long."""


class Mark(NamedTuple):
    """What few rules have."""

    otherwise: bool = False
    enabled: bool = True
    period: Period = Period()
    note: str = ""
    source: str = ""


PLAIN = Mark()


class Anchor(NamedTuple):
    """Where the rules of a table stand: the sheet, and the first and last column of their rows."""

    file: str
    sheet: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Strip(Generic[T]):
    """One column: `refs[rule]` is the number of its entry; `items` and `texts` are the distinct entries and what was
    written, by number. `flats`, where given, are the short forms of its tests (lang/flat.py), `computed` the numbers of
    the conclusions that are no plain values."""

    refs: Sequence[int]
    items: Sequence[T]
    texts: Sequence[str]
    flats: Sequence[Flat | None] | None = None
    computed: Sequence[int] | None = None


def flats_of(strip: Strip[Test]) -> Sequence[Flat | None]:
    """The short forms of a column's distinct tests, None for each that has none."""
    return strip.flats if strip.flats is not None else [flat_of(test) for test in strip.items]


def computed_of(strip: Strip[Expr | None]) -> Sequence[int]:
    """The numbers of a column's distinct conclusions that are neither blank nor plain values."""
    if strip.computed is not None:
        return strip.computed
    return [number for number, expr in enumerate(strip.items) if expr is not None and not isinstance(expr, Literal)]


@dataclass(frozen=True, slots=True)
class Grid:
    """All rules of a table. `rows[rule]` is its row, 0 where it has none; `columns` are the columns of the sheet, the
    conditions before the conclusions, 0 where entries have no cell. `moved` and `scattered` name the rules whose range
    or entries stand elsewhere than these say."""

    ids: Sequence[str]
    when: tuple[Strip[Test], ...]
    then: tuple[Strip[Expr | None], ...]
    marks: Mapping[int, Mark]
    anchor: Anchor | None = None
    rows: Sequence[int] = ()
    columns: tuple[int, ...] = ()
    moved: Mapping[int, CellRange] = field(default_factory=dict)
    scattered: Mapping[int, tuple[Cell | None, ...]] = field(default_factory=dict)

    def mark(self, rule: int) -> Mark:
        return self.marks.get(rule, PLAIN)

    def cells(self, rule: int) -> CellRange | None:
        """The range that a rule was written in."""
        if rule in self.moved:
            return self.moved[rule]
        if self.anchor is None or not self.rows[rule]:
            return None
        file, sheet, first, last = self.anchor
        row = self.rows[rule]
        return _make(CellRange, (_make(Cell, (file, sheet, row, first)), _make(Cell, (file, sheet, row, last))))

    def entry_cells(self, rule: int) -> tuple[Cell | None, ...]:
        """The cells of a rule's entries, the conditions before the conclusions."""
        if rule in self.scattered:
            return self.scattered[rule]
        if self.anchor is None or not self.rows[rule]:
            return (None,) * (len(self.when) + len(self.then))
        file, sheet, row = self.anchor.file, self.anchor.sheet, self.rows[rule]
        return tuple(Cell(file, sheet, row, column) if column else None for column in self.columns)

    def rule(self, number: int) -> Rule:
        """One rule, made anew."""
        at = self.entry_cells(number)
        split = len(self.when)
        when, then = zip(self.when, at[:split], strict=True), zip(self.then, at[split:], strict=True)
        mark = self.mark(number)
        return Rule(
            self.ids[number],
            tuple(TestEntry(s.items[s.refs[number]], s.texts[s.refs[number]], cell) for s, cell in when),
            tuple(OutputEntry(s.items[s.refs[number]], s.texts[s.refs[number]], cell) for s, cell in then),
            mark.otherwise,
            mark.enabled,
            mark.period,
            mark.note,
            mark.source,
            self.cells(number),
        )


class Rules(Made[Rule]):
    """The rules of a grid, each made when it is first looked at. Equal to any sequence of equal rules."""

    __slots__ = ("grid",)

    def __init__(self, grid: Grid) -> None:
        super().__init__(len(grid.ids), grid.rule)
        self.grid = grid

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rules | tuple):
            return NotImplemented
        return self is other or (len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True)))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def grid_of(table: Table) -> Grid:
    """A table's rules by column. Raises ValueError where a rule has not one entry a column."""
    if isinstance(table.rules, Rules):
        return table.rules.grid
    rules = table.rules
    for rule in rules:
        if len(rule.when) != len(table.inputs) or len(rule.then) != len(table.outputs):
            raise ValueError(rule.id)
    marks = {n: Mark(r.otherwise, r.enabled, r.period, r.note, r.source) for n, r in enumerate(rules)}
    whens: list[list[Any]] = [[(r.when[at].test, r.when[at].text) for r in rules] for at in range(len(table.inputs))]
    thens: list[list[Any]] = [[(r.then[at].expr, r.then[at].text) for r in rules] for at in range(len(table.outputs))]
    anchor = next((Anchor(c.first.file, c.first.sheet, c.first.column, c.last.column) for c in _ranges(rules)), None)
    heads = [*(column.cell for column in table.inputs), *(column.cell for column in table.outputs)]
    grid = Grid(
        [rule.id for rule in rules],
        tuple(map(_strip, whens)),
        tuple(map(_strip, thens)),
        {n: mark for n, mark in marks.items() if mark != PLAIN},
        anchor,
        [0 if rule.cells is None else rule.cells.first.row for rule in rules],
        entry_columns(heads, anchor),
    )
    moved = {n: rule.cells for n, rule in enumerate(rules) if rule.cells is not None and rule.cells != grid.cells(n)}
    at = [(*(entry.cell for entry in rule.when), *(entry.cell for entry in rule.then)) for rule in rules]
    scattered = {n: cells for n, cells in enumerate(at) if cells != grid.entry_cells(n)}
    return Grid(grid.ids, grid.when, grid.then, grid.marks, grid.anchor, grid.rows, grid.columns, moved, scattered)


def entry_columns(heads: Sequence[Cell | None], anchor: Anchor | None) -> tuple[int, ...]:
    """The columns of a sheet in which entries stand under their headings, 0 where a heading stands elsewhere."""
    if anchor is None:
        return (0,) * len(heads)
    home = (anchor.file, anchor.sheet)
    return tuple(cell.column if cell is not None and (cell.file, cell.sheet) == home else 0 for cell in heads)


def _ranges(rules: Sequence[Rule]) -> Iterator[CellRange]:
    return (rule.cells for rule in rules if rule.cells is not None)


def _strip(entries: Sequence[tuple[T, str]]) -> Strip[T]:
    """A column of (entry, text as written)."""
    numbers: dict[tuple[T, str], int] = {}
    refs = [numbers.setdefault(entry, len(numbers)) for entry in entries]
    return Strip(refs, tuple(item for item, _ in numbers), tuple(text for _, text in numbers))
