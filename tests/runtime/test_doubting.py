"""What is open is told from bits as the judge tells it: drawn tables of every hit policy, some of which read what
others say, and cases that lack facts, the short way against the careful engine."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.lang.syntax import ANYTHING, AllOf, Between, Except, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.model.policy import HitPolicy, Merge, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.runtime import doubting, index, turns
from rulectl.runtime.engine import Engine
from rulectl.types import BOOLEAN, NUMBER, STRING, Kind, Type
from rulectl.values import Value

LEVELS = Type(Kind.ENUM, values=("低", "中", "高"))
LISTS = Type(Kind.STRING, many=True)
LEVEL_LISTS = Type(Kind.ENUM, many=True, values=LEVELS.values)
GIVEN: tuple[tuple[Type, tuple[Value, ...]], ...] = (
    (STRING, ("a", "b", "c", "d")),
    (LEVELS, LEVELS.values),
    (NUMBER, tuple(map(Decimal, range(6)))),
    (NUMBER, tuple(map(Decimal, ("0.5", "1", "1.5", "2")))),
    (BOOLEAN, (False, True)),
)
SAID: dict[Type, tuple[Value, ...]] = {
    STRING: ("甲", "乙", "丙"),
    LEVELS: LEVELS.values,
    NUMBER: tuple(map(Decimal, ("0", "1", "-1", "2.5"))),
    LISTS: ("甲", "乙", "丙", "丁"),
    LEVEL_LISTS: LEVELS.values,
}


def kind_of(policy: HitPolicy, r: Random) -> Type:
    """A type that a column of this policy may have."""
    if policy.lists:
        return r.choice([LISTS, LEVEL_LISTS]) if policy is not HitPolicy.OUTPUT_ORDER else LEVEL_LISTS
    if policy.numeric:
        return NUMBER
    return LEVELS if policy is HitPolicy.PRIORITY else r.choice([STRING, NUMBER])


def a_test(r: Random, type_: Type, values: tuple[Value, ...], depth: int = 0) -> Test:
    pick = r.random()
    if pick < 0.3 and not depth:
        return ANYTHING
    if pick < 0.36:
        return IsNull()
    if pick < 0.5 and depth < 2:
        some = (a_test(r, type_, values, depth + 1), a_test(r, type_, values, depth + 1))
        return OneOf(some) if r.random() < 0.8 else AllOf(some)
    if pick < 0.55 and depth < 2:
        return Except(a_test(r, type_, values, depth + 1))
    if type_.ordered and pick < 0.75:
        low, high = sorted(r.choices(values, k=2))  # type: ignore[type-var]  # one ordered type
        return Between(Literal(low), Literal(high), r.random() < 0.5, r.random() < 0.5)
    return Is(r.choice(["=", "=", "!="]), Literal(r.choice(values)))


def drawn_table(r: Random, number: int, terms: list[Term], chained: bool) -> Table:
    """A table over some of the inputs, `chained` also of what earlier tables say, with conclusions of its own, added to
    `terms`."""
    known = [(f"i{n}", type_, values) for n, (type_, values) in enumerate(GIVEN)]
    read = r.sample(known, r.randint(1, 4))
    if chained:
        said_before = [(term.id, term.type, SAID[term.type]) for term in terms[len(GIVEN) :]]
        read += r.sample(said_before, min(len(said_before), r.choice([0, 1, 1, 2])))
    policy = r.choice(list(HitPolicy))
    columns: list[tuple[HitPolicy, Type]] = []
    for n in range(r.choice([1, 1, 2, 3])):
        mine = policy if r.random() < 0.7 or n == 0 else r.choice(list(HitPolicy))
        columns.append((mine, kind_of(mine, r)))
    for n, (_, type_) in enumerate(columns):
        required, merge = r.random() < 0.3, r.choice([Merge.ALL, Merge.COLLECT]) if type_.many else Merge.SINGLE
        default = r.choice([None, None, SAID[type_][0]]) if not type_.many else None
        role = r.choice([Role.OUTPUT, Role.OUTPUT, Role.DERIVED])
        terms.append(
            Term(f"o{number}{n}", f"果{number}{n}", role, type_, required=required, merge=merge, default=default)
        )
    rules = []
    for n in range(r.choice([1, 3, 6, 12])):
        when = tuple(TestEntry(a_test(r, type_, values)) for _, type_, values in read)
        said = [None if r.random() < 0.1 else r.choice(SAID[type_]) for _, type_ in columns]
        if r.random() < 0.03:
            said = [SAID[t][:2] if t.many else one for one, (_, t) in zip(said, columns, strict=True)]
        elif r.random() < 0.5:
            said = [(one,) if t.many and one else one for one, (_, t) in zip(said, columns, strict=True)]
        rules.append(Rule(f"R{n}", when, tuple(OutputEntry(None if v is None else Literal(v)) for v in said)))
    heads = tuple(InputColumn(Name(name), type_) for name, type_, _ in read)
    outs = tuple(OutputColumn(f"o{number}{n}", mine) for n, (mine, _) in enumerate(columns))
    return Table(f"表{number}", policy, heads, outs, tuple(rules), stratum=number if chained else 0)


def drawn_book(r: Random) -> Rulebook:
    terms = [Term(f"i{n}", f"因{n}", Role.INPUT, type_) for n, (type_, _) in enumerate(GIVEN)]
    chained = r.random() < 0.5
    tables = tuple(drawn_table(r, n, terms, chained) for n in range(r.choice([1, 1, 2, 4])))
    return Rulebook("doubt", "存疑", terms=tuple(terms), tables=tables)


def drawn_case(r: Random) -> dict[str, Value]:
    return {f"i{n}": r.choice(values) for n, (_, values) in enumerate(GIVEN) if r.random() < 0.6}


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**40))
def test_what_is_open_is_told_from_bits_as_the_judge_tells_it(seed: int) -> None:
    r = Random(seed)
    book = drawn_book(r)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "DENSE_RULES", r.choice([0, 1024]))
        patch.setattr(index, "WHOLE_WORK", r.choice([0, 4, 100]))
        patch.setattr(doubting, "KEPT_BYTES", r.choice([200, 1 << 24]))
        patch.setattr(doubting, "MOST_VALUES", r.choice([1, 2048]))
        patch.setattr(turns, "MANY_TABLES", r.choice([2, 16]))
        short, careful = Engine(book), Engine(book, quick=False)
        for _ in range(15):
            facts = drawn_case(r)
            assert short.decide(facts) == careful.decide(facts)


def test_most_cases_that_lack_facts_take_the_short_way() -> None:
    r = Random(5)
    quick = 0
    for _ in range(40):
        engine = Engine(drawn_book(r))
        quick += sum(bool(engine.decide_raw(drawn_case(r))) for _ in range(10))
    assert quick > 300
