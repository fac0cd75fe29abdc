"""Values and what can be done with them without knowing a rulebook: exact decimals, three-valued logic.

`None` is null: unknown. Numbers are `Decimal` in a context of 34 digits (IEEE 754-2008 decimal128, the arithmetic of
DMN 1.5 section 10.3.2.3.1), so that money never passes through binary floats. Logic is Kleene's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from rulectl.codes import Language

Scalar = bool | Decimal | str | dt.date | dt.datetime | dt.timedelta
Value = Scalar | tuple["Value", ...] | None

TRUTHS: dict[Language, tuple[str, str]] = {"zh": ("否", "是"), "en": ("no", "yes")}
"""False and true as each language writes them in a cell; cells and case files take either."""

_SIZES = ((86400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))
"""Seconds of a measure of time, and its names."""

DIGITS = 34
CONTEXT = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emax=6144,
    Emin=-6143,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)


def number(text: int | str | Decimal | float) -> Decimal:
    """An exact number; a float is read by its shortest decimal form, as it is shown. Raises InvalidOperation or
    Overflow when it is none that fits 34 digits."""
    plain = CONTEXT.create_decimal(repr(text) if isinstance(text, float) else text)
    if not plain.is_finite():
        raise InvalidOperation
    return plain


def number_text(value: Decimal) -> str:
    """The canonical text: no exponent below 10**21, no trailing zeros, no `-0`: 1.50 -> 1.5, 1E+2 -> 100."""
    text = str(value)
    # nearly every number is written so already: no exponent, few digits, no zero at the end
    if text[-1] in "123456789" and len(text) <= 21 and "E" not in text:
        return text
    if not value:
        return "0"
    plain = value.normalize(CONTEXT)
    exponent = plain.as_tuple().exponent
    assert isinstance(exponent, int)
    return f"{plain:f}" if -40 <= exponent <= 21 else str(plain)


def fixed_text(value: Decimal) -> str:
    """The text without an exponent, however long: 1E+2 -> 100, 1.50 -> 1.5."""
    text = number_text(value)
    return f"{Decimal(text):f}" if "E" in text else text


def and3(items: Iterable[bool | None]) -> bool | None:
    """Kleene's and: false if any is false, else unknown if any is unknown."""
    unknown = False
    for item in items:
        if item is False:
            return False
        unknown = unknown or item is None
    return None if unknown else True


def or3(items: Iterable[bool | None]) -> bool | None:
    """Kleene's or: true if any is true, else unknown if any is unknown."""
    unknown = False
    for item in items:
        if item is True:
            return True
        unknown = unknown or item is None
    return None if unknown else False


def not3(item: bool | None) -> bool | None:
    return None if item is None else not item


def distinct(items: Iterable[Value]) -> tuple[Value, ...]:
    """The items without repeats, first come first; 1 and True are two things."""
    seen: set[tuple[type, Value]] = set()
    kept: list[Value] = []
    for item in items:
        key = (type(item), item)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return tuple(kept)


def date_text(value: dt.date) -> str:
    """ISO form; a datetime keeps its clock, seconds only where there are any."""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds" if value.second or value.microsecond else "minutes")
    return value.isoformat()


def duration_text(value: dt.timedelta) -> str:
    """ISO 8601 days-time duration: P2D, PT48H, -P1DT2H30M."""
    seconds = abs(value) // dt.timedelta(seconds=1)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if n)
    body = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if value < dt.timedelta(0) else "") + "P" + (body or "T0S")


def plain_text(value: Value, lang: Language = "zh") -> str:
    """A value as a person reads it in a cell: lists joined by `;`, null blank. What programs read has the Chinese
    words, whatever the language of the sentences around it."""
    match value:
        case None:
            return ""
        case bool():
            return TRUTHS[lang][value]
        case Decimal():
            return number_text(value)
        case str():
            return value
        case dt.date():
            return date_text(value)
        case dt.timedelta():
            return duration_text(value)
        case tuple():
            return ";".join(plain_text(item, lang) for item in value)


def told_text(value: Value, lang: Language = "zh") -> str:
    """A value in a sentence for people: as in a cell, but durations as one says them."""
    match value:
        case dt.timedelta():
            return spoken(value, lang)
        case tuple():
            return ";".join(told_text(item, lang) for item in value)
        case _:
            return plain_text(value, lang)


def spoken(value: dt.timedelta, lang: Language = "zh") -> str:
    """A duration as a person says it: `1天12小时`, `30分钟`, `-2天`, `0秒`; `1 day 12 hours`."""
    seconds = abs(value) // dt.timedelta(seconds=1)
    parts: list[str] = []
    for size, unit, english in _SIZES:
        count, seconds = divmod(seconds, size)
        if count or (size == 1 and not parts):
            parts.append(f"{count}{unit}" if lang == "zh" else f"{count} {english}{'' if count == 1 else 's'}")
    return ("-" if value < dt.timedelta(0) else "") + ("" if lang == "zh" else " ").join(parts)
