"""Questions that are no place among constants, as classes: whether a list holds a text, whether one amount exceeds
another.

What the questions of a table about the same terms come to is worked out once for each distinct value of these terms,
or for each combination of values; from then on they are a column of few numbers like any other. So a table that
compares two amounts, both different in every row, still has few combinations, and its rules are bits (bits.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.amounts import ODD, PLAIN, Kinds, amounts, compared, places_among
from rulectl.columnar.codes import Codes, Lut, Numbered, Part, Rows, distinct
from rulectl.columnar.columns import Coded, Column, Texts
from rulectl.columnar.contained import Lists
from rulectl.columnar.states import FORMS, UNCERTAIN, Facts, State
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, FIRST, Partition
from rulectl.lang.syntax import Is
from rulectl.runtime.lowering import FALSE, TRUE
from rulectl.runtime.lowering import Column as Question
from rulectl.values import Value


class Answer(NamedTuple):
    """What a question comes to: its class as a case stands, and as far as that is certain; why it cannot be computed,
    as (name of the finding, place, fields)."""

    now: int
    may: int
    failed: tuple[object, ...] | None = None


class Knowledge(NamedTuple):
    """What is known of a term: whether it has a value as a case stands, a certain one, and none for certain."""

    now: bool
    may: bool
    absent: bool


class Reply(NamedTuple):
    """The answers to all questions of a group, and what is known of its terms."""

    answers: tuple[Answer, ...]
    known: tuple[Knowledge, ...]


@dataclass
class Questions:
    """The questions of a table that need the values of the same terms."""

    names: tuple[str, ...]
    asked: tuple[Question, ...]
    constants: Mapping[str, Value]

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all replies; what holds their numbers must be forgotten with them."""
        self.replies: Numbered[Reply] = Numbered()
        self.failures: dict[tuple[object, ...], CannotCompute] = {}
        self._classes = np.zeros((0, len(self.asked)), np.int8)
        self.release()

    def release(self) -> None:
        """Let go of all states, and keep what is replied to them."""
        self._states: Numbered[State] | None = None
        self._of_state = Lut()
        self._last: tuple[Sequence[object], Codes] = ((), np.zeros(0, np.int32))

    def replied(self, columns: Mapping[str, Column], rows: int) -> Part:
        """The number of each row's reply."""
        asked = [columns[name] for name in self.names]
        before, codes = self._last
        # asked again of the same columns, for each question and by each table that shares them
        if not asked or len(before) != len(asked) or not all(map(_same, before, asked)):
            one = asked[0] if len(asked) == 1 else None
            codes = (
                self._of_one(*one.exact())
                if isinstance(one, Coded | Texts | Lists)
                else self._of_amounts(columns, rows)
            )
            self._last = (asked, codes)
        return Part(codes, len(self.replies))

    def classes(self, place: int, columns: Mapping[str, Column], rows: int) -> Codes:
        """The class of each row by one of the questions, UNCERTAIN where it may yet change or cannot be computed."""
        return self.classes_of(place, self.replied(columns, rows).codes)

    def classes_of(self, place: int, codes: Codes) -> Codes:
        """The same by the numbers of replies."""
        if len(self._classes) < len(self.replies):
            self._classes = np.concatenate([self._classes, self._fresh(len(self._classes))])
        return self._classes[:, place].astype(np.int32).take(codes)

    def _fresh(self, start: int) -> npt.NDArray[np.int8]:
        """The classes of replies from a number on, by question."""
        fresh = self.replies.items[start:]
        classes = np.full((len(fresh), len(self.asked)), FALSE, np.int8)
        for row, reply in enumerate(fresh):
            classes[row] = [
                one.now if one.now == one.may and one.failed is None else UNCERTAIN for one in reply.answers
            ]
        return classes

    def _of_one(self, codes: Codes, states: Numbered[State]) -> Codes:
        if states is not self._states:
            self._states, self._of_state = states, Lut()
        self._of_state.items += [self._reply((state,)) for state in states.items[len(self._of_state) :]]
        return self._of_state.array().take(codes)

    def _of_amounts(self, columns: Mapping[str, Column], rows: int) -> Codes:
        """The replies to questions about amounts. They hang on what is known of each term and, where all is known, on
        the classes into which whole columns fall: one row is worked out of those that are alike in that, and those
        whose amounts are not plain by themselves."""
        parts = [Part(columns[name].forms, FORMS) for name in self.names]
        odd = np.zeros(rows, np.bool_)
        for question in self.asked:
            found = _classes(question, columns, self.constants)
            if found is None:
                return self._of_several(columns, np.arange(rows))
            classes, kinds = found
            parts.append(Part(classes, int(classes.max(initial=0)) + 1))
            odd |= kinds == ODD
        codes = np.empty(rows, np.int32)
        (where,) = (~odd).nonzero()
        codes[where] = self._alike(columns, where, parts)
        if len(where) < rows:
            (rest,) = odd.nonzero()
            codes[rest] = self._of_several(columns, rest)
        return codes

    def _of_several(self, columns: Mapping[str, Column], where: Rows) -> Codes:
        """The replies of some rows, by the combinations of values that occur."""
        return self._alike(columns, where, [columns[name].apart for name in self.names])

    def _alike(self, columns: Mapping[str, Column], where: Rows, parts: Sequence[Part]) -> Codes:
        """The replies of some rows, one of which is worked out for each combination of `parts`."""
        at, number = distinct([Part(part.codes[where], part.size) for part in parts], len(where))
        states = [columns[name].at(where[at]) for name in self.names]
        keys = zip(*states, strict=True) if states else [()] * len(at)
        return np.array([self._reply(key) for key in keys], np.int32)[number]

    def _reply(self, states: tuple[State, ...]) -> int:
        now = dict(zip(self.names, [state.now for state in states], strict=True))
        sure = all(state.certain is state.now for state in states)
        may = now if sure else dict(zip(self.names, [state.certain for state in states], strict=True))
        absent = frozenset([name for name, state in zip(self.names, states, strict=True) if state.absent])
        answers = []
        for question in self.asked:
            one, failed = self._ask(question, now, absent)
            other = one if sure else self._ask(question, may, absent)[0]
            answers.append(Answer(one, other, failed))
        known = [Knowledge(state.now is not None, state.certain is not None, state.absent) for state in states]
        return self.replies.number(Reply(tuple(answers), tuple(known)))

    def _ask(
        self, question: Question, facts: Mapping[str, Value], absent: frozenset[str]
    ) -> tuple[int, tuple[object, ...] | None]:
        """The class of a case, and what could not be computed: then it counts as absent, so that no rule fires."""
        try:
            return question.classify(Facts(self.constants, facts), absent), None
        except CannotCompute as failure:
            key = (failure.slug, failure.span, failure.fields)
            self.failures.setdefault(key, failure)
            return ABSENT, key


def _classes(
    question: Question, columns: Mapping[str, Column], constants: Mapping[str, Value]
) -> tuple[Codes, Kinds] | None:
    """The class of each row by a question about amounts, where these are plain, else 0; and their kinds. None where it
    is another question."""
    match question:
        case Question(partition=None, test=Is(op=op, value=value)):
            found = compared(op, question.subject, value, columns, constants)
            if found is None or not found[1].units.ndim:
                return None
            held, numbers = found
            codes = np.where(held, TRUE, FALSE)
        case Question(partition=Partition(ordered=True, points=points)):
            summed = amounts(question.subject, columns, constants)
            at = places_among(points, summed) if summed is not None and summed.units.ndim else None
            if summed is None or at is None:
                return None
            numbers, codes = summed, at + FIRST
        case _:
            return None
    return np.where(numbers.kinds == PLAIN, codes, 0).astype(np.int32), numbers.kinds


def _same(one: object, other: object) -> bool:
    return one is other
