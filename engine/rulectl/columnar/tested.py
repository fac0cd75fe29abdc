"""A question that is no place among constants, as a class for each state of the one term that it asks.

Whether a list holds a text, or a text has a word in it, is worked out once for each distinct value of the term; then
the question is a column of classes like any other, and the rules that ask it are bits (bits.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rulectl.columnar.codes import Codes, Numbered
from rulectl.columnar.columns import UNCERTAIN, Column, State
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.syntax import Is, Literal, Name
from rulectl.runtime.lowering import FALSE, TRUE
from rulectl.runtime.lowering import Column as Question
from rulectl.values import Value


@dataclass
class Tested:
    """One question about one term."""

    question: Question
    name: str
    constants: Mapping[str, Value]

    def __post_init__(self) -> None:
        # most questions about a list: whether it holds one text, which needs no walk through the test
        match self.question:
            case Question(subject=Name(), test=Is(op="=", value=Literal(value=str(text)))):
                self._text: str | None = text
            case _:
                self._text = None
        self.forget()

    def forget(self) -> None:
        self._states: Numbered[State] | None = None
        self._classes: Codes = np.zeros(0, np.int32)

    def classes(self, column: Column) -> Codes:
        """The class of each row, UNCERTAIN where it may yet change or cannot be computed."""
        codes, states = column.exact()
        if states is not self._states:
            self.forget()
            self._states = states
        if len(self._classes) < len(states):
            fresh = [self._class(state) for state in states.items[len(self._classes) :]]
            self._classes = np.concatenate([self._classes, np.array(fresh, np.int32)])
        return self._classes.take(codes)

    def _class(self, state: State) -> int:
        if self._text is not None and type(state.now) is tuple and state.certain is state.now:
            return TRUE if self._text in state.now else FALSE
        absent = frozenset((self.name,)) if state.absent else frozenset[str]()
        try:
            now = self.question.classify({**self.constants, self.name: state.now}, absent)
            if state.certain is state.now:
                return now
            may = self.question.classify({**self.constants, self.name: state.certain}, absent)
        except CannotCompute:
            return UNCERTAIN
        return now if now == may else UNCERTAIN
