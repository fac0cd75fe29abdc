"""Laws of the checks: a sample lies in its class and a condition in its classes; what is said to be idle can be taken
out; proofs about tables that read tables hold of every case that is tried."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.analysis import gaps, smt, walk
from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import TABLES, verdicts
from rulectl.analysis.gaps import answered, terms_of
from rulectl.analysis.policies import CHECKS as POLICIES
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer
from rulectl.analysis.walk import Box, meet, uncovered, widen, within
from rulectl.analysis.wording import condition, inhabited, sample
from rulectl.lang.region import FIRST, Partition, Region, complement, intersection, union
from rulectl.lang.syntax import Is, Literal
from rulectl.model.policy import HitPolicy, Merge, Role, Status
from rulectl.model.rulebook import OutputColumn, OutputEntry, Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Kind, Type, fits
from rulectl.values import Value
from tests.analysis.brute import Truth, rulebook
from tests.analysis.test_chains_agree import in_order
from tests.analysis.test_policies_brute import book_with_policies
from tests.runtime import drawn

DAY = dt.date(2025, 3, 1)
POINTS: list[tuple[Type, list[Value]]] = [
    (NUMBER, [Decimal("-1.5"), Decimal(0), Decimal("0.01"), Decimal(3), Decimal("1E+20")]),
    (Type(Kind.NUMBER, low=Decimal(0), high=Decimal(3)), [Decimal(-1), Decimal(0), Decimal(2), Decimal(3), Decimal(9)]),
    (DATE, [DAY, DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=9), dt.date(2024, 2, 29)]),
    (DATETIME, [dt.datetime(2025, 1, 1), dt.datetime(2025, 1, 1, 0, 0, 1), dt.datetime(2025, 1, 1, 0, 1)]),
    (DURATION, [dt.timedelta(0), dt.timedelta(seconds=1), dt.timedelta(days=2), dt.timedelta(hours=3)]),
    (STRING, ["a", "其他", "b;c"]),
    (Type(Kind.ENUM, values=("甲", "乙", "丙")), ["甲", "丙"]),
    (Type(Kind.ENUM, values=("甲", "乙")), ["甲", "乙"]),
    (BOOLEAN, [True]),
]


@given(st.sampled_from(POINTS), st.sets(st.integers(0, 4)), st.sets(st.integers(1, 12)), st.booleans())
def test_samples_and_conditions_say_their_classes(
    world: tuple[Type, list[Value]], chosen: set[int], numbers: set[int], nullable: bool
) -> None:
    type_, points = world
    partition = Partition.of(type_, [Is("=", Literal(points[i])) for i in chosen if i < len(points)])
    values = inhabited(partition, type_)
    for start, stop in values:
        for number in range(start, stop):
            value = sample(partition, number, type_)
            assert partition.locate(value) == number
            assert fits(value, type_)
    whole = union((((1, 2),), values)) if nullable else values
    region: Region = intersection(union(((n, n + 1),) for n in numbers), whole)
    if region:
        test = condition(partition, region, whole)
        assert intersection(partition.region(test), values) == intersection(region, values)


REGIONS = st.sets(st.integers(FIRST, 7), min_size=1).map(lambda found: union(((n, n + 1),) for n in found))
BOXES = st.tuples(REGIONS, REGIONS, REGIONS)


@pytest.mark.parametrize("long", [1, 4_000], ids=["drawn", "walked"])
@given(domain=BOXES, covers=st.lists(BOXES, max_size=8))
def test_what_is_uncovered_is_found(long: int, domain: Box, covers: list[Box]) -> None:
    """Also where a walk is given up at its first step, points are drawn, and what is not found so is walked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "_LONG", long)
        point = uncovered(domain, covers, Budget())
    cells = [((a,), (b,), (c,)) for a in range(FIRST, 8) for b in range(FIRST, 8) for c in range(FIRST, 8)]
    free = {
        (a[0], b[0], c[0])
        for a, b, c in cells
        if within(_cell(a[0], b[0], c[0]), domain) and not any(meet(_cell(a[0], b[0], c[0]), cover) for cover in covers)
    }
    assert (point is None) == (not free)
    if point is not None:
        assert point in free
        box = widen(point, domain, covers)
        assert within(_cell(*point), box)
        assert within(box, domain)
        assert not any(meet(box, cover) for cover in covers)
        for axis, region in enumerate(box):
            for start, stop in intersection(domain[axis], complement(region, 8)):
                for number in range(start, stop):
                    wider = (*box[:axis], union((region, ((number, number + 1),))), *box[axis + 1 :])
                    assert any(meet(wider, cover) for cover in covers)


def _cell(*numbers: int) -> Box:
    return tuple(((n, n + 1),) for n in numbers)


def concluding(seed: int, policy: HitPolicy) -> Rulebook:
    """A drawn rulebook of one table with a conclusion that fits its hit policy; a list may keep repeats."""
    r = Random(seed)
    book = rulebook(r, policy, tied=False)
    term, table = book.term("level"), book.tables[0]
    if policy.lists:
        level = replace(term, type=replace(term.type, many=True), merge=r.choice([Merge.COLLECT, Merge.ALL]))
    elif policy.numeric:
        level = replace(term, type=NUMBER)
        amounts: dict[Value, OutputEntry] = {
            value: OutputEntry(Literal(Decimal(n))) for n, value in enumerate(term.type.values)
        }
        rules = (
            replace(rule, then=tuple(amounts[e.expr.value] if isinstance(e.expr, Literal) else e for e in rule.then))
            for rule in table.rules
        )
        table = replace(table, outputs=(OutputColumn("level", policy),), rules=tuple(rules))
    else:
        return book
    return replace(book, terms=tuple(level if t is term else t for t in book.terms), tables=(table,))


@pytest.mark.parametrize("policy", HitPolicy, ids=lambda policy: policy.name)
@settings(max_examples=15)
@given(st.integers(0, 10**9))
def test_what_is_idle_can_be_taken_out(policy: HitPolicy, seed: int) -> None:
    """Without a rule that repeats, lies in another, is shadowed or never holds, every known case comes out the same.
    (Where something is unknown, a possible rule still keeps an else rule back.) Of two rules of the same conditions one
    is always told, even where both count."""
    book = concluding(seed, policy)
    slugs = {"never-holds", "shadowed-rule", "subsumed-rule"}
    if not policy.gives.tallies and book.term("level").merge is not Merge.ALL:
        slugs.add("duplicate-rule")
    found = [v for v in verdicts(Study(book), Budget(), TABLES) if v.slug in slugs]
    engine = Engine(book)
    cases = list(Truth(book).cases(nulls=False))
    for verdict in found:
        if verdict.answer is not Answer.COUNTEREXAMPLE:
            continue
        table = book.tables[0]
        left = replace(table, rules=tuple(rule for rule in table.rules if rule.id != verdict.rules[0]))
        without = Engine(replace(book, tables=(left,)))
        for case in Random(seed).sample(cases, min(len(cases), 40)):
            assert engine.decide(case).outputs == without.decide(case).outputs


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_proofs_about_chains_hold_of_every_case(seed: int) -> None:
    """Where no gap was found, no known case is left without a rule; where no overlap was, nothing is complained of."""
    r = Random(seed)
    book: Rulebook = drawn.rulebook(r)
    study = Study(book)
    sure = {(v.slug, v.at, v.table) for v in verdicts(study, Budget.of(20), TABLES) if v.answer is Answer.PROVED}
    inputs = [t for t in book.terms if t.role is Role.INPUT]
    whole = [s for s in answered(study) if ("gap", s.at, s.name) in sure]
    for _ in range(25):
        case = {t.id: drawn._literal(r, t.type) for t in inputs}
        outcome = study.engine.decide(case)
        facts = {**outcome.case, **outcome.derived, **outcome.outputs}
        for subject in whole:
            reads = {n for m in (subject.members or (subject.table or 0,)) for n in study.plan.tables[m].reads}
            names = {book.tables[m].name for m in subject.members or (subject.table or 0,)}
            silent = not names & {firing.table for firing in outcome.firings}
            if silent and all(facts.get(name) is not None for name in reads):
                assert all(outcome.statuses[term] is not Status.NO_RULE for term in terms_of(study, subject))
        for found in outcome.findings:
            slug = {"rules-overlap": "overlap", "rules-disagree": "conflict"}.get(found.slug)
            assert slug is None or not any(s == slug and t == found.table for s, _, t in sure)


@pytest.mark.parametrize("policy", [HitPolicy.UNIQUE, HitPolicy.FIRST])
def test_verdicts_are_the_same_each_time(policy: HitPolicy) -> None:
    book = rulebook(Random(7), policy, tied=False)
    assert list(verdicts(Study(book), Budget())) == list(verdicts(Study(book), Budget()))


def test_a_gap_is_called_the_same_whatever_the_solver_comes_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what was accepted under its name stays accepted: with the rules in another order, with one more input,
    that nothing asks for, before the others, and with a solver that starts elsewhere."""

    def called(book: Rulebook, seed: int) -> list[tuple[str, str | None]]:
        monkeypatch.setattr(smt, "SEED", seed)
        found = [v for v in verdicts(Study(book), Budget(), gaps.CHECKS[:1]) if v.answer is not Answer.PROVED]
        return [(v.table, dict(v.fields).get("region_zh")) for v in found]

    idle = Term("aside", "旁", Role.INPUT, STRING)
    seen = 0
    for seed in range(24):
        r = Random(seed)
        book = drawn.rulebook(r)
        if not in_order(book, Engine(book)):
            continue
        tables = tuple(
            table
            if any(column.policy.takes.picks for column in table.outputs)
            else replace(table, rules=tuple(r.sample(table.rules, len(table.rules))))
            for table in book.tables
        )
        names = called(book, 7)
        assert called(replace(book, tables=tables, terms=(idle, *book.terms)), 99) == names
        seen += len(names)
    assert seen > 20


@pytest.mark.parametrize("seed", [21, 46])
def test_a_proof_does_not_hang_on_what_was_asked_before(seed: int) -> None:
    """Formulas of several worlds are made by turns; a name that two of them share would prove what is not so."""
    book = book_with_policies(seed)
    assert book is not None
    alone_ = [(v.at, v.answer) for v in verdicts(Study(book), Budget(), POLICIES)]
    among = [(v.at, v.answer) for v in verdicts(Study(book), Budget()) if v.slug == "policy-violated"]
    assert among == alone_
    assert Answer.COUNTEREXAMPLE in {answer for _, answer in among}
