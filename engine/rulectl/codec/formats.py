"""The schema of rulebooks as shipped, and the formats it names: the texts that decoding can read."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import DecimalException
from functools import cache
from typing import Any as Json

from rulectl.codec.nodes import duration_value
from rulectl.data import data_folder
from rulectl.values import number


@cache
def rulebook_schema() -> dict[str, Json]:
    """The schema of rulebooks, as shipped."""
    schema: dict[str, Json] = json.loads(
        data_folder("rulectl.schema").joinpath("rulebook.schema.json").read_text("utf-8")
    )
    return schema


def _is_date(text: str) -> bool:
    return len(text) == 10 and bool(dt.date.fromisoformat(text))


def _is_moment(text: str) -> bool:
    return "T" in text and dt.datetime.fromisoformat(text).tzinfo is None


def _is_duration(text: str) -> bool:
    return duration_value(text) is not None


def _is_decimal(text: str) -> bool:
    if len(text) <= 34 and text.isascii() and text.replace(".", "", 1).isdecimal():
        return True  # most are as plain as this
    return len(text) <= 100 and text.isascii() and number(text) is not None


def _readable(check: Callable[[str], bool]) -> Callable[[object], bool]:
    """A format's check: what is no text has no format, what cannot be read does not fit."""

    def fits(value: object) -> bool:
        try:
            return not isinstance(value, str) or check(value)
        except (ValueError, OverflowError, DecimalException):
            return False

    return fits


FORMATS: Mapping[str, Callable[[object], bool]] = {
    "date": _readable(_is_date),
    "local-date-time": _readable(_is_moment),
    "days-time-duration": _readable(_is_duration),
    "decimal": _readable(_is_decimal),
}
