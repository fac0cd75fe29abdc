"""The third engine: a naive table scan, written from engine/design/0005-status.md and nothing else.

No index, no classes, no memory of earlier cases, no code shared with `rulectl.runtime`: every test of every rule is
evaluated, several times over. It is what the other engines are held to.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from rulectl.lang.evaluate import CannotCompute, evaluate, meets, names_of
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Status, Tier
from rulectl.model.rulebook import Period, Rule, Rulebook, Table, Term
from rulectl.values import CONTEXT, Value, and3

SILENT = "<silent>"
OPEN = "<open>"
BROKEN = "<broken>"

Said = Any
"""A value, or SILENT, OPEN (an expression waits for a fact), BROKEN (the policy is violated)."""


@dataclass(frozen=True)
class Answer:
    """What all engines must agree on."""

    outputs: dict[str, Value]
    derived: dict[str, Value]
    statuses: dict[str, Status]
    status: Status
    asks: tuple[str, ...]
    firings: tuple[str, ...]


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


def entry(case: Case, table: Table, rule: int, column: int, sure: bool) -> Said:
    expr = table.rules[rule].then[column].expr
    if expr is None:
        return SILENT
    view = case.view(sure)
    try:
        value = evaluate(expr, view)
    except CannotCompute:
        return SILENT
    if value is not None:
        return value
    names = names_of(expr)
    return SILENT if any(n in case.gone for n in names) and not case.lacking(names, sure) else OPEN


def choose(table: Table, column: int, hits: list[int], say: Callable[[int, int], Said], case: Case) -> list[int]:
    """The hits of which a column is made, in order; `hits` may mix else rules with others."""
    active = [n for n in hits if not table.rules[n].otherwise] or hits
    policy = table.outputs[column].policy
    like = [c for c, o in enumerate(table.outputs) if o.policy is policy] if policy is table.policy else [column]

    def best(n: int) -> list[int]:
        return [0 if say(n, c) == OPEN else place for c, place in zip(like, rank(n), strict=False)] + [n]

    def rank(n: int) -> list[int]:
        places = []
        for c in like:
            order = case.terms[table.outputs[c].term].type.values
            said = say(n, c)
            said = said[0] if isinstance(said, tuple) and said else said
            places.append(order.index(said) if said in order else len(order))
        return [*places, n]

    if policy is HitPolicy.FIRST:
        return active[:1]
    if policy is HitPolicy.PRIORITY:
        first = sorted(active, key=rank)[:1]
        # an entry that waits for a fact may yet come first
        return [n for n in active if n in first or best(n)[:-1] < rank(first[0])[:-1]]
    if policy is HitPolicy.OUTPUT_ORDER:
        return sorted(active, key=rank)
    return active


def speak(table: Table, column: int, hits: list[int], say: Callable[[int, int], Said], case: Case) -> Said:
    """The value of a column."""
    policy = table.outputs[column].policy
    chosen = choose(table, column, hits, say, case)
    if policy is HitPolicy.UNIQUE and len(chosen) > 1:
        return BROKEN
    if policy is HitPolicy.COUNT:
        return Decimal(len(chosen)) if chosen else SILENT
    if policy is HitPolicy.PRIORITY and any(say(n, column) != say(chosen[0], column) for n in chosen):
        return OPEN
    said = [s for s in (say(n, column) for n in chosen) if s != SILENT]
    if not said:
        return SILENT
    if policy in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST):
        if all(s == said[0] for s in said):
            return said[0]
        return OPEN if OPEN in said else BROKEN
    if policy in (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER):
        return flat(said, case.terms[table.outputs[column].term])
    return fold({HitPolicy.SUM: Merge.SUM, HitPolicy.MIN: Merge.MIN, HitPolicy.MAX: Merge.MAX}[policy], said)


def flat(said: list[Said], term: Term) -> Said:
    items: list[Said] = []
    for s in said:
        for item in s if isinstance(s, tuple) else (s,):
            if term.merge is Merge.ALL or item not in items:
                items.append(item)
    return tuple(items)


def fold(how: Merge, said: list[Said]) -> Said:
    if BROKEN in said:
        return BROKEN
    if OPEN in said:
        return OPEN
    with localcontext(CONTEXT):
        return {Merge.SUM: sum, Merge.MIN: min, Merge.MAX: max}[how](said)  # type: ignore[operator]


def together(term: Term, parts: list[tuple[Tier, Said]]) -> Said:
    """The merge of what tables say of a term."""
    parts = [(tier, s) for tier, s in parts if s != SILENT]
    if not parts:
        return SILENT
    if len(parts) == 1:
        return parts[0][1]
    if term.merge in (Merge.COLLECT, Merge.ALL):
        return BROKEN if any(s == BROKEN for _, s in parts) else flat([s for _, s in parts], term)
    result: Said = SILENT
    for tier in (Tier.LAW, Tier.PLATFORM, Tier.SHOP, Tier.PROCEDURE, Tier.ADVICE):
        mine = [s for t, s in parts if t is tier]
        if not mine:
            continue
        if term.merge is Merge.FIRST:
            said = mine[0]
        elif term.merge is Merge.SINGLE:
            known = [s for s in mine if s != OPEN]
            broken = BROKEN in mine or any(s != known[0] for s in known)
            said = BROKEN if broken else OPEN if OPEN in mine else mine[0]
        else:
            said = fold(term.merge, mine)
        result = beside(term, result, said)
    return result


def beside(term: Term, higher: Said, lower: Said) -> Said:
    if higher == SILENT:
        return lower
    if term.favours is None or higher == BROKEN:
        return higher
    if lower == BROKEN:
        return BROKEN
    if OPEN in (higher, lower):
        return OPEN
    if term.favours is Favours.GREATER:
        return max(higher, lower)
    if term.favours is Favours.EARLIER and term.type.values:
        return min(higher, lower, key=term.type.values.index)
    return min(higher, lower)


def fires(case: Case, seen: Pass) -> list[int]:
    """The rules of the trace."""
    table = seen.table

    def say(n: int, c: int) -> Said:
        return entry(case, table, n, c, sure=False)

    active = [n for n in seen.hits if not table.rules[n].otherwise] or seen.hits
    if table.policy not in (HitPolicy.FIRST, HitPolicy.PRIORITY):
        return active
    firing: set[int] = set()
    if active and table.policy is HitPolicy.FIRST:
        firing = {active[0]}
    elif active:
        own = [c for c, o in enumerate(table.outputs) if o.policy is HitPolicy.PRIORITY]
        firing = {_winner(table, own, active, say, case)}
    for c, output in enumerate(table.outputs):
        if output.policy is not table.policy:
            firing |= {n for n in choose(table, c, active, say, case) if say(n, c) != SILENT}
    return sorted(firing)


def _winner(table: Table, columns: list[int], active: list[int], say: Callable[[int, int], Said], case: Case) -> int:
    """Of the hits of a table with policy P the one that comes first as far as is known."""

    def rank(n: int) -> list[int]:
        orders = [case.terms[table.outputs[c].term].type.values for c in columns]
        said = [say(n, c) for c in columns]
        return [o.index(s) if s in o else len(o) for o, s in zip(orders, said, strict=True)] + [n]

    return min(active, key=rank)


def decide(book: Rulebook, facts: dict[str, Value]) -> Answer:
    case = Case(book, facts)
    passes: dict[int, Pass] = {}
    for stratum in sorted({t.stratum for t in book.tables}):
        numbers = [i for i, t in enumerate(book.tables) if t.stratum == stratum]
        done = [t for t in book.terms if _last_writer(book, t) == stratum]
        written = {o.term for i in numbers for o in book.tables[i].outputs}
        loop = any(written & _reads(book.tables[i], book) for i in numbers)
        if loop:
            case.gone |= {t.id for t in done if case.value[t.id] is None}
        before: dict[int, set[int]] = {i: set() for i in numbers}
        doubted: set[str] = set()
        while True:
            for i in numbers:
                passes[i] = look(case, book.tables[i], before[i])
            values = {t.id: case.value[t.id] for t in done}
            for term in done:
                conclude(case, term, passes)
            hits = {i: set(passes[i].hits) for i in numbers}
            doubts = doubted | {t.id for t in done if t.id in case.shaky}
            if not loop or (hits == before and doubts == doubted and values == {t.id: case.value[t.id] for t in done}):
                break
            before, doubted = hits, doubts
            case.shaky |= doubted
            case.gone -= doubted
    outputs = [t for t in book.terms if t.role is Role.OUTPUT]
    required = [case.status[t.id] for t in outputs if t.required]
    counted = required or [case.status[t.id] for t in outputs if case.status[t.id] is not Status.NO_RULE]
    worst = [Status.NO_RULE, Status.UNDETERMINED, Status.PROVISIONAL, Status.DECIDED]
    return Answer(
        {t.id: case.value[t.id] for t in outputs},
        {t.id: case.value[t.id] for t in book.terms if t.role is Role.DERIVED},
        case.status,
        next((s for s in worst if s in counted), Status.NO_RULE),
        asks(case, outputs),
        tuple(f"{p.table.name}/{p.table.rules[n].id}" for _, p in sorted(passes.items()) for n in fires(case, p)),
    )


def _reads(table: Table, book: Rulebook) -> frozenset[str]:
    names = frozenset().union(
        *(names_of(c.subject) for c in table.inputs),
        *(names_of(e.test) for r in table.rules if r.enabled for e in r.when),
        *(names_of(e.expr) for r in table.rules for e in r.then if e.expr is not None),
    )
    return names


def _last_writer(book: Rulebook, term: Term) -> int | None:
    return max((t.stratum for t in book.tables for o in t.outputs if o.term == term.id), default=None)


def conclude(case: Case, term: Term, passes: dict[int, Pass]) -> None:
    """Value, status and waits of a term."""
    writers = [(i, p, c) for i, p in sorted(passes.items()) for c, o in enumerate(p.table.outputs) if o.term == term.id]

    def saying(p: Pass, sure: bool) -> Callable[[int, int], Said]:
        return lambda n, c: entry(case, p.table, n, c, sure)

    base = [(p.table.tier, speak(p.table, c, p.hits, saying(p, False), case)) for _, p, c in writers]
    final = together(term, base)
    waits: dict[tuple[int, int], frozenset[str]] = {}
    moved = spoken = False
    for round_ in ("one change", "one comes as all the doubtful fall"):
        if moved:
            break
        for at, (i, p, c) in enumerate(writers):
            pairs = p.others if round_ == "one change" else p.joint
            others: list[tuple[Said, Iterable[int | tuple[int, int]]]] = [
                (speak(p.table, c, hits, saying(p, True), case), causes) for hits, causes in pairs
            ]
            chosen = choose(p.table, c, p.hits, saying(p, False), case)
            for n in sorted({*chosen, *choose(p.table, c, p.hits, saying(p, True), case)}):
                for d in _weighed(p.table, c):
                    if saying(p, False)(n, d) != saying(p, True)(n, d):
                        others.append((speak(p.table, c, p.hits, saying(p, True), case), [(n, d)]))
            for said, causes in others:
                result = together(term, [*base[:at], (p.table.tier, said), *base[at + 1 :]])
                if result == final:
                    continue
                moved = True
                spoken = spoken or result != SILENT
                for cause in causes:
                    n = cause if isinstance(cause, int) else cause[0]
                    names = p.waits[n] if isinstance(cause, int) else _lacks(case, p.table, *cause, sure=True)
                    waits[i, n] = waits.get((i, n), frozenset()) | names
    for i, p, c in writers:
        for n in choose(p.table, c, p.hits, saying(p, False), case):
            for d in _weighed(p.table, c):
                if saying(p, False)(n, d) == OPEN:
                    waits[i, n] = waits.get((i, n), frozenset()) | _lacks(case, p.table, n, d, sure=False)
    value: Value = None
    if final == SILENT:
        status = Status.UNDETERMINED if spoken else Status.NO_RULE
    elif final in (OPEN, BROKEN):
        status = Status.UNDETERMINED
    elif isinstance(final, tuple) and OPEN in final:
        value = tuple(x for x in final if x != OPEN) or None
        status = Status.PROVISIONAL if value else Status.UNDETERMINED
    else:
        value, status = final, Status.PROVISIONAL if moved else Status.DECIDED
    case.status[term.id] = status
    case.waits[term.id] = [] if status in (Status.DECIDED, Status.NO_RULE) else list(waits.values())
    case.value[term.id] = term.default if value is None else value
    case.shaky.discard(term.id)
    case.gone.discard(term.id)
    if status in (Status.PROVISIONAL, Status.UNDETERMINED):
        case.shaky.add(term.id)
    elif case.value[term.id] is None:
        case.gone.add(term.id)


def _weighed(table: Table, column: int) -> list[int]:
    """The columns that the value of a column hangs on: under P all that share the table's policy order its rules."""
    policy = table.outputs[column].policy
    if policy is HitPolicy.PRIORITY is table.policy:
        return [c for c, o in enumerate(table.outputs) if o.policy is policy]
    return [column]


def _lacks(case: Case, table: Table, rule: int, column: int, sure: bool) -> frozenset[str]:
    expr = table.rules[rule].then[column].expr
    return case.lacking(names_of(expr), sure) if expr is not None else frozenset()


def expand(case: Case, names: frozenset[str]) -> frozenset[str]:
    """Names of decided terms replaced by what these wait for."""
    reached = set(names)
    while True:
        further = {m for n in reached if n in case.waits for wait in case.waits[n] for m in wait}
        if further <= reached:
            return frozenset(n for n in reached if n not in case.waits)
        reached |= further


def asks(case: Case, outputs: list[Term]) -> tuple[str, ...]:
    first: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for term in outputs:
        for names in case.waits.get(term.id, []):
            for name in expand(case, names):
                total[name] += 1
                first[name] += term.required
    order = [t.id for t in case.book.terms]
    return tuple(sorted((n for n in total if n in order), key=lambda n: (-first[n], -total[n], order.index(n))))
