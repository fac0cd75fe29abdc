"""What a check comes to: proved, a counterexample with the case that shows it, or undecided with the cell to blame.

A verdict is about one question and one subject (a table, a term, the whole rulebook). It becomes a finding of the code
named after the question; the code's entry in the catalogue has a sentence for each of the three answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.codes import Severity
from rulectl.diagnostics import Finding, Note, finding
from rulectl.model.rulebook import Term
from rulectl.source import FilePlace, Location, Place
from rulectl.values import Value


class Answer(Enum):
    PROVED = "proved"
    COUNTEREXAMPLE = "counterexample"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is asked of: a table by its number in the rulebook, or something else by its name. `name` is what
    people call it, `at` the place to blame where nothing smaller is. `members` are the tables that a question is asked
    of together, `table` the first of them and `called` their names as a field of a sentence."""

    name: str
    at: Place
    table: int | None = None
    members: tuple[int, ...] = ()
    called: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer. `slug` is the code; `at` the cell to blame, `rules` and `notes` (keys of the text catalogue, with
    their places) what else belongs to it; `case` the witness, values by the ids of terms; `fields` fill the sentence.
    `severity` where it is not the code's own (a counterexample's) or a notice (the others')."""

    slug: str
    answer: Answer
    at: Location | Place
    table: str = ""
    rules: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    case: tuple[tuple[str, Value], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One check: `ask` gives the counterexamples and what it could not decide; nothing at all means proved. `about`
    lists its subjects. It may raise OutOfTime after any verdict."""

    slug: str
    about: Callable[[Study], Iterable[Subject]]
    ask: Callable[[Study, Subject, Budget], Iterable[Verdict]]


def tables_of(study: Study) -> Iterable[Subject]:
    """Every table of the rulebook, for questions that are asked table by table."""
    for number, table in enumerate(study.rulebook.tables):
        yield Subject(table.name, table.cells or FilePlace(study.rulebook.source), number)


def about(study: Study, term: Term) -> Subject:
    """A term as a subject, for questions that are asked term by term."""
    return Subject(term.name, term.cell or FilePlace(study.rulebook.source))


def term_of(study: Study, subject: Subject) -> Term:
    """The term that a subject is."""
    return next(term for term in study.rulebook.terms if term.name == subject.name)


def whole_book(study: Study) -> Iterable[Subject]:
    """The rulebook as one subject."""
    book = study.rulebook
    yield Subject(book.name or book.id, FilePlace(book.source))


def undecided(slug: str, subject: Subject, reason: str, at: Location | Place | None = None) -> Verdict:
    """An open question: `reason` is the key of the note that says why, `at` the cell to blame."""
    place = at if at is not None else subject.at
    note = Note(reason, place if isinstance(place, Location) else Location(place))
    return Verdict(slug, Answer.UNDECIDED, place, _table(subject), notes=(note,), fields=_name(subject))


def proved(slug: str, subject: Subject) -> Verdict:
    """Nothing was found, and nothing was left out."""
    return Verdict(slug, Answer.PROVED, subject.at, _table(subject), fields=_name(subject))


def _name(subject: Subject) -> tuple[tuple[str, str], ...]:
    return (("name", subject.called or subject.name),)


def _table(subject: Subject) -> str:
    """The table or tables that a subject is; blank for anything else."""
    return subject.name if subject.table is not None else ""


def as_finding(verdict: Verdict, names: Mapping[str, str]) -> Finding:
    """The finding that a verdict becomes; `names` are the names of terms by id."""
    answered = verdict.answer is not Answer.COUNTEREXAMPLE
    return finding(
        verdict.slug,
        verdict.at,
        notes=verdict.notes,
        table=verdict.table,
        rules=verdict.rules,
        case={names.get(id_, id_): value for id_, value in verdict.case},
        verdict=verdict.answer.value,
        severity=verdict.severity or (Severity.NOTICE if answered else None),
        **dict(verdict.fields),
    )
