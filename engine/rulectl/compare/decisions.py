"""The same cases by two rulebooks: which conclusions differ, in how many rows, what that comes to in sum.

Both decide in columns; what is compared are the frames of results (columnar/frames.py), row by row of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from rulectl.codes import LANGUAGES, say
from rulectl.columnar.frames import REJECTED
from rulectl.diagnostics import Finding, finding
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.source import FilePlace
from rulectl.types import Kind
from rulectl.values import number_text

_SAMPLE = 5
"""How many cases are named."""


@dataclass(frozen=True, slots=True)
class Cases:
    """What deciding the same cases twice came to: all rows, those that differ, those that neither rulebook could decide
    (of which nothing is known), and a finding for each conclusion that differs and for each way of being rejected."""

    rows: int
    differing: int
    undecided: int
    findings: tuple[Finding, ...]


def compare_cases(old: Rulebook, before: pl.DataFrame, new: Rulebook, after: pl.DataFrame, file: str) -> Cases:
    """Two frames of results of one file."""
    both = before.join(after, on="row", how="full", suffix=" now", coalesce=True).sort("row")
    names = both.select(pl.coalesce(pl.col("case"), pl.col("case now"), pl.col("row").cast(pl.String)))["case"]
    was, now = both["status"] == REJECTED, both["status now"] == REJECTED
    place = FilePlace(file)
    found: list[Finding] = []
    for key, mask in (("old", was & ~now), ("new", now & ~was), ("both", was & now)):
        if mask.any():
            by: dict[str, Any] = {f"by_{lang}": say(f"compare-rejected-{key}", lang) for lang in LANGUAGES}
            found.append(finding("cases-rejected", place, rows=mask.sum(), sample=_sample(names, mask), **by))
    differing = was ^ now
    decided = ~was & ~now
    for term in _shared(old, new):
        mask = both[term.id].ne_missing(both[f"{term.id} now"]) & decided
        if mask.any():
            differing |= mask
            found.append(_differs(term, both.filter(decided), mask, names, place))
    mask = both["status"].ne_missing(both["status now"]) & decided
    if mask.any():
        differing |= mask
        label = "/".join(dict.fromkeys(say("compare-status", lang) for lang in LANGUAGES))
        sums: dict[str, Any] = {f"sums_{lang}": "" for lang in LANGUAGES}
        found.append(
            finding("cases-decided-otherwise", place, name=label, rows=mask.sum(), sample=_sample(names, mask), **sums)
        )
    return Cases(both.height, int(differing.sum()), int((was & now).sum()), tuple(found))


def _shared(old: Rulebook, new: Rulebook) -> Iterator[Term]:
    """The conclusions of both that can be compared."""
    before = {term.id: term for term in old.terms if term.role is Role.OUTPUT}
    for term in new.terms:
        other = before.get(term.id)
        if other is None or term.role is not Role.OUTPUT:
            continue
        if (other.type.kind, other.type.many) == (term.type.kind, term.type.many):
            yield term


def _differs(term: Term, decided: pl.DataFrame, mask: pl.Series, names: pl.Series, place: FilePlace) -> Finding:
    """A conclusion that differs; of numbers the sums over all rows that both decide."""
    sums: dict[str, Any] = {f"sums_{lang}": "" for lang in LANGUAGES}
    if term.type.kind is Kind.NUMBER and not term.type.many:
        before, after = (number_text(_sum(decided[name])) for name in (term.id, f"{term.id} now"))
        sums = {
            f"sums_{lang}": say("compare-sums", lang, before=before, after=after, unit=_unit(term, lang))
            for lang in LANGUAGES
        }
    return finding(
        "cases-decided-otherwise", place, name=term.name, rows=mask.sum(), sample=_sample(names, mask), **sums
    )


def _unit(term: Term, lang: str) -> str:
    return term.unit if lang == "zh" or not term.unit else f" {term.unit}"


def _sum(values: pl.Series) -> Decimal:
    """The sum of a column, exactly; blanks count as nothing."""
    return sum((value for value in values.drop_nulls().to_list() if isinstance(value, Decimal)), Decimal(0))


def _sample(names: pl.Series, mask: pl.Series) -> str:
    return ", ".join(names.filter(mask).head(_SAMPLE).to_list())
