"""Rules that compute come to the same in columns as one by one: rows that are settled, open, in doubt, that cannot be
computed or do not fit; whatever is kept of amounts, or forgotten, from frame to frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any as Anything

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases.writer import cell
from rulectl.columnar import computed, reading, tables
from rulectl.columnar.computed import Computed
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.runs import Runs
from rulectl.columnar.weighing import Weighing
from rulectl.lang.syntax import Any, Compare, Expr, If, Is, Literal, Name, Test, Text
from rulectl.model.policy import HitPolicy, Merge, Role
from rulectl.model.rulebook import (
    InputColumn,
    OutputColumn,
    OutputEntry,
    Parameter,
    Rule,
    Rulebook,
    Table,
    Term,
    TestEntry,
)
from rulectl.runtime.engine import Engine
from rulectl.runtime.judge import Heard, Verdict, weigh
from rulectl.types import BOOLEAN, DATE, NUMBER, STRING, Kind, Type
from rulectl.values import Value
from tests.columnar import computing
from tests.columnar.test_agree import CALM, frame, row, said
from tests.runtime import naive
from tests.runtime.test_engines_agree import answer

SEEDS = st.integers(0, 2**40)


def agree(book: Rulebook, columns: ColumnarEngine, engine: Engine, cases: list[dict[str, Value]]) -> None:
    """Hold the columns to the one-case engine."""
    decided = columns.decide(frame(book, cases))
    assert len(decided) == len(cases)
    for at, case in enumerate(cases):
        outcome = engine.decide(case)
        assert row(decided, book, at) == said(outcome), case
        for term in engine.plan.outputs:
            assert decided.text(term.id)[at] == cell(outcome.outputs[term.id])
    own.update(type(column).__name__ for column in decided.columns.values())


own: Counter[str] = Counter()
"""Which kinds of columns were met."""


@CALM
@given(SEEDS)
def test_computed_in_columns_is_computed_one_by_one(seed: int) -> None:
    r = Random(seed)
    book = computing.rulebook(r)
    engine, columns = Engine(book), ColumnarEngine(book)
    for _ in range(3):
        with pytest.MonkeyPatch.context() as patch:
            if r.random() < 0.5:
                patch.setattr(reading, "_MANY", 0)
            if r.random() < 0.5:
                patch.setattr(tables, "_COMBINATIONS", 0)
            if r.random() < 0.7:
                patch.setattr(computed, "MANY", -1)
            if r.random() < 0.5:
                columns.memory.forget_values(0)
            agree(book, columns, engine, [computing.case(r, book) for _ in range(15)])


def test_what_is_remembered_of_a_pattern_is_what_weighing_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    known, anew = Counter[bool](), Weighing.verdict

    def both(self: Weighing, heard: Sequence[Heard]) -> Verdict:
        before = len(self)
        found = anew(self, heard)
        open_ = any(one.run is not None for one in heard)
        known[open_ and len(self) == before and self._patterned] += 1
        assert found == weigh(self.term, heard)
        return found

    monkeypatch.setattr(Weighing, "verdict", both)
    for seed in range(60):
        r = Random(seed)
        book = computing.rulebook(r)
        ColumnarEngine(book).decide(frame(book, [computing.case(r, book) for _ in range(40)]))
    assert known[True] > 300, known  # else nothing was remembered


def test_every_way_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The draws above have rows of all kinds."""
    rows = Counter[str]()

    def counted(where: type, name: str, size: Callable[..., int]) -> None:
        real = getattr(where, name)

        def count(*args: Anything) -> object:
            rows[name] += size(*args)
            return real(*args)

        monkeypatch.setattr(where, name, count)

    counted(Runs, "_say", lambda self, known, start, where, *rest: len(where))
    counted(Runs, "_apart", lambda self, known, shape, where, *rest: len(where))
    counted(Runs, "exactly", lambda self, known, starts, columns, where: len(where))
    counted(Computed, "_sum", lambda *args: 1)
    counted(Computed, "_of_nulls", lambda self, columns, where: len(where))
    counted(Computed, "_one_by_one", lambda self, columns, where: len(where))
    counted(Computed, "_unsure", lambda *args: 1)
    for seed in range(40):
        r = Random(seed)
        book = computing.rulebook(r)
        ColumnarEngine(book).decide(frame(book, [computing.case(r, book) for _ in range(30)]))
    assert len(rows) == 7
    assert min(rows.values()) > 100, rows


def test_a_condition_may_ask_about_a_parameter() -> None:
    line = Term("line", "明细", Role.OUTPUT, STRING)
    asked = InputColumn(Name("fee"), NUMBER)
    free = Rule("R0", (TestEntry(Is("=", Literal(Decimal(0)))),), (OutputEntry(Literal("免")),))
    paid = Rule("R1", (TestEntry(Is(">", Literal(Decimal(0)))),), (OutputEntry(Text((Literal("收"), Name("paid")))),))
    table = Table("收费", HitPolicy.FIRST, (asked,), (OutputColumn("line", HitPolicy.FIRST),), (free, paid))
    fee = Parameter("fee", "手续费", NUMBER, Decimal("2.5"))
    terms = (Term("paid", "实付", Role.INPUT, NUMBER), line)
    book = Rulebook("fees", "收费", terms=terms, parameters=(fee,), tables=(table,))
    engine = Engine(book)
    assert engine.decide({"paid": Decimal("7.50")}).outputs == {"line": "收7.5"}
    agree(book, ColumnarEngine(book), engine, [{"paid": Decimal("7.50")}, {"paid": None}])


def test_a_count_may_be_what_another_table_says() -> None:
    """Which rules are open says nothing then: what the other table says has to be looked at."""
    total = Term("total", "件数", Role.OUTPUT, NUMBER, merge=Merge.SINGLE)
    asked = (InputColumn(Name("worn"), BOOLEAN), InputColumn(Name("torn"), BOOLEAN))
    rules = tuple(
        Rule(f"R{at}", tuple(TestEntry(Is("=", Literal(True)) if at == n else Any()) for n in (0, 1)), entry)
        for at, entry in enumerate([(OutputEntry(Name("paid")),), (OutputEntry(Name("days")),)])
    )
    output = (OutputColumn("total", HitPolicy.COUNT),)
    counted = Table("数", HitPolicy.COUNT, asked, output, rules)
    always = (Rule("R0", (TestEntry(Any()),), (OutputEntry(Name("days")),)),)
    said_so = Table("说", HitPolicy.FIRST, asked[:1], (OutputColumn("total", HitPolicy.FIRST),), always)
    inputs = [Term(name, name, Role.INPUT, NUMBER) for name in ("paid", "days")]
    inputs += [Term(name, name, Role.INPUT, BOOLEAN) for name in ("worn", "torn")]
    book = Rulebook("counts", "数", terms=(*inputs, total), tables=(counted, said_so))
    cases: list[dict[str, Value]] = [
        {"paid": Decimal(9), "days": Decimal(days), "worn": True, "torn": torn}
        for days in (1, 2, 3)
        for torn in (None, True)
    ]
    agree(book, ColumnarEngine(book), Engine(book), cases)


@CALM
@given(SEEDS)
def test_lists_that_are_ordered_by_each_other(seed: int) -> None:
    """Under O the values of one conclusion order those of another: what is not yet known of the one keeps the other
    open where it may come to stand elsewhere. One by one, in columns, and by the naive scan."""
    r = Random(seed)
    marks = Type(Kind.ENUM, many=True, values=("甲", "乙", "丙"))
    terms = (
        Term("on", "日期", Role.INPUT, DATE),
        Term("days", "天数", Role.INPUT, NUMBER),
        Term("paid", "实付", Role.INPUT, NUMBER),
        *(Term(f"list{n}", f"清单{n}", Role.OUTPUT, marks) for n in range(3)),
    )

    def said() -> Expr:
        one, other = (Literal((r.choice(marks.values),)) for _ in range(2))
        name = Name(r.choice(["days", "paid"]))
        computed = If(Compare(">", name, Literal(Decimal(r.randrange(4)))), one, other)
        return one if r.random() < 0.5 else computed

    def asked() -> Test:
        return Any() if r.random() < 0.5 else Is(r.choice(["<", ">"]), Literal(Decimal(r.randrange(4))))

    rules = tuple(
        Rule(
            f"R{n}",
            (TestEntry(asked()),),
            tuple(OutputEntry(said()) for _ in range(3)),
        )
        for n in range(r.randint(2, 4))
    )
    outputs = tuple(OutputColumn(f"list{n}", HitPolicy.OUTPUT_ORDER if n < 2 else HitPolicy.COLLECT) for n in range(3))
    table = Table("表", HitPolicy.OUTPUT_ORDER, (InputColumn(Name("days"), NUMBER),), outputs, rules)
    book = Rulebook("drawn", "抽样", event="on", terms=terms, tables=(table,))
    amounts = [None, *map(Decimal, range(4))]
    cases: list[dict[str, Value]] = [
        {name: value for name in ("days", "paid") if (value := r.choice(amounts)) is not None} for _ in range(12)
    ]
    engine = Engine(book)
    agree(book, ColumnarEngine(book), engine, cases)
    for case in cases:
        assert answer(engine.decide(case)) == naive.decide(book, case)
