"""A rulebook back as a workbook: one that compiles to the same meaning.

Conditions and conclusions stand as their author wrote them wherever that still reads as the same tree, else in their
canonical text; tables stand on the sheets they came from. What a rulebook took from included workbooks stands in it
whole, so the includes themselves are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import assert_never

from rulectl.codes import Language
from rulectl.lang.literals import range_text
from rulectl.lang.parser import parse_expression
from rulectl.lang.printer import print_expr, print_test, template
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.lang.syntax import Is, Literal
from rulectl.model import words
from rulectl.model.draft import BlockKind
from rulectl.model.rulebook import (
    STATUS,
    Aggregate,
    Expectation,
    Expected,
    ListIs,
    ListSize,
    Parameter,
    Rulebook,
    Table,
    Term,
    ValueIs,
)
from rulectl.sheets.blocks import Grid
from rulectl.sheets.export_tables import Context, Row, day_text, table_rows
from rulectl.source import Cell, CellRange
from rulectl.types import BOOLEAN, NUMBER, Type
from rulectl.values import plain_text

VOCABULARY = (
    *("name", "id", "role", "type", "unit", "values", "required", "default", "aliases", "merge", "favours"),
    "description",
)
"""The headings of a vocabulary, as keys of the words of workbooks."""

_OPENING = (BlockKind.RULEBOOK, BlockKind.VOCABULARY, BlockKind.PARAMETERS)


def export_grids(book: Rulebook, lang: Language = "zh") -> tuple[Grid, ...]:
    """The sheets of a rulebook: about it, its vocabulary, parameters and counts, the tables, texts, tests, policies."""
    context = _context(book, lang)
    sheets: dict[str, list[Row]] = {}
    blocks: list[tuple[str, BlockKind, list[Row]]] = [
        (_sheet_of((), BlockKind.RULEBOOK, context), BlockKind.RULEBOOK, list(_about(context))),
        *_plain(BlockKind.VOCABULARY, (t.cell for t in book.terms), _vocabulary, context),
        *_plain(BlockKind.PARAMETERS, (p.cell for p in book.parameters), _parameters, context),
        *_plain(BlockKind.AGGREGATES, (a.cell for a in book.aggregates), _aggregates, context),
        *((name, BlockKind.TABLE, list(table_rows(table, context))) for name, table in _placed(book.tables)),
        *_plain(BlockKind.TEMPLATES, (t.cell for t in book.templates), _templates, context),
        *_plain(BlockKind.TESTS, (_first(t.cells) for t in book.tests), _tests, context),
        *_plain(BlockKind.POLICIES, (p.cell for p in book.policies), _policies, context),
    ]
    for name, _, rows in blocks:
        on_sheet = sheets.setdefault(name, [])
        on_sheet.extend([(), *rows] if on_sheet else rows)
    # a sheet that has other blocks too must not come before its turn: tables of equal rank fire in their order
    tabled = list(dict.fromkeys(name for name, kind, _ in blocks if kind is BlockKind.TABLE))
    first = [name for name in sheets if name not in tabled]
    about = [name for name in first if any(n == name and k in _OPENING for n, k, _ in blocks)]
    order = [*about, *tabled, *(name for name in first if name not in about)]
    return tuple(Grid(name, tuple(sheets[name])) for name in order)


def export_tests(book: Rulebook, lang: Language = "zh") -> Grid:
    """The tests of a rulebook as a block of their own, ready to stand in its workbook."""
    context = _context(book, lang)
    name = _sheet_of((), BlockKind.TESTS, context)
    return Grid(name, ((context.marker(BlockKind.TESTS),), *_tests(context)))


def _context(book: Rulebook, lang: Language) -> Context:
    every: tuple[Parameter | Term, ...] = (*book.parameters, *book.terms)
    items = {item.id: Symbol(item.id, item.name, item.type, item.unit) for item in every}
    spoken = {name: items[item.id] for item in book.terms for name in (item.id, item.name, *item.aliases)}
    spoken |= {name: items[item.id] for item in book.parameters for name in (item.id, item.name)}
    names = {id_: symbol.name for id_, symbol in items.items()}
    return Context(book, lang, names, items, Scope(spoken))


# -- where things stand ------------------------------------------------------------------------------------------


def _first(cells: CellRange | None) -> Cell | None:
    return None if cells is None else cells.first


def _sheet_of(cells: Iterable[Cell | None], kind: BlockKind, context: Context) -> str:
    """The sheet that a block came from, else one that is called like its marker."""
    return next((cell.sheet for cell in cells if cell is not None), context.marker(kind))


def _plain(
    kind: BlockKind, cells: Iterable[Cell | None], rows: Callable[[Context], Iterator[Row]], context: Context
) -> Iterator[tuple[str, BlockKind, list[Row]]]:
    """A block with its marker; none when it has no entries."""
    written = list(rows(context))
    if len(written) > 1:
        yield _sheet_of(cells, kind, context), kind, [(context.marker(kind),), *written]


def _placed(tables: tuple[Table, ...]) -> Iterator[tuple[str, Table]]:
    """Each table with its sheet, sheets together, such that tables of equal rank keep their order."""
    sheets = {table.name: table.cells.first.sheet if table.cells else table.name for table in tables}
    rank: dict[tuple[int, int], list[str]] = {}
    for table in tables:
        rank.setdefault((table.stratum, table.salience), []).append(sheets[table.name])
    after: dict[str, set[str]] = {sheet: set() for sheet in sheets.values()}
    for row in rank.values():
        for one, next_ in pairwise(row):
            if one != next_:
                after[next_].add(one)
    order: list[str] = []
    while len(order) < len(after):
        free = next((s for s in after if s not in order and after[s] <= set(order)), None)
        if free is None:  # the sheets cannot be kept together: each table on its own, in firing order
            yield from ((table.name, table) for table in tables)
            return
        order.append(free)
    for sheet in order:
        yield from ((sheet, table) for table in tables if sheets[table.name] == sheet)


# -- blocks ------------------------------------------------------------------------------------------------------


def _about(context: Context) -> Iterator[Row]:
    book = context.book
    yield (context.marker(BlockKind.RULEBOOK), "")
    entries = {
        "id": book.id,
        "name": book.name,
        "version": book.version,
        "owner": book.owner,
        "from": day_text(book.period.start),
        "to": day_text(book.period.end),
        "event": context.names.get(book.event or "", ""),
        "tier": words.word("tier", book.tier.value, context.lang),
        "notes": book.notes,
    }
    yield from ((words.word("rulebook", key, context.lang), text) for key, text in entries.items() if text)


def _vocabulary(context: Context) -> Iterator[Row]:
    yield context.heading(BlockKind.VOCABULARY, *VOCABULARY)
    lang = context.lang
    for term in context.book.terms:
        yield (
            term.name,
            term.id,
            words.word("role", term.role.value, lang),
            words.type_word(term.type.kind, term.type.many, lang),
            term.unit,
            ";".join(term.type.values) or range_text(term.type),
            words.word("yes", "yes", lang) if term.required else "",
            context.value(term.default),
            ";".join(term.aliases),
            words.word("merge", term.merge.value, lang),
            words.word("favours", term.favours.value, lang) if term.favours else "",
            term.description,
        )


def _parameters(context: Context) -> Iterator[Row]:
    yield context.heading(BlockKind.PARAMETERS, "name", "id", "type", "value", "unit", "description")
    for p in context.book.parameters:
        type_ = words.type_word(p.type.kind, p.type.many, context.lang)
        yield p.name, p.id, type_, context.value(p.value), p.unit, p.description


def _aggregates(context: Context) -> Iterator[Row]:
    yield context.heading(BlockKind.AGGREGATES, "name", "function", "of", "by", "window", "time", "where")
    for aggregate in context.book.aggregates:
        yield (
            context.names[aggregate.term],
            words.word("aggregate", aggregate.function, context.lang),
            context.names.get(aggregate.of or "", ""),
            ";".join(context.names[id_] for id_ in aggregate.by),
            _window(aggregate),
            context.names.get(aggregate.time or "", ""),
            "" if aggregate.where is None else print_expr(aggregate.where, context.names, lang=context.lang),
        )


def _window(aggregate: Aggregate) -> str:
    """`P14D`, `前P14D` when it looks back only."""
    if aggregate.window is None:
        return ""
    days, rest = divmod(aggregate.window.total_seconds(), 86400)
    length = f"{int(days)}天" if days and not rest else plain_text(aggregate.window)
    return f"前{length}" if aggregate.back_only else length


def _templates(context: Context) -> Iterator[Row]:
    yield context.heading(BlockKind.TEMPLATES, "id", "occasion", "language", "text")
    for one in context.book.templates:
        known = one.language in words.WORDS["language"]
        language = words.word("language", one.language, context.lang) if known else one.language
        yield one.id, one.occasion, language, template(one.text, context.names)


def _policies(context: Context) -> Iterator[Row]:
    yield context.heading(BlockKind.POLICIES, "id", "statement", "severity", "note")
    for policy in context.book.policies:
        read = parse_expression(policy.text, context.scope, BOOLEAN)
        same = not isinstance(read, Broken) and read.expr == policy.statement
        text = policy.text if same else print_expr(policy.statement, context.names, lang=context.lang)
        yield policy.id, text, words.word("severity", policy.severity, context.lang), policy.note


def _tests(context: Context) -> Iterator[Row]:
    book = context.book
    given = {id_ for test in book.tests for id_, _ in test.facts}
    wanted = {one.term for test in book.tests for one in test.expected}
    facts = [term for term in book.terms if term.id in given]
    expected = [term.id for term in book.terms if term.id in wanted] + ([STATUS] if STATUS in wanted else [])
    expect, status = ("期望", "状态") if context.lang == "zh" else ("expect", "status")
    yield (
        *context.heading(BlockKind.TESTS, "id"),
        *(term.name for term in facts),
        *(f"{expect} {context.names.get(id_, status)}" for id_ in expected),
        *context.heading(BlockKind.TESTS, "note"),
    )
    for test in book.tests:
        known, hoped = dict(test.facts), {one.term: one for one in test.expected}
        yield (
            test.id,
            *(context.value(known.get(term.id)) for term in facts),
            *(_expected(hoped[id_], context) if id_ in hoped else "" for id_ in expected),
            test.note,
        )


def _expected(expected: Expected, context: Context) -> str:
    if expected.term == STATUS:
        match expected.all_of:
            case (ValueIs(Is("=", Literal(str(status)))),):
                return words.word("status", status, context.lang)
        return expected.text
    return " & ".join(_expectation(one, context.type_of(expected.term), context) for one in expected.all_of)


def _expectation(one: Expectation, type_: Type, context: Context) -> str:
    match one:
        case ValueIs(test):
            return print_test(test, type_, context.names, context.lang)
        case ListIs(op, items):
            return op + context.value(items)
        case ListSize(test):
            return "#" + print_test(test, NUMBER, context.names, context.lang)
        case _:
            assert_never(one)
