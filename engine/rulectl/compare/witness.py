"""A case of a region that both versions decide, and decide otherwise.

A case is looked for as the checks do (analysis/witness.py): with values for the fewest terms, then for all, and where
formulas decide, with values for what they lean on. What is shown is what the engine says of each version of the table
by itself; terms that other tables conclude are then part of the case.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rulectl.analysis.budget import Budget
from rulectl.analysis.exact import Never, Open, Shown, find, inside_box
from rulectl.analysis.walk import uncovered
from rulectl.analysis.witness import Case, case_in, decide, filled_in
from rulectl.compare.joint import Joint, Version
from rulectl.compare.regions import Differing
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN
from rulectl.lang.syntax import Literal, Node
from rulectl.lang.trees import children, names_of
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Status
from rulectl.types import Kind, fits
from rulectl.values import CONTEXT, Value

_TIMES = (Decimal(1), Decimal(2), Decimal(10), Decimal("0.5"))
_PLAIN = (Decimal(1), Decimal(10), Decimal(100), Decimal(1000))
_TRIED = 400
"""By how much the constants of formulas are multiplied to be tried as values, what else is tried, and how many
combinations are."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A case and what both versions say of it, by term, where that differs."""

    case: Case
    before: tuple[tuple[str, Value], ...]
    after: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Unshown:
    """No case was found; `reason` is the key of the note that says why. `never`: there is none."""

    reason: str
    never: bool = False


def shown(joint: Joint, region: Differing, budget: Budget) -> Decided | Unshown:
    """A case of a region, as small as can be. Raises OutOfTime."""
    for case in _tries(joint, region, budget):
        found = decided(joint, case)
        if found is not None:
            return _come_about(joint, region, budget) or found if _left_open(joint, region, case) else found
    if region.computed:
        return Unshown("note-formulas-agree")
    if not joint.space.tied or region.apart:
        return Unshown("note-unconfirmed")
    kept: list[Decided] = []

    def shows(outcome: Outcome) -> bool:
        told = decided(joint, {**outcome.case})
        kept.extend([told] if told else [])
        return told is not None

    found_ = find(joint.study, (0,), [inside_box(joint.space, region.box)], (), shows, budget.part(), whole=False)
    match found_:
        case Shown():
            return decided(joint, dict(found_.case)) or kept[-1]
        case Never():
            return Unshown("", never=True)
        case Open():
            return Unshown(found_.reason)


def _left_open(joint: Joint, region: Differing, case: Case) -> bool:
    """Whether a case of a table by itself leaves open what other tables conclude and the region asks: then it is none
    of the whole rulebook."""
    asked = {name for at in joint.space.asked(region.box) for name in joint.space.axes[at].column.names}
    return any(name in version.study.plan.writers for version in _versions(joint) for name in asked - case.keys())


def _versions(joint: Joint) -> tuple[Version, Version]:
    return joint.after, joint.before


def _come_about(joint: Joint, region: Differing, budget: Budget) -> Decided | Unshown | None:
    """A case of a whole rulebook, new or old, in a region; that there is none in either; None where that is open."""
    never = True
    for version in _versions(joint):

        def told(outcome: Outcome, terms: frozenset[str] = frozenset(version.study.terms)) -> Decided | None:
            facts = {**outcome.case, **outcome.derived, **outcome.outputs}
            known = {name: value for name, value in facts.items() if name in terms and value is not None}
            return decided(joint, {name: value for name, value in known.items() if name not in joint.matched.terms})

        wanted = [inside_box(joint.space, region.box)]
        found = find(
            version.study,
            (version.number,),
            wanted,
            (),
            lambda outcome: told(outcome) is not None,
            budget.part(),
            whole=True,
        )
        match found:
            case Shown():
                one = told(found.outcome)
                assert one is not None
                return Decided(found.case, one.before, one.after)
            case Open():
                never = False
            case Never():
                continue
    return Unshown("", never=True) if never else None


def _tries(joint: Joint, region: Differing, budget: Budget) -> Iterator[Case]:
    formulas = [
        formula for _, answer in (*region.before, *region.after) for formula in answer.formulas if formula is not None
    ]
    names = {name for formula in formulas for name in names_of(formula)}
    constants = list(dict.fromkeys(_constants(formulas)))
    box = region.box
    if region.apart:
        point = uncovered(box, region.apart, budget)
        if point is None:
            return
        asked = {at for other in region.apart for at in joint.space.asked(other)}
        box = tuple(((n, n + 1),) if at in asked else box[at] for at, n in enumerate(point))
    for every in (False, True):
        case = case_in(joint.study, joint.space, box, budget, every)
        if case is not None:
            yield from filled_in(joint.study, case, names)
            # what the box itself asks may be another value too, as long as the case stays in it
            yield from (one for one in _beside(joint, case, names, constants) if within(joint, region, one))


def _constants(nodes: Sequence[Node]) -> Iterator[Value]:
    """The constants of formulas."""
    for node in nodes:
        if isinstance(node, Literal):
            yield from node.value if isinstance(node.value, tuple) else (node.value,)
        yield from _constants(tuple(children(node)))


def _beside(joint: Joint, case: Case, names: Iterable[str], constants: Sequence[Value]) -> Iterator[Case]:
    """The case, with numbers that lie about the constants of formulas: where a limit inside one moved."""
    numbers = [value for value in constants if isinstance(value, Decimal)]
    left = [
        term
        for name in sorted(names)
        if (term := joint.study.terms.get(name)) is not None and term.type.kind is Kind.NUMBER and not term.type.many
    ]
    pool = [*(CONTEXT.multiply(a, b) for b in _TIMES for a in numbers), *_PLAIN]
    tries = [[value for value in pool if fits(value, term.type)] for term in left]
    for values in itertools.islice(itertools.product(*tries), _TRIED):
        yield {**case, **{term.id: value for term, value in zip(left, values, strict=True)}}


def within(joint: Joint, region: Differing, case: Case) -> bool:
    """Whether a case lies in a region; what it leaves open is taken for absent."""
    facts = {**{term.id: term.default for term in joint.study.rulebook.terms}, **case}
    try:
        point = [axis.column.classify(facts, frozenset()) for axis in joint.space.axes]
    except CannotCompute:
        return False
    return region.holds([ABSENT if number == UNKNOWN else number for number in point])


def decided(joint: Joint, case: Case) -> Decided | None:
    """What both versions say of a case, where that differs."""
    one, other = _decide(joint.before, case), _decide(joint.after, case)
    terms = [term for term in joint.matched.terms if _otherwise(one, other, term)]
    if not terms:
        return None
    return Decided(
        case,
        tuple((term, one.outputs.get(term, one.derived.get(term))) for term in terms),
        tuple((term, other.outputs.get(term, other.derived.get(term))) for term in terms),
    )


def _decide(version: Version, case: Case) -> Outcome:
    known = version.study.terms
    return decide(version.study, (version.number,), {name: value for name, value in case.items() if name in known})


def _otherwise(one: Outcome, other: Outcome, term: str) -> bool:
    """Whether a term has another value, or is decided here and no rule speaks of it there."""
    values = [out.outputs.get(term, out.derived.get(term)) for out in (one, other)]
    if values[0] != values[1]:
        return True
    statuses = {out.statuses[term] for out in (one, other) if term in out.statuses}
    return statuses == {Status.NO_RULE, Status.DECIDED} and not any(isinstance(value, tuple) for value in values)
