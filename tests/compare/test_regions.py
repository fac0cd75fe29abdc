"""The regions of a comparison are all the cases that differ, and no others: drawn pairs of one-table rulebooks, every
combination of a few values for each term decided by both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.compare.comparison import compare
from rulectl.compare.joint import Joint, Version, joint_of
from rulectl.compare.regions import differing
from rulectl.compare.telling import tell
from rulectl.compare.witness import Unshown, decided, shown, within
from rulectl.lang.syntax import Binary, If, Is, Literal, Meets, Name
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import OutputColumn, OutputEntry, Parameter, Rule, Rulebook, Table, Term
from rulectl.types import NUMBER
from rulectl.values import Value
from tests.analysis.brute import MARKS, Truth, rulebook

SEEDS = st.integers(0, 10**9)
MOST = 300
"""How many cases of a pair are decided."""


def with_more(book: Rulebook, r: Random, collects: HitPolicy) -> Rulebook:
    """The rulebook with a list and an amount among its conclusions, the amount computed here and there."""
    table = book.tables[0]
    limit = Name("limit")

    def amount() -> OutputEntry:
        drawn = r.random()
        if drawn < 0.3:
            return OutputEntry(None)
        if drawn < 0.6:
            return OutputEntry(Literal(Decimal(r.randint(0, 2))))
        if drawn < 0.8:
            return OutputEntry(Binary("+", Name("paid"), limit))
        return OutputEntry(If(Meets(Name("paid"), Is(">", limit)), Literal(Decimal(1)), Literal(Decimal(2))))

    def marks() -> OutputEntry:
        if r.random() < 0.3:
            return OutputEntry(None)
        return OutputEntry(Literal(tuple(r.sample(MARKS.values, r.randint(1, 2)))))

    rules = tuple(replace(rule, then=(*rule.then, marks(), amount())) for rule in table.rules)
    terms = (
        *book.terms,
        Term("given", "给出", Role.OUTPUT, MARKS),
        Term("amount", "金额", Role.OUTPUT, NUMBER),
    )
    columns = (*table.outputs, OutputColumn("given", collects), OutputColumn("amount", table.policy))
    return replace(book, terms=terms, tables=(replace(table, outputs=columns, rules=rules),))


def edited(book: Rulebook, other: Rulebook, r: Random) -> Rulebook:
    """Another version of a rulebook: rules gone, added, moved, rewritten, switched; a parameter changed."""
    table = book.tables[0]
    rules = list(table.rules)
    for _ in range(r.randint(1, 3)):
        at = r.randrange(len(rules)) if rules else 0
        match r.randrange(7):
            case 0 if len(rules) > 1:
                del rules[at]
            case 1:
                rules.insert(at, replace(fresh(other, table, r), id=f"N{r.randrange(10**6)}"))
            case 2 if rules:
                rules.insert(r.randrange(len(rules)), rules.pop(at))
            case 3 if rules:
                rules[at] = replace(rules[at], then=fresh(other, table, r).then)
            case 4 if rules:
                rules[at] = replace(rules[at], when=fresh(other, table, r).when, otherwise=False)
            case 5 if rules:
                rules[at] = replace(rules[at], enabled=not rules[at].enabled)
            case 6:
                limit = Parameter("limit", "上限", NUMBER, Decimal(r.choice([1, 2, 3])))
                book = replace(book, parameters=(limit,))
    return replace(book, tables=(replace(table, rules=tuple(rules)),))


def fresh(other: Rulebook, table: Table, r: Random) -> Rule:
    """A rule of another drawn table that has the same columns."""
    assert other.tables[0].inputs == table.inputs
    return r.choice(list(other.tables[0].rules))


def pair(seed: int, policy: HitPolicy, collects: HitPolicy, tied: bool) -> tuple[Rulebook, Rulebook]:
    """Two versions of a drawn rulebook."""
    r = Random(seed)
    old = with_more(rulebook(r, policy, tied), r, collects)
    # rules under the same headings: those of the table itself, parted and put together anew
    rules = list(old.tables[0].rules)
    mixed = []
    for rule in rules:
        others = r.choice(rules)
        when = tuple(r.choice(both) for both in zip(rule.when, others.when, strict=True))
        then = tuple(r.choice(both) for both in zip(rule.then, others.then, strict=True))
        mixed.append(replace(rule, when=when, then=then, otherwise=rule.otherwise and others.otherwise))
    other = replace(old, tables=(replace(old.tables[0], rules=tuple(mixed)),))
    return old, edited(old, other, r)


def joint(old: Rulebook, new: Rulebook) -> Joint:
    return joint_of(Version(Study(old), 0), Version(Study(new), 0))


def cases(old: Rulebook, new: Rulebook) -> Iterator[dict[str, Value]]:
    """Cases of what either asks, and of what formulas lean on."""
    # what is unknown keeps an else rule waiting for rules that could still hold: of such cases no region speaks
    nulls = not any(rule.otherwise for book in (old, new) for rule in book.tables[0].rules)
    every = {tuple(sorted(case.items(), key=str)): case for book in (old, new) for case in _cases(book, nulls)}
    return iter(every.values())


def _cases(book: Rulebook, nulls: bool) -> Iterator[dict[str, Value]]:
    every = list(islice(Truth(book).cases(nulls), 200_000))
    for case in every[:: max(1, len(every) // MOST)]:
        for paid in (Decimal(1), Decimal("2.5"), Decimal(4)) if "paid" not in case else (None,):
            yield case if paid is None else {**case, "paid": paid}


def agrees(old: Rulebook, new: Rulebook) -> None:
    both = joint(old, new)
    regions = differing(both, Budget())
    for case in cases(old, new):
        holding = [region for region in regions if within(both, region, case)]
        found = decided(both, case)
        if found is not None:
            told = {term for region in holding for term, _ in region.after}
            assert {term for term, _ in found.after} <= told, case
        else:
            assert all(region.computed for region in holding), case


POLICIES = [policy for policy in HitPolicy if not policy.lists]
LISTS = [*(policy for policy in HitPolicy if policy.lists), HitPolicy.FIRST]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@given(SEEDS, st.sampled_from(LISTS))
@settings(max_examples=20)
def test_a_case_is_decided_otherwise_where_a_region_says_so(policy: HitPolicy, seed: int, collects: HitPolicy) -> None:
    agrees(*pair(seed, policy, collects, tied=False))


@given(SEEDS, st.sampled_from(POLICIES), st.sampled_from(LISTS))
@settings(max_examples=20)
def test_so_it_is_where_conditions_hang_together(seed: int, policy: HitPolicy, collects: HitPolicy) -> None:
    agrees(*pair(seed, policy, collects, tied=True))


@given(SEEDS, st.sampled_from(POLICIES), st.sampled_from(LISTS))
@settings(max_examples=30)
def test_every_region_has_a_case_that_both_decide_otherwise(seed: int, policy: HitPolicy, collects: HitPolicy) -> None:
    """A region that no formula decides is shown; where conditions do not hang together, it is there."""
    both = joint(*pair(seed, policy, collects, tied=False))
    for region in differing(both, Budget()):
        case = shown(both, region, Budget())
        if isinstance(case, Unshown):
            assert region.computed
        else:
            axes = zip(both.space.axes, region.box, strict=True)
            required = {axis.term.id: axis.pick(box) for axis, box in axes if axis.term is not None}
            assert within(both, region, {**{n: v for n, v in required.items() if v is not None}, **case.case})
            assert case.before != case.after or region.before[0][1].fired != region.after[0][1].fired


@given(SEEDS, st.sampled_from(POLICIES), st.sampled_from(LISTS))
@settings(max_examples=15)
def test_a_rulebook_does_not_differ_from_itself(seed: int, policy: HitPolicy, collects: HitPolicy) -> None:
    old, new = pair(seed, policy, collects, tied=True)
    for book in (old, new):
        found = compare(book, book, Budget())
        assert found.same
        assert tell(found, Budget()) == ()


@given(SEEDS)
@settings(max_examples=20)
def test_rules_that_are_numbered_anew_are_the_same_rules(seed: int) -> None:
    old, _ = pair(seed, HitPolicy.FIRST, HitPolicy.COLLECT, tied=False)
    table = old.tables[0]
    rules = tuple(replace(rule, id=f"X{number}") for number, rule in enumerate(table.rules))
    found = compare(old, replace(old, tables=(replace(table, rules=rules),)), Budget())
    assert found.same
