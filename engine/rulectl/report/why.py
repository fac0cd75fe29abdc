"""Why a case came out as it did: each rule that fired, with its cell, what it asked and what it gave.

An auditor follows this to the cells, so it says what decided and nothing else as if it had: a conclusion that a higher
tier or an earlier table put aside is told as such, a sum shows its parts, a formula its steps, a limit what it comes
to, a parameter the row that sets it, an effective date the day that it was held against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from rulectl.codes import Language, say
from rulectl.lang.syntax import Any, Name, Node
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Gives, Merge, Role
from rulectl.model.rulebook import InputColumn, Parameter, Rule, Rulebook, Table, Term, TestEntry, constant
from rulectl.model.words import word
from rulectl.report.steps import limit, steps, value_of
from rulectl.runtime.deciding import Made, Part, Share, facts_of, made
from rulectl.runtime.resolve import NOTHING, Lack, Spoken
from rulectl.source import Cell, CellRange
from rulectl.values import Value, told_text

_JOINED = {Gives.SUM: "sum", Gives.LEAST: "min", Gives.GREATEST: "max", Gives.COUNT: "count"}
_MERGED = {Merge.SUM: "sum", Merge.MIN: "min", Merge.MAX: "max"}
"""By what a value is made of several, where it is more than one of them."""


@dataclass(frozen=True)
class Book:
    """What is asked of a rulebook again and again; `labels` is what a term is called here, `cells` how a place is
    written."""

    rulebook: Rulebook
    lang: Language
    labels: Mapping[str, str]
    cells: Callable[[Cell | CellRange], str]

    @cached_property
    def rules(self) -> Mapping[tuple[str, str], tuple[Table, Rule]]:
        """Table and rule by their names."""
        return {(table.name, rule.id): (table, rule) for table in self.rulebook.tables for rule in table.rules}

    @cached_property
    def terms(self) -> Mapping[str, Term]:
        return {term.id: term for term in self.rulebook.terms}

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        return {parameter.id: parameter for parameter in self.rulebook.parameters}

    def pair(self, name: str, value: str) -> str:
        return say("report-pair", self.lang, name=name, value=value)

    def listed(self, items: Iterator[str] | list[str]) -> str:
        return say("report-list-comma", self.lang).join(items)


@dataclass(frozen=True)
class Why:
    """One outcome explained."""

    book: Book
    outcome: Outcome

    @cached_property
    def facts(self) -> Mapping[str, Value]:
        return facts_of(self.book.rulebook, self.outcome)

    @cached_property
    def made(self) -> Mapping[str, Made]:
        return made(self.book.rulebook, self.outcome, self.facts)

    def by_default(self, name: str) -> str:
        """That an output has its default, since no rule spoke of it, and where that stands; else nothing."""
        term = self.book.terms[name]
        if term.default is None or self.made.get(name, Made()).shares or self.facts[name] != term.default:
            return ""
        cell = self.book.cells(term.cell) if term.cell is not None else ""
        return say("report-by-default", self.book.lang, cell=cell).rstrip()

    def lines(self) -> Iterator[str]:
        """Every rule that fired, in order."""
        for firing in self.outcome.firings:
            yield from self._firing(firing)

    def _firing(self, firing: Firing) -> Iterator[str]:
        book, lang = self.book, self.book.lang
        where = f"  {book.cells(firing.cells)}" if firing.cells is not None else ""
        yield f"  {firing.name}{where}"
        found = book.rules.get((firing.table, firing.rule))
        if found is None:
            return
        table, rule = found
        told = [self._in_force(table, rule)]
        if rule.otherwise:
            told.append(say("report-otherwise-held", lang))
        pairs = zip(table.inputs, rule.when, strict=True)
        told += [self._condition(column, entry) for column, entry in pairs if not isinstance(entry.test, Any)]
        told += self._conclusions(table, rule)
        told.append(self._parameters(table, rule))
        if rule.source:
            told.append(say("report-source", lang, source=rule.source))
        yield from (f"      {line}" for line in told if line)

    # -- what it asked ------------------------------------------------------------------------------------------

    def _in_force(self, table: Table, rule: Rule) -> str:
        """The effective dates of a rule, and the day of the case; nothing where it has none."""
        period = rule.period.meet(table.period)
        if period.always:
            return ""
        event = self.book.rulebook.event or ""
        return say(
            "report-in-force",
            self.book.lang,
            start=period.start or "…",
            end=period.end or "…",
            name=self.book.labels.get(event, event),
            day=told_text(self.facts.get(event), self.book.lang),
        )

    def _condition(self, column: InputColumn, entry: TestEntry) -> str:
        lang = self.book.lang
        value = value_of(column.subject, self.facts)
        asked = limit(entry.test, column.type, self.facts, lang)
        return say(
            "report-entry-held",
            lang,
            heading=column.heading or str(column.cell or ""),
            entry=one_line(entry.text),
            limit=say("report-limit", lang, limit=asked) if asked else "",
            own=self._own(column, value),
        )

    def _own(self, column: InputColumn, value: Value) -> str:
        """What the case has: a heading that is reckoned with its steps, a default as such."""
        lang = self.book.lang
        if value is None or value == ():
            return say("report-the-case-has-nothing", lang)
        worked = " = ".join((*steps(column.subject, self.facts, lang), told_text(value, lang)))
        term = self.book.terms.get(column.subject.id) if isinstance(column.subject, Name) else None
        usual = term is not None and term.role is Role.INPUT and term.default == value
        return say("report-the-case-has-default" if usual else "report-the-case-has", lang, value=worked)

    # -- what it gave -------------------------------------------------------------------------------------------

    @cached_property
    def _told(self) -> Mapping[tuple[str, str, int], tuple[Made, Share, bool]]:
        """By table, rule and column: how the term was made, the share of the table in that, and whether it stands."""
        return {
            (part.table.name, part.rule.id, part.column): (how, share, taken)
            for how in self.made.values()
            for taken, shares in ((True, how.shares), (False, how.aside))
            for share in shares
            for part in share.parts
        }

    def _conclusions(self, table: Table, rule: Rule) -> Iterator[str]:
        """What a rule gave, column by column: what stands, what was put aside, and what several gave together."""
        for number in range(len(table.outputs)):
            found = self._told.get((table.name, rule.id, number))
            if found is None:
                continue  # another rule of the table decides it
            how, share, taken = found
            part = next(part for part in share.parts if part.rule.id == rule.id)
            yield from self._said(part, () if taken else how.shares)
            if part is share.parts[-1] and taken:
                yield from self._together(share, how)

    def _said(self, part: Part, instead: tuple[Share, ...]) -> Iterator[str]:
        """What one rule said of a term; `instead`: what stands, where that was put aside."""
        entry, lang = part.rule.then[part.column], self.book.lang
        if entry.expr is None:
            return
        told = one_line(entry.text)
        if not constant(entry.expr):
            value = value_of(entry.expr, self.facts)
            told = " = ".join((told, *steps(entry.expr, self.facts, lang), _spoken(value, lang)))
        if instead:
            names = [f"{one.table.name}/{one.rule.id}" for share in instead for one in share.parts]
            tiers = {share.parts[0].table.tier for share in instead}
            tier = word("tier", tiers.pop().value, lang) if tiers != {part.table.tier} else ""
            stands = say("report-stands-tier", lang, tier=tier) if tier else ""
            told += say("report-put-aside", lang, rules=self.book.listed(names), tier=stands)
        yield "→ " + self.book.pair(self._label(part), told)

    def _together(self, share: Share, how: Made) -> Iterator[str]:
        """What several rules of a table, and after the last of them several tables, gave together."""
        first, lang = share.parts[0], self.book.lang
        output = first.table.outputs[first.column]
        gives, merge = output.policy.gives, self.book.terms[output.term].merge
        if gives in _JOINED and (len(share.parts) > 1 or gives is Gives.COUNT):
            texts = [_spoken(part.said, lang) for part in share.parts if part.said is not NOTHING]
            yield self._joined(first, _JOINED[gives], texts, len(share.parts), share.said)
        if merge in _MERGED and len(how.shares) > 1 and share is how.shares[-1]:
            texts = [_spoken(one.said, lang) for one in how.shares]
            yield self._joined(first, _MERGED[merge], texts, len(texts), self.facts.get(output.term))

    def _joined(self, part: Part, how: str, texts: list[str], number: int, value: Spoken) -> str:
        lang = self.book.lang
        match how:
            case "sum":
                told = " + ".join(texts)
            case "count":
                told = say("report-rules-counted", lang, number=number)
            case _:
                told = f"{how}({', '.join(texts)})"
        return "⇒ " + self.book.pair(self._label(part), f"{told} = {_spoken(value, lang)}")

    def _label(self, part: Part) -> str:
        term = part.table.outputs[part.column].term
        return self.book.labels.get(term, term)

    def _parameters(self, table: Table, rule: Rule) -> str:
        """The parameters that a rule names, with their values and where these are set."""
        book = self.book
        asked = [pair for pair in zip(table.inputs, rule.when, strict=True) if not isinstance(pair[1].test, Any)]
        nodes: list[Node] = [node for column, entry in asked for node in (column.subject, entry.test)]
        nodes += [entry.expr for entry in rule.then if entry.expr is not None]
        named = dict.fromkeys(name for node in nodes for name in sorted(names_of(node)) if name in book.parameters)
        if not named:
            return ""
        told = [self._parameter(book.parameters[name]) for name in named]
        return say("report-parameters", book.lang, parameters=book.listed(told))

    def _parameter(self, one: Parameter) -> str:
        told = f"{one.name} = {told_text(one.value, self.book.lang)}"
        return f"{told} {self.book.cells(one.cell)}" if one.cell is not None else told


def _spoken(value: Spoken, lang: Language) -> str:
    """What was said, as text; that it is unknown, where it is."""
    return say("report-unknown", lang) if value is None or isinstance(value, Lack) else told_text(value, lang)


def one_line(text: str) -> str:
    return " ".join(text.split("\n"))
