"""What a batch came to: cases of each status, the rules and the questions that came up most, how long it took.

In which order cases were counted hangs on how many were decided at the same time. Once it is `arranged`, a summary does
not: rules that fired equally often stand in the order of the rulebook, everything else in that of the names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rulectl.codes import Language, Severity, say
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Status
from rulectl.model.rulebook import Rulebook
from rulectl.report.jsontext import dumps

_MOST = 5

T = TypeVar("T")


@dataclass(slots=True)
class Summary:
    """Counts that grow as the batch goes on. `troubled` cases have a warning or an error in their outcome."""

    statuses: Counter[Status] = field(default_factory=Counter)
    rejected: int = 0
    rules: Counter[Firing] = field(default_factory=Counter)
    asks: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    troubled: int = 0
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        self.statuses[outcome.status] += 1
        self.rules.update(outcome.firings)
        self.asks.update(outcome.asks)
        if outcome.findings:
            self.findings.update(found.slug for found in outcome.findings)
            self.troubled += any(found.severity is not Severity.NOTICE for found in outcome.findings)

    def merge(self, other: Summary) -> None:
        """Take the counts of other cases, too."""
        self.statuses.update(other.statuses)
        self.rejected += other.rejected
        self.rules.update(other.rules)
        self.asks.update(other.asks)
        self.findings.update(other.findings)
        self.troubled += other.troubled

    def arrange(self, rulebook: Rulebook) -> None:
        """Forget in which order things came up first."""
        tables = {table.name: at for at, table in enumerate(rulebook.tables)}
        # R2 before R10
        self.rules = _sorted(self.rules, lambda firing: (tables[firing.table], len(firing.rule), firing.rule))
        self.asks = _sorted(self.asks, str)
        self.findings = _sorted(self.findings, str)

    def state(self) -> dict[str, Any]:
        """The counts as plain data, for `restore`, the same in whatever order they were made."""
        return {
            "statuses": {status.value: self.statuses[status] for status in Status if self.statuses[status]},
            "rejected": self.rejected,
            "rules": sorted([firing.table, firing.rule, n] for firing, n in self.rules.items()),
            "asks": dict(sorted(self.asks.items())),
            "findings": dict(sorted(self.findings.items())),
            "troubled": self.troubled,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the counts of an earlier run."""
        self.statuses = Counter({Status(value): n for value, n in state["statuses"].items()})
        self.rejected = state["rejected"]
        self.rules = Counter({Firing(table, rule): n for table, rule, n in state["rules"]})
        self.asks = Counter(state["asks"])
        self.findings = Counter(state["findings"])
        self.troubled = state["troubled"]

    @property
    def rows(self) -> int:
        return self.statuses.total() + self.rejected


def summary_text(summary: Summary, labels: Mapping[str, str], lang: Language) -> str:
    """A few lines for the person who ran the batch; `labels` names the terms asked for."""
    parts = [
        say("report-count-status", lang, n=f"{summary.statuses[s]:,}", status=say(f"report-status-{s.value}", lang))
        for s in Status
    ]
    parts = [part for part, status in zip(parts, Status, strict=True) if summary.statuses[status]]
    if summary.rejected:
        parts.append(say("report-count-rejected", lang, n=f"{summary.rejected:,}"))
    counts = say("report-comma", lang).join(parts) or say("report-no-cases", lang)
    lines = [say("report-batch-summary", lang, rows=f"{summary.rows:,}", parts=counts)]
    if summary.rules:
        most = ", ".join(f"{firing.name} {n}" for firing, n in _most_rules(summary))
        lines.append(say("report-most-fired", lang, rules=most))
    if summary.asks:
        most = ", ".join(f"{labels.get(id_, id_)} {n}" for id_, n in summary.asks.most_common(_MOST))
        lines.append(say("report-most-asked", lang, terms=most))
    lines.append(say("report-took", lang, seconds=f"{summary.seconds:.1f}"))
    return "\n".join(lines)


def summary_json(summary: Summary, labels: Mapping[str, str], rulebook: Rulebook) -> str:
    """The same as one line of JSON, with the rulebook that decided, which whoever has its workbook can prove."""
    from rulectl.codec.hashing import content_hash  # late: it brings the encoder, which people do without

    return dumps(
        {
            "rulebook": {"id": rulebook.id, "version": rulebook.version, "hash": content_hash(rulebook)},
            "rows": summary.rows,
            "rejected": summary.rejected,
            "status": {status.value: summary.statuses[status] for status in Status},
            "rules": {firing.name: n for firing, n in _most_rules(summary)},
            "asks": {labels.get(id_, id_): n for id_, n in summary.asks.most_common(_MOST)},
            "findings": dict(summary.findings),
            "seconds": round(summary.seconds, 3),
        }
    )


def _most_rules(summary: Summary) -> list[tuple[Firing, int]]:
    return summary.rules.most_common(_MOST)


def _sorted(counts: Counter[T], place: Callable[[T], Any]) -> Counter[T]:
    """The same counts, in the order of their places."""
    return Counter({thing: counts[thing] for thing in sorted(counts, key=place)})
