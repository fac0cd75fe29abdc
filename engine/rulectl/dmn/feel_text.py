"""The words of FEEL: tokens of an expression, read at an offset: which words make one name hangs on what is known.

Source: DMN 1.5 section 10.3.1.2 (grammar rules 27 to 40 for names, literals and strings).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal as Choice

from rulectl.source import Span

MAX_TEXT = 20_000
"""How long an expression may be."""

KEYWORDS = frozenset(
    (
        *("and", "or", "not", "if", "then", "else", "in", "between", "true", "false", "null", "for", "return"),
        *("some", "every", "satisfies", "function", "instance", "external"),
    )
)
_SIGN = re.compile(r"\.\.|\*\*|<=|>=|!=|->|[-+*/=<>()\[\]{},.:?@]")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.(?!\.)[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"((?:[^"\\\r\n]|\\.)*)"')
_WORD = re.compile(r"[^\W\d]\w*")
_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


class FeelFault(Exception):  # noqa: N818 - it is the text that is at fault
    """Why an expression cannot be carried: the slug of its finding, the part that is to blame, fields."""

    def __init__(self, slug: str, span: Span, **fields: str) -> None:
        super().__init__(slug)
        self.slug = slug
        self.span = span
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Token:
    kind: Choice["number", "string", "name", "keyword", "sign", "end"]
    text: str
    span: Span


@lru_cache(maxsize=10_000)
def _pattern(name: str) -> re.Pattern[str]:
    """A name, with any blanks between its words, that ends where a word does."""
    words = name.split()
    end = r"(?!\w)" if words[-1][-1].isalnum() or words[-1][-1] == "_" else ""
    return re.compile(r"\s+".join(map(re.escape, words)) + end)


class Names:
    """Names that may be of several words, found at an offset, the longest first."""

    def __init__(self, names: Iterable[str]) -> None:
        starts: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        for name in sorted(set(names), key=lambda n: (-len(n), n)):
            if name.strip():
                starts.setdefault(name.strip()[0], []).append((name, _pattern(name)))
        self._starts: Mapping[str, list[tuple[str, re.Pattern[str]]]] = starts

    def at(self, text: str, pos: int) -> tuple[str, int] | None:
        """The longest name at an offset, and where it ends."""
        for name, pattern in self._starts.get(text[pos : pos + 1], ()):
            found = pattern.match(text, pos)
            if found:
                return name, found.end()
        return None


def skip(text: str, pos: int) -> int:
    """The next offset that is neither blank nor within a comment."""
    found = _BLANK.match(text, pos)
    return found.end() if found else pos


def token_at(text: str, pos: int, *known: Names) -> Token:
    """The token at an offset; `known` are the names that may stand there. Raises FeelFault at what is none."""
    pos = skip(text, pos)
    if pos >= len(text):
        return Token("end", "", Span(pos, pos))
    word = _WORD.match(text, pos)
    named = max((found for names in known if (found := names.at(text, pos))), key=lambda f: f[1], default=None)
    keyword = word is not None and word[0] in KEYWORDS
    if named is not None and not (keyword and word is not None and word.end() >= named[1]):
        return Token("name", named[0], Span(pos, named[1]))
    if word is not None:
        return Token("keyword" if keyword else "name", word[0], Span(pos, word.end()))
    number = _NUMBER.match(text, pos)
    if number:
        return Token("number", number[0], Span(pos, number.end()))
    string = _STRING.match(text, pos)
    if string:
        return Token("string", _ESCAPE.sub(_unescaped, string[1]), Span(pos, string.end()))
    sign = _SIGN.match(text, pos)
    if sign:
        return Token("sign", sign[0], Span(pos, sign.end()))
    raise FeelFault("dmn-feel", Span(pos, pos + 1), part=text[pos : pos + 20])


def _unescaped(found: re.Match[str]) -> str:
    what = found[1]
    if what[0] in "uU" and len(what) > 1:
        code = int(what[1:], 16)
        return chr(code) if code < 0x110000 else found[0]
    return _PLAIN.get(what, found[0])
