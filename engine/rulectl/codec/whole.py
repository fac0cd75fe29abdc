"""Whether the parts of a decoded rulebook fit each other: what no schema can say and a hand-edited file gets wrong.

Only what an engine could stumble over is looked at; the compiler judges the rest, with the cells of the workbook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from rulectl.lang.flat import bare
from rulectl.lang.syntax import Expr, Name, Node, Test
from rulectl.lang.trees import names_of
from rulectl.model.grid import Strip, grid_of
from rulectl.model.policy import Role
from rulectl.model.rulebook import STATUS, AggregateFunction, ListSize, Rulebook, Table, Term, ValueIs
from rulectl.model.suiting import counts, dating, favourable, merges, settles, unranked
from rulectl.types import Type, fits


def essentials(book: Rulebook) -> Iterator[str]:
    """The mistakes with which no engine could be made, or one that decides otherwise without a word: looked for in
    every file, in a sealed one too, since whoever can compute a seal can seal anything."""
    terms = {term.id: term for term in book.terms}
    types = {parameter.id: parameter.type for parameter in book.parameters} | {t.id: t.type for t in book.terms}
    yield from _unspoken(book)
    yield from _twice("term", (*(term.id for term in book.terms), *(parameter.id for parameter in book.parameters)))
    yield from _twice("term", {term.id: term.name for term in book.terms}.values())
    for term in book.terms:
        if not fits(term.default, term.type):
            yield f"terms {term.id}: default"
    for parameter in book.parameters:
        if not fits(parameter.value, parameter.type):
            yield f"parameters {parameter.id}: value"
    yield from _twice("table", (f"{table.book}/{table.name}" for table in book.tables))
    for term in book.terms:
        if not merges(term.merge, term.type):
            yield f"terms {term.id}: {term.merge.value}"
        if term.favours is not None and not favourable(term.favours, term.type):
            yield f"terms {term.id}: {term.favours.value}"
    if book.event is not None and not (book.event in terms and dating(terms[book.event])):
        yield f"event: {book.event}"
    for table in book.tables:
        yield from _stands(table, book, terms, types)
    for aggregate in book.aggregates:
        used = (aggregate.term, aggregate.of, aggregate.time, *aggregate.by)
        named = _names(() if aggregate.where is None else (aggregate.where,))
        missing = {id_ for id_ in used if id_ is not None} - terms.keys()
        yield from _unknown(f"aggregates {aggregate.term}", missing)
        yield from _unknown(f"aggregates {aggregate.term}", named - types.keys())
        if aggregate.function not in get_args(AggregateFunction) or not (missing or counts(aggregate, terms)):
            yield f"aggregates {aggregate.term}: {aggregate.function}"
    for template in book.templates:
        yield from _unknown(f"templates {template.id}", _names((template.text,)) - types.keys())
    for policy in book.policies:
        yield from _unknown(f"policies {policy.id}", _names((policy.statement,)) - types.keys() - {STATUS})


def _stands(table: Table, book: Rulebook, terms: Mapping[str, Term], types: Mapping[str, Type]) -> Iterator[str]:
    """The same of one table."""
    where = f"tables {table.name}"
    written = {column.term for column in table.outputs}
    yield from _unknown(where, written - {name for name, term in terms.items() if term.role is not Role.INPUT})
    if written <= terms.keys():
        columns = [(column.policy, terms[column.term].type) for column in table.outputs]
        unsuited = {at for at, (policy, type_) in enumerate(columns) if not settles(policy, type_)}
        for at in sorted(unsuited.union(unranked(table.policy, columns))):
            yield f"{where}: {table.outputs[at].term} {columns[at][0].value}"
    yield from _unknown(where, _names(column.subject for column in table.inputs) - types.keys())
    for column in table.inputs:
        if isinstance(column.subject, Name) and types.get(column.subject.id, column.type) != column.type:
            yield f"{where}: {column.heading}"
    grid = grid_of(table)
    if len(set(grid.ids)) < len(grid.ids):
        yield from _twice(f"{where}: rule", grid.ids)
    if table.stratum not in range(len(book.tables)):
        yield f"{where}: stratum {table.stratum}"
    dated = not table.period.always or any(not mark.period.always for mark in grid.marks.values())
    if dated and book.event is None:
        yield f"{where}: event"


def _unspoken(book: Rulebook) -> Iterator[str]:
    """What should be a text and is none: people are shown it, and programs look things up by it."""
    for kind, named in (("terms", book.terms), ("parameters", book.parameters)):
        for one in named:
            aliases = one.aliases if isinstance(one, Term) else ()
            if not _texts(one.id, one.name, one.unit, one.description, *aliases, *one.type.values):
                yield f"{kind} {one.id}"
    for table in book.tables:
        grid = grid_of(table)
        headings = (column.heading for column in table.inputs)
        marked = (text for mark in grid.marks.values() for text in (mark.note, mark.source))
        if not _texts(table.name, table.book, *headings, *grid.ids, *marked):
            yield f"tables {table.name}"
        if not all(row.__class__ is int and row >= 0 for row in grid.rows):
            yield f"tables {table.name}: row"
    for policy in book.policies:
        if not _texts(policy.id, policy.text, policy.note):
            yield f"policies {policy.id}"
    if not _texts(book.id, book.name, book.version, book.owner, book.notes, book.source):
        yield "book"


def _texts(*parts: object) -> bool:
    return all(part.__class__ is str for part in parts)


def mismatches(book: Rulebook) -> Iterator[str]:
    """Each mistake, named by the parts that do not fit."""
    yield from essentials(book)
    terms = {term.id for term in book.terms}
    known = terms | {parameter.id for parameter in book.parameters}
    for table in book.tables:
        yield from _table(table, known)
    types = {term.id: term.type for term in book.terms}
    for test in book.tests:
        used_terms = {term for term, _ in test.facts} | {expected.term for expected in test.expected} - {STATUS}
        yield from _unknown(f"tests {test.id}", used_terms - terms)
        nodes = [e.test for one in test.expected for e in one.all_of if isinstance(e, ValueIs | ListSize)]
        yield from _unknown(f"tests {test.id}", _names(nodes) - known)
        for id_, value in test.facts:
            if id_ in types and not fits(value, types[id_]):
                yield f"tests {test.id}: {id_}"


def _table(table: Table, known: set[str]) -> Iterator[str]:
    where = f"tables {table.name}"
    grid = grid_of(table)
    strips: tuple[Strip[Test] | Strip[Expr | None], ...] = (*grid.when, *grid.then)
    for strip in strips:
        for number, item in enumerate(strip.items):
            named = _names((item,)) - known if item is not None else set()
            if named and number in strip.refs:
                yield from _unknown(f"{where}, {grid.ids[strip.refs.index(number)]}", named)


def _twice(what: str, ids: Iterable[str]) -> Iterator[str]:
    return (f"{what} {id_}: {times}×" for id_, times in Counter(ids).items() if times > 1)


def _unknown(where: str, ids: set[str]) -> Iterator[str]:
    return (f"{where}: {id_}" for id_ in sorted(ids))


def _names(nodes: Iterable[Node]) -> set[str]:
    """The ids that trees name."""
    return {name for node in nodes if not bare(node) for name in names_of(node)}
