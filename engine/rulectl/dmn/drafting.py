"""Tables under construction: columns, rows and entries, not yet text."""

from __future__ import annotations

from dataclasses import dataclass, field

from rulectl.dmn.model import Feel
from rulectl.lang.syntax import Expr, Test
from rulectl.source import ElementPlace
from rulectl.types import Type


@dataclass(frozen=True, slots=True)
class Entry:
    """What a cell says: a tree, a text that stands as it is, or nothing; and the expression that it came from."""

    content: Test | Expr | str | None
    feel: Feel


@dataclass(slots=True)
class NewColumn:
    """A condition; `type` is that of its subject, None where it is a term (whose type is known later)."""

    subject: Expr | str
    type: Type | None
    feel: Feel


@dataclass(frozen=True, slots=True)
class NewOutput:
    """A conclusion: the term, and the policy where it has one of its own."""

    term: str
    policy: str


@dataclass(slots=True)
class NewRow:
    """A rule; `otherwise` is written into its first condition."""

    id: str
    when: list[Entry]
    then: list[Entry]
    at: ElementPlace
    note: str = ""
    source: str = ""
    enabled: str = ""
    start: str = ""
    end: str = ""
    otherwise: bool = False


@dataclass(slots=True)
class NewTable:
    """A table; `options` are those of its first row, in the words of a workbook; `formula` one that is no table in the
    model."""

    name: str
    policy: str
    columns: list[NewColumn]
    outputs: list[NewOutput]
    rows: list[NewRow]
    at: ElementPlace
    options: dict[str, str] = field(default_factory=dict)
    note: str = ""
    formula: bool = False
