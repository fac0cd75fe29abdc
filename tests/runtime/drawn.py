"""Drawn rulebooks and cases: every hit policy, merge, tier, default, effective date, else rule, expression and list
that the semantics know, small enough that every corner is met."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random

from rulectl.lang.syntax import (
    AllOf,
    Any,
    Between,
    Binary,
    Compare,
    Contains,
    Except,
    Expr,
    If,
    Is,
    IsNull,
    Literal,
    Name,
    OneOf,
    Test,
)
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Tier
from rulectl.model.rulebook import (
    InputColumn,
    OutputColumn,
    OutputEntry,
    Parameter,
    Period,
    Rule,
    Rulebook,
    Table,
    Term,
    TestEntry,
)
from rulectl.types import BOOLEAN, DATE, NUMBER, STRING, Kind, Type
from rulectl.values import Value

COLOURS = Type(Kind.ENUM, values=("红", "黄", "蓝"))
LEVELS = Type(Kind.ENUM, values=("高", "中", "低"))
MARKS = Type(Kind.ENUM, many=True, values=("甲", "乙", "丙"))
DAYS = tuple(dt.date(2025, month, 1) for month in (1, 4, 7, 10))


def rulebook(r: Random, loops: bool = False) -> Rulebook:
    """A rulebook of one to five tables on three levels; with `loops`, also lists that feed each other."""
    inputs = [
        Term("colour", "颜色", Role.INPUT, COLOURS, default=r.choice([None, None, "红"])),
        Term("label", "标签", Role.INPUT, STRING),
        Term("worn", "已穿", Role.INPUT, BOOLEAN),
        Term("days", "天数", Role.INPUT, NUMBER),
        Term("paid", "实付", Role.INPUT, NUMBER, default=r.choice([None, Decimal(3)])),
        Term("on", "日期", Role.INPUT, DATE),
        Term("tags", "标记", Role.INPUT, MARKS),
    ]
    decided = [
        _decided(r, "party", "责任", Role.DERIVED, LEVELS),
        _decided(r, "score", "评分", Role.DERIVED, NUMBER),
        _decided(r, "level", "等级", Role.OUTPUT, LEVELS),
        _decided(r, "money", "金额", Role.OUTPUT, NUMBER),
        _decided(r, "marks", "登记", Role.OUTPUT, MARKS),
        _decided(r, "final", "结论", Role.OUTPUT, COLOURS),
        _decided(r, "notes", "待办", Role.OUTPUT, MARKS),
    ]
    if not loops:
        decided = [replace(t, merge=Merge.ALL) if t.type.many and r.random() < 0.4 else t for t in decided]
    by_level = [decided[:2], decided[2:5], decided[5:]]
    parameters = (Parameter("limit", "上限", NUMBER, Decimal(r.choice([2, 3]))),)
    tables: list[Table] = []
    for number in range(r.randint(1, 5)):
        level = r.randrange(3)
        readable = inputs + [t for lower in by_level[:level] for t in lower]
        tables.append(_table(r, f"表{number}", level, r.sample(by_level[level], r.randint(1, 2)), readable))
    if loops:
        lists = [decided[4], decided[6]]
        for number in range(r.randint(1, 3)):
            one = r.sample(lists, 2)
            tables.append(_table(r, f"环{number}", 3, one[:1], [one[1], inputs[2]], loop=True))
        tables = [t for t in tables if t.stratum == 3 or not {o.term for o in t.outputs} & {"marks", "notes"}]
        tables = [t for t in tables if t.stratum == 3 or t.stratum != 2 or "final" in {o.term for o in t.outputs}]
    order = sorted(enumerate(tables), key=lambda pair: (pair[1].stratum, -pair[1].salience, pair[0]))
    used = sorted({t.stratum for t in tables})
    kept = tuple(replace(table, stratum=used.index(table.stratum)) for _, table in order)
    return Rulebook("drawn", "抽样", event="on", terms=tuple(inputs + decided), parameters=parameters, tables=kept)


def _decided(r: Random, id_: str, name: str, role: Role, type_: Type) -> Term:
    if type_.many:
        merge = Merge.COLLECT
    elif type_ == NUMBER:
        merge = r.choice([Merge.SINGLE, Merge.FIRST, Merge.MIN, Merge.MAX, Merge.SUM])
    else:
        merge = r.choice([Merge.SINGLE, Merge.FIRST])
    favours = None
    if not type_.many and r.random() < 0.4:
        favours = r.choice([Favours.GREATER, Favours.LESS]) if type_ == NUMBER else Favours.EARLIER
    default = _literal(r, type_) if r.random() < 0.2 else None
    return Term(id_, name, role, type_, required=r.random() < 0.3, default=default, merge=merge, favours=favours)


def _literal(r: Random, type_: Type) -> Value:
    if type_.many:
        return tuple(r.sample(type_.values, r.randint(1, 2)))
    match type_.kind:
        case Kind.ENUM:
            return r.choice(type_.values)
        case Kind.NUMBER:
            return Decimal(r.choice(["0", "1", "2", "2.5", "3", "4"]))
        case Kind.BOOLEAN:
            return r.random() < 0.5
        case Kind.DATE:
            return r.choice(DAYS)
        case _:
            return r.choice(["a", "b", "c"])


def _test(r: Random, type_: Type, depth: int = 0) -> Test:
    pick = r.random()
    if pick < 0.35 and not depth:
        return Any()
    if pick < 0.42:
        return IsNull()
    if pick < 0.52 and depth < 2:
        return OneOf((_test(r, type_, depth + 1), _test(r, type_, depth + 1)))
    if pick < 0.6 and depth < 2:
        return Except(_test(r, type_, depth + 1))
    if pick < 0.64 and depth < 2:
        return AllOf((_test(r, type_, depth + 1), _test(r, type_, depth + 1)))
    if type_.many:
        return Is(r.choice(["=", "!="]), Literal(r.choice(type_.values)))
    if type_.ordered:
        if pick < 0.75:
            low, high = _literal(r, type_), _literal(r, type_)
            return Between(Literal(low), Literal(high), r.random() < 0.5, r.random() < 0.5)
        if pick < 0.85 and type_ == NUMBER:
            return Is(r.choice(["<", "<=", ">", ">="]), Name(r.choice(["paid", "limit", "days"])))
        return Is(r.choice(["=", "!=", "<", "<=", ">", ">="]), Literal(_literal(r, type_)))
    if type_ == STRING and pick > 0.9:
        return Contains(Literal(str(_literal(r, type_))[:1]))
    return Is(r.choice(["=", "=", "!="]), Literal(_literal(r, type_)))


def _entry(r: Random, term: Term, literal: bool) -> Expr | None:
    pick = r.random()
    if pick < 0.15:
        return None
    if pick < 0.35 and not literal:
        if term.type == NUMBER:
            other: Expr = Name("days") if r.random() < 0.5 else Literal(Decimal(2))
            return Binary(r.choice(["+", "-", "/"]), Name("paid"), other)
        if not term.type.many:
            one, other = Literal(_literal(r, term.type)), Literal(_literal(r, term.type))
            return If(Compare(">", Name("days"), Name("limit")), one, other)
    return Literal(_literal(r, term.type))


def _policy(r: Random, written: list[Term], loop: bool) -> HitPolicy:
    single = [policy for policy in HitPolicy if policy.single and not policy.takes.by_values]
    single.append(HitPolicy.FIRST)  # as most tables have it
    scalars = [t for t in written if not t.type.many]
    if loop or not scalars:
        return r.choice([*(policy for policy in HitPolicy if policy.lists), HitPolicy.FIRST])
    if all(t.type.values for t in scalars):
        return r.choice([*single, *(policy for policy in HitPolicy if policy.single and policy.takes.by_values)])
    if all(t.type == NUMBER for t in scalars):
        return r.choice([*single, *(policy for policy in HitPolicy if policy.numeric)])
    return r.choice(single)


def _table(r: Random, name: str, level: int, written: list[Term], readable: list[Term], loop: bool = False) -> Table:
    policy = _policy(r, written, loop)
    outputs = []
    for term in written:
        own = policy
        if term.type.many and not policy.lists:
            own = HitPolicy.FIRST if r.random() < 0.3 and not loop else HitPolicy.COLLECT
        outputs.append(OutputColumn(term.id, own))
    read = r.sample(readable, min(len(readable), r.randint(1, 3)))
    inputs = [InputColumn(Name(t.id), t.type) for t in read]
    if not loop and r.random() < 0.15:
        inputs.append(InputColumn(Binary("-", Name("paid"), Name("days")), NUMBER))
    rules = []
    for number in range(r.randint(1, 5)):
        otherwise = r.random() < 0.12
        when = tuple(TestEntry(Any() if otherwise else _test(r, c.type)) for c in inputs)
        then = tuple(OutputEntry(_entry(r, t, loop)) for t in written)
        period = Period()
        if r.random() < 0.12:
            period = Period(r.choice([None, *DAYS]), r.choice([None, *DAYS]))
        rules.append(Rule(f"R{number}", when, then, otherwise, r.random() < 0.95, period))
    return Table(
        name,
        policy,
        tuple(inputs),
        tuple(outputs),
        tuple(rules),
        salience=r.choice([0, 0, 5]),
        tier=r.choice([Tier.PROCEDURE, Tier.PROCEDURE, Tier.LAW, Tier.ADVICE]),
        period=Period(DAYS[0], None) if r.random() < 0.05 else Period(),
        stratum=level,
    )


def case(r: Random, book: Rulebook) -> dict[str, Value]:
    """A case of the rulebook, some of it unknown."""
    unknown = r.choice([0, 0, 0.2, 0.5])
    return {t.id: _literal(r, t.type) for t in book.terms if t.role is Role.INPUT and r.random() >= unknown}
