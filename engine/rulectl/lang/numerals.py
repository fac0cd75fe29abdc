"""Numbers written in Chinese characters: `三`, `十五`, `两百零五`, `一万两千`, `半`."""

from __future__ import annotations

import re

_DIGITS = {char: at for at, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_PLACES = {"万": 10_000, "亿": 100_000_000}
CHARACTERS = frozenset((*_DIGITS, *_TENS, "半"))
"""What a number may start with."""

_RUN = re.compile("[零〇一二两三四五六七八九十百千万亿]{1,20}")
_ONE = "[一二两三四五六七八九]"
_FOUR = f"(?:{_ONE}千)?零?(?:{_ONE}百)?零?(?:{_ONE}?十)?零?{_ONE}?"
# patterns as text, which `re` compiles when it is first asked: most runs never do
_WELL_FORMED = f"(?:{_FOUR}亿)?(?:{_FOUR}万)?{_FOUR}|[零〇]"
_TWOFOLD = f"[百千万亿]{_ONE}$"


def numeral_at(text: str, pos: int) -> tuple[str, int] | None:
    """The digits of the number at a position, and its end; None where no whole number stands there. `半` is 0.5;
    `一百五`, which may be 105 and 150, is none."""
    if text[pos : pos + 1] == "半":
        return "0.5", pos + 1
    run = _RUN.match(text, pos)
    if not run or not re.fullmatch(_WELL_FORMED, run.group()) or re.search(_TWOFOLD, run.group()):
        return None
    total = section = digit = 0
    for char in run.group():
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TENS:
            section, digit = section + (digit or 1) * _TENS[char], 0
        else:
            total, section, digit = total + (section + digit) * _PLACES[char], 0, 0
    return str(total + section + digit), run.end()
