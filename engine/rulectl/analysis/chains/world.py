"""All cases at once: the terms of a rulebook as formulas over what a case may give.

Every input is a free value of its type (required ones are always known, others may be unknown); a decided term is what
its tables say of it, stratum by stratum, by the same hit policies, merges and tiers as at run time. What was made for a
term is kept by its owner, so that a question takes along only the tables that its terms lean on: the slice. A table
that is too large, or that feeds itself, is given up: its terms may then be anything that it could say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains.comparing import branch
from rulectl.analysis.chains.part import leaning_on, part
from rulectl.analysis.chains.plain import named_numbers
from rulectl.analysis.chains.reading import Reader
from rulectl.analysis.chains.reckoning import Loose
from rulectl.analysis.chains.saying import (
    Said,
    merged,
    silence,
)
from rulectl.analysis.chains.solvers import Owner, Solvers, named
from rulectl.analysis.chains.symbols import Symbol, Words, constant, free, items_of
from rulectl.analysis.chains.tables import Rules, column_said, fits, typed
from rulectl.analysis.smt import (
    Solver,
    Truth,
    all_of,
    any_of,
    at_least,
    both,
    either,
    fresh_truth,
    implies,
    is_whole,
    less,
    no,
)
from rulectl.cases.headings import readable
from rulectl.lang.fold import fold, fold_test
from rulectl.lang.region import on_null, plain
from rulectl.lang.syntax import Any, Expr, Name, Test
from rulectl.lang.trees import names_of
from rulectl.model.policy import Tier
from rulectl.model.rulebook import Rulebook, Term
from rulectl.runtime.engine import Engine
from rulectl.runtime.index import period_test
from rulectl.runtime.plan import Plan, TablePlan
from rulectl.runtime.resolve import Lack
from rulectl.source import Cell, CellRange
from rulectl.types import DATE, Kind

LARGE = 40_000
"""Cells of a table beyond which it is given up."""


@dataclass(slots=True)
class World:
    """The formulas of one rulebook, made as they are asked for."""

    rulebook: Rulebook
    plan: Plan
    budget: Budget
    inputs: dict[str, Term] = field(init=False)
    numbers: Mapping[str, Sequence[Decimal]] = field(init=False)
    blurs: dict[Owner, list[Cell | CellRange]] = field(default_factory=dict)
    loose: dict[Owner, list[Loose]] = field(default_factory=dict)
    _facts: dict[Owner, list[Truth]] = field(default_factory=dict)
    _leans: dict[Owner, dict[Owner, None]] = field(default_factory=dict)
    _owners: list[Owner] = field(default_factory=lambda: ["world"])
    _symbols: dict[str, Symbol] = field(default_factory=dict)
    _said: dict[str, Said] = field(default_factory=dict)
    _absent: dict[str, Truth] = field(default_factory=dict)
    _calm: dict[str, Truth] = field(default_factory=dict)
    _tables: dict[int, Rules | None] = field(default_factory=dict)
    _columns: dict[tuple[int, int], Said] = field(default_factory=dict)
    _tests: dict[tuple[Expr, Test], tuple[Symbol, Owner]] = field(default_factory=dict)
    _parts: dict[frozenset[int], Engine] = field(default_factory=dict)
    _solvers: Solvers = field(default_factory=Solvers)
    _reader: Reader = field(init=False)
    _cyclic: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.inputs = {term.id: term for term in readable(self.rulebook)}
        self.numbers = named_numbers(self.plan)
        self._reader = Reader(self.symbol, self.demand)
        self._cyclic = frozenset(n for numbers in self.plan.strata for n in self._round(numbers))

    def _round(self, numbers: Iterable[int]) -> Iterator[int]:
        """The tables of a stratum that read what is written in it."""
        written = {column.term for n in numbers for column in self.rulebook.tables[n].outputs}
        return (n for n in numbers if self.plan.tables[n].reads & written)

    # -- whose facts ---------------------------------------------------------------------------------------------

    def demand(self, fact: Truth) -> None:
        """A fact on variables that were made, kept with the owner at work."""
        if fact is not True:
            self._facts.setdefault(self._owners[-1], []).append(fact)

    def _lean(self, owner: Owner) -> None:
        if self._owners[-1] != owner:
            self._leans.setdefault(self._owners[-1], {})[owner] = None

    def slice(self, owner: Owner) -> tuple[Owner, ...]:
        """An owner and all that it leans on."""
        found = {owner: None}
        todo = [owner]
        while todo:
            for other in self._leans.get(todo.pop(), ()):
                if other not in found:
                    found[other] = None
                    todo.append(other)
        return tuple(found)

    def solver(self, owner: Owner) -> Solver:
        """A solver that knows all facts of a slice."""
        return self._solvers.of({one: self._facts[one] for one in self.slice(owner) if one in self._facts})

    def blame(self, owner: Owner) -> Cell | CellRange | None:
        """The first cell of a slice that a free value stands for."""
        return next((cell for one in self.slice(owner) for cell in self.blurs.get(one, ())), None)

    def bounded(self, owner: Owner) -> Iterator[Loose]:
        """The values of a slice that are known within bounds only."""
        for one in self.slice(owner):
            yield from self.loose.get(one, ())

    def asked(self, owner: Owner, terms: Iterable[str]) -> None:
        """Make all that terms lean on, lowest tables first, and have a question lean on it."""
        needed = leaning_on(self.plan, (number for term in terms for number, _ in self.plan.writers.get(term, ())))
        for number in sorted(needed):
            self.budget.check()
            self.table(number)
        with self.at(owner):
            for term in terms:
                if term in self.plan.terms:
                    self.symbol(term)

    def part(self, engine: Engine, owner: Owner, about: Iterable[int]) -> Engine:
        """The engine of the tables of an owner's slice and of some others, made once; that of the same rulebook."""
        named = (one.removeprefix("table ") for one in self.slice(owner) if one.startswith("table "))
        tables = leaning_on(self.plan, {*about, *map(int, named)})
        if tables not in self._parts:
            self._parts[tables] = part(engine, tables)
        return self._parts[tables]

    @contextmanager
    def at(self, owner: Owner) -> Iterator[None]:
        """While an owner is at work."""
        self._owners.append(owner)
        try:
            yield
        finally:
            self._owners.pop()

    def statement(self, owner: Owner, expr: Expr, cell: Cell | CellRange | None) -> Symbol:
        """A statement on the outcome, as it is watched at run time."""
        self.asked(owner, sorted(names_of(expr) & self.plan.terms.keys()))
        with self.at(owner):
            return self.read(expr, cell)

    def read(self, expr: Expr, cell: Cell | CellRange | None) -> Symbol:
        with self._noting(cell):
            return self._reader.read(fold(expr, self.plan.parameters))

    @contextmanager
    def _noting(self, cell: Cell | CellRange | None) -> Iterator[None]:
        """Note down, for the owner at work, what is read of a cell that formulas cannot carry."""
        yield
        if self._reader.blurred and cell is not None:
            self.blurs.setdefault(self._owners[-1], []).append(cell)
        self.loose.setdefault(self._owners[-1], []).extend(self._reader.loose)
        self._reader.blurred.clear()
        self._reader.loose.clear()

    # -- terms ---------------------------------------------------------------------------------------------------

    def symbol(self, id_: str) -> Symbol:
        """The value of a term, or of a parameter."""
        if id_ in self.plan.parameters:
            return constant(self.plan.parameters[id_])
        owner = f"term {id_}"
        self._lean(owner)
        if id_ not in self._symbols:
            with self.at(owner):
                self._symbols[id_] = self._make(id_)
        return self._symbols[id_]

    def _make(self, id_: str) -> Symbol:
        term = self.plan.terms.get(id_)
        if term is None:  # an event date that no term gives
            return constant(None, DATE)
        if id_ in self.inputs:
            known: Truth = True
            if not term.required and term.default is None:
                known = fresh_truth(f"{term.name}?")
            # its flags are made as texts come up, by whoever asks; what they demand belongs to the term
            facts = self._facts.setdefault(f"term {id_}", [])
            found = free(term.type, term.name, known, facts.append)
            aggregate = self.plan.aggregates.get(id_)
            if aggregate is not None and aggregate.function != "sum" and term.type.kind is Kind.NUMBER:
                # how many there are is a whole number, whatever the vocabulary allows
                facts.extend((is_whole(found.content), at_least(found.content, Fraction(0))))
            return found
        if id_ not in self.plan.writers:
            return self._settled(term, silence(term))
        return self._by_name(id_, self._settled(term, self.said(id_)))

    def _by_name(self, id_: str, found: Symbol) -> Symbol:
        """A concluded value whose truths have names of their own."""
        facts = self._facts.setdefault(f"term {id_}", [])
        content = found.content
        if isinstance(content, Words):
            words = content
            content = replace(words, is_=cache(lambda text: named(words.is_(text), facts)))
        return replace(found, known=named(found.known, facts), content=content)

    def _settled(self, term: Term, said: Said) -> Symbol:
        """The fact that a judged term becomes."""
        known = said.valued
        if term.type.many:
            known = both(known, either(no(said.pending), less(Fraction(0), items_of(said.symbol).length)))
        found = Symbol(term.type, known, said.symbol.content)
        if term.default is None:
            return found
        return branch(known, found, constant(term.default, term.type), self.demand, term.name)

    def said(self, id_: str) -> Said:
        """What the tables come to on a term."""
        self._lean(f"said {id_}")
        if id_ not in self._said:
            with self.at(f"said {id_}"):
                self._said[id_] = self._merge(self.plan.terms[id_])
        return self._said[id_]

    def _merge(self, term: Term) -> Said:
        return merged(term, self.parts(term), self.demand)

    def parts(self, term: Term) -> list[tuple[Tier, Said]]:
        """What each table that writes a term says of it, with its tier."""
        places = self.plan.writers[term.id]
        return [(self.rulebook.tables[number].tier, self.column(number, column)) for number, column in places]

    def absent(self, id_: str) -> Truth:
        """Whether a term is null for certain, so that it cannot be asked for. Where that hangs on what may still
        change, it is left open between two bounds."""
        term = self.plan.terms.get(id_)
        if term is None or id_ in self.inputs or term.default is not None:
            return False
        if id_ not in self.plan.writers:
            return True
        self._lean(f"absent {id_}")
        if id_ not in self._absent:
            with self.at(f"absent {id_}"):
                nothing = self.said(id_).nothing
                gone = fresh_truth(f"{term.name}!")
                self.demand(implies(gone, nothing))
                self.demand(implies(both(nothing, self._calmly(id_)), gone))
                self._absent[id_] = gone
        return self._absent[id_]

    def _calmly(self, id_: str) -> Truth:
        """That nothing a term hangs on can still change (it may be so in other cases too)."""
        if id_ not in self.plan.writers:
            return True
        self._lean(f"calm {id_}")
        if id_ not in self._calm:
            self._calm[id_] = False  # what feeds itself is never calm
            with self.at(f"calm {id_}"):
                said = self.said(id_)
                parts: list[Truth] = [no(said.unknown), no(said.clash), no(said.pending)]
                for number, _ in self.plan.writers[id_]:
                    rules = self.table(number)
                    parts.append(no(rules.open_) if rules is not None else False)
                    parts.extend(self._calmly(name) for name in sorted(self.plan.tables[number].reads))
                self._calm[id_] = all_of(parts)
        return self._calm[id_]

    def _gone(self, names: Iterable[str]) -> Truth:
        """Of names of which one is null: that none that is null can become known."""
        return all_of(
            either(self.symbol(name).known, self.absent(name)) for name in sorted(names) if name in self.plan.terms
        )

    # -- tables --------------------------------------------------------------------------------------------------

    def table(self, number: int) -> Rules | None:
        """The rules of a table; None where it was given up."""
        owner = f"table {number}"
        self._lean(owner)
        if number not in self._tables:
            with self.at(owner):
                self._tables[number] = self._rules(number)
        return self._tables[number]

    def _rules(self, number: int) -> Rules | None:
        plan = self.plan.tables[number]
        table = plan.table
        if number in self._cyclic or len(table.rules) * len(table.inputs) > LARGE:
            if table.cells is not None:
                self.blurs.setdefault(f"table {number}", []).append(table.cells)
            return None
        elses = plan.outputs.otherwise
        numbers = tuple(n for n, rule in enumerate(table.rules) if rule.enabled)
        hits: dict[int, Truth] = {}
        opens: dict[int, Truth] = {}
        for n in numbers:
            hits[n], opens[n] = self._box(plan, n)
        some = any_of(hits[n] for n in numbers if n not in elses)
        waiting = any_of(opens[n] for n in numbers if n not in elses) if elses else False
        facts = self._facts.setdefault(f"table {number}", [])
        active = tuple(named(both(hits[n], no(some), no(waiting)) if n in elses else hits[n], facts) for n in numbers)
        said = tuple(tuple(self._entry(plan, n, c) for c in range(len(table.outputs))) for n in numbers)
        return Rules(numbers, active, any_of(opens.values()), said)

    def _box(self, plan: TablePlan, number: int) -> tuple[Truth, Truth]:
        """When a rule hits, and when it does not but might."""
        table, rule = plan.table, plan.table.rules[number]
        hits: list[Truth] = []
        alive: list[Truth] = []
        for column, entry in zip(table.inputs, rule.when, strict=True):
            if isinstance(entry.test, Any):
                continue
            hit, open_ = self.test(
                column.subject, fold_test(entry.test, self.plan.parameters), column.type.many, entry.cell
            )
            hits.append(hit)
            alive.append(either(hit, open_))
        period = rule.period.meet(table.period)
        if not period.always:
            event = self.rulebook.event or ""
            type_ = self.plan.terms[event].type if event in self.plan.terms else DATE
            hit, open_ = self.test(Name(event), period_test(period, type_), False, rule.cells)
            hits.append(hit)
            alive.append(either(hit, open_))
        hit = all_of(hits)
        return hit, both(no(hit), all_of(alive))

    def test(self, subject: Expr, test: Test, many: bool, cell: Cell | CellRange | None) -> tuple[Truth, Truth]:
        """When a test holds, and when it hangs on something unknown."""
        known = self._tests.get((subject, test))
        if known is None:
            with self._noting(cell):
                found = self._reader.meets(test, self._reader.read(fold(subject, self.plan.parameters)))
            known = self._tests[subject, test] = found, self._owners[-1]
        found, owner = known
        self._lean(owner)
        # a heading that cannot be computed counts as null for certain
        on_failure = on_null(test) is True if plain(test) and not many else False
        hit = either(both(no(found.failed), found.true), both(found.failed, on_failure))
        names = names_of(subject) | names_of(test)
        unsettled = both(no(found.failed), no(found.true), no(found.false))
        if unsettled is False:
            return hit, False
        return hit, both(unsettled, no(self._gone(names)))

    def _entry(self, plan: TablePlan, rule: int, column: int) -> Said:
        """What a rule says in a column."""
        term = self.plan.terms[plan.table.outputs[column].term]
        expr = plan.expressions.get((rule, column))
        if expr is None:
            spoken = plan.spoken[rule][column]
            if isinstance(spoken, Lack):
                return silence(term)
            return Said(False, False, False, typed(constant(spoken), term))
        found = self.read(expr, plan.table.rules[rule].then[column].cell)
        value = typed(found, term)
        bad = either(found.failed, both(found.known, no(fits(value, term, found.kind))))
        gone = self._gone(names_of(expr))
        unknown = both(no(found.failed), no(found.known), no(gone))
        return Said(either(bad, both(no(found.failed), no(found.known), gone)), unknown, False, value)

    def column(self, number: int, column: int) -> Said:
        """What a table says in one of its columns."""
        owner = f"column {number} {column}"
        self._lean(owner)
        if (number, column) not in self._columns:
            with self.at(owner):
                plan = self.plan.tables[number]
                term = self.plan.terms[plan.table.outputs[column].term]
                self._columns[number, column] = column_said(plan, column, term, self.table(number), self.demand)
        return self._columns[number, column]
