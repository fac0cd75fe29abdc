"""How a parser gives up: a `Fault` carries the problem to the door of the language, which returns it as `Broken`.

Faults never leave this room; callers of the language see `Broken` and `Problem` only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from rulectl.codes import LANGUAGES, say
from rulectl.lang.chars import plain, visible
from rulectl.lang.scope import Problem
from rulectl.source import Cell, Span

MAX_LENGTH = 10_000
"""Characters in a cell of rules; nobody reads more."""

_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, halves of surrogate pairs, code points that are no characters."""

MOST_BLANKS = 200
"""Blanks in a row: nobody means anything by more, and patterns that look past blanks take their square."""

_BLANKS = re.compile(rf"\s{{{MOST_BLANKS}}}\s+")

SHOWN = 8
"""How many allowed values a sentence lists."""


class Fault(Exception):  # noqa: N818 - it is not an error of ours but of the cell
    """The cell cannot be read further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.slug)
        self.problem = problem


def problem(slug: str, span: Span, /, **fields: object) -> Problem:
    return Problem(slug, span, tuple((name, str(value)) for name, value in fields.items()))


def fault(slug: str, span: Span, /, **fields: object) -> Fault:
    return Fault(problem(slug, span, **fields))


def clipped(text: str, length: int = 40) -> str:
    """A text short enough to quote."""
    return text if len(text) <= length else text[: length - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like this one, or blank."""
    close = difflib.get_close_matches(word[:80], [k for k in known if k], n=1, cutoff=0.5)
    return close[0] if close else ""


def not_allowed(
    text: str, values: tuple[str, ...], span: Span, cell: Cell | None = None, hint: str | None = None
) -> Problem:
    """A text that is none of the allowed values; `hint` is the key of what else may be meant by it."""
    shown = ";".join(values[:SHOWN]) + (";…" if len(values) > SHOWN else "")
    within = [value for value in values if text and text in value]
    near = nearest(text, values) or (within[0] if len(within) == 1 else "")
    # said only where one is near
    said = {
        f"near_{lang}": (say("lang-nearest", lang, near=near) if near else "") + (say(hint, lang) if hint else "")
        for lang in LANGUAGES
    }
    found = problem("value-not-allowed", span, value=clipped(text), allowed=shown, **said)
    return found if cell is None else Problem(found.slug, span, found.fields, (("note-allowed-values", cell),))


def strange(text: str, limit: int | None = MAX_LENGTH) -> Problem | None:
    """What makes a cell unreadable before it is looked at: its length, or a control character in it."""
    if limit is not None and len(text) > limit:
        return Problem("text-too-long", Span(limit, len(text)), (("length", str(len(text))), ("limit", str(limit))))
    blanks = _BLANKS.search(plain(text)) if limit == MAX_LENGTH and len(text) > MOST_BLANKS and visible(text) else None
    if blanks:
        return problem("too-many-blanks", Span(*blanks.span()), count=len(blanks[0]))
    found = _STRANGE.search(text)
    if not found:
        return None
    return Problem("control-character", Span(*found.span()), (("character", f"U+{ord(found.group()):04X}"),))
