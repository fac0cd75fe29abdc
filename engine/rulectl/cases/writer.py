"""Decisions out, as a table: one row a case, and one for each row that was rejected.

Written for people who open it in a spreadsheet: UTF-8 with a mark, and text that a spreadsheet would run as a formula
gets a leading apostrophe (numbers are left alone). A file is written beside its place and moved there when it is whole.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, TextIO

from rulectl.codes import Language, say
from rulectl.diagnostics import Fields, advice, sentence
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import Kind
from rulectl.values import Value, plain_text

if TYPE_CHECKING:  # a command that only needs a place to write does not wait for the reading of cases
    from rulectl.cases.reader import CaseRow, Reject

_MEMORY = 20_000

Trace = Literal["none", "rules", "full"]
Headings = Literal["name", "id"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
RISKY = r"^[=+\-@\t\r]"
"""Texts that a spreadsheet would run."""

# The columns that are not terms, by the name that `--columns` and the heading give them.
EXTRAS = ("status", "asks", "rules", "why")


def guarded(text: str) -> str:
    """A text as a spreadsheet shows it, never runs it."""
    return "'" + text if text.startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given, for a place where nothing is run."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def cell(value: Value) -> str:
    """A value as a cell; lists joined by `;`."""
    return plain_text(value) if isinstance(value, Decimal) else guarded(plain_text(value))


def joined(names: Iterable[str]) -> str:
    return guarded(";".join(names))


class Column(NamedTuple):
    """A column of a decisions table: its heading, what it holds (a term, one of EXTRAS, or `id`), and how its cell is
    made for one case."""

    heading: str
    what: Term | str
    make: Callable[[CaseRow, Outcome], str]

    @property
    def numeric(self) -> bool:
        """It holds numbers, or lists of them."""
        return isinstance(self.what, Term) and self.what.type.kind is Kind.NUMBER


class Layout(NamedTuple):
    """The columns of a decisions table, in order."""

    columns: tuple[Column, ...]
    label: Mapping[str, str]

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(guarded(column.heading) for column in self.columns)

    def row(self, case: CaseRow, outcome: Outcome) -> list[str]:
        return [column.make(case, outcome) for column in self.columns]


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
    ids = Column(label.get(first, "row"), "id", lambda case, _: guarded(case.id))
    made: list[Column] = [] if named in chosen else [ids]
    for column in chosen:
        if isinstance(column, Term) and column.id == first:
            made.append(ids)
        elif isinstance(column, Term):
            made.append(Column(label[column.id], column, _term(column.id)))
        else:
            made.append(Column(column, column, _extra(column, label, rulebook.source)))
    return Layout(tuple(made), label)


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


def because(firing: Firing, home: str) -> str:
    """A rule that fired, with its cells: `责任/R1@判定!A4:E4`, and the workbook where that is another than `home`."""
    return f"{firing.name}@{firing.cells.seen_from(home)}" if firing.cells else firing.name


def _extra(name: str, label: dict[str, str], home: str) -> Callable[[CaseRow, Outcome], str]:
    match name:
        case "status":
            return lambda _, outcome: outcome.status.value
        case "asks":
            return lambda _, outcome: joined([label[term] for term in outcome.asks]) if outcome.asks else ""
        case "rules":
            return lambda _, outcome: joined([firing.name for firing in outcome.firings])
        case "why":
            return lambda _, outcome: joined(because(firing, home) for firing in outcome.firings)
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


_GAPS: dict[Language, str] = {"zh": "", "en": " "}
"""What stands between two sentences."""


def reject_cells(reject: Reject, lang: Language, own: int = 0) -> list[str]:
    """A rejected row, whole, with its row number, its fields and the reasons in front. Of a row that was rejected
    before, `own` cells in front are what was said then, and are left out."""
    problems = reject.problems
    fields = fields_cell(field for field, _ in problems)
    reasons = reasons_cell((_told(field, found.slug, found.fields, lang) for field, found in problems), lang)
    return [str(reject.number), fields, reasons, *map(unchanged, _new(reject.raw, own))]


def _new(raw: Sequence[str], own: int) -> Sequence[str]:
    return raw[own:] if len(raw) > own and raw[0].strip().isdecimal() else raw


def fields_cell(fields: Iterable[str]) -> str:
    """The fields in which something is wrong; blank is the row."""
    return guarded(";".join(dict.fromkeys(field for field in fields if field)))


def reasons_cell(reasons: Iterable[str], lang: Language) -> str:
    """What is wrong in them; several are joined."""
    return guarded(_GAPS[lang].join(reasons))


def reason(field: str, slug: str, fields: Fields, lang: Language) -> str:
    """What is said of a problem, wherever it is."""
    message = sentence(slug, fields, lang)
    told = say("report-pair", lang, name=field, value=message) if field and field not in message else message
    return f"{told}{_GAPS[lang]}{advice(slug, fields, lang)}".rstrip()


_told = lru_cache(256)(reason)
"""Many rows have the same."""


def unchanged(text: str) -> str:
    """An original cell: guarded unless it is a number, such as -3."""
    if not text.startswith(_FORMULA):
        return text
    try:
        Decimal(text)
    except ArithmeticError:
        return guarded(text)
    return text
