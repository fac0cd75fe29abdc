"""What the checks find now and did not find before, and the other way round.

A finding is known by its code, its table, its rules and its sentence, not by its cell, since rows move. Where it names
rules, its sentence may differ: the case that shows it is another one then, the mistake is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace

Key = tuple[object, ...]
Findings = tuple[Finding, ...]


def since(before: Sequence[Finding], after: Sequence[Finding], file: str) -> Iterator[Finding]:
    """A notice for each counterexample that is new, then for each that is gone; accepted ones too."""
    was, now = (tuple(found for found in side if found.verdict == "counterexample") for side in (before, after))
    for key in (_said, _of_rules):
        was, now = _beyond(was, now, key), _beyond(now, was, key)
    for found in now:
        yield _told("finding-new", found, found.at.place.file)
    for found in was:
        yield _told("finding-gone", found, file)


def _said(found: Finding) -> Key:
    return found.slug, found.table, found.rules, found.fields


def _of_rules(found: Finding) -> Key | None:
    return (found.slug, found.table, found.rules) if found.rules else None


def _beyond(some: Sequence[Finding], others: Sequence[Finding], key: Callable[[Finding], Key | None]) -> Findings:
    """Those of some findings that have no counterpart among the others; each is the counterpart of one only."""
    counts = Counter(key(found) for found in others)
    left = []
    for found in some:
        known = key(found)
        if known is not None and counts[known]:
            counts[known] -= 1
        else:
            left.append(found)
    return tuple(left)


def _told(slug: str, found: Finding, file: str) -> Finding:
    """A new finding is told at its place; one that is gone has none any more."""
    at = found.at if slug == "finding-new" else FilePlace(file)
    words: dict[str, Any] = {f"finding_{lang}": found.message(lang) for lang in LANGUAGES}
    return finding(slug, at, table=found.table, rules=found.rules, code=found.code, **words)
