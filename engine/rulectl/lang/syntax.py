"""The syntax tree of a cell: expressions and unary tests (DMN 1.5 sections 7.3.12 and 10.3.1, S-FEEL and what we add).

All sugar is lowered to these nodes by the parser. Names are already resolved: `Name.id` is the id of a term or a
parameter. Spans are offsets in the cell's text and outside equality, so that `parse(print(x)) == x` is a plain `==`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as Choice

from rulectl.source import Span
from rulectl.values import Value

NOWHERE = Span(0, 0)

Comparison = Choice["=", "!=", "<", "<=", ">", ">="]
Arithmetic = Choice["+", "-", "*", "/", "**"]
Function = Choice[
    "min", "max", "sum", "abs", "round", "floor", "ceiling", "date", "count", "contains", "days",
    "clock", "is_workday", "workday_after", "workdays", "worktime_after",
]  # fmt: skip


# -- expressions -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; a list constant is a tuple; None is null."""

    value: Value
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A term or parameter, by id."""

    id: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of expressions (a list of literals only is one `Literal`)."""

    items: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic; `+` also joins texts and moves dates by durations."""

    op: Arithmetic
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two expressions, three-valued."""

    op: Comparison
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Meets:
    """`x in (...)`: an expression meets a unary test."""

    subject: Expr
    test: Test
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Both:
    """`and`, Kleene's."""

    items: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Either:
    """`or`, Kleene's."""

    items: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class If:
    """`if a then b else c`; an unknown condition gives null."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions of the language."""

    function: Function
    arguments: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text with places: `退{refund_amount}元` is (Literal, Name, Literal). Unknown as soon as one place is."""

    parts: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expr = Literal | Name | Sequence | Negative | Binary | Compare | Meets | Both | Either | Not | If | Call | Text

# -- unary tests -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Any:
    """`-` or blank: true of everything, also of the unknown."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    """`空`: true of null alone; never unknown."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Is:
    """`op value`. On a list column `=` and `!=` with a scalar mean: contains it, does not."""

    op: Comparison
    value: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Between:
    """`[a..b]` and its kin; both ends are there (a half-open side is an `Is`)."""

    low: Expr
    high: Expr
    low_closed: bool = True
    high_closed: bool = True
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Contains:
    """`包含 A` of a text: it has the other in it. No set of classes says that, so it is never a region."""

    value: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A comma list: or. Two items at least."""

    items: tuple[Test, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """And: made by sugar such as `超过3天不足7天` where no range can say it. Two items at least."""

    items: tuple[Test, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Except:
    """`not(...)`, `非 A`, `除 A、B 外`."""

    test: Test
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Test = Any | IsNull | Is | Between | Contains | OneOf | AllOf | Except
Node = Expr | Test

ANYTHING = Any()
