"""Looking ahead in a bracket: does it hold a range, a list, tests or an expression? Nothing is parsed twice for it."""

from __future__ import annotations

import re
from typing import NamedTuple

from rulectl.lang.chars import QUOTES
from rulectl.lang.tokens import Lexer

_OPEN, _CLOSE = "([{", ")]}"
_TESTS = ("<", ">", "=", "!", "≤", "≥", "≠", "-;", "-,", "空;", "null;", "not(", "not (")


_JOINT = re.compile(r"且|\band\b|&|同时")


class Look(NamedTuple):
    """What a bracket holds, at its own depth: `..`, separators and commas among them, or a test at its start; `close`
    is the sign that ends it, blank when nothing does; `joint` says that an 且 stands in it."""

    dots: bool
    items: int
    commas: int
    test: bool
    joint: bool
    close: str


def look_ahead(lexer: Lexer, start: int) -> Look:
    """The bracket that opens at an offset. A range may end in any bracket, `]a..b[` and `(a..b]` too."""
    text, raw = lexer.text, lexer.raw
    depth, dots, items, commas, at, close = 0, False, 0, 0, start + 1, ""
    while at < len(text):
        char = text[at]
        if raw[at] in QUOTES:
            end = raw.find(QUOTES[raw[at]], at + 1)
            at = end if end > 0 else at
        elif char == "[" and depth == 0 and (text[start] == "]" or dots):
            close = "["
            break
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE and depth:
            depth -= 1
        elif char in _CLOSE:
            close = char
            break
        elif depth == 0:
            dots = dots or text.startswith("..", at)
            items += char in ",;、\n"
            commas += char == ","
        at += 1
    inner = text[start + 1 : at].lstrip().lower()
    return Look(dots, items, commas, inner.startswith(_TESTS), bool(_JOINT.search(inner)), close)
