"""Findings that the manager has looked at and accepts: `接受 RB505：原因` in a note, where it is read again next time.

What is accepted stands in the workbook itself, beside what it is about: in the 说明 of a rule for what concerns a rule
or its table, in the 说明 of a term for what concerns the term, in the notes of the rulebook for the whole. Without a
reason nothing is accepted: whoever reads it next must know why. `接受 RB501【区域：境外】：原因` accepts of a table's
gaps those alone that lie in these conditions, written as the check writes them; a gap that comes later is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook

_ACCEPTS = re.compile(
    r"(?:接受|accept(?:ed|s)?)\s*(?P<code>RB\d{3})\s*(?:【(?P<zh>[^】]*)】|\{(?P<en>[^}]*)\})?"
    r"\s*[:：,，(（]?\s*(?P<reason>[^;；\n]*)",
    re.IGNORECASE,
)
_PART = re.compile(r"""(?:"[^"]*"|“[^”]*”|\([^()]*\)|[(\[][^()\[\]]*[)\]]|[^,，])+""")


class Accepted(NamedTuple):
    """A code that a note accepts with a reason; `where` are the conditions to which it is limited, none for all."""

    code: str
    where: frozenset[str]
    reason: str


def accepted_in(note: str) -> tuple[Accepted, ...]:
    """What a note accepts."""
    found = (
        Accepted(m["code"].upper(), _conditions(m["zh"] or m["en"] or ""), m["reason"].strip().rstrip(")）"))
        for m in _ACCEPTS.finditer(note)
    )
    return tuple(one for one in found if one.reason)


def _conditions(text: str) -> frozenset[str]:
    """Conditions parted by commas, as they are compared: without blanks and quotation marks, colons alike."""
    parts = (re.sub(r"[\s\"“”]+", "", part).replace("：", ":") for part in _PART.findall(text))
    return frozenset(part for part in parts if part)


def with_accepted(findings: Iterable[Finding], book: Rulebook) -> tuple[Finding, ...]:
    """The findings, those that a note accepts with its reason."""
    notes = dict(_notes(book))
    whole = accepted_in(book.notes)
    return tuple(_looked_up(found, notes, whole) for found in findings)


def _looked_up(
    found: Finding, notes: Mapping[tuple[str, str], Sequence[Accepted]], whole: Sequence[Accepted]
) -> Finding:
    if found.verdict == "proved":
        return found
    places = [(found.table, rule) for rule in found.rules] if found.rules else [(found.table, "")]
    places.append((found.at.place.file, str(found.at.place)))
    fields = dict(found.fields)
    regions = [_conditions(fields.get(f"region_{lang}", "")) for lang in LANGUAGES]
    for one in (*(one for place in places for one in notes.get(place, ())), *whole):
        if one.code == found.code and any(one.where <= region for region in regions):
            return replace(found, accepted=one.reason)
    return found


def _notes(book: Rulebook) -> Iterator[tuple[tuple[str, str], Sequence[Accepted]]]:
    """What is accepted of each rule, each table (by any of its rules), each term, parameter, statement and message."""
    for table in book.tables:
        together: list[Accepted] = []
        for rule in table.rules:
            own = accepted_in(rule.note)
            if own:
                together += own
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
