"""Sentences in which a value was to be filled in, by the marks of another program: `退【实付】元`, `"退"&实付&"元"`. As
text they would go out to people as they stand; they are told with the sentence to write.
"""

from __future__ import annotations

import re

from rulectl.lang.chars import visible
from rulectl.lang.faults import clipped, fault
from rulectl.lang.misfits import repeats
from rulectl.lang.scope import Scope
from rulectl.lang.words import FOREIGN
from rulectl.source import Span

# patterns as text, which `re` compiles when it is first asked: most runs never do
_BRACKETED = r"[【<《〈]\s*(?P<name>[^【】<>《》〈〉]{1,60}?)\s*[】>》〉]"
_PART = r"(?:[\"“][^\"“”]*[\"”]|[^\"“”&]+)"
_JOINED = rf"\s*[=＝]?{_PART}(?:[&＆]{_PART})+"
_CALLED = rf"(?is)[=＝]?\s*(?:{'|'.join(('if', *FOREIGN))})\s*[(（].*[)）]"
_STATED = r"(?i)(?:如果|若|if\b)(?P<condition>[^，,。；;]*?[<>=≤≥＜＞＝][^，,。；;]*?)[，,]?\s*(?:那么|则|then\b)"


def no_other_place(text: str, span: Span, scope: Scope) -> None:
    """Raises Fault for a text that names a term as no sentence of ours does."""
    meant = _joined(text, scope)
    if meant is None:
        meant = re.sub(_BRACKETED, lambda found: _place(found["name"], scope) or found[0], text)
    if meant != text:
        raise fault("other-place", span, text=clipped(text), instead=clipped(meant, 80))


def no_formula(text: str, span: Span, scope: Scope) -> None:
    """Raises Fault for `IF(签收天数 > 3, "退", "换")`, `=实付` and `如果 签收天数 > 3 那么 退 否则 换`, which would be
    written as they stand. A sentence such as `如果买家同意，那么退货` compares nothing, and is one."""
    stated = re.match(_STATED, text)
    compares = stated is not None and any(name in stated["condition"] for name in scope.symbols)
    if re.fullmatch(_CALLED, text) or compares or (text[0] in "=＝" and len(text) > 1 and text[1] not in "=＝"):
        raise fault("formula-in-text", span, text=clipped(text))


def doubtful(text: str) -> bool:
    """Whether a text might be such a sentence, were its names known; one that is meant stands in quotation marks."""
    marked = re.search(_BRACKETED, text) or re.fullmatch(_JOINED, text) or re.fullmatch(_CALLED, text)
    return bool(marked or re.match(_STATED, text)) or text[:1] in ("=", "＝") or repeats(text)


def _joined(text: str, scope: Scope) -> str | None:
    """What a spreadsheet makes of `"退"&实付&"元"`; None for anything else."""
    if not re.fullmatch(_JOINED, text):
        return None
    parts = re.split("[&＆]", text.strip().lstrip("=＝"))
    said = [part.strip()[1:-1] if part.strip()[:1] in '"“' else _place(visible(part), scope) for part in parts]
    return None if None in said or '"' not in text.replace("“", '"') else "".join(map(str, said))


def _place(name: str, scope: Scope) -> str | None:
    return f"{{{name}}}" if scope.find(name) else None
