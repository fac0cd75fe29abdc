"""The parts of a rulebook as JSON: structure, canonical text and cell of each entry.

What equals its default is left out; keys stand in a fixed order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any as Json
from typing import assert_never

from rulectl.codec.nodes import duration_json, expr_json, unary_json, value_json
from rulectl.codec.places import cell_json, range_json
from rulectl.lang.printer import print_expr, print_test, template
from rulectl.lang.syntax import ANYTHING, Expr
from rulectl.model.policy import Merge, Tier
from rulectl.model.rulebook import (
    Aggregate,
    Expectation,
    InputColumn,
    ListIs,
    ListSize,
    OutputColumn,
    OutputEntry,
    Parameter,
    Period,
    Policy,
    Rule,
    Rulebook,
    Table,
    Template,
    Term,
    TestCase,
    TestEntry,
    ValueIs,
)
from rulectl.source import Cell, CellRange
from rulectl.types import Type
from rulectl.values import number_text

Node = dict[str, Json]


@dataclass(frozen=True, slots=True)
class _Context:
    """What encoding needs to know: the rulebook's own file, names by id, and whether only the meaning is wanted."""

    home: str
    names: Mapping[str, str]
    types: Mapping[str, Type]
    meaning: bool

    def cell(self, cell: Cell | None) -> str | None:
        return None if cell is None or self.meaning else cell_json(cell, self.home)

    def cells(self, cells: CellRange | None) -> str | None:
        return None if cells is None or self.meaning else range_json(cells, self.home)


def document(book: Rulebook, *, meaning: bool = False) -> Node:
    """The parts of a rulebook in fixed order; with `meaning`, only what equality sees: no cells, no texts as written,
    no file name."""
    names = {p.id: p.name for p in book.parameters} | {t.id: t.name for t in book.terms}
    types = {term.id: term.type for term in book.terms}
    context = _Context(book.source, names, types, meaning)
    return {
        "id": book.id,
        "name": book.name,
        **_kept(
            version=book.version,
            owner=book.owner,
            notes=book.notes,
            **_period(book.period),
            event=book.event,
            tier=None if book.tier is Tier.PROCEDURE else book.tier.value,
            includes=list(book.includes),
            source="" if meaning else book.source,
        ),
        "terms": [_term(term, context) for term in book.terms],
        "parameters": [_parameter(parameter, context) for parameter in book.parameters],
        "tables": [_table(table, context) for table in book.tables],
        "aggregates": [_aggregate(aggregate, context) for aggregate in book.aggregates],
        "templates": [_template(template_, context) for template_ in book.templates],
        "tests": [_test_case(test, context) for test in book.tests],
        "policies": [_policy(policy, context) for policy in book.policies],
    }


# -- the parts ---------------------------------------------------------------------------------------------------


def _kept(**fields: Json) -> Node:
    """The fields that say something, in order; `type_` is `type`."""
    return {
        name.rstrip("_"): value
        for name, value in fields.items()
        if value is not None and value is not False and value not in ("", [])
    }


def _period(period: Period) -> Node:
    return {
        "from": period.start.isoformat() if period.start else None,
        "to": period.end.isoformat() if period.end else None,
    }


def _type(type_: Type) -> Node:
    low, high = (None if end is None else number_text(end) for end in (type_.low, type_.high))
    return _kept(kind=type_.kind.value, list=type_.many, values=list(type_.values), low=low, high=high)


def _term(term: Term, context: _Context) -> Node:
    return {"id": term.id, "name": term.name} | _kept(
        role=term.role.value,
        type_=_type(term.type),
        unit=term.unit,
        required=term.required,
        default=None if term.default is None else value_json(term.default),
        aliases=list(term.aliases),
        merge=None if term.merge is Merge.SINGLE else term.merge.value,
        favours=term.favours.value if term.favours else None,
        description=term.description,
        cell=context.cell(term.cell),
    )


def _parameter(parameter: Parameter, context: _Context) -> Node:
    return {"id": parameter.id, "name": parameter.name} | _kept(
        type_=_type(parameter.type),
        value=value_json(parameter.value),
        unit=parameter.unit,
        description=parameter.description,
        cell=context.cell(parameter.cell),
    )


def _table(table: Table, context: _Context) -> Node:
    inputs = [column.type for column in table.inputs]
    outputs = [context.types.get(column.term) for column in table.outputs]
    return {"name": table.name, "policy": table.policy.value} | _kept(
        salience=table.salience or None,
        tier=None if table.tier is Tier.PROCEDURE else table.tier.value,
        **_period(table.period),
        book=table.book,
        stratum=table.stratum or None,
        cells=context.cells(table.cells),
        inputs=[_input(column, context) for column in table.inputs],
        outputs=[_output(column, context) for column in table.outputs],
        rules=[_rule(rule, inputs, outputs, context) for rule in table.rules],
    )


def _input(column: InputColumn, context: _Context) -> Node:
    return {
        "subject": expr_json(column.subject),
        "type": _type(column.type),
        **_texts(_statement(column.subject, context), column.heading, context),
        **_kept(cell=context.cell(column.cell)),
    }


def _output(column: OutputColumn, context: _Context) -> Node:
    return _kept(term=column.term, policy=column.policy.value, cell=context.cell(column.cell))


def _rule(rule: Rule, inputs: list[Type], outputs: list[Type | None], context: _Context) -> Node:
    return {"id": rule.id} | _kept(
        otherwise=rule.otherwise,
        disabled=not rule.enabled,
        **_period(rule.period),
        note=rule.note,
        source=rule.source,
        cells=context.cells(rule.cells),
        when=[_when(entry, type_, context) for entry, type_ in zip(rule.when, inputs, strict=True)],
        then=[_then(entry, type_, context) for entry, type_ in zip(rule.then, outputs, strict=True)],
    )


def _texts(canonical: str, written: str, context: _Context) -> Node:
    """The canonical text, and what the manager wrote where that is not the same."""
    if context.meaning:
        return {}
    return ({"text": canonical} if canonical else {}) | ({"written": written} if written != canonical else {})


def _when(entry: TestEntry, type_: Type, context: _Context) -> Node:
    canonical = "" if context.meaning else print_test(entry.test, type_, context.names)
    return {
        **({} if entry.test == ANYTHING else {"test": unary_json(entry.test)}),
        **_texts(canonical, entry.text, context),
        **_kept(cell=context.cell(entry.cell)),
    }


def _then(entry: OutputEntry, type_: Type | None, context: _Context) -> Node:
    canonical = ""
    if entry.expr is not None and not context.meaning:
        canonical = print_expr(entry.expr, context.names, in_cell=type_)
    return {
        **({} if entry.expr is None else {"value": expr_json(entry.expr)}),
        **_texts(canonical, entry.text, context),
        **_kept(cell=context.cell(entry.cell)),
    }


def _statement(expr: Expr, context: _Context) -> str:
    return "" if context.meaning else print_expr(expr, context.names)


def _aggregate(aggregate: Aggregate, context: _Context) -> Node:
    where = aggregate.where
    return {"term": aggregate.term, "function": aggregate.function} | _kept(
        of=aggregate.of,
        by=list(aggregate.by),
        window=None if aggregate.window is None else duration_json(aggregate.window),
        back_only=aggregate.back_only,
        time=aggregate.time,
        where=None if where is None else expr_json(where),
        text=None if where is None else _statement(where, context),
        cell=context.cell(aggregate.cell),
    )


def _template(item: Template, context: _Context) -> Node:
    return {"id": item.id} | _kept(
        occasion=item.occasion,
        language=item.language,
        value=expr_json(item.text),
        text="" if context.meaning else template(item.text, context.names),
        cell=context.cell(item.cell),
    )


def _expectation(expectation: Expectation) -> Node:
    match expectation:
        case ValueIs(test):
            return {"is": unary_json(test)}
        case ListIs(op, items):
            return {{"=": "exactly", "+": "at least", "!": "none of"}[op]: [value_json(item) for item in items]}
        case ListSize(test):
            return {"size": unary_json(test)}
        case _:
            assert_never(expectation)


def _test_case(test: TestCase, context: _Context) -> Node:
    return {"id": test.id} | _kept(
        note=test.note,
        cells=context.cells(test.cells),
        facts=[{"term": term, "value": value_json(value)} for term, value in test.facts],
        expected=[
            {"term": expected.term, "all_of": [_expectation(one) for one in expected.all_of]}
            | _kept(text="" if context.meaning else expected.text, cell=context.cell(expected.cell))
            for expected in test.expected
        ],
    )


def _policy(policy: Policy, context: _Context) -> Node:
    return {
        "id": policy.id,
        "statement": expr_json(policy.statement),
        **_kept(severity=None if policy.severity == "error" else policy.severity, note=policy.note),
        **_texts(_statement(policy.statement, context), policy.text, context),
        **_kept(cell=context.cell(policy.cell)),
    }
