"""Sentences in which a value was to be filled in, by the marks of another program: `退【实付】元`, `"退"&实付&"元"`. As
text they would go out to people as they stand; they are told with the sentence to write.
"""

from __future__ import annotations

import re

from rulectl.lang.chars import visible
from rulectl.lang.faults import clipped, fault
from rulectl.lang.scope import Scope
from rulectl.source import Span

# patterns as text, which `re` compiles when it is first asked: most runs never do
_BRACKETED = r"[【<《〈]\s*(?P<name>[^【】<>《》〈〉]{1,60}?)\s*[】>》〉]"
_PART = r"(?:[\"“][^\"“”]*[\"”]|[^\"“”&]+)"
_JOINED = rf"\s*[=＝]?{_PART}(?:[&＆]{_PART})+"


def no_other_place(text: str, span: Span, scope: Scope) -> None:
    """Raises Fault for a text that names a term as no sentence of ours does."""
    meant = _joined(text, scope)
    if meant is None:
        meant = re.sub(_BRACKETED, lambda found: _place(found["name"], scope) or found[0], text)
    if meant != text:
        raise fault("other-place", span, text=clipped(text), instead=clipped(meant, 80))


def doubtful(text: str) -> bool:
    """Whether a text might be such a sentence, were its names known; one that is meant stands in quotation marks."""
    return bool(re.search(_BRACKETED, text) or re.fullmatch(_JOINED, text))


def _joined(text: str, scope: Scope) -> str | None:
    """What a spreadsheet makes of `"退"&实付&"元"`; None for anything else."""
    if not re.fullmatch(_JOINED, text):
        return None
    parts = re.split("[&＆]", text.strip().lstrip("=＝"))
    said = [part.strip()[1:-1] if part.strip()[:1] in '"“' else _place(visible(part), scope) for part in parts]
    return None if None in said or '"' not in text.replace("“", '"') else "".join(map(str, said))


def _place(name: str, scope: Scope) -> str | None:
    return f"{{{name}}}" if scope.find(name) else None
