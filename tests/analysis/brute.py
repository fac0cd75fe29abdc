"""Small tables and the plain truth about them: every combination of a few values for each term, every rule tried on it
by the evaluator alone. Nothing of the index or of the region algebra is used."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from random import Random

from rulectl.lang.evaluate import CannotCompute, evaluate, meets
from rulectl.lang.fold import fold_test
from rulectl.lang.region import plain
from rulectl.lang.syntax import Any, Is, Literal, Name, Test
from rulectl.model.policy import HitPolicy, Role
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
from rulectl.runtime.index import period_test
from rulectl.types import BOOLEAN, DATE, NUMBER, STRING, Kind, Type
from rulectl.values import Value
from tests.runtime import drawn

COLOURS = Type(Kind.ENUM, values=("红", "黄", "蓝"))
LIMITED = Type(Kind.NUMBER, low=Decimal(0), high=Decimal(4))
MARKS = Type(Kind.ENUM, many=True, values=("甲", "乙", "丙"))

DOMAINS: dict[str, tuple[Value, ...]] = {
    "colour": COLOURS.values,
    "label": ("a", "b", "c", "zzz"),
    "worn": (True, False),
    "days": tuple(Decimal(n) / 4 for n in (-4, 0, 2, 4, 6, 8, 9, 10, 11, 12, 14, 16, 20)),
    "paid": tuple(Decimal(n) / 4 for n in (0, 2, 4, 6, 8, 9, 10, 11, 12, 14, 16)),
    "on": tuple(sorted({day + dt.timedelta(days=n) for day in drawn.DAYS for n in (-1, 0, 1)})),
    "tags": tuple(c for n in range(4) for c in itertools.combinations(MARKS.values, n)),
}


def rulebook(r: Random, policy: HitPolicy, tied: bool) -> Rulebook:
    """One table of a few rules; `tied`: with comparisons of terms, lists and computed conditions too."""
    terms = [
        Term("colour", "颜色", Role.INPUT, COLOURS, required=r.random() < 0.5),
        Term("label", "标签", Role.INPUT, STRING, required=True),
        Term("worn", "已穿", Role.INPUT, BOOLEAN, default=r.choice([None, None, True])),
        Term("days", "天数", Role.INPUT, NUMBER),
        Term("paid", "实付", Role.INPUT, LIMITED, required=True),
        Term("on", "日期", Role.INPUT, DATE),
        Term("tags", "标记", Role.INPUT, MARKS),
    ]
    out = Term("level", "等级", Role.OUTPUT, drawn.LEVELS)
    read = r.sample(terms if tied else terms[:6], r.randint(1, 3))
    columns = [InputColumn(Name(t.id), t.type) for t in read]
    rules = []
    for number in range(r.randint(1, 7)):
        otherwise = r.random() < 0.06
        tests = [Any() if otherwise else _test(r, t, tied) for t in read]
        entry = OutputEntry(Literal(r.choice(drawn.LEVELS.values)) if r.random() < 0.95 else None)
        period = Period(r.choice([None, *drawn.DAYS]), r.choice([None, *drawn.DAYS])) if r.random() < 0.1 else Period()
        rules.append(Rule(f"R{number}", tuple(map(TestEntry, tests)), (entry,), otherwise, r.random() < 0.95, period))
        if r.random() < 0.25 and not otherwise:
            rules.append(replace(rules[-1], id=f"S{number}", enabled=True))
    table = Table(
        "表",
        policy,
        tuple(columns),
        (OutputColumn("level", HitPolicy.FIRST if policy.numeric else policy),),
        tuple(rules),
    )
    limit = Parameter("limit", "上限", NUMBER, Decimal(2))
    return Rulebook("b", "册", event="on", terms=(*terms, out), parameters=(limit,), tables=(table,))


def _test(r: Random, term: Term, tied: bool) -> Test:
    if r.random() < 0.3:
        return Any()
    if not tied:
        while True:
            test = drawn._test(r, term.type)
            if plain(fold_test(test, {"limit": Decimal(2)})):
                return test
    if tied and term.type.kind is Kind.NUMBER and r.random() < 0.3:
        return Is(r.choice(["<", "<=", ">", ">=", "="]), Name("paid" if term.id == "days" else "days"))
    return drawn._test(r, term.type)


@dataclass(frozen=True)
class Truth:
    """What holds of a table by trying it."""

    book: Rulebook

    @property
    def table(self) -> Table:
        return self.book.tables[0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        found = set()
        text = repr((self.table.inputs, [rule.when for rule in self.table.rules]))
        for term in self.book.terms:
            if f"Name(id='{term.id}'" in text:
                found.add(term.id)
        if any(not rule.period.always for rule in self.table.rules):
            found.add("on")
        return tuple(sorted(found))

    def cases(self, nulls: bool) -> Iterator[dict[str, Value]]:
        """Every combination; with `nulls` also of terms that may be unknown."""
        terms = [self.book.term(name) for name in self.names]
        options = [
            (*DOMAINS[t.id], None) if nulls and not t.required and t.default is None else DOMAINS[t.id] for t in terms
        ]
        for values in itertools.product(*options):
            yield dict(zip(self.names, values, strict=True))

    def hits(self, case: Mapping[str, Value]) -> list[int]:
        """The rules that hold, else rules left out."""
        return [n for n, rule in enumerate(self.table.rules) if not rule.otherwise and self.holds(rule, case)]

    def holds(self, rule: Rule, case: Mapping[str, Value]) -> bool:
        facts = {
            "limit": Decimal(2),
            **{t.id: t.default for t in self.book.terms},
            **{name: value for name, value in case.items() if value is not None},
        }
        tests = [(c.subject, e.test) for c, e in zip(self.table.inputs, rule.when, strict=True)]
        if not rule.period.always:
            tests.append((Name("on"), period_test(rule.period, DATE)))
        try:
            return rule.enabled and all(meets(test, evaluate(s, facts), facts) is True for s, test in tests)
        except CannotCompute:
            return False

    def gap(self, case: Mapping[str, Value]) -> bool:
        """No rule at all, not even an else rule."""
        return not self.hits(case) and not any(r.otherwise and self.holds(r, case) for r in self.table.rules)

    def active(self, case: Mapping[str, Value]) -> list[int]:
        """The rules that hold; where none does, the else rules."""
        return self.hits(case) or [n for n, r in enumerate(self.table.rules) if r.otherwise and self.holds(r, case)]

    def id(self, number: int) -> str:
        return self.table.rules[number].id
