"""What became of a frame: answers as codes, written out as texts or typed columns when they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.headings import Plan as Headings
from rulectl.cases.reader import Reject
from rulectl.cases.writer import because, cell, guarded
from rulectl.codes import Severity
from rulectl.columnar.alike import Alike
from rulectl.columnar.codes import Codes, Lut, Numbered, Part, Spellings, each, gathered
from rulectl.columnar.columns import Coded, Column, Texts
from rulectl.columnar.lists import cut, end_to_end
from rulectl.columnar.owned import Owned, cells
from rulectl.columnar.refused import Refused
from rulectl.columnar.tables import TableColumns
from rulectl.columnar.typed import typed, unfitted
from rulectl.columnar.wanted import Wanted
from rulectl.diagnostics import Finding
from rulectl.model.outcome import Firing
from rulectl.model.policy import Status
from rulectl.model.rulebook import Rulebook, Term
from rulectl.types import Kind, Type
from rulectl.values import Value

_GROUP = 16_384
"""Tables whose firings come in at most so many combinations are written as one."""

_SHARED = 4_096
"""A term with more states than this is not looked for in several rows together."""

Fired = tuple[Firing, ...]


class Pieces(NamedTuple):
    """The firings of one table, or of all: `fired` by number."""

    codes: Codes
    fired: Numbered[Fired]


class Firings:
    """Firings of each run of each table, worked out once a run."""

    def __init__(self, tables: Mapping[int, TableColumns]) -> None:
        self.tables = tables
        self.forget()

    def forget(self) -> None:
        """Forget all firings; columns that hold their numbers must be forgotten with them."""
        self._fired: dict[int, tuple[Numbered[Fired], Lut]] = {n: (Numbered(()), Lut()) for n in self.tables}

    def forget_runs(self, tables: Iterable[int]) -> None:
        """Forget which firings runs have that are numbered anew."""
        for number in tables:
            self._fired[number] = (self._fired[number][0], Lut())

    def decide(self, runs: Mapping[int, Codes]) -> tuple[Pieces, ...]:
        """The firings of each table that fires at all, in the order of the tables."""
        found: list[Pieces] = []
        for number, codes in sorted(runs.items()):
            pieces, lut = self._fired[number]
            for run in self.tables[number].runs[len(lut) :]:
                rules = run.plan.outputs.fired(run.hits, run.now)
                lut.items.append(pieces.number(tuple(run.plan.firings[rule] for rule in rules)))
            if len(pieces) > 1:
                found.append(Pieces(lut.array().take(codes), pieces))
        return tuple(found)


class Counts(NamedTuple):
    """What a frame came to, for a summary. `troubled`: cases with a warning or an error in their outcome."""

    statuses: Counter[Status]
    rules: Counter[Firing]
    asks: Counter[str]
    findings: Counter[str]
    troubled: int


@dataclass(slots=True)
class Decided:
    """The rows of a frame that were decided (`cases`: their places in it, `numbers`: their numbers in the file, `ids`,
    `simple` as in `Texts`), and those that were rejected: `refused` as they cannot be read, `repeated` for their ids.
    All columns below have one item for each decided row, in order."""

    rulebook: Rulebook
    cases: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    ids: pl.Series
    simple: bool
    refused: Refused | None
    repeated: tuple[Reject, ...]
    headings: Headings
    columns: Mapping[str, Column]
    ranks: Codes
    asks: Codes
    ask_names: Wanted
    firings: tuple[Pieces, ...]
    findings: Codes
    told: Numbered[tuple[Finding, ...]]
    spellings: Spellings
    _texts: dict[str, pl.Series] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def rejects(self) -> tuple[Reject, ...]:
        """The rejected rows, one by one and in order."""
        found = self.refused.singly() if self.refused is not None else ()
        return tuple(sorted((*found, *self.repeated), key=lambda reject: reject.number))

    # -- as the results file holds them -------------------------------------------------------------------------

    def text(self, term: str) -> pl.Series:
        """A term's values as cells: null blank, lists joined, safe for a spreadsheet."""
        if term not in self._texts:
            self._texts[term] = self._text(term)
        return self._texts[term]

    def _text(self, term: str) -> pl.Series:
        column = self.columns[term]
        if isinstance(column, Texts):
            return _guard(column.series.fill_null(""), risky=not column.simple).alias(term)
        if isinstance(column, Owned):
            return self._own_text(column).alias(term)
        codes, states = column.exact()
        return self.spellings.of(states, "cell", lambda state: cell(state.now)).column(codes).alias(term)

    def _own_text(self, column: Owned) -> pl.Series:
        """The same where rows have values of their own."""
        states = column.rest.states
        others = self.spellings.of(states, "cell", lambda state: cell(state.now)).texts()
        own = _guard(cells(column.own.values, column.type), risky=column.type.kind is not Kind.NUMBER)
        return pl.concat([others, own]).gather(pl.Series(column.among(len(others))))

    def id_texts(self) -> pl.Series:
        """The cases' ids as cells."""
        return _guard(self.ids, risky=not self.simple)

    def simple_texts(self, term: str) -> bool:
        """Whether a term's cells need no quotes in any file."""
        column = self.columns[term]
        return isinstance(column, Texts) and column.simple

    def status_texts(self) -> pl.Series:
        """The cases' statuses."""
        return gathered(pl.Series("status", [status.value for status in Status]), self.ranks)

    def ask_texts(self, labels: Mapping[str, str]) -> pl.Series:
        """The terms to ask for, by their labels, the most useful first."""
        texts = self.ask_names.texts(self.asks, [labels[name] for name in self.ask_names.names])
        return _guard(texts, risky=any(guarded(label or "=") != label for label in labels.values())).alias("asks")

    def rule_texts(self) -> pl.Series:
        """The rules that fired, in order: `table/rule;table/rule`."""
        return self._firing_texts("rules", lambda firing: firing.name)

    def why_texts(self) -> pl.Series:
        """The same, each with its cells."""
        return self._firing_texts("why", lambda firing: because(firing, self.rulebook.source))

    def _firing_texts(self, way: str, name: Callable[[Firing], str]) -> pl.Series:
        def write(fired: Fired) -> str | None:
            return ";".join(map(name, fired)) or None

        parts: list[pl.Series] = []
        group: list[tuple[Part, pl.Series]] = []
        size = 1
        for codes, fired in self.firings:
            if group and size * len(fired) > _GROUP:
                parts.append(self._together(group))
                group, size = [], 1
            group.append((Part(codes, len(fired)), self.spellings.of(fired, way, write).texts()))
            size *= len(fired)
        if group:
            parts.append(self._together(group))
        if not parts:
            return pl.repeat("", len(self), dtype=pl.String, eager=True).alias(way)
        if len(parts) == 1:
            whole = parts[0].fill_null("")
        else:
            frame = pl.DataFrame([part.alias(str(number)) for number, part in enumerate(parts)])
            one = pl.concat_str(pl.all(), separator=";", ignore_nulls=True)
            whole = frame.select(one.fill_null("")).to_series()
        return _guard(whole, risky=any(guarded(t.name or "=") != t.name for t in self.rulebook.tables)).alias(way)

    def _together(self, group: Sequence[tuple[Part, pl.Series]]) -> pl.Series:
        """The texts of some tables' firings as one."""
        if len(group) == 1:
            ((part, texts),) = group
            return gathered(texts, part.codes)
        lists = [texts.to_list() for _, texts in group]
        written: Numbered[str] = Numbered("")

        def write(key: tuple[int, ...]) -> int:
            return written.number(
                ";".join(text for texts, code in zip(lists, key, strict=True) if (text := texts[code]))
            )

        codes = each([part for part, _ in group], len(self), write)
        return gathered(pl.Series([text or None for text in written.items], dtype=pl.String), codes)

    # -- rows that say the same ---------------------------------------------------------------------------------

    def shared(self, term: str) -> bool:
        """Whether several rows can be expected to hold the same value of a term."""
        column = self.columns[term]
        return isinstance(column, Coded) and len(column.states) <= _SHARED

    def alike(self, terms: Sequence[str], kept: Alike, write: Callable[[Decided], pl.DataFrame]) -> pl.DataFrame | None:
        """What `write` says of each row, which hangs on these terms, on status, asks and firings alone: it is asked
        for one row of all that have these in common, and what it said is `kept` from frame to frame. None where hardly
        any two rows have."""
        exact = [self.columns[term].exact() for term in terms]
        parts = [Part(codes, len(states)) for codes, states in exact]
        parts += [Part(self.ranks, len(Status)), Part(self.asks, len(self.ask_names))]
        parts += [Part(codes, len(fired)) for codes, fired in self.firings]
        things = (*(states for _, states in exact), Status, self.ask_names, *(fired for _, fired in self.firings))
        found = kept.of(things, parts, lambda new: write(self._some(terms, new)))
        if found is None:
            return None
        said, rows = found
        return pl.DataFrame([gathered(column, rows) for column in said.iter_columns()])

    def _some(self, terms: Sequence[str], at: npt.NDArray[np.int64]) -> Decided:
        """Some of the rows, in their order, with some terms."""
        mine = np.zeros(len(self), np.bool_)
        mine[at] = True
        return replace(
            self,
            cases=self.cases[at],
            numbers=self.numbers[at],
            ids=self.ids.gather(at),
            refused=None,
            repeated=(),
            columns={term: self.columns[term].kept(mine) for term in terms},
            ranks=self.ranks[at],
            asks=self.asks[at],
            firings=tuple(Pieces(codes[at], fired) for codes, fired in self.firings),
            findings=self.findings[at],
            _texts={},
        )

    # -- as programs want them ----------------------------------------------------------------------------------

    def values(self, term: Term) -> pl.Series:
        """A term's values, typed: exact decimals, dates, truth values, lists."""
        return self._values(term, "values", typed)

    def unfitted(self, term: Term) -> pl.Series:
        """The same for a part of a column: numbers as texts."""
        return self._values(term, "unfitted", unfitted)

    def _values(self, term: Term, way: str, make: Callable[[Sequence[Value], Type], pl.Series]) -> pl.Series:
        column = self.columns[term.id]
        if isinstance(column, Texts):
            return column.series.alias(term.id)
        if isinstance(column, Owned):
            codes, items = column.values()
            return gathered(make(items, term.type), codes).alias(term.id)
        codes, states = column.exact()
        values = self.spellings.whole(states, way, lambda items: make([state.now for state in items], term.type))
        return gathered(values, codes).alias(term.id)

    def asked(self) -> pl.Series:
        """The ids of the terms to ask for, as lists."""
        return self.ask_names.lists(self.asks).alias("asks")

    def rules(self) -> pl.Series:
        """The rules that fired, in order, as lists of `table/rule`."""
        if len(self.firings) == 1:
            ((codes, fired),) = self.firings
            return gathered(self.spellings.grown(fired, "names", _names), codes).alias("rules")
        parts = [(codes, [[firing.name for firing in fired] for fired in made.items]) for codes, made in self.firings]
        return end_to_end(parts, len(self)).alias("rules")

    def slugs(self) -> pl.Series:
        """The names of each row's findings, as lists."""
        slugs = self.spellings.grown(
            self.told, "names", lambda items: _lists([[finding.slug for finding in told] for told in items])
        )
        return gathered(slugs, self.findings).alias("findings")

    def findings_of(self, row: int) -> tuple[Finding, ...]:
        """The findings of one decided row."""
        return self.told.items[int(self.findings[row])]

    def counts(self) -> Counts:
        """Statuses, rules, asks and findings, counted."""
        ranks = np.bincount(self.ranks, minlength=len(Status)).tolist()
        rules: Counter[Firing] = Counter()
        for codes, fired in self.firings:
            # not strict: while this is counted, another thread may meet more firings in the next frame
            for count, firings in zip(np.bincount(codes).tolist(), fired.items, strict=False):
                if count:
                    for firing in firings:
                        rules[firing] += count
        asks = self.ask_names.counts(self.asks)
        slugs: Counter[str] = Counter()
        troubled = 0
        for count, told in zip(np.bincount(self.findings).tolist(), self.told.items, strict=False):
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
        return tuple(dict.fromkeys(found for code in inorder for found in self.told.items[code]))


def _lists(items: Sequence[Sequence[str]]) -> pl.Series:
    # a list for each would be a series for each
    flat = pl.Series([text for item in items for text in item], dtype=pl.String)
    return cut(flat, np.array([len(item) for item in items], np.int64))


def _names(items: Sequence[Fired]) -> pl.Series:
    return _lists([[firing.name for firing in fired] for fired in items])


def _guard(texts: pl.Series, risky: bool = True) -> pl.Series:
    """Texts that a spreadsheet would run get an apostrophe; not looked at where no text is `risky`."""
    if not risky:
        return texts
    runs = texts.str.contains(r"^[=+\-@\t\r]")
    if not runs.any():
        return texts
    frame = pl.DataFrame({"text": texts, "runs": runs})
    return frame.select(pl.when("runs").then("'" + pl.col("text")).otherwise("text").alias(texts.name)).to_series()
