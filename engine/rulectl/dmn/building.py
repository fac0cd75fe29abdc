"""A model on its way into a workbook: what its boxed expressions mean (DMN 1.5 section 10.2.1).

Functions of a model are no parts of a workbook: a call is their body with the arguments in place, and where the body is
a table, a table of its own for each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from rulectl.compiler.ids import fresh
from rulectl.compiler.naming import FORBIDDEN
from rulectl.diagnostics import Finding, finding
from rulectl.dmn.coining import Coining
from rulectl.dmn.drafting import NewTable
from rulectl.dmn.feel import read_expression
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.hints import Hint
from rulectl.dmn.meaning import Env, Meaning, Parts, Routine, chosen, single
from rulectl.dmn.model import (
    Boxed,
    Conditional,
    Context,
    DecisionTable,
    Feel,
    Foreign,
    Function,
    Invocation,
    Listed,
    Model,
)
from rulectl.dmn.shapes import Shapes
from rulectl.lang.parser import parse_expression
from rulectl.lang.printer import print_expr
from rulectl.lang.scope import Broken
from rulectl.lang.syntax import Expr, Name, Node, Test
from rulectl.lang.trees import nodes_of, sequence
from rulectl.source import ElementPlace, Location, Span
from rulectl.types import Kind, Type

MAX_CALLS = 20
"""How deep functions of a model may call each other."""

MAX_TABLES = 2_000
MAX_TREE = 5_000
"""How large one expression may become once every call is its body."""

HERE = Span(0, 0)


@dataclass(slots=True)
class Building:
    """A model on its way into a workbook."""

    model: Model
    found: list[Finding]
    shapes: Shapes
    coin: Coining
    hints: Mapping[str, Hint]
    add_table: Callable[[Building, DecisionTable, Env, tuple[str, ...]], Meaning | None]
    tables: list[NewTable] = field(default_factory=list)
    env: Env = field(default_factory=lambda: Env({}))
    spoilt: set[str] = field(default_factory=set)
    """Terms of decisions that could not be carried: what reads them is not to blame."""
    calls: int = 0
    tests: dict[tuple[str, Env], Test] = field(default_factory=dict)
    """Input entries that were read: large tables say the same over and over."""
    here: tuple[str, ...] = ()
    """The decision that is being read."""

    # -- findings

    def fault(self, why: FeelFault, feel: Feel) -> None:
        """What is wrong with an expression, at its element."""
        at = Location(feel.at, feel.text, why.span if why.span.end > 0 else None)
        self.found.append(finding(why.slug, at, **why.fields))  # type: ignore[arg-type]  # fields of the sentence

    def read(self, feel: Feel, env: Env) -> Meaning | None:
        """What an expression means; None, with its finding, where it cannot be carried."""
        try:
            if feel.language and not feel.language.rstrip("/").lower().endswith("feel"):
                raise FeelFault("dmn-feel-language", HERE, language=feel.language)
            if not feel.text:
                raise FeelFault("dmn-feel-blank", HERE)
            found = read_expression(feel.text, env)
            _check_size(found)
            return found
        except FeelFault as why:
            self.fault(why, feel)
            return None

    # -- boxed expressions

    def meaning(self, body: Boxed, env: Env, path: tuple[str, ...]) -> Meaning | None:
        """What an expression of any kind means. Tables that it takes write terms under `path`."""
        match body:
            case Feel():
                return self.read(body, env)
            case DecisionTable():
                return self.add_table(self, body, env, path)
            case Invocation():
                return self._invoked(body, env, path)
            case Context(entries):
                return self._context(body, env, path) if entries else None
            case Listed(items, at):
                return self._listed(items, env, path, at)
            case Conditional(condition, then, otherwise, at):
                found = [self.meaning(part, env, path) for part in (condition, then, otherwise)]
                one, two, three = found
                if one is None or two is None or three is None:
                    return None
                return self._safely(at, lambda: chosen(single(one, HERE), two, three, HERE))
            case Function():
                return self.routine(body, env, path)
            case Foreign(kind, at):
                if kind:
                    self.found.append(finding("dmn-element", at, kind=kind))
                return None

    def _safely(self, at: ElementPlace, make: Callable[[], Meaning]) -> Meaning | None:
        try:
            return make()
        except FeelFault as why:
            self.fault(why, Feel("", at))
            return None

    def _listed(self, items: tuple[Boxed, ...], env: Env, path: tuple[str, ...], at: ElementPlace) -> Meaning | None:
        found = [self.meaning(item, env, path) for item in items]
        whole = [item for item in found if item is not None]
        if len(whole) < len(found):
            return None
        return self._safely(at, lambda: sequence(tuple([single(item, HERE) for item in whole])))

    def _context(self, body: Context, env: Env, path: tuple[str, ...]) -> Meaning | None:
        """The entries in order, each known to those after it; the result where there is one."""
        parts: dict[str, Meaning] = {}
        for entry in body.entries:
            found = self.meaning(entry.value, env.plus(parts), (*path, entry.name) if entry.name else path)
            if found is None:
                return None
            if not entry.name:
                return found
            parts[entry.name] = found
        return Parts({name: part for name, part in parts.items() if not isinstance(part, Routine)})

    def routine(self, function: Function, env: Env | None, path: tuple[str, ...]) -> Routine:
        """A function of the model as what it makes of its arguments; what goes wrong in it is told at its own place."""

        def apply(arguments: Mapping[str, Meaning]) -> Meaning:
            self.calls += 1
            try:
                if self.calls > MAX_CALLS or len(self.tables) > MAX_TABLES:
                    raise FeelFault("dmn-feel-recursion", HERE, function=function.name)
                around = self.env if env is None else env
                found = self.meaning(
                    function.body, around.plus(arguments), self._free((*self.here, *path, function.name))
                )
            finally:
                self.calls -= 1
            if found is None:
                raise FeelFault("dmn-feel-called", HERE, function=function.name)
            return found

        return Routine(function.name, function.parameters, apply)

    def _free(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path, or with a number the first like it, under which there is no term yet."""
        found, count = path, 1
        while any(place[: len(found)] == found for place in self.coin.places):
            count += 1
            found = (*path[:-1], f"{path[-1]} {count}")
        return found

    def _invoked(self, body: Invocation, env: Env, path: tuple[str, ...]) -> Meaning | None:
        called = env.find(body.called.text.strip())
        if not isinstance(called, Routine):
            self.fault(FeelFault("dmn-feel-name", Span(0, len(body.called.text)), name=body.called.text), body.called)
            return None
        arguments: dict[str, Meaning] = {}
        for binding in body.bindings:
            found = self.meaning(binding.value, env, (*path, binding.name))
            if found is None:
                return None
            arguments[binding.name] = found
        if set(arguments) != set(called.parameters):
            why = FeelFault("dmn-feel-arguments", Span(0, len(body.called.text)), function=body.called.text)
            self.fault(why, body.called)
            return None
        return self._safely(body.at, lambda: called.apply(arguments))

    # -- names

    def know(self, name: str, meaning: Meaning) -> None:
        """From now on a name means this."""
        self.env = self.env.plus({name: meaning})

    def table_name(self, name: str) -> str:
        """A name that no other table has."""
        plain = " ".join("".join("-" if char in FORBIDDEN else char for char in name).split())
        return fresh(plain, {table.name for table in self.tables}, " ")

    # -- types

    def infer(self, expr: Expr) -> Type | None:
        """The type of an expression, by the language of cells; a text whatever values it may have."""
        if isinstance(expr, Name):
            return self.coin.type_of(expr.id)
        scope = self.coin.scope()
        read = parse_expression(print_expr(expr, scope.names), scope)
        if isinstance(read, Broken):
            return None
        kind = Kind.STRING if read.type.kind is Kind.ENUM else read.type.kind
        return Type(kind, read.type.many)


def _check_size(meaning: Meaning) -> None:
    """Raises FeelFault for an expression that has grown too large."""
    if next(islice(nodes_of(*_nodes(meaning)), MAX_TREE, None), None) is not None:
        raise FeelFault("dmn-feel-long", HERE, limit=str(MAX_TREE))


def terms_of(meaning: Meaning) -> Iterator[str]:
    """The terms that a meaning is made of."""
    if isinstance(meaning, Parts):
        for part in meaning.parts.values():
            yield from terms_of(part)
    elif isinstance(meaning, Name):
        yield meaning.id


def _nodes(meaning: Meaning) -> Iterator[Node]:
    if isinstance(meaning, Parts):
        for part in meaning.parts.values():
            yield from _nodes(part)
    elif not isinstance(meaning, Routine):
        yield meaning
