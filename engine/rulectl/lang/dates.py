"""Dates, clocks and durations as people type them: `2025/6/1`, `2025年8月23日 20:05`, `1天12小时`, `P2DT3H`."""

from __future__ import annotations

import datetime as dt
import re

from rulectl.lang.months import NAMED_MONTH, in_numbers
from rulectl.lang.units import MAX_DAYS, as_duration, quantity_at
from rulectl.values import Value, plain_text, spoken

MIDNIGHT = dt.time()

_DATE = (
    r"(?P<y>[0-9]{4})(?:(?P<sep>[-/.])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})(?![0-9])"
    r"|\s?年\s?(?P<m2>[0-9]{1,2})\s?月\s?(?P<d2>[0-9]{1,2})\s?[日号])"
)
_CLOCK = (
    r"(?P<half>上午|下午|晚上|中午|凌晨|早上)?\s?(?P<H>[0-9]{1,2})(?:[:时点](?P<M>[0-9]{1,2})(?![0-9])(?:[:分](?P<S>[0-9]{1,2})"
    r"(?:\.(?P<F>[0-9]{1,9}))?秒?|分)?|[时点](?![0-9]))(?P<ampm>\s?[aApP][mM](?![a-zA-Z]))?(?P<zone>\s?Z(?![a-zA-Z])|[+-][0-9]{2}:?[0-9]{2}(?![-/.0-9]))?"
)
DATE = re.compile(_DATE)
_DAY_FIRST = re.compile(r"(?P<a>[0-9]{1,2})(?P<sep>[-/.])(?P<b>[0-9]{1,2})(?P=sep)(?P<y>[0-9]{4})(?![0-9])")
_PART = re.compile(r"[0-9]{4}\s?年\s?[0-9]{1,2}\s?月|[0-9]{1,2}\s?月\s?[0-9]{1,2}\s?[日号]")
_MOMENT = re.compile(_DATE + r"(?:(?:\s{0,4}|[Tt])" + _CLOCK + ")?")
_DIGITS = re.compile(
    r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:(?P<H>[0-9]{2})(?P<M>[0-9]{2})(?P<S>[0-9]{2})?)?"
)
_ISO_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<W>[0-9]{1,7})W|(?:(?P<D>[0-9]{1,7})D)?(?:T(?:(?P<H>[0-9]{1,9})H)?(?:(?P<M>[0-9]{1,9})M)?(?:(?P<S>[0-9]{1,9})S)?)?)",
    re.IGNORECASE,
)


def moment_of(value: dt.date) -> dt.datetime:
    """A moment as it is, a day as its beginning."""
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, MIDNIGHT)


def date_at(text: str, pos: int) -> tuple[dt.date | dt.datetime | None, int] | None:
    """The date, or date and clock, at a position of a plain text, and its end. The value is None when it looks like a
    date and is none (`2025-02-30`); None when nothing there looks like one."""
    found = _MOMENT.match(text, pos) or DATE.match(text, pos)
    named = None if found else NAMED_MONTH.match(text, pos)
    if named:
        return _day(*in_numbers(named)), named.end()
    if not found:
        days, end = either_day(text, pos)
        if end:
            return (days[0] if len(days) == 1 else None), end
        part = _PART.match(text, pos)
        return (None, part.end()) if part else None
    day = _day(found["y"], found["m"] or found["m2"], found["d"] or found["d2"])
    parts = found.groupdict()
    if day is None or not parts.get("H"):
        return day, found.end()
    return _moment(day, parts), found.end()


def either_day(text: str, pos: int) -> tuple[tuple[dt.date, ...], int]:
    """The days that `1/2/2025` at a position may mean, in the orders of both sides of the Atlantic, and its end; 0 when
    nothing like it stands there."""
    found = _DAY_FIRST.match(text, pos)
    if not found:
        return (), 0
    days = (_day(found["y"], found["a"], found["b"]), _day(found["y"], found["b"], found["a"]))
    return tuple(dict.fromkeys(day for day in days if day)), found.end()


def _day(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _moment(day: dt.date, parts: dict[str, str | None]) -> dt.datetime | None:
    """The clock on a day. A clock of another time zone is none of ours; parts of a second are rounded, as those of
    a native moment are."""
    hour, minute, second = int(parts["H"] or 0), int(parts["M"] or 0), int(parts["S"] or 0)
    part = dt.timedelta(seconds=round(float(f"0.{parts['F'] or 0}")))
    half, ampm = parts["half"] or "", (parts["ampm"] or "").strip().lower()
    if parts["zone"] or ((ampm or half in ("下午", "上午")) and not 1 <= hour <= 12):
        return None
    if half in ("晚上", "早上") and hour == 12:  # of this day or of the next? noon is neither
        return None
    if ((half in ("下午", "晚上") or ampm == "pm") and 1 <= hour < 12) or (half == "中午" and 1 <= hour <= 2):
        hour += 12
    elif (half in ("上午", "凌晨") or ampm == "am") and hour == 12:
        hour = 0
    try:
        return dt.datetime.combine(day, dt.time(hour, minute, second)) + part
    except (ValueError, OverflowError):
        return None


def read_moment(text: str) -> dt.date | dt.datetime | None:
    """A whole plain text as a date or a date with clock, of digits alone too, as shop software has them
    (`20251016104600`); None when it is neither."""
    text = text.strip()
    found = date_at(text, 0)
    if found and found[1] == len(text):
        return found[0]
    digits = _DIGITS.fullmatch(text)
    day = _day(digits["y"], digits["m"], digits["d"]) if digits else None
    if digits is None or day is None or digits["H"] is None:
        return day
    try:
        return dt.datetime.combine(day, dt.time(int(digits["H"]), int(digits["M"]), int(digits["S"] or 0)))
    except ValueError:
        return None


def read_duration(text: str, unit: str = "") -> dt.timedelta | None:
    """A whole plain text as a duration: `48小时`, `1天12小时`, `-2天`, `P2DT3H`; a bare number counts `unit`."""
    text = text.strip()
    iso = _ISO_DURATION.fullmatch(text)
    if iso and any(iso[part] for part in "WDHMS"):
        sizes = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}
        seconds = sum(int(iso[part] or 0) * size for part, size in sizes.items())
        return None if seconds > MAX_DAYS * 86400 else dt.timedelta(seconds=seconds) * (-1 if iso["sign"] == "-" else 1)
    negative = text.startswith("-")
    found = quantity_at(text, int(negative))
    if not isinstance(found, tuple) or found[1] != len(text) or found[0].time == dt.timedelta.max:
        return None
    time = as_duration(found[0], unit)
    return None if time is None else -time if negative else time


def written(value: Value) -> str:
    """A value as it stands in a sentence: a duration as a person says it, all else as in a cell."""
    return spoken(value) if isinstance(value, dt.timedelta) else plain_text(value)
