"""Types of terms: string, enum, number, boolean, date, datetime, duration, and lists of these (semantics 2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from rulectl.values import Value


class Kind(Enum):
    STRING = "string"
    ENUM = "enum"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"

    @property
    def ordered(self) -> bool:
        """Whether `<` has a meaning; enums have an order of their own, used by hit policies P and O only."""
        return self in (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.DURATION)

    @property
    def textual(self) -> bool:
        return self in (Kind.STRING, Kind.ENUM)


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, whether it is a list of them, an enum's allowed values in order (a string may have them too), and the
    least and greatest number allowed, both included; None is open."""

    kind: Kind
    many: bool = False
    values: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def item(self) -> Type:
        """The type of one element of a list; the type itself otherwise."""
        return replace(self, many=False) if self.many else self

    @property
    def ordered(self) -> bool:
        return self.kind.ordered and not self.many


STRING = Type(Kind.STRING)
NUMBER = Type(Kind.NUMBER)
BOOLEAN = Type(Kind.BOOLEAN)
DATE = Type(Kind.DATE)
DATETIME = Type(Kind.DATETIME)
DURATION = Type(Kind.DURATION)

_PYTHON: dict[Kind, type] = {
    Kind.STRING: str,
    Kind.ENUM: str,
    Kind.NUMBER: Decimal,
    Kind.BOOLEAN: bool,
    Kind.DATE: dt.date,
    Kind.DATETIME: dt.datetime,
    Kind.DURATION: dt.timedelta,
}


def fits(value: Value, type_: Type) -> bool:
    """Whether a value is one of the type; null fits every type."""
    if value is None:
        return True
    if type_.many:
        return isinstance(value, tuple) and all(item is not None and _fits_one(item, type_) for item in value)
    return _fits_one(value, type_)


def _fits_one(value: Value, type_: Type) -> bool:
    """Whether a value is one of the type, or of the items of its lists."""
    if not isinstance(value, _PYTHON[type_.kind]):
        return False
    if type_.kind is Kind.DATE and isinstance(value, dt.datetime):
        return False
    if isinstance(value, Decimal) and not within(value, type_):
        return False
    return not type_.values or value in type_.values


def within(value: Decimal, type_: Type) -> bool:
    """Whether a number lies between the least and the greatest that the type allows."""
    return (type_.low is None or type_.low <= value) and (type_.high is None or value <= type_.high)


def compatible(one: Type, other: Type) -> bool:
    """Whether values of the two may be compared: string with enum, date with datetime, else the same kind."""
    if one.many != other.many:
        return False
    kinds = {one.kind, other.kind}
    return len(kinds) == 1 or kinds == {Kind.STRING, Kind.ENUM} or kinds == {Kind.DATE, Kind.DATETIME}
