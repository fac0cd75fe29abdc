"""The term that dates a case: effective dates are judged on it, never on the day of the run (semantics 6)."""

from __future__ import annotations

from dataclasses import replace

from rulectl.compiler.complaints import complain, unknown_term
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding, finding
from rulectl.lang.chars import visible
from rulectl.model.draft import DraftCell
from rulectl.model.rulebook import Term
from rulectl.model.suiting import dating
from rulectl.source import Location


def term_named(work: Work, text: str) -> Term | None:
    """The term that a heading names; None for parameters and unknown names."""
    id_ = work.named(text)
    return next((term for term in work.terms if term.id == id_), None)


def date_term(work: Work, cell: DraftCell, found: list[Finding]) -> Term | None:
    """The input term of dates that a cell names."""
    name = visible(cell.text)
    term = term_named(work, name)
    if term is None:
        dates = [t.name for t in work.terms if dating(t)]
        found.extend(unknown_term(cell, name, work, dates))
    elif not dating(term):
        found.append(complain("not-a-date-term", cell, ("note-declared", term.cell), term=term.name))
        return None
    return term


def read_event(work: Work) -> Work:
    """Pass: the event term of the first workbook that names one."""
    found: list[Finding] = []
    events = [date_term(work, book.event, found) for book in work.books if book.event is not None]
    event = next((term.id for term in events if term is not None), None)
    return replace(work, event=event).plus(found)


def check_event(work: Work) -> Work:
    """Pass: effective dates need a term to be judged on."""
    named = any(book.event is not None for book in work.books)
    if work.dated is None or named:
        return work
    return work.plus((finding("no-event-date", Location(work.dated)),))
