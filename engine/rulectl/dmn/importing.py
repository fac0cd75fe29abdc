"""A DMN model as the sheets of a workbook, judged by the compiler itself before anyone opens it.

What could not be carried stands in the workbook as its author wrote it, behind `:=`, so that it cannot pass for
something else: the workbook does not compile until a person has written that cell. Each such place is a finding that
names the element of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rulectl.codes import Language
from rulectl.compiler import Compiled, compile_drafts
from rulectl.diagnostics import Finding, finding, has_errors, listed
from rulectl.dmn.modelling import build
from rulectl.dmn.reading import read_model
from rulectl.dmn.workbook import Sheets, sheets_of
from rulectl.model.draft import Draft
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.blocks import Grid, read_grid
from rulectl.source import Cell, ElementPlace, FilePlace, Location


@dataclass(frozen=True, slots=True)
class Imported:
    """The sheets, none where the file is no model; the rulebook, None where something could not be carried; every
    finding; the name of the term that each input and result of the model became, by its path (`("loan", "rate")`); how
    many terms, tables and rules there are."""

    grids: tuple[Grid, ...]
    rulebook: Rulebook | None
    findings: tuple[Finding, ...]
    places: Mapping[tuple[str, ...], str]
    counts: Mapping[str, int]


def import_model(data: bytes, file: str, lang: Language = "zh", target: str = "") -> Imported:
    """Read a model; `target` is the name of the workbook-to-be, as findings quote it."""
    model, found = read_model(data, file)
    if model is None:
        return Imported((), None, found, {}, {})
    findings = list(found)
    building = build(model, findings)
    if model.left_out:
        findings.append(finding("dmn-left-out", FilePlace(file), file=file, listed=listed(model.left_out)))
    sheets = sheets_of(building, lang)
    target = target or file
    compiled = _compiled(sheets, target)
    findings += _judged(compiled, sheets, findings, building.spoilt)
    rulebook = None if has_errors(findings) else compiled.rulebook
    counts = {
        "terms": sum(term.used for term in building.coin.terms.values()),
        "tables": len(building.tables),
        "rules": sum(len(table.rows) for table in building.tables),
    }
    return Imported(sheets.grids(), rulebook, tuple(_once(findings)), dict(building.coin.places), counts)


def _compiled(sheets: Sheets, target: str) -> Compiled:
    read = [read_grid(grid, target) for grid in sheets.grids()]
    blocks = tuple(block for found, _ in read for block in found)
    return compile_drafts((Draft(target, blocks, tuple(f for _, odd in read for f in odd)),))


def _judged(compiled: Compiled, sheets: Sheets, told: list[Finding], spoilt: set[str]) -> Iterator[Finding]:
    """The compiler's errors at the elements that they come from, but for elements of which it is told already, and
    cells that speak of a term which could not be carried."""
    blamed = {f.at.place for f in told if f.severity.value == "error"}
    for found in compiled.findings:
        place = found.at.place
        if found.severity.value != "error":
            continue
        origin = sheets.origins.get((place.sheet, place.row, place.column)) if isinstance(place, Cell) else None
        if origin is None:
            yield found
        elif origin.at not in blamed and not any(name in found.at.text for name in spoilt):
            yield replace(found, at=Location(origin.at, origin.text or found.at.text))


def _once(findings: list[Finding]) -> Iterator[Finding]:
    """Each finding once, those of one element together, in the order of the model."""
    order: dict[tuple[str, ...], int] = {}
    for found in findings:
        place = found.at.place
        order.setdefault(place.path[:1] if isinstance(place, ElementPlace) else (), len(order))
    seen: set[tuple[object, ...]] = set()

    def key(found: Finding) -> int:
        place = found.at.place
        return order[place.path[:1] if isinstance(place, ElementPlace) else ()]

    for found in sorted(findings, key=key):
        said = (found.slug, found.at, found.fields)
        if said not in seen:
            seen.add(said)
            yield found
