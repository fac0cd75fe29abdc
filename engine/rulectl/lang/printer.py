"""Printing: a tree as the one canonical text that parses back to it (law: parse(print(x)) == x).

A cell is printed as a manager would type it, an expression in DMN's words. Nothing that is printed begins with `=`,
which a spreadsheet would take for a formula. The canonical text is the Chinese one; what is printed for an English
reader has the few words that a language has of its own (`是`, `空`, `且`, `包含`, `2天`) in English, and parses back to
the same tree.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, assert_never

from rulectl.codes import Language
from rulectl.lang.bounds import below, covering
from rulectl.lang.chars import QUOTES, plain, visible
from rulectl.lang.places import doubtful
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
from rulectl.types import Kind, Type
from rulectl.values import TRUTHS, Value, date_text, number_text, spoken

Names = Mapping[str, str]

_TOP, _OR, _AND, _COMPARE, _SUM, _UNARY, _ATOM = 0, 1, 2, 3, 4, 7, 8
_LEVELS = {"+": 4, "-": 4, "*": 5, "/": 5, "**": 6}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_SPECIAL = re.compile(
    r"[;,、\n\"'()\[\]{}<>=!≤≥≠~—:&|“”「」『』‘’]|或|且|和|与|及|除|外|非|不|含|是|为|空|null|not| ", re.IGNORECASE
)


class _Said(NamedTuple):
    """What is called how: names by id, and the language of the words."""

    names: Names
    lang: Language


class _Words(NamedTuple):
    """The words of a condition that a language has of its own."""

    null: str
    and_: str
    contains: str


_WORDS: dict[Language, _Words] = {"zh": _Words("空", " 且 ", "包含"), "en": _Words("null", " and ", "contains")}


# -- expressions -------------------------------------------------------------------------------------------------


def print_expr(expr: Expr, names: Names, *, in_cell: Type | None = None, lang: Language = "zh") -> str:
    """The canonical text of an expression; `in_cell` as it stands in a conclusion column of that type. `lang` puts its
    words into another language, which reads back as well."""
    said = _Said(names, lang)
    return _expr(expr, said, _TOP) if in_cell is None else _output(expr, said, in_cell)


def _expr(expr: Expr, said: _Said, least: int) -> str:
    """The text, in brackets when it binds less than `least`."""
    if type(expr) is Literal and type(expr.value) is Decimal and expr.value >= 0:
        return number_text(expr.value)  # what most ends of ranges are
    text, level = _bare(expr, said)
    return f"({text})" if level < least else text


def _bare(expr: Expr, said: _Said) -> tuple[str, int]:
    """The text and how strongly it binds."""
    match expr:
        case Literal(value):
            text = literal_text(value, said.lang)
            return text, _UNARY if text.startswith("-") else _ATOM
        case Name(id_):
            return said.names.get(id_, id_), _ATOM
        case Sequence(items):
            return f"[{_list(items, said)}]", _ATOM
        case Negative(operand):
            return f"-{_expr(operand, said, _UNARY)}", _UNARY
        case Binary(op, left, right):
            level = _LEVELS[op]
            return f"{_expr(left, said, level)} {op} {_expr(right, said, level + 1)}", level
        case Compare(op, left, right):
            return f"{_expr(left, said, _SUM)} {op} {_expr(right, said, _SUM)}", _COMPARE
        case Meets(subject, test):
            return f"{_expr(subject, said, _SUM)} in {_inside(test, said)}", _COMPARE
        case Both(items):
            return " and ".join(_expr(item, said, _COMPARE) for item in items), _AND
        case Either(items):
            return " or ".join(_expr(item, said, _AND) for item in items), _OR
        case Not(operand):
            return f"not({_expr(operand, said, _TOP)})", _ATOM
        case If(condition, then, otherwise):
            parts = [_expr(part, said, _OR) for part in (condition, then, otherwise)]
            return "if {} then {} else {}".format(*parts), _TOP
        case Call(function, arguments):
            return f"{function}({_list(arguments, said)})", _ATOM
        case Text():
            return f"text({literal_text(_template(expr, said))})", _ATOM
        case _:
            assert_never(expr)


def _list(items: tuple[Expr, ...], said: _Said) -> str:
    return ", ".join(_expr(item, said, _TOP) for item in items)


def _inside(test: Test, said: _Said) -> str:
    """A test after `in`."""
    text = _test(test, said, None, _TOP)
    return text if isinstance(test, Between) else f"({text})"


def literal_text(value: Value, lang: Language = "zh") -> str:
    """A constant in an expression."""
    match value:
        case None:
            return "null"
        case bool():
            return TRUTHS[lang][value]
        case Decimal():
            return number_text(value)
        case str():
            return f'"{value.translate(_ESCAPES)}"'
        case dt.date():
            return date_text(value)
        case dt.timedelta():
            return spoken(value, lang)
        case tuple():
            return f"[{', '.join(literal_text(item, lang) for item in value)}]"


def template(expr: Expr, names: Names) -> str:
    """A text with its places in braces."""
    return _template(expr, _Said(names, "zh"))


def _template(expr: Expr, said: _Said) -> str:
    if isinstance(expr, Text):
        return "".join(_template(part, said) for part in expr.parts)
    if isinstance(expr, Literal) and isinstance(expr.value, str):
        return re.sub("[{}｛｝]", r"\g<0>\g<0>", expr.value)
    return "{" + _expr(expr, said, _TOP) + "}"


# -- conclusions -------------------------------------------------------------------------------------------------


def _output(expr: Expr, said: _Said, type_: Type) -> str:
    if type_.kind.textual:
        text = _typed_text(expr, said, type_)
        return ":=" + _expr(expr, said, _TOP) if text is None else text
    if isinstance(expr, Literal):
        items = expr.value if isinstance(expr.value, tuple) and type_.many else (expr.value,)
        if items:
            return ";".join(literal_text(item, said.lang) for item in items)
        return "[]"
    if isinstance(expr, Sequence) and type_.many:
        return ";".join(_expr(item, said, _TOP) for item in expr.items)
    if isinstance(expr, Binary) and expr.op == "-" and below(expr.left, expr.right):
        return f"({_expr(expr, said, _TOP)})"  # without brackets it would be a range
    return _expr(expr, said, _TOP)


def _typed_text(expr: Expr, said: _Said, type_: Type) -> str | None:
    """A text conclusion as it is typed; None when only an expression can say it."""
    if isinstance(expr, Literal) and isinstance(expr.value, tuple) and type_.many:
        texts = [_typed_item(Literal(item), said, type_) for item in expr.value]
        whole = [text for text in texts if text is not None]
        return ";".join(whole) if whole and len(whole) == len(texts) else None
    return None if type_.many else _typed_item(expr, said, type_)


def _typed_item(expr: Expr, said: _Said, type_: Type) -> str | None:
    if isinstance(expr, Literal) and isinstance(expr.value, str):
        if type_.values:
            return expr.value if not type_.many and expr.value in type_.values else simple_word(expr.value, type_)
        text = _template(expr, said)
    elif isinstance(expr, Text) and not type_.values:
        text = _template(expr, said)
    else:
        return None
    awkward = visible(text) != text or not text or text[0] in QUOTES or plain(text).startswith(":=") or "\r" in text
    listed = type_.many and re.search(r"[;；、\n]", text)
    return None if awkward or listed or doubtful(text) or plain(text) in ("-", "—") else text


def simple_word(value: str, type_: Type) -> str | None:
    """An allowed value, when it can stand in a list without quotes."""
    return value if type_.values and value in _simple(type_.values) else None


@lru_cache(maxsize=1024)
def _simple(values: tuple[str, ...]) -> frozenset[str]:
    """Which allowed values can stand in a list without quotes; worked out once, for there may be thousands."""
    if any(map(re.compile(r"[;；、\n,，]").search, values)):
        return frozenset()
    special = _SPECIAL.search
    return frozenset(
        v for v in values if v and visible(v) == v and not special(plain(v)) and plain(v) not in ("-", "—")
    )


# -- tests -------------------------------------------------------------------------------------------------------


def print_test(test: Test, column: Type, names: Names, lang: Language = "zh") -> str:
    """The canonical text of a condition in a column of a type; `lang` puts its words into another language."""
    return _test(test, _Said(names, lang), column, _TOP)


def _test(test: Test, said: _Said, column: Type | None, least: int) -> str:
    """A test in a cell of a column, or, where `column` is None, inside an expression."""
    match test:
        case Is(op, value):
            return _compared(op, value, said, column)
        case Between(low, high, low_closed, high_closed):
            ends = [_expr(end, said, _SUM) for end in (low, high)]
            return f"{'[' if low_closed else '('}{ends[0]}..{ends[1]}{']' if high_closed else ')'}"
        case Contains(value):
            mark = "" if isinstance(value, Literal) and isinstance(value.value, str) else ":="
            return f"{_WORDS[said.lang].contains} {mark}{_expr(value, said, _SUM)}"
        case OneOf(items):
            # `>3;<7` would be asked about, being true of everything
            word = ";" if covering(items) is None else " or "
            text = word.join(_test(item, said, column, _OR) for item in items)
            return f"({text})" if least > _TOP else text
        case AllOf(items):
            word = _WORDS[said.lang].and_ if column else " and "
            texts = [_test(item, said, column, _AND) for item in items]
            listed = word == " and " and not (column and column.many)
            for n in range(1, len(items) if listed else 0):
                # `3 and 5` is a list
                if _plain(items[n - 1]) and _plain(items[n]):
                    texts[n] = f"={texts[n]}"
            text = word.join(texts)
            return f"({text})" if least > _OR else text
        case Except(inner):
            return f"not({_test(inner, said, column, _TOP)})"
        case IsNull():
            word = _WORDS[said.lang].null if column else "null"
            return "null" if column and word in column.values else word
        case Any():
            return "-"
        case _:
            assert_never(test)


def _plain(test: Test) -> bool:
    return isinstance(test, Is) and test.op == "="


def _compared(op: str, value: Expr, said: _Said, column: Type | None) -> str:
    if column and column.kind.textual:
        shown = "" if op == "=" else op
        if isinstance(value, Literal) and isinstance(value.value, str):
            return shown + (simple_word(value.value, column) or literal_text(value.value))
        return f"{shown}:={_expr(value, said, _SUM)}"
    if op != "=":
        return op + _expr(value, said, _SUM)
    boolean = column is None or column.kind is Kind.BOOLEAN
    text = _expr(value, said, _OR if boolean and _logical(value) else _SUM)
    return f"({text})" if _misread(value, text) else text


def _logical(expr: Expr) -> bool:
    """Whether an expression is plainly yes or no, so that a column of yes and no takes it whole."""
    return isinstance(expr, Compare | Meets | Both | Either)


def _misread(value: Expr, text: str) -> bool:
    """Whether a value at the start of a condition would be read as something else: a range, a list, a negation."""
    if (
        isinstance(value, Not)
        or text.startswith("[")
        or all(part.isdecimal() for part in text.split(" / ")[:-1] or "-")
    ):
        return True
    if isinstance(value, Both | Either) and any(isinstance(item, Literal) for item in value.items):
        return True
    left: Expr = value
    while isinstance(left, Binary) and left.op == "+":
        left = left.left
    return isinstance(left, Binary) and left.op == "-" and not text.startswith("(")
