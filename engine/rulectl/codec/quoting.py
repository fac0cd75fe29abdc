"""What compiled JSON says was written, held to what it means.

Explanations quote cells as their author wrote them, and decide by what stands behind that: of a forged file the one
need not say the other, for neither schema nor hash is about both. To read every text again would make loading a large
file half as slow again; so a text is read as the cell that it stands for when somebody first looks at it, and where it
does not mean its entry, what the entry means is put into words instead (design note 0011). The reader of cells is
loaded no sooner either: to decide by compiled JSON nobody needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.scope import Broken, Scope, Symbol
from rulectl.lang.syntax import ANYTHING, Expr, Name, Test
from rulectl.model.rulebook import Parameter, Term
from rulectl.types import Type

if TYPE_CHECKING:
    from rulectl.lang.parser import Native

T = TypeVar("T")

_FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What decoding, reading and printing raise over an entry that is nonsense: whoever decides by it fails by itself."""


class Written(Sequence[str], Generic[T]):
    """The texts of the entries of a column, each held to its entry when it is first asked for."""

    __slots__ = ("_held", "_items", "_says", "_shown", "_texts")

    def __init__(
        self, texts: list[str], items: Sequence[T], says: Callable[[str, T], bool], shown: Callable[[T], str]
    ) -> None:
        self._texts = texts
        self._items = items
        self._says = says
        self._shown = shown
        self._held: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def stated(self, at: int) -> str:
        """What the file says, whatever it means."""
        return self._texts[at]

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        if at not in self._held:
            self._held[at] = self._meant(at)
        return self._held[at]

    def _meant(self, at: int) -> str:
        text = self._texts[at]
        try:
            item = self._items[at]
            return text if self._says(text, item) else self._shown(item)
        except _FAILURES:
            return text


class Reader:
    """Reads what is written in one rulebook."""

    def __init__(self, terms: Iterable[Term], parameters: Iterable[Parameter]) -> None:
        known = [(one.id, one.name, one.type, one.unit) for one in chain[Term | Parameter](parameters, terms)]
        symbols = [Symbol(id_, name, type_) for id_, name, type_, _ in known]
        self._types = {id_: (type_, unit) for id_, _, type_, unit in known}
        self._scope = Scope({**{s.name: s for s in symbols}, **{s.id: s for s in symbols}})

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

        @cache
        def read() -> Callable[[str], Test | Broken]:
            from rulectl.lang.parser import is_otherwise
            from rulectl.lang.swift import Conditions

            cell = Conditions(column, unit, self._scope).read
            return lambda text: ANYTHING if is_otherwise(text) and text not in column.values else cell(text, text)

        def says(text: str, test: Test) -> bool:
            return read()(text) == test

        return Written(texts, items, says, lambda test: print_test(test, column, self._scope.names))

    def conclusions(self, texts: list[str], items: Sequence[Expr | None], term: str) -> Sequence[str]:
        """The texts of the entries of a conclusion."""
        if term not in self._types:  # the table is refused for it
            return texts
        type_, unit = self._types[term]

        @cache
        def read() -> Callable[[Native, str], Expr | Broken | None]:
            from rulectl.lang.swift import Conclusions

            return Conclusions(type_, unit, self._scope).read

        def says(text: str, expr: Expr | None) -> bool:
            return read()(text, text) == expr

        return Written(texts, items, says, partial(self._conclusion, type_))

    def _conclusion(self, type_: Type, expr: Expr | None) -> str:
        return "" if expr is None else print_expr(expr, self._scope.names, in_cell=type_)
