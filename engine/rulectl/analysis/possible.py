"""Regions in what can occur: a gap names the allowed values that can come about in it, and no others."""

from __future__ import annotations

from dataclasses import replace

from rulectl.analysis.budget import Budget
from rulectl.analysis.exact import Asked
from rulectl.analysis.rows import Condition, Region
from rulectl.analysis.smt import Answer
from rulectl.analysis.study import Study
from rulectl.analysis.witness import Case
from rulectl.lang.syntax import Except, Is, Literal, Meets, Name, OneOf

_LISTED = 12
"""So many values of a condition are looked at one by one, whether they can be."""


def possible(study: Study, region: Region, numbers: tuple[int, ...], budget: Budget, *, whole: bool) -> Region:
    """A region without the allowed values that cannot come about in it, so that it names no more than there is. Each
    way that the solver comes upon shows a value of every condition, which need not be asked about again."""
    asked = Asked.of(study, numbers, [Meets(one.subject, one.test) for one in region], budget, whole=whole)
    listed = [_listed(one) for one in region]
    ways = {
        (at, value): asked.true(Meets(one.subject, Is("=", Literal(value))))
        for at, one in enumerate(region)
        for value in (listed[at] if len(listed[at]) > 1 else ())
    }
    left: set[tuple[int, str]] = set()
    for way, truth in ways.items():
        if way in left:
            continue
        answer, model = asked.can(truth)
        if model is not None:
            left |= {other for other, holds in ways.items() if model.truth(holds)}
        elif answer is not Answer.NO:
            left.add(way)
    narrowed = list(region)
    for at, values in enumerate(listed):
        tests = tuple(Is("=", Literal(value)) for value in values if (at, value) in left)
        if tests and len(tests) < len(values):
            narrowed[at] = replace(region[at], test=tests[0] if len(tests) == 1 else OneOf(tests))
    return tuple(narrowed)


def _listed(one: Condition) -> tuple[str, ...]:
    """The allowed values of which a condition speaks by name or leaves over; nothing where they are too many."""
    negative = isinstance(one.test, Except)
    test = one.test.test if isinstance(one.test, Except) else one.test
    items = test.items if isinstance(test, OneOf) else (test,)
    texts = [i.value.value for i in items if isinstance(i, Is) and i.op == "=" and isinstance(i.value, Literal)]
    named = tuple(text for text in texts if isinstance(text, str))
    if one.type.many or len(named) < len(items):
        return ()
    values = tuple(value for value in one.type.values if value not in named) if negative else named
    return values if len(values) <= _LISTED else ()


def of_case(study: Study, case: Case) -> Region:
    """A case as a region of its own."""
    given = [(study.terms[name], value) for name, value in case.items() if name in study.terms]
    return tuple(Condition(Name(term.id), Is("=", Literal(value)), term.type) for term, value in given)
