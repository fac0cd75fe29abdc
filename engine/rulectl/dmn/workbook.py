"""The sheets of an imported model, and where each cell came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rulectl.codes import Language, say
from rulectl.dmn.building import Building
from rulectl.dmn.coining import NewTerm
from rulectl.dmn.drafting import Entry, NewColumn, NewRow, NewTable
from rulectl.dmn.model import Feel
from rulectl.lang.literals import range_text
from rulectl.lang.parser import parse_expression
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Scope
from rulectl.lang.syntax import Is, IsNull, Literal, Name, Test
from rulectl.model import words
from rulectl.model.draft import BlockKind
from rulectl.sheets.blocks import Grid
from rulectl.sheets.export import VOCABULARY
from rulectl.types import BOOLEAN, STRING, Kind, Type

Row = tuple[str, ...]
Sourced = Sequence[str | tuple[str, Feel]]
"""A row whose cells may say where they came from."""


@dataclass(slots=True)
class Sheets:
    """Rows by sheet, and the expression that each cell came from, by sheet, row and column."""

    lang: Language
    rows: dict[str, list[Row]] = field(default_factory=dict)
    origins: dict[tuple[str, int, int], Feel] = field(default_factory=dict)

    def add(self, sheet: str, rows: Sequence[Sourced]) -> None:
        """A block, a blank row after what is there already; a cell may bring its origin along."""
        on_sheet = self.rows.setdefault(sheet, [])
        if on_sheet:
            on_sheet.append(())
        for row in rows:
            cells = []
            for number, cell in enumerate(row, 1):
                text, origin = cell if isinstance(cell, tuple) else (cell, None)
                cells.append(text)
                if origin is not None:
                    self.origins[sheet, len(on_sheet) + 1, number] = origin
            on_sheet.append(tuple(cells))

    def grids(self) -> tuple[Grid, ...]:
        return tuple(Grid(name, tuple(rows)) for name, rows in self.rows.items())


def sheets_of(building: Building, lang: Language) -> Sheets:
    """The workbook: about it, vocabulary, parameters, a sheet a table, one for all formulas, what rulectl kept."""
    sheets = Sheets(lang)
    kept = dict(building.model.own.blocks)
    marker = {kind: words.word("marker", kind.value, lang) for kind in BlockKind}
    about = kept.get("rulebook") or tuple(_about(building, lang))
    sheets.add(marker[BlockKind.RULEBOOK], [(marker[BlockKind.RULEBOOK], ""), *about])
    scope = building.coin.scope()
    sheets.add(marker[BlockKind.VOCABULARY], list(_vocabulary(building, lang)))
    if building.coin.parameters:
        sheets.add(marker[BlockKind.PARAMETERS], list(_parameters(building, lang)))

    def add_kept(*kinds: BlockKind) -> None:
        for kind in kinds:
            if kept.get(kind.value):
                sheets.add(marker[kind], [(marker[kind],), *kept[kind.value]])

    add_kept(BlockKind.AGGREGATES)
    formulas = say("dmn-formulas", lang)
    for table in building.tables:
        sheets.add(formulas if table.formula else _sheet_name(table.name), list(_table(table, building, scope, lang)))
    add_kept(BlockKind.TEMPLATES, BlockKind.TESTS, BlockKind.POLICIES)
    return sheets


def _sheet_name(name: str) -> str:
    return "".join("_" if char in "[]:*?/\\" else char for char in name)[:31].strip("'") or "Sheet"


def _about(building: Building, lang: Language) -> Iterator[Row]:
    model = building.model
    notes = say("dmn-source", lang, file=model.file, version=model.version, name=model.name)
    entries = {"id": model.name, "name": model.name, "notes": " ".join(filter(None, (notes, model.description)))}
    yield from ((words.word("rulebook", key, lang), " ".join(text.split())) for key, text in entries.items() if text)


def _vocabulary(building: Building, lang: Language) -> Iterator[Sourced]:
    yield (words.word("marker", "vocabulary", lang),)
    yield tuple(words.word("vocabulary", key, lang) for key in VOCABULARY)
    for term in building.coin.terms.values():
        if term.used:
            row = _term(term, lang)
            yield tuple((cell, Feel(cell, term.at)) if cell else "" for cell in row)


def _term(term: NewTerm, lang: Language) -> Row:
    type_ = term.type or STRING
    own = term.own
    entries = {
        "name": term.name,
        "id": own.get("id", ""),
        "role": words.word("role", term.role.value, lang),
        "type": words.type_word(type_.kind, type_.many, lang),
        "values": ";".join(type_.values) or range_text(type_),
        "merge": words.word("merge", term.merge.value, lang) if term.merge else "",
        "description": " ".join(term.description.split()),
    }
    entries |= {key: own[key] for key in ("unit", "required", "default", "aliases", "merge", "favours") if key in own}
    if "description" in own:
        entries["description"] = own["description"]
    return tuple(entries.get(key, "") for key in VOCABULARY)


def _parameters(building: Building, lang: Language) -> Iterator[Row]:
    yield (words.word("marker", "parameters", lang),)
    yield tuple(words.word("parameters", key, lang) for key in ("name", "id", "type", "value", "unit", "description"))
    for parameter in building.coin.parameters.values():
        own, type_ = parameter.own, parameter.type
        kind = next((kind for kind in Kind if kind.value == own.get("type")), type_.kind)
        word = words.type_word(kind, type_.many, lang)
        yield parameter.name, own.get("id", ""), word, parameter.value, own.get("unit", ""), own.get("description", "")


# -- tables ------------------------------------------------------------------------------------------------------


def _table(table: NewTable, building: Building, scope: Scope, lang: Language) -> Iterator[Sourced]:
    at = Feel(table.name, table.at)
    singles = [key for key in ("note", "source", "enabled", "from", "to") if any(_single(r, key) for r in table.rows)]
    options = {"policy": table.policy, **table.options, "note": " ".join(table.note.split())}
    yield (
        (words.word("marker", "table", lang), at),
        (table.name, at),
        *(
            (text, at)
            for key, value in options.items()
            if value
            for text in (words.word("table option", key, lang), value)
        ),
    )
    yield (
        words.word("table", "id", lang),
        *(words.word("table", "condition", lang) for _ in table.columns),
        *((f"{words.word('table', 'conclusion', lang)} {o.policy}".strip(), at) for o in table.outputs),
        *(words.word("table", key, lang) for key in singles),
    )
    columns = [_subject(column, scope) for column in table.columns]
    yield (
        "",
        *((text, column.feel) for (text, _), column in zip(columns, table.columns, strict=True)),
        *((output.term, at) for output in table.outputs),
    )
    types = [type_ for _, type_ in columns]
    terms = [building.coin.type_of(output.term) or STRING for output in table.outputs]
    for row in table.rows:
        when = [(_when(entry, type_, scope, lang), entry.feel) for entry, type_ in zip(row.when, types, strict=True)]
        if row.otherwise:
            when[0] = ("否则" if lang == "zh" else "otherwise", row.when[0].feel)
        then = [(_then(entry, type_, scope, lang), entry.feel) for entry, type_ in zip(row.then, terms, strict=True)]
        yield row.id, *when, *then, *(_single(row, key) for key in singles)


def _single(row: NewRow, key: str) -> str:
    texts = {"note": row.note, "source": row.source, "enabled": row.enabled, "from": row.start, "to": row.end}
    return texts[key]


def _subject(column: NewColumn, scope: Scope) -> tuple[str, Type]:
    """The heading of a condition and the type of what it tests."""
    subject = column.subject
    if isinstance(subject, str):
        symbol = scope.find(subject)
        if symbol is not None:
            return subject, symbol.type
        read = parse_expression(subject, scope)
        return subject, column.type or (STRING if isinstance(read, Broken) else read.type)
    if isinstance(subject, Name):
        symbol = scope.find(subject.id)
        return subject.id, symbol.type if symbol is not None else STRING
    # in brackets, so that it is plain that it is no name
    return f"({print_expr(subject, scope.names)})", column.type or STRING


def _when(entry: Entry, type_: Type, scope: Scope, lang: Language) -> str:
    content = entry.content
    match content:
        case None:
            return "-"
        case str():
            return content
        case Is("=", Literal(bool() as truth)) if type_ == BOOLEAN:
            return words.word("yes", "yes" if truth else "no", lang)
        case IsNull() if lang == "en" and not type_.values and not type_.kind.textual:
            return "null"
        case _ if isinstance(content, Test):
            return print_test(content, type_, scope.names)
        case _:
            return print_expr(content, scope.names)


def _then(entry: Entry, type_: Type, scope: Scope, lang: Language) -> str:
    content = entry.content
    match content:
        case None:
            return ""
        case str():
            return content
        case Literal(bool() as truth) if type_ == BOOLEAN:
            return words.word("yes", "yes" if truth else "no", lang)
        case _ if isinstance(content, Test):
            return print_test(content, type_, scope.names)
        case _:
            return print_expr(content, scope.names, in_cell=type_)
