"""What a check of a rulebook came to, for people: the sum first, then what is to be mended table by table, then what is
worth knowing, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rulectl.codes import Language, Severity, say
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook
from rulectl.report.findings import finding_text, place_text

if TYPE_CHECKING:  # the checks take longer to load than the words for them
    from rulectl.analysis.suggest import Suggestion


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is wrong with a rulebook and what could be proved of it: what compiling found, then the verdicts of the
    checks. `rulebook` is None where compiling found errors; then nothing was checked. `changes`, where the check was
    asked to compare with an earlier rulebook: what changed, and what else that touches."""

    rulebook: Rulebook | None
    compiled: tuple[Finding, ...]
    verdicts: tuple[Finding, ...]
    path: Path | None = None
    sources: tuple[Path, ...] = ()
    changes: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong, worth knowing or not settled; what was proved is left out."""
        told = (*self.verdicts, *self.changes)
        return (*self.compiled, *(found for found in told if found.verdict != "proved"))

    @property
    def proved(self) -> tuple[Finding, ...]:
        """What was proved, a finding for each check and table."""
        return tuple(found for found in self.verdicts if found.verdict == "proved")

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend: no error and no warning but accepted ones."""
        return not any(f.severity is not Severity.NOTICE and not f.accepted for f in self.findings)


def check_text(findings: Sequence[Finding], lang: Language) -> str:
    """The analysis of a rulebook as text, without a line end."""
    found = [f for f in findings if f.verdict == "counterexample"]
    mend = [f for f in found if f.severity is not Severity.NOTICE and not f.accepted]
    know = [f for f in found if f.severity is Severity.NOTICE and not f.accepted]
    open_ = [f for f in findings if f.verdict == "undecided" and not f.accepted]
    accepted = [f for f in findings if f.accepted]
    proved = sum(f.verdict == "proved" for f in findings)
    parts = [
        say(f"report-check-{key}", lang, n=n)
        for key, n in (
            ("proved", proved),
            ("mend", len(mend)),
            ("know", len(know)),
            ("open", len(open_)),
            ("accepted", len(accepted)),
        )
        if n
    ]
    lines = [say("report-check-sum", lang, n=len(findings), parts=say("report-comma", lang).join(parts))]
    for table, of_table in _by_table(mend):
        lines += ["", say("report-check-table", lang, table=table) if table else say("report-check-book", lang)]
        lines += [finding_text(f, lang) for f in of_table]
    for key, group in (("know", know), ("open", open_), ("accepted", accepted)):
        if group:
            lines += ["", say(f"report-check-{key}-heading", lang)]
            lines += [_line(f, lang) for _, of_table in _by_table(group) for f in of_table]
    held = [dict(f.fields)["name"] for f in findings if (f.slug, f.verdict) == ("policy-violated", "proved")]
    if held:
        lines += ["", say("report-check-policies", lang, policies=say("report-list-comma", lang).join(held))]
    return "\n".join(lines)


def _by_table(findings: Iterable[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    """Findings by their table, tables in the order in which they first come up."""
    groups: dict[str, list[Finding]] = {}
    for found in findings:
        groups.setdefault(found.table, []).append(found)
    return groups.items()


def _line(found: Finding, lang: Language) -> str:
    """One line: the place, the code, the sentence, and why it is open or was accepted."""
    why = found.accepted
    if not why and found.verdict == "undecided" and found.notes:
        note = found.notes[0]
        why = f"{place_text(note.at.place, lang)}: {say(note.key, lang)}"
    text = f"  {found.code} {place_text(found.at.place, lang)}: {found.message(lang)}"
    return f"{text} ({why})" if why else text


def suggestion_text(found: Suggestion, lang: Language, untested: bool = False) -> str:
    """What suggested tests reach, and that a person has to look at them."""
    fired = found.rules - len(found.unreached)
    sides = found.sides + len(found.unreached_sides)
    lines = [
        say(
            "report-suggested",
            lang,
            tests=len(found.tests),
            fired=fired,
            rules=found.rules,
            stood=found.sides,
            sides=sides,
        )
    ]
    if found.own_rules:
        key = "report-suggested-rest" if untested else "report-suggested-own"
        lines.append(say(key, lang, rules=found.own_rules, sides=found.own_sides))
    comma = say("report-comma", lang)
    if found.unreached:
        rules = comma.join(f"{table.name}/{rule}" for table, rule in found.unreached)
        lines.append(say("report-suggested-unreached", lang, rules=rules))
    if found.unreached_sides:
        named = comma.join(f"{table.name}/{side}" for table, side in found.unreached_sides)
        lines.append(say("report-suggested-sides", lang, sides=named))
    if found.cut_short:
        lines.append(say("note-out-of-time", lang))
    lines.append(say("report-suggested-look", lang))
    return "\n".join(lines)
