"""What a case is wanted to come to, as people write it: a value, a condition on a number or day, items of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from rulectl.diagnostics import Finding, finding
from rulectl.lang.evaluate import CannotCompute, meets
from rulectl.lang.faults import problem
from rulectl.lang.literals import read_value, value_of
from rulectl.lang.parser import parse_test
from rulectl.lang.scope import Broken, Problem, Scope
from rulectl.lang.syntax import ANYTHING, Both, Call, Expr, Is, IsNull, Literal, Meets, Name, Test
from rulectl.model.rulebook import Rulebook, Term
from rulectl.model.words import fold
from rulectl.source import Location, OptionPlace, Span
from rulectl.types import Kind
from rulectl.values import Value, plain_text

_NOWHERE = Scope({})
_NAMED = 8
"""How many names a sentence lists."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a term is wanted to be: what `test` says, or of a list the `items` that are to be in it. `facts` are what
    the test compares with."""

    term: Term
    test: Test
    items: tuple[Value, ...] = ()
    text: str = ""
    facts: Mapping[str, Value] = field(default_factory=dict)

    def met(self, value: Value) -> bool:
        """Whether a value is as wanted."""
        if self.items:
            return isinstance(value, tuple) and all(item in value for item in self.items)
        try:
            return meets(self.test, value, self.facts) is True
        except CannotCompute:
            return False

    def helped(self, value: Value) -> bool:
        """Whether what a single rule says is as wanted, or of a list a part of that."""
        if value is None:
            return False
        said = value if isinstance(value, tuple) or not self.term.type.many else (value,)
        return any(item in said for item in self.items) if self.items and isinstance(said, tuple) else self.met(said)

    def missing(self, value: Value) -> Goal:
        """What of it a value lacks: of a list the items that are not in it."""
        had = value if isinstance(value, tuple) else ()
        return replace(self, items=tuple(item for item in self.items if item not in had))

    @property
    def statement(self) -> Expr:
        """The same as a statement of the rule language."""
        name = Name(self.term.id)
        if not self.items:
            return Meets(name, self.test)
        parts = tuple(Call("contains", (name, Literal(item))) for item in self.items)
        return Both(parts) if len(parts) > 1 else parts[0]


def asked(rulebook: Rulebook, name: str, wanted: object) -> Goal | tuple[Finding, ...]:
    """What is wanted of the term of a name, an id or an alias; or why that cannot be asked."""
    terms = list(rulebook.decided_terms())
    term = next((one for one in terms if fold(name) in map(fold, (one.id, one.name, *one.aliases))), None)
    if term is None:
        near = get_close_matches(name, [one.name for one in terms], n=_NAMED) or [one.name for one in terms][:_NAMED]
        return (finding("not-decided", OptionPlace(name), term=name, known=" / ".join(near)),)
    goal = read_goal(term, wanted)
    if isinstance(goal, Goal):
        return goal
    text = wanted if isinstance(wanted, str) else ""
    return tuple(Finding(one.slug, Location(OptionPlace(name), text, one.span), one.fields) for one in goal)


def read_goal(term: Term, wanted: object) -> Goal | tuple[Problem, ...]:
    """What is wanted of a term, from a text (`产品`, `>= 10`, `换货;补偿`) or a value; or what is wrong with it."""
    type_, text = term.type, wanted if isinstance(wanted, str) else ""
    if isinstance(wanted, str) and not type_.many and (type_.kind is not Kind.STRING or type_.values):
        test = parse_test(wanted, type_, _NOWHERE, term.unit)
        if isinstance(test, Broken):
            return test.problems
        if test != ANYTHING:
            return Goal(term, test, text=wanted.strip())
    value = read_value(text, type_, term.unit) if isinstance(wanted, str) else value_of(wanted, type_, term.unit)
    if isinstance(value, Problem):
        return (value,)
    if value is None or value == ():
        if wanted is None and not type_.many:
            return Goal(term, IsNull())
        return (problem("missing-value", Span(0, len(text)), text=f"{term.name}={text}"),)
    items = value if isinstance(value, tuple) else (value,)
    return Goal(term, Is("=", Literal(value)), items if type_.many else (), text.strip() or plain_text(value))
