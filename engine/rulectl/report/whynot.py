"""Why a case did not get a value, as text that a person can follow to the cells, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rulectl.analysis.whynot import Candidate, Change, Missed, Verdict, Why, WhyNot
from rulectl.codes import say
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.rulebook import Term
from rulectl.report.jsontext import dumps
from rulectl.report.outcome import Reporter
from rulectl.values import Value

_RULES = 5
"""How many rules are shown; the data have all."""

_OTHERS = 6
"""How many other values of an input are shown."""


@dataclass(frozen=True)
class WhyNotReporter:
    """Writes answers as `reporter` writes outcomes: in its language, with names or ids as keys."""

    reporter: Reporter

    # -- data -----------------------------------------------------------------------------------------------------

    def fields(self, answer: WhyNot) -> dict[str, object]:
        """The answer as plain data; `verdict` is `already`, `change`, `never` or `not-found`."""
        goal = answer.goal
        fields: dict[str, object] = {
            "case": self.reporter.keyed(answer.outcome.case),
            "output": self._label(goal.term),
            "wanted": list(goal.items) if goal.items else goal.text,
            "value": answer.value,
            "status": _status(answer.outcome, goal.term),
            "by": [self.reporter.firing(firing) for firing in answer.by],
            "verdict": answer.verdict.value,
            "rules": [self._candidate(one) for one in answer.rules],
            "changes": [self._change(answer, one) for one in answer.changes],
        }
        if answer.given:
            fields["given"] = list(answer.given)
        if answer.counted:
            fields["counted"] = list(map(self._label, answer.counted))
        return fields

    def json(self, answer: WhyNot, indent: int | None = None) -> str:
        return dumps(self.fields(answer), indent)

    def _candidate(self, one: Candidate) -> dict[str, object]:
        fields: dict[str, object] = {"table": one.table.name, "rule": one.rule.id}
        if one.rule.cells is not None:
            fields["cell"] = self.reporter.cells(one.rule.cells)
        fields |= {"why": one.why.value, "says": one.entry.text}
        if one.value is not None:
            fields["comes_to"] = one.value
        if one.missed:
            fields["conditions"] = [self._missed(missed) for missed in one.missed]
        if one.before:
            fields["before"] = [self.reporter.firing(firing) for firing in one.before]
        return fields

    def _missed(self, one: Missed) -> dict[str, object]:
        fields: dict[str, object] = {"condition": _heading(one), "wanted": one.entry.text, "has": one.value}
        if one.entry.cell is not None:
            fields["cell"] = self.reporter.cells(one.entry.cell)
        if one.by:
            fields["by"] = [self.reporter.firing(firing) for firing in one.by]
        return fields

    def _change(self, answer: WhyNot, change: Change) -> dict[str, object]:
        term = answer.goal.term
        fields: dict[str, object] = {
            "set": {self._label(one.term): one.after for one in change.settings},
            "instead_of": {self._label(one.term): one.before for one in change.settings},
            "least": change.least,
            "value": _value(change.outcome, term),
            "status": _status(change.outcome, term),
        }
        if change.also:
            fields["or"] = list(change.also)
        return fields

    # -- text -----------------------------------------------------------------------------------------------------

    def text(self, answer: WhyNot, title: str = "") -> str:
        """What the case has, which rules would have given what was wanted, and the smallest change that does."""
        return "\n".join(self._lines(answer, title))

    def _say(self, key: str, **fields: object) -> str:
        return say(f"report-why-not-{key}", self.reporter.lang, **fields)

    def _lines(self, answer: WhyNot, title: str) -> Iterator[str]:
        lang, goal = self.reporter.lang, answer.goal
        case = say("report-case", lang, id=title) if title else say("report-the-case", lang)
        has = self.reporter.value(answer.value) or say("report-nothing", lang)
        key = "already" if answer.verdict is Verdict.ALREADY else "has"
        wanted = goal.text or say("report-nothing", lang)
        status = say(f"report-status-{_status(answer.outcome, goal.term)}", lang)
        yield self._say(key, case=case, term=self._label(goal.term), value=has, status=status, wanted=wanted)
        if answer.by:
            yield self._say("by", rules=self._named(answer.by))
        if answer.verdict is Verdict.ALREADY:
            return
        for one in answer.rules:
            if one.why is Why.VALUE:
                yield from self._why(one)
        rules = [one for one in answer.rules if one.why is not Why.VALUE]
        yield ""
        lacking = goal.missing(answer.value)
        part = say("report-list-comma", lang).join(map(self.reporter.value, lacking.items)) if lacking.items else wanted
        yield self._say("rules" if rules else "no-rules", n=len(rules), wanted=part)
        for one in rules[:_RULES]:
            yield from self._why(one)
        if len(rules) > _RULES:
            yield "  " + self._say("more", n=len(rules) - _RULES)
        yield ""
        match answer.verdict:
            case Verdict.CHANGE:
                yield from self._changes(answer)
            case Verdict.NEVER if answer.given:
                given = say("report-list-comma", lang).join(self.reporter.value(one) for one in answer.given)
                yield self._say("never-given", wanted=wanted, term=self._label(goal.term), given=given)
            case Verdict.NEVER:
                yield self._say("never", wanted=wanted)
            case _ if answer.counted:
                counted = say("report-list-comma", lang).join(map(self._label, answer.counted))
                yield self._say("not-found-counted", wanted=wanted, counted=counted)
            case _:
                yield self._say("not-found", wanted=wanted)

    def _why(self, one: Candidate) -> Iterator[str]:
        where = f"  {self.reporter.cells(one.rule.cells)}" if one.rule.cells is not None else ""
        yield f"  {one.table.name}/{one.rule.id}{where}"
        for missed in one.missed:
            yield "      " + self._missed_line(missed)
        if one.why is Why.VALUE:
            comes = self.reporter.value(one.value) or say("report-unknown", self.reporter.lang)
            yield "      " + self._say("value", entry=" ".join(one.entry.text.split()), value=comes)
        elif one.why is not Why.CONDITIONS:
            yield "      " + self._say(one.why.value, rules=self._named(one.before))

    def _missed_line(self, one: Missed) -> str:
        lang = self.reporter.lang
        value = self.reporter.value(one.value)
        own = say("report-the-case-has", lang, value=value) if value else say("report-the-case-has-nothing", lang)
        by = self._say("concluded", rules=self._named(one.by)) if one.by and value else ""
        entry = " ".join(one.entry.text.split())
        cell = f"  {self.reporter.cells(one.entry.cell)}" if one.entry.cell is not None else ""
        return self._say("missed", heading=_heading(one), entry=entry, own=own) + by + cell

    def _changes(self, answer: WhyNot) -> Iterator[str]:
        for number, change in enumerate(answer.changes):
            yield self._say("or" if number else "change" if change.least else "a-change")
            for one in change.settings:
                also = self._others(change.also)
                before = self.reporter.value(one.before) or say("report-nothing", self.reporter.lang)
                line = self._say("setting", before=before, after=self.reporter.value(one.after))
                yield "  " + say("report-pair", self.reporter.lang, name=self._label(one.term), value=line) + also
            term = answer.goal.term
            value = self.reporter.value(_value(change.outcome, term)) or say("report-nothing", self.reporter.lang)
            status = say(f"report-status-{_status(change.outcome, term)}", self.reporter.lang)
            yield "  → " + self._say("then", term=self._label(term), value=value, status=status)

    def _others(self, values: Sequence[Value]) -> str:
        if not values:
            return ""
        shown = say("report-list-comma", self.reporter.lang).join(map(self.reporter.value, values[:_OTHERS]))
        return self._say("also", values=shown + ("…" if len(values) > _OTHERS else ""))

    def _named(self, firings: Sequence[Firing]) -> str:
        return say("report-list-comma", self.reporter.lang).join(firing.name for firing in firings)

    def _label(self, term: Term) -> str:
        return self.reporter.labels[term.id]


def _heading(one: Missed) -> str:
    return one.column.heading or str(one.column.cell or "")


def _value(outcome: Outcome, term: Term) -> Value:
    return outcome.outputs.get(term.id, outcome.derived.get(term.id))


def _status(outcome: Outcome, term: Term) -> str:
    return outcome.statuses[term.id].value
