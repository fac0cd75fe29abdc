"""Gaps: cases for which no rule says what a term is.

The question is asked of all tables together that write one single-valued term without a default; each table that writes
only lists, or terms with defaults, leaves no case without an answer. A gap is reported as the largest region around it
that no rule meets, in as few conditions as can be, so that many missing cases become one row to add. A rule that leaves
its conclusion blank counts: the manager has thought of its cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import partial
from itertools import chain, repeat
from typing import assert_never

from rulectl.analysis.accepting import accepted_in
from rulectl.analysis.blaming import blamed
from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.exact import Asked, Found, Never, Open, Shown, derived, inside_box, rule_holds, some
from rulectl.analysis.in_force import dated, in_force
from rulectl.analysis.possible import of_case, possible
from rulectl.analysis.rows import Region, region_fields, region_of, row_fields
from rulectl.analysis.smt import Answer as Can
from rulectl.analysis.smt import no
from rulectl.analysis.space import NULL, Space, space_of
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, tables_of, undecided
from rulectl.analysis.walk import Box, inside, uncovered, widen
from rulectl.analysis.witness import Case, decide, shown
from rulectl.codes import Severity
from rulectl.diagnostics import Note, listed
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, UNKNOWN, intersection
from rulectl.lang.syntax import Compare, Expr, Literal, Not
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role, Status
from rulectl.source import Location

_WALKED = 60
"""How many regions are asked about, whether they can be, before the solver is asked for cases instead."""

MOST = 12
FEW = 3
"""How many regions of one subject are shown, and how many where no answer is asked for; the last says that there are
more."""


class Rest(Enum):
    """What is known of the cases beside the gaps told so far; the value is the key of the note that says so."""

    TOLD = ""
    MORE = "note-more-gaps"
    NONE = "note-no-more-gaps"


def answered(study: Study) -> Iterator[Subject]:
    """The tables, and for terms that several tables write, these tables together."""
    book = study.rulebook
    shared: dict[tuple[int, ...], list[str]] = {}
    for term, writers in study.plan.writers.items():
        members = tuple(dict.fromkeys(number for number, _ in writers))
        if len(members) > 1 and open_term(study, term):
            shared.setdefault(members, []).append(term)
    in_groups = {number for members in shared for number in members}
    for subject in tables_of(study):
        assert subject.table is not None
        if subject.table not in in_groups or own_terms(study, subject.table):
            yield subject
        for members in shared:
            if members[0] == subject.table:
                names = [book.tables[number].name for number in members]
                yield Subject("、".join(names), subject.at, subject.table, members, listed(names))


def open_term(study: Study, term: str) -> bool:
    """Whether a term has one value and no default, so that it needs a rule."""
    found = study.terms[term]
    return not found.type.many and found.default is None


def own_terms(study: Study, number: int) -> list[str]:
    """The terms without default that this table alone writes."""
    table = study.rulebook.tables[number]
    writers = study.plan.writers
    return [
        column.term
        for column in table.outputs
        if open_term(study, column.term) and {at for at, _ in writers[column.term]} == {number}
    ]


def terms_of(study: Study, subject: Subject) -> list[str]:
    """The terms that a subject has to answer for."""
    assert subject.table is not None
    if not subject.members:
        return own_terms(study, subject.table)
    return [
        term
        for term, writers in study.plan.writers.items()
        if tuple(dict.fromkeys(number for number, _ in writers)) == subject.members and open_term(study, term)
    ]


def _severity(study: Study, terms: Sequence[str]) -> Severity | None:
    """A missing answer is grave where it is asked for: of required outputs; where none is marked, of all."""
    marked = any(term.required for term in study.rulebook.terms if term.role is Role.OUTPUT)
    if marked and not any(study.terms[term].required for term in terms):
        return Severity.NOTICE
    return None


def _looked_at(study: Study, numbers: Sequence[int]) -> int:
    """How many gaps of some tables are accepted one by one; they do not take the place of others."""
    notes = (rule.note for number in numbers for rule in study.rulebook.tables[number].rules if rule.note)
    return sum(bool(one.where) for note in notes for one in accepted_in(note))


def gap(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Combinations of known values that no rule meets."""
    terms = terms_of(study, subject)
    if not terms:
        return
    assert subject.table is not None
    numbers = subject.members or (subject.table,)
    space = space_of(study, numbers)
    severity = _severity(study, terms)
    most = (FEW if severity is Severity.NOTICE else MOST) + _looked_at(study, numbers)
    show = partial(_verdict, study, subject, terms=terms, severity=severity)
    if space.tied or derived(study, space):
        yield from _exact_gaps(study, subject, space, terms, show, most, budget)
        return
    told = partial(_missing, study, numbers, terms)
    found: list[Box] = []
    domain = in_force(study, space, numbers)
    point = uncovered(domain, space.boxes, budget)
    while point is not None and len(found) < most:
        wide = widen(point, domain, space.boxes)
        box = space.freed(tuple(v if r == d else r for r, d, v in zip(wide, domain, space.values, strict=True)))
        # the case is one that no region before shows; what the region leaves open, it leaves open too
        asked = set(space.asked(box))
        near = tuple(((n, n + 1),) if at in asked else box[at] for at, n in enumerate(point))
        case = shown(study, space, near, budget, told)
        if case is None:
            yield undecided("gap", subject, "note-unconfirmed", blamed(study, space, box, numbers))
            return
        found.append(box)
        point = uncovered(domain, [*space.boxes, *found], budget)
        rest = Rest.NONE if point is None else Rest.MORE if len(found) == most else Rest.TOLD
        yield show(region_of(study, space, box), case, rest=rest)


def _exact_gaps(
    study: Study,
    subject: Subject,
    space: Space,
    terms: Sequence[str],
    show: Callable[..., Verdict],
    most: int,
    budget: Budget,
) -> Iterator[Verdict]:
    """The same where conditions hang together or read what tables conclude."""
    assert subject.table is not None
    numbers = subject.members or (subject.table,)
    if uncovered(in_force(study, space, numbers), space.boxes, budget) is None:
        return  # not even combinations that cannot occur are left open
    rules = [rule_holds(study, study.rulebook.tables[n], study.rulebook.tables[n].rules[r]) for n, r in space.rules]
    whole = derived(study, space)
    wanted = [Not(some(rules)), *_known(space), *dated(study, numbers)]
    asked = Asked.of(study, numbers, wanted, budget, whole=whole)
    last: partial[Verdict] | None = None  # told once it is known whether there are more
    told = 0
    try:
        for box, found in _beside_each_other(study, space, numbers, terms, asked, budget):
            if last is not None:
                yield last(rest=Rest.NONE if isinstance(found, Never) else Rest.TOLD)
                last = None
            match found:
                case Never():
                    return
                case Open():
                    if not whole and not told:
                        yield from _by_trying(study, space, numbers, terms, show, budget)
                    place = found.cell or blamed(study, space, space.whole, numbers)
                    yield undecided("gap", subject, found.reason, place)
                    return
                case Shown() if box is None:
                    yield show(of_case(study, found.case), found.case, rest=Rest.TOLD)
                    return
                case Shown():
                    told += 1
                    region = possible(study, region_of(study, space, box), numbers, budget, whole=whole)
                    last = partial(show, region, found.case)
                case _:
                    assert_never(found)
            if told == most:
                yield last(rest=Rest.MORE)
                return
    except OutOfTime:
        if last is not None:
            yield last(rest=Rest.TOLD)
        raise


def _beside_each_other(
    study: Study, space: Space, numbers: tuple[int, ...], terms: Sequence[str], asked: Asked, budget: Budget
) -> Iterator[tuple[Box | None, Found]]:
    """Regions with a case of each: region by region, as the classes alone would have it, is asked whether it can be.
    Then whether there are cases beside these, with the region around each, None where the case lies outside all
    classes; the last is not `Shown`."""
    if asked.can()[0] is Can.NO:
        yield None, Never()
        return
    met: list[Box] = []
    for box in chain(_by_classes(space, in_force(study, space, numbers), budget), repeat(None)):
        beside = [no(asked.true(inside_box(space, one))) for one in met]
        here = [] if box is None else [asked.true(inside_box(space, box))]
        # formulas may place a case elsewhere than the engine does
        shows = partial(_unanswered, terms, placed=partial(_placed, study, space, box, tuple(met)))
        found = asked.find(shows, *beside, *here)
        if isinstance(found, Shown):
            met_here = box or _around(study, space, found.outcome)
            yield met_here, found
            if met_here is None:
                return
            met.append(met_here)
        elif box is None:
            yield None, found
            return
        # else it cannot be; or what can is asked for once more at the end


def _by_classes(space: Space, domain: Box, budget: Budget) -> Iterator[Box]:
    """Regions that no rule meets, each beside those before, by the classes alone: what a gap is called then hangs on
    the rules and on no case that the solver comes upon, so that a gap that was accepted keeps its name. Some of them
    cannot be; where there are too many of these, the others are left to the solver."""
    found: list[Box] = []
    while len(found) < _WALKED and (point := uncovered(domain, [*space.boxes, *found], budget)) is not None:
        found.append(space.freed(widen(point, space.whole, space.open)))
        yield found[-1]


def _by_trying(
    study: Study,
    space: Space,
    numbers: tuple[int, ...],
    terms: Sequence[str],
    show: Callable[..., Verdict],
    budget: Budget,
) -> Iterator[Verdict]:
    """A gap that the formulas cannot tell of, where values that come up in the conditions show one."""
    point = uncovered(in_force(study, space, numbers), space.boxes, budget)
    if point is None:
        return
    near = tuple(((number, number + 1),) for number in point)
    case = shown(study, space, near, budget, partial(_missing, study, numbers, terms))
    if case is not None:
        box = space.freed(widen(point, space.values, space.boxes))
        yield show(region_of(study, space, box), case, rest=Rest.TOLD)


def _known(space: Space) -> Iterator[Expr]:
    """That what each condition asks is known."""
    for axis in space.axes:
        if axis.column.partition is not None and axis.whole != axis.values:
            yield Not(Compare("=", axis.column.subject, Literal(None)))


def _around(study: Study, space: Space, outcome: Outcome) -> Box | None:
    """The region around a decided case that no rule meets; None where the case lies outside all classes."""
    point = _point(study, space, outcome)
    if point is None or any(all(map(inside, point, box)) for box in space.open):
        return None
    return space.freed(widen(point, space.whole, space.open))


def _point(study: Study, space: Space, outcome: Outcome) -> tuple[int, ...] | None:
    """The classes into which a decided case falls; None where it lies outside all of them."""
    facts = {**study.plan.parameters, **outcome.case, **outcome.derived, **outcome.outputs}
    point = []
    for axis in space.axes:
        try:
            number = axis.column.classify(facts, frozenset())
        except CannotCompute:
            return None
        point.append(ABSENT if number == UNKNOWN else number)
    return tuple(point) if all(map(inside, point, space.whole)) else None


def _placed(study: Study, space: Space, here: Box | None, beside: Sequence[Box], outcome: Outcome) -> bool:
    """Whether a decided case lies in a box, if one is given, and in none of some others."""
    point = _point(study, space, outcome) if here or beside else None
    if point is None:
        return here is None
    return (here is None or all(map(inside, point, here))) and not any(all(map(inside, point, o)) for o in beside)


def gap_unknown(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    """Combinations in which something is unknown, that no rule meets and for which none could still come about, so that
    nothing is decided and nothing asked."""
    terms = terms_of(study, subject)
    if not terms:
        return
    assert subject.table is not None
    numbers = subject.members or (subject.table,)
    space = space_of(study, numbers)
    told = partial(_missing, study, numbers, terms)
    show = partial(_verdict, study, subject, terms=terms, severity=None, slug="gap-unknown")
    for at, axis in enumerate(space.axes):
        if axis.whole == axis.values:
            continue
        domain = tuple(NULL if i == at else region for i, region in enumerate(space.whole))
        point = uncovered(domain, space.open, budget)
        if point is None:
            continue
        box = widen(point, space.whole, space.open)
        if intersection(box[at], axis.values):
            continue  # a gap whatever this is
        case = shown(study, space, box, budget, told)
        if case is None:
            yield undecided("gap-unknown", subject, "note-tied", blamed(study, space, box, numbers))
        else:
            yield show(region_of(study, space, box), case, rest=Rest.TOLD)


def _missing(study: Study, numbers: tuple[int, ...], terms: Sequence[str], case: Case) -> bool:
    """The engine's word on a case that is given to some tables alone."""
    outcome = decide(study, numbers, case)
    # a rule that fires and leaves its conclusion blank has thought of the case
    return not outcome.firings and _unanswered(terms, outcome)


def _unanswered(terms: Sequence[str], outcome: Outcome, placed: Callable[[Outcome], bool] | None = None) -> bool:
    """For one of the terms no rule fires and none could, and the case is where it is looked for."""
    silent = any(outcome.statuses[term] is Status.NO_RULE for term in terms)
    return silent and (placed is None or placed(outcome))


def _verdict(
    study: Study,
    subject: Subject,
    region: Region,
    case: Case,
    *,
    terms: Sequence[str],
    severity: Severity | None,
    rest: Rest,
    slug: str = "gap",
) -> Verdict:
    book = study.rulebook
    others = [book.tables[number] for number in subject.members[1:]]
    notes = [Note("note-also-writes", Location(t.cells)) for t in others if t.cells is not None]
    if rest.value:
        notes.append(Note(rest.value, Location(subject.at)))
    fields = {
        "name": subject.called or subject.name,
        **region_fields(study, region),
        "terms": listed([study.names[term] for term in terms]),
        **row_fields(study, region, subject.table or 0),
    }
    return Verdict(
        slug,
        Answer.COUNTEREXAMPLE,
        subject.at,
        book.tables[subject.table or 0].name,
        notes=tuple(notes),
        case=tuple(case.items()),
        fields=tuple(fields.items()),
        severity=severity,
    )


CHECKS: tuple[Question, ...] = (
    Question("gap", answered, gap),
    Question("gap-unknown", answered, gap_unknown),
)
