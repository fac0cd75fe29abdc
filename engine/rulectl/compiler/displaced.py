"""Names that nobody knows because the row that declares them says another's name.

A row of the vocabulary is copied, or the wrong name is pasted over its own: then one name stands twice, and whatever
the rules say of the other is unknown, in every table that uses it. That is one mistake. It stays at the row that says
a name a second time; where it hides no more names than there are such rows, the finding says which, with their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from rulectl.codes import LANGUAGES, say
from rulectl.diagnostics import Finding, Note
from rulectl.model.words import fold

MISSPELT = 0.6
"""How alike a name and a known one are where it is likely to be that one, misspelt."""

MOST_PLACES = 3
"""How many places a finding names."""


def displaced(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, with unknown names told of at the rows that took their places."""
    copies = [finding for finding in findings if finding.slug == "copied-row"]
    if not copies:
        return tuple(findings)
    strange: dict[str, list[Finding]] = {}
    for finding in findings:
        name = _unknown(finding)
        if name:
            strange.setdefault(fold(name), []).append(finding)
    hidden = strange if len(strange) <= len(copies) else {}
    names = [_unknown(found[0]) for found in hidden.values()]
    missing = {
        f"missing_{lang}": say("compiler-missing-names", lang, names=" / ".join(names)) if names else ""
        for lang in LANGUAGES
    }
    places = tuple(Note("note-used", finding.at) for found in hidden.values() for finding in found[:MOST_PLACES])
    told = {id(finding) for found in hidden.values() for finding in found}
    return tuple(
        replace(
            finding,
            fields=tuple((dict(finding.fields) | missing).items()),
            notes=(*finding.notes, *(places if finding is copies[0] else ())),
        )
        if finding.slug == "copied-row"
        else finding
        for finding in findings
        if id(finding) not in told
    )


def _unknown(finding: Finding) -> str:
    """The name that a finding does not know; blank where it is about anything else, or the name is but misspelt."""
    fields = dict(finding.fields)
    match finding.slug:
        case "unknown-term":
            name, near = fields["text"], fields["near"].split(" / ")
        case "unknown-name" | "unknown-word":
            name, near = fields["name"], [fields.get("nearest", "")]
        case _:
            return ""
    return "" if get_close_matches(name, near, 1, MISSPELT) else name
