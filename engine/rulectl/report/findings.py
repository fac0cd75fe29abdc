"""Findings as people and programs read them: text with the part underlined, or JSON lines.

The form of the text is that of compilers (file, place, severity, code, sentence; the source with the culprit
underlined; help; notes), so that editors and people who know one know this one. Underlining counts display columns: a
Chinese character takes two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rulectl.codes import Language, Severity, say
from rulectl.diagnostics import Finding
from rulectl.report.jsontext import dumps
from rulectl.source import Cell, CellRange, ElementPlace, FilePlace, Location, OptionPlace, Place, RowPlace

_WIDEST = 96
_UNSEEN = str.maketrans({**{chr(n): "·" for n in range(32)}, "\t": " ", "\u3000": "  ", "\u00a0": " "})


def place_text(place: Place, lang: Language) -> str:
    """`after_sales.xlsx 责任判定!C7`, `cases.csv 第 18 行（表格里第 19 行） 订单号`."""
    match place:
        case RowPlace(row=0):
            where = say("report-headings", lang) + (f" {place.field}" if place.field else "")
        case RowPlace():
            where = _row(place, lang) + (f" {place.field}" if place.field else "")
        case Cell() | CellRange() | OptionPlace() | FilePlace() | ElementPlace():
            where = str(place)
    return " ".join(part for part in (place.file, where) if part)


def _row(place: RowPlace, lang: Language) -> str:
    """Rows count from below the headings; a spreadsheet counts these too."""
    from rulectl.cases.formats import in_sheets  # late: most findings are about cells

    if in_sheets(place.file):
        return say("report-row-of-sheet", lang, row=place.row, shown=place.row + 1)
    return say("report-row", lang, row=place.row)


def width(text: str) -> int:
    """Columns that a text takes on a screen."""
    from wcwidth import wcswidth  # late: most runs have nothing to underline

    return max(wcswidth(text), 0)


def quoted(at: Location) -> tuple[str, str]:
    """The line of the source that is meant and the line that underlines the part; blank when there is no text."""
    if not at.text.strip():
        return "", ""
    span = at.span
    start, end = (0, 0) if span is None else (min(span.start, len(at.text)), min(span.end, len(at.text)))
    first = at.text.rfind("\n", 0, start) + 1
    last = at.text.find("\n", first)
    line = at.text[first : last if last >= 0 else len(at.text)].rstrip("\r")
    start, end = start - first, min(max(end, start + 1) - first, max(len(line), start - first + 1))
    if len(line) > _WIDEST:
        cut = max(0, min(start - _WIDEST // 3, len(line) - _WIDEST))
        head = "…" if cut else ""
        tail = "…" if cut + _WIDEST < len(line) else ""
        line = head + line[cut : cut + _WIDEST] + tail
        start, end = start - cut + len(head), min(end - cut + len(head), len(line))
    shown = line.translate(_UNSEEN)
    if span is None:
        return shown, ""
    before, part = line[:start].translate(_UNSEEN), line[start:end].translate(_UNSEEN)
    return shown, " " * width(before) + "^" * max(width(part), 1)


def finding_text(found: Finding, lang: Language) -> str:
    """One finding over a few lines, without a line end."""
    where = place_text(found.at.place, lang)
    kind = say(f"report-severity-{found.severity.value}", lang)
    lines = [f"{where + ': ' if where else ''}{kind} {found.code} {found.slug}: {found.message(lang)}"]
    source, underline = quoted(found.at)
    lines += [f"    {line}" for line in (source, underline) if line]
    if found.case:
        lines.append("  " + example_text(found, lang))
    if help_ := found.help(lang):
        lines.append("  " + say("report-help", lang) + help_)
    for note in found.notes:
        lines.append(f"  {say('report-note', lang)}{place_text(note.at.place, lang)}: {say(note.key, lang)}")
    return "\n".join(lines)


def example_text(found: Finding, lang: Language) -> str:
    """The case that shows a finding: `for example: 天数=3, 急件=yes`."""
    return say("report-witness", lang) + ", ".join(f"{name}={value}" for name, value in found.example(lang).items())


def finding_json(found: Finding, lang: Language) -> str:
    """One finding as one line of JSON (the form stands in schema/finding.schema.json)."""
    return dumps(finding_fields(found, lang))


def finding_fields(found: Finding, lang: Language) -> dict[str, object]:
    """The fields of a finding; those that say nothing of this one are left out, but for the usual ones."""
    places = [found.at.place, *(note.at.place for note in found.notes)]
    fields: dict[str, object] = {"code": found.code, "slug": found.slug, "severity": found.severity.value}
    if found.verdict:
        fields["verdict"] = found.verdict
    fields |= {
        "table": found.table,
        "rules": list(found.rules),
        "cells": [str(place) for place in places if isinstance(place, Cell | CellRange)],
        "message": found.message(lang),
        "help": found.help(lang),
    }
    if found.case:
        fields["case"] = found.example("zh")  # as a case file of a program has it, whatever the language
    if found.verdict == "undecided" and found.notes:
        fields["why"] = say(found.notes[0].key, lang)
    if found.accepted:
        fields["accepted"] = found.accepted
    place = found.at.place
    if place.file:
        fields["file"] = place.file
    if isinstance(place, RowPlace):
        fields["row"] = place.row
        fields["field"] = place.field
    elif isinstance(place, OptionPlace):
        fields["field"] = place.name
    elif isinstance(place, ElementPlace):
        fields["element"] = str(place)
    if found.at.text:
        fields["text"] = found.at.text
    if found.at.span is not None:
        fields["span"] = [found.at.span.start, found.at.span.end]
    return fields


def counts_text(findings: Iterable[Finding], lang: Language) -> str:
    """`2 errors, 1 notice`; what there is none of is left out."""
    counts = Counter(found.severity for found in findings)
    parts = [say(f"report-count-{s.value}", lang, n=counts[s]) for s in Severity if counts[s]]
    return say("report-comma", lang).join(parts) if parts else say("report-no-findings", lang)
