"""Allowed values that nothing concludes, and allowed values that no condition asks for: often a rule that was
forgotten, sometimes a value that is no longer needed."""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, about, term_of, undecided
from rulectl.diagnostics import listed
from rulectl.lang.fold import fold
from rulectl.lang.syntax import Any, Except, Expr, If, Is, Literal, Name, Node, Sequence
from rulectl.lang.trees import names_of, nodes_of
from rulectl.model.policy import Role
from rulectl.model.rulebook import Term
from rulectl.source import Place
from rulectl.values import Value


def concluded_terms(study: Study) -> Iterator[Subject]:
    """Terms with a list of allowed values that some table writes."""
    for term in study.rulebook.terms:
        if term.type.values and study.plan.writers.get(term.id):
            yield about(study, term)


def asked_terms(study: Study) -> Iterator[Subject]:
    """Inputs with a list of allowed values that some condition asks."""
    asked = {name for table in study.rulebook.tables for c in table.inputs for name in names_of(c.subject)}
    for term in study.rulebook.terms:
        if term.type.values and term.role is Role.INPUT and term.id in asked:
            yield about(study, term)


def never_concluded(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Allowed values that no rule gives, nor the default."""
    term = term_of(study, subject)
    given: set[Value] = set(term.default) if isinstance(term.default, tuple) else {term.default}
    for number, column in study.plan.writers[term.id]:
        for rule in study.rulebook.tables[number].rules:
            entry = rule.then[column]
            if not rule.enabled or entry.expr is None:
                continue
            said = _literals(fold(entry.expr, study.plan.parameters))
            if said is None:
                yield undecided("value-never-concluded", subject, "note-computed", entry.cell)
                return
            given |= said
    left = [value for value in term.type.values if value not in given]
    if left:
        yield _verdict("value-never-concluded", subject, term, left)


def _literals(expr: Expr) -> set[Value] | None:
    """All that an entry can come to; None where it is computed."""
    match expr:
        case Literal(value):
            return set(value) if isinstance(value, tuple) else {value}
        case If(_, then, otherwise):
            parts = [_literals(then), _literals(otherwise)]
        case Sequence(items):
            parts = [_literals(item) for item in items]
        case _:
            return None
    found: set[Value] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found


def never_asked(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Allowed values that no condition names, in tables, expressions or counts."""
    term = term_of(study, subject)
    named: set[Value] = set()
    for node in _nodes(study):
        if isinstance(node, Literal):
            named |= set(node.value) if isinstance(node.value, tuple) else {node.value}
    named |= {
        value for p in study.rulebook.parameters for value in (p.value if isinstance(p.value, tuple) else (p.value,))
    }
    left = [value for value in term.type.values if value not in named]
    one_of_two = len(term.type.values) == 2 and len(left) == 1  # what is not the one is the other
    if left and not one_of_two and not _by_exception(study, term):
        yield _verdict("value-never-asked", subject, term, left)


def _by_exception(study: Study, term: Term) -> bool:
    """Whether some condition asks for all values of a term but a few: then somebody has thought of the rest."""
    for table in study.rulebook.tables:
        for at, column in enumerate(table.inputs):
            if column.subject == Name(term.id):
                tests = (rule.when[at].test for rule in table.rules if rule.enabled)
                if any(isinstance(t, Except) or (isinstance(t, Is) and t.op == "!=") for t in tests):
                    return True
    return False


def _nodes(study: Study) -> Iterator[Node]:
    """Every node of every condition, conclusion, filter and statement."""
    book = study.rulebook
    waiting: list[Node] = [policy.statement for policy in book.policies]
    waiting += [aggregate.where for aggregate in book.aggregates if aggregate.where is not None]
    for table in book.tables:
        waiting += [column.subject for column in table.inputs]
        for rule in table.rules:
            if rule.enabled:
                waiting += [entry.test for entry in rule.when if not isinstance(entry.test, Any)]
                # a literal conclusion is no question
                waiting += [e.expr for e in rule.then if e.expr is not None and not isinstance(e.expr, Literal)]
    return nodes_of(*waiting)


def _verdict(slug: str, subject: Subject, term: Term, left: list[str]) -> Verdict:
    at: Place = subject.at
    fields = (("name", term.name), ("values", listed(left, 12)), ("number", str(len(left))))
    return Verdict(slug, Answer.COUNTEREXAMPLE, at, fields=fields)


CHECKS: tuple[Question, ...] = (
    Question("value-never-concluded", concluded_terms, never_concluded),
    Question("value-never-asked", asked_terms, never_asked),
)
