"""Drawn rulebooks, well-typed and whole, for laws about rulebooks: any of them compiles to itself and can be run.

`rulebooks()` draws whole books; `values(type)`, `unary_tests(type)`, `trees()` draw parts. Everything shrinks well: few
terms, few rules, plain words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.syntax import (
    ANYTHING,
    AllOf,
    Between,
    Binary,
    Both,
    Call,
    Compare,
    Contains,
    Either,
    Except,
    Expr,
    If,
    Is,
    IsNull,
    Literal,
    Meets,
    Name,
    Negative,
    Not,
    OneOf,
    Test,
    Text,
)
from rulectl.lang.syntax import Sequence as List
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Tier
from rulectl.model.rulebook import (
    Aggregate,
    Expected,
    InputColumn,
    ListIs,
    ListSize,
    OutputColumn,
    OutputEntry,
    Parameter,
    Period,
    Policy,
    Rule,
    Rulebook,
    Table,
    Template,
    Term,
    TestCase,
    TestEntry,
    ValueIs,
)
from rulectl.source import Cell, CellRange
from rulectl.types import STRING, Kind, Type
from rulectl.values import Scalar, Value, distinct

WORDS = ("质量问题", "瑕疵", "色差", "A;B", "非常好", "x y", "10%", "-", "null", "{甲}", '引"号', "是")

texts = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=6)
notes = st.just("") | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
numbers = st.decimals(-(10**6), 10**6, places=2) | st.integers(-9, 99).map(Decimal)
dates = st.dates(dt.date(2019, 1, 1), dt.date(2027, 12, 31))
moments = st.datetimes(dt.datetime(2019, 1, 1), dt.datetime(2027, 12, 31)).map(lambda t: t.replace(microsecond=0))
durations = st.integers(-(10**7), 10**7).map(lambda s: dt.timedelta(seconds=s))
periods = st.builds(Period, st.none() | dates, st.none() | dates)

_SCALARS: dict[Kind, st.SearchStrategy[Scalar]] = {
    Kind.STRING: texts,
    Kind.NUMBER: numbers,
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: dates,
    Kind.DATETIME: moments,
    Kind.DURATION: durations,
}


@st.composite
def types(draw: st.DrawFn) -> Type:
    """Any type; an enum has two to four allowed values."""
    kind = draw(st.sampled_from(Kind))
    words = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=4, unique=True)) if kind is Kind.ENUM else ()
    return Type(kind, draw(st.booleans()), tuple(words))


def scalars(type_: Type) -> st.SearchStrategy[Scalar]:
    """One value of the type, or one element of the list."""
    return st.sampled_from(type_.values) if type_.values else _SCALARS[type_.kind]


def values(type_: Type) -> st.SearchStrategy[Value]:
    """A value of the type, never null."""
    if type_.many:
        return st.lists(scalars(type_), max_size=3).map(distinct)
    return scalars(type_)


def unary_tests(type_: Type, names: Sequence[str] = ()) -> st.SearchStrategy[Test]:
    """A unary test that fits the type; `names` are ids of terms of that very type to compare with."""
    operands: st.SearchStrategy[Expr] = scalars(type_).map(Literal)
    if names and not type_.many:
        operands = operands | st.sampled_from(names).map(Name)
    equal = st.builds(Is, st.sampled_from(("=", "!=")), operands)
    plain: st.SearchStrategy[Test] = equal | st.just(IsNull())
    if type_.ordered:
        plain = plain | st.builds(Is, st.sampled_from(("<", "<=", ">", ">=")), operands)
        plain = plain | st.builds(Between, operands, operands, st.booleans(), st.booleans())
    if type_ == STRING:
        plain = plain | st.builds(Contains, operands)
    several = st.lists(plain, min_size=2, max_size=3, unique=True).map(tuple)
    return st.just(ANYTHING) | plain | several.map(OneOf) | several.map(AllOf) | plain.map(Except)


def trees(leaves: st.SearchStrategy[Expr] | None = None) -> st.SearchStrategy[Expr]:
    """Expressions of every node; of no type in particular."""
    literal = types().flatmap(values).map(Literal) | st.just(Literal(None))
    start = leaves or (literal | st.sampled_from(("t0", "甲")).map(Name))

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        few = st.lists(inner, min_size=2, max_size=3).map(tuple)
        unary = st.builds(Is, st.sampled_from(("=", "<")), inner) | st.just(IsNull())
        return st.one_of(
            few.map(List),
            inner.map(Negative),
            inner.map(Not),
            st.builds(Binary, st.sampled_from(("+", "-", "*", "/", "**")), inner, inner),
            st.builds(Compare, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), inner, inner),
            st.builds(Meets, inner, unary | unary.map(Except)),
            few.map(Both),
            few.map(Either),
            st.builds(If, inner, inner, inner),
            st.builds(Call, st.sampled_from(("min", "contains", "date")), few),
            few.map(Text),
        )

    return st.recursive(start, grown, max_leaves=12)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    file = draw(st.sampled_from(("book.xlsx", "other [1].xlsx", "其他.xlsx")))
    sheet = draw(st.sampled_from(("责任判定", "Sheet 1", "a!b:c")))
    return Cell(file, sheet, draw(st.integers(1, 99999)), draw(st.integers(1, 16384)))


@st.composite
def ranges(draw: st.DrawFn) -> CellRange:
    first = draw(cells())
    down, right = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    return CellRange(first, Cell(first.file, first.sheet, first.row + down, first.column + right))


maybe_cell = st.none() | cells()
maybe_cells = st.none() | ranges()


@st.composite
def terms(draw: st.DrawFn, number: int, role: Role) -> Term:
    type_ = draw(types())
    merges = [Merge.COLLECT, Merge.ALL] if type_.many else [Merge.SINGLE, Merge.FIRST]
    if type_.kind is Kind.NUMBER and not type_.many:
        merges += [Merge.MIN, Merge.MAX, Merge.SUM]
    return Term(
        id=f"t{number}",
        name=draw(st.sampled_from(("词", "发货运费(协议价)", "term name"))) + str(number),
        role=role,
        type=type_,
        unit=draw(st.sampled_from(("", "元", "天"))) if type_.kind is Kind.NUMBER else "",
        required=draw(st.booleans()),
        default=draw(st.none() | values(type_)),
        aliases=tuple(draw(st.lists(st.sampled_from((f"别名{number}", f"alias {number}")), unique=True))),
        merge=draw(st.sampled_from(merges)),
        favours=draw(st.none() | st.sampled_from((Favours.GREATER, Favours.LESS))) if type_.ordered else None,
        description=draw(notes),
        cell=draw(maybe_cell),
    )


def condition(test: Test, term: Term, names: Mapping[str, str], cell: Cell | None) -> TestEntry:
    """An entry and what was written for it."""
    return TestEntry(test, print_test(test, term.type, names), cell)


def conclusion(expr: Expr | None, term: Term, names: Mapping[str, str], cell: Cell | None) -> OutputEntry:
    """The same of a conclusion."""
    return OutputEntry(expr, "" if expr is None else print_expr(expr, names, in_cell=term.type), cell)


@st.composite
def tables(draw: st.DrawFn, name: str, readable: Sequence[Term], written: Sequence[Term], stratum: int = 0) -> Table:
    """A table that tests some terms and writes others."""
    asked = draw(st.lists(st.sampled_from(readable), min_size=1, max_size=3, unique_by=lambda t: t.id))
    told = draw(st.lists(st.sampled_from(written), min_size=1, max_size=2, unique_by=lambda t: t.id))
    policy = draw(st.sampled_from((HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.RULE_ORDER)))
    single = policy if policy.single else HitPolicy.FIRST
    names = {term.id: term.name for term in readable}
    kin = {term.id: [o.id for o in readable if o.type == term.type and o.id != term.id] for term in readable}
    rules = []
    for number in range(draw(st.integers(0, 4))):
        otherwise = number == 3
        when = [
            condition(
                ANYTHING if otherwise else draw(unary_tests(term.type, kin[term.id])), term, names, draw(maybe_cell)
            )
            for term in asked
        ]
        then = [
            conclusion(draw(st.none() | values(term.type).map(Literal)), term, names, draw(maybe_cell)) for term in told
        ]
        rules.append(
            Rule(
                id=f"R{number + 1}",
                when=tuple(when),
                then=tuple(then),
                otherwise=otherwise,
                enabled=draw(st.booleans()),
                period=draw(st.just(Period()) | periods),
                note=draw(notes),
                source=draw(notes),
                cells=draw(maybe_cells),
            )
        )
    return Table(
        name=name,
        policy=policy,
        inputs=tuple(
            InputColumn(Name(t.id), t.type, draw(st.sampled_from((t.name, t.id, ""))), draw(maybe_cell)) for t in asked
        ),
        outputs=tuple(OutputColumn(t.id, HitPolicy.COLLECT if t.type.many else single, draw(maybe_cell)) for t in told),
        rules=tuple(rules),
        salience=draw(st.integers(-1, 10)),
        tier=draw(st.sampled_from(Tier)),
        period=draw(st.just(Period()) | periods),
        book="book",
        stratum=stratum,
        cells=draw(maybe_cells),
    )


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    """A whole rulebook: inputs, derived terms that a first table writes, outputs that a second one writes."""
    inputs = [draw(terms(n, Role.INPUT)) for n in range(draw(st.integers(1, 3)))]
    derived = [draw(terms(n, Role.DERIVED)) for n in range(10, 10 + draw(st.integers(1, 2)))]
    outputs = [draw(terms(n, Role.OUTPUT)) for n in range(20, 20 + draw(st.integers(1, 2)))]
    day = Term("day", "日期", Role.INPUT, Type(draw(st.sampled_from((Kind.DATE, Kind.DATETIME)))))
    counted = Term("counted", "同批人数", Role.DERIVED, Type(Kind.NUMBER))
    parameter_types = [draw(types()) for _ in range(draw(st.integers(0, 2)))]
    parameters = [
        Parameter(f"p{n}", f"参数{n}", type_, draw(values(type_)), draw(notes), draw(notes), draw(maybe_cell))
        for n, type_ in enumerate(parameter_types)
    ]
    first = draw(tables("推导", inputs, derived))
    second = draw(tables("判定", inputs + derived, outputs, 1))
    known = inputs[0]
    names = st.sampled_from([t.id for t in inputs] + [p.id for p in parameters]).map(Name)
    aggregate = Aggregate(
        term="counted",
        function=draw(st.sampled_from(("count", "distinct count"))),
        of=known.id,
        by=tuple(t.id for t in inputs[1:]),
        window=draw(st.none() | durations.map(lambda time: abs(time) + dt.timedelta(seconds=1))),
        back_only=draw(st.booleans()),
        time=draw(st.none() | st.just(day.id)),
        where=draw(st.none() | st.builds(Meets, st.just(Name(known.id)), unary_tests(known.type))),
        cell=draw(maybe_cell),
    )
    shown = outputs[0]
    expectation = (
        st.builds(ListIs, st.sampled_from(("=", "+", "!")), st.lists(scalars(shown.type), max_size=3).map(tuple))
        | st.builds(ListSize, unary_tests(Type(Kind.NUMBER)))
        if shown.type.many
        else unary_tests(shown.type).map(ValueIs)
    )
    case = TestCase(
        id="C1",
        facts=((known.id, draw(st.none() | values(known.type))),),
        expected=(Expected(shown.id, (draw(expectation),), draw(notes), draw(maybe_cell)),),
        note=draw(notes),
        cells=draw(maybe_cells),
    )
    statement = Either(
        (Meets(Name(known.id), draw(unary_tests(known.type))), Not(Compare("=", draw(names), Literal(None))))
    )
    dated = any(not p.always for table in (first, second) for p in (table.period, *(r.period for r in table.rules)))
    return Rulebook(
        id="book",
        name=draw(st.sampled_from(("手册", "A book"))),
        version=draw(notes),
        owner=draw(notes),
        notes=draw(notes),
        period=draw(periods),
        event=day.id if dated else draw(st.none() | st.just(day.id)),
        tier=draw(st.sampled_from(Tier)),
        includes=draw(st.sampled_from(((), ("law.xlsx",)))),
        terms=(*inputs, day, *derived, counted, *outputs),
        parameters=tuple(parameters),
        tables=(first, second),
        aggregates=draw(st.sampled_from(((), (aggregate,)))),
        templates=(Template("T1", draw(notes), "zh", Text((Literal("退"), draw(names))), draw(maybe_cell)),),
        tests=draw(st.sampled_from(((), (case,)))),
        policies=(Policy("P1", statement, draw(st.sampled_from(("error", "notice"))), draw(notes), draw(notes)),),
        source="book.xlsx",
    )
