"""Which rule of the old table is which of the new: the same row, the same row under another id, the same id with
another row; the rest was removed or added.

Entries are numbered once a column for both tables, the blank one 0, so that a rule is a tuple of small integers and ten
thousand rules are matched without looking at one of them (model/grid.py). Each rule has two such keys: as it is
written, and with parameters in their places, by which it decides.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rulectl.lang.fold import Constants, fold_parts, fold_test
from rulectl.lang.syntax import ANYTHING, Expr, Name, Test
from rulectl.model.grid import grid_of
from rulectl.model.numbered import Numbered
from rulectl.model.rulebook import Period, Rulebook, Table
from rulectl.runtime.lowering import period_test
from rulectl.types import DATE, Type

Key = tuple[int, ...]

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Heading:
    """A condition column of both tables: what is asked, with parameters in their places, and of which type."""

    subject: Expr
    type: Type


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as its two keys. `enabled` stands in the first only, since a rule that is off decides nothing."""

    written: Key
    deciding: Key
    enabled: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule of the old table and what it is in the new; None where it is not there."""

    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Matched:
    """Two versions of a table, row by row. `headings` are the condition columns of both, the period's last where one
    has one; `tests[at]` the distinct conditions under each by number; `terms` the conclusions of both; `before` and
    `after` the rows."""

    headings: tuple[Heading, ...]
    tests: tuple[Sequence[Test], ...]
    terms: tuple[str, ...]
    said: tuple[Sequence[Expr | None], ...]
    before: tuple[Row, ...]
    after: tuple[Row, ...]
    pairs: tuple[Pair, ...]

    def same(self, pair: Pair) -> bool:
        """Whether a rule decides as before: both are there, in force and alike."""
        if pair.before is None or pair.after is None:
            return False
        one, other = self.before[pair.before], self.after[pair.after]
        return one.enabled and other.enabled and one.deciding == other.deciding

    def rewritten(self, pair: Pair) -> bool:
        """Whether a rule that is in both says something else as it is written."""
        assert pair.before is not None
        assert pair.after is not None
        return self.before[pair.before].written != self.after[pair.after].written

    def touched(self, pair: Pair) -> tuple[str, ...]:
        """The conclusions that alone changed of a rule; nothing where its conditions did too, or it is in one only."""
        if pair.before is None or pair.after is None:
            return ()
        one, other = self.before[pair.before].written, self.after[pair.after].written
        width, end = len(self.headings), len(self.headings) + len(self.terms)
        if one[:width] != other[:width] or one[end:] != other[end:]:
            return ()
        return tuple(term for at, term in enumerate(self.terms, width) if one[at] != other[at])


def match_rules(old: Rulebook, before: Table, new: Rulebook, after: Table) -> Matched:
    """The rules of two versions of a table."""
    books = ((old, before), (new, after))
    headings: list[Heading] = []
    terms: list[str] = []
    places: list[tuple[list[int], list[int]]] = []
    for book, table in books:
        constants = _constants(book)
        places.append((_place(headings, table, constants), _place_terms(terms, table)))
    tests: list[Numbered[Test]] = [Numbered(ANYTHING) for _ in headings]
    written: list[Numbered[Hashable]] = [Numbered(ANYTHING) for _ in headings]
    said: list[Numbered[Expr | None]] = [Numbered(None) for _ in terms]
    said_written: list[Numbered[Hashable]] = [Numbered(None) for _ in terms]
    marks: Numbered[Hashable] = Numbered((False, True, Period()))
    event = _dated(headings, tests, books)
    rows = [
        tuple(_rows(book, table, columns, conclusions, tests, written, said, said_written, marks, dated))
        for (book, table), (columns, conclusions), dated in zip(books, places, event, strict=True)
    ]
    ids = [grid_of(table).ids for _, table in books]
    pairs = tuple(_pairs(ids[0], rows[0], ids[1], rows[1]))
    plain = tuple(column.items for column in tests)
    spoken = tuple(column.items for column in said)
    return Matched(tuple(headings), plain, tuple(terms), spoken, rows[0], rows[1], pairs)


def _constants(book: Rulebook) -> Constants:
    return {parameter.id: parameter.value for parameter in book.parameters}


def _place(headings: list[Heading], table: Table, constants: Constants) -> list[int]:
    """Where the conditions of a table stand among the headings of both; a heading that comes twice stands twice."""
    found: list[int] = []
    for column in table.inputs:
        heading = Heading(fold_parts(column.subject, constants), column.type)
        at = next((n for n, other in enumerate(headings) if n not in found and _alike(other, heading)), None)
        if at is None:
            at = len(headings)
            headings.append(heading)
        found.append(at)
    return found


def _alike(one: Heading, other: Heading) -> bool:
    return one.subject == other.subject and (one.type.kind, one.type.many) == (other.type.kind, other.type.many)


def _place_terms(terms: list[str], table: Table) -> list[int]:
    for column in table.outputs:
        if column.term not in terms:
            terms.append(column.term)
    return [terms.index(column.term) for column in table.outputs]


def _dated(
    headings: list[Heading], tests: list[Numbered[Test]], books: Sequence[tuple[Rulebook, Table]]
) -> tuple[int | None, int | None]:
    """The column that effective dates become a condition of, for each version that has some."""
    found: list[int | None] = []
    for book, table in books:
        if table.period.always and all(mark.period.always for mark in grid_of(table).marks.values()):
            found.append(None)
            continue
        type_ = _event_type(book)
        heading = Heading(Name(book.event or ""), type_)
        known = next((n for n in found if n is not None and headings[n] == heading), None)
        if known is None:
            known = len(headings)
            headings.append(heading)
            tests.append(Numbered(ANYTHING))
        found.append(known)
    return found[0], found[1]


def _event_type(book: Rulebook) -> Type:
    return next((term.type for term in book.terms if term.id == book.event), DATE)


def _rows(
    book: Rulebook,
    table: Table,
    columns: Sequence[int],
    conclusions: Sequence[int],
    tests: Sequence[Numbered[Test]],
    written: Sequence[Numbered[Hashable]],
    said: Sequence[Numbered[Expr | None]],
    said_written: Sequence[Numbered[Hashable]],
    marks: Numbered[Hashable],
    dated: int | None,
) -> Iterator[Row]:
    """The rules of one version as keys."""
    constants = _constants(book)
    grid = grid_of(table)
    width = len(tests)
    when = [
        (at, strip.refs, _numbers(strip.items, written[at]), _fixed(strip.items, tests[at], constants))
        for at, strip in zip(columns, grid.when, strict=True)
    ]
    then = [
        (at, strip.refs, _numbers(strip.items, said_written[at]), _fixed_said(strip.items, said[at], constants))
        for at, strip in zip(conclusions, grid.then, strict=True)
    ]
    type_ = _event_type(book)
    for rule in range(len(grid.ids)):
        mark = grid.mark(rule)
        asks, asks_fixed = [0] * width, [0] * width
        says, says_fixed = [0] * len(said), [0] * len(said)
        for at, refs, numbers, fixed in when:
            asks[at], asks_fixed[at] = numbers[refs[rule]], fixed[refs[rule]]
        for at, refs, numbers, fixed in then:
            says[at], says_fixed[at] = numbers[refs[rule]], fixed[refs[rule]]
        period = mark.period.meet(table.period)
        if dated is not None and not period.always:
            asks_fixed[dated] = tests[dated].number(period_test(period, type_))
        own = marks.number((mark.otherwise, mark.enabled, mark.period))
        # of an else rule only that it is one
        if mark.otherwise:
            asks_fixed = [0 if at != dated else n for at, n in enumerate(asks_fixed)]
        yield Row((*asks, *says, own), (*asks_fixed, *says_fixed, int(mark.otherwise)), mark.enabled)


def _numbers(items: Sequence[Hashable], numbered: Numbered[Hashable]) -> list[int]:
    return [numbered.number(item) for item in items]


def _fixed(items: Sequence[Test], numbered: Numbered[Test], constants: Constants) -> list[int]:
    return [numbered.number(fold_test(item, constants, fold_parts)) for item in items]


def _fixed_said(items: Sequence[Expr | None], numbered: Numbered[Expr | None], constants: Constants) -> list[int]:
    return [numbered.number(None if item is None else fold_parts(item, constants)) for item in items]


def _pairs(old_ids: Sequence[str], old: Sequence[Row], new_ids: Sequence[str], new: Sequence[Row]) -> Iterator[Pair]:
    """Each rule of both versions once: those of the new table in their order, then the removed ones."""
    by_id = {id_: number for number, id_ in enumerate(old_ids)}
    found: dict[int, int] = {}
    taken: set[int] = set()

    def pair(after: int, before: int) -> None:
        found[after] = before
        taken.add(before)

    for number, id_ in enumerate(new_ids):
        before = by_id.get(id_)
        if before is not None and old[before].written == new[number].written:
            pair(number, before)
    left: dict[Key, list[int]] = {}
    for number in range(len(old) - 1, -1, -1):
        if number not in taken:
            left.setdefault(old[number].written, []).append(number)
    for number, row in enumerate(new):
        if number not in found and left.get(row.written):
            pair(number, left[row.written].pop())
    for number, id_ in enumerate(new_ids):
        before = by_id.get(id_)
        if number not in found and before is not None and before not in taken:
            pair(number, before)
    yield from (Pair(found.get(number), number) for number in range(len(new)))
    yield from (Pair(number, None) for number in range(len(old)) if number not in taken)


def moved(matched: Matched) -> frozenset[int]:
    """The rules, by their number in the new table, that do not stand in the order in which they stood: the fewest of
    which that is true, by the longest rising run of the others (Schensted, Can. J. Math. 13, 1961)."""
    same = [pair for pair in matched.pairs if matched.same(pair)]
    ends: list[int] = []
    where: list[int] = []
    before: list[int] = []
    for at, pair in enumerate(same):
        assert pair.before is not None
        length = bisect_left(ends, pair.before)
        before.append(where[length - 1] if length else -1)
        if length == len(ends):
            ends.append(pair.before)
            where.append(at)
        else:
            ends[length], where[length] = pair.before, at
    kept: set[int] = set()
    at = where[-1] if where else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return frozenset(pair.after for at, pair in enumerate(same) if at not in kept and pair.after is not None)
