"""The way from a draft's cell into the language: text is read, what Excel typed itself is taken as it is."""

from __future__ import annotations

from rulectl.lang.literals import value_of
from rulectl.lang.natives import shown_value
from rulectl.lang.parser import parse_expression, test_of
from rulectl.lang.scope import Broken, Problem, Scope
from rulectl.lang.syntax import Expr, Test
from rulectl.model.draft import DraftCell
from rulectl.types import BOOLEAN, Type
from rulectl.values import Value


def value_in(cell: DraftCell, type_: Type, unit: str = "") -> Value | Problem:
    """The value of a cell, None when blank; `unit` is the term's own unit."""
    if cell.blank:
        return None
    if isinstance(cell.value, str):
        return value_of(cell.value, type_, unit)
    return shown_value(cell.value, cell.text, type_, unit)


def test_in(cell: DraftCell, type_: Type, unit: str, scope: Scope) -> Test | Broken:
    """The unary test of a condition cell."""
    return test_of(cell.value, cell.text, type_, scope, unit)


def expression_in(cell: DraftCell, scope: Scope) -> tuple[Expr, Type] | Broken:
    """An expression and what it gives."""
    read = parse_expression(cell.text, scope)
    return read if isinstance(read, Broken) else (read.expr, read.type)


def condition_in(cell: DraftCell, scope: Scope) -> Expr | Broken:
    """A statement: an expression that is true or false."""
    read = parse_expression(cell.text, scope, BOOLEAN)
    return read if isinstance(read, Broken) else read.expr
