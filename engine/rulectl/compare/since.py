"""What the checks find now and did not find before, and the other way round.

A finding is known by its code, its table, its rules and its sentence, not by its cell, since rows move. Where it names
rules, its sentence may differ: the case that shows it is another one then, the mistake is the same. So it is where one
finding at most is told of a policy or a conclusion. A gap may be told as another region, since many regions hold the
same cases: where nothing that its table decides by has changed, its gaps are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Finding, finding
from rulectl.lang.syntax import Node
from rulectl.lang.trees import names_of
from rulectl.model.rulebook import Rulebook, Table, Term
from rulectl.runtime.plan import Plan
from rulectl.source import FilePlace
from rulectl.values import Value

Key = tuple[object, ...]
Findings = tuple[Finding, ...]


_ONCE = ("policy-violated", "no-value", "tables-contradict")
"""What is told once of each policy, or of each way in which a conclusion comes to it."""


def since(before: Sequence[Finding], after: Sequence[Finding], old: Rulebook, new: Rulebook) -> Iterator[Finding]:
    """A notice for each counterexample that is new, then for each that is gone; accepted ones too."""
    was, now = (tuple(found for found in side if found.verdict == "counterexample") for side in (before, after))
    for key in (_said, _of_rules, _of_subject):
        was, now = _beyond(was, now, key), _beyond(now, was, key)
    slices = Sliced(old), Sliced(new)
    same = {
        name: slices[0].of(name) == slices[1].of(name) for name in {f.table for f in (*was, *now) if f.slug == "gap"}
    }
    for found in now:
        if not same.get(found.table) or found.slug != "gap":
            yield _told("finding-new", found, found.at.place.file)
    for found in was:
        if not same.get(found.table) or found.slug != "gap":
            yield _told("finding-gone", found, new.source)


class Sliced:
    """What a table decides by: its own rules, those of the tables before it, and the terms and parameters that they
    name. Where all that is as before, its gaps are the same, in whatever words they are told."""

    def __init__(self, book: Rulebook) -> None:
        self.plan = Plan.of(book)
        self._tables = {table.name: number for number, table in enumerate(book.tables)}

    def of(self, name: str) -> object:
        """What a table decides by, to be compared with that of another rulebook; None where there is no such table."""
        found: set[int] = set()
        todo = [self._tables[name]] if name in self._tables else []
        # a gap may be told of all tables together that write a term
        todo += [n for m in todo for c in self._table(m).outputs for n, _ in self.plan.writers[c.term]]
        while todo:
            number = todo.pop()
            if number not in found:
                found.add(number)
                todo += [n for read in self.plan.tables[number].reads for n, _ in self.plan.writers.get(read, ())]
        return tuple(self._says(number) for number in sorted(found)) or None

    def _table(self, number: int) -> Table:
        return self.plan.tables[number].table

    def _says(self, number: int) -> object:
        table = self._table(number)
        rules = tuple(
            (
                tuple(e.test for e in rule.when),
                tuple(e.expr for e in rule.then),
                rule.otherwise,
                rule.enabled,
                rule.period,
            )
            for rule in table.rules
        )
        nodes: list[Node] = [column.subject for column in table.inputs]
        nodes += [entry for when, then, *_ in rules for entry in (*when, *then) if entry is not None]
        names = frozenset(name for node in nodes for name in names_of(node)) | {c.term for c in table.outputs}
        named = [self.plan.terms.get(name, self.plan.parameters.get(name)) for name in sorted(names)]
        asked = tuple(column.subject for column in table.inputs), table.outputs, table.policy, table.period, table.tier
        return table.name, asked, rules, tuple(map(_meaning, named))


def _meaning(one: Term | Value) -> object:
    """What a term is to rules, or the value of a parameter."""
    if isinstance(one, Term):
        return one.type, one.role, one.required, one.default, one.merge, one.favours
    return one


def _said(found: Finding) -> Key:
    return found.slug, found.table, found.rules, found.fields


def _of_rules(found: Finding) -> Key | None:
    return (found.slug, found.table, found.rules) if found.rules else None


def _of_subject(found: Finding) -> Key | None:
    """What a finding is about, whatever case shows it: of what is overruled, the rule; those above it come after."""
    if found.slug == "tier-overruled":
        return found.slug, found.rules[:1]
    fields = dict(found.fields)
    return (found.slug, fields["name"], fields.get("silence")) if found.slug in _ONCE else None


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
