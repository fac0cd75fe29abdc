"""Free text that may be meant as more than itself: the name of a term, two texts joined by 或, an amount to compare
with. Nothing is guessed; each is asked back.
"""

from __future__ import annotations

import re

from rulectl.lang.chars import plain
from rulectl.lang.conditions import list_of_tests, subject_tests
from rulectl.lang.expressions import Parser
from rulectl.lang.faults import Fault, clipped, fault
from rulectl.lang.misfits import COMPARED
from rulectl.lang.pieces import Column
from rulectl.lang.scope import Scope
from rulectl.lang.syntax import Between, Is, Test
from rulectl.lang.tokens import Lexer
from rulectl.lang.words import SUFFIX
from rulectl.source import Span
from rulectl.types import DATE, NUMBER

_DIGIT = "[0-9零一二两三四五六七八九十百千万半]"
_BEHIND = "|".join(sorted(map(re.escape, SUFFIX), key=len, reverse=True))
# patterns as text, which `re` compiles when it is first asked: most runs never do
_RANGED = rf"{_DIGIT}.{{0,4}}[-—~到至].{{0,2}}{_DIGIT}"
_LIKELY = rf"(?i)(?:{COMPARED})\s*[¥$£€]?\s*{_DIGIT}|{_DIGIT}.{{0,6}}?(?:{_BEHIND})\s*$|{_RANGED}"
"""What a text has to look like before it is read as an amount: most texts do not, and are not read twice."""
_CODE = r"[0-9]+-[0-9]+"
"""`3-201`, the number of a house or a part."""


_STARS = re.compile(r"(?<![0-9\s])\*|\*(?![0-9\s])")
_BEGINS = re.compile(
    r"(?P<part>starts?\s+with|starting\s+with|begins?\s+with|beginning\s+with|ends?\s+with|ending\s+with)\s+(?P<word>.+)"
    r"|以?(?P<before>.+?)(?P<end>开头|打头|结尾)的?|(?P<head>开头|结尾)(?:是|为)(?P<after>.+)",
    re.IGNORECASE,
)
"""`SKU*` and `以 SKU 开头`: beginnings and endings, which no test asks of."""


def no_pattern(text: str, span: Span) -> None:
    """Raises Fault for `SKU*`, as filters of spreadsheets have it: the text would hold of nothing but these signs."""
    begins = _BEGINS.fullmatch(text)
    if begins is not None:
        said = begins.groupdict()
        part = said["part"] or said["end"] or said["head"]
        word = said["word"] or said["before"] or said["after"]
    elif _STARS.search(text):
        part, word = "*", max(text.split("*"), key=len)
    else:
        return
    raise fault("pattern-in-text", span, text=clipped(text), part=part, word=clipped(word.strip(' "“”') or text))


def no_measure(text: str, span: Span, column: Column) -> None:
    """Raises Fault for `3天以内`, `满100元`, `3~5件`: as a text it would hold of nothing but these very signs."""
    if not re.search(_LIKELY, plain(text)) or (not column.unit and re.fullmatch(_CODE, plain(text))):
        return
    if any(isinstance(test, Between) or (isinstance(test, Is) and test.op[0] in "<>") for test in _readings(text)):
        raise fault("measure-in-text", span, text=clipped(text))


def _readings(text: str) -> list[Test]:
    """A text as a condition on numbers of whatever unit, and on dates, where it is one."""
    found: list[Test] = []
    for kind in (NUMBER, DATE):
        parser = Parser(Lexer(text, Scope({}), ()), subject_tests)
        try:
            test = list_of_tests(parser, Column(kind))
        except Fault:
            continue
        if parser.peek().kind == "end" and not parser.problems:
            found.append(test)
    return found
