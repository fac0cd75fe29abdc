"""Days with the English name of their month: `1 July 2026`, `1-Jul-2026`, `July 1st, 2026`; and whole months."""

from __future__ import annotations

import datetime as dt
import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = "(?:st|nd|rd|th)?"
NAMED_MONTH = re.compile(
    rf"(?P<d>[0-9]{{1,2}}){_DAY}[\s-](?:of\s)?(?P<m>{_MONTH}),?[\s-](?P<y>[0-9]{{4}})(?![0-9])"
    rf"|(?P<m2>{_MONTH})\s(?P<d2>[0-9]{{1,2}}){_DAY},?\s(?P<y2>[0-9]{{4}})(?![0-9])",
    re.IGNORECASE,
)

_WHOLE = re.compile(
    rf"\s*(?:(?P<y>[0-9]{{4}})(?:年|[-/.])(?:(?P<m>[0-9]{{1,2}})月?)?|(?P<name>{_MONTH})[\s,-]+(?P<y2>[0-9]{{4}}))\s*",
    re.IGNORECASE,
)


def whole_month(text: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of `2026年7月`, `2026-07`, `July 2026`, and of the year `2026年`, as plain text; None
    for anything else."""
    found = _WHOLE.fullmatch(text)
    year = int((found["y"] or found["y2"]) if found else 0)
    if not found or not year or text.strip()[-1] in "-/.":
        return None
    month = int(found["m"] or 0) if not found["name"] else _MONTHS.index(found["name"][:3].lower()) + 1
    if not found["m"] and not month:
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    return month_around(dt.date(year, month, 1)) if 1 <= month <= 12 else None


def month_around(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def in_numbers(found: re.Match[str]) -> tuple[str, str, str]:
    """Year, month and day of a day that was found, as digits."""
    month = _MONTHS.index((found["m"] or found["m2"])[:3].lower()) + 1
    return found["y"] or found["y2"], str(month), found["d"] or found["d2"]
