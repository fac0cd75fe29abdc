"""What programs write where they hold no value, an error, not all of a value, or one that may be two: never to be
taken for one.

What can mean nothing else is nothing (`NULL`, `\\N`, a dash for a day); what may mean two things (a dash for an amount:
nothing, or zero as accountants write it) or says that something is lost (`#N/A`, `1.2E+03`, the first moment that a
program knows, `08/07/2025`) is told and not read. Taken as they stand, all cases without a batch number would be of one
batch, `-`.

An allowed value is always itself.
"""

from __future__ import annotations

import datetime as dt
import re

from rulectl.lang.chars import plain, visible
from rulectl.lang.dates import either_day
from rulectl.lang.faults import clipped, problem
from rulectl.lang.literals import match_allowed
from rulectl.lang.scope import Problem
from rulectl.source import Span
from rulectl.types import Kind, Type
from rulectl.values import Value

NOTHING = frozenset(
    ("NULL", "Null", "null", "\\N", "(null)", "(NULL)", "<null>", "[NULL]", "<NA>", "NaN", "N/A", "n/a")
)
_NOTHING_BUT_TEXT = frozenset(("nan", "NAN", "None", "none", "NONE", "nil", "undefined", "NA"))
DASHES = frozenset(("-", "--", "---", "—", "——", "–", "/", "－", "ー"))
ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"))

_TOO_NARROW = re.compile("#{3,}")
_MARKED = re.compile(r"['`]([0-9][0-9-]*|[0-9]{6}[0-9A-Za-z-]*)")
_ROUNDED = re.compile(r"-?[0-9](?:\.[0-9]+)?E\+(?:[01][0-9]|20)")
_BRACKETED = re.compile(r"\(¥?\s?[0-9][0-9,.]*\)")
_ZONED = re.compile(r"[0-9]{4}[-/.年].{3,}?[0-9]:[0-9]{2}.*?\s?(?:Z|[A-Z]{3,4}|[+-][0-9]{2}:?[0-9]{2}(?:\s?\w+)?)")
_LONGEST = 80
"""No moment has more characters, whatever it says of its zone."""

_NO_DAY = re.compile(r"0000[-/.]0?0[-/.]0?0(?![0-9]).*|1900[-/.]0?1[-/.]0?0(?![0-9]).*")

_ZEROS = frozenset(
    dt.datetime(*parts)
    for parts in ((1, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1), (1970, 1, 1, 8))
)
"""The moment 0 of programs as shops see it: of databases, of spreadsheets, and of Unix, there and in China."""
_ZERO_DAYS = frozenset(moment.date() for moment in _ZEROS if moment.year < 1970)
"""Nobody was born before these; 1970-01-01 may be a birthday."""


def taken_for(text: str, type_: Type) -> str | Problem:
    """The text that stands there as it is to be read: itself, nothing, or why it is not read."""
    bare = visible(text)
    if not bare or (type_.values and match_allowed(bare, type_.values) is not None):
        return text
    free = type_.kind is Kind.STRING and not type_.values
    if bare in NOTHING or (not free and bare in _NOTHING_BUT_TEXT):
        return ""
    whole = Span(0, len(text))
    if bare in DASHES:
        unmistaken = (free or type_.kind in (Kind.DATE, Kind.DATETIME)) and not type_.many
        return "" if unmistaken else problem("dash-value", whole, text=bare)
    if bare in ERRORS or _TOO_NARROW.fullmatch(bare):
        return problem("cell-error", whole, text=bare)
    if free:
        marked = _MARKED.fullmatch(bare)
        return marked[1] if marked else text
    if type_.kind in (Kind.DATE, Kind.DATETIME):
        return _clear(bare, whole) or text
    if type_.kind is Kind.NUMBER:
        if _ROUNDED.fullmatch(bare):
            return problem("rounded-number", whole, text=bare)
        if _BRACKETED.fullmatch(inner := plain(bare)):
            return problem("bracketed-number", whole, text=clipped(bare), number=inner.strip("()").replace("¥", ""))
    return text


def _clear(text: str, whole: Span) -> Problem | None:
    """Why a text is no clear day or moment."""
    if _NO_DAY.fullmatch(plain(text)):
        return problem("zero-date", whole, text=clipped(text))
    days, end = either_day(plain(text), 0)
    if len(days) > 1:
        first, second = (f"{day}{plain(text)[end:]}" for day in days)
        return problem("either-day", whole, text=clipped(text), first=first, second=second)
    zoned = len(text) <= _LONGEST and _ZONED.fullmatch(plain(text))
    return problem("zoned-moment", whole, text=clipped(text)) if zoned else None


def meant_by(raw: object, type_: Type) -> object:
    """Whatever stands there as it is to be read: of a text what it is taken for, which may be a problem."""
    return taken_for(raw, type_) if isinstance(raw, str) else raw


def zero_date(value: Value) -> Problem | None:
    """Why a day or a moment is none: it is where some program begins to count."""
    zero = value in _ZEROS if isinstance(value, dt.datetime) else isinstance(value, dt.date) and value in _ZERO_DAYS
    return problem("zero-date", Span(0, 0), text=str(value)) if zero else None
