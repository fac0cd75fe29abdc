"""Whole cells that say something people understand and rules cannot: `N/A`, which may be "anything" or "left blank",
and a price by the day where an amount is wanted. Each is told with what to write.
"""

from __future__ import annotations

import re
from decimal import Decimal

from rulectl.lang.chars import lowered, plain, visible
from rulectl.lang.faults import clipped, problem
from rulectl.lang.scope import Problem, Scope
from rulectl.lang.units import family, is_unit, same_unit
from rulectl.lang.words import PREFIX
from rulectl.source import Span
from rulectl.types import NUMBER, Kind, Type
from rulectl.values import number, number_text

_NOTHING = frozenset(
    (
        "/",
        "\\",
        "*",
        "n/a",
        "na",
        "无",
        "不适用",
        "其他",
        "其它",
        "other",
        "others",
        "none",
        "nil",
        "--",
        "free",
        "免费",
        *("不退", "不收", "不扣", "不付", "不赔"),
    )
)
"""What people write where nothing is asked, or nothing concluded."""
COMPARED = "|".join(sorted(map(re.escape, PREFIX), key=len, reverse=True))
"""The words that stand before a value."""
_AMOUNT = r"(?:[¥$£€]\s*)?(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<percent>%)?(?:元|块钱|块|yuan|usd)?"
_UNIT = r"(?P<unit>[^\W\d_]{1,6})"
# patterns as text, which `re` compiles when it is first asked: most runs never do
_RATE = rf"{_AMOUNT}\s*(?:[/每]|per\b|an?\b)\s*{_UNIT}|每(?P<each>[^\W\d_]{{1,3}}?)\s*{_AMOUNT.replace('?P<', '?P<b_')}"

_PER = rf"{_AMOUNT}\s*/\s*{_UNIT}(?![^\W\d_])"
_SHARE = rf"(?:{COMPARED}|[<>=≤≥]{{1,2}})?\s*(?P<number>[0-9]+(?:\.[0-9]+)?)\s*%\s*(?:以上|以下|以内)?"
_SHARES = ("倍", "折")
_LONG = 200
"""No price by the day has so many characters."""


_ABOVE = frozenset(
    (
        *("同上", "同上行", "同上一行", "同上格", "同前", "同左", "〃", "″", '"', "''", "“", "”"),
        *("ditto", "do.", "same", "same as above", "as above", "see above", "same as before"),
    )
)
"""What people write where a cell repeats the one above."""


_LONGEST, _LAST = 30, tuple("0123456789条行")
_RULE = r"(?:规则|第|rule|row|no\.?)?\s*[a-z]{0,3}-?[0-9]{1,4}\s*[条行]?"
_REFERS = rf"(?:见|参见|参照|同|see|same as|as|refer to|as per)\s*{_RULE}"
"""`见 V3`: another rule of the table, by its number."""


def no_copy(text: str, column: Type) -> Problem | None:
    """`同上` and its like, which say nothing by themselves."""
    if not repeats(text) or visible(text) in column.values:
        return None
    return problem("same-as-above", Span(0, len(text)), text=visible(text))


def repeats(text: str) -> bool:
    """Whether a text is `同上` or its like."""
    if len(text) > _LONGEST:
        return False
    said = visible(plain(text)).lower()
    return said in _ABOVE or (said[-1:] in _LAST and re.fullmatch(_REFERS, said) is not None)


def no_condition(text: str, column: Type) -> Problem | None:
    """`N/A` and its like in a condition on anything but texts: whatever there is, or nothing known."""
    if column.kind.textual or not _nothing(text) or (column.kind is Kind.BOOLEAN and visible(plain(text)) == "无"):
        return None
    return problem("unclear-condition", Span(0, len(text)), text=visible(text))


def no_conclusion(text: str, column: Type, scope: Scope) -> Problem | None:
    """The same in a conclusion: nothing is said, or zero; and `0.5元/天`, which is no amount yet."""
    if column.kind.textual or column.kind is Kind.BOOLEAN or len(text) > _LONG:
        return None
    if _nothing(text):
        return problem("unclear-conclusion", Span(0, len(text)), text=visible(text))
    said_so = lowered(plain(text))
    whole = re.fullmatch(_RATE, said_so.strip()) if column == NUMBER else None
    found = whole or (re.search(_PER, said_so) if column == NUMBER else None)
    if found is None:
        return None
    said = {name.removeprefix("b_"): part for name, part in found.groupdict().items() if part is not None}
    by = said.get("unit") or said["each"]
    if not (is_unit(by) or any(same_unit(by, unit) for unit in scope.units)) or by in map(plain, scope.symbols):
        return None  # `100/件数` divides by a term
    counted = [s.name for s in scope.distinct if s.type == NUMBER and s.unit and same_unit(by, s.unit)]
    many = counted[0] if len(counted) == 1 else f"{by}s" if by.isascii() else f"{by}数"
    each = number(said["number"]) / (100 if "percent" in said else 1)
    amount = number_text(each) if many in text else f"{many} * {number_text(each)}"
    formula = amount if whole else visible(f"{text[: found.start()]}{amount}{text[found.end() :]}")
    fields = {"text": clipped(visible(text)), "unit": by, "formula": clipped(formula)}
    return problem("rate-in-conclusion", Span(0, len(text)), **fields)


def no_share(text: str, column: Type, unit: str, scope: Scope) -> Problem | None:
    """`5%` where amounts are counted in something: five hundredths of it, or of another amount?"""
    found = re.fullmatch(_SHARE, visible(plain(text))) if column.kind is Kind.NUMBER and unit else None
    if found is None or any(same_unit(unit, share) for share in ("%", *_SHARES)):
        return None
    share, hundredths = found["number"], number_text(number(found["number"]) / 100)
    of = [s.name for s in scope.distinct if s.type.kind is Kind.NUMBER and s.unit and same_unit(s.unit, unit)]
    fields = {"text": visible(text), "unit": unit, "number": hundredths, "formula": f"{(of or ['…'])[0]} * {share}%"}
    return problem("share-of-what", Span(0, len(text)), **fields)


def no_fraction(share: object, text: str, unit: str) -> Problem | None:
    """A number of Excel's such as 0.5 where per cents are counted: half of one, or fifty, as Excel keeps `50%`?"""
    if family(unit) != "%" or not isinstance(share, Decimal) or not 0 < share < 1 or text.strip().endswith("%"):
        return None
    first, second = (f"{number_text(value)}%" for value in (share, share * 100))
    return problem("ambiguous-entry", Span(0, len(text)), first=first, second=second)


def _nothing(text: str) -> bool:
    return visible(plain(text)).lower() in _NOTHING
