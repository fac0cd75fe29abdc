"""What is wrong with compiled JSON that was taken for a rulebook, looked for once something has failed over it.

A sealed text is spared the schema, and entries are decoded when a case first comes to them (design note 0011). That is
right for every text that was written here; a forged one, or one whose parts fit each other and yet mean nothing, fails
deep in the engine. Only then is it worth to read everything: each entry is put into words and read back as a cell of
its column is, since it is the reader of cells that knows what may stand there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from rulectl.codec.decode import decode
from rulectl.codec.entries import MOST, Spoilt, told
from rulectl.codec.quoting import FAILURES, Written, scope_of
from rulectl.diagnostics import Finding, finding
from rulectl.lang.parser import Typed, parse_expression, parse_output, parse_template, parse_test
from rulectl.lang.printer import print_expr, print_test, template
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.lang.syntax import Expr, Test
from rulectl.model.grid import Strip, grid_of
from rulectl.model.rulebook import STATUS, ListSize, Rulebook, Table, ValueIs
from rulectl.source import FilePlace
from rulectl.types import BOOLEAN, NUMBER, STRING, Type

T = TypeVar("T")

_STATUS = Symbol(STATUS, STATUS, STRING)
"""Policies and tests may name the status of a case too."""


def doubts(text: str | bytes, file: str) -> tuple[Finding, ...]:
    """Why a text is no rulebook, entries first; nothing where it is one after all."""
    believed = decode(text, file)
    if believed.rulebook is None:
        return believed.findings
    place = FilePlace(file)
    entries = tuple(islice(spoilt(believed.rulebook), MOST))
    if entries:
        return told(entries, file)
    judged = decode(text, file, believing=False)
    if judged.rulebook is None:
        return judged.findings
    return tuple(finding("json-mismatch", place, file=file, what=what) for what in senseless(judged.rulebook))


def spoilt(book: Rulebook) -> Iterator[Spoilt]:
    """The entries that no cell of their column could hold."""
    scope = scope_of(book.terms, book.parameters, _STATUS)
    for table in book.tables:
        grid = grid_of(table)
        for column, tests in zip(table.inputs, grid.when, strict=True):
            for number in range(len(tests.texts)):
                if not _reads(partial(_test, tests.items, number, column.type, scope)):
                    yield _named(table, tests, number, column.heading)
        for conclusion, values in zip(table.outputs, grid.then, strict=True):
            term = scope.symbols[conclusion.term]
            for number in range(len(values.texts)):
                if not _reads(partial(_conclusion, values.items, number, term.type, scope)):
                    yield _named(table, values, number, term.name)


def senseless(book: Rulebook) -> Iterator[str]:
    """The other parts that mean nothing, named."""
    scope = scope_of(book.terms, book.parameters, _STATUS)
    for table in book.tables:
        for column in table.inputs:
            if not _reads(partial(_expression, column.subject, None, scope)):
                yield f"tables {table.name}: {column.heading}"
    for aggregate in book.aggregates:
        if aggregate.where is not None and not _reads(partial(_expression, aggregate.where, BOOLEAN, scope)):
            yield f"aggregates {aggregate.term}"
    for one in book.templates:
        if not _reads(partial(_template, one.text, scope)):
            yield f"templates {one.id}"
    for policy in book.policies:
        if not _reads(partial(_expression, policy.statement, BOOLEAN, scope)):
            yield f"policies {policy.id}"
    for test in book.tests:
        for expected in test.expected:
            tests = [one.test for one in expected.all_of if isinstance(one, ValueIs)]
            sizes = [one.test for one in expected.all_of if isinstance(one, ListSize)]
            for nodes, type_ in ((tests, scope.symbols[expected.term].type), (sizes, NUMBER)):
                if not all(_reads(partial(_test, nodes, number, type_, scope)) for number in range(len(nodes))):
                    yield f"tests {test.id}: {expected.term}"


def _reads(work: Callable[[], object]) -> bool:
    """Whether a part can be put into words and these be read."""
    try:
        return not isinstance(work(), Broken)
    except FAILURES:
        return False


def _test(tests: Sequence[Test], number: int, type_: Type, scope: Scope) -> Test | Broken:
    return parse_test(print_test(tests[number], type_, scope.names), type_, scope)


def _conclusion(exprs: Sequence[Expr | None], number: int, type_: Type, scope: Scope) -> Expr | Broken | None:
    expr = exprs[number]
    return None if expr is None else parse_output(print_expr(expr, scope.names, in_cell=type_), type_, scope)


def _expression(expr: Expr, type_: Type | None, scope: Scope) -> Typed | Broken:
    return parse_expression(print_expr(expr, scope.names), scope, type_)


def _template(expr: Expr, scope: Scope) -> Expr | Broken:
    return parse_template(template(expr, scope.names), scope)


def _named(table: Table, strip: Strip[T], number: int, heading: str) -> Spoilt:
    refs = list(strip.refs)
    rule = grid_of(table).ids[refs.index(number)] if number in refs else "-"
    text = strip.texts.stated[number] if isinstance(strip.texts, Written) else strip.texts[number]
    return Spoilt(table.name, rule, heading, text)
