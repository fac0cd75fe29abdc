"""Test cases worth having: between them they fire every rule and stand on both sides of every threshold.

For each rule that nothing fires yet a case is looked for; for each threshold of a condition on an input, cases with the
value on it and just beside it. What cases cover together is found by deciding them; then the fewest are picked, by
greed: the one that covers most first, filled up with what others need as long as they do not get in its way.
(Set cover by greed is within a logarithm of the least: Chvatal, Math. of OR 4, 1979.)

What is expected is the outcome as it stands: a person has to say whether it is right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.exact import Shown, derived, find, rule_holds
from rulectl.analysis.idle import rivals_of
from rulectl.analysis.overlaps import rule_of
from rulectl.analysis.space import Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.walk import inside, uncovered
from rulectl.analysis.witness import Case, case_in, filled_in
from rulectl.lang.region import FIRST, Partition
from rulectl.lang.syntax import Is, Literal
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Expected, ListIs, Rulebook, Table, TestCase, ValueIs
from rulectl.testing import STATUS
from rulectl.types import Kind

Item = tuple[str, int, int, int]
"""What a test may cover: a rule (`rule`, table, rule, 0) or a side of a threshold (`side`, table, axis, class)."""

_ASKED = 12
_VALUES = 3
"""How many open questions of a test are answered, and how many values are tried for each."""

_JOINED = 60
"""With how many others a chosen case is tried to be joined."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The tests; the rules that no case was found for; whether the time was up before all was looked at."""

    tests: tuple[TestCase, ...]
    unreached: tuple[tuple[Table, str], ...]
    rules: int
    sides: int
    cut_short: bool


@dataclass(slots=True)
class _Search:
    """Cases found so far, and what each covers."""

    study: Study
    budget: Budget
    cases: list[tuple[Case, frozenset[Item]]] = field(default_factory=list)
    covered: set[Item] = field(default_factory=set)
    of_rule: dict[tuple[int, int], Case] = field(default_factory=dict)
    rules: dict[tuple[str, str], Item] = field(init=False)

    def __post_init__(self) -> None:
        tables = enumerate(self.study.rulebook.tables)
        self.rules = {(t.name, rule.id): ("rule", n, at, 0) for n, t in tables for at, rule in enumerate(t.rules)}

    def covers(self, case: Case) -> frozenset[Item]:
        """The rules that a case fires, and the sides on which it stands."""
        outcome = self.study.engine.decide(case)
        items = {self.rules[firing.table, firing.rule] for firing in outcome.firings}
        for number, axis, term, partition, sides in _sides(self.study):
            at = partition.locate(case.get(term))
            if at in sides:
                items.add(("side", number, axis, at))
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


def suggest(study: Study, budget: Budget) -> Suggestion:
    """Tests for the rulebook. Raises nothing: when the time is up, what was found is given."""
    search = _Search(study, budget)
    wanted = [
        (number, space, member)
        for number in range(len(study.rulebook.tables) - 1, -1, -1)
        for space in (space_of(study, (number,)),)
        for member in range(len(space.boxes))
    ]
    cut_short = False
    try:
        for number, space, member in wanted:
            if ("rule", number, space.rules[member][1], 0) not in search.covered:
                _fire(search, number, space, member)
        for number, space, member in wanted:
            _stand(search, number, space, member)
    except OutOfTime:
        cut_short = True
    chosen = _fewest(search)
    tests = tuple(_test(study, f"T{n}", case) for n, case in enumerate(chosen, 1))
    unreached = tuple(
        (study.rulebook.tables[number], rule_of(study, space, member).id)
        for number, space, member in reversed(wanted)
        if ("rule", number, space.rules[member][1], 0) not in search.covered
    )
    sides = sum(kind == "side" for kind, *_ in search.covered)
    return Suggestion(tests, unreached, len(wanted), sides, cut_short)


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


Side = tuple[int, int, str, Partition, frozenset[int]]
"""Table, axis, its term and partition, and the classes beside its thresholds."""


def _sides(study: Study) -> Sequence[Side]:
    """The thresholds of conditions on ordered inputs."""
    kept = study.kept.get("sides")
    if kept is None:
        kept = study.kept["sides"] = tuple(_all_sides(study))
    assert isinstance(kept, tuple)
    return kept


def _all_sides(study: Study) -> Iterator[Side]:
    for number in range(len(study.rulebook.tables)):
        space = space_of(study, (number,))
        for at, axis in enumerate(space.axes):
            partition = axis.column.partition
            if axis.term is None or axis.term.id in study.plan.writers or partition is None or not partition.ordered:
                continue
            marks = {mark for box in space.boxes for run in box[at] for mark in run}
            sides = {side for mark in marks for side in (mark - 1, mark) if side >= FIRST}
            beside = frozenset(side for side in sides if inside(side, axis.values))
            yield number, at, axis.term.id, partition, beside


def _stand(search: _Search, number: int, space: Space, member: int) -> None:
    """Take the case of a rule to every side of the thresholds of its conditions."""
    base = search.of_rule.get((number, space.rules[member][1]))
    if base is None:
        return
    for table, at, _, _, sides in _sides(search.study):
        if table != number or at not in space.asked(space.boxes[member]):
            continue
        axis = space.axes[at]
        assert axis.term is not None
        marks = {mark for run in space.boxes[member][at] for mark in run}
        for side in sorted({s for mark in marks for s in (mark - 1, mark)} & sides):
            if ("side", number, at, side) not in search.covered:
                search.add({**base, axis.term.id: axis.sample(side)})


def _fewest(search: _Search) -> list[Case]:
    """The cases by greed, each joined with what others give where that covers more."""
    left = set(search.covered)
    pool = list(search.cases)
    chosen: list[Case] = []
    while left:
        case, items = max(pool, key=lambda pair: len(pair[1] & left))
        gained = items & left
        if not gained:
            break
        joined = 0
        for other, theirs in sorted(pool, key=lambda pair: -len(pair[1] & left)):
            if not theirs & left - gained or joined >= _JOINED or search.budget.left == 0:
                continue
            if any(case.get(name, value) != value for name, value in other.items() if name not in _ids(search)):
                continue
            joined += 1
            both = {**other, **case}
            covers = search.covers(both) & left
            if covers > gained or len(covers) > len(gained):
                case, gained = both, covers
        chosen.append(_completed(search, case, gained))
        left -= gained
    return chosen


def _completed(search: _Search, case: Case, gained: set[Item] | frozenset[Item]) -> Case:
    """The case with a plain value for what its outputs still wait for, as long as it covers what it should."""
    study = search.study
    tried: set[str] = set()
    while search.budget.left and len(tried) < _ASKED:
        asks = [name for name in study.engine.decide(case).asks if name not in tried]
        if not asks:
            break
        tried.add(asks[0])
        for more in itertools.islice(filled_in(study, case, asks[:1]), _VALUES):
            if gained <= search.covers(more):
                case = more
                break
    return case


def _ids(search: _Search) -> frozenset[str]:
    """Required texts that are there for form's sake only."""
    return frozenset(name for name, value in _required(search.study.rulebook).items() if value == "1")


def _test(study: Study, id_: str, case: Case) -> TestCase:
    """A test that expects what comes out now."""
    outcome = study.engine.decide(case)
    order = [term.id for term in study.rulebook.terms]
    facts = tuple(sorted(case.items(), key=lambda pair: order.index(pair[0])))
    return TestCase(id_, facts, tuple(_expected(study, outcome)))


def _expected(study: Study, outcome: Outcome) -> Iterator[Expected]:
    for term, value in outcome.outputs.items():
        if value is None or outcome.statuses.get(term) not in (Status.DECIDED, Status.PROVISIONAL, Status.NO_RULE):
            continue
        if isinstance(value, tuple):
            yield Expected(term, (ListIs("=", value),))
        else:
            yield Expected(term, (ValueIs(Is("=", Literal(value))),))
    yield Expected(STATUS, (ValueIs(Is("=", Literal(outcome.status.value))),))
