"""What the passes hand on: the drafts, what has been made of them so far, and all findings.

Idea: a pass is a function from `Work` to `Work`; it adds what it made and what it found and takes nothing away. Names
whose declaration is broken are remembered, so that cells which use them stay silent: one mistake, one finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rulectl.codes import Severity
from rulectl.diagnostics import Finding
from rulectl.lang.scope import Scope
from rulectl.model.draft import BlockKind, Draft, DraftBlock, DraftCell
from rulectl.model.policy import Tier
from rulectl.model.rulebook import Aggregate, Parameter, Period, Policy, Table, Template, Term, TestCase
from rulectl.model.words import fold
from rulectl.source import Cell, Place

ALWAYS = Period()
NO_SCOPE = Scope({})


class Book(NamedTuple):
    """What a workbook says of itself. `event` is the cell that names the term which dates a case."""

    draft: Draft
    id: str
    name: str
    version: str = ""
    owner: str = ""
    notes: str = ""
    period: Period = ALWAYS
    event: DraftCell | None = None
    tier: Tier = Tier.PROCEDURE
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """The state between two passes.

    `names`: folded name, id or alias -> id of its term or parameter. `broken`: folded names that are declared but
    cannot be read. `incomplete`: an included workbook or a whole block of names could not be read, so that unknown
    names prove nothing. `dated`: the first cell with an effective date. `writers`: ids of the terms that tables and
    aggregates were meant to give, broken ones included.
    """

    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...] = ()
    books: tuple[Book, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    scope: Scope = NO_SCOPE
    incomplete: bool = False
    event: str | None = None
    dated: Cell | None = None
    terms: tuple[Term, ...] = ()
    stated: Mapping[tuple[str, str], Cell] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    tables: tuple[Table, ...] = ()
    templates: tuple[Template, ...] = ()
    tests: tuple[TestCase, ...] = ()
    policies: tuple[Policy, ...] = ()
    writers: frozenset[str] = frozenset()

    @property
    def unread_cells(self) -> frozenset[Place]:
        """The cells that the reader could not read, such as a formula without its result."""
        found = (finding for draft in self.drafts for finding in draft.findings)
        return frozenset(finding.at.place for finding in found if finding.severity is Severity.ERROR)

    def blocks(self, kind: BlockKind) -> Iterator[tuple[Book, DraftBlock]]:
        """The blocks of a kind, in the order of the workbooks."""
        for book in self.books:
            for block in book.draft.blocks:
                if block.kind is kind:
                    yield book, block

    def named(self, text: str) -> str | None:
        """The id of the term or parameter that a heading names; width, case and blanks do not matter."""
        return self.names.get(fold(text))

    def is_broken(self, text: str) -> bool:
        """Whether a heading names something whose declaration could not be read."""
        return fold(text) in self.broken

    def mentions_broken(self, text: str) -> bool:
        """Whether a cell speaks of something whose declaration could not be read."""
        return any(self._mentions(fold(text), name) for name in self.broken)

    def _mentions(self, plain: str, name: str) -> bool:
        """Whether a name stands in a text, by itself and not as a part of a longer name or word."""
        for longer in self.names:
            if name in longer:
                plain = plain.replace(longer, " ")
        ends = r"(?<![a-z0-9_])", r"(?![a-z0-9_])"
        pattern = (ends[0] if name[0].isascii() else "") + re.escape(name) + (ends[1] if name[-1].isascii() else "")
        return re.search(pattern, plain) is not None

    def plus(self, findings: Iterable[Finding]) -> Work:
        return replace(self, findings=(*self.findings, *findings))


Pass = Callable[[Work], Work]
