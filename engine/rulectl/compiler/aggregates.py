"""Facts counted across cases (semantics 8). They are known before any table runs, so they lean on inputs alone."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import partial
from typing import cast

from rulectl.compiler.cells import condition_in
from rulectl.compiler.complaints import alike, blame, chosen, complain, judged, left_blank, unknown_term
from rulectl.compiler.dating import date_term, term_named
from rulectl.compiler.records import Record, records
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding
from rulectl.lang.chars import visible
from rulectl.lang.literals import read_value
from rulectl.lang.scope import Broken, Problem
from rulectl.lang.syntax import Expr
from rulectl.lang.trees import names_of
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftCell
from rulectl.model.policy import Role
from rulectl.model.rulebook import Aggregate, AggregateFunction, Term
from rulectl.model.suiting import countable, summable
from rulectl.types import DURATION

# `前后` before `前`: the longest wins
_AROUND = re.compile(r"^(?:前后各?|±|\+/-|within)\s*", re.IGNORECASE)
_BACK = re.compile(r"^(?:前|过去|最近|近|之前|(?:the )?(?:last|past|previous)|back)\s*", re.IGNORECASE)
_INSIDE = re.compile(r"\s*(?:以内|之内|内)$")


def read_aggregates(work: Work) -> Work:
    """Pass: the aggregates, one a term."""
    found: list[Finding] = []
    aggregates: dict[str, Aggregate] = {}
    for _, block in work.blocks(BlockKind.AGGREGATES):
        for record in records(block, ("name", "function"), found):
            aggregate = _aggregate(record, work, found)
            if aggregate is None:
                continue
            known = aggregates.get(aggregate.term)
            if known is None:
                aggregates[aggregate.term] = aggregate
            elif known != aggregate or (known.cell and known.cell.file == record.row[0].at.file):
                cell = record.cell("name")
                found.append(complain("duplicate-aggregate", cell, ("note-first", known.cell), term=cell.text.strip()))
    # a term that an aggregate was meant to give does not lack a writer, even when the aggregate is broken
    meant = {
        term.id
        for _, block in work.blocks(BlockKind.AGGREGATES)
        for record in records(block, ("name",), [])
        for term in (term_named(work, record.text("name")),)
        if term is not None
    }
    return replace(work, aggregates=tuple(aggregates.values()), writers=work.writers | meant).plus(found)


def _aggregate(record: Record, work: Work, found: list[Finding]) -> Aggregate | None:
    """An aggregate from its row, None when it is broken."""
    before = len(found)
    target = _target(record, work, found)
    function = _function(record, found)
    of = _of(record, function, work, found)
    by = tuple(
        term.id
        for name in words.parted(record.text("by"))
        if (term := _input(record.cell("by"), name, work, found)) is not None
    )
    window, back_only = _window(record.cell("window"), found)
    time = _time(record, window, work, found)
    where = _where(record, work, found)
    if len(found) > before or target is None or function is None:
        return None
    return Aggregate(target.id, function, of, by, window, back_only, time, where, record.cell("name").at)


def _target(record: Record, work: Work, found: list[Finding]) -> Term | None:
    cell = record.cell("name")
    name = record.text("name")
    if not name:
        found.append(left_blank(cell, "aggregates", "name"))
        return None
    term = term_named(work, name)
    if term is None:
        derived = [t.name for t in work.terms if t.role is Role.DERIVED]
        if alike(name, derived):
            found.extend(unknown_term(cell, name, work, derived))
        elif not (work.incomplete or work.is_broken(name)):
            found.append(complain("aggregate-undeclared", cell, term=name))
    elif not countable(term):
        found.append(complain("aggregate-target", cell, ("note-declared", term.cell), term=term.name))
        return None
    return term


def _function(record: Record, found: list[Finding]) -> AggregateFunction | None:
    cell = record.cell("function")
    if cell.blank:
        found.append(left_blank(cell, "aggregates", "function"))
    function = chosen(cell, "aggregate", partial(words.canonical, "aggregate"), found)
    return cast("AggregateFunction | None", function)


def _of(record: Record, function: AggregateFunction | None, work: Work, found: list[Finding]) -> str | None:
    """What is counted or added up; a plain count needs nothing."""
    cell = record.cell("of")
    if cell.blank:
        if function in ("distinct count", "sum"):
            found.append(left_blank(cell, "aggregates", "of"))
        return None
    term = _input(cell, record.text("of"), work, found)
    if term is not None and function == "sum" and not summable(term):
        found.append(complain("sum-of-text", cell, ("note-declared", term.cell), term=term.name))
    return None if term is None else term.id


def _input(cell: DraftCell, name: str, work: Work, found: list[Finding]) -> Term | None:
    """The input term of a name."""
    term = term_named(work, name)
    if term is None:
        found.extend(unknown_term(cell, name, work, [t.name for t in work.terms if t.role is Role.INPUT]))
    elif term.role is not Role.INPUT:
        found.append(blame("not-an-input", cell, name, ("note-declared", term.cell), term=term.name))
        return None
    return term


def _window(cell: DraftCell, found: list[Finding]) -> tuple[dt.timedelta | None, bool]:
    """The window and whether it looks back only: `14天`, `前14天`."""
    if cell.blank:
        return None, False
    text = visible(cell.text)
    around = _AROUND.sub("", text)
    plain = _BACK.sub("", around) if around == text else around
    value = cell.value if isinstance(cell.value, dt.timedelta) else read_value(_INSIDE.sub("", plain), DURATION)
    if isinstance(value, Problem) or not isinstance(value, dt.timedelta) or value <= dt.timedelta(0):
        found.append(complain("bad-window", cell, text=text))
        return None, False
    return value, plain != around


def _time(record: Record, window: dt.timedelta | None, work: Work, found: list[Finding]) -> str | None:
    """The term that places a case in the window: its own, else the one that dates a case."""
    cell = record.cell("time")
    if not cell.blank:
        term = date_term(work, cell, found)
        return None if term is None else term.id
    if window is None:
        return None
    if work.event is None and not any(book.event is not None for book in work.books):
        found.append(complain("window-without-time", record.cell("window"), text=record.text("window")))
    return work.event


def _where(record: Record, work: Work, found: list[Finding]) -> Expr | None:
    """The filter: a statement about inputs and parameters."""
    cell = record.cell("where")
    if cell.blank:
        return None
    expr = condition_in(cell, work.scope)
    if isinstance(expr, Broken):
        found.extend(judged(expr, cell, work))
        return None
    inputs = {term.id for term in work.terms if term.role is Role.INPUT} | {p.id for p in work.parameters}
    other = next((term for term in work.terms if term.id in names_of(expr) - inputs), None)
    if other is not None:
        found.append(blame("not-an-input", cell, other.name, ("note-declared", other.cell), term=other.name))
        return None
    return expr
