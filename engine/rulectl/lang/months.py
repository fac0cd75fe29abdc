"""Days with the English name of their month: `1 July 2026`, `1-Jul-2026`, `July 1st, 2026`."""

from __future__ import annotations

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


def in_numbers(found: re.Match[str]) -> tuple[str, str, str]:
    """Year, month and day of a day that was found, as digits."""
    month = _MONTHS.index((found["m"] or found["m2"])[:3].lower()) + 1
    return found["y"] or found["y2"], str(month), found["d"] or found["d2"]
