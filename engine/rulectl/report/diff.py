"""Two rulebooks compared, for people: the sum first, then part by part and table by table, the tests, the cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rulectl.codes import Language, say
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook
from rulectl.report.findings import example_text, place_text
from rulectl.source import Cell, Place

if TYPE_CHECKING:  # data frames take longer to load than most comparisons
    from rulectl.compare.decisions import Cases

_TESTS = 12
"""How many tests that come out otherwise are listed; JSON has all."""

_ASIDE = ("notes-changed", "tests-edited")
"""What decides nothing."""

_PARTS = ("part-added", "part-removed", "part-changed")


@dataclass(frozen=True, slots=True)
class DiffReport:
    """What changed from one rulebook to another, as findings. `cases`, where a file of cases was decided by both: how
    many rows there are, how many differ, and a finding for each conclusion that does."""

    old: Rulebook
    new: Rulebook
    changes: tuple[Finding, ...]
    cases: Cases | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is told, of the cases too."""
        return (*self.changes, *(self.cases.findings if self.cases is not None else ()))

    @property
    def same(self) -> bool:
        """Whether nothing differs but notes and ways of writing."""
        telling = (found for found in self.changes if found.slug not in _ASIDE and found.verdict != "proved")
        return not any(telling) and (self.cases is None or not self.cases.differing)


def diff_text(findings: Sequence[Finding], cases: Cases | None, lang: Language) -> str:
    """A comparison as text, without a line end."""
    lines = [_sum(findings, lang), *changes_lines(findings, lang)]
    if cases is not None:
        key = "report-diff-cases-heading" if cases.differing else "report-diff-cases-same"
        lines += ["", say(key, lang, rows=cases.rows, differ=cases.differing)]
        lines += [f"  {found.message(lang)}" for found in cases.findings]
    return "\n".join(lines)


def changes_lines(findings: Sequence[Finding], lang: Language) -> Iterator[str]:
    """The findings under their headings."""
    whole = [found for found in findings if not found.table and found.slug in _PARTS]
    tests = [found for found in findings if found.slug == "test-changed"]
    rest = [found for found in findings if not found.table and found.slug not in (*_PARTS, "test-changed")]
    if whole:
        yield from ("", say("report-diff-book", lang), *_each(whole, lang))
    tables = dict.fromkeys(found.table for found in findings if found.table)
    for table in tables:
        own = [found for found in findings if found.table == table]
        yield from ("", say("report-diff-table", lang, table=table), *_each(own, lang))
    if tests:
        yield from ("", say("report-diff-tests-heading", lang), *_each(tests[:_TESTS], lang))
        if len(tests) > _TESTS:
            yield "  " + say("report-diff-tests-more", lang, n=len(tests) - _TESTS)
    if rest:
        yield from ("", *_each(rest, lang))


def _sum(findings: Sequence[Finding], lang: Language) -> str:
    """How much changed, in one sentence."""
    counts = (
        ("added", sum(found.slug == "part-added" for found in findings)),
        ("removed", sum(found.slug == "part-removed" for found in findings)),
        ("changed", sum(found.slug == "part-changed" for found in findings)),
        ("answers", sum(found.slug == "answer-changed" and found.verdict == "counterexample" for found in findings)),
        ("tests", sum(found.slug == "test-changed" for found in findings)),
    )
    parts = [say(f"report-diff-{key}", lang, n=n) for key, n in counts if n]
    if not parts:
        return say("report-diff-same", lang)
    return say("report-diff-sum", lang, parts=say("report-comma", lang).join(parts))


def _each(findings: Iterable[Finding], lang: Language) -> Iterator[str]:
    """A finding over a few lines: where and what, the case that shows it, the other cells of each kind on one line."""
    for found in findings:
        place = place_text(found.at.place, lang)
        yield f"  {place + ': ' if place else ''}{found.message(lang)}"
        if found.case:
            yield "    " + example_text(found, lang)
        for key in dict.fromkeys(note.key for note in found.notes):
            places = [note.at.place for note in found.notes if note.key == key]
            cells = [place for place in places if isinstance(place, Cell)]
            listed = _listed(cells, lang) if len(cells) == len(places) else _joined(places, lang)
            yield f"    {say(key, lang)}{say('report-colon', lang)}{listed}"


def _joined(places: Iterable[Place], lang: Language) -> str:
    return say("report-list-comma", lang).join(place_text(place, lang) for place in places)


def _listed(cells: Sequence[Cell], lang: Language) -> str:
    """Cells by file and sheet: `after_sales.xlsx 补偿金额!D5 D6 F16`."""
    sheets: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        sheets.setdefault((cell.file, cell.sheet), []).append(cell.a1)
    parts = [f"{file} {sheet}!{' '.join(own)}" for (file, sheet), own in sheets.items()]
    return say("report-list-comma", lang).join(parts)
