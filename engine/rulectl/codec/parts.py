"""What the encoders of a rulebook's parts share: what is known while encoding, and the small nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any as Json

from rulectl.model.rulebook import Period
from rulectl.source import Cell, CellRange
from rulectl.types import Type
from rulectl.values import number_text

Node = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Context:
    """What encoding needs to know: the rulebook's own file, names by id, and whether only the meaning is wanted."""

    home: str
    names: Mapping[str, str]
    types: Mapping[str, Type]
    meaning: bool

    def place(self, place: Cell | CellRange | None) -> str | None:
        return None if place is None or self.meaning else place.seen_from(self.home)


def kept(**fields: Json) -> Node:
    """The fields that say something, in order; `type_` is `type`."""
    return {
        name.rstrip("_"): value
        for name, value in fields.items()
        if value is not None and value is not False and value not in ("", [], {})
    }


def period_json(period: Period) -> Node:
    return {
        "from": period.start.isoformat() if period.start else None,
        "to": period.end.isoformat() if period.end else None,
    }


def type_json(type_: Type) -> Node:
    low, high = (None if end is None else number_text(end) for end in (type_.low, type_.high))
    return kept(kind=type_.kind.value, list=type_.many, values=list(type_.values), low=low, high=high)


def texts_json(canonical: str, written: str, context: Context) -> Node:
    """The canonical text, and what the manager wrote where that is not the same."""
    if context.meaning:
        return {}
    return ({"text": canonical} if canonical else {}) | ({"written": written} if written != canonical else {})
