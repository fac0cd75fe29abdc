"""Drawn values, expressions and conditions, such as the parser makes: what the laws of the language are held on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from rulectl.lang.syntax import (
    AllOf,
    Any,
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
from tests.lang.world import VALUES

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31))
moments = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 12, 31)).map(lambda m: m.replace(microsecond=0))
spans = st.integers(-(10**7), 10**7).map(lambda s: dt.timedelta(seconds=s))


def number_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(
        numbers.map(Literal), st.sampled_from(("days_signed", "profit", "freight", "nothing")).map(Name)
    )
    if not depth:
        return leaves
    below = number_trees(depth - 1)
    named = below.filter(lambda e: not isinstance(e, Literal))
    return st.one_of(
        leaves,
        # what is divided by a plain 0 is no entry
        st.builds(Binary, st.sampled_from(("+", "-", "*", "/", "**")), below, below).filter(
            lambda e: e.op != "/" or e.right != Literal(Decimal(0))
        ),
        named.map(Negative),
        st.builds(
            lambda f, a: Call(f, tuple(a)),
            st.sampled_from(("min", "max", "sum")),
            st.lists(below, min_size=1, max_size=3),
        ),
        st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(("abs", "round", "floor", "ceiling")), below),
        st.builds(If, truth_trees(depth - 1), below, below),
        st.just(Call("count", (Name("issues"),))),
        st.just(Call("days", (Binary("-", Name("ordered_at"), Name("ordered_on")),))),
    )


def truth_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(st.booleans().map(Literal), st.just(Name("signed")))
    if not depth:
        return leaves
    below, amounts = truth_trees(depth - 1), number_trees(depth - 1)
    several = st.lists(below, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        leaves,
        several.map(Both),
        several.map(Either),
        below.map(Not),
        st.builds(Compare, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), amounts, amounts),
        st.builds(Compare, st.sampled_from(("=", "!=")), text_trees(depth - 1), st.just(Name("buyer"))),
        st.builds(Compare, st.sampled_from(("=", "<")), st.just(Name("ordered_on")), days.map(Literal)),
        st.builds(lambda s: Compare(">", Name("handling"), Literal(s)), spans),
        st.builds(Meets, amounts, conditions("number", depth - 1)),
        st.builds(lambda t: Meets(Name("issue"), t), conditions("enum", depth - 1)),
        st.sampled_from(VALUES).map(lambda v: Call("contains", (Name("issues"), Literal(v)))),
        st.just(Compare("=", Name("nothing"), Literal(None))),
    )


def text_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(texts.map(Literal), st.just(Name("buyer")))
    if not depth:
        return leaves
    places = st.tuples(
        texts.filter(bool).map(Literal), number_trees(depth - 1).filter(lambda e: not isinstance(e, Literal))
    )
    return st.one_of(
        leaves, places.map(Text), st.builds(lambda a: Binary("+", Name("buyer"), a), number_trees(depth - 1))
    )


def value_trees(kind: str) -> st.SearchStrategy[Expr]:
    """What a condition in a column of the kind may be compared with."""
    match kind:
        case "number":
            return number_trees(1)
        case "enum":
            return st.one_of(st.sampled_from(VALUES).map(Literal), st.just(Name("issue")))
        case "string":
            return st.one_of(texts.map(Literal), st.just(Name("buyer")))
        case "boolean":
            return truth_trees(1)
        case "date":
            # a date keeps no hours, so that only whole days move it
            whole = spans.map(lambda span: dt.timedelta(days=span.days))
            return st.one_of(days.map(Literal), st.builds(lambda s: Binary("+", Name("ordered_on"), Literal(s)), whole))
        case "datetime":
            return st.one_of(moments.map(Literal), st.just(Name("ordered_at")))
        case "duration":
            return st.one_of(spans.map(Literal), st.just(Name("handling")))
        case "list:enum":
            return st.sampled_from(VALUES).map(Literal)
        case _:
            return numbers.map(Literal)


KINDS = ("number", "enum", "string", "boolean", "date", "datetime", "duration", "list:enum", "list:number")
ORDERED = ("number", "date", "datetime", "duration")


def conditions(kind: str, depth: int) -> st.SearchStrategy[Test]:
    """Tests as the parser makes them: no list that it would refuse, no list of one."""
    values = value_trees(kind)
    ops = ("=", "<", "<=", ">", ">=", "!=") if kind in ORDERED else ("=", "!=")
    one: list[st.SearchStrategy[Test]] = [
        st.builds(Is, st.sampled_from(ops), values),
        st.just(IsNull()),
        st.just(Any()),
    ]
    if kind == "string":
        one.append(st.builds(Contains, values))
    if kind in ORDERED:
        one.append(st.builds(Between, values, values, st.booleans(), st.booleans()).filter(rises))
    if not depth:
        return st.one_of(one)
    below = conditions(kind, depth - 1)
    several = st.lists(below, min_size=2, max_size=3).map(tuple)
    one += [several.map(OneOf).filter(plainly), below.map(Except)]
    if kind != "boolean":
        one.append(several.map(AllOf).filter(lambda t: not (isinstance(t, AllOf) and bounds(t.items))))
    return st.one_of(one)


def rises(test: Test) -> bool:
    """A range that holds something, as far as that can be seen."""
    assert isinstance(test, Between)
    low, high = test.low, test.high
    if isinstance(low, Literal) and isinstance(high, Literal):
        return low.value < high.value  # type: ignore[operator]  # drawn of one ordered type
    return True


def bounds(items: tuple[Test, ...]) -> bool:
    """Whether there is a bound either way: the parser makes a range of the two, or asks."""
    ops = {item.op[0] for item in items if isinstance(item, Is)}
    return "<" in ops and ">" in ops


def plainly(test: Test) -> bool:
    """A list of which the parser does not ask what is meant."""
    assert isinstance(test, OneOf)
    inside = [isinstance(item.test if isinstance(item, Except) else item, Contains) for item in test.items]
    if inside[0] and all(isinstance(item, Is) and item.op == "=" for item in test.items[1:]):
        return False
    ops = [item.op if isinstance(item, Is) else "" for item in test.items]
    return ops.count("!=") < 2 and not (ops[0] == "!=" and set(ops[1:]) == {"="})
