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

from rulectl.columnar.amounts import PLAIN, amounts, compared, places_among
from rulectl.columnar.codes import Codes, Lut, Mask, Numbered, Part, each
from rulectl.columnar.columns import UNCERTAIN, Column, Facts, State
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.region import ABSENT, FIRST, Partition
from rulectl.lang.syntax import Is, Literal, Name
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
        self._quick = tuple(_text_of(question) for question in self.asked)
        self.forget()

    def forget(self) -> None:
        """Forget all replies; what holds their numbers must be forgotten with them."""
        self.replies: Numbered[Reply] = Numbered()
        self.failures: dict[tuple[object, ...], CannotCompute] = {}
        self._classes = tuple(Lut() for _ in self.asked)
        self.release()

    def release(self) -> None:
        """Let go of all states, and keep what is replied to them."""
        self._states: Numbered[State] | None = None
        self._of_state = Lut()
        self._last: tuple[Sequence[object], Codes] = ((), np.zeros(0, np.int32))

    def replied(self, columns: Mapping[str, Column], rows: int) -> Part:
        """The number of each row's reply."""
        exact = [columns[name].exact() for name in self.names]
        before, codes = self._last
        # asked again of the same columns, for each question and by each table that shares them
        asked = [part for column in exact for part in column]
        if not asked or len(before) != len(asked) or not all(map(_same, before, asked)):
            codes = self._of_one(*exact[0]) if len(exact) == 1 else self._of_amounts(columns, exact, rows)
            self._last = (asked, codes)
        return Part(codes, len(self.replies))

    def classes(self, place: int, columns: Mapping[str, Column], rows: int) -> Codes:
        """The class of each row by one of the questions, UNCERTAIN where it may yet change or cannot be computed."""
        codes, _ = self.replied(columns, rows)
        lut = self._classes[place]
        for reply in self.replies.items[len(lut) :]:
            answer = reply.answers[place]
            lut.items.append(answer.now if answer.now == answer.may and answer.failed is None else UNCERTAIN)
        return lut.array().take(codes)

    def _of_one(self, codes: Codes, states: Numbered[State]) -> Codes:
        if states is not self._states:
            self._states, self._of_state = states, Lut()
        self._of_state.items += [self._reply((state,)) for state in states.items[len(self._of_state) :]]
        return self._of_state.array().take(codes)

    def _of_amounts(
        self, columns: Mapping[str, Column], exact: Sequence[tuple[Codes, Numbered[State]]], rows: int
    ) -> Codes:
        """The replies of rows whose amounts are plain and certain from whole columns, of others one by one."""
        classes: list[Codes] = []
        plain = np.ones(rows, np.bool_)
        for question in self.asked:
            found = _classes(question, columns, self.constants)
            if found is None:
                return self._of_several(exact, rows)
            classes.append(found[0])
            plain &= found[1]
        (where,) = plain.nonzero()

        def reply(key: tuple[int, ...]) -> int:
            answers = tuple([Answer(code, code) for code in key])
            return self.replies.number(Reply(answers, (Knowledge(True, True, False),) * len(self.names)))

        codes = np.empty(rows, np.int32)
        codes[where] = each(
            [Part(column[where], int(column.max(initial=0)) + 1) for column in classes], len(where), reply
        )
        if len(where) < rows:
            (rest,) = (~plain).nonzero()
            codes[rest] = self._of_several([(column[rest], states) for column, states in exact], len(rest))
        return codes

    def _of_several(self, exact: Sequence[tuple[Codes, Numbered[State]]], rows: int) -> Codes:
        states = [numbered.items for _, numbered in exact]

        def reply(key: tuple[int, ...]) -> int:
            return self._reply(tuple([items[code] for items, code in zip(states, key, strict=True)]))

        return each([Part(codes, len(numbered)) for codes, numbered in exact], rows, reply)

    def _reply(self, states: tuple[State, ...]) -> int:
        now = dict(zip(self.names, [state.now for state in states], strict=True))
        sure = all(state.certain is state.now for state in states)
        may = now if sure else dict(zip(self.names, [state.certain for state in states], strict=True))
        absent = frozenset([name for name, state in zip(self.names, states, strict=True) if state.absent])
        answers = []
        for question, text in zip(self.asked, self._quick, strict=True):
            (value,) = now.values() if len(now) == 1 else (None,)
            if text is not None and sure and type(value) is tuple:
                holds = TRUE if text in value else FALSE
                answers.append(Answer(holds, holds))
                continue
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
) -> tuple[Codes, Mask] | None:
    """The class of each row by a question about amounts, and where that holds: where all are plain and certain. None
    where it is another question."""
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
    return codes.astype(np.int32), (numbers.kinds == PLAIN) & numbers.sure


def _same(one: object, other: object) -> bool:
    return one is other


def _text_of(question: Question) -> str | None:
    """The text of most questions about a list, whether it holds one text, which needs no walk through the test."""
    match question:
        case Question(subject=Name(), test=Is(op="=", value=Literal(value=str(text)))):
            return text
        case _:
            return None
