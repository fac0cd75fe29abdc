"""The doors of the cell language: text or an Excel value in, a checked tree or `Broken` out.

Nothing here raises for what a person typed. A cell gives one problem for one mistake; several unknown names or several
values that are not allowed are several.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar, cast

from rulectl.lang.chars import plain, visible
from rulectl.lang.conditions import list_of_tests, subject_tests
from rulectl.lang.expressions import Parser
from rulectl.lang.faults import Fault, strange
from rulectl.lang.literals import read_boolean, unmarked
from rulectl.lang.misfits import no_conclusion, no_condition, no_copy, no_share
from rulectl.lang.months import whole_month
from rulectl.lang.natives import month_of, shown_value
from rulectl.lang.operands import settled
from rulectl.lang.outputs import finish, of_type, output, template_cell
from rulectl.lang.pieces import column_of
from rulectl.lang.scope import Broken, Problem, Scope
from rulectl.lang.shares import undivided
from rulectl.lang.syntax import ANYTHING, Expr, Is, IsNull, Literal, Test
from rulectl.lang.texts import TextReader
from rulectl.lang.tokens import Lexer
from rulectl.lang.units import is_unit
from rulectl.lang.words import OTHERWISE, REST, UNFILLED, WHATEVER
from rulectl.source import Span
from rulectl.types import NUMBER, STRING, Kind, Type

Native = str | Decimal | bool | dt.date | dt.datetime | dt.timedelta | None
T = TypeVar("T")

_DASHES = ("-", "—", "——")

_ANGLES = {ord("《"): "<", ord("〈"): "<", ord("》"): ">", ord("〉"): ">"}
"""What the keys `<` and `>` give while Chinese is typed; among texts they may be the marks of a title."""

_ANY = re.compile(r"(?:any|all|every) [a-z ]+")
"""`any length`, of a column of numbers."""
_EITHER = re.compile(r"\s*[/／]\s*")
"""What stands between yes and no."""
_AND_MORE = re.compile(r"(?<=[0-9])((?:\s?[^\W\d_]{1,6})?)[+＋](?=\s*(?:$|[;；,，、\n]))")
"""`6+` is `6起`, `18岁+` too."""
_SPACED = re.compile(r"([<>])(\s+)=")
"""`> = 3`."""
_MORE_OF = re.compile(r"(?<=[0-9])[+＋](\s?[a-z]{1,9})(?=\s*(?:$|[;；,，、\n]))", re.IGNORECASE)
"""`18+ years`."""
_OPENING = re.compile(r"[(\[（【]")
_THOUSANDS = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9,])")
"""`fee + 10,000`: outside brackets nothing else can be meant by a comma in one value."""
_STROKES = {ord("–"): "-", ord("—"): "-", ord("−"): "-"}
"""What a word processor makes of a minus; a range of values is no conclusion, whatever the stroke."""

_BULLET = re.compile(r"^\s*[•●▪■◆◇➢➤·‣∙]\s*")
_NUMBERED = re.compile(r"^\s*(?:[0-9]{1,2}[、.．)）]|[①-⑳])\s*")
"""What stands before the lines of a list that comes from a word processor."""

_FOLLOWERS = (
    "unexpected-text",
    "unknown-word",
    "missing-value",
    "unclosed-bracket",
    "unclosed-place",
    "statement-in-condition",
)
"""What is likely to come of a word that was not known just before, and is silent then."""


class Typed(NamedTuple):
    """An expression and what it gives; null by itself is of the expected type, or a text."""

    expr: Expr
    type: Type


def _door(text: str, scope: Scope, unit: str, read: Callable[[Parser], T], newlines: bool = True) -> T | Broken:
    """Read a text; what goes wrong on the way becomes `Broken`."""
    bad = strange(text)
    if bad:
        return Broken((bad,))
    units = (unit, *scope.units) if unit and unit not in scope.units else scope.units
    parser = Parser(Lexer(text, scope, units, newlines), subject_tests)
    try:
        found = read(parser)
    except Fault as why:
        follows = parser.problems and why.problem.slug in _FOLLOWERS
        return Broken(tuple(parser.problems) if follows else (*parser.problems, why.problem))
    if parser.problems:
        return Broken(tuple(parser.problems))
    tree = found.expr if isinstance(found, Typed) else found
    share = undivided(cast("Expr | Test", tree), scope, unit)
    return found if share is None else Broken((share,))


def is_otherwise(text: str, values: Sequence[str] = ()) -> bool:
    """Whether a cell says 否则; an enum may have 其余 among its values."""
    return visible(plain(text)).lower() in OTHERWISE and visible(text) not in values


def _more_of(found: re.Match[str]) -> str:
    return f"{found[1]}起" if is_unit(found[1]) else found[0]


def _unlisted(text: str, column: Type) -> str:
    """Allowed values without what a word processor puts before the lines of a list, as long as it was: bullets, and
    numbers where every line has one."""
    if not column.values or visible(text) in column.values:
        return text
    marks = _BULLET if _BULLET.search(text) else _NUMBERED
    lines = text.split("\n")
    if (len(lines) < 2 and marks is _NUMBERED) or not all(marks.match(line) for line in lines if visible(line)):
        return text
    return "\n".join(marks.sub(lambda found: " " * len(found[0]), line) for line in lines)


def parse_test(text: str, column: Type, scope: Scope, unit: str = "") -> Test | Broken:
    """The text of a condition cell as a unary test on a column of the type."""
    if bad := strange(text):
        return Broken((bad,))
    if not visible(text):
        return ANYTHING
    text = _unlisted(unmarked(text, column), column)
    if not column.kind.textual:
        text = text.translate(_ANGLES)
        if " =" in text:
            text = _SPACED.sub(lambda found: f"{found[2]}{found[1]}=", text)
        if "+" in text or "＋" in text:
            text = _AND_MORE.sub(r"\g<1>起", _MORE_OF.sub(_more_of, text))
    if column.kind is Kind.BOOLEAN and None not in map(read_boolean, _EITHER.split(text)):
        text = _EITHER.sub(lambda found: ";".ljust(len(found[0])), text)  # and not a sum, which would be yes
    word = visible(plain(text)).lower()
    whatever = word in WHATEVER or (not column.kind.textual and _ANY.fullmatch(word))
    if whatever and visible(text) not in column.values and (column.values or not column.kind.textual):
        return ANYTHING
    meant = "-" if word in WHATEVER or word in REST or word in ("/", "\\", "*") else "空" if word in UNFILLED else None
    if meant and column.kind.textual and not column.values:
        # free text: anything at all, or a text that says so
        readings = (("first", meant), ("second", f'"{visible(text)}"'))
        return Broken((Problem("ambiguous-entry", Span(0, len(text)), readings),))
    if meant == "空" and visible(text) not in column.values:
        return IsNull(Span(0, len(text)))
    month = whole_month(plain(text)) if column.kind is Kind.DATE else None
    if month is not None:
        return parse_test(f"[{month[0]}..{month[1]}]", column, scope, unit)
    unclear = no_copy(text, column) or no_condition(text, column) or no_share(text, column, unit, scope)
    if unclear is not None:
        return Broken((unclear,))
    if is_otherwise(text, column.values):
        return Broken((Problem("otherwise-misplaced", Span(0, len(text)), (("text", visible(text)),)),))

    def read(parser: Parser) -> Test:
        about = column_of(column, unit, scope)
        if column.kind.textual:
            return TextReader(parser, about).whole()
        answer = read_boolean(text) if column.kind is Kind.BOOLEAN else None
        if answer is not None:
            return Is("=", Literal(answer, Span(0, len(text))), Span(0, len(text)))
        test = list_of_tests(parser, about)
        finish(parser)
        return test

    return _said_of(_door(text, scope, unit, read), text, column)


def _said_of(found: T | Broken, text: str, column: Type) -> T | Broken:
    """A cell that is nothing but a word that nobody knows: it is not of the column's type, whatever else it is. That a
    name is near does not count among yes and no: `未换房` is not a slip of `已换房`, which would be the opposite."""
    if not isinstance(found, Broken) or column.kind.textual:
        return found
    (first, *others) = found.problems
    whole = visible(text[first.span.start : first.span.end]) == visible(text)
    strangers = ("unknown-word", "unknown-name") if column.kind is Kind.BOOLEAN else ("unknown-word",)
    if others or not whole or first.slug not in strangers:
        return found
    return Broken((Problem(f"not-a-{column.kind.value}", first.span, (("text", visible(text)),)),))


def test_of(value: Native, text: str, column: Type, scope: Scope, unit: str = "") -> Test | Broken:  # noqa: PT028
    """A condition cell that holds an Excel value: a number, date or boolean is a literal, a text is parsed."""
    if value is None or isinstance(value, str):
        return parse_test(text if value is None else value, column, scope, unit)
    month = month_of(value, text) if column.kind in (Kind.DATE, Kind.DATETIME) else None
    if month is not None:
        readings = (("first", f"[{month[0]}..{month[1]}]"), ("second", str(month[0])))
        return Broken((Problem("ambiguous-entry", Span(0, len(text)), readings),))
    if column.kind is Kind.DATETIME and isinstance(value, dt.date) and ":" not in text and not _clocked(value):
        return parse_test(value.strftime("%Y-%m-%d"), column, scope, unit)
    read = shown_value(value, text, column.item, unit, scope)
    if isinstance(read, Problem):
        return Broken((read,))
    return Is("=", Literal(read, Span(0, len(text))), Span(0, len(text)))


def _clocked(value: dt.date) -> bool:
    """Whether a date of Excel's has a time of day."""
    return isinstance(value, dt.datetime) and value.time() != dt.time()


def parse_output(text: str, column: Type, scope: Scope, unit: str = "") -> Expr | Broken | None:
    """The text of a conclusion cell as an expression of the column's type; None when it is blank or a dash."""
    if bad := strange(text):
        return Broken((bad,))
    if not visible(text) or (visible(text) in _DASHES and visible(text) not in column.values):
        return None
    text = _unlisted(unmarked(text, column), column)
    if not column.kind.textual:
        text = text.translate(_STROKES)
    if column == NUMBER and not _OPENING.search(text):
        text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    unclear = no_copy(text, column) or no_conclusion(text, column, scope) or no_share(text, column, unit, scope)
    if unclear is not None:
        return Broken((unclear,))
    found = _door(
        text, scope, unit, lambda parser: output(parser, column_of(column, unit, scope)), not column.kind.textual
    )
    return _said_of(found, text, column)


def output_of(value: Native, text: str, column: Type, scope: Scope, unit: str = "") -> Expr | Broken | None:
    """A conclusion cell that holds an Excel value."""
    if value is None or isinstance(value, str):
        return parse_output(text if value is None else value, column, scope, unit)
    read = shown_value(value, text, column, unit, scope)
    return Broken((read,)) if isinstance(read, Problem) else Literal(read, Span(0, len(text)))


def parse_expression(text: str, scope: Scope, expected: Type | None = None) -> Typed | Broken:
    """A text as an expression, of the expected type where one is given."""

    def read(parser: Parser) -> Typed:
        start = parser.lexer.skip(0)
        parser.pos = start + 2 if parser.lexer.text.startswith(":=", start) else start
        operand = of_type(parser.expression(), expected, text)
        finish(parser)
        operand = settled(operand, text)
        return Typed(operand.expr, expected or operand.type or STRING)

    return _door(text, scope, "", read, newlines=False)


def parse_template(text: str, scope: Scope) -> Expr | Broken:
    """A text with {places}; a Literal when it has none."""
    return _door(text, scope, "", template_cell, newlines=False)


__all__ = [
    "Native",
    "Typed",
    "is_otherwise",
    "output_of",
    "parse_expression",
    "parse_output",
    "parse_template",
    "parse_test",
    "test_of",
]
