"""Decisions out, as a table: one row a case, and the rejects file beside it.

Written for people who open it in a spreadsheet: UTF-8 with a mark, and text that a spreadsheet would run as a formula
gets a leading apostrophe (numbers are left alone). A file is written beside its place and moved there when it is whole,
so a run that is killed leaves nothing half done.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, TextIO

from rulectl.cases.reader import CaseRow, Reject
from rulectl.codes import Language
from rulectl.diagnostics import Finding
from rulectl.model.outcome import Outcome
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.values import Value, plain_text

_MEMORY = 20_000

Trace = Literal["none", "rules", "full"]
Headings = Literal["name", "id"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# The columns that are not terms, by the name that `--columns` and the heading give them.
EXTRAS = ("status", "asks", "rules", "why")


def guarded(text: str) -> str:
    """A text as a spreadsheet shows it, never runs it."""
    return "'" + text if text.startswith(_FORMULA) else text


def cell(value: Value) -> str:
    """A value as a cell; lists joined by `;`."""
    return plain_text(value) if isinstance(value, Decimal) else guarded(plain_text(value))


def joined(names: Iterable[str]) -> str:
    return guarded(";".join(names))


Column = tuple[str, Callable[[CaseRow, Outcome], str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a decisions table, in order."""

    columns: tuple[Column, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(guarded(heading) for heading, _ in self.columns)

    def row(self, case: CaseRow, outcome: Outcome) -> list[str]:
        return [make(case, outcome) for _, make in self.columns]


def layout(
    rulebook: Rulebook,
    named: Term | None,
    *,
    trace: Trace = "rules",
    headings: Headings = "name",
    columns: Sequence[Term | str] | None = None,
) -> Layout:
    """The usual columns (case id, outputs, status, asks, rules, why), or those asked for, with the case id
    in front where they do not name it."""
    label = {term.id: term.id if headings == "id" else term.name for term in rulebook.terms}
    chosen: Sequence[Term | str] = columns if columns is not None else _usual(rulebook, trace)
    first = named.id if named else ""
    ids: Column = (label.get(first, "row"), lambda case, _: guarded(case.id))
    made: list[Column] = [] if named in chosen else [ids]
    for column in chosen:
        if isinstance(column, Term) and column.id == first:
            made.append(ids)
        elif isinstance(column, Term):
            made.append((label[column.id], _term(column.id)))
        else:
            made.append((column, _extra(column, label)))
    return Layout(tuple(made))


def _usual(rulebook: Rulebook, trace: Trace) -> list[Term | str]:
    found: list[Term | str] = [term for term in rulebook.terms if term.role is Role.OUTPUT]
    found += ["status", "asks"]
    if trace != "none":
        found.append("rules")
    if trace == "full":
        found.append("why")
    return found


def _term(id_: str) -> Callable[[CaseRow, Outcome], str]:
    # all values of a term are of one type, so equal ones are written alike
    memory: dict[Value, str] = {}

    def make(case: CaseRow, outcome: Outcome) -> str:
        if id_ in outcome.outputs:
            value = outcome.outputs[id_]
        elif id_ in outcome.derived:
            value = outcome.derived[id_]
        else:
            value = outcome.case.get(id_, case.facts.get(id_))
        text = memory.get(value)
        if text is None:
            if len(memory) >= _MEMORY:
                memory.clear()
            text = memory[value] = cell(value)
        return text

    return make


def _extra(name: str, label: dict[str, str]) -> Callable[[CaseRow, Outcome], str]:
    match name:
        case "status":
            return lambda _, outcome: outcome.status.value
        case "asks":
            return lambda _, outcome: joined([label[term] for term in outcome.asks]) if outcome.asks else ""
        case "rules":
            return lambda _, outcome: joined([firing.name for firing in outcome.firings])
        case "why":
            return lambda _, outcome: joined(f"{f.name}@{f.cells}" if f.cells else f.name for f in outcome.firings)
        case _:
            raise KeyError(name)


class Target(AbstractContextManager["Target"]):
    """A text file that appears whole or not at all; `-` is the stream given in its place."""

    def __init__(self, path: str, standard: TextIO = sys.stdout, encoding: str = "utf-8-sig") -> None:
        self.path = path
        self._standard = standard
        self._encoding = encoding
        self._beside = ""
        self.stream: IO[str] = standard

    def __enter__(self) -> Target:
        if self.path != "-":
            place = Path(self.path)
            # the name is fixed before there is a file, so that a run stopped at any moment can take it away
            self._beside = str(place.with_name(f".{place.name}.{os.getpid()}.part"))
            try:
                self.stream = open(self._beside, "w", encoding=self._encoding, errors="strict", newline="")
            except BaseException:
                self.discard()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path == "-":
            self._standard.flush()
            return
        try:
            self.stream.close()
            if kind is None:
                os.replace(self._beside, self.path)
        finally:
            self.discard()

    def discard(self) -> None:
        """Take away what is not whole."""
        if self.stream is not self._standard:
            self.stream.close()
        if self._beside and os.path.exists(self._beside):
            os.unlink(self._beside)


class UnwritableError(Exception):
    """A text that the encoding of a results file cannot hold: the row (0 is the headings), its field, the text."""

    def __init__(self, row: int, field: str, text: str) -> None:
        super().__init__()
        self.row, self.field, self.text = row, field, text


def unwritable(row: int, headings: Sequence[str], cells: Sequence[str], encoding: str) -> UnwritableError:
    """The first cell of a row that an encoding cannot hold."""
    for heading, text in zip_longest(headings, cells, fillvalue=""):
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return UnwritableError(row, heading, text)
    return UnwritableError(row, "", "")


class RejectsFile:
    """Rejected rows, whole, each with its row number, field and reason in front. No reject, no file; one left
    by an earlier run is emptied, lest its rows be taken for today's."""

    def __init__(
        self, path: str, standard: TextIO, headings: Sequence[str], front: Sequence[str], lang: Language, encoding: str
    ) -> None:
        self._target = Target(path, standard, encoding)
        self._headings = (*front, *headings)
        self._encoding = encoding
        self._lang = lang
        self.count = 0

    def add(self, reject: Reject) -> None:
        """Write one row; several reasons are joined."""
        if not self.count:
            self._open()
        self.count += 1
        fields = ";".join(dict.fromkeys(field for field, _ in reject.problems if field))
        reasons = " ".join(self._reason(field, found) for field, found in reject.problems)
        # our own sentence may lose a sign to the encoding, the row itself may not
        reasons = reasons.encode(self._encoding, "replace").decode(self._encoding)
        cells = [str(reject.number), guarded(fields), guarded(reasons), *(_unchanged(text) for text in reject.raw)]
        try:
            self._writer.writerow(cells)
        except UnicodeEncodeError:
            raise unwritable(reject.number, self._headings, cells, self._encoding) from None

    def _open(self) -> None:
        self._target.__enter__()
        self._writer = csv.writer(self._target.stream)
        try:
            self._writer.writerow([guarded(heading) for heading in self._headings])
        except UnicodeEncodeError:
            raise unwritable(0, self._headings, self._headings, self._encoding) from None

    def _reason(self, field: str, found: Finding) -> str:
        message = found.message(self._lang)
        told = f"{field}: {message}" if field and field not in message else message
        return f"{told} {found.help(self._lang)}".rstrip()

    def close(self, failed: bool = False) -> None:
        """Put the file in its place; after a failure, leave nothing."""
        if failed:
            self._target.discard()
            return
        stale = not self.count and self._target.path != "-" and os.path.exists(self._target.path)
        if stale:
            self._open()
        if self.count or stale:
            self._target.__exit__(None, None, None)


def _unchanged(text: str) -> str:
    """An original cell: guarded unless it is a number, such as -3."""
    try:
        Decimal(text)
    except ArithmeticError:
        return guarded(text)
    return text
