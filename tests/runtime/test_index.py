"""Regions and the index, held to their laws: a class knows all that a test can say of its values, and matching by
classes finds the rules that evaluating every test of every rule finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.lang.evaluate import evaluate, meets
from rulectl.lang.region import (
    ABSENT,
    FIRST,
    UNKNOWN,
    Partition,
    Region,
    complement,
    intersection,
    on_null,
    union,
)
from rulectl.lang.syntax import ANYTHING, AllOf, Between, Except, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.lang.trees import names_of
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.runtime import index, leaf
from rulectl.runtime.bundling import bundled
from rulectl.runtime.index import Index, Lowered, Match, lower
from rulectl.runtime.lowering import NONE
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Kind, Type
from rulectl.values import Value, and3
from tests.runtime import drawn

COLOURS = Type(Kind.ENUM, values=("红", "黄", "蓝", "绿"))
TYPES = (NUMBER, DATE, DATETIME, DURATION, STRING, COLOURS, BOOLEAN)
DAY = dt.datetime(2025, 1, 1)

VALUES: dict[Type, tuple[Value, ...]] = {
    NUMBER: tuple(Decimal(text) for text in ("-1", "0", "1", "1.50", "2", "3", "1E+30")),
    DATE: tuple(dt.date(2025, 1, day) for day in range(1, 6)),
    DATETIME: tuple(DAY + dt.timedelta(hours=hours) for hours in (0, 1, 12, 24, 36)),
    DURATION: tuple(dt.timedelta(hours=hours) for hours in (-1, 0, 24, 48)),
    STRING: ("a", "b", "c", "d", "1"),
    COLOURS: COLOURS.values,
    BOOLEAN: (False, True),
}


@st.composite
def plain_tests(draw: st.DrawFn, type_: Type, depth: int = 0) -> Test:
    """A plain test of a scalar column."""
    kinds = ["any", "null", "is", "is", "is"]
    kinds += ["between"] if type_.ordered else []
    kinds += ["one", "all", "not"] if depth < 2 else []
    literal = st.sampled_from(VALUES[type_]).map(Literal)
    match draw(st.sampled_from(kinds)):
        case "any":
            return ANYTHING
        case "null":
            return IsNull()
        case "is":
            return Is(
                draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="] if type_.ordered else ["=", "!="])),
                draw(literal),
            )
        case "between":
            return Between(draw(literal), draw(literal), draw(st.booleans()), draw(st.booleans()))
        case "not":
            return Except(draw(plain_tests(type_, depth + 1)))
        case several:
            items = (draw(plain_tests(type_, depth + 1)), draw(plain_tests(type_, depth + 1)))
            return OneOf(items) if several == "one" else AllOf(items)


columns = st.sampled_from(TYPES).flatmap(
    lambda type_: st.tuples(st.just(type_), st.lists(plain_tests(type_), max_size=5))
)


def holding(region: Region) -> set[int]:
    return {number for start, stop in region for number in range(start, stop)}


# -- regions -----------------------------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(columns)
def test_a_region_holds_the_class_of_a_value_just_when_the_value_meets_the_test(
    column: tuple[Type, list[Test]],
) -> None:
    type_, asked = column
    partition = Partition.of(type_, asked)
    for test in asked:
        region = partition.region(test)
        assert normal(region, partition.size)
        assert on_null(test) is meets(test, None, {})
        for value in VALUES[type_]:
            number = partition.locate(value)
            assert FIRST <= number < partition.size
            assert (number in holding(region)) is meets(test, value, {})


@settings(max_examples=200, deadline=None)
@given(columns)
def test_values_of_one_class_meet_the_same_tests(column: tuple[Type, list[Test]]) -> None:
    type_, asked = column
    partition = Partition.of(type_, asked)
    answers: dict[int, list[bool | None]] = {}
    for value in VALUES[type_]:
        said = [meets(test, value, {}) for test in asked]
        assert answers.setdefault(partition.locate(value), said) == said


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_finer_partition_knows_the_classes_of_a_coarser_one(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(TYPES))
    some = data.draw(st.lists(plain_tests(type_), max_size=3))
    more = data.draw(st.lists(plain_tests(type_), max_size=3))
    fine, coarse = Partition.of(type_, [*some, *more]), Partition.of(type_, some)
    for value in VALUES[type_]:
        assert fine.coarser(coarse, fine.locate(value)) == coarse.locate(value)
    assert [fine.coarser(coarse, number) for number in (UNKNOWN, ABSENT)] == [UNKNOWN, ABSENT]
    for test in some:
        inside = holding(coarse.region(test))
        assert all(
            (fine.coarser(coarse, n) in inside) is (n in holding(fine.region(test))) for n in range(FIRST, fine.size)
        )


SIZE = 20
regions = st.sets(st.integers(FIRST, SIZE - 1)).map(lambda numbers: union(((n, n + 1),) for n in numbers))


def normal(region: Region, size: int = SIZE) -> bool:
    """Sorted, disjoint, non-adjacent runs of values."""
    ends = [end for run in region for end in run]
    return ends == sorted(set(ends)) and all(FIRST <= end <= size for end in ends)


@given(regions, regions, regions)
def test_regions_are_sets_of_classes(a: Region, b: Region, c: Region) -> None:
    everything = set(range(FIRST, SIZE))
    for region in (union((a, b)), intersection(a, b), complement(a, SIZE)):
        assert normal(region)
    assert holding(union((a, b, c))) == holding(a) | holding(b) | holding(c)
    assert holding(intersection(a, b)) == holding(a) & holding(b)
    assert holding(complement(a, SIZE)) == everything - holding(a)
    assert complement(complement(a, SIZE), SIZE) == a
    assert complement(union((a, b)), SIZE) == intersection(complement(a, SIZE), complement(b, SIZE))
    assert intersection(a, union((b, c))) == union((intersection(a, b), intersection(a, c)))


# -- the index ---------------------------------------------------------------------------------------------------

TERMS = (
    Term("label", "标签", Role.INPUT, STRING),
    Term("colour", "颜色", Role.INPUT, COLOURS),
    Term("worn", "已穿", Role.INPUT, BOOLEAN),
    Term("days", "天数", Role.INPUT, NUMBER),
    Term("paid", "实付", Role.INPUT, NUMBER),
    Term("on", "日期", Role.INPUT, DATE),
    Term("out", "结论", Role.OUTPUT, STRING),
)
INPUTS = tuple(term for term in TERMS if term.role is Role.INPUT)


def book_of(table: Table) -> Rulebook:
    return Rulebook("index", "索引", terms=TERMS, tables=(table,))


def table_of(rows: Iterable[tuple[Test, ...]], off: frozenset[int] = frozenset()) -> Table:
    """A table over all inputs."""
    rules = tuple(
        Rule(f"R{n}", tuple(map(TestEntry, row)), (OutputEntry(Literal("x")),), enabled=n not in off)
        for n, row in enumerate(rows)
    )
    heads = tuple(InputColumn(Name(term.id), term.type) for term in INPUTS)
    return Table("表", HitPolicy.COLLECT, heads, (OutputColumn("out", HitPolicy.FIRST),), rules)


def scan(table: Table, facts: Mapping[str, Value], absent: frozenset[str]) -> Match:
    """Every test of every rule."""
    hits, open_ = [], []
    for number, rule in enumerate(table.rules):
        if not rule.enabled:
            continue
        truths = []
        for column, entry in zip(table.inputs, rule.when, strict=True):
            truth = meets(entry.test, evaluate(column.subject, facts), facts)
            missing = {n for n in names_of(column.subject) | names_of(entry.test) if facts.get(n) is None}
            truths.append(False if truth is None and missing and missing <= absent else truth)
        if and3(truths):
            hits.append(number)
        elif and3(truths) is None:
            open_.append(number)
    return Match(tuple(hits), tuple(open_))


def key_of(lowered: Lowered, facts: Mapping[str, Value], absent: frozenset[str]) -> tuple[int, ...]:
    return tuple(column.classify(facts, absent) for column in lowered.columns)


def random_test(r: Random, type_: Type, depth: int = 0) -> Test:
    """A test, sometimes against another term."""
    pick = r.random()
    literal = Literal(r.choice(VALUES[type_]))
    if pick < 0.4 and not depth:
        return ANYTHING
    if pick < 0.45:
        return IsNull()
    if pick < 0.6 and depth < 2:
        items = (random_test(r, type_, depth + 1), random_test(r, type_, depth + 1))
        return OneOf(items) if r.random() < 0.7 else AllOf(items)
    if pick < 0.68 and depth < 2:
        return Except(random_test(r, type_, depth + 1))
    if type_ == NUMBER and pick < 0.75:
        return Is(r.choice(["<=", ">"]), Name(r.choice(["paid", "days"])))
    return Is(r.choice(["=", "!=", "<", ">="] if type_.ordered else ["=", "=", "!="]), literal)


def random_case(r: Random) -> tuple[dict[str, Value], frozenset[str]]:
    """Facts, some unknown, some absent."""
    facts = {term.id: r.choice(VALUES[term.type]) for term in INPUTS if r.random() < 0.75}
    gone = frozenset(term.id for term in INPUTS if term.id not in facts and r.random() < 0.4)
    return facts, gone


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from([0, 1, 4, 1024]), st.sampled_from([1, 100, 10**6]))
def test_the_index_finds_what_a_scan_finds(seed: int, dense: int, steps: int) -> None:
    r = Random(seed)
    rows = [tuple(random_test(r, term.type) for term in INPUTS) for _ in range(r.randint(1, 12))]
    table = table_of(rows, frozenset(n for n in range(12) if r.random() < 0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "DENSE_RULES", dense)
        patch.setattr(index, "MOST_SPREAD", r.choice([0.75, 2.0]))
        patch.setattr(index, "WORTH_SPREAD", r.choice([0.34, 2.0]))
        patch.setattr(index, "WIDE", r.choice([1, 64]))
        patch.setattr(index, "CUTS", r.choice([2, 16]))
        patch.setattr(index, "KEPT_MEMBERS", r.choice([3, 10**6]))
        patch.setattr(index, "WHOLE_WORK", r.choice([0, 1, 100]))
        patch.setattr(index, "FEW_MEMBERS", r.choice([0, 256]))
        patch.setattr(leaf, "KEPT_STEPS", steps)
        patch.setattr(leaf, "MANY_TOGGLES", r.choice([0, 16]))
        patch.setattr(leaf, "FEW_RULES", r.choice([0, 32]))
        patch.setattr(leaf, "MOST_BOXES", r.choice([1, 16]))
        lowered = lower(table, book_of(table))
        built = Index.of(lowered)
        for _ in range(8):
            facts, absent = random_case(r)
            key = key_of(lowered, facts, absent)
            found = scan(table, facts, absent)
            assert built.match(key) == found
            if UNKNOWN not in key:
                assert built.leaf(key).first(key) == next(iter(found.hits), NONE)


@pytest.fixture(scope="module")
def large() -> tuple[Table, Lowered, Index]:
    """A table too large for one dense index; rules name a label, several, none, all but one, or no label at all."""
    r = Random(7)
    labels = [f"款{n}" for n in range(300)]
    forms = (
        lambda: Is("=", Literal(r.choice(labels))),
        lambda: Is("=", Literal(r.choice(labels))),
        lambda: OneOf((Is("=", Literal(r.choice(labels))), Is("=", Literal(r.choice(labels))))),
        lambda: OneOf((Is("=", Literal(r.choice(labels))), IsNull())),
    )
    rare = (lambda: ANYTHING, IsNull, lambda: Except(IsNull()), lambda: Except(Is("=", Literal(labels[0]))))
    rows = []
    for _ in range(index.DENSE_RULES + 400):
        first: Test = r.choice(forms)() if r.random() < 0.97 else r.choice(rare)()
        rows.append((first, *(random_test(r, term.type) for term in INPUTS[1:])))
    table = table_of(rows)
    lowered = lower(table, book_of(table))
    return table, lowered, Index.of(lowered)


def test_a_large_table_is_split_and_finds_what_a_scan_finds(
    large: tuple[Table, Lowered, Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    table, lowered, built = large
    monkeypatch.setattr(index, "WHOLE_WORK", 1_000)
    r = Random(8)
    met = 0
    for number in range(36):
        facts, absent = random_case(r)
        facts.pop("label", None)
        if number % 3:
            facts["label"] = f"款{r.randrange(310)}"
            absent -= {"label"}
        expected = scan(table, facts, absent)
        assert built.match(key_of(lowered, facts, absent)) == expected
        met += bool(expected.hits) + bool(expected.open)
    assert met > 20
    split = built.root.split
    assert split is not None
    assert lowered.columns[split.column].subject == Name("label")
    assert 0 < len(built.root.parts) < len(split.own), "only the parts that cases reach are built"


def test_a_table_that_takes_much_splitting_gets_bit_vectors_of_all_its_rules(
    large: tuple[Table, Lowered, Index],
) -> None:
    table, lowered, _ = large
    built = Index.of(lowered)
    r = Random(9)
    for _ in range(60):
        facts, absent = random_case(r)
        key = key_of(lowered, facts, absent)
        before = built.whole is None
        assert built.match(key) == built.leaf(key).match(key)
    assert not before
    assert built.root.split is None, "the tree is let go"
    facts, absent = random_case(r)
    assert built.match(key_of(lowered, facts, absent)) == scan(table, facts, absent)


def test_a_split_that_spreads_nothing_is_not_made() -> None:
    """Every rule names the one label, so that buckets would only cost."""
    row: tuple[Test, ...] = (Is("=", Literal("a")), *[ANYTHING] * (len(INPUTS) - 1))
    rows = [row] * (index.DENSE_RULES + 1)
    table = table_of(rows)
    built = Index.of(lower(table, book_of(table)))
    assert len(built.match((built.lowered.columns[0].classify({"label": "a"}, frozenset()),)).hits) == len(rows)
    assert built.root.split is None


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**40))
def test_drawn_tables_match_alike_however_they_are_indexed(seed: int) -> None:
    """Effective dates, headings that compute and lists included."""
    r = Random(seed)
    book = drawn.rulebook(r)
    cases = [drawn.case(r, book) for _ in range(4)]
    for table in book.tables:
        lowered = lower(table, book)
        whole = Index.of(lowered)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(index, "DENSE_RULES", 0)
            split = Index.of(lowered)
            patch.setattr(index, "DENSE_RULES", 1024)
        for facts in cases:
            known = {parameter.id: parameter.value for parameter in book.parameters} | facts
            key = key_of(lowered, known, frozenset())
            assert split.match(key) == whole.match(key)


def test_a_rule_that_asks_the_same_of_a_list_twice_asks_it_once() -> None:
    """Two columns of a table may ask one list, and a rule the same in both."""
    marks = Type(Kind.ENUM, many=True, values=("甲", "乙"))
    column = InputColumn(Name("marks"), marks)
    asked = TestEntry(Is("=", Literal("甲")))
    rule = Rule("R1", (asked, asked), (OutputEntry(Literal("x")),))
    table = Table("t", HitPolicy.FIRST, (column, column), (OutputColumn("out", HitPolicy.FIRST),), (rule,))
    term = Term("marks", "标记", Role.INPUT, marks)
    book = Rulebook("twice", "两次", terms=(term, Term("out", "果", Role.OUTPUT, STRING)), tables=(table,))
    lowered = lower(table, book)
    for mine in (lowered, bundled(lowered)):
        held = [Index.of(mine).match(key_of(mine, {"marks": value}, frozenset())) for value in (("甲",), ("乙",), None)]
        assert held == [Match((0,), ()), Match((), ()), Match((), (0,))]
