"""What FEEL comes to in the language of cells: an expression, a structure of them, a range, a function.

A workbook has no structures: `loan.rate` is a term of that name. So a structure is here a set of named parts, known
while a model is read, and gone once it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rulectl.dmn.feel_text import FeelFault, Names
from rulectl.lang import syntax
from rulectl.lang.syntax import Between, Expr, Literal, Name, Node, Test
from rulectl.lang.trees import nodes_of, with_parts
from rulectl.source import Span

SUBJECT = Name("?")
"""What a condition is about, while it is read."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A structure: its parts by name. Of a list of structures the parts are lists, side by side."""

    parts: Mapping[str, Meaning]


@dataclass(frozen=True, slots=True)
class Routine:
    """A function of the model: its parameters, and what it makes of the meanings given for them."""

    name: str
    parameters: tuple[str, ...]
    apply: Callable[[Mapping[str, Meaning]], Meaning]


Meaning = Expr | Parts | Between | Routine


class Env:
    """What names mean in an expression: those of its own and of what is around it."""

    def __init__(self, every: Mapping[str, Meaning]) -> None:
        self.every = every

    @cached_property
    def names(self) -> Names:
        return Names(self.every)

    def find(self, name: str) -> Meaning | None:
        return self.every.get(name)

    def plus(self, meanings: Mapping[str, Meaning]) -> Env:
        return Env({**self.every, **meanings})


def mentions(node: Node, name: Name) -> bool:
    """Whether a tree holds a name."""
    return name in nodes_of(node)


def single(meaning: Meaning, span: Span) -> Expr:
    """A meaning as an expression. Raises FeelFault for a structure, a range or a function."""
    match meaning:
        case Parts():
            raise FeelFault("dmn-feel-structure", span)
        case Between() | Routine():
            raise FeelFault("dmn-feel-construct", span, construct="function" if isinstance(meaning, Routine) else "..")
        case _:
            return meaning


class NeedsColumnError(Exception):
    """A condition that no unary test can say, as an expression about the subject: it takes a column of its own."""

    def __init__(self, expr: Expr) -> None:
        super().__init__("needs a column")
        self.expr = expr


_TURNED: Mapping[str, syntax.Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def as_test(expr: Expr) -> Test:
    """A statement about the subject as a unary test. Raises NeedsColumnError where there is none."""
    match expr:
        case syntax.Compare(op, left, right) if left == SUBJECT and not mentions(right, SUBJECT):
            return _compared(op, right)
        case syntax.Compare(op, left, right) if right == SUBJECT and not mentions(left, SUBJECT):
            return _compared(_TURNED[op], left)
        case syntax.Meets(subject, test) if subject == SUBJECT and not mentions(test, SUBJECT):
            return test
        case syntax.Both(items):
            return syntax.AllOf(tuple(as_test(item) for item in items))
        case syntax.Either(items):
            return syntax.OneOf(tuple(as_test(item) for item in items))
        case syntax.Not(operand):
            return syntax.Except(as_test(operand))
        case syntax.Call("contains", (whole, item)) if whole == SUBJECT and not mentions(item, SUBJECT):
            return syntax.Contains(item)
        case _:
            raise NeedsColumnError(expr)


def _compared(op: syntax.Comparison, value: Expr) -> Test:
    if value == Literal(None) and op in ("=", "!="):
        return syntax.IsNull() if op == "=" else syntax.Except(syntax.IsNull())
    return syntax.Is(op, value)


def replaced(expr: Expr, old: Name, new: Expr) -> Expr:
    """The expression with a name replaced throughout."""
    return new if expr == old else with_parts(expr, lambda part: replaced(part, old, new))


def chosen(condition: Expr, then: Meaning, otherwise: Meaning, span: Span) -> Meaning:
    """`if` of values, or of structures part by part."""
    if isinstance(then, Parts) and isinstance(otherwise, Parts) and set(then.parts) == set(otherwise.parts):
        return Parts({n: chosen(condition, then.parts[n], otherwise.parts[n], span) for n in then.parts})
    return syntax.If(condition, single(then, span), single(otherwise, span))
