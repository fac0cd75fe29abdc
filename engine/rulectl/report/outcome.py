"""An outcome as JSON, and as an explanation that a person can follow to the cells of the workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from rulectl.codes import Language, say
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.syntax import Any, Expr
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.rulebook import Rule, Rulebook, Table, Template, constant
from rulectl.report.findings import finding_fields, finding_text
from rulectl.report.jsontext import dumps
from rulectl.report.messages import Message, messages, wordings
from rulectl.runtime.resolve import NOTHING, UNKNOWN, Outputs, Spoken
from rulectl.source import Cell, CellRange
from rulectl.values import Value, plain_text

Headings = Literal["name", "id"]


@dataclass(frozen=True)
class Reporter:
    """Writes outcomes of one rulebook in one language, with names or ids as keys."""

    rulebook: Rulebook
    lang: Language
    headings: Headings = "name"

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Term id -> what it is called here."""
        return {t.id: t.id if self.headings == "id" else t.name for t in self.rulebook.terms}

    @cached_property
    def rules(self) -> Mapping[tuple[str, str], tuple[Table, Rule]]:
        """Table and rule by their names."""
        return {(table.name, rule.id): (table, rule) for table in self.rulebook.tables for rule in table.rules}

    @cached_property
    def wordings(self) -> Mapping[str, Template]:
        return wordings(self.rulebook, self.lang)

    def messages(self, outcome: Outcome) -> tuple[Message, ...]:
        """The messages that the outcome names, filled in."""
        if not self.wordings:
            return ()
        return tuple(messages(outcome, self.wordings, self.labels, self._facts(outcome), self._told))

    def keyed(self, facts: Mapping[str, object]) -> dict[str, object]:
        return {self.labels.get(id_, id_): value for id_, value in facts.items()}

    # -- JSON ---------------------------------------------------------------------------------------------------

    def fields(self, outcome: Outcome) -> dict[str, object]:
        """The outcome as plain data (semantics 7; schema/outcome): null is an output that nothing was said of."""
        fields: dict[str, object] = {
            "case": self.keyed(outcome.case),
            "outputs": self.keyed(outcome.outputs),
            "status": {self.labels[id_]: status.value for id_, status in outcome.statuses.items()},
            "case_status": outcome.status.value,
            "asks": [self.labels[id_] for id_ in outcome.asks],
            "firings": [self.firing(firing) for firing in outcome.firings],
            "findings": [finding_fields(found, self.lang) for found in outcome.findings],
        }
        if sent := self.messages(outcome):
            fields["messages"] = [
                {"id": one.id, "text": one.text, **({"missing": list(one.missing)} if one.missing else {})}
                for one in sent
            ]
        if outcome.derived:
            fields["derived"] = self.keyed(outcome.derived)
        if outcome.counted:
            fields["counted"] = self.keyed(outcome.counted)
        return fields

    def json(self, outcome: Outcome, indent: int | None = None) -> str:
        return dumps(self.fields(outcome), indent)

    def cells(self, at: Cell | CellRange) -> str:
        """Where a rule or an entry stands; the workbook is named where it is one that the rulebook includes."""
        return at.seen_from(self.rulebook.source)

    def firing(self, firing: Firing) -> dict[str, object]:
        """A rule that fired, as plain data."""
        fields: dict[str, object] = {"table": firing.table, "rule": firing.rule}
        if firing.cells is not None:
            fields["cell"] = self.cells(firing.cells)
        return fields

    # -- text ---------------------------------------------------------------------------------------------------

    def text(self, outcome: Outcome, title: str = "") -> str:
        """What was decided, what to ask, and for each rule that fired its cell and the entries that held."""
        return "\n".join(self._lines(outcome, title))

    def _lines(self, outcome: Outcome, title: str) -> Iterator[str]:
        lang = self.lang
        head = say("report-case", lang, id=title) if title else say("report-the-case", lang)
        yield self._pair(head, say(f"report-status-{outcome.status.value}", lang))
        for id_, value in outcome.outputs.items():
            status = outcome.statuses.get(id_)
            if value is None and (status is None or status.value == "no_rule"):
                continue
            said = "" if status is None else f"  ({say(f'report-status-{status.value}', lang)})"
            yield "  " + self._pair(self.labels[id_], self.value(value) or say("report-nothing", lang)) + said
        if outcome.asks:
            yield say("report-ask-for", lang) + say("report-list-comma", lang).join(
                self.labels[id_] for id_ in outcome.asks
            )
        yield from self._sent(outcome)
        if outcome.firings:
            yield ""
            yield say("report-rules-that-fired", lang)
        fired: dict[str, list[Rule]] = {}
        for firing in outcome.firings:
            if (firing.table, firing.rule) in self.rules:
                fired.setdefault(firing.table, []).append(self.rules[firing.table, firing.rule][1])
        for firing in outcome.firings:
            yield from self._why(firing, outcome, fired.get(firing.table, ()))
        for id_, ids in outcome.counted.items():
            counted = self.value(outcome.derived.get(id_))
            yield say("report-counted-from", lang, term=self.labels[id_], value=counted, ids=", ".join(ids))
        for found in outcome.findings:
            yield ""
            yield finding_text(found, lang)

    def _sent(self, outcome: Outcome) -> Iterator[str]:
        """The messages to send, numbered; what is still to be filled in stands in braces."""
        lang = self.lang
        for number, one in enumerate(self.messages(outcome), 1):
            if number == 1:
                yield ""
                yield say("report-messages", lang)
            yield "  " + self._pair(f"{number}. {one.id}", _one_line(one.text))

    def _why(self, firing: Firing, outcome: Outcome, fired: Sequence[Rule]) -> Iterator[str]:
        """A firing: its cell, the conditions that held with the case's own values, what it concluded. Where one of
        several rules of the table that fired decides a column, the others fired for their other columns only."""
        lang = self.lang
        where = f"  {self.cells(firing.cells)}" if firing.cells is not None else ""
        yield f"  {firing.name}{where}"
        found = self.rules.get((firing.table, firing.rule))
        if found is None:
            return
        table, rule = found
        if rule.otherwise:
            yield "      " + say("report-otherwise-held", lang)
        facts = self._facts(outcome)
        for column, entry in zip(table.inputs, rule.when, strict=True):
            if isinstance(entry.test, Any):
                continue
            try:
                value = self.value(evaluate(column.subject, facts))
            except CannotCompute:
                value = ""
            heading = column.heading or str(column.cell or "")
            own = say("report-the-case-has", lang, value=value) if value else say("report-the-case-has-nothing", lang)
            yield "      " + say("report-entry-held", lang, heading=heading, entry=_one_line(entry.text), own=own)
        deciding = self._deciding(table, fired, facts)
        for output, said, deciders in zip(table.outputs, rule.then, deciding, strict=True):
            if said.expr is not None and rule.id in deciders:
                concluded = _one_line(said.text) + self._computed(said.expr, facts)
                yield "      → " + self._pair(self.labels.get(output.term, output.term), concluded)
        if rule.source:
            yield "      " + say("report-source", lang, source=rule.source)

    def _deciding(self, table: Table, fired: Sequence[Rule], facts: Mapping[str, Value]) -> Iterator[Sequence[str]]:
        """Column by column the ids of those rules of a table that decide it, among those that fired."""

        def entry(rule: int, column: int) -> Spoken:
            expr = fired[rule].then[column].expr
            try:
                value = None if expr is None else evaluate(expr, facts)
            except CannotCompute:
                return NOTHING
            return value if value is not None else NOTHING if expr is None else UNKNOWN

        outputs = replace(Outputs.of(table, self.rulebook), otherwise=frozenset())
        for column in range(len(table.outputs)):
            yield [fired[rule].id for rule in outputs.deciders(column, range(len(fired)), entry)]

    def _pair(self, name: str, value: str) -> str:
        return say("report-pair", self.lang, name=name, value=value)

    def _computed(self, expr: Expr, facts: Mapping[str, Value]) -> str:
        """What a formula came to for this case; nothing for a plain value, which the cell already shows."""
        if constant(expr):
            return ""
        try:
            value = self.value(evaluate(expr, facts))
        except CannotCompute:
            value = ""
        return f" = {value or say('report-unknown', self.lang)}"

    def _facts(self, outcome: Outcome) -> dict[str, Value]:
        parameters = {parameter.id: parameter.value for parameter in self.rulebook.parameters}
        unknown: dict[str, Value] = dict.fromkeys(self.labels)
        return {**unknown, **parameters, **outcome.case, **outcome.derived, **outcome.outputs}

    @staticmethod
    def _told(value: Value, lang: Language) -> str:
        """A value within a sentence."""
        items = value if isinstance(value, tuple) else (value,)
        return say("report-list-comma", lang).join(plain_text(item, lang) for item in items)

    def value(self, value: Value) -> str:
        """A value as it is read in this language."""
        return plain_text(value, self.lang)


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))
