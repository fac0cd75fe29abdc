"""JSON text in which no digit of a number changes: decimals are written as they are, never through binary floats."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal

from rulectl.values import duration_text, number_text


def dumps(value: object, indent: int | None = None, level: int = 0) -> str:
    """A value as JSON: decimals as exact numbers, dates and durations as ISO 8601 texts, tuples as lists."""
    match value:
        case Decimal():
            return number_text(value)
        case dt.date():
            return json.dumps(value.isoformat())
        case dt.timedelta():
            return json.dumps(duration_text(value))
        case Mapping():
            pairs = [f"{_text(str(k))}: {dumps(v, indent, level + 1)}" for k, v in value.items()]
            return _block("{", pairs, "}", indent, level)
        case list() | tuple():
            items = [dumps(item, indent, level + 1) for item in value]
            flat = indent is None or not any(isinstance(item, Mapping) for item in value)
            return _block("[", items, "]", None if flat else indent, level)
        case _:
            return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _block(start: str, items: list[str], end: str, indent: int | None, level: int) -> str:
    if indent is None or not items:
        return start + ", ".join(items) + end
    pad = "\n" + " " * indent * (level + 1)
    return start + pad + f",{pad}".join(items) + "\n" + " " * indent * level + end
