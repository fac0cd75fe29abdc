"""A rulebook as a model of DMN that any DMN tool opens, and that `rulectl import` reads back to the same meaning.

What DMN can say it says: input data, item definitions with allowed values, decision tables in FEEL with their hit
policies, requirements. The rest stands in extension elements of rulectl's own namespace: of the whole book (terms with
unit, role, merge, ...; counts, templates, tests and policies row by row), of a table (tier, dates, priority), of an
entry whose FEEL does not read back as the same (the cell's own text, with the FEEL beside which it is good). See design
note 0010.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rulectl.codes import Language
from rulectl.dmn.feel_print import literal
from rulectl.dmn.layout import Shape, layout
from rulectl.dmn.names import DC, DI, OWN, VERSIONS
from rulectl.dmn.naming import Naming, naming
from rulectl.dmn.table_export import Exporter, about
from rulectl.dmn.writing import Element, document, element
from rulectl.lang.syntax import Node
from rulectl.lang.trees import names_of
from rulectl.model import words
from rulectl.model.draft import BlockKind
from rulectl.model.policy import Merge
from rulectl.model.rulebook import Parameter, Rulebook, Table, Term
from rulectl.sheets.blocks import read_grid
from rulectl.sheets.export import export_grids
from rulectl.types import Kind
from rulectl.values import plain_text

COMMON = "1.3"
"""The version whose namespaces most viewers and editors know, dmn-js among them."""

KEPT_BLOCKS = (
    BlockKind.RULEBOOK,
    BlockKind.AGGREGATES,
    BlockKind.TEMPLATES,
    BlockKind.TESTS,
    BlockKind.POLICIES,
)
"""Blocks that are no part of DMN."""


def export_model(book: Rulebook, lang: Language = "zh", version: str = COMMON) -> bytes:
    """The file of a model; `version` chooses the namespaces, which is all in which 1.3 to 1.5 differ here."""
    start = VERSIONS[version]
    exporter = Exporter(book, naming(book), lang)
    names = exporter.naming
    ids = _ids(book, names)
    inputs = [_input(term, names, ids) for term in book.terms if term.id not in names.writers]
    parameters = [_parameter(parameter, exporter, ids) for parameter in book.parameters]
    tables = [_decision(table, exporter, ids) for table in book.tables]
    merges = [_merge(term, names, ids) for term in book.terms if _merged(term, names)]
    root = element(
        "definitions",
        {
            "xmlns": start + "MODEL/",
            "xmlns:dmndi": start + "DMNDI/",
            "xmlns:dc": DC,
            "xmlns:di": DI,
            "xmlns:rulectl": OWN,
            "id": "model",
            "name": book.name or book.id,
            "namespace": "urn:rulectl:model",
            "exporter": "rulectl",
            "expressionLanguage": start + "FEEL/",
        },
        (
            element("description", text=book.notes) if book.notes else None,
            element("extensionElements", children=[_book(book, names, lang)]),
            *names.items,
            *inputs,
            *parameters,
            *tables,
            *merges,
            layout(_shapes(book, names, ids)),
        ),
    )
    return document(root)


# -- names of elements -------------------------------------------------------------------------------------------


def _ids(book: Rulebook, names: Naming) -> dict[str, str]:
    """The id of the element that gives each term and parameter, and (by `/name`) of each table's decision."""
    ids = {f"/{table.name}": f"decision_{number}" for number, table in enumerate(book.tables, 1)}
    ids |= {parameter.id: f"parameter_{number}" for number, parameter in enumerate(book.parameters, 1)}
    for number, term in enumerate(book.terms, 1):
        writers = names.writers.get(term.id, ())
        if writers and names.sole(writers[0]):
            ids[term.id] = ids[f"/{writers[0].name}"]
        else:
            ids[term.id] = f"{'term' if writers else 'input'}_{number}"
    return ids


def _merged(term: Term, names: Naming) -> bool:
    """Whether a term is a decision beside the tables that write it."""
    writers = names.writers.get(term.id, ())
    return bool(writers) and not names.sole(writers[0])


# -- the parts of a model ----------------------------------------------------------------------------------------


def _book(book: Rulebook, names: Naming, lang: Language) -> Element:
    """What the model itself cannot say of the whole book."""
    terms = (_term(term, names, lang) for term in book.terms)
    blocks = [
        element(
            "rulectl:block",
            {"kind": block.kind.value},
            (element("rulectl:row", children=_cells([cell.text for cell in row])) for row in block.rows[1:]),
        )
        for grid in export_grids(replace(book, tables=()), lang)
        for block in read_grid(grid, "")[0]
        if block.kind in KEPT_BLOCKS
    ]
    return element("rulectl:book", children=[*terms, *blocks])


def _cells(texts: Sequence[str]) -> Iterator[Element]:
    """The cells of a row that say something, each with its place."""
    return (element("rulectl:cell", {"at": str(n)}, text=text) for n, text in enumerate(texts, 1) if text)


def _term(term: Term, names: Naming, lang: Language) -> Element:
    return element(
        "rulectl:term",
        {
            "id": term.id,
            "name": term.name,
            "feel": names.feel[term.id],
            "role": term.role.value,
            "kind": "string" if term.type.kind is Kind.STRING and term.type.values else "",
            "unit": term.unit,
            "required": words.word("yes", "yes", lang) if term.required else "",
            "default": plain_text(term.default, lang),
            "aliases": ";".join(term.aliases),
            "merge": term.merge.value,
            "favours": term.favours.value if term.favours else "",
            "description": term.description,
        },
    )


def _input(term: Term, names: Naming, ids: dict[str, str]) -> Element:
    name = names.feel[term.id]
    return element(
        "inputData",
        {"id": ids[term.id], "name": name},
        (
            element("description", text=term.description) if term.description else None,
            _variable(ids[term.id], name, names.references[term.id]),
        ),
    )


def _variable(id_: str, name: str, reference: str) -> Element:
    return element("variable", {"id": f"{id_}_v", "name": name, "typeRef": reference})


def _literal(id_: str, feel: str) -> Element:
    return element("literalExpression", {"id": f"{id_}_x"}, [element("text", text=feel)])


def _decided(
    id_: str, name: str, reference: str, kept: Mapping[str, str], needs: Iterable[str], body: Element
) -> Element:
    """A decision; `needs` are the ids of the elements that it reads."""
    required = (
        element(
            "informationRequirement",
            {"id": f"{id_}_needs_{number}"},
            [element("requiredInput" if need.startswith("input_") else "requiredDecision", {"href": f"#{need}"})],
        )
        for number, need in enumerate(needs, 1)
    )
    own = element("extensionElements", children=[about(kept)])
    return element("decision", {"id": id_, "name": name}, (own, _variable(id_, name, reference), *required, body))


def _parameter(parameter: Parameter, exporter: Exporter, ids: dict[str, str]) -> Element:
    """A parameter as a decision that is a constant."""
    names, lang = exporter.naming, exporter.lang
    name, id_ = names.feel[parameter.id], ids[parameter.id]
    feel = literal(parameter.value)
    value = plain_text(parameter.value, lang)
    kept = {
        "kind": "parameter",
        "id": parameter.id,
        "name": parameter.name,
        "type": parameter.type.kind.value,
        "unit": parameter.unit,
        "description": parameter.description,
        "value": value,
        "feel": feel,
    }
    return _decided(id_, name, names.references[parameter.id], kept, (), _literal(id_, feel))


def _decision(table: Table, exporter: Exporter, ids: dict[str, str]) -> Element:
    """A table as a decision; its name is that of its one term where no other table writes it."""
    names = exporter.naming
    id_, name = ids[f"/{table.name}"], names.tables[table.name]
    reference = names.references[table.outputs[0].term if len(table.outputs) == 1 else f"/{table.name}"]
    return _decided(id_, name, reference, {"kind": "table"}, _needs(table, ids), exporter.table(table, id_))


def _needs(table: Table, ids: dict[str, str]) -> Iterable[str]:
    """The ids of the elements that a table reads, each once, in order."""
    nodes: list[Node] = [column.subject for column in table.inputs]
    for rule in table.rules:
        nodes += [entry.test for entry in rule.when]
        nodes += [entry.expr for entry in rule.then if entry.expr is not None]
    return dict.fromkeys(ids[name] for node in nodes for name in sorted(names_of(node)) if name in ids)


def _merge(term: Term, names: Naming, ids: dict[str, str]) -> Element:
    """A term that several tables write, or one of several of a table: what they come to. Tiers, and what favours the
    buyer, stay out of it."""
    id_, name = ids[term.id], names.feel[term.id]
    tables = names.writers[term.id]
    said = [names.tables[t.name] + (f".{name}" if len(t.outputs) > 1 else "") for t in tables]
    needs = [ids[f"/{table.name}"] for table in tables]
    return _decided(id_, name, names.references[term.id], {"kind": "merge"}, needs, _literal(id_, _joined(term, said)))


def _joined(term: Term, said: Sequence[str]) -> str:
    """The FEEL of a merge."""
    if len(said) == 1:
        return said[0]
    listed = f"[{', '.join(said)}][item != null]"
    match term.merge:
        case Merge.SINGLE | Merge.FIRST:
            return f"{listed}[1]"
        case Merge.COLLECT:
            return f"distinct values(flatten({listed}))"
        case Merge.ALL:
            return f"flatten({listed})"
        case Merge.MIN | Merge.MAX | Merge.SUM:
            return f"{term.merge.value}({listed})"


def _shapes(book: Rulebook, names: Naming, ids: dict[str, str]) -> Iterator[Shape]:
    """What a diagram shows, by level: facts and parameters, then the tables by stratum, then what they come to."""
    top = max((table.stratum for table in book.tables), default=0)
    for term in book.terms:
        if term.id not in names.writers:
            yield Shape(ids[term.id], 0, ())
    for parameter in book.parameters:
        yield Shape(ids[parameter.id], 0, ())
    for table in book.tables:
        id_ = ids[f"/{table.name}"]
        needs = enumerate(_needs(table, ids), 1)
        yield Shape(id_, 1 + 2 * table.stratum, tuple((f"{id_}_needs_{n}", one) for n, one in needs))
    for term in book.terms:
        if _merged(term, names):
            id_ = ids[term.id]
            tables = names.writers[term.id]
            level = 2 + 2 * max((table.stratum for table in tables), default=top)
            needs_tables = [(f"{id_}_needs_{n}", ids[f"/{t.name}"]) for n, t in enumerate(tables, 1)]
            yield Shape(id_, level, tuple(needs_tables))
