"""Cases to try where formulas give no answer in time: the workbook's own tests, and what lies one step beside them.

Somebody has written tests in which everything that matters is known, so that most mistakes show in one of them once a
single field is changed. What is shown so is as good as any other case; nothing is proved by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import Kind
from rulectl.values import Value

MOST = 3000
"""So many cases are tried at most."""

_VALUES = 12
"""So many values of a field are tried beside a test."""

Case = dict[str, Value]


def tries(book: Rulebook, inputs: Mapping[str, Term], hangs_on: Sequence[Term]) -> Iterator[Case]:
    """The tests of a rulebook as cases of its inputs, then these with one of the fields that a question hangs on
    changed; always in the same order."""
    own = [{name: value for name, value in test.facts if name in inputs} for test in book.tests]
    values = {term.id: _values(term, own) for term in hangs_on}
    beside = [(at, term, value) for at in range(len(own)) for term in hangs_on for value in values[term.id]]
    Random(0).shuffle(beside)  # so that few tries reach every field
    yield from islice(own, MOST)
    for at, term, value in beside[: MOST - len(own)]:
        if own[at].get(term.id) != value:
            kept = {**own[at], term.id: value}
            yield {name: value for name, value in kept.items() if value is not None}


def _values(term: Term, own: Sequence[Case]) -> list[Value]:
    """Values of a field: those that it may have, those that tests give it, none."""
    if term.type.kind is Kind.BOOLEAN and not term.type.many:
        found: list[Value] = [True, False]
    elif term.type.values and not term.type.many:
        found = list(term.type.values)
    else:
        found = list(dict.fromkeys(case[term.id] for case in own if term.id in case))
    return [*found[:_VALUES], *([] if term.required and term.default is None else [None])]
