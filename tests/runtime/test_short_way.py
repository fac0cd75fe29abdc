"""The short way decides what the long way decides: cases as programs hand them over, plain and odd, through
`Book.decide` and through reading, then the careful engine. The same outcome, or the same error, each time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.api import Book, CaseError
from rulectl.cases.facts import BadCase, FactReader
from rulectl.diagnostics import Finding
from rulectl.lang.literals import MAX_TEXT
from rulectl.lang.syntax import Any as Anything
from rulectl.lang.syntax import Between, Is, Literal, Name, Test
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Outcome
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import (
    InputColumn,
    OutputColumn,
    OutputEntry,
    Rule,
    Rulebook,
    Table,
    Term,
    TestEntry,
    constant,
)
from rulectl.runtime import turns
from rulectl.runtime.engine import Engine
from rulectl.types import BOOLEAN, DURATION, NUMBER, STRING, Kind, Type
from tests.runtime import drawn

PLAIN: dict[str, tuple[object, ...]] = {
    "colour": ("红", "黄", "蓝"),
    "label": ("a", "b", "c", "一段备注"),
    "worn": (True, False),
    "days": (0, 1, 2, 2.5, 3, Decimal("2.5"), 4),
    "paid": (0, 1, 2, 2.5, 3, 35.9),
    "on": (dt.date(2025, 1, 1), dt.date(2025, 4, 1), dt.date(2025, 12, 31)),
    "tags": ("甲;乙", ("乙", "丙"), "丙", ["甲"]),
}
NO_TEXTS = ("NULL", "NaN", "-", "/", "#N/A", "#######", "'1436213610", "nan")
"""What programs write where they hold no value, or not all of one, and texts that look like it."""
TEXTS = (
    "",
    " a",
    "a ",
    "a|b",
    "a |b",
    "a\u00a0",
    "1.5E+10",
    "a+b",
    "a\nb",
    "\ufffd",
    "＋",
    "a\u200b",
    "x" * 300,
    '="7"',
)
NUMBERS = (1.0, 0.0, -0.0, 1e16, 1e-7, 0.1 + 0.2, float("nan"), float("inf"), 10**40, 2**53 + 1, -1)
WRITTEN = ("2", " 2.50 ", "２", "三", "3天", "1,299", "￥2", "2.5元", "-", "x", "")
NOT_NUMBERS = (True, False, None, [2], object, Decimal("NaN"), Decimal("1E-400"))
NOON = dt.datetime(2025, 4, 1, 12)

ODD: dict[str, tuple[object, ...]] = {
    "colour": ('="红"', " 红 ", "红\u200b", "绿", "", None, 1, True, ["红"], "紅"),
    "label": (*TEXTS, 1, 1.0, True, None, ["a"]),
    "worn": ("是", "否", "Y", "n", 1, 0, 1.0, "1", "也许", 2, None, "", " true ", Decimal(1)),
    "days": (*NUMBERS, *WRITTEN, *NOT_NUMBERS),
    "paid": (*NUMBERS, *WRITTEN, *NOT_NUMBERS),
    "on": ("2025-04-01", "2025/4/1", "2025年4月1日", NOON, NOON.replace(hour=0), 45000, "", None, "昨天"),
    "tags": ("甲;乙", "甲", [], (), "丁", ["甲", "丁"], [""], None, "", 5, ["甲", "甲"]),
}
STRANGE_KEYS: tuple[str, ...] = ("备注", "party", "level", "结论", "limit", " 天数", "DAYS", "天数别名", "")


def drawn_book(r: Random) -> Rulebook:
    """A drawn rulebook whose inputs may be required, have other names, or a default; most of them such that answers can
    be looked up."""
    book = drawn.rulebook(r)
    if r.random() < 0.7:
        book = replace(book, tables=tuple(map(plainer, book.tables)))
    terms = []
    for term in book.terms:
        if term.role is Role.INPUT:
            term = replace(term, required=r.random() < 0.2, aliases=(f"{term.name}别名",) if r.random() < 0.5 else ())
        terms.append(term)
    return replace(book, terms=tuple(terms))


def plainer(table: Table) -> Table:
    """A table without conditions, headings or conclusions that compute; only dates stay on other terms."""
    kept = [n for n, column in enumerate(table.inputs) if isinstance(column.subject, Name) and not column.type.many]
    rules = []
    for rule in table.rules:
        when = tuple(TestEntry(Anything()) if names_of(rule.when[n].test) else rule.when[n] for n in kept)
        then = tuple(entry if constant(entry.expr) else OutputEntry(None) for entry in rule.then)
        rules.append(replace(rule, when=when, then=then))
    return replace(table, inputs=tuple(table.inputs[n] for n in kept), rules=tuple(rules))


def raw_case(r: Random, book: Rulebook) -> dict[str, object]:
    """A case as a program may hand it over; most of it plain, in an order of its own."""
    oddity = r.choice([0, 0, 0.1, 0.4])
    case: dict[str, object] = {}
    for term in r.sample(book.terms, len(book.terms)) if r.random() < 0.3 else book.terms:
        if term.id in PLAIN and r.random() < 0.98:
            key = r.choice([term.name, term.name, term.id, *term.aliases])
            case[key] = r.choice(ODD[term.id] if r.random() < oddity else PLAIN[term.id])
    if r.random() < oddity:
        case[r.choice(STRANGE_KEYS)] = r.choice(["x", 1, None])
    return case


Answer = Outcome | tuple[Finding, ...]


def short(book: Book, case: dict[str, object]) -> Answer:
    """As the public function has it."""
    try:
        return book.decide(case)
    except CaseError as error:
        return error.findings


def long(rulebook: Rulebook, case: dict[str, object]) -> Answer:
    """Read anew, decided by the careful engine."""
    reader = FactReader(rulebook)
    facts = reader.read(case)
    if isinstance(facts, BadCase):
        return facts.findings
    outcome = Engine(rulebook, quick=False).decide(facts)
    return outcome._replace(findings=(*reader.unknown(case), *outcome.findings))


def same(one: Answer, other: Answer) -> bool:
    """Facts of the short way are read when they are looked at; order of the statuses counts."""
    if isinstance(one, Outcome) and isinstance(other, Outcome):
        alike = one._replace(case=dict(one.case)) == other._replace(case=dict(other.case))
        return alike and list(one.statuses) == list(other.statuses)
    return one == other


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**40))
def test_both_ways_come_to_the_same(seed: int) -> None:
    r = Random(seed)
    rulebook = drawn_book(r)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "MANY_TABLES", r.choice([2, 16]))
        book = Book(rulebook)
        for _ in range(12):
            case = raw_case(r, rulebook)
            assert same(short(book, case), long(rulebook, case)), case
            settled = book.engine.decide_raw(case)
            assert not settled or same(settled, long(rulebook, case))


def test_the_short_way_is_taken() -> None:
    """Else the test above would compare the long way with itself."""
    taken = asked = 0
    for seed in range(150):
        r = Random(seed)
        rulebook = drawn_book(r)
        engine = Engine(rulebook)
        for _ in range(4):
            asked += 1
            taken += bool(engine.decide_raw(raw_case(r, rulebook)))
    assert asked / 5 < taken < asked * 4 / 5


# -- values that Python takes for one another ----------------------------------------------------------------------

CODES = Type(Kind.ENUM, values=("1", "0", "是", "否"))


def one_rule(term: Term, test: Test) -> Book:
    """A rulebook of one rule with one condition."""
    out = Term("out", "结论", Role.OUTPUT, BOOLEAN)
    rule = Rule("R1", (TestEntry(test),), (OutputEntry(Literal(True)),))
    head, foot = InputColumn(Name(term.id), term.type), OutputColumn("out", HitPolicy.FIRST)
    table = Table("表", HitPolicy.FIRST, (head,), (foot,), (rule,))
    return Book(Rulebook("one", "一", terms=(term, out), tables=(table,)))


LOOKALIKES: tuple[tuple[Type, Test, tuple[object, ...]], ...] = (
    (NUMBER, Is("=", Literal(Decimal(1))), (1, True, 1.0, "1", Decimal("1.00"), True, 0, False, 0.0, -0.0)),
    (CODES, Is("=", Literal("1")), (1, True, 1.0, 0, False, "1", True, 1)),
    (CODES, Is("=", Literal("是")), (True, 1, False, 0, True)),
    (STRING, Is("=", Literal("1")), (1, True, 1.0, Decimal(1), "1", 10**16, 1e16, 1e16, 10**16)),
    (BOOLEAN, Is("=", Literal(True)), (1, True, 1.0, Decimal(1), 0, False, "是", "1")),
    (DURATION, Is(">", Literal(dt.timedelta(days=1))), (dt.timedelta(days=2), "2天", 2, True, 2.0, "x")),
)


@pytest.mark.parametrize(("type_", "test", "values"), LOOKALIKES, ids=str)
@pytest.mark.parametrize("back", [False, True])
def test_equal_values_of_other_types_are_kept_apart(
    type_: Type, test: Test, values: tuple[object, ...], back: bool
) -> None:
    """1 and True are one key of a dictionary, but not one fact, whichever came first."""
    book = one_rule(Term("it", "它", Role.INPUT, type_), test)
    for value in reversed(values) if back else values:
        case: dict[str, object] = {"它": value}
        assert same(short(book, case), long(book.rulebook, case)), value


def test_a_truth_value_is_no_number() -> None:
    book = one_rule(Term("it", "它", Role.INPUT, NUMBER), Is(">=", Literal(Decimal(0))))
    for value in (1, True, 0, False):
        if isinstance(value, bool):
            with pytest.raises(CaseError, match="not-a-number"):
                book.decide({"它": value})
        else:
            assert book.decide({"它": value}).outputs == {"out": True}


numbers = st.floats() | st.integers() | st.decimals(places=3, allow_nan=False)
money = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=6), money, money | st.just(Decimal("0.3")), st.booleans())
def test_numbers_fall_on_the_same_side_of_every_bound(
    values: list[object], low: Decimal, high: Decimal, closed: bool
) -> None:
    book = one_rule(Term("it", "它", Role.INPUT, NUMBER), Between(Literal(low), Literal(high), True, closed))
    for value in (*values, float(low), float(high), 0.1 + 0.2):
        case: dict[str, object] = {"它": value}
        assert same(short(book, case), long(book.rulebook, case)), value


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=8) | st.sampled_from(NO_TEXTS), min_size=1, max_size=3))
def test_texts_that_no_rule_reads_are_trimmed_or_refused_alike(texts: list[str]) -> None:
    book = one_rule(Term("it", "它", Role.INPUT, BOOLEAN), Anything())
    notes = tuple(Term(f"note{n}", f"备注{n}", Role.INPUT, STRING, required=n == 0) for n in range(len(texts)))
    book = Book(replace(book.rulebook, terms=(*book.rulebook.terms, *notes)))
    case: dict[str, object] = {"它": True} | {note.name: text for note, text in zip(notes, texts, strict=True)}
    assert same(short(book, case), long(book.rulebook, case))


def test_a_text_that_is_far_too_long_is_refused_alike() -> None:
    book = one_rule(Term("it", "它", Role.INPUT, STRING), Anything())
    case: dict[str, object] = {"它": "长" * (MAX_TEXT + 1)}
    assert same(short(book, case), long(book.rulebook, case))


def test_a_rulebook_without_tables_decides_nothing_and_does_not_fail() -> None:
    book = Rulebook("none", "none", terms=(Term("a", "甲", Role.INPUT, NUMBER), Term("b", "乙", Role.OUTPUT, NUMBER)))
    outcome = Engine(book).decide({"a": Decimal(1)})
    assert (outcome.outputs, outcome.firings) == ({"b": None}, ())


def test_what_outcomes_share_cannot_be_changed() -> None:
    """Outcomes of a rulebook with one table share all but the case: a change would come out of later cases."""
    book = one_rule(Term("it", "它", Role.INPUT, BOOLEAN), Anything())
    outcome = book.decide({"它": True})
    for part in (outcome.outputs, outcome.derived, outcome.statuses):
        with pytest.raises(TypeError):
            part["更多"] = None  # type: ignore[index]  # what a careless caller does
