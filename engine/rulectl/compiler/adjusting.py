"""A workbook takes up a term of one that it includes: more aliases and allowed values, another default.

A row of the vocabulary that leaves role and type blank adjusts the term of its name. What it adds is added whichever
workbook is named first; what it replaces, it replaces only where its workbook goes before the declaring one (design
note 0017).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from rulectl.compiler.cells import value_in
from rulectl.compiler.complaints import chosen, complain, copied_row, heading_of, judged, left_blank
from rulectl.compiler.including import included
from rulectl.compiler.naming import bad_name
from rulectl.compiler.records import Record
from rulectl.compiler.work import Book, Work
from rulectl.diagnostics import Finding
from rulectl.lang.scope import Problem
from rulectl.model import words
from rulectl.model.draft import DraftCell
from rulectl.model.rulebook import Parameter, Template, Term
from rulectl.types import Type


class Adjustment(NamedTuple):
    """A row that adjusts a term, and its workbook."""

    book: Book
    record: Record


def adjusts(record: Record) -> bool:
    """Whether a row of the vocabulary leaves to an included workbook what the term is."""
    return bool(record.text("name")) and record.cell("role").blank and record.cell("type").blank


def overridden(
    here: Parameter | Term | Template,
    there: Parameter | Term | Template,
    what: tuple[str, str],
    cell: DraftCell | None = None,
) -> Finding:
    """The notice where something goes before an included workbook's, or at the cell that makes it; `what` is the block
    and the key of its heading."""
    name = here.id if isinstance(here, Template) else here.name
    if cell is None:
        assert here.cell is not None
        cell = DraftCell(here.cell, name, name)
    return complain("overrides-included", cell, ("note-not-used", there.cell), name=name, **heading_of(*what))


def alike_but(one: Term, other: Term) -> bool:
    """Whether two declarations differ at most in what a workbook may adjust."""
    return one == replace(
        other,
        aliases=one.aliases,
        default=one.default,
        required=one.required,
        description=one.description,
    )


def joined(near: Term, far: Term) -> Term:
    """The nearer of two such declarations with the aliases of both."""
    return replace(near, aliases=tuple(dict.fromkeys((*near.aliases, *far.aliases))))


def adjust(terms: dict[str, Term], rows: Iterable[Adjustment], work: Work, found: list[Finding]) -> None:
    """Carry out the adjustments, in the order of the workbooks."""
    above = included(work)
    place = {book.draft.file: at for at, book in enumerate(work.books)}
    by_name = {words.fold(name): term.id for term in terms.values() for name in (term.name, term.id)}
    settled: set[tuple[str, str]] = set()
    for row in rows:
        record, file = row.record, row.book.draft.file
        named = record.text("id") or record.text("name")
        term = terms.get(by_name.get(words.fold(named), ""))
        if term is None or term.cell is None:
            if not (work.incomplete or work.is_broken(named)):
                found.append(left_blank(_at(record, "role"), "vocabulary", "role"))
            continue
        if term.cell.file == file:
            found.append(copied_row(record.cell("name"), named, term.cell))
            continue
        if term.cell.file not in above.get(file, frozenset()):
            found.append(complain("duplicate-term", record.cell("name"), ("note-first", term.cell), id=named))
            continue
        fixed = _fixed(record, term)
        if fixed is not None:
            found.append(complain("duplicate-term", fixed, ("note-first", term.cell), id=term.name))
            continue
        declared = place[term.cell.file]
        term = _grown(record, term, found)
        if place[file] < declared:
            term = _replaced(record, term, settled, work, found)
        terms[term.id] = term


def _at(record: Record, key: str) -> DraftCell:
    """The cell under a heading, else that of the name."""
    return record.cell(key) if key in record.columns else record.cell("name")


def _fixed(record: Record, term: Term) -> DraftCell | None:
    """A cell that says another thing of what only the declaring workbook can say."""
    said = {
        "unit": record.text("unit") == term.unit,
        "merge": words.merge(record.text("merge")) is term.merge,
        "favours": words.favours(record.text("favours")) is term.favours,
    }
    return next((record.cell(key) for key, same in said.items() if not record.cell(key).blank and not same), None)


def _grown(record: Record, term: Term, found: list[Finding]) -> Term:
    """With the aliases and allowed values that a row adds."""
    aliases: list[str] = []
    for alias in words.parted(record.text("aliases")):
        problems = bad_name(record.cell("aliases"), alias)
        found.extend(problems)
        if not problems and alias not in (term.name, term.id):
            aliases.append(alias)
    values = words.parted(record.text("values"))
    type_: Type = term.type
    if values and type_.item.values:
        type_ = replace(type_, values=tuple(dict.fromkeys((*type_.values, *values))))
    elif values:
        found.append(complain("values-unsuitable", record.cell("values"), term=term.name))
    return replace(term, type=type_, aliases=tuple(dict.fromkeys((*term.aliases, *aliases))))


def _replaced(record: Record, term: Term, settled: set[tuple[str, str]], work: Work, found: list[Finding]) -> Term:
    """With what a row says in place of what was declared; the first workbook that says something decides."""
    said = [key for key in ("default", "required", "description") if not record.cell(key).blank]
    for key in [key for key in said if (term.id, key) not in settled]:
        settled.add((term.id, key))
        cell = record.cell(key)
        if key == "description":
            term = replace(term, description=record.text(key))
        elif key == "required":
            answer = chosen(cell, "yes", words.yes_no, found)
            if answer is not None:
                found.extend(_notice(cell, term, key, term.required and not answer))
                term = replace(term, required=answer)
        else:
            value = value_in(cell, term.type, term.unit)
            if isinstance(value, Problem):
                found.extend(judged(value, cell, work))
            else:
                found.extend(_notice(cell, term, key, term.default is not None and term.default != value))
                term = replace(term, default=value)
    return term


def _notice(cell: DraftCell, term: Term, key: str, loses: bool) -> Sequence[Finding]:
    """What is told of a cell that takes something away."""
    return (overridden(term, term, ("vocabulary", key), cell),) if loses else ()
