"""The schema of rulebooks as shipped, the formats it names (the texts that decoding can read), and the seal of a text
that has been held to it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import DecimalException
from functools import cache
from hashlib import sha256
from typing import Any as Json

from rulectl.codec.nodes import duration_value
from rulectl.data import data_folder
from rulectl.values import number


@cache
def _written() -> bytes:
    return data_folder("rulectl.schema").joinpath("rulebook.schema.json").read_bytes()


@cache
def rulebook_schema() -> dict[str, Json]:
    """The schema of rulebooks, as shipped."""
    schema: dict[str, Json] = json.loads(_written())
    return schema


def seal(text: bytes | memoryview) -> str:
    """`sha256:...` over a text that has been held to the schema, and over the schema itself: a seal of another version
    of the schema says nothing."""
    digest = sha256(_written())
    digest.update(text)
    return f"sha256:{digest.hexdigest()}"


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
