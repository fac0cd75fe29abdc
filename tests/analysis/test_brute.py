"""Checks against the plain truth: everything is found, nothing is reported that is not so, clean tables are proved."""

from __future__ import annotations

import itertools
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import TABLES, verdicts
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Verdict
from rulectl.model.policy import HitPolicy
from tests.analysis.brute import Truth, rulebook

SEEDS = st.integers(0, 10**9)


def answers(truth: Truth) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts(Study(truth.book), Budget(), TABLES):
        found.setdefault(verdict.slug, []).append(verdict)
    return found


def shown(found: dict[str, list[Verdict]], slug: str) -> list[Verdict]:
    return [v for v in found.get(slug, []) if v.answer is Answer.COUNTEREXAMPLE]


def open_(found: dict[str, list[Verdict]], slug: str) -> bool:
    return any(v.answer is Answer.UNDECIDED for v in found.get(slug, []))


def check(seed: int, policy: HitPolicy, tied: bool) -> None:
    truth = Truth(rulebook(Random(seed), policy, tied))
    found = answers(truth)
    if not tied:
        assert not any(open_(found, slug) for slug in found)
    gaps(truth, found)
    never(truth, found)
    pairs(truth, found, policy)
    if policy is HitPolicy.FIRST:
        shadows(truth, found)


def gaps(truth: Truth, found: dict[str, list[Verdict]]) -> None:
    real = any(truth.gap(case) for case in truth.cases(nulls=False))
    assert all(truth.gap(dict(verdict.case)) for verdict in shown(found, "gap"))
    if not open_(found, "gap"):
        assert not real or shown(found, "gap")


def never(truth: Truth, found: dict[str, list[Verdict]]) -> None:
    cases = list(truth.cases(nulls=True))
    real = {
        rule.id for rule in truth.table.rules if rule.enabled and not any(truth.holds(rule, case) for case in cases)
    }
    said = {verdict.rules[0] for verdict in shown(found, "never-holds")}
    assert said <= real
    if not open_(found, "never-holds"):
        assert said == real


def pairs(truth: Truth, found: dict[str, list[Verdict]], policy: HitPolicy) -> None:
    if policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return
    slug = "overlap" if policy is HitPolicy.UNIQUE else "conflict"
    real = set()
    for case in truth.cases(nulls=True):
        for one, other in itertools.combinations(truth.active(case), 2):
            values = [truth.table.rules[n].then[0].expr for n in (one, other)]
            if slug == "overlap" or (None not in values and values[0] != values[1]):
                real.add((truth.id(one), truth.id(other)))
    said = {(v.rules[0], other) for v in shown(found, slug) for other in v.rules[1:]}
    for verdict in shown(found, slug):
        held = {truth.id(n) for n in truth.active(dict(verdict.case))}
        assert set(verdict.rules[:2]) <= held
    assert said <= real
    if not open_(found, slug):
        assert said == real


def shadows(truth: Truth, found: dict[str, list[Verdict]]) -> None:
    met: set[int] = set()
    first: set[int] = set()
    for case in truth.cases(nulls=True):
        hits = truth.hits(case)
        met |= set(hits)
        first |= set(hits[:1])
    real = {truth.id(n) for n in met - first}
    said = {v.rules[0] for slug in ("shadowed-rule", "duplicate-rule") for v in shown(found, slug)}
    assert said <= real
    if not open_(found, "shadowed-rule"):
        assert said == real
    for verdict in shown(found, "shadowed-rule"):
        if verdict.case:
            held = [truth.id(n) for n in truth.hits(dict(verdict.case))]
            assert verdict.rules[0] in held[1:]


@example(15838, HitPolicy.UNIQUE)  # a rule that asks whether a required field is blank
@settings(max_examples=100)
@given(SEEDS, st.sampled_from([HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST]))
def test_plain_tables(seed: int, policy: HitPolicy) -> None:
    check(seed, policy, tied=False)


@settings(max_examples=40)
@given(SEEDS, st.sampled_from([HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST]))
def test_tables_whose_conditions_hang_together(seed: int, policy: HitPolicy) -> None:
    check(seed, policy, tied=True)
