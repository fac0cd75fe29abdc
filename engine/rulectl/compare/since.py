"""What the checks find now and did not find before, and the other way round.

A finding is known by its code, its table, its rules and its sentence, not by its cell, since rows move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace


def since(before: Sequence[Finding], after: Sequence[Finding], file: str) -> Iterator[Finding]:
    """A notice for each counterexample that is new, then for each that is gone; accepted ones too."""
    was = Counter(_key(found) for found in before if found.verdict == "counterexample")
    for found in after:
        if found.verdict == "counterexample" and not _taken(was, found):
            yield _told("finding-new", found, found.at.place.file)
    now = Counter(_key(found) for found in after if found.verdict == "counterexample")
    for found in before:
        if found.verdict == "counterexample" and not _taken(now, found):
            yield _told("finding-gone", found, file)


def _key(found: Finding) -> tuple[object, ...]:
    return found.slug, found.table, found.rules, found.fields


def _taken(counts: Counter[tuple[object, ...]], found: Finding) -> bool:
    """Whether the other side has such a finding that is not taken yet."""
    key = _key(found)
    if not counts[key]:
        return False
    counts[key] -= 1
    return True


def _told(slug: str, found: Finding, file: str) -> Finding:
    """A new finding is told at its place; one that is gone has none any more."""
    at = found.at if slug == "finding-new" else FilePlace(file)
    words: dict[str, Any] = {f"finding_{lang}": found.message(lang) for lang in LANGUAGES}
    return finding(slug, at, table=found.table, rules=found.rules, code=found.code, **words)
