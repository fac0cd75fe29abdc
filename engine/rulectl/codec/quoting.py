"""What compiled JSON says was written, held to what it means.

Explanations quote cells as their author wrote them, and decide by what stands behind that: of a forged file the one
need not say the other, for neither schema nor hash is about both. To read every text again would make loading a large
file half as slow again; so a text is read as the cell that it stands for when somebody first looks at it, and where it
does not mean its entry, what the entry means is put into words instead (design note 0011). The reader of cells is
loaded no sooner either: to decide by compiled JSON nobody needs it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.lang.syntax import ANYTHING, Expr, Name, Test
from rulectl.model.made import Made
from rulectl.model.rulebook import Parameter, Term
from rulectl.types import Type

if TYPE_CHECKING:
    from rulectl.lang.swift import Conclusions, Conditions

T = TypeVar("T")

FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What decoding, reading and printing raise over an entry that is nonsense: whoever decides by it fails by itself."""


@dataclass(frozen=True)
class Cells(ABC, Generic[T]):
    """The cells of one column."""

    type: Type
    unit: str
    scope: Scope

    @abstractmethod
    def means(self, text: str) -> T | Broken:
        """What a cell with this text says."""

    @abstractmethod
    def shown(self, item: T) -> str:
        """An entry in words."""


class Asking(Cells[Test]):
    """Those of a condition."""

    @cached_property
    def _reader(self) -> Conditions:
        from rulectl.lang.swift import Conditions

        return Conditions(self.type, self.unit, self.scope)

    def means(self, text: str) -> Test | Broken:
        from rulectl.lang.parser import is_otherwise

        if is_otherwise(text, self.type.values):
            return ANYTHING
        return self._reader.read(text, text)

    def shown(self, item: Test) -> str:
        return print_test(item, self.type, self.scope.names)


class Telling(Cells[Expr | None]):
    """Those of a conclusion."""

    @cached_property
    def _reader(self) -> Conclusions:
        from rulectl.lang.swift import Conclusions

        return Conclusions(self.type, self.unit, self.scope)

    def means(self, text: str) -> Expr | Broken | None:
        return self._reader.read(text, text)

    def shown(self, item: Expr | None) -> str:
        return "" if item is None else print_expr(item, self.scope.names, in_cell=self.type)


class Written(Made[str]):
    """The texts of the entries of a column, each held to its entry when it is first asked for; `stated` is what the
    file says, whatever it means."""

    __slots__ = ("stated",)

    def __init__(self, texts: list[str], items: Sequence[T], cells: Cells[T]) -> None:
        super().__init__(len(texts), partial(_meant, texts, items, cells))
        self.stated = texts


def _meant(texts: list[str], items: Sequence[T], cells: Cells[T], at: int) -> str:
    text = texts[at]
    try:
        return text if cells.means(text) == items[at] else cells.shown(items[at])
    except FAILURES:
        return text


def scope_of(terms: Iterable[Term], parameters: Iterable[Parameter], *others: Symbol) -> Scope:
    """What the cells of a rulebook may name, by id and name."""
    known = [Symbol(one.id, one.name, one.type) for one in chain[Term | Parameter](parameters, terms)]
    symbols = [*others, *known]
    return Scope({**{s.name: s for s in symbols}, **{s.id: s for s in symbols}})


class Reader:
    """Reads what is written in one rulebook."""

    def __init__(self, terms: Sequence[Term], parameters: Sequence[Parameter]) -> None:
        self._types = {one.id: (one.type, one.unit) for one in chain[Term | Parameter](parameters, terms)}
        self._scope = scope_of(terms, parameters)

    def heading(self, text: str, subject: Expr) -> str:
        """What stands above a condition: the text where it means the subject."""
        names = self._scope.names
        if not text or (isinstance(subject, Name) and text in (names.get(subject.id), subject.id)):
            return text
        from rulectl.lang.parser import parse_expression

        found = parse_expression(text, self._scope)
        return text if not isinstance(found, Broken) and found.expr == subject else print_expr(subject, names)

    def conditions(self, texts: list[str], items: Sequence[Test], column: Type, subject: Expr) -> Sequence[str]:
        """The texts of the entries of a condition."""
        unit = self._types[subject.id][1] if isinstance(subject, Name) and subject.id in self._types else ""
        return Written(texts, items, Asking(column, unit, self._scope))

    def conclusions(self, texts: list[str], items: Sequence[Expr | None], term: str) -> Sequence[str]:
        """The texts of the entries of a conclusion."""
        if term not in self._types:  # the table is refused for it
            return texts
        return Written(texts, items, Telling(*self._types[term], self._scope))
