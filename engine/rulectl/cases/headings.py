"""Where the headings of a case file stand, and which column holds which term.

The headings are a row that names most terms, of the first rows of the file: shop software puts a title, the date of
the export, a blank line above them. What stands there is passed over, and said so.

A heading is matched by the term's name, id or alias, after folding width, case and spaces; where none fits so, blanks
between Chinese signs, marks of what must be filled in (`*实付金额`, `实付金额(必填)`) and the term's own unit in
brackets behind it (`实付金额（元）`; where it has none, one that its name says: `签收天数(天)`) do not count either,
and a heading in two languages (`工单号/case_id`) is matched by both. Columns that no term claims are ignored, and said
so once; terms that the rules work out themselves are not read from a file, except those counted across cases, which a
caller may know (semantics section 8).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from rulectl.cases.records import likely, width_of
from rulectl.codes import LANGUAGES, say
from rulectl.diagnostics import Finding, finding, listed
from rulectl.lang.faults import clipped
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.model.words import fold
from rulectl.source import Location, RowPlace

# Marks that exports leave in headings and nobody sees.
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
_SHOWN = 12

_APART = r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])"
_MARKS = re.compile(r"^\*+ ?| ?\*+$| ?[(\[](?:必填|必选|选填|非必填|可选|required|optional)[)\]]")
_PARTED = r"[/|(\[【]|(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])"
_UNIT = re.compile(r"(.+?) ?[(\[【]([^()\[\]【】]+)[)\]】]")

_LONGEST = 500
"""No heading has more characters; a long cell of a row that is looked at as headings may."""

REJECT_HEADINGS = ("report-reject-row", "report-reject-field", "report-reject-reason")
"""What a rejects file has in front of each row, as keys of the catalogue."""

MOST_COLUMNS = 16_384
"""As many as a sheet of a workbook has: a file with more is none of cases."""

# So many columns that no term claims are held against the terms that have none.
_LOOKED_AT = 500

# Of the rows above the headings so many are shown, so much of each.
_ROWS, _CUT = 3, 60


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """A column that is read: its position from 0, its heading as written, its term."""

    index: int
    heading: str
    term: Term


class Plan(NamedTuple):
    """How rows of so many cells are read."""

    width: int
    headings: tuple[str, ...]
    columns: tuple[PlannedColumn, ...]
    findings: tuple[Finding, ...]


def key_of(heading: str) -> str:
    """A heading as it is compared."""
    return fold(heading.translate(_UNSEEN))


def readable(rulebook: Rulebook) -> tuple[Term, ...]:
    """The terms that a case may give: inputs, and what is counted across cases."""
    counted = {aggregate.term for aggregate in rulebook.aggregates}
    return tuple(t for t in rulebook.terms if t.role is Role.INPUT or t.id in counted)


def by_heading(terms: Iterable[Term]) -> Mapping[str, Term]:
    """Folded heading -> term. Names win over ids, ids over aliases, so that an alias can never hide a term."""
    terms = tuple(terms)
    found: dict[str, Term] = {}
    for spellings in (
        ((t.name, t) for t in terms),
        ((t.id, t) for t in terms),
        ((alias, t) for t in terms for alias in t.aliases),
    ):
        for spelling, term in spellings:
            found.setdefault(key_of(spelling), term)
    return found


def meant(key: str, known: Mapping[str, Term]) -> Term | None:
    """The term of a folded heading that has blanks or marks too many, or the term's unit behind it."""
    if len(key) > _LONGEST:
        return None
    key = _MARKS.sub("", re.sub(_APART, "", key) if " " in key and not key.isascii() else key)
    term = known.get(key)
    if term is None and (found := _UNIT.fullmatch(key)):
        base, unit = known.get(found[1]), found[2].strip()
        if base is not None and (unit == key_of(base.unit) if base.unit else unit in key_of(base.name)):
            return base
    return term or _in_both(key, known)


def _in_both(key: str, known: Mapping[str, Term]) -> Term | None:
    """The term that each part of a heading in two languages names."""
    parts = [part.strip(" )]】") for part in re.split(_PARTED, key)]
    first = known.get(parts[0])
    return first if len(parts) > 1 and first is not None and all(known.get(part) is first for part in parts) else None


def own_columns(headings: Sequence[str]) -> int:
    """How many columns at the front of a case file are those of a rejects file, of which mended rows come back."""
    first = [heading.strip() for heading in headings[: len(REJECT_HEADINGS)]]
    ours = ([say(key, lang) for key in REJECT_HEADINGS] for lang in LANGUAGES)
    return len(REJECT_HEADINGS) if first in ours else 0


def heading_row(rows: Sequence[Sequence[str]], known: Mapping[str, Term]) -> int | None:
    """Which of the first rows of a file holds the headings: the first that names most terms, or more than half as many
    and hardly anything else, for several exports may stand one below the other; where none names any, the one that
    looks most like it; None where all are blank."""
    counts = [sum(claimed(key_of(cell), known) for cell in row) for row in rows]
    most = max(counts, default=0)
    if not most:
        return likely(rows)
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    enough = [count == most or count * 2 > max(most, filled[at]) for at, count in enumerate(counts)]
    return enough.index(True)


def claimed(key: str, known: Mapping[str, Term]) -> bool:
    """Whether some term has a folded heading."""
    return key in known or meant(key, known) is not None


def passed_over(rows: Sequence[Sequence[str]], file: str) -> tuple[Finding, ...]:
    """A notice on the rows above the headings, where they say something."""
    texts = [text for row in rows if (text := " ".join(cell.strip() for cell in row if cell.strip()))]
    if not texts:
        return ()
    shown = " / ".join(clipped(text, _CUT) for text in texts[:_ROWS]) + (" / …" if len(texts) > _ROWS else "")
    return (finding("headings-below", RowPlace(file, 0), count=len(rows), rows=shown),)


def nearest(name: str, known: Iterable[str]) -> str:
    """The spelling that a mistyped name most likely means; empty when none is near."""
    spellings = {key_of(k): k for k in known}
    close = get_close_matches(key_of(name), list(spellings), n=1, cutoff=0.6)
    return spellings[close[0]] if close else ""


def _alike(name: str, headings: Sequence[str]) -> str:
    """The heading that may mean a name: it is near, or says more."""
    key = key_of(name)
    return nearest(name, headings) or next((heading for heading in headings if key in key_of(heading)), "")


def plan(headings: Sequence[str], rulebook: Rulebook, file: str) -> Plan:
    """Match the headings of a file to the terms of a rulebook."""
    terms = readable(rulebook)
    known = by_heading(terms)
    worked_out = by_heading(t for t in rulebook.terms if t not in terms)
    width = width_of(headings)
    if width > MOST_COLUMNS:
        return Plan(width, (), (), (finding("too-many-columns", RowPlace(file, 0), count=width, most=MOST_COLUMNS),))
    taken: dict[str, PlannedColumn] = {}
    findings: list[Finding] = []
    ignored: list[str] = []
    computed: list[str] = []
    ours = own_columns(headings)
    exact = {known[key].id for heading in headings[:width] if (key := key_of(heading)) in known}
    for index, heading in enumerate(headings[ours:width], ours):
        key = key_of(heading)
        term = known.get(key) if key else None
        if term is None and (near := meant(key, known)) is not None and near.id not in exact:
            term = near
        if term is None:
            (computed if key and key in worked_out else ignored).append(heading.strip() or f"#{index + 1}")
        elif term.id in taken:
            place = Location(RowPlace(file, 0, heading.strip()), heading)
            first, second = taken[term.id].heading.strip(), heading.strip()
            if first == second:
                at, again = taken[term.id].index + 1, index + 1
                findings.append(finding("same-heading-twice", place, heading=first, first=at, second=again))
            else:
                findings.append(finding("two-columns-one-term", place, first=first, second=second, term=term.name))
        else:
            taken[term.id] = PlannedColumn(index, heading, term)
    for missing in _missing(terms, taken, ignored, file):
        findings.append(missing)
        # one mistake, one finding: the column that is meant is not listed again as unknown
        ignored = [name for name in ignored if ("near", name) not in missing.fields]
    findings += _left_out(ignored, computed, terms, taken, file)
    return Plan(width, tuple(headings[:width]), tuple(taken.values()), tuple(findings))


def _missing(
    terms: Sequence[Term], taken: Mapping[str, PlannedColumn], ignored: Sequence[str], file: str
) -> list[Finding]:
    """An error for each term that every case must have and no column holds."""
    found = []
    for term in terms:
        if term.required and term.default is None and term.id not in taken:
            spellings = (term.name, *term.aliases)
            near = next((near for s in spellings if (near := _alike(s, ignored[:_LOOKED_AT]))), "")
            slug = "missing-column-near" if near else "missing-column"
            found.append(finding(slug, RowPlace(file, 0, term.name), term=term.name, near=near))
    return found


def _left_out(
    ignored: Sequence[str],
    computed: Sequence[str],
    terms: Sequence[Term],
    taken: Mapping[str, PlannedColumn],
    file: str,
) -> list[Finding]:
    """One notice for all columns that are not read, one for those that the rules work out themselves."""
    found = []
    if ignored:
        free = [s for t in terms if t.id not in taken for s in (t.name, *t.aliases)]
        pairs = [f"{name} → {like}" for name in ignored[:_LOOKED_AT] if (like := nearest(name, free))]
        slug = "unknown-columns-near" if pairs else "unknown-columns"
        columns, near = listed(ignored, _SHOWN), listed(pairs, _SHOWN)
        found.append(finding(slug, RowPlace(file, 0), columns=columns, count=len(ignored), near=near))
    if computed:
        columns = listed(computed, _SHOWN)
        found.append(finding("computed-columns", RowPlace(file, 0), columns=columns, count=len(computed)))
    return found
