"""Findings that the manager has looked at and accepts: `接受 RB505：原因` in a note, where it is read again next time.

What is accepted stands in the workbook itself, beside what it is about: in the 说明 of a rule for what concerns a rule
or its table, in the 说明 of a term for what concerns the term, in the notes of the rulebook for the whole. Without a
reason nothing is accepted: whoever reads it next must know why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook

_ACCEPTS = re.compile(
    r"(?:接受|accept(?:ed|s)?)\s*(?P<code>RB\d{3})\s*[:：,，(（]?\s*(?P<reason>[^;；\n]*)", re.IGNORECASE
)


def accepted_in(note: str) -> Mapping[str, str]:
    """Codes that a note accepts, each with its reason."""
    found = ((m["code"].upper(), m["reason"].strip().rstrip(")）")) for m in _ACCEPTS.finditer(note))
    return {code: reason for code, reason in found if reason}


def with_accepted(findings: Iterable[Finding], book: Rulebook) -> tuple[Finding, ...]:
    """The findings, those that a note accepts with its reason."""
    notes = dict(_notes(book))
    whole = accepted_in(book.notes)
    return tuple(_looked_up(found, notes, whole) for found in findings)


def _looked_up(found: Finding, notes: Mapping[tuple[str, str], Mapping[str, str]], whole: Mapping[str, str]) -> Finding:
    if found.verdict == "proved":
        return found
    places = [(found.table, rule) for rule in found.rules] if found.rules else [(found.table, "")]
    places.append((found.at.place.file, str(found.at.place)))
    for place in places:
        reason = notes.get(place, {}).get(found.code)
        if reason:
            return replace(found, accepted=reason)
    return replace(found, accepted=whole[found.code]) if found.code in whole else found


def _notes(book: Rulebook) -> Iterator[tuple[tuple[str, str], Mapping[str, str]]]:
    """What is accepted of each rule, each table (by any of its rules), each term, parameter, statement and message."""
    for table in book.tables:
        together: dict[str, str] = {}
        for rule in table.rules:
            own = accepted_in(rule.note)
            if own:
                together |= own
                yield (table.name, rule.id), own
                yield ("", f"{table.name}/{rule.id}"), own  # as a finding between two tables calls it
        if together:
            yield (table.name, ""), together
    said = [(term.cell, term.description) for term in book.terms]
    said += [(parameter.cell, parameter.description) for parameter in book.parameters]
    said += [(policy.cell, policy.note) for policy in book.policies]
    said += [(template.cell, template.occasion) for template in book.templates]
    for cell, note in said:
        if note:
            yield (cell.file if cell else "", str(cell)), accepted_in(note)
