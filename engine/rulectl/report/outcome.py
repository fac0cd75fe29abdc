"""An outcome as JSON, and as an explanation that a person can follow to the cells of the workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rulectl.codes import Language, say
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.rulebook import Rulebook, Template
from rulectl.report.findings import finding_fields, finding_text
from rulectl.report.jsontext import dumps
from rulectl.report.messages import Message, messages, wordings
from rulectl.report.why import Book, Why, one_line
from rulectl.runtime.deciding import facts_of
from rulectl.source import Cell, CellRange
from rulectl.values import Value, told_text

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
    def book(self) -> Book:
        """The rulebook as explanations ask it."""
        return Book(self.rulebook, self.lang, self.labels, self.cells)

    @cached_property
    def wordings(self) -> Mapping[str, Template]:
        return wordings(self.rulebook, self.lang)

    def messages(self, outcome: Outcome) -> tuple[Message, ...]:
        """The messages that the outcome names, filled in."""
        if not self.wordings:
            return ()
        return tuple(messages(outcome, self.wordings, self.labels, facts_of(self.rulebook, outcome), self._told))

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
        lang, why = self.lang, Why(self.book, outcome)
        head = say("report-case", lang, id=title) if title else say("report-the-case", lang)
        yield self._pair(head, say(f"report-status-{outcome.status.value}", lang))
        for id_, value in outcome.outputs.items():
            status = outcome.statuses.get(id_)
            if value is None and (status is None or status.value == "no_rule"):
                continue
            usual = why.by_default(id_)
            said = "" if status is None else f"  ({say(f'report-status-{status.value}', lang)}{usual})"
            yield "  " + self._pair(self.labels[id_], self.value(value) or say("report-nothing", lang)) + said
        if outcome.asks:
            yield say("report-ask-for", lang) + say("report-list-comma", lang).join(
                self.labels[id_] for id_ in outcome.asks
            )
        yield from self._sent(outcome)
        if outcome.firings:
            yield ""
            yield say("report-rules-that-fired", lang)
        yield from why.lines()
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
            yield "  " + self._pair(f"{number}. {one.id}", one_line(one.text))

    def _pair(self, name: str, value: str) -> str:
        return say("report-pair", self.lang, name=name, value=value)

    @staticmethod
    def _told(value: Value, lang: Language) -> str:
        """A value within a sentence."""
        items = value if isinstance(value, tuple) else (value,)
        return say("report-list-comma", lang).join(told_text(item, lang) for item in items)

    def value(self, value: Value) -> str:
        """A value as it is read in this language."""
        return told_text(value, self.lang)
