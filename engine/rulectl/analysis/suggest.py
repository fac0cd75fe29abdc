"""Test cases worth having: between them they fire every rule and stand on both sides of every threshold.

What is known to work comes first: the workbook's own tests. For each rule that nothing fires yet a case is looked for,
by its classes or among all cases of the rulebook; for each threshold, cases with the value on it and just beside it.
What cases cover together is found by deciding them; then the fewest are picked (fewest.py).

What is expected is the outcome as it stands: a person has to say whether it is right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.exact import Never, Shown, derived, find, rule_holds
from rulectl.analysis.fewest import fewest
from rulectl.analysis.overlaps import rule_of
from rulectl.analysis.shadows import rivals_of
from rulectl.analysis.sides import Threshold, facts_of, side_of, thresholds
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.walk import uncovered
from rulectl.analysis.witness import Case, case_in, filled_in
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.syntax import Is, Literal, Meets
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import STATUS, Expected, ListIs, Rulebook, Table, TestCase, ValueIs
from rulectl.types import Kind

Item = tuple[str, int, int, int]
"""What a test may cover: a rule (`rule`, table, rule, 0) or a side of a threshold (`side`, table, axis, class)."""

_ASKED = 6
_VALUES = 3
"""How many open questions of a test are answered, and how many values are tried for each."""

_PICKING = 0.25
"""The part of the time that is kept for picking the fewest."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The tests; the rules, and the sides of thresholds (table, condition), that no case was found for; how many rules
    and sides are covered in all, and by the workbook's own tests; whether the time was up before all was looked at."""

    tests: tuple[TestCase, ...]
    unreached: tuple[tuple[Table, str], ...]
    unreached_sides: tuple[tuple[Table, str], ...]
    rules: int
    sides: int
    own_rules: int
    own_sides: int
    cut_short: bool


@dataclass(slots=True)
class _Search:
    """Cases found so far, and what each covers."""

    study: Study
    budget: Budget
    cases: list[tuple[Case, frozenset[Item]]] = field(default_factory=list)
    covered: set[Item] = field(default_factory=set)
    never: set[Item] = field(default_factory=set)
    of_rule: dict[tuple[int, int], Case] = field(default_factory=dict)
    rules: dict[tuple[str, str], Item] = field(init=False)

    def __post_init__(self) -> None:
        tables = enumerate(self.study.rulebook.tables)
        self.rules = {(t.name, rule.id): ("rule", n, at, 0) for n, t in tables for at, rule in enumerate(t.rules)}

    def covers(self, case: Case) -> frozenset[Item]:
        """The rules that a case fires, and the sides on which it stands."""
        return self.stood(self.study.engine.decide(case))

    def stood(self, outcome: Outcome) -> frozenset[Item]:
        """The same of a decided case."""
        items = {self.rules[firing.table, firing.rule] for firing in outcome.firings}
        facts = facts_of(self.study, outcome)
        for threshold in thresholds(self.study):
            side = side_of(threshold, facts)
            if side is not None:
                items.add(_item(threshold, side))
        return frozenset(items)

    def add(self, case: Case) -> frozenset[Item]:
        self.budget.check()
        full = {**_required(self.study.rulebook), **case}
        items = self.covers(full)
        if not items <= self.covered:
            self.cases.append((full, items))
            self.covered |= items
        for kind, table, rule, _ in items:
            if kind == "rule":
                self.of_rule.setdefault((table, rule), full)
        return items


def _item(threshold: Threshold, side: int) -> Item:
    return ("side", threshold.table, threshold.at, side)


def suggest(study: Study, budget: Budget, *, untested: bool = False) -> Suggestion:
    """Tests for the rulebook; `untested`: for what its own tests do not cover. Raises nothing: when the time is up,
    what was found is given."""
    search = _Search(study, budget.without(_PICKING))
    wanted = [
        (number, space, member)
        for number in range(len(study.rulebook.tables) - 1, -1, -1)
        for space in (space_of(study, (number,)),)
        for member in range(len(space.boxes))
    ]
    cut_short = False
    own: set[Item] = set()
    try:
        for test in study.rulebook.tests:
            own |= search.add(dict(test.facts))
        for number, space, member in wanted:
            if ("rule", number, space.rules[member][1], 0) not in search.covered:
                _fire(search, number, space, member)
        for threshold in thresholds(study):
            _stand(search, threshold)
    except OutOfTime:
        cut_short = True
    search.budget = budget
    free = frozenset(name for name, value in _required(study.rulebook).items() if value == "1")
    sought = search.covered - own if untested else search.covered
    chosen = fewest(search.cases, sought, free, search.covers, budget)
    tests = tuple(_test(study, f"T{n}", _completed(search, case)) for n, case in enumerate(chosen, 1))
    unreached = [
        (study.rulebook.tables[number], rule_of(study, space, member).id)
        for number, space, member in reversed(wanted)
        if ("rule", number, space.rules[member][1], 0) not in search.covered
    ]
    return Suggestion(
        tests,
        tuple(unreached),
        tuple(_not_stood(search)),
        len(wanted),
        _sides(search.covered),
        len(own) - _sides(own),
        _sides(own),
        cut_short,
    )


def _sides(items: set[Item]) -> int:
    return sum(kind == "side" for kind, *_ in items)


def _required(book: Rulebook) -> Case:
    """Something for each input that a case must give."""
    case: Case = {}
    for term in book.terms:
        if term.role is Role.INPUT and term.required and term.default is None:
            if term.type.values:
                case[term.id] = (term.type.values[0],) if term.type.many else term.type.values[0]
            elif term.type.kind is Kind.STRING and not term.type.many:
                case[term.id] = "1"
    return case


def _fire(search: _Search, number: int, space: Space, member: int) -> None:
    """Look for a case in which a rule fires: by its classes where it asks inputs only, else among all cases."""
    study = search.study
    item: Item = ("rule", number, space.rules[member][1], 0)
    rivals = rivals_of(study, space, member)
    whole = derived(study, space)
    if not whole and not space.otherwise[member]:
        point = uncovered(space.boxes[member], [space.boxes[other] for other in rivals], search.budget)
        if point is None:
            return
        asked = {i for other in (member, *rivals) for i in space.asked(space.boxes[other])}
        box = tuple(((n, n + 1),) if i in asked else space.whole[i] for i, n in enumerate(point))
        case = case_in(study, space, box, search.budget)
        if case is not None and item in search.add(case):
            return
    table = study.rulebook.tables[number]
    rule = rule_of(study, space, member)
    others = [other for other in range(len(space.boxes)) if other != member] if rule.otherwise else rivals
    no = [rule_holds(study, table, rule_of(study, space, other)) for other in others]
    name = (table.name, rule.id)
    found = find(
        study,
        (number,),
        [rule_holds(study, table, rule)],
        no,
        lambda out: name in {(firing.table, firing.rule) for firing in out.firings},
        search.budget.part(),
        whole=True,
    )
    if isinstance(found, Shown):
        search.add(found.case)


def _stand(search: _Search, threshold: Threshold) -> None:
    """Cases on every side of a threshold: a case that fires a rule of the table is taken there; where the condition is
    on what tables conclude, or computed, a case is looked for among all."""
    study, axis = search.study, threshold.axis
    open_ = [side for side in sorted(threshold.sides) if _item(threshold, side) not in search.covered]
    if open_ and axis.term is not None and axis.term.id not in study.plan.writers:
        bases = [case for (table, _), case in search.of_rule.items() if table == threshold.table][:1] or [{}]
        for side in open_:
            search.add({**bases[0], axis.term.id: axis.sample(side)})
    for side in open_:
        if _item(threshold, side) in search.covered:
            continue
        found = find(
            study,
            (threshold.table,),
            [Meets(axis.column.subject, axis.test(((side, side + 1),)))],
            (),
            partial(_stands, study, threshold, side),
            search.budget.part(),
            whole=True,
        )
        if isinstance(found, Shown):
            search.add(found.case)
        elif isinstance(found, Never):
            search.never.add(_item(threshold, side))


def _stands(study: Study, threshold: Threshold, side: int, outcome: Outcome) -> bool:
    """Whether a decided case stands on a side."""
    return side_of(threshold, facts_of(study, outcome)) == side


def _not_stood(search: _Search) -> Iterator[tuple[Table, str]]:
    """The sides for which no case was found, though it was not shown that there is none."""
    for threshold in thresholds(search.study):
        for side in sorted(threshold.sides):
            if _item(threshold, side) not in search.covered | search.never:
                axis, names = threshold.axis, search.study.names
                text = print_test(axis.test(((side, side + 1),)), axis.type, names)
                yield search.study.rulebook.tables[threshold.table], f"{print_expr(axis.column.subject, names)} {text}"


def _completed(search: _Search, case: Case) -> Case:
    """The case with a plain value for what its outputs still wait for, as long as it covers what it does."""
    study = search.study
    outcome = study.engine.decide(case)
    covered = search.stood(outcome)
    tried: set[str] = set()
    while search.budget.left and len(tried) < _ASKED:
        asks = [name for name in outcome.asks if name not in tried]
        if not asks:
            break
        tried.add(asks[0])
        for more in itertools.islice(filled_in(study, case, asks[:1]), _VALUES):
            better = study.engine.decide(more)
            if covered <= search.stood(better):
                case, outcome = more, better
                break
    return case


def _test(study: Study, id_: str, case: Case) -> TestCase:
    """A test that expects what comes out now."""
    outcome = study.engine.decide(case)
    order = [term.id for term in study.rulebook.terms]
    facts = tuple(sorted(case.items(), key=lambda pair: order.index(pair[0])))
    return TestCase(id_, facts, tuple(_expected(outcome)))


def _expected(outcome: Outcome) -> Iterator[Expected]:
    for term, value in outcome.outputs.items():
        if value is None or outcome.statuses.get(term) not in (Status.DECIDED, Status.PROVISIONAL, Status.NO_RULE):
            continue
        if isinstance(value, tuple):
            yield Expected(term, (ListIs("=", value),))
        else:
            yield Expected(term, (ValueIs(Is("=", Literal(value))),))
    yield Expected(STATUS, (ValueIs(Is("=", Literal(outcome.status.value))),))
