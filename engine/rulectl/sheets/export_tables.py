"""Decision tables of a rulebook back as rows: as their author wrote them wherever that still reads as the same tree,
else in canonical text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rulectl.codes import Language
from rulectl.lang.parser import parse_output, parse_test
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.lang.syntax import ANYTHING, Expr, Name, Node
from rulectl.model import words
from rulectl.model.draft import BlockKind
from rulectl.model.rulebook import (
    InputColumn,
    OutputColumn,
    Period,
    Rule,
    Rulebook,
    Table,
)
from rulectl.types import STRING, Type
from rulectl.values import Value, plain_text

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a rulebook's names mean, and the language that is written."""

    book: Rulebook
    lang: Language
    names: dict[str, str]
    symbols: dict[str, Symbol]
    scope: Scope

    def heading(self, kind: BlockKind, *keys: str) -> Row:
        return tuple(words.word(kind.value, key, self.lang) for key in keys)

    def marker(self, kind: BlockKind) -> str:
        return words.word("marker", kind.value, self.lang)

    def value(self, value: Value) -> str:
        return plain_text(value, self.lang)

    def type_of(self, id_: str) -> Type:
        return self.symbols[id_].type if id_ in self.symbols else STRING


def day_text(day: object) -> str:
    return "" if day is None else str(day)


def table_rows(table: Table, context: Context) -> Iterator[Row]:
    lang = context.lang
    singles = [
        key for key in ("note", "source", "enabled", "from", "to") if any(_single(r, key, lang) for r in table.rules)
    ]
    yield context.marker(BlockKind.TABLE), table.name, *_options(table, context)
    yield (
        words.word("table", "id", lang),
        *(words.word("table", "condition", lang) for _ in table.inputs),
        *(_conclusion(column, table, context) for column in table.outputs),
        *(words.word("table", key, lang) for key in singles),
    )
    yield (
        "",
        *(_subject(column, context) for column in table.inputs),
        *(context.names[column.term] for column in table.outputs),
        *("" for _ in singles),
    )
    for rule in table.rules:
        yield (
            rule.id,
            *_when(rule, table, context),
            *_then(rule, table, context),
            *(_single(rule, key, lang) for key in singles),
        )


def _single(rule: Rule, key: str, lang: Language) -> str:
    """What a rule says in one of the columns that a table has once; blank for the usual."""
    match key:
        case "note":
            return rule.note
        case "source":
            return rule.source
        case "from":
            return day_text(rule.period.start)
        case "to":
            return day_text(rule.period.end)
        case _:
            return "" if rule.enabled else words.word("yes", "no", lang)


def _options(table: Table, context: Context) -> Iterator[str]:
    book = context.book
    own = Period(
        None if table.period.start == book.period.start else table.period.start,
        None if table.period.end == book.period.end else table.period.end,
    )
    options = {
        "policy": table.policy.value,
        "salience": str(table.salience) if table.salience else "",
        "tier": "" if table.tier is book.tier else words.word("tier", table.tier.value, context.lang),
        "from": day_text(own.start),
        "to": day_text(own.end),
    }
    for key, text in options.items():
        if text:
            yield words.word("table option", key, context.lang)
            yield text


def _conclusion(column: OutputColumn, table: Table, context: Context) -> str:
    """The role of a conclusion, its policy named where the table's does not give it."""
    usual = table.policy.usual(context.type_of(column.term).many)
    word = words.word("table", "conclusion", context.lang)
    return word if column.policy is usual else f"{word} {column.policy.value}"


def _subject(column: InputColumn, context: Context) -> str:
    """The heading as written where it still means the same."""
    symbol = context.scope.find(column.heading)
    if symbol is not None and Name(symbol.id) == column.subject:
        return column.heading
    return print_expr(column.subject, context.names, lang=context.lang)


def _when(rule: Rule, table: Table, context: Context) -> Iterator[str]:
    otherwise = "否则" if context.lang == "zh" else "otherwise"
    for n, (entry, column) in enumerate(zip(rule.when, table.inputs, strict=True)):
        if rule.otherwise:
            yield "-" if n else otherwise
        elif entry.test == ANYTHING:
            yield "-"
        else:
            unit = context.symbols[column.subject.id].unit if isinstance(column.subject, Name) else ""
            read = parse_test(entry.text, column.type, context.scope, unit)
            kept = _kept(entry.text, read, entry.test)
            yield kept or print_test(entry.test, column.type, context.names, context.lang)


def _then(rule: Rule, table: Table, context: Context) -> Iterator[str]:
    for entry, column in zip(rule.then, table.outputs, strict=True):
        symbol = context.symbols[column.term]
        if entry.expr is None:
            yield ""
        else:
            read = parse_output(entry.text, symbol.type, context.scope, symbol.unit)
            yield _kept(entry.text, read, entry.expr) or _canonical(entry.expr, symbol.type, context)


def _kept(text: str, read: Node | Broken | None, meant: Node) -> str:
    """The text as written when it reads as what is meant, else blank."""
    return text if read == meant else ""


def _canonical(expr: Expr, type_: Type, context: Context) -> str:
    return print_expr(expr, context.names, in_cell=type_, lang=context.lang)
