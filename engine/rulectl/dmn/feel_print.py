"""The language of cells as FEEL: the text that any DMN tool reads, as near as it comes.

Not everything has a counterpart (`3天以内` has, working days have not); whoever writes a model asks whether the text
reads back as what is meant, and keeps the cell beside it where it does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from rulectl.lang.syntax import (
    AllOf,
    Any,
    Between,
    Binary,
    Both,
    Call,
    Compare,
    Contains,
    Either,
    Except,
    Expr,
    If,
    Is,
    IsNull,
    Literal,
    Meets,
    Name,
    Negative,
    Not,
    OneOf,
    Sequence,
    Test,
    Text,
)
from rulectl.values import Value, duration_text

_TOP, _OR, _AND, _COMPARE, _SUM, _UNARY, _ATOM = 0, 1, 2, 3, 4, 7, 8
_LEVELS = {"+": 4, "-": 4, "*": 5, "/": 5, "**": 6}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def literal(value: Value) -> str:
    """A constant."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case str():
            return f'"{value.translate(_ESCAPES)}"'
        case dt.datetime():
            return f'date and time("{value.isoformat(timespec="seconds")}")'
        case dt.date():
            return f'date("{value.isoformat()}")'
        case dt.timedelta():
            return f'duration("{duration_text(value)}")'
        case tuple():
            return f"[{', '.join(map(literal, value))}]"


class Printer:
    """Trees as FEEL. `names` are the names of terms and parameters in the model; `lists` the ids of those that are
    lists."""

    def __init__(self, names: Mapping[str, str], lists: frozenset[str]) -> None:
        self._names = names
        self._lists = lists

    def expression(self, expr: Expr) -> str:
        return self._expr(expr, _TOP)

    def tests(self, test: Test, many: bool = False) -> str:
        """An input entry; `many` where its column is a list."""
        match test:
            case Any():
                return "-"
            case OneOf(items) if not many and all(isinstance(item, Is | Between | IsNull) for item in items):
                if all(self._plain(item) for item in items):
                    return ", ".join(self._test(item) for item in items)
            case Except(OneOf(items)) if not many and all(self._plain(item) for item in items):
                return f"not({', '.join(self._test(item) for item in items)})"
            case Except(inner) if not many and self._plain(inner):
                return f"not({self._test(inner)})"
            case Is() | Between() | IsNull() if not many and self._plain(test):
                return self._test(test)
            case _:
                pass
        return self._about("?", test, many, _TOP)

    def _plain(self, test: Test) -> bool:
        """Whether a test can stand in a list of tests."""
        return isinstance(test, IsNull | Between) or (isinstance(test, Is) and test.op != "!=")

    def _test(self, test: Test) -> str:
        match test:
            case IsNull():
                return "null"
            case Is("=", value):
                return self._expr(value, _SUM)
            case Is(op, value):
                return f"{op} {self._expr(value, _SUM)}"
            case Between(low, high, low_closed, high_closed):
                ends = self._expr(low, _SUM), self._expr(high, _SUM)
                return f"{'[' if low_closed else '('}{ends[0]}..{ends[1]}{']' if high_closed else ')'}"
            case _:
                raise AssertionError(test)

    def _about(self, subject: str, test: Test, many: bool, least: int) -> str:
        """A test as a statement about something."""
        match test:
            case Any():
                return "true"
            case IsNull():
                text, level = f"{subject} = null", _COMPARE
            case Is("=", value) if many:
                text, level = f"list contains({subject}, {self._expr(value, _TOP)})", _ATOM
            case Is("!=", value) if many:
                text, level = f"not(list contains({subject}, {self._expr(value, _TOP)}))", _ATOM
            case Is(op, value):
                text, level = f"{subject} {op} {self._expr(value, _SUM)}", _COMPARE
            case Contains(value):
                text, level = f"contains({subject}, {self._expr(value, _TOP)})", _ATOM
            case Between():
                text, level = f"{subject} in {self._test(test)}", _COMPARE
            case OneOf(items):
                text, level = " or ".join(self._about(subject, item, many, _AND) for item in items), _OR
            case AllOf(items):
                text, level = " and ".join(self._about(subject, item, many, _COMPARE) for item in items), _AND
            case Except(inner):
                text, level = f"not({self._about(subject, inner, many, _TOP)})", _ATOM
            case _:
                assert_never(test)
        return f"({text})" if level < least else text

    def _expr(self, expr: Expr, least: int) -> str:
        """The text, in brackets when it binds less than `least`."""
        text, level = self._bare(expr)
        return f"({text})" if level < least else text

    def _bare(self, expr: Expr) -> tuple[str, int]:
        """The text and how strongly it binds."""
        match expr:
            case Literal(value):
                text = literal(value)
                return text, _UNARY if text.startswith("-") else _ATOM
            case Name(id_):
                return self._names.get(id_, id_), _ATOM
            case Sequence(items):
                return f"[{self._list(items)}]", _ATOM
            case Negative(operand):
                return f"-{self._expr(operand, _ATOM)}", _UNARY
            case Binary(op, left, right):
                level = _LEVELS[op]
                return f"{self._expr(left, level)} {op} {self._expr(right, level + 1)}", level
            case Compare(op, left, right):
                return f"{self._expr(left, _SUM)} {op} {self._expr(right, _SUM)}", _COMPARE
            case Meets(subject, test):
                return self._meets(subject, test)
            case Both(items):
                return " and ".join(self._expr(item, _COMPARE) for item in items), _AND
            case Either(items):
                return " or ".join(self._expr(item, _AND) for item in items), _OR
            case Not(operand):
                return f"not({self._expr(operand, _TOP)})", _ATOM
            case If(condition, then, otherwise):
                parts = [self._expr(part, _OR) for part in (condition, then, otherwise)]
                return "if {} then {} else {}".format(*parts), _TOP
            case Call():
                return self._call(expr)
            case Text(parts):
                return " + ".join(self._part(part) for part in parts) or '""', _SUM
            case _:
                assert_never(expr)

    def _meets(self, subject: Expr, test: Test) -> tuple[str, int]:
        many = isinstance(subject, Name) and subject.id in self._lists
        simple = test.items if isinstance(test, OneOf) else (test,)
        if not many and all(self._plain(item) for item in simple):
            inside = ", ".join(self._test(item) for item in simple)
            only = isinstance(test, Between)
            return f"{self._expr(subject, _SUM)} in {inside if only else f'({inside})'}", _COMPARE
        return self._about(self._expr(subject, _SUM), test, many, _ATOM), _ATOM

    def _part(self, part: Expr) -> str:
        texts = isinstance(part, Literal) and isinstance(part.value, str)
        return self._expr(part, _UNARY) if texts else f"string({self._expr(part, _TOP)})"

    def _list(self, items: tuple[Expr, ...]) -> str:
        return ", ".join(self._expr(item, _TOP) for item in items)

    def _call(self, call: Call) -> tuple[str, int]:
        given = call.arguments
        match call.function:
            case "round" if len(given) == 1:
                return f"round half up({self._list(given)}, 0)", _ATOM
            case "round":
                return f"round half up({self._list(given)})", _ATOM
            case "contains" if isinstance(given[0], Name) and given[0].id in self._lists:
                return f"list contains({self._list(given)})", _ATOM
            case "days" if len(given) == 2:
                ends = [self._expr(end, _SUM + 1) for end in reversed(given)]
                return f'({" - ".join(ends)}) / duration("P1D")', _LEVELS["/"]
            case "days":
                return f'{self._expr(given[0], _LEVELS["/"])} / duration("P1D")', _LEVELS["/"]
            case function:
                return f"{function}({self._list(given)})", _ATOM
