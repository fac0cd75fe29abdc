"""The workbook's own tests: cases as rows, what is expected of each.

An expectation is a value or a test as in a condition, and for lists `=A;B` exactly, `+A;B` at least, `!A` none of,
`#>=2` how many; several are joined by ` & `.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal as Choice
from typing import NamedTuple, cast

from rulectl.compiler.cells import test_in, value_in
from rulectl.compiler.complaints import complain, judged, not_a_choice, repeated, unknown_term
from rulectl.compiler.dating import term_named
from rulectl.compiler.ids import Ids, content_id
from rulectl.compiler.records import Record, headings
from rulectl.compiler.work import Book, Work
from rulectl.diagnostics import Finding
from rulectl.lang.chars import QUOTES, plain, visible
from rulectl.lang.faults import problem
from rulectl.lang.literals import read_value
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import Is, Literal
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock, DraftCell
from rulectl.model.policy import Role
from rulectl.model.rulebook import STATUS, Expectation, Expected, ListIs, ListSize, Term, TestCase, ValueIs
from rulectl.source import Span
from rulectl.types import NUMBER
from rulectl.values import Value

_STATUS_HEADINGS = ("状态", "status")
_AND = re.compile(r"\s+[&＆]\s+")


class _Columns(NamedTuple):
    """Position and term of the facts; position and term of what is expected, None for the case's status."""

    facts: tuple[tuple[int, Term], ...]
    expected: tuple[tuple[int, Term | None], ...]


@dataclass(slots=True)
class _Known:
    """What has been read already, by the position of its column and what the cell says: tests repeat their facts."""

    facts: dict[tuple[int, object], Value | Problem] = field(default_factory=dict)
    expected: dict[tuple[int, object], list[Expectation | Broken]] = field(default_factory=dict)


def read_tests(work: Work) -> Work:
    """Pass: the tests of all workbooks."""
    found: list[Finding] = []
    tests: list[TestCase] = []
    ids = Ids()
    for book, block in work.blocks(BlockKind.TESTS):
        keys = headings(block, found, others=True)
        if keys is None:
            continue
        columns = _columns(block, set(keys.values()), work, found)
        known = _Known()
        for row in block.rows[2:]:
            test = _test(Record(row, keys), columns, known, book, work, ids, found)
            if test is not None:
                tests.append(test)
    return replace(work, tests=tuple(tests)).plus(found)


def _columns(block: DraftBlock, taken: set[int], work: Work, found: list[Finding]) -> _Columns:
    facts: dict[str, tuple[int, Term]] = {}
    expected: dict[str, tuple[int, Term | None]] = {}
    counted = {aggregate.term for aggregate in work.aggregates}
    for at, cell in enumerate(block.rows[1]):
        if cell.blank or at in taken:
            continue
        name = words.expected_term(cell.text)
        term = term_named(work, name if name is not None else cell.text)
        if name is not None and term is None and words.fold(name) in _STATUS_HEADINGS:
            known = expected.setdefault(STATUS, (at, None))
        elif term is None:
            names = [t.name for t in work.terms if name is None or t.role is not Role.INPUT]
            found.extend(unknown_term(cell, visible(name if name is not None else cell.text), work, names))
            continue
        elif name is not None:
            known = expected.setdefault(term.id, (at, term))
        elif term.role is Role.INPUT or term.id in counted:
            known = facts.setdefault(term.id, (at, term))
        else:
            found.append(complain("test-gives-result", cell, ("note-declared", term.cell), term=term.name))
            continue
        if known[0] != at:
            found.append(repeated(cell, block.rows[1][known[0]]))
    # the order of the columns is free: tests that say the same are the same
    place = {STATUS: len(work.terms)} | {term.id: at for at, term in enumerate(work.terms)}
    return _Columns(
        tuple(facts[id_] for id_ in sorted(facts, key=place.__getitem__)),
        tuple(expected[id_] for id_ in sorted(expected, key=place.__getitem__)),
    )


def _test(
    record: Record, columns: _Columns, known: _Known, book: Book, work: Work, ids: Ids, found: list[Finding]
) -> TestCase | None:
    """A test from its row, None when a cell is broken."""
    before = len(found)
    facts: list[tuple[str, Value]] = []
    for at, term in columns.facts:
        cell = record.row[at]
        if cell.blank:
            continue
        key = (at, cell.content)
        if key not in known.facts:
            known.facts[key] = value_in(cell, term.type, term.unit)
        value = known.facts[key]
        if isinstance(value, Problem):
            found.extend(judged(value, cell, work, term.id))
        elif value is not None:
            facts.append((term.id, value))
    expected = [
        one
        for at, wanted in columns.expected
        if not record.row[at].blank
        for one in (_expected(at, record.row[at], wanted, known, work, found),)
        if one is not None
    ]
    id_ = ids.take(record.cell("id"), record.text("id"), lambda: _derived_id(record, columns), book, found)
    if len(found) > before:
        return None
    return TestCase(id_, tuple(facts), tuple(expected), record.text("note"), record.cells)


def _derived_id(record: Record, columns: _Columns) -> str:
    """An id made of what a test says."""
    said = {f"?{term.id}": record.row[at].text for at, term in columns.facts}
    said |= {f"={term.id if term else STATUS}": record.row[at].text for at, term in columns.expected}
    return content_id("t", said)


def _expected(
    at: int, cell: DraftCell, term: Term | None, known: _Known, work: Work, found: list[Finding]
) -> Expected | None:
    """What a cell expects of a term, or of the case's status; None when it is broken."""
    if term is None:
        status = words.canonical("status", cell.text)
        if status is None:
            found.append(not_a_choice(cell, "status"))
            return None
        return Expected(STATUS, (ValueIs(Is("=", Literal(status))),), cell.text, cell.at)
    key = (at, cell.content)
    if key not in known.expected:
        known.expected[key] = [_expectation(cell, span, term, work) for span in _parts(cell)]
    read = known.expected[key]
    for one in read:
        if isinstance(one, Broken):
            found.extend(judged(one, cell, work, term.id))
    if any(isinstance(one, Broken) for one in read):
        return None
    return Expected(term.id, tuple(cast("list[Expectation]", read)), cell.text, cell.at)


def _parts(cell: DraftCell) -> Iterator[Span]:
    """Where the expectations stand that ` & ` joins; not inside quotes."""
    start = at = 0
    while at < len(cell.text):
        closing = QUOTES.get(cell.text[at])
        joined = _AND.match(cell.text, at)
        if closing and (end := cell.text.find(closing, at + 1)) > 0:
            at = end
        elif joined:
            yield Span(start, joined.start())
            start = joined.end()
            at = start - 1
        at += 1
    yield Span(start, len(cell.text))


def _expectation(cell: DraftCell, span: Span, term: Term, work: Work) -> Expectation | Broken:
    """One expectation from its part of a cell."""
    whole = span == Span(0, len(cell.text))
    text = cell.text[span.start : span.end]
    if not term.type.many:
        test = test_in(cell if whole else cell._replace(value=text, text=text), term.type, term.unit, work.scope)
        if isinstance(test, Broken):
            test = _mark_of_lists(text, term) or _no_value(test, text, term)
        return _moved(test, span) if isinstance(test, Broken) else ValueIs(test)
    mark = plain(text).lstrip()[:1]
    if mark in ("#", "+", "!") and not visible(plain(text))[1:].strip():
        return _moved(Broken((problem("missing-value", Span(0, len(text)), text=visible(text)),)), span)
    if mark == "#":
        offset = len(text) - len(text.lstrip()) + 1
        rest = text[offset:]
        size = test_in(cell._replace(value=rest, text=rest), NUMBER, "", work.scope)
        return _moved(size, span, offset) if isinstance(size, Broken) else ListSize(size)
    offset = len(text) - len(text.lstrip()) + 1 if mark in ("=", "+", "!") else 0
    items = (
        value_in(cell, term.type, term.unit)
        if whole and not offset
        else read_value(text[offset:], term.type, term.unit)
    )
    if isinstance(items, Problem):
        return _moved(Broken((items,)), span, offset)
    op = cast(Choice["=", "+", "!"], mark if offset else "=")
    return ListIs(op, items if isinstance(items, tuple) else ())


_MARKED = re.compile(r"\s*(?P<mark>[#+!])\s*(?:[<>=!]=?)?\s*(?P<value>\S.*?)\s*$", re.DOTALL)


def _mark_of_lists(text: str, term: Term) -> Broken | None:
    """`!5`, `+5` and `#5` of a term that holds one value; None for anything else."""
    found = _MARKED.match(plain(text))
    if found is None:
        return None
    value = visible(text[slice(*found.span("value"))])
    return Broken((problem("mark-of-lists", Span(0, len(text)), mark=found["mark"], term=term.name, value=value),))


def _no_value(broken: Broken, text: str, term: Term) -> Broken:
    """A single word that is no name can only have been meant as a value, and is none."""
    value = read_value(text, term.type, term.unit)
    alone = any(
        p.slug == "unknown-word" and visible(text[p.span.start : p.span.end]) == visible(text) for p in broken.problems
    )
    return Broken((value,)) if alone and isinstance(value, Problem) else broken


def _moved(broken: Broken, span: Span, offset: int = 0) -> Broken:
    """Problems of a part, at their places in the whole cell."""
    return Broken(tuple(replace(p, span=p.span.shifted(span.start + offset)) for p in broken.problems))
