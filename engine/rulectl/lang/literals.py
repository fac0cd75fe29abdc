"""Values as people type them: one way of reading for case files, defaults, parameters and literals in cells.

`read_value` takes text, `value_of` what Excel or Python holds. Neither guesses: what is not plainly of the type is a
`Problem` that says what to write. Blank is null.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import NamedTuple

from rulectl.lang.chars import QUOTES, folded, plain, visible, without_mark
from rulectl.lang.dates import MIDNIGHT, moment_of, read_duration, read_moment
from rulectl.lang.faults import clipped, not_allowed, problem, strange
from rulectl.lang.scope import Problem
from rulectl.lang.units import GROUPED, MONEY, Quantity, as_number, quantity_at
from rulectl.source import Span
from rulectl.types import Kind, Type, within
from rulectl.values import CONTEXT, Scalar, Value, date_text, number, number_text

MAX_TEXT = 100_000
EXACT_DIGITS = 15
"""Excel keeps this many digits of a number."""

YES = frozenset(("是", "y", "yes", "t", "true", "1", "√", "对", "真", "有", "on"))
NO = frozenset(("否", "n", "no", "f", "false", "0", "×", "x", "错", "假", "无", "没有", "不", "不是", "off"))

_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2,3}")
_SERIAL = re.compile(r"([345][0-9]{4})(?:\.[0-9]+)?")
_SERIAL_START = dt.date(1899, 12, 30)
"""A date as Excel counts days, 1982 to 2064: what a column of dates holds that is not formatted as one."""
_MONEY = re.compile(r"[¥$£€]|(?:rmb|cny)(?![a-z])|人民币", re.IGNORECASE)
_BRACKETS = {"[": "]", "(": ")"}
_OPENING = re.compile("[" + re.escape("".join(QUOTES)) + "]")
_MARKS, _COMMAS = ";；、\n", ",，"
_SPLIT = re.compile(f"[{_MARKS}]")
_SPLIT_COMMA = re.compile(f"[{_MARKS}{_COMMAS}]")
_OPENING_BRACKETS = "[(［（【〔"


def read_value(text: str, type_: Type, unit: str = "") -> Value | Problem:
    """A text as a value of the type, None when blank; `unit` is the term's own unit."""
    bad = strange(text, MAX_TEXT)
    if bad:
        return bad
    if not visible(text):
        return None
    text = unmarked(text, type_)
    if type_.many:
        return _read_list(text, type_, unit)
    return read_one(text, type_, unit)


def unmarked(text: str, type_: Type) -> str:
    """The text without the apostrophe that says that a cell is text; in free text it may be meant."""
    free = type_.kind is Kind.STRING and not type_.values
    return text if free or visible(text) in type_.values else without_mark(text)


def read_one(text: str, type_: Type, unit: str = "") -> Scalar | Problem:
    """A text that is not blank as a scalar of the type."""
    match type_.kind:
        case Kind.STRING | Kind.ENUM:
            return _read_text(text, type_)
        case Kind.NUMBER:
            return _bounded(_read_number(text, unit), type_, text)
        case Kind.BOOLEAN:
            answer = read_boolean(text)
            return _not("boolean", text) if answer is None else answer
        case Kind.DATE:
            return _read_date(text)
        case Kind.DATETIME:
            moment = read_moment(plain(text))
            if moment is None:
                return _not("datetime", text)
            return moment if isinstance(moment, dt.datetime) else dt.datetime.combine(moment, MIDNIGHT)
        case Kind.DURATION:
            time = read_duration(plain(text), unit)
            return _not("duration", text) if time is None else time


def read_boolean(text: str) -> bool | None:
    """Yes or no in any of the usual spellings, None when it is neither."""
    word = visible(plain(text)).lower()
    return True if word in YES else False if word in NO else None


def _not(what: str, text: str) -> Problem:
    serial = _SERIAL.fullmatch(plain(text).strip()) if what in ("date", "datetime") else None
    if serial is not None:
        # nothing says that it is not a plain number, so it is told and not read
        days = float(serial[0]) if what == "datetime" else int(serial[1])
        moment = moment_of(_SERIAL_START) + dt.timedelta(minutes=round(days * 1440))
        date = date_text(moment.date() if moment.time() == MIDNIGHT else moment)
        return problem("serial-date", Span(0, len(text)), text=clipped(visible(text)), date=date)
    return problem(f"not-a-{what}", Span(0, len(text)), text=clipped(visible(text)))


def _read_text(text: str, type_: Type) -> str | Problem:
    value = visible(text)
    if not type_.values:
        if _ROUNDED.fullmatch(value):
            return problem("excel-rounded-number", Span(0, len(text)), text=value)
        return value
    allowed = match_allowed(value, type_.values)
    return not_allowed(value, type_.values, Span(0, len(text))) if allowed is None else allowed


def match_allowed(value: str, values: tuple[str, ...]) -> str | None:
    """The allowed value that a text means: the same, or the one that is the same in NFKC, or that but for large and
    small letters, as Excel compares texts."""
    known = _spellings(values)
    if value in known.exact:
        return value
    alike = folded(value)
    return known.folded[alike] if alike in known.folded else known.caseless.get(alike.casefold())


class _Spellings(NamedTuple):
    """Allowed values by the spellings that mean them; None where a spelling means more than one."""

    exact: frozenset[str]
    folded: Mapping[str, str | None]
    caseless: Mapping[str, str | None]


@lru_cache(maxsize=256)
def _spellings(values: tuple[str, ...]) -> _Spellings:
    """Worked out once for all cells of a column: there may be thousands of values."""
    alike: dict[str, str | None] = {}
    caseless: dict[str, str | None] = {}
    for value in values:
        for spelling, known in ((folded(value), alike), (folded(value).casefold(), caseless)):
            known[spelling] = None if spelling in known else value
    return _Spellings(frozenset(values), alike, caseless)


def _read_number(text: str, unit: str) -> Decimal | Problem:
    read = read_quantity(plain(text), (unit,))
    if isinstance(read, str):
        return problem(read, Span(0, len(text)), text=clipped(visible(text)))
    value = as_number(read, unit)
    if value is None:
        slug = "wrong-unit" if unit else "not-a-number"
        return problem(slug, Span(0, len(text)), text=clipped(visible(text)), unit=unit)
    return value


def _bounded(value: Decimal | Problem, type_: Type, text: str) -> Decimal | Problem:
    """The number, or a problem where it lies outside what the term allows."""
    if isinstance(value, Problem) or within(value, type_):
        return value
    return problem("outside-range", Span(0, len(text)), text=clipped(visible(text)), allowed=range_text(type_))


def range_text(type_: Type) -> str:
    """The numbers that a type allows, as a cell says it: `>=0`, `[0..100]`; blank where all are."""
    low, high = (None if end is None else number_text(end) for end in (type_.low, type_.high))
    if low is not None and high is not None:
        return f"[{low}..{high}]"
    return f">={low}" if low is not None else f"<={high}" if high is not None else ""


def read_quantity(text: str, units: tuple[str, ...] = ()) -> Quantity | str:
    """A whole plain text as a number with its unit: sign, currency, thousands and all; else the slug of a problem."""
    text = text.strip()
    negative, text = _sign(text)
    money = _MONEY.match(text)
    if money:
        text = text[money.end() :].lstrip(" ")
        if not negative:
            negative, text = _sign(text)
    grouped = GROUPED.match(text)
    if grouped:
        text = grouped.group().replace(",", "") + text[grouped.end() :]
    found = quantity_at(text, 0, units)
    if isinstance(found, str):
        return found
    if found is None or found[1] != len(text):
        return "not-a-number"
    read = found[0]
    return Quantity(
        -read.number if negative else read.number,
        read.unit or (MONEY.get(money.group(), "元") if money else ""),
        read.factor,
        read.time,
    )


def _sign(text: str) -> tuple[bool, str]:
    if text[:1] in ("-", "+") and text[1:2] not in ("-", "+"):
        return text[0] == "-", text[1:].lstrip(" ")
    return False, text


def _read_date(text: str) -> dt.date | Problem:
    moment = read_moment(plain(text))
    if moment is None:
        return _not("date", text)
    return _only_date(moment, text)


def _only_date(moment: dt.date | dt.datetime, text: str) -> dt.date | Problem:
    """The date; a clock other than midnight would be lost and is a problem."""
    if not isinstance(moment, dt.datetime):
        return moment
    if moment.time() != MIDNIGHT:
        return problem("clock-in-date", Span(0, len(text)), text=clipped(visible(text)), date=moment.date())
    return moment.date()


def in_brackets_whole(text: str) -> Span | None:
    """What stands between two brackets that hold a whole plain text; None where none do."""
    bare = text.strip()
    if len(bare) < 2 or bare[0] not in _BRACKETS or bare[-1] != _BRACKETS[bare[0]]:
        return None
    if any(mark in bare[1:-1] for mark in bare[0] + bare[-1]):
        return None
    start = text.index(bare[0]) + 1
    return Span(start, start + len(bare) - 2)


def _parts_commas(type_: Type) -> bool:
    """Whether a comma parts the items of a list too."""
    commas = type_.kind is Kind.ENUM and not any("," in plain(v) for v in type_.values)
    return commas or type_.kind in (Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)


def parting(type_: Type) -> tuple[str, str] | None:
    """The marks at which any text of a list is parted that holds none of some signs; the marks, and these signs. None
    where what stands between two marks may be one allowed value."""
    marks = _MARKS + (_COMMAS if _parts_commas(type_) else "")
    # a line break looks like a blank to `folded`
    if any(mark in folded(value) for value in type_.values for mark in " ;、,"):
        return None
    return marks, "".join(QUOTES) + ("" if type_.kind is Kind.STRING else _OPENING_BRACKETS)


def split_list(text: str, type_: Type) -> list[Span]:
    """Where the items of a list stand in a text: `;` `、` and line breaks part them, a comma too between allowed values
    that hold none; not inside quotes."""
    pattern = _SPLIT_COMMA if _parts_commas(type_) else _SPLIT
    whole = match_allowed(visible(text), type_.values) if type_.values else None
    if whole is not None:
        return [Span(0, len(text))]
    inner = in_brackets_whole(plain(text)) if type_.kind is not Kind.STRING else None
    if inner is not None:
        # `[换货, 补发]`: nothing else can be meant where no value has such brackets
        found = split_list(text[inner.start : inner.end], type_)
        return [span.shifted(inner.start) for span in found]
    spans, start, pos = [], 0, 0
    if not _OPENING.search(text):  # most lists have no quotation marks
        for found_ in pattern.finditer(text):
            spans.append(Span(start, found_.start()))
            start = found_.end()
        spans.append(Span(start, len(text)))
        pos = len(text) + 1
    while pos <= len(text):
        closing = QUOTES.get(text[pos : pos + 1])
        if closing and not text[start:pos].strip() and (end := text.find(closing, pos + 1)) > 0:
            pos = end + 1
        elif pos == len(text) or pattern.match(text, pos):
            spans.append(Span(start, pos))
            start = pos = pos + 1
        else:
            pos += 1
    return [span for span in spans if visible(text[span.start : span.end])]


def _read_list(text: str, type_: Type, unit: str) -> Value | Problem:
    items: list[Scalar] = []
    of_item = type_.item
    for span in split_list(text, type_):
        item = read_one(unquoted(text[span.start : span.end]), of_item, unit)
        if isinstance(item, Problem):
            return Problem(item.slug, span, item.fields, item.cells)
        items.append(item)
    return tuple(items)


def unquoted(text: str) -> str:
    """The text without a pair of quotes around it."""
    inner = visible(text)
    if len(inner) >= 2 and QUOTES.get(inner[0]) == inner[-1]:
        return inner[1:-1]
    return text


def value_of(native: object, type_: Type, unit: str = "") -> Value | Problem:
    """What Excel or Python holds as a value of the type: a text is read, a number in a text column becomes its digits,
    0 and 1 in a yes-or-no column are no and yes."""
    if native is None or isinstance(native, str):
        return read_value(native or "", type_, unit)
    if isinstance(native, Sequence):
        return _list_of(native, type_, unit)
    value = _one_of(native, type_.item, unit)
    return (value,) if type_.many and not isinstance(value, Problem) else value


def _list_of(native: Sequence[object], type_: Type, unit: str) -> Value | Problem:
    if not type_.many:
        text = ";".join(str(item) for item in native)
        return problem("not-a-single-value", Span(0, len(text)), text=clipped(text))
    items: list[Value] = []
    of_item = type_.item
    for item in native:
        value = value_of(item, of_item, unit)
        if isinstance(value, Problem):
            return value
        if value is not None:
            items.append(value)
    return tuple(items)


def _one_of(native: object, type_: Type, unit: str) -> Scalar | Problem:
    """A native scalar that is no text."""
    if isinstance(native, float | int | Decimal) and not isinstance(native, bool):
        try:
            exact = number(native)
        except DecimalException:
            return problem("not-a-number", Span(0, 0), text=clipped(str(native)))
        return _from_number(native, exact, type_, unit)
    if isinstance(native, bool):
        return _from_boolean(native, type_)
    if isinstance(native, dt.timedelta):
        whole = dt.timedelta(seconds=round(native / dt.timedelta(seconds=1)))
        return whole if type_.kind is Kind.DURATION else _not(_NOUNS[type_.kind], str(native))
    if isinstance(native, dt.date):
        return _from_date(native, type_)
    return _not(_NOUNS[type_.kind], str(native))


_NOUNS = {
    Kind.STRING: "text", Kind.ENUM: "text", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean", Kind.DATE: "date",
    Kind.DATETIME: "datetime", Kind.DURATION: "duration",
}  # fmt: skip


def _from_number(native: object, exact: Decimal, type_: Type, unit: str) -> Scalar | Problem:
    text = number_text(exact)
    if type_.kind is Kind.NUMBER:
        checked = _read_number(text, "") if not isinstance(native, float) else exact
        return _bounded(checked, type_, text)
    if type_.kind.textual and not isinstance(native, int) and exact and exact.adjusted() >= EXACT_DIGITS:
        return problem("excel-rounded-number", Span(0, len(text)), text=text)
    if type_.kind.textual and exact == exact.to_integral_value(context=CONTEXT):
        text = f"{exact:f}".split(".", maxsplit=1)[0] if exact else "0"
    return read_one(text, type_, unit)


def _from_boolean(native: bool, type_: Type) -> Scalar | Problem:
    if type_.kind is Kind.BOOLEAN:
        return native
    if type_.kind.textual:
        spellings = ("是", "TRUE", "true", "yes") if native else ("否", "FALSE", "false", "no")
        return next((s for s in spellings if s in type_.values), None) or _read_text(spellings[1], type_)
    return _not(_NOUNS[type_.kind], "TRUE" if native else "FALSE")


def _from_date(native: dt.date, type_: Type) -> Scalar | Problem:
    if isinstance(native, dt.datetime):
        if native.tzinfo is not None:
            return _not("datetime", str(native))
        native = native.replace(microsecond=0) + dt.timedelta(seconds=round(native.microsecond / 1e6))
    match type_.kind:
        case Kind.DATETIME:
            return native if isinstance(native, dt.datetime) else dt.datetime.combine(native, MIDNIGHT)
        case Kind.DATE:
            return _only_date(native, date_text(native))
        case Kind.STRING | Kind.ENUM:
            plain_date = isinstance(native, dt.datetime) and native.time() == MIDNIGHT
            return _read_text(
                date_text(native.date() if plain_date and isinstance(native, dt.datetime) else native), type_
            )
        case Kind.NUMBER | Kind.DURATION if moment_of(native).time() == MIDNIGHT:
            # `3-5` becomes the fifth of March as soon as it is typed into Excel
            day = date_text(moment_of(native).date())
            typed = f"{native.month}-{native.day}"
            return problem("dated-by-excel", Span(0, 0), date=day, typed=typed, range=typed.replace("-", "~"))
        case _:
            return _not(_NOUNS[type_.kind], date_text(native))
