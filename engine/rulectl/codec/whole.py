"""Whether the parts of a decoded rulebook fit each other: what no schema can say and a hand-edited file gets wrong.

Only what an engine could stumble over is looked at; the compiler judges the rest, with the cells of the workbook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rulectl.lang import syntax
from rulectl.lang.syntax import Name, Node
from rulectl.model.rulebook import ListSize, Rulebook, Table, ValueIs
from rulectl.types import fits


def mismatches(book: Rulebook) -> Iterator[str]:
    """Each mistake, named by the parts that do not fit."""
    yield from _twice("term", (term.id for term in book.terms))
    yield from _twice("parameter", (parameter.id for parameter in book.parameters))
    terms = {term.id for term in book.terms}
    known = terms | {parameter.id for parameter in book.parameters}
    for term in book.terms:
        if not fits(term.default, term.type):
            yield f"terms {term.id}: default"
    for parameter in book.parameters:
        if not fits(parameter.value, parameter.type):
            yield f"parameters {parameter.id}: value"
    if book.event is not None and book.event not in terms:
        yield f"event: {book.event}"
    for table in book.tables:
        yield from _table(table, terms, known)
    for aggregate in book.aggregates:
        used = (aggregate.term, aggregate.of, aggregate.time, *aggregate.by)
        named = _names(() if aggregate.where is None else (aggregate.where,))
        yield from _unknown(f"aggregates {aggregate.term}", {id_ for id_ in used if id_ is not None} - terms)
        yield from _unknown(f"aggregates {aggregate.term}", named - known)
    for template in book.templates:
        yield from _unknown(f"templates {template.id}", _names((template.text,)) - known)
    for policy in book.policies:
        yield from _unknown(f"policies {policy.id}", _names((policy.statement,)) - known - {"status"})
    types = {term.id: term.type for term in book.terms}
    for test in book.tests:
        used_terms = {term for term, _ in test.facts} | {expected.term for expected in test.expected} - {"status"}
        yield from _unknown(f"tests {test.id}", used_terms - terms)
        nodes = [e.test for one in test.expected for e in one.all_of if isinstance(e, ValueIs | ListSize)]
        yield from _unknown(f"tests {test.id}", _names(nodes) - known)
        for id_, value in test.facts:
            if id_ in types and not fits(value, types[id_]):
                yield f"tests {test.id}: {id_}"


def _table(table: Table, terms: set[str], known: set[str]) -> Iterator[str]:
    where = f"tables {table.name}"
    yield from _twice(f"{where}: rule", (rule.id for rule in table.rules))
    yield from _unknown(where, {column.term for column in table.outputs} - terms)
    yield from _unknown(where, _names(column.subject for column in table.inputs) - known)
    for rule in table.rules:
        if len(rule.when) != len(table.inputs) or len(rule.then) != len(table.outputs):
            yield f"{where}, {rule.id}: {len(rule.when)}+{len(rule.then)} ≠ {len(table.inputs)}+{len(table.outputs)}"
        named = _names((*(entry.test for entry in rule.when), *(e.expr for e in rule.then if e.expr is not None)))
        yield from _unknown(f"{where}, {rule.id}", named - known)


def _twice(what: str, ids: Iterable[str]) -> Iterator[str]:
    return (f"{what} {id_}: {times}×" for id_, times in Counter(ids).items() if times > 1)


def _unknown(where: str, ids: set[str]) -> Iterator[str]:
    return (f"{where}: {id_}" for id_ in sorted(ids))


def _names(nodes: Iterable[Node]) -> set[str]:
    """The ids that trees name."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Name):
            found.add(node.id)
        waiting.extend(_children(node))
    return found


def _children(node: Node) -> Iterable[Node]:
    match node:
        case syntax.Negative(operand) | syntax.Not(operand):
            return (operand,)
        case syntax.Binary(_, left, right) | syntax.Compare(_, left, right):
            return left, right
        case syntax.Meets(subject, test):
            return subject, test
        case syntax.Sequence(items) | syntax.Both(items) | syntax.Either(items):
            return items
        case syntax.OneOf(tests) | syntax.AllOf(tests):
            return tests
        case syntax.Call(_, arguments):
            return arguments
        case syntax.Text(parts):
            return parts
        case syntax.If(condition, then, otherwise):
            return condition, then, otherwise
        case syntax.Is(_, value):
            return (value,)
        case syntax.Between(low, high):
            return low, high
        case syntax.Except(inner):
            return (inner,)
        case _:
            return ()
