"""Names: which may stand, which mean one thing only, and what each means to the language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rulectl.compiler.complaints import blame
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.scope import Scope, Symbol
from rulectl.lang.words import KEYWORDS, OTHERWISE
from rulectl.model.draft import DraftCell
from rulectl.model.rulebook import Parameter, Term
from rulectl.model.words import fold
from rulectl.source import Cell

FORBIDDEN = '/;；\n"“”「」『』{}|'
"""`/` and `;` part names in results, quotes mark texts, braces mark places in texts."""

_NAMES_TOO = frozenset(("duration", "时长", "text", "文本"))
NOT_NAMES = frozenset(map(fold, {*KEYWORDS, *OTHERWISE})) - _NAMES_TOO
"""Words of the language that no name may equal; those that only work before a bracket or quote may."""

RESERVED = frozenset(("status", "asks", "rules"))
"""Headings that results have of their own."""


def forbidden(cell: DraftCell, name: str) -> Sequence[Finding]:
    """Why a table or a rule cannot be called so: a character that parts names in results."""
    wrong = next((char for char in name if char in FORBIDDEN), None)
    if wrong is None:
        return ()
    return (blame("bad-name", cell, wrong, name=" ".join(name.split()), char="⏎" if wrong == "\n" else wrong),)


def bad_name(cell: DraftCell, name: str) -> Sequence[Finding]:
    """Why a term or parameter cannot be called so: rules would read something else."""
    if not name:
        return ()
    if fold(name) in RESERVED:
        return (blame("reserved-name", cell, name, name=name),)
    if fold(name) in NOT_NAMES or not any(char.isalpha() for char in name):
        return (blame("not-a-name", cell, name, name=name),)
    return forbidden(cell, name)


def read_names(work: Work) -> Work:
    """Pass: what every name, id and alias means; one that means two things is a finding, and means the first."""
    found: list[Finding] = []
    names: dict[str, str] = {}
    owners: dict[str, Cell | None] = {}
    symbols: dict[str, Symbol] = {}
    told: set[str] = set()
    items: tuple[Term | Parameter, ...] = (*work.terms, *work.parameters)
    for item in items:
        symbol = Symbol(item.id, item.name, item.type, item.unit, work.stated.get((item.id, "values"), item.cell))
        for name in _names(item):
            plain = fold(name)
            if names.setdefault(plain, item.id) != item.id or owners.setdefault(plain, item.cell) != item.cell:
                if item.id not in told and item.cell is not None:
                    told.add(item.id)
                    found.append(_ambiguous(name, item.cell, owners.get(plain), work))
            else:
                symbols.setdefault(name, symbol)
    return replace(work, names=names, scope=Scope(symbols)).plus(found)


def _names(item: Term | Parameter) -> Iterator[str]:
    """The names of a term or parameter, each once."""
    yield from dict.fromkeys((item.id, item.name, *(item.aliases if isinstance(item, Term) else ())))


def _ambiguous(name: str, cell: Cell, other: Cell | None, work: Work) -> Finding:
    """The finding stands at the cell that says the name: name, id or alias, in the row of what is declared."""
    rows = (row for draft in work.drafts if draft.file == cell.file for block in draft.blocks for row in block.rows)
    row = next(row for row in rows if row[0].at.row == cell.row and row[0].at.sheet == cell.sheet)
    said = next((c for c in row if fold(c.text) == fold(name)), None)
    said = said or next((c for c in row if name in c.text), row[0])
    return blame("ambiguous-name", said, name, ("note-first", other), name=name)
