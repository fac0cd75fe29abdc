"""Trees as a whole: their nodes, what they name, a node with its parts changed, lists of expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, assert_never, overload

from rulectl.lang import syntax
from rulectl.lang.syntax import Expr, Node, Test
from rulectl.source import Span
from rulectl.values import Value


def children(node: Node) -> Iterator[Node]:
    """The nodes directly under a node."""
    match node:
        case syntax.Literal() | syntax.Name() | syntax.Any() | syntax.IsNull():
            return
        case (
            syntax.Sequence(items)
            | syntax.Both(items)
            | syntax.Either(items)
            | syntax.OneOf(items)
            | syntax.AllOf(items)
        ):
            yield from items
        case syntax.Call(_, arguments):
            yield from arguments
        case syntax.Text(parts):
            yield from parts
        case syntax.Negative(operand) | syntax.Not(operand):
            yield operand
        case syntax.Binary(_, left, right) | syntax.Compare(_, left, right):
            yield from (left, right)
        case syntax.Meets(subject, test):
            yield from (subject, test)
        case syntax.If(condition, then, otherwise):
            yield from (condition, then, otherwise)
        case syntax.Is(_, value) | syntax.Contains(value):
            yield value
        case syntax.Between(low, high):
            yield from (low, high)
        case syntax.Except(test):
            yield test
        case _:
            assert_never(node)


def sequence(items: tuple[Expr, ...], span: Span = syntax.NOWHERE) -> syntax.Literal | syntax.Sequence:
    """A list; of literals that are not null it is one literal."""
    values: list[Value] = []
    for item in items:
        if not isinstance(item, syntax.Literal) or item.value is None:
            return syntax.Sequence(items, span)
        values.append(item.value)
    return syntax.Literal(tuple(values), span)


def nodes_of(*trees: Node) -> Iterator[Node]:
    """All nodes of some trees, each before its parts, the last tree and the last part first."""
    waiting = list(trees)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))


def names_of(tree: Node) -> frozenset[str]:
    """The ids of all terms and parameters that a tree names."""
    return frozenset(node.id for node in nodes_of(tree) if isinstance(node, syntax.Name))


@overload
def with_parts(node: Expr, changed: Callable[[Any], Any]) -> Expr: ...
@overload
def with_parts(node: Test, changed: Callable[[Any], Any]) -> Test: ...
def with_parts(node: Node, changed: Callable[[Any], Any]) -> Node:
    """A node with each of the nodes directly under it as `changed` says, which makes an expression of an expression and
    a test of a test."""
    match node:
        case syntax.Literal() | syntax.Name() | syntax.Any() | syntax.IsNull():
            return node
        case syntax.Sequence(items) | syntax.Both(items) | syntax.Either(items):
            return replace(node, items=tuple(map(changed, items)))
        case syntax.OneOf(tests) | syntax.AllOf(tests):
            return replace(node, items=tuple(map(changed, tests)))
        case syntax.Text(parts):
            return replace(node, parts=tuple(map(changed, parts)))
        case syntax.Call(_, arguments):
            return replace(node, arguments=tuple(map(changed, arguments)))
        case syntax.Negative(operand) | syntax.Not(operand):
            return replace(node, operand=changed(operand))
        case syntax.Binary(_, left, right) | syntax.Compare(_, left, right):
            return replace(node, left=changed(left), right=changed(right))
        case syntax.Meets(subject, test):
            return replace(node, subject=changed(subject), test=changed(test))
        case syntax.If(condition, then, otherwise):
            return replace(node, condition=changed(condition), then=changed(then), otherwise=changed(otherwise))
        case syntax.Is(_, value) | syntax.Contains(value):
            return replace(node, value=changed(value))
        case syntax.Between(low, high):
            return replace(node, low=changed(low), high=changed(high))
        case syntax.Except(test):
            return replace(node, test=changed(test))
        case _:
            assert_never(node)
