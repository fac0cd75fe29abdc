"""What a status promises: decided is for good, whatever else becomes known, and answering what is asked settles a
case.

Only rulebooks without `空` and without defaults for inputs can promise it, for both say something of a fact because it
is not known; only for terms that one table writes, for single changes are looked at, not several tables changing at
once; and only for cases that do not show, once all is known, that rules contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.lang.syntax import ANYTHING, AllOf, Except, IsNull, OneOf, Test
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Rulebook, Table, TestEntry
from rulectl.runtime.engine import Engine
from rulectl.values import Value
from tests.runtime import drawn

CONTRADICTIONS = {"rules-overlap", "rules-disagree", "tables-disagree"}
SETTLED = (Status.DECIDED, Status.NO_RULE)


def asks_for_null(test: Test) -> bool:
    match test:
        case IsNull():
            return True
        case OneOf(items) | AllOf(items):
            return any(map(asks_for_null, items))
        case Except(inner):
            return asks_for_null(inner)
        case _:
            return False


def without_null(table: Table) -> Table:
    """A table whose conditions do not ask what is known."""
    rules = tuple(
        replace(rule, when=tuple(TestEntry(ANYTHING) if asks_for_null(e.test) else e for e in rule.when))
        for rule in table.rules
    )
    return replace(table, rules=rules)


def one_writer_each(tables: Iterable[Table]) -> Iterator[Table]:
    """The tables that write nothing that an earlier one has written."""
    written: set[str] = set()
    for table in tables:
        mine = {output.term for output in table.outputs}
        if not mine & written:
            written |= mine
            yield table


def plain_book(r: Random) -> Rulebook:
    book = drawn.rulebook(r)
    terms = tuple(replace(term, default=None) if term.role is Role.INPUT else term for term in book.terms)
    return replace(book, terms=terms, tables=tuple(map(without_null, one_writer_each(book.tables))))


def full_case(r: Random, book: Rulebook) -> dict[str, Value]:
    """Every input is known."""
    found: dict[str, Value] = {}
    while len(found) < sum(term.role is Role.INPUT for term in book.terms):
        found |= drawn.case(r, book)
    return found


def contradictory(outcome: Outcome) -> bool:
    return any(found.slug in CONTRADICTIONS for found in outcome.findings)


@settings(max_examples=600, deadline=None)
@given(st.integers(0, 2**40))
def test_what_is_decided_stays_decided_when_more_becomes_known(seed: int) -> None:
    r = Random(seed)
    book = plain_book(r)
    engine = Engine(book)
    whole = full_case(r, book)
    known = {name: value for name, value in whole.items() if r.random() < 0.5}
    less, more = engine.decide(known), engine.decide(whole)
    if contradictory(more):
        return
    for term, status in less.statuses.items():
        if status in SETTLED:
            assert {**more.outputs, **more.derived}[term] == {**less.outputs, **less.derived}[term]
            assert more.statuses[term] is status


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**40))
def test_answering_what_is_asked_settles_a_case(seed: int) -> None:
    """And nothing else need be asked: where nothing is asked, more facts change no output."""
    r = Random(seed)
    book = plain_book(r)
    engine = Engine(book)
    whole = full_case(r, book)
    known: dict[str, Value] = {}
    outcome = engine.decide(known)
    while outcome.asks:
        first = outcome.asks[0]
        assert first in whole
        assert first not in known
        known[first] = whole[first]
        outcome = engine.decide(known)
    final = engine.decide(whole)
    if contradictory(final):
        return
    assert outcome.outputs == final.outputs
    assert {t: outcome.statuses[t] for t in outcome.outputs} == {t: final.statuses[t] for t in final.outputs}
