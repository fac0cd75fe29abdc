"""The plan of a rulebook: what can be worked out once, before any case is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rulectl.lang.compiled import Compute, compiled
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.fold import fold
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.lang.syntax import Call, Expr, Literal, Name, Node
from rulectl.lang.trees import children, names_of
from rulectl.model.grid import Strip, computed_of, grid_of
from rulectl.model.made import Made
from rulectl.model.outcome import Firing
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Aggregate, Rulebook, Table, Term
from rulectl.runtime.bundling import bundled
from rulectl.runtime.coding import Coding, Keyed
from rulectl.runtime.coding import Key as Key
from rulectl.runtime.index import KEPT_MATCHES, Column, Index, Lowered, Match, Matcher, lower
from rulectl.runtime.memo import Memo
from rulectl.runtime.resolve import NOTHING, Outputs, Spoken
from rulectl.values import Value


@dataclass(frozen=True, slots=True)
class Variation:
    """A set of hits that may still come about, and the rules that would have brought it."""

    hits: tuple[int, ...]
    causes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which rules of a table hold, and every other set that may come to: all that follows from class numbers alone.
    `silent`: no rule holds or may come to hold; `computes`: a rule that does says something that must be computed.
    `said` remembers the columns whose entries are all plain values. One is what it is, so that verdicts can be
    remembered by it."""

    hits: tuple[int, ...]
    variations: tuple[Variation, ...]
    joint: tuple[Variation, ...]
    waiting: Mapping[int, frozenset[str]]
    computes: bool = True
    silent: bool = field(init=False)
    said: dict[int, Spoken] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "silent", not (self.hits or self.variations or self.joint))


class Voices:
    """What one conclusion column says, each distinct entry folded once: plain values, and `expressions` by number."""

    def __init__(self, strip: Strip[Expr | None], constants: Mapping[str, Value]) -> None:
        self.strip = strip
        folded = {ref: fold(expr, constants) for ref in computed_of(strip) if (expr := strip.items[ref]) is not None}
        self.expressions = {ref: expr for ref, expr in folded.items() if not isinstance(expr, Literal)}
        self._values: dict[int, Spoken] = {
            ref: NOTHING if expr.value is None else expr.value
            for ref, expr in folded.items()
            if isinstance(expr, Literal)
        }

    def spoken(self, rule: int) -> Spoken:
        """A rule's plain value; NOTHING where it says nothing or computes."""
        ref = self.strip.refs[rule]
        if ref in self._values:
            return self._values[ref]
        expr = self.strip.items[ref]
        value = expr.value if isinstance(expr, Literal) else None
        spoken = self._values[ref] = NOTHING if value is None else value
        return spoken


CALENDAR: Final = frozenset(("clock", "is_workday", "workday_after", "workdays", "worktime_after"))
"""What is worked out of the calendar takes longer than to look it up again."""

KEPT_COMPUTED: Final = 1_000
"""How many values of an expression are remembered."""


def _kept(expr: Expr) -> Compute:
    """What works out an expression; what asks the calendar is remembered by the values of what it names."""
    compute = compiled(expr)
    if not _asks_calendar(expr):
        return compute
    names = sorted(names_of(expr))
    known: Memo[tuple[Value, ...], Value] = Memo(KEPT_COMPUTED)

    def kept(facts: Mapping[str, Value]) -> Value:
        key = tuple([facts.get(name) for name in names])
        try:
            return known[key]
        except KeyError:
            return known.keep(key, compute(facts))

    return kept


def _asks_calendar(node: Node) -> bool:
    return (isinstance(node, Call) and node.function in CALENDAR) or any(map(_asks_calendar, children(node)))


@dataclass
class TablePlan:
    """One table, ready to run. `asked` is what its rules ask, test by test; `lowered` the same with questions to lists
    put together. `spoken[rule][column]` is a literal entry's value, None for an expression; `expressions[rule, column]`
    is the expression, with parameters folded in. `simple`: every column is a term against constants, so that class
    numbers say all; `reaches` then remembers what they come to (runtime/judge.py)."""

    table: Table
    asked: Lowered
    lowered: Lowered
    index: Matcher
    outputs: Outputs
    firings: Sequence[Firing]
    spoken: Sequence[tuple[Spoken, ...]]
    expressions: Mapping[tuple[int, int], Expr]
    reads: frozenset[str]
    matches: Memo[Key, Match] = field(default_factory=lambda: Memo(KEPT_MATCHES))
    reaches: Memo[tuple[Key, Key], Reach] = field(default_factory=lambda: Memo(KEPT_MATCHES))
    simple: bool = False
    _computed: dict[tuple[int, int], Compute] = field(default_factory=dict)
    _compiled: dict[int, Compute] = field(default_factory=dict)

    @staticmethod
    def of(table: Table, rulebook: Rulebook, bundle: bool = True) -> TablePlan:
        """`bundle`: what is asked of a list is put together."""
        constants = {parameter.id: parameter.value for parameter in rulebook.parameters}
        grid = grid_of(table)
        asked = lower(table, rulebook)
        lowered = bundled(asked) if bundle else asked
        voices = tuple(Voices(strip, constants) for strip in grid.then)
        expressions = {
            (rule, column): voice.expressions[ref]
            for column, voice in enumerate(voices)
            if voice.expressions
            for rule, ref in enumerate(grid.then[column].refs)
            if ref in voice.expressions
        }
        named = {name for voice in voices for expr in voice.expressions.values() for name in names_of(expr)}
        reads = frozenset(named).union(*(c.names for c in lowered.columns))
        return TablePlan(
            table,
            asked,
            lowered,
            Index.of(lowered),
            Outputs.of(table, rulebook),
            Made(len(grid.ids), lambda rule: Firing(table.name, grid.ids[rule], grid.cells(rule))),
            Made(len(grid.ids), lambda rule: tuple([voice.spoken(rule) for voice in voices])),
            expressions,
            reads - constants.keys(),
            simple=all(c.classes is not None for c in lowered.columns),
        )

    @cached_property
    def named(self) -> Mapping[tuple[int, int], frozenset[str]]:
        """The names that each expression needs."""
        return {at: frozenset(names_of(expr)) for at, expr in self.expressions.items()}

    def computed(self, at: tuple[int, int]) -> Compute:
        """What works out an expression, made when it is first asked for; rules that say the same share it."""
        found = self._computed.get(at)
        if found is None:
            expr = self.expressions[at]
            found = self._computed[at] = self._compiled.get(id(expr)) or _kept(expr)
            self._compiled[id(expr)] = found
        return found

    @cached_property
    def computing(self) -> frozenset[int]:
        """The rules that say something that must be computed."""
        return frozenset(rule for rule, _ in self.expressions)

    @cached_property
    def _places(self) -> Mapping[int, int]:
        """Rule number -> its place among the rules that are not switched off."""
        return {number: place for place, number in enumerate(self.lowered.numbers)}

    @cached_property
    def _asked(self) -> tuple[tuple[str, Callable[[Value], int] | None, Column], ...]:
        """The columns, and of those that place a term's value among constants the term and what places it."""
        return tuple(
            (c.subject.id, c.classes.locate, c)
            if isinstance(c.subject, Name) and c.classes is not None
            else ("", None, c)
            for c in self.lowered.columns
        )

    @cached_property
    def _awaits(self) -> Sequence[tuple[tuple[int, frozenset[str]], ...]]:
        """The columns of which an unknown value may keep each rule open, with the names that these ask for."""
        columns = self.lowered.columns

        def of(rule: int) -> tuple[tuple[int, frozenset[str]], ...]:
            box = self.lowered.rules[self._places[rule]]
            return tuple([(c.column, columns[c.column].names) for c in box if c.null is None])

        return Made(len(self.table.rules), of)

    def match(self, key: Key) -> Match:
        """The rules that hold and could hold, for class numbers; remembered."""
        return self.matches.get(key) or self.matches.keep(key, self.index.match(key))

    def key(self, facts: Mapping[str, Value], absent: frozenset[str]) -> tuple[Key, tuple[CannotCompute, ...]]:
        """The classes into which a case falls, and the columns that could not be computed: they count as absent, so
        that no rule fires on them."""
        classes: list[int] = []
        failed: list[CannotCompute] = []
        for name, locate, column in self._asked:
            if locate is not None:
                value = facts.get(name)
                if value is None:
                    classes.append(ABSENT if name in absent else UNKNOWN)
                else:
                    classes.append(locate(value))
                continue
            try:
                classes.append(column.classify(facts, absent))
            except CannotCompute as failure:
                failed.append(failure)
                classes.append(ABSENT)
        return tuple(classes), tuple(failed)

    def needs(self, rule: int, key: Key, missing: Callable[[frozenset[str]], frozenset[str]]) -> frozenset[str]:
        """The names that keep a rule from being true or false for certain; `missing` picks those that are unknown."""
        names: set[str] = set()
        for column, behind in self._awaits[rule]:
            if key[column] == UNKNOWN:
                names |= missing(behind)
        return frozenset(names)


@dataclass(frozen=True)
class Plan:
    """The whole rulebook. `strata` are the tables that run together; `settled_in[term]` is the stratum after which a
    term has all its contributions."""

    rulebook: Rulebook
    tables: tuple[TablePlan, ...]

    @staticmethod
    def of(rulebook: Rulebook, bundle: bool = True) -> Plan:
        return Plan(rulebook, tuple(TablePlan.of(table, rulebook, bundle) for table in rulebook.tables))

    @cached_property
    def terms(self) -> Mapping[str, Term]:
        return {term.id: term for term in self.rulebook.terms}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of a term in the vocabulary."""
        return {term.id: i for i, term in enumerate(self.rulebook.terms)}

    @cached_property
    def parameters(self) -> Mapping[str, Value]:
        return {parameter.id: parameter.value for parameter in self.rulebook.parameters}

    @cached_property
    def aggregates(self) -> Mapping[str, Aggregate]:
        return {aggregate.term: aggregate for aggregate in self.rulebook.aggregates}

    @cached_property
    def coding(self) -> Coding:
        """Where the class numbers of terms stand."""
        return Coding.of((column for table in self.tables for column in table.lowered.columns), self.writers)

    @cached_property
    def keyed(self) -> tuple[Keyed, ...]:
        """What each table asks of the codes."""
        return tuple(Keyed.of(table.lowered.columns, self.coding) for table in self.tables)

    @cached_property
    def written(self) -> tuple[tuple[Term, ...], ...]:
        """The terms that each table writes, by output column."""
        return tuple(tuple(self.terms[column.term] for column in t.table.outputs) for t in self.tables)

    @cached_property
    def strata(self) -> tuple[tuple[int, ...], ...]:
        """Table numbers by stratum, in firing order."""
        last = max((table.stratum for table in self.rulebook.tables), default=-1)
        return tuple(
            tuple(i for i, table in enumerate(self.rulebook.tables) if table.stratum == stratum)
            for stratum in range(last + 1)
        )

    @cached_property
    def writers(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """Term id -> (table number, output column) of all that write it, in firing order."""
        found: dict[str, list[tuple[int, int]]] = {}
        for number, table in enumerate(self.rulebook.tables):
            for column, output in enumerate(table.outputs):
                found.setdefault(output.term, []).append((number, column))
        return {term: tuple(places) for term, places in found.items()}

    @cached_property
    def settled_in(self) -> tuple[tuple[str, ...], ...]:
        """By stratum, the terms whose last writer runs there, in the vocabulary's order."""
        last = {term: max(self.rulebook.tables[t].stratum for t, _ in at) for term, at in self.writers.items()}
        return tuple(
            tuple(sorted((t for t, s in last.items() if s == stratum), key=lambda t: self.order[t]))
            for stratum in range(len(self.strata))
        )

    @cached_property
    def cyclic(self) -> tuple[bool, ...]:
        """By stratum, whether its tables read what they themselves write, and so run to quiescence."""
        found = []
        for stratum, numbers in enumerate(self.strata):
            written = {o.term for n in numbers for o in self.rulebook.tables[n].outputs}
            found.append(any(self.tables[n].reads & written for n in numbers) and stratum >= 0)
        return tuple(found)

    @cached_property
    def unspoken(self) -> tuple[Term, ...]:
        """Terms that no table writes and no aggregate counts, though they are not inputs: absent from the start."""
        counted = {aggregate.term for aggregate in self.rulebook.aggregates}
        return tuple(
            t
            for t in self.rulebook.terms
            if t.role is not Role.INPUT and t.id not in self.writers and t.id not in counted
        )

    @cached_property
    def outputs(self) -> tuple[Term, ...]:
        return tuple(term for term in self.rulebook.terms if term.role is Role.OUTPUT)

    @cached_property
    def derived(self) -> tuple[Term, ...]:
        return tuple(term for term in self.rulebook.terms if term.role is Role.DERIVED)

    def case_status(self, statuses: Mapping[str, Status]) -> Status:
        """The worst among the required outputs; where none is required, among those that a rule could speak of."""
        required = [statuses[t.id] for t in self.outputs if t.required]
        counting = required or [s for t in self.outputs if (s := statuses[t.id]) is not Status.NO_RULE]
        return max(counting, key=lambda status: status.rank, default=Status.NO_RULE)
