"""What became of a frame: answers as codes, written out as texts or typed columns when they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.headings import Plan as Headings
from rulectl.cases.reader import Reject
from rulectl.cases.writer import cell, guarded, joined
from rulectl.codes import Severity
from rulectl.columnar.codes import Codes, Numbered, Part, each
from rulectl.columnar.columns import Column, Numbers, Texts
from rulectl.columnar.tables import TableColumns
from rulectl.diagnostics import Finding
from rulectl.model.outcome import Firing
from rulectl.model.policy import Status
from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import Kind, Type
from rulectl.values import Value, plain_text

_GROUP = 4_096
"""Tables whose firings come in at most so many combinations are written as one."""

Fired = tuple[Firing, ...]


class Pieces(NamedTuple):
    """The firings of one table, or of all: `fired` by number."""

    codes: Codes
    fired: Sequence[Fired]


class Firings:
    """Firings of each run of each table, worked out once a run."""

    def __init__(self, tables: Mapping[int, TableColumns]) -> None:
        self.tables = tables
        self.forget()

    def forget(self) -> None:
        """Forget all firings; columns that hold their numbers must be forgotten with them."""
        self._fired: dict[int, tuple[Numbered[Fired], list[int]]] = {n: (Numbered(()), []) for n in self.tables}

    def decide(self, runs: Mapping[int, Codes]) -> tuple[Pieces, ...]:
        """The firings of each table that fires at all, in the order of the tables."""
        found: list[Pieces] = []
        for number, codes in sorted(runs.items()):
            pieces, lut = self._fired[number]
            for run in self.tables[number].runs[len(lut) :]:
                rules = run.plan.outputs.fired(run.hits, run.now)
                lut.append(pieces.number(tuple(run.plan.firings[rule] for rule in rules)))
            if len(pieces) > 1:
                found.append(Pieces(np.array(lut, np.int32)[codes], pieces.items))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a frame came to, for a summary. `troubled`: cases with a warning or an error in their outcome."""

    statuses: Counter[Status]
    rules: Counter[Firing]
    asks: Counter[str]
    findings: Counter[str]
    troubled: int


@dataclass(slots=True)
class Decided:
    """The rows of a frame that were decided (`cases`: their places in it, `numbers`: their numbers in the file, `ids`),
    and those that were rejected. All columns below have one item for each decided row, in order."""

    rulebook: Rulebook
    cases: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    ids: pl.Series
    rejects: tuple[Reject, ...]
    headings: Headings
    columns: Mapping[str, Column]
    ranks: Codes
    asks: Codes
    ask_names: Sequence[tuple[str, ...]]
    firings: tuple[Pieces, ...]
    findings: Codes
    told: Sequence[tuple[Finding, ...]]
    _texts: dict[str, pl.Series] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cases)

    # -- as the results file holds them -------------------------------------------------------------------------

    def text(self, term: str) -> pl.Series:
        """A term's values as cells: null blank, lists joined, safe for a spreadsheet."""
        if term not in self._texts:
            self._texts[term] = self._text(term)
        return self._texts[term]

    def _text(self, term: str) -> pl.Series:
        column = self.columns[term]
        if isinstance(column, Texts):
            return _guard(column.series.fill_null("")).alias(term)
        if isinstance(column, Numbers) and not column.odd:
            return _number_texts(column).alias(term)
        codes, states = column.exact()
        return _gather([cell(state.now) for state in states.items], codes).alias(term)

    def id_texts(self) -> pl.Series:
        """The cases' ids as cells."""
        return _guard(self.ids)

    def status_texts(self) -> pl.Series:
        """The cases' statuses."""
        return _gather([status.value for status in Status], self.ranks).alias("status")

    def ask_texts(self, labels: Mapping[str, str]) -> pl.Series:
        """The terms to ask for, by their labels, the most useful first."""
        return _gather([joined(labels[n] for n in names) for names in self.ask_names], self.asks).alias("asks")

    def rule_texts(self) -> pl.Series:
        """The rules that fired, in order: `table/rule;table/rule`."""
        return self._firing_texts(lambda firing: firing.name).alias("rules")

    def why_texts(self) -> pl.Series:
        """The same, each with its cells."""
        return self._firing_texts(lambda f: f"{f.name}@{f.cells}" if f.cells else f.name).alias("why")

    def _firing_texts(self, name: Callable[[Firing], str]) -> pl.Series:
        groups: list[list[tuple[Part, list[str]]]] = []
        size = 0
        for codes, fired in self.firings:
            texts = [";".join(map(name, firings)) for firings in fired]
            if not groups or size * len(texts) > _GROUP:
                groups.append([])
                size = 1
            size *= len(texts)
            groups[-1].append((Part(codes, len(texts)), texts))
        parts: list[pl.Series] = []
        for number, group in enumerate(groups):
            written: Numbered[str] = Numbered("")

            def write(
                key: tuple[int, ...], group: list[tuple[Part, list[str]]] = group, written: Numbered[str] = written
            ) -> int:
                texts = [texts[code] for (_, texts), code in zip(group, key, strict=True)]
                return written.number(";".join(text for text in texts if text))

            codes = each([part for part, _ in group], len(self), write)
            parts.append(_gather([text or None for text in written.items], codes).alias(str(number)))
        if not parts:
            return pl.repeat("", len(self), dtype=pl.String, eager=True)
        if len(parts) == 1:
            whole = parts[0].fill_null("")
        else:
            joined_ = pl.concat_str(pl.all(), separator=";", ignore_nulls=True)
            whole = pl.DataFrame(parts).select(joined_.fill_null("")).to_series()
        risky = any(guarded(f.table) != f.table or not f.table for _, fired in self.firings for fs in fired for f in fs)
        return _guard(whole) if risky else whole

    # -- as programs want them ----------------------------------------------------------------------------------

    def values(self, term: Term) -> pl.Series:
        """A term's values, typed: exact decimals, dates, truth values, lists."""
        column = self.columns[term.id]
        if isinstance(column, Texts):
            return column.series.alias(term.id)
        codes, states = column.exact()
        return _typed([state.now for state in states.items], term.type).gather(codes).alias(term.id)

    def asked(self) -> pl.Series:
        """The ids of the terms to ask for, as lists."""
        return pl.Series("asks", [list(n) for n in self.ask_names], pl.List(pl.String)).gather(self.asks)

    def findings_of(self, row: int) -> tuple[Finding, ...]:
        """The findings of one decided row."""
        return self.told[int(self.findings[row])]

    def counts(self) -> Counts:
        """Statuses, rules, asks and findings, counted."""
        ranks = np.bincount(self.ranks, minlength=len(Status)).tolist()
        rules: Counter[Firing] = Counter()
        for codes, fired in self.firings:
            for count, firings in zip(np.bincount(codes, minlength=len(fired)).tolist(), fired, strict=True):
                if count:
                    for firing in firings:
                        rules[firing] += count
        asks: Counter[str] = Counter()
        for count, names in zip(np.bincount(self.asks).tolist(), self.ask_names, strict=False):
            asks.update(dict.fromkeys(names, count) if count else {})
        slugs: Counter[str] = Counter()
        troubled = 0
        for count, told in zip(np.bincount(self.findings).tolist(), self.told, strict=False):
            for found in told if count else ():
                slugs[found.slug] += count
            troubled += count * any(found.severity is not Severity.NOTICE for found in told)
        statuses = Counter({status: count for status, count in zip(Status, ranks, strict=True) if count})
        return Counts(statuses, rules, asks, slugs, troubled)

    def first_findings(self) -> tuple[Finding, ...]:
        """Every finding once, in the order of the rows that met it first."""
        if not self.findings.any():
            return ()
        codes, first = np.unique(self.findings, return_index=True)
        inorder = codes[np.argsort(first)].tolist()
        return tuple(dict.fromkeys(found for code in inorder for found in self.told[code]))


def _gather(texts: Sequence[str | None], codes: Codes) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).gather(pl.Series(codes))


def _guard(texts: pl.Series) -> pl.Series:
    """Texts that a spreadsheet would run get an apostrophe."""
    risky = texts.str.contains(r"^[=+\-@\t\r]")
    if not risky.any():
        return texts
    frame = pl.DataFrame({"text": texts, "risky": risky})
    return frame.select(pl.when("risky").then("'" + pl.col("text")).otherwise("text").alias(texts.name)).to_series()


def _number_texts(column: Numbers) -> pl.Series:
    """Numbers of up to 15 digits as they are written; NaN blank."""
    codes, states = column.exact()
    return _gather([cell(state.now) for state in states.items], codes)


_TYPES: Mapping[Kind, pl.DataType] = {
    Kind.STRING: pl.String(),
    Kind.ENUM: pl.String(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.DATE: pl.Date(),
    Kind.DATETIME: pl.Datetime("us"),
    Kind.DURATION: pl.Duration("us"),
}


def _typed(values: Sequence[Value], type_: Type) -> pl.Series:
    """Values of one type as a column. Numbers that no 38 digits hold are written as texts."""
    inner = _decimal(values) if type_.kind is Kind.NUMBER else _TYPES[type_.kind]
    if inner == pl.String and type_.kind is Kind.NUMBER:
        values = [_texts_of(value) for value in values]
    dtype = pl.List(inner) if type_.many else inner
    return pl.Series([list(v) if isinstance(v, tuple) else v for v in values], dtype=dtype)


def _texts_of(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(map(plain_text, value))
    return None if value is None else plain_text(value)


def _decimal(values: Sequence[Value]) -> pl.DataType:
    """The decimal type that holds all numbers, text where there is none."""
    numbers = [n for value in values for n in (value if isinstance(value, tuple) else (value,))]
    whole, scale = 1, 0
    for n in numbers:
        if isinstance(n, Decimal):
            _, digits, exponent = n.as_tuple()
            assert isinstance(exponent, int)
            scale = max(scale, -exponent)
            whole = max(whole, len(digits) + exponent)
    return pl.Decimal(38, scale) if whole + scale <= 38 else pl.String()
