"""What Excel typed itself, as it shows it: `5%` is kept as 0.05, `3-12` becomes the twelfth of March, `2025-03` its
first day. A cell means what the person sees in it; where that is no longer what was typed, it is told.

The text of such a cell is what its number format shows (sheets/reader.py): a date without its year is one that Excel
made, for nobody who keeps dates leaves the year away.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from rulectl.lang.dates import MIDNIGHT, moment_of
from rulectl.lang.faults import problem
from rulectl.lang.literals import value_of
from rulectl.lang.misfits import no_fraction, no_share
from rulectl.lang.months import month_around
from rulectl.lang.scope import Problem, Scope
from rulectl.lang.units import family
from rulectl.source import Span
from rulectl.types import Type
from rulectl.values import CONTEXT, Value, date_text

_MONTH = 7
"""The length of `2025-03`."""


def shown_value(value: object, text: str, type_: Type, unit: str, scope: Scope | None = None) -> Value | Problem:
    """The value of a cell that holds no text, by what it shows; `unit` is the term's own."""
    found = (
        no_fraction(value, text, unit)
        or no_share(text, type_, unit, scope or Scope({}))
        or _no_text(value, text, type_)
        or value_of(_percent(value, text, unit), type_, unit)
    )
    return Problem(found.slug, Span(0, len(text)), found.fields, found.cells) if isinstance(found, Problem) else found


def month_of(value: object, text: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of the month that a date shows, `2025-03`; None where it shows a day."""
    if not isinstance(value, dt.date) or len(text) != _MONTH or moment_of(value).time() != MIDNIGHT:
        return None
    return month_around(moment_of(value).date())


def _percent(value: object, text: str, unit: str) -> object:
    """Excel keeps 10% as 0.1; a term that is counted in per cent means 10 by it."""
    if isinstance(value, Decimal) and family(unit) == "%" and text.strip().endswith("%"):
        return value.scaleb(2, CONTEXT)
    return value


def _no_text(value: object, text: str, type_: Type) -> Problem | None:
    """`3-12`, the number of an article, of which Excel has made a date."""
    if not type_.kind.textual or not isinstance(value, dt.date):
        return None
    day = moment_of(value).date()
    if text.startswith(f"{day.isoformat()}"):
        return None
    return problem("text-dated-by-excel", Span(0, len(text)), date=date_text(day), typed=f"{day.month}-{day.day}")
