"""The rulebook: compiled, typed, checked. Everything here is a value; nothing acts.

Two rulebooks are equal when they mean the same: cells, original texts and file names are outside equality.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from typing import Literal as Choice

from rulectl.lang.syntax import Expr, Literal, Test
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Tier
from rulectl.source import Cell, CellRange
from rulectl.types import Type
from rulectl.values import Value

FORMAT_VERSION = "2.0"
LANGUAGE_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Period:
    """Effective dates, both included; None is open."""

    start: dt.date | None = None
    end: dt.date | None = None

    @property
    def always(self) -> bool:
        return self.start is None and self.end is None

    def meet(self, other: Period) -> Period:
        """The days that lie in both; may be empty (start after end)."""
        starts = [d for d in (self.start, other.start) if d is not None]
        ends = [d for d in (self.end, other.end) if d is not None]
        return Period(max(starts, default=None), min(ends, default=None))


@dataclass(frozen=True, slots=True)
class Term:
    """A named, typed piece of information (DMN: information item)."""

    id: str
    name: str
    role: Role
    type: Type
    unit: str = ""
    required: bool = False
    default: Value = None
    aliases: tuple[str, ...] = ()
    merge: Merge = Merge.SINGLE
    favours: Favours | None = None
    description: str = ""
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant that shops differ in."""

    id: str
    name: str
    type: Type
    value: Value
    unit: str = ""
    description: str = ""
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TestEntry:
    """An input entry: the test, its text as written, its cell. A merged cell is quoted by its own position."""

    __test__ = False
    test: Test
    text: str = field(default="", compare=False)
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OutputEntry:
    """An output entry; `expr` None is a blank cell: the rule says nothing of this output."""

    expr: Expr | None
    text: str = field(default="", compare=False)
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A condition: what is tested. `heading` is the heading as written."""

    subject: Expr
    type: Type
    heading: str = field(default="", compare=False)
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A conclusion: the id of the term that is written, and the policy by which its values become one."""

    term: str
    policy: HitPolicy
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `otherwise` rules have no tests of their own (all Any)."""

    id: str
    when: tuple[TestEntry, ...]
    then: tuple[OutputEntry, ...]
    otherwise: bool = False
    enabled: bool = True
    period: Period = Period()
    note: str = ""
    source: str = ""
    cells: CellRange | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. `period` and `tier` have the workbook's own already met in. `book` is the id of the workbook
    that it came from. `stratum` counts from 0: a table reads only what lower strata write (equal only in a cycle of
    collecting lists)."""

    name: str
    policy: HitPolicy
    inputs: tuple[InputColumn, ...]
    outputs: tuple[OutputColumn, ...]
    rules: Sequence[Rule]
    salience: int = 0
    tier: Tier = Tier.PROCEDURE
    period: Period = Period()
    book: str = field(default="", compare=False)
    stratum: int = 0
    cells: CellRange | None = field(default=None, compare=False)


AggregateFunction = Choice["count", "distinct count", "sum"]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A term counted across cases: `function` of `of` per `by` within `window` of `time` where `where`.
    `window` None is the whole file; `back_only` looks back only."""

    term: str
    function: AggregateFunction
    of: str | None
    by: tuple[str, ...]
    window: dt.timedelta | None = None
    back_only: bool = False
    time: str | None = None
    where: Expr | None = None
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Template:
    """A message text with places."""

    id: str
    occasion: str
    language: str
    text: Expr
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ValueIs:
    """Expectation: the value, or within a range (a unary test on the term)."""

    test: Test


@dataclass(frozen=True, slots=True)
class ListIs:
    """Expectation on a list: `=` exactly, `+` at least these, `!` none of these."""

    op: Choice["=", "+", "!"]
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ListSize:
    """Expectation on a list: how many (`#>=2`): a unary test on a number."""

    test: Test


Expectation = ValueIs | ListIs | ListSize


STATUS: Final = "status"
"""What stands in place of a term's id where the status of the case itself is meant; no term may be called so."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one term of a test case, or of the case's status (term `STATUS`). All must hold."""

    term: str
    all_of: tuple[Expectation, ...]
    text: str = field(default="", compare=False)
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TestCase:
    """One row of a 测试表: facts by term id, and what is expected."""

    __test__ = False
    id: str
    facts: tuple[tuple[str, Value], ...]
    expected: tuple[Expected, ...]
    note: str = ""
    cells: CellRange | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """A statement that must hold of every outcome (守则)."""

    id: str
    statement: Expr
    severity: Choice["error", "warning", "notice"] = "error"
    note: str = ""
    text: str = field(default="", compare=False)
    cell: Cell | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The whole. `tables` are in firing order: (stratum, -salience, order in the workbooks)."""

    id: str
    name: str
    version: str = ""
    owner: str = ""
    notes: str = ""
    period: Period = Period()
    event: str | None = None
    tier: Tier = Tier.PROCEDURE
    includes: tuple[str, ...] = field(default=(), compare=False)
    terms: tuple[Term, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    tables: tuple[Table, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    templates: tuple[Template, ...] = ()
    tests: tuple[TestCase, ...] = ()
    policies: tuple[Policy, ...] = ()
    source: str = field(default="", compare=False)

    def term(self, id_: str) -> Term:
        """The term of an id; KeyError when there is none."""
        for term in self.terms:
            if term.id == id_:
                return term
        raise KeyError(id_)

    def decided_terms(self) -> Iterator[Term]:
        """Terms that tables write, in the vocabulary's order."""
        written = {column.term for table in self.tables for column in table.outputs}
        return (term for term in self.terms if term.id in written or term.role is Role.OUTPUT)


def constant(expr: Expr | None) -> bool:
    """Whether an entry is a plain literal."""
    return isinstance(expr, Literal)
