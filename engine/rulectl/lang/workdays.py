"""Working days and working hours in China: public holidays with the working days that are swapped for them.

The calendar is the State Council's yearly notice, as the package chinesecalendar keeps it; this module alone knows that
package. A year whose notice is not there yet is not guessed at: every function raises UnknownYearError. A working day
is not 24 hours: what is agreed on Friday evening and takes two working days is due on Tuesday.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from rulectl.lang.dates import MIDNIGHT

MOST_WORKDAYS = 400
MOST_DAYS = 4000
DAY = dt.timedelta(days=1)


class UnknownYearError(ValueError):
    """A year whose public holidays are not known."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year


class TooFarError(ValueError):
    """A count that leads further than anybody plans."""


@lru_cache(maxsize=MOST_DAYS)
def is_workday(day: dt.date) -> bool:
    """Whether people work on a day. Raises UnknownYearError.

    >>> is_workday(dt.date(2025, 10, 1)), is_workday(dt.date(2025, 10, 11))
    (False, True)
    """
    import chinese_calendar  # late: few rulebooks count working days

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        raise UnknownYearError(day.year) from None


def workday_after(day: dt.date, count: int) -> dt.date:
    """The `count`-th working day after a day; for 0 the day itself or the next that is one.

    >>> workday_after(dt.date(2025, 5, 30), 2)  # a Friday before the Dragon Boat Festival
    datetime.date(2025, 6, 4)
    """
    if not 0 <= count <= MOST_WORKDAYS:
        raise TooFarError
    at = _step(day) if count else day
    left = count or 1
    while True:
        left -= is_workday(at)
        if not left:
            return at
        at = _step(at)


def workdays_between(start: dt.date, end: dt.date) -> int:
    """How many working days lie after `start` up to and with `end`; negative when `end` is before `start`."""
    if end < start:
        return -workdays_between(end, start)
    if (end - start).days > MOST_DAYS:
        raise TooFarError
    return sum(is_workday(start + DAY * n) for n in range(1, (end - start).days + 1))


def worktime_after(start: dt.datetime, length: dt.timedelta, opens: dt.timedelta, closes: dt.timedelta) -> dt.datetime:
    """The moment at which `length` of working time is over, when work lasts from `opens` to `closes` (both since
    midnight) of each working day.

    >>> hour = dt.timedelta(hours=1)
    >>> worktime_after(dt.datetime(2025, 5, 30, 17), 3 * hour, 9 * hour, 18 * hour)
    datetime.datetime(2025, 6, 3, 11, 0)
    """
    if not dt.timedelta() <= opens < closes <= DAY or length < dt.timedelta():
        raise TooFarError
    day, left = start.date(), length
    for _ in range(MOST_WORKDAYS * 2):
        midnight = dt.datetime.combine(day, MIDNIGHT)
        begins, ends = max(start, midnight + opens), midnight + closes
        if begins <= ends and is_workday(day):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        day = _step(day)
    raise TooFarError


def _step(day: dt.date) -> dt.date:
    if day >= dt.date.max - DAY:
        raise UnknownYearError(day.year)
    return day + DAY
