"""The third engine: a naive table scan, written from engine/design/0005-status.md and nothing else.

No index, no classes, no memory of earlier cases, no code shared with `rulectl.runtime`: every test of every rule is
evaluated, several times over. It is what the other engines are held to. Which rules hold stands in naive_rules.py, what
they say in naive_saying.py; here is what comes of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never

from rulectl.lang.trees import names_of
from rulectl.model.policy import HitPolicy, Role, Status
from rulectl.model.rulebook import Rulebook, Table, Term
from rulectl.values import Value
from tests.runtime.naive_rules import Case, Pass, look
from tests.runtime.naive_saying import BROKEN, OPEN, SILENT, Said, choose, entry, speak, together


@dataclass(frozen=True)
class Answer:
    """What all engines must agree on."""

    outputs: dict[str, Value]
    derived: dict[str, Value]
    statuses: dict[str, Status]
    status: Status
    asks: tuple[str, ...]
    firings: tuple[str, ...]


def fires(case: Case, seen: Pass) -> list[int]:
    """The rules of the trace."""
    table = seen.table

    def say(n: int, c: int) -> Said:
        return entry(case, table, n, c, sure=False)

    active = [n for n in seen.hits if not table.rules[n].otherwise] or seen.hits
    firing: set[int] = set()
    match table.policy:
        case HitPolicy.FIRST:
            firing.update(active[:1])
        case HitPolicy.PRIORITY:
            own = [c for c, o in enumerate(table.outputs) if o.policy is HitPolicy.PRIORITY]
            firing.update([_winner(table, own, active, say, case)] if active else [])
        case HitPolicy.UNIQUE | HitPolicy.ANY | HitPolicy.RULE_ORDER | HitPolicy.OUTPUT_ORDER | HitPolicy.COLLECT:
            return active
        case HitPolicy.SUM | HitPolicy.MIN | HitPolicy.MAX | HitPolicy.COUNT:
            return active
        case _:
            assert_never(table.policy)
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
            others += [(OPEN, [at]) for at in _unplaced(p.table, c, chosen, saying(p, False), case)]
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
                if saying(p, False)(n, d) == OPEN and (d == c or p.table.policy is HitPolicy.PRIORITY):
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
    """The columns that the value of a column hangs on: under P and O all that share the table's policy order rules."""
    policy = table.outputs[column].policy
    if policy in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER) and policy is table.policy:
        return [c for c, o in enumerate(table.outputs) if o.policy is policy]
    return [column]


def _unplaced(
    table: Table, column: int, chosen: list[int], say: Callable[[int, int], Said], case: Case
) -> list[tuple[int, int]]:
    """The entries under O that are open, of rules that would stand elsewhere if these came first of all."""
    if table.outputs[column].policy is not HitPolicy.OUTPUT_ORDER:
        return []
    columns = _weighed(table, column)
    found = []
    for n in chosen:
        open_ = [c for c in columns if say(n, c) == OPEN]

        def first(m: int, c: int, n: int = n, open_: list[int] = open_) -> Said:
            return case.terms[table.outputs[c].term].type.values[0] if m == n and c in open_ else say(m, c)

        if open_ and choose(table, column, chosen, first, case) != choose(table, column, chosen, say, case):
            found += [(n, c) for c in open_]
    return found


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
