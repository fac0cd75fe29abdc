"""Numbers with units: `35元`, `1.5万`, `10%`, `3 天`, `1天12小时`.

What a unit means is settled by what the number is for: in a column of numbers the unit has to be the column's own, in a
column of durations it is a measure of time.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, DecimalException
from functools import cache
from typing import NamedTuple

from rulectl.lang.numerals import CHARACTERS, numeral_at
from rulectl.values import CONTEXT, DIGITS

_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("元", "块", "块钱", "圆", "元人民币", "人民币", "rmb", "cny", "¥", "yuan"),
    ("$", "usd", "us$", "美元", "dollar", "dollars"),
    ("£", "gbp", "英镑"),
    ("€", "eur", "欧元", "euro", "euros"),
    ("天", "日", "d", "day", "days"),
    ("小时", "时", "个小时", "钟头", "h", "hr", "hrs", "hour", "hours"),
    ("分钟", "分", "min", "mins", "minute", "minutes"),
    ("秒", "秒钟", "s", "sec", "second", "seconds"),
    ("周", "星期", "个星期", "week", "weeks"),
    ("件", "个", "pc", "pcs", "piece", "pieces", "item", "items"),
    ("次", "回", "time", "times"),
    ("公斤", "千克", "kg", "kgs", "kilogram", "kilograms"),
    ("克", "g", "gram", "grams"),
    ("单", "笔", "order", "orders"),
    ("人", "位", "名", "person", "persons", "people"),
    ("%", "％", "percent", "per cent", "pct"),
    ("工作日", "个工作日"),
    ("月", "个月", "month", "months"),
    ("年", "岁", "周岁", "year", "years", "yr", "yrs", "years old"),
    ("公里", "千米", "km", "kilometre", "kilometres", "kilometer", "kilometers"),
    ("mile", "miles", "英里"),
    ("级", "层", "level", "levels"),
)
_ALONE = (
    *("角", "条", "双", "套", "张", "箱", "包", "瓶", "盒", "只", "斤", "吨"),
    *("米", "厘米", "cm", "m", "积分", "星", "折", "倍"),
)
_FAMILY = {unit: family[0] for family in _FAMILIES for unit in family} | {unit: unit for unit in _ALONE}
_TIME = {"天": 86400, "小时": 3600, "分钟": 60, "秒": 1, "周": 7 * 86400}
_SCALES = {"百": 2, "千": 3, "万": 4, "百万": 6, "千万": 7, "亿": 8, "k": 3, "K": 3}
MONEY = {"¥": "元", "$": "$", "£": "£", "€": "€"}
"""Signs of money -> the unit that they name."""

_JOINING = ("", *"到至~-—,、;或和与及以)]")

MAX_MAGNITUDE = 34
MAX_DAYS = 3_660_000

NUMBER = re.compile(
    r"(?P<digits>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?P<exp>[eE][+-]?[0-9]{1,15}(?![0-9a-zA-Z]))?\s?(?P<scale>千万|百万|[百千万亿](?!克)|[kK](?![a-zA-Z0-9_]))?"
)
GROUPED = re.compile(r"(?!0)[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9,])")


class Quantity(NamedTuple):
    """A number as written: `factor` is the scale word's power of ten, `unit` what follows, `span` the time when it is a
    chain such as `1天12小时`."""

    number: Decimal
    unit: str = ""
    factor: int = 0
    time: dt.timedelta | None = None

    @property
    def timely(self) -> bool:
        return self.time is not None or family(self.unit) in _TIME


def family(unit: str) -> str:
    """The one spelling that stands for all spellings of a unit."""
    key = unit.strip().lower()
    return _FAMILY.get(key, key)


def is_unit(word: str) -> bool:
    """Whether a word is a unit that everybody knows."""
    return word.strip().lower() in _FAMILY


def same_unit(written: str, wanted: str) -> bool:
    """Whether a written unit is another spelling of the wanted one; a term without a unit takes any."""
    return not written or not wanted or written == wanted or family(written) == family(wanted)


def to_decimal(digits: str) -> Decimal | str:
    """Plain digits -> an exact number, or the slug of what is wrong with it."""
    significant = re.sub(r"[eE].*", "", digits).replace(".", "").lstrip("0").rstrip("0")
    if len(significant) > DIGITS:
        return "number-too-long"
    try:
        number = CONTEXT.create_decimal(digits)
    except DecimalException:
        return "number-too-large"
    if number and abs(number.adjusted()) > MAX_MAGNITUDE:
        return "number-too-large"
    return number


def scaled(number: Decimal, scale: str) -> Decimal:
    """`1.5万` -> 15000."""
    return number.scaleb(_SCALES[scale], CONTEXT) if scale else number


def as_number(quantity: Quantity, unit: str) -> Decimal | None:
    """The number in the wanted unit; None when the written unit is another one."""
    if quantity.time is not None:
        return None
    if quantity.unit == "折" and not unit:
        # 8.5折 and 85折 both leave 0.85 of the price
        return quantity.number.scaleb(-1 if quantity.number <= 10 else -2, CONTEXT)
    if quantity.unit == "%":
        if unit:  # 5% of a sum is no 0.05元
            return quantity.number if family(unit) == "%" else None
        return quantity.number.scaleb(-2, CONTEXT)
    return quantity.number if same_unit(quantity.unit, unit) else None


def as_duration(quantity: Quantity, unit: str = "") -> dt.timedelta | None:
    """The time that a quantity measures; a bare number is measured in `unit`. None when it measures none."""
    if quantity.time is not None:
        return quantity.time
    seconds = _TIME.get(family(quantity.unit or unit))
    return None if seconds is None else seconds_to_time(CONTEXT.multiply(quantity.number, Decimal(seconds)))


def seconds_to_time(seconds: Decimal) -> dt.timedelta | None:
    """Whole seconds as a duration; None when they are not whole or silly."""
    if seconds != seconds.to_integral_value(context=CONTEXT) or abs(seconds) > MAX_DAYS * 86400:
        return None
    return dt.timedelta(seconds=int(seconds))


@cache
def _unit_pattern(extra: tuple[str, ...]) -> re.Pattern[str]:
    known = sorted({*_FAMILY, *(u.strip().lower() for u in extra if u.strip())}, key=lambda u: (-len(u), u))
    options = [re.escape(u) + (r"(?![a-z0-9_(])" if u.isascii() and u.isalpha() else "") for u in known if u != "¥"]
    return re.compile("|".join(options), re.IGNORECASE)


def unit_at(text: str, pos: int, extra: tuple[str, ...]) -> str:
    """The unit that stands at a position of a plain text, or blank; `extra` are units beyond the well-known."""
    found = _unit_pattern(extra).match(text, pos)
    return found.group() if found else ""


def quantity_at(text: str, pos: int, extra: tuple[str, ...] = ()) -> tuple[Quantity, int] | str | None:
    """The unsigned quantity at a position of a plain text and its end; a slug when it is too large; None when there is
    no number. Thousands separators are the caller's business."""
    found = NUMBER.match(text, pos)
    if not found:
        return _worded(text, pos, extra)
    first = _one(text, found, extra)
    if isinstance(first, str) or not first[0].timely:
        return first
    return _chain(text, first, extra)


def _worded(text: str, pos: int, extra: tuple[str, ...]) -> tuple[Quantity, int] | None:
    """A number in Chinese characters and its unit: `三天`. Without a unit it has to stand alone or before a word that
    joins it to another, for `一线` is no number."""
    read = numeral_at(text, pos) if text[pos : pos + 1] in CHARACTERS else None
    if read is None:
        return None
    digits, end = read
    unit = unit_at(text, end, extra)
    if not unit and (text[end:].strip()[:1] not in _JOINING or digits == "0.5"):
        return None
    return Quantity(Decimal(digits), unit), end + len(unit)


def _one(text: str, found: re.Match[str], extra: tuple[str, ...]) -> tuple[Quantity, int] | str:
    number = to_decimal(found["digits"] + (found["exp"] or ""))
    if isinstance(number, str):
        return number
    scale = found["scale"] or ""
    end = found.end() if scale else found.end("exp" if found["exp"] else "digits")
    blanks = len(text[end : end + 2]) - len(text[end : end + 2].lstrip(" "))
    unit = unit_at(text, end + blanks, extra)
    named = "%" if family(unit) == "%" else unit
    quantity = Quantity(scaled(number, scale), named, _SCALES.get(scale, 0))
    return quantity, end + (blanks + len(unit) if unit else 0)


def _chain(text: str, first: tuple[Quantity, int], extra: tuple[str, ...]) -> tuple[Quantity, int]:
    """`1天12小时30分` -> one time: units must fall."""
    quantity, end = first
    size, parts = _TIME[family(quantity.unit)], 1
    total = CONTEXT.multiply(quantity.number, Decimal(size))
    while found := NUMBER.match(text, end + (text[end : end + 1] == " ")):
        step = _one(text, found, extra)
        if isinstance(step, str) or not step[0].timely or _TIME[family(step[0].unit)] >= size:
            break
        size = _TIME[family(step[0].unit)]
        total = CONTEXT.add(total, CONTEXT.multiply(step[0].number, Decimal(size)))
        end, parts = step[1], parts + 1
    if parts == 1:
        return first
    return Quantity(total, "秒", 0, seconds_to_time(total) or dt.timedelta.max), end
