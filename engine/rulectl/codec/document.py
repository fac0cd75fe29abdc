"""The parts of a rulebook as JSON: structure, canonical text and cell of each (decision tables: see tables).

What equals its default is left out; keys stand in a fixed order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rulectl.codec.nodes import duration_json, expr_json, unary_json, value_json
from rulectl.codec.parts import Context, Node, kept, period_json, texts_json, type_json
from rulectl.codec.tables import Encoded, table_json
from rulectl.lang.printer import print_expr, template
from rulectl.lang.syntax import Expr
from rulectl.model.policy import Merge, Tier
from rulectl.model.rulebook import (
    Aggregate,
    Expectation,
    ListIs,
    ListSize,
    Parameter,
    Policy,
    Rulebook,
    Template,
    Term,
    TestCase,
    ValueIs,
)


def document(book: Rulebook, tables: Sequence[Encoded], *, meaning: bool = False) -> Node:
    """The parts of a rulebook in fixed order; `tables` are its own. With `meaning`, only what equality sees: no cells,
    no texts as written, no file name; and without the rules of tables, see `Encoded.meanings`."""
    names = {p.id: p.name for p in book.parameters} | {t.id: t.name for t in book.terms}
    types = {term.id: term.type for term in book.terms}
    context = Context(book.source, names, types, meaning)
    return {
        "id": book.id,
        "name": book.name,
        **kept(
            version=book.version,
            owner=book.owner,
            notes=book.notes,
            **period_json(book.period),
            event=book.event,
            tier=None if book.tier is Tier.PROCEDURE else book.tier.value,
            includes=[] if meaning else list(book.includes),
            source="" if meaning else book.source,
        ),
        "terms": [_term(term, context) for term in book.terms],
        "parameters": [_parameter(parameter, context) for parameter in book.parameters],
        "tables": [table_json(table, context) for table in tables],
        "aggregates": [_aggregate(aggregate, context) for aggregate in book.aggregates],
        "templates": [_template(template_, context) for template_ in book.templates],
        "tests": [_test_case(test, context) for test in book.tests],
        "policies": [_policy(policy, context) for policy in book.policies],
    }


# -- the parts ---------------------------------------------------------------------------------------------------


def _term(term: Term, context: Context) -> Node:
    return {"id": term.id, "name": term.name} | kept(
        role=term.role.value,
        type_=type_json(term.type),
        unit=term.unit,
        required=term.required,
        default=None if term.default is None else value_json(term.default),
        aliases=list(term.aliases),
        merge=None if term.merge is Merge.SINGLE else term.merge.value,
        favours=term.favours.value if term.favours else None,
        description=term.description,
        cell=context.place(term.cell),
    )


def _parameter(parameter: Parameter, context: Context) -> Node:
    return {"id": parameter.id, "name": parameter.name} | kept(
        type_=type_json(parameter.type),
        value=value_json(parameter.value),
        unit=parameter.unit,
        description=parameter.description,
        cell=context.place(parameter.cell),
    )


def _statement(expr: Expr, context: Context) -> str:
    return "" if context.meaning else print_expr(expr, context.names)


def _aggregate(aggregate: Aggregate, context: Context) -> Node:
    where = aggregate.where
    return {"term": aggregate.term, "function": aggregate.function} | kept(
        of=aggregate.of,
        by=list(aggregate.by),
        window=None if aggregate.window is None else duration_json(aggregate.window),
        back_only=aggregate.back_only,
        time=aggregate.time,
        where=None if where is None else expr_json(where),
        text=None if where is None else _statement(where, context),
        cell=context.place(aggregate.cell),
    )


def _template(item: Template, context: Context) -> Node:
    return {"id": item.id} | kept(
        occasion=item.occasion,
        language=item.language,
        value=expr_json(item.text),
        text="" if context.meaning else template(item.text, context.names),
        cell=context.place(item.cell),
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


def _test_case(test: TestCase, context: Context) -> Node:
    return {"id": test.id} | kept(
        note=test.note,
        cells=context.place(test.cells),
        facts=[{"term": term, "value": value_json(value)} for term, value in test.facts],
        expected=[
            {"term": expected.term, "all_of": [_expectation(one) for one in expected.all_of]}
            | kept(text="" if context.meaning else expected.text, cell=context.place(expected.cell))
            for expected in test.expected
        ],
    )


def _policy(policy: Policy, context: Context) -> Node:
    return {
        "id": policy.id,
        "statement": expr_json(policy.statement),
        **kept(severity=None if policy.severity == "error" else policy.severity, note=policy.note),
        **texts_json(_statement(policy.statement, context), policy.text, context),
        **kept(cell=context.place(policy.cell)),
    }
