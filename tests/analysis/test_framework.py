"""How questions are asked: every subject gets an answer, also when nothing is found or the time is up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.checks import CHECKS, verdicts
from rulectl.analysis.once import told_once
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, Question, Subject, Verdict, as_finding, undecided, whole_book
from rulectl.codes import LANGUAGES, by_slug
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace

BOOK = Rulebook("b", "册", source="b.xlsx")


def silent(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    return iter(())


def tired(study: Study, subject: Subject, budget: Budget) -> Iterator[Verdict]:
    yield Verdict("policy-violated", Answer.COUNTEREXAMPLE, FilePlace("b.xlsx"), fields=(("policy", "P1"),))
    raise OutOfTime


def test_nothing_found_is_proved() -> None:
    (found,) = verdicts(Study(BOOK), Budget(), (Question("policy-violated", whole_book, silent),))
    assert found.answer is Answer.PROVED


def test_what_was_found_before_the_time_was_up_stays() -> None:
    one, other = verdicts(Study(BOOK), Budget(), (Question("policy-violated", whole_book, tired),))
    assert (one.answer, other.answer) == (Answer.COUNTEREXAMPLE, Answer.UNDECIDED)
    assert other.notes[0].key == "note-out-of-time"


def test_a_spent_budget_is_told_of_for_every_question() -> None:
    (found,) = verdicts(Study(BOOK), Budget.of(0), (Question("policy-violated", whole_book, silent),))
    assert found.answer is Answer.UNDECIDED


def test_a_question_takes_a_part_of_what_is_left() -> None:
    now = [0.0]
    budget = Budget.of(8, lambda: now[0])
    part = budget.part()
    now[0] = 2.0
    with pytest.raises(OutOfTime):
        part.check()
    budget.check()
    assert budget.part().left == 1.5


@pytest.mark.parametrize("question", CHECKS, ids=lambda question: question.slug)
def test_every_check_has_a_sentence_for_each_answer(question: Question) -> None:
    entry = by_slug(question.slug)
    assert all(set(LANGUAGES) <= set(said) for said in (entry.message, entry.proved, entry.undecided))


def test_a_finding_says_its_verdict() -> None:
    verdict = Verdict("policy-violated", Answer.PROVED, FilePlace("b.xlsx"), fields=(("policy", "P1"),))
    found = as_finding(verdict, {})
    assert (found.verdict, found.severity.value) == ("proved", "notice")


def test_what_stays_open_for_one_reason_is_told_once() -> None:
    study = Study(Rulebook("b", "b"))
    subject = next(iter(whole_book(study)))
    open_ = [undecided("overlap", subject, reason) for reason in ("note-tied", "note-over-free", "note-tied")]
    assert list(told_once(study, open_)) == open_[:2]
