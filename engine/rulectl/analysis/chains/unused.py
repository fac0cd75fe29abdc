"""What stands in the workbook and does nothing: terms, parameters and messages that nobody uses, idle rules."""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Subject, Verdict
from rulectl.cases.reader import id_term
from rulectl.codes import Severity
from rulectl.compiler.order import reads
from rulectl.lang.syntax import Literal, Node
from rulectl.lang.trees import names_of, nodes_of
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace, Location


def _read(study: Study) -> frozenset[str]:
    """Ids of all terms and parameters that something leans on: a rule in use, a count, a policy, a message."""
    book = study.rulebook
    found = {book.event} if book.event is not None else set()
    for table in book.tables:
        found |= reads(table, book.event)
    for aggregate in book.aggregates:
        found |= {aggregate.of or "", aggregate.time or "", *aggregate.by}
        if aggregate.where is not None:
            found |= names_of(aggregate.where)
    for policy in book.policies:
        found |= names_of(policy.statement)
    for template in book.templates:
        found |= names_of(template.text)
    return frozenset(found)


def unused_term(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Inputs that nothing looks at; terms that are worked out for nothing; outputs that nothing gives."""
    read = _read(study)
    book = study.rulebook
    name = id_term(book)
    for term in book.terms:
        at = term.cell or FilePlace(book.source)
        if term.role is Role.OUTPUT and term.id not in study.plan.writers and term.default is None:
            fields = (("term", term.name),)
            yield Verdict("never-written", Answer.COUNTEREXAMPLE, at, fields=fields, severity=Severity.NOTICE)
        if term.id in read or term.role is Role.OUTPUT or term is name:
            continue
        severity = Severity.NOTICE if term.role is Role.INPUT else Severity.WARNING
        fields = (("name", term.name),)
        yield Verdict("unused-term", Answer.COUNTEREXAMPLE, at, fields=fields, severity=severity)


def unused_parameter(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Parameters that no cell names."""
    read = _read(study)
    for parameter in study.rulebook.parameters:
        if parameter.id not in read:
            at = parameter.cell or FilePlace(study.rulebook.source)
            fields = (("name", parameter.name),)
            yield Verdict("unused-parameter", Answer.COUNTEREXAMPLE, at, fields=fields)


def unused_template(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Messages that no conclusion names."""
    said = set(_concluded(study.rulebook))
    told: set[str] = set()
    for template in study.rulebook.templates:
        if template.id not in said and template.id not in told:
            told.add(template.id)
            at = template.cell or FilePlace(study.rulebook.source)
            fields = (("name", template.id),)
            yield Verdict("unused-template", Answer.COUNTEREXAMPLE, at, fields=fields)


def _concluded(book: Rulebook) -> Iterator[str]:
    """All texts that stand in a conclusion of a rule in use, or in a default."""
    nodes: list[Node] = [Literal(term.default) for term in book.terms]
    for table in book.tables:
        for rule in table.rules:
            if rule.enabled:
                nodes.extend(entry.expr for entry in rule.then if entry.expr is not None)
    nodes.extend(Literal(parameter.value) for parameter in book.parameters)
    for node in nodes_of(*nodes):
        if isinstance(node, Literal):
            values = node.value if isinstance(node.value, tuple) else (node.value,)
            yield from (value for value in values if isinstance(value, str))


def never_in_force(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Rules whose dates lie outside those of their table, or of its workbook."""
    assert subject.table is not None
    table = study.rulebook.tables[subject.table]
    for rule in table.rules:
        both = rule.period.meet(table.period)
        if rule.enabled and both.start is not None and both.end is not None and both.start > both.end:
            at = Location(rule.cells or subject.at)
            fields = (("name", subject.name), ("rule", rule.id), ("from", str(both.start)), ("to", str(both.end)))
            yield Verdict("never-in-force", Answer.COUNTEREXAMPLE, at, subject.name, (rule.id,), fields=fields)
