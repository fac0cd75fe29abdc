"""The naive scan, its first half: the facts of a case, and which rules of a table hold, or may yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from rulectl.lang.evaluate import evaluate, meets
from rulectl.lang.trees import names_of
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Period, Rule, Rulebook, Table
from rulectl.values import Value, and3


class Case:
    """The state of one case while it is decided."""

    def __init__(self, book: Rulebook, facts: dict[str, Value]) -> None:
        self.book = book
        self.terms = {t.id: t for t in book.terms}
        self.value: dict[str, Value] = {p.id: p.value for p in book.parameters}
        self.value |= {t.id: facts.get(t.id) for t in book.terms}
        for t in book.terms:
            if t.role is Role.INPUT and self.value[t.id] is None:
                self.value[t.id] = t.default
        self.gone: set[str] = set()
        self.shaky: set[str] = set()
        self.status: dict[str, Status] = {}
        self.waits: dict[str, list[frozenset[str]]] = {}
        written = {o.term for table in book.tables for o in table.outputs}
        for t in book.terms:
            if t.role is not Role.INPUT and t.id not in written:
                self.value[t.id] = t.default
                self.status[t.id] = Status.NO_RULE
                self.waits[t.id] = []
                if t.default is None:
                    self.gone.add(t.id)

    def view(self, sure: bool) -> dict[str, Value]:
        """The facts; `sure` blanks out what may still change."""
        return {n: None if sure and n in self.shaky else v for n, v in self.value.items()}

    def lacking(self, names: Iterable[str], sure: bool) -> frozenset[str]:
        view = self.view(sure)
        parameters = {p.id for p in self.book.parameters}
        return frozenset(n for n in names if n not in parameters and view.get(n) is None and n not in self.gone)


def truths(case: Case, table: Table, rule: Rule, sure: bool) -> list[tuple[bool | None, frozenset[str]]]:
    """Each test of a rule, its effective dates among them: truth, and the names it lacks."""
    view = case.view(sure)
    found: list[tuple[bool | None, frozenset[str]]] = []
    for column, entry in zip(table.inputs, rule.when, strict=True):
        names = names_of(column.subject) | names_of(entry.test)
        truth = meets(entry.test, evaluate(column.subject, view), view)
        found.append(_settle(case, truth, names, sure))
    period = rule.period.meet(table.period)
    if not period.always:
        event = case.book.event or ""
        found.append(_settle(case, _within(period, view.get(event)), frozenset({event}), sure))
    return found


def _settle(case: Case, truth: bool | None, names: frozenset[str], sure: bool) -> tuple[bool | None, frozenset[str]]:
    if truth is not None:
        return truth, frozenset()
    lacking = case.lacking(names, sure)
    if not lacking and any(n in case.gone for n in names):
        return False, frozenset()
    return None, lacking


def _within(period: Period, day: Value) -> bool | None:
    if not isinstance(day, dt.date):
        return None
    plain = day.date() if isinstance(day, dt.datetime) else day
    return (period.start is None or period.start <= plain) and (period.end is None or plain <= period.end)


@dataclass
class Pass:
    """A table under one case: the rules that hold, and every other set that may come about with who causes it."""

    table: Table
    hits: list[int]
    others: list[tuple[list[int], list[int]]]
    joint: list[tuple[list[int], list[int]]]
    waits: dict[int, frozenset[str]]


def look(case: Case, table: Table, before: set[int]) -> Pass:
    now: dict[int, bool | None] = {}
    later: dict[int, bool | None] = {}
    waits: dict[int, frozenset[str]] = {}
    for number, rule in enumerate(table.rules):
        if rule.enabled:
            now[number] = and3(t for t, _ in truths(case, table, rule, sure=False))
            tests = truths(case, table, rule, sure=True)
            later[number] = and3(t for t, _ in tests)
            waits[number] = frozenset().union(*(names for t, names in tests if t is None))
    elses = {n for n in now if table.rules[n].otherwise}
    plain = set(now) - elses
    hit = {n for n in plain if now[n]} | (before - elses)
    sure = {n for n in hit if later[n]} | (before - elses)
    possible = {n for n in plain - hit if now[n] is None or later[n] is not False}
    fallback = {n for n in elses if now[n]}
    maybe_else = {n for n in elses - fallback if now[n] is None or later[n] is None}

    def with_else(rules: set[int]) -> list[int]:
        return sorted(rules or fallback)

    waiting_now = any(now[n] is None for n in plain)
    hits = sorted(hit) if hit else ([] if waiting_now else sorted(fallback))
    others = [(with_else(hit | {n}), [n]) for n in sorted(possible)]
    falling = hit - sure
    others += [(with_else(hit - {n}), [n]) for n in sorted(falling)]
    if len(falling) > 1:
        others.append((with_else(sure), sorted(falling)))
    if not hit and possible and fallback:
        others.append((sorted(fallback), sorted(fallback)))
        for n in fallback:
            waits[n] = frozenset().union(*(waits[m] for m in possible))
    if not hit or falling:
        others += [(sorted(fallback | {n}), [n]) for n in sorted(maybe_else)]
    joint = [(with_else(sure | {n}), [n, *sorted(falling)]) for n in sorted(possible) if falling]
    return Pass(table, hits, others, joint, waits)
