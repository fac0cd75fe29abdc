"""Tokens, read on demand at an offset of the cell's text.

On demand because the text around an expression need not be made of tokens: `退{金额}元`. The longest known thing at a
position wins: a term's name such as `发货运费(协议价)` before the words that it is made of.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal as Choice
from typing import NamedTuple

from rulectl.lang.chars import QUOTES, lowered, plain, visible
from rulectl.lang.dates import date_at, either_day
from rulectl.lang.faults import fault, nearest
from rulectl.lang.months import NAMED_MONTH
from rulectl.lang.numerals import CHARACTERS
from rulectl.lang.scope import Scope, Symbol
from rulectl.lang.syntax import Comparison, Function
from rulectl.lang.units import GROUPED, MONEY, Quantity, quantity_at, unit_at
from rulectl.lang.words import (
    ALL_WORDS,
    BREAKS,
    FILLING,
    FUNCTION_WORDS,
    KEYWORDS,
    LONGEST_WORD,
    OPERATORS,
    PREFIX,
    SUFFIX,
    WORD_SIZES,
)
from rulectl.source import Span
from rulectl.values import number

Kind = Choice["number", "date", "text", "name", "function", "word", "sign", "end", "unknown"]

_ASCII_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNKNOWN = re.compile(r"[^\s()\[\]{},;、+\-*/^<>=!~—…≤≥≠&|\"“”「」『』]+")
_NO_VALUE = re.compile(r"#?n/a(?![a-z0-9])|#(?:ref|div/0|value|name|num|null)[!?]?", re.IGNORECASE)
"""What spreadsheets write where there is no value, and people after them."""
_MONEY = re.compile(r"(?:[¥$£€]|(?:人民币|rmb|cny)(?= ?[¥0-9.])) ?", re.IGNORECASE)
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTED = re.compile(rf"(?:{'|'.join(_COUNTS)})(?![a-z0-9_])")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


class Token(NamedTuple):
    """What stands at an offset. `word` is what a word or sign does; the other fields hold what a token says.
    `prefix` and `suffix` are what the word compares when it stands before or after a value."""

    kind: Kind
    span: Span
    word: str = ""
    symbol: Symbol | None = None
    function: Function | None = None
    quantity: Quantity | None = None
    date: dt.date | None = None
    text: str = ""
    prefix: Comparison | None = None
    suffix: Comparison | None = None


class Lexer:
    """The tokens of one cell. `units` are units beyond the well-known, `newlines` whether a line break separates."""

    def __init__(self, text: str, scope: Scope, units: tuple[str, ...] = (), newlines: bool = True) -> None:
        self.raw = text
        self.text = plain(text)
        self.lower = lowered(self.text)
        self.scope = scope
        self.units = units
        self.newlines = newlines
        self._seen: dict[int, Token] = {}

    def at(self, pos: int) -> Token:
        """The token at an offset, blanks before it skipped. Raises Fault for a text without its closing quote, and for
        a number or date that is none."""
        token = self._seen.get(pos)
        if token is None:
            token = self._seen[pos] = self._read(self.skip(pos))
        return token

    def skip(self, pos: int) -> int:
        """The next offset that is not blank."""
        text = self.text
        while pos < len(text) and (text[pos] == " " or (text[pos] == "\n" and not self.newlines)):
            pos += 1
        return min(pos, len(text))

    def _read(self, pos: int) -> Token:
        text = self.text
        if pos >= len(text):
            return Token("end", Span(len(text), len(text)))
        char = text[pos]
        if (
            (char.isascii() and char.isdigit())
            or (char in ".¥$£€" and text[pos + 1 : pos + 2].strip(" 0123456789.") == "")
            or (char in "人rRcC" and _MONEY.match(text, pos))
            or (char.isalpha() and char.isascii() and NAMED_MONTH.match(self.lower, pos))
        ):
            number = self._number(pos)
            if number:
                return number
        if self.raw[pos] in QUOTES:
            return self._quoted(pos)
        if char in CHARACTERS and not self.scope.longest(text, pos):
            number = self._number(pos)
            if number:
                return number
        return self._counted(pos) or self._word(pos) or self._sign(pos) or self._unknown(pos)

    def _number(self, pos: int) -> Token | None:
        moment = date_at(self.text, pos)
        if moment:
            if moment[0] is None:
                days = either_day(self.text, pos)[0]
                if len(days) > 1:  # as whole cells, so that either can be written in its place
                    first, second = (visible(f"{self.raw[:pos]}{day}{self.raw[moment[1] :]}") for day in days)
                    raise fault("ambiguous-entry", Span(pos, moment[1]), first=first, second=second)
                raise fault("not-a-date", Span(pos, moment[1]), text=self.raw[pos : moment[1]])
            return Token("date", Span(pos, moment[1]), date=moment[0])
        money = _MONEY.match(self.text, pos)
        start = money.end() if money else pos
        grouped = GROUPED.match(self.text, start) if money else None
        if grouped:  # behind a sign of money a comma parts thousands and nothing else
            unit = MONEY.get(self.text[pos], "元")
            return Token(
                "number", Span(pos, grouped.end()), quantity=Quantity(number(grouped[0].replace(",", "")), unit)
            )
        found = quantity_at(self.text, start, self.units)
        if isinstance(found, str):
            end = re.compile(r"[0-9.eE+]*").match(self.text, start)
            raise fault(found, Span(pos, end.end() if end else start), text=self.raw[pos : pos + 40])
        if found is None:
            return None
        quantity, end_at = found
        if start != pos and not quantity.unit:
            quantity = Quantity(quantity.number, MONEY.get(self.text[pos], "元"), quantity.factor)
        return Token("number", Span(pos, end_at), quantity=quantity)

    def _counted(self, pos: int) -> Token | None:
        """`two`, `three days`, where no name begins so."""
        found = _COUNTED.match(self.lower, pos)
        if found is None or self.lower[pos - 1 : pos].isalnum() or self.scope.longest(self.text, pos):
            return None
        end = self.skip(found.end())
        unit = unit_at(self.text, end, self.units)
        whole = Span(pos, end + len(unit) if unit else found.end())
        return Token("number", whole, quantity=Quantity(number(_COUNTS.index(found[0]) + 1), unit))

    def _quoted(self, pos: int) -> Token:
        closing = QUOTES[self.raw[pos]]
        parts, at = [], pos + 1
        while at < len(self.raw):
            char = self.raw[at]
            if char == "\\" and self.raw[at + 1 : at + 2] in _ESCAPES:
                parts.append(_ESCAPES[self.raw[at + 1]])
                at += 2
            elif char == closing and self.raw[at + 1 : at + 2] == closing and closing in "\"'":
                parts.append(closing)
                at += 2
            elif char == closing:
                return Token("text", Span(pos, at + 1), text="".join(parts))
            else:
                parts.append(char)
                at += 1
        raise fault("unclosed-quote", Span(pos, len(self.raw)), quote=self.raw[pos], closing=closing)

    def _word(self, pos: int) -> Token | None:
        """A name, a function or a keyword: the longest; a name before a keyword of the same length."""
        name = self.scope.longest(self.text, pos)
        length = name[1] if name else 0
        for size in WORD_SIZES.get(self.lower[pos], ()):
            if size <= length:
                break
            if pos + size > len(self.lower):
                continue
            word = self.lower[pos : pos + size]
            function = FUNCTION_WORDS.get(word)
            if function and not self._calls(pos + size):
                function = None
            if (function or word in KEYWORDS or word in PREFIX or word in SUFFIX) and self._bounded(pos, pos + size):
                if size == 1 and not word.isascii() and self._misspelt(pos):
                    return None
                return self._keyword(word, Span(pos, pos + size), function)
        if not name:
            return None
        symbol, size = name
        if size <= LONGEST_WORD and self._calls(pos + size) and self.lower[pos : pos + size] in FUNCTION_WORDS:
            return self._keyword("", Span(pos, pos + size), FUNCTION_WORDS[self.lower[pos : pos + size]])
        return Token("name", Span(pos, pos + size), symbol=symbol)

    def _misspelt(self, pos: int) -> bool:
        """Whether a word of one character starts what looks like a misspelt name: `不良律`, beside a term 不良率."""
        following = self.lower[pos + 1 : pos + 2]
        if not following.strip() or following in ALL_WORDS or following == "的":  # and never through all of them
            return False
        if self.at(pos + 1).kind != "unknown":
            return False
        return bool(nearest(self._unknown(pos).text, [symbol.name for symbol in self.scope.distinct]))

    def _keyword(self, word: str, span: Span, function: Function | None) -> Token:
        if function:
            return Token("function", span, function=function)
        kind: Kind = "word"
        return Token(kind, span, KEYWORDS.get(word, word), prefix=PREFIX.get(word), suffix=SUFFIX.get(word))

    def _calls(self, end: int) -> bool:
        return self.text[self.skip(end) : self.skip(end) + 1] == "("

    def _bounded(self, start: int, end: int) -> bool:
        """Whether a word of Latin letters ends where it seems to, and that a filling one stands alone."""
        last = self.text[end - 1]
        following = self.text[end : end + 1]
        if self.text[start:end] in FILLING and following.isalnum():
            return False
        return not (last.isascii() and last.isalnum()) or not (
            following.isascii() and (following.isalnum() or following == "_")
        )

    def _sign(self, pos: int) -> Token | None:
        if self.lower.startswith("of", pos) and self.text[:pos].rstrip().endswith("%") and self._bounded(pos, pos + 2):
            return Token("sign", Span(pos, pos + 2), "*")
        if self.lower[pos] == "x" and self.text[pos - 1 : pos] == self.text[pos + 1 : pos + 2] == " ":
            return Token("sign", Span(pos, pos + 1), "*")  # `2 x fee`
        if self.text[pos] == "的":
            after = self.skip(pos + 1)
            share = None if self.text.startswith("的", after) else self.at(after).quantity
            return Token("sign", Span(pos, pos + 1), "*") if share and share.unit in ("%", "倍") else None
        for size in (3, 2, 1):
            sign = OPERATORS.get(self.text[pos : pos + size])
            if sign and pos + size <= len(self.text):
                return Token("word" if sign in ("and", "or") else "sign", Span(pos, pos + size), sign)
        return None

    def _unknown(self, pos: int) -> Token:
        found = _NO_VALUE.match(self.text, pos) or _ASCII_WORD.match(self.text, pos) or _UNKNOWN.match(self.text, pos)
        end = found.end() if found else pos + 1
        if not self.text[pos].isascii():
            broken = re.compile(BREAKS).search(self.text, pos + 1, end + LONGEST_WORD)
            end = min(end, broken.start()) if broken else end
        return Token("unknown", Span(pos, max(end, pos + 1)), text=self.raw[pos : max(end, pos + 1)])
