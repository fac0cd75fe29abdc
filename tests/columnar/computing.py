"""Drawn rulebooks whose rules compute: amounts of amounts, quotients rounded and not, texts with amounts in them,
entries that cannot be computed and such as do not fit, under every hit policy, merge, tier and default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

from rulectl.lang.syntax import (
    Any,
    Binary,
    Call,
    Compare,
    Comparison,
    Either,
    Expr,
    If,
    Is,
    Literal,
    Name,
    Negative,
    Test,
    Text,
)
from rulectl.lang.syntax import (
    Sequence as Several,
)
from rulectl.model.policy import HitPolicy, Merge, Role
from rulectl.model.rulebook import (
    InputColumn,
    OutputColumn,
    OutputEntry,
    Parameter,
    Policy,
    Rule,
    Rulebook,
    Table,
    Term,
    TestEntry,
)
from rulectl.types import BOOLEAN, NUMBER, STRING, Type
from rulectl.values import Value
from tests.runtime import drawn

LINES = Type(STRING.kind, many=True)
ORDERS: tuple[Comparison, ...] = ("=", "!=", "<", "<=", ">", ">=")
DIGITS = Literal(Decimal(2))


def rulebook(r: Random) -> Rulebook:
    """A drawn rulebook with other entries, and a table of texts above all of it."""
    book = drawn.rulebook(r)
    fee = Parameter("fee", "手续费", NUMBER, Decimal(r.choice(["0", "0.25", "3"])))
    tables = [_computing(r, table, book) for table in book.tables]
    line = Term("line", "明细", Role.OUTPUT, STRING, merge=r.choice([Merge.SINGLE, Merge.FIRST]))
    lines = Term("lines", "各项", Role.OUTPUT, LINES, merge=r.choice([Merge.COLLECT, Merge.ALL]))
    last = max((table.stratum for table in tables), default=-1) + 1
    names = [term.id for term in book.terms if term.type == NUMBER]
    tables += [
        _texts(r, f"文{n}", r.sample([line, lines], r.choice([1, 2])), names, last) for n in range(r.choice([1, 2]))
    ]
    bounded = [_bounded(r, term) for term in book.terms]
    held = tuple(Policy(f"P{n}", _truth(r, names), "warning", "") for n in range(r.choice([0, 2])))
    parameters = (*book.parameters, fee)
    return replace(book, terms=(*bounded, line, lines), tables=tuple(tables), parameters=parameters, policies=held)


def case(r: Random, book: Rulebook) -> dict[str, Value]:
    """A case with amounts of its own, most of them plain."""
    found = drawn.case(r, book)
    for name in ("paid", "days"):
        if name in found and r.random() < 0.7:
            found[name] = Decimal(r.randrange(-50, 2_000)) / 100
        elif name in found and r.random() < 0.1:
            found[name] = Decimal(r.choice(["0", "12345678901234567.25", "0.12345678", "-0.0000001", "999999999"]))
    return found


def _bounded(r: Random, term: Term) -> Term:
    if term.role is Role.INPUT or term.type != NUMBER or r.random() < 0.6:
        return term
    return replace(term, type=replace(NUMBER, low=Decimal(-2), high=Decimal(r.choice(["9", "1000"]))))


def _computing(r: Random, table: Table, book: Rulebook) -> Table:
    types = {term.id: term.type for term in book.terms}
    written = {column.term for table in book.tables for column in table.outputs}
    lower = {column.term for other in book.tables if other.stratum < table.stratum for column in other.outputs}
    above = {column.term for other in book.tables if other.stratum >= table.stratum for column in other.outputs}
    names = [t.id for t in book.terms if t.type == NUMBER and (t.id not in written or t.id in lower - above)]
    rules = []
    for rule in table.rules:
        then = tuple(
            OutputEntry(amount(r, names, 2))
            if types[column.term] == NUMBER and entry.expr is not None and r.random() < 0.7
            else entry
            for column, entry in zip(table.outputs, rule.then, strict=True)
        )
        rules.append(replace(rule, then=then))
    inputs, more = list(table.inputs), r.random() < 0.4
    if more:
        asked = r.choice([Name("paid"), Name("days"), amount(r, names, 1)])
        inputs.append(InputColumn(asked, NUMBER))
        rules = [replace(rule, when=(*rule.when, TestEntry(_asked(r, names, rule.otherwise)))) for rule in rules]
    return replace(table, inputs=tuple(inputs), rules=tuple(rules))


def _asked(r: Random, names: Sequence[str], otherwise: bool) -> Test:
    if otherwise or r.random() < 0.4:
        return Any()
    return Is(r.choice(ORDERS), r.choice([Literal(Decimal("2.5")), Literal(Decimal(3)), amount(r, names, 1)]))


def amount(r: Random, names: Sequence[str], depth: int) -> Expr:
    """A number made of others; some kinds are no plain arithmetic."""
    if not depth or r.random() < 0.2:
        number = Literal(Decimal(r.choice(["0", "1", "2.5", "0.125", "-3", "100"])))
        leaves: list[Expr] = [Name(r.choice(names)), Name(r.choice(names)), Name(r.choice(["limit", "fee"])), number]
        return r.choice(leaves)
    one, other = amount(r, names, depth - 1), amount(r, names, depth - 1)
    match r.randrange(10):
        case 0 | 1:
            return Binary(r.choice(["+", "-"]), one, other)
        case 2:
            return Binary("*", one, other)
        case 3:
            return Binary("/", one, other)
        case 4 | 5:
            return Call(r.choice(["min", "max"]), (one, other))
        case 6:
            return Call(r.choice(["round", "floor", "ceiling"]), (Binary("/", one, other), DIGITS))
        case 7:
            return Call(r.choice(["round", "floor", "ceiling"]), r.choice([(one,), (one, Literal(Decimal(1)))]))
        case 8:
            signs: list[Expr] = [Negative(one), Call("abs", (one,))]
            return r.choice(signs)
        case _:
            return If(_truth(r, names), one, other)


def _truth(r: Random, names: Sequence[str]) -> Expr:
    known = Compare(r.choice(["=", "!="]), Name(r.choice(names)), Literal(None))
    compared = Compare(r.choice(ORDERS), amount(r, names, 1), amount(r, names, 1))
    truths: list[Expr] = [known, compared, Either((known, compared))]
    return r.choice(truths)


def _texts(r: Random, name: str, written: Sequence[Term], names: Sequence[str], stratum: int) -> Table:
    single = [HitPolicy.FIRST, HitPolicy.ANY, HitPolicy.UNIQUE]
    listing = [HitPolicy.RULE_ORDER, HitPolicy.COLLECT, HitPolicy.OUTPUT_ORDER, HitPolicy.FIRST]
    policy = r.choice(listing if all(term.type.many for term in written) else single)
    outputs = [OutputColumn(t.id, HitPolicy.COLLECT if t.type.many and not policy.lists else policy) for t in written]
    inputs = (InputColumn(Name("colour"), drawn.COLOURS), InputColumn(Name("worn"), BOOLEAN))
    rules = []
    for number in range(r.randint(1, 6)):
        colour = Is("=", Literal(r.choice(drawn.COLOURS.values))) if r.random() < 0.5 else Any()
        worn = Is("=", Literal(True)) if r.random() < 0.4 else Any()
        then = tuple(OutputEntry(_text(r, term, names)) for term in written)
        rules.append(Rule(f"R{number}", (TestEntry(colour), TestEntry(worn)), then))
    return Table(name, policy, inputs, tuple(outputs), tuple(rules), stratum=stratum)


def _text(r: Random, term: Term, names: Sequence[str]) -> Expr | None:
    one = Name(r.choice(names))
    unknown = If(Compare("=", one, Literal(None)), Literal("问清"), Binary("+", one, Literal("元")))
    texts: list[Expr] = [Text((Literal("退"), one)), Text((Literal("退"), unknown)), Literal("不退"), Text((unknown,))]
    text = r.choice(texts)
    if term.type.many and r.random() < 0.6:
        return Several((text, Literal("不退"))) if r.random() < 0.3 else Several((text,))
    return text if r.random() < 0.9 else None
