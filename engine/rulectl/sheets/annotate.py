"""A copy of the manager's own workbook with every finding at its cell, and a first sheet that lists them.

Everything that is in the workbook stays: cells get a fill and a comment, one sheet comes in front, and the rest of the
package is copied as it is. The workbook itself is not touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from rulectl.codes import Language, Severity, say
from rulectl.diagnostics import Finding, finding
from rulectl.model import words
from rulectl.sheets import looks
from rulectl.sheets.graft import Element, Package, child, children, grown, make, namespace, put
from rulectl.sheets.notes import At, add_comments
from rulectl.sheets.package import UnreadableError, refusal
from rulectl.sheets.styles import Look, Styles
from rulectl.sheets.writer import free_name
from rulectl.source import Cell, CellRange, FilePlace

FILLS = {Severity.ERROR: "FFC7CE", Severity.WARNING: "FFE8A3", Severity.NOTICE: "DCE9F7"}

_FILLED = 500
"""How many cells of one range are filled; beyond it, the first only."""

_COLUMNS = (("severity", 9.0), ("code", 9.0), ("place", 22.0), ("text", 26.0), ("message", 60.0), ("help", 60.0))
_AFTER_NAMES = ("calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "webPublishing", "fileRecoveryPr", "extLst")
"""What follows the names in a workbook part (ECMA-376 part 1, 18.2.27)."""
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


def annotate(source: Path, findings: Sequence[Finding], target: Path, lang: Language) -> tuple[Finding, ...]:
    """Write a copy of `source` with its findings to `target`; why not, as findings, when it cannot be copied."""
    refused = refusal(source)
    if refused is not None:
        return (refused,)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with Package(source) as package:
            styles = Styles(package)
            sheets = _sheets(package)
            for name, part in sheets.items():
                here = [found for found in findings if _sheet_of(found, source.name) == name]
                _mark(package, part, here, styles, lang)
            _list(package, findings, source.name, list(sheets), styles, lang)
            package.save(beside)
        beside.replace(target)
    except UnreadableError:
        return (finding("cannot-annotate", FilePlace(source.name), file=source.name),)
    finally:
        beside.unlink(missing_ok=True)
    return ()


def _sheets(package: Package) -> dict[str, str]:
    """The worksheets of a workbook: name -> part."""
    links = {link.id: link for link in package.links(package.workbook)}
    pages = child(package.tree(package.workbook), "sheets")
    found: dict[str, str] = {}
    for page in () if pages is None else children(pages, "sheet"):
        link = links.get(page.get(f"{{{package.relations}}}id", ""))
        if link is not None and link.kind == "worksheet":
            found[page.get("name", "")] = link.target
    return found


def _place(found: Finding, file: str) -> Cell | CellRange | None:
    """Where in this workbook a finding stands, None when it stands elsewhere."""
    place = found.at.place
    return place if isinstance(place, Cell | CellRange) and place.file == file else None


def _sheet_of(found: Finding, file: str) -> str | None:
    place = _place(found, file)
    return None if place is None else place.sheet if isinstance(place, Cell) else place.first.sheet


def _cells(place: Cell | CellRange, merged: Sequence[tuple[int, int, int, int]]) -> Iterator[At]:
    """The cells of a place that can carry something: of a merged range, its first."""
    first, last = (place, place) if isinstance(place, Cell) else (place.first, place.last)
    if (last.row - first.row + 1) * (last.column - first.column + 1) > _FILLED:
        last = first
    for row in range(first.row, last.row + 1):
        for column in range(first.column, last.column + 1):
            over = next((m for m in merged if m[0] <= column <= m[2] and m[1] <= row <= m[3]), None)
            yield At(row, column) if over is None else At(over[1], over[0])


def _mark(package: Package, part: str, findings: Sequence[Finding], styles: Styles, lang: Language) -> None:
    """Fill the cells of a sheet's findings and say each in a comment on its first cell; the gravest comes first."""
    sheet = package.tree(part)
    for view in sheet.iter("{*}sheetView"):
        if view.get("tabSelected") is not None:
            view.set("tabSelected", "0")
    if not findings:
        return
    merges = child(sheet, "mergeCells")
    merged = [_bounds(one.get("ref", "A1")) for one in (() if merges is None else merges)]
    fills: dict[At, Severity] = {}
    said: dict[At, list[str]] = {}
    for found in sorted(findings, key=lambda f: _grade(f).rank):
        place = found.at.place
        assert isinstance(place, Cell | CellRange)
        cells = list(dict.fromkeys(_cells(place, merged)))
        for at in cells:
            fills.setdefault(at, _grade(found))
        said.setdefault(cells[0], []).append(_said(found, lang))
    for at, cell in _found(sheet, sorted(fills)):
        cell.set("s", str(styles.filled(int(cell.get("s", "0")), FILLS[fills[at]])))
    add_comments(package, part, sheet, {at: "\n\n".join(texts) for at, texts in said.items()})


def _bounds(area: str) -> tuple[int, int, int, int]:
    """`B4:C6` as first column, first row, last column, last row."""
    (left, top), (right, bottom) = (coordinate_from_string(end) for end in (area.split(":") * 2)[:2])
    return column_index_from_string(left), top, column_index_from_string(right), bottom


def _found(sheet: Element, wanted: Sequence[At]) -> Iterator[tuple[At, Element]]:
    """The elements of cells, in order; made where the sheet has none, for a cell may be blank."""
    data = child(sheet, "sheetData")
    if data is None:
        raise UnreadableError("damaged-workbook", "sheetData")
    rows: dict[int, Element] = {}
    last = 0
    for row in children(data, "row"):
        # programs may leave out the numbers of rows and cells that follow one another
        last = int(row.get("r", last + 1))
        rows[last] = row
    numbers = sorted(rows)
    for at in wanted:
        if at.row not in rows:
            new = make(data, "row", r=str(at.row))
            following = next((n for n in numbers if n > at.row), None)
            data.insert(len(data) if following is None else list(data).index(rows[following]), new)
            rows[at.row] = new
            numbers = sorted(rows)
        yield at, _cell(rows[at.row], at)


def _cell(row: Element, at: At) -> Element:
    column = 0
    for n, cell in enumerate(row):
        named = cell.get("r")
        column = column_index_from_string(coordinate_from_string(named)[0]) if named else column + 1
        if column == at.column:
            return cell
        if column > at.column:
            new = make(row, "c", r=at.a1)
            row.insert(n, new)
            return new
    return grown(row, "c", r=at.a1)


def _said(found: Finding, lang: Language) -> str:
    severity = words.word("severity", _grade(found).value, lang)
    help_ = _advice(found, lang)
    return f"{severity} {found.code}: {_sentence(found, lang)}" + (f"\n→ {help_}" if help_ else "")


def _grade(found: Finding) -> Severity:
    """How grave a finding is; what was accepted is worth knowing and no more."""
    return Severity.NOTICE if found.accepted else found.severity


def _sentence(found: Finding, lang: Language) -> str:
    """What is wrong, with the case that shows it; of what is not settled, why."""
    lines = [found.message(lang)]
    if found.case:
        lines.append(say("report-witness", lang) + ", ".join(map("=".join, found.example(lang).items())))
    if found.verdict == "undecided":
        lines += [say(note.key, lang) for note in found.notes[:1]]
    return "\n".join(lines)


def _advice(found: Finding, lang: Language) -> str:
    """What to write instead, or why nothing need be written."""
    return say("annotate-accepted", lang, reason=found.accepted) if found.accepted else found.help(lang)


# -- the sheet in front ------------------------------------------------------------------------------------------


def _list(
    package: Package, findings: Sequence[Finding], file: str, taken: list[str], styles: Styles, lang: Language
) -> None:
    """The sheet in front: one finding a row, its place a link to the cell."""
    workbook = package.tree(package.workbook)
    rows, links = _rows(findings, file, styles, lang)
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, (_, width) in enumerate(_COLUMNS, 1)
    )
    content = (
        f'<worksheet xmlns="{namespace(workbook)}"><sheetPr><tabColor rgb="FF{"C0392B" if findings else "2E7D32"}"/>'
        '<pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="3" topLeftCell="A4" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>{rows}</sheetData>'
        + (f"<hyperlinks>{links}</hyperlinks>" if links else "")
        + '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    )
    part = package.add("xl/worksheets/sheetNote{}.xml", content.encode(), _SHEET)
    _put_first(package, workbook, part, free_name(say("annotate-sheet", lang), taken))


def _put_first(package: Package, workbook: Element, part: str, name: str) -> None:
    """Put a sheet in front of the others; what counts sheets from the first counts one more."""
    pages = child(workbook, "sheets")
    assert pages is not None
    number = max((int(page.get("sheetId", "0")) for page in pages), default=0) + 1
    page = make(pages, "sheet", name=name, sheetId=str(number))
    page.set(f"{{{package.relations}}}id", package.link(package.workbook, "worksheet", part))
    pages.insert(0, page)
    for named in workbook.iter("{*}definedName"):
        if named.get("localSheetId") is not None:
            named.set("localSheetId", str(int(named.get("localSheetId")) + 1))
    names = child(workbook, "definedNames")
    if names is None:
        names = make(workbook, "definedNames")
        put(workbook, names, _AFTER_NAMES)
    titles = make(names, "definedName", name="_xlnm.Print_Titles", localSheetId="0")
    titles.text = f"{quote_sheetname(name)}!$1:$3"
    names.insert(0, titles)
    for view in workbook.iter("{*}workbookView"):
        view.set("activeTab", "0")
        view.set("firstSheet", "0")


def _rows(findings: Sequence[Finding], file: str, styles: Styles, lang: Language) -> tuple[str, str]:
    """The rows of the list and the links in them, as XML."""
    font = looks.FONTS[lang]
    body, link = styles.of(Look(font)), styles.of(Look(font, colour="1155CC"))
    heading = styles.of(Look(font, bold=True, colour="FFFFFF", fill="37474F"))
    title = styles.of(Look(font, size=11, bold=True, bordered=False))
    count = {severity: sum(_grade(f) is severity for f in findings) for severity in Severity}
    about = say(
        "annotate-about",
        lang,
        file=file,
        errors=count[Severity.ERROR],
        warnings=count[Severity.WARNING],
        notices=count[Severity.NOTICE],
    )
    rows = [_row(1, [(about, title)]), _row(3, [(say(f"annotate-{key}", lang), heading) for key, _ in _COLUMNS])]
    links: list[str] = []
    for row, found in enumerate(sorted(findings, key=lambda f: _grade(f).rank), 4):
        place = _place(found, file)
        shown = f"{found.at.place.file} {found.at.place}".strip() if place is None else str(place)
        texts = (
            words.word("severity", _grade(found).value, lang),
            found.code,
            shown,
            found.at.text,
            _sentence(found, lang),
            _advice(found, lang),
        )
        severity = styles.of(Look(font, fill=FILLS[_grade(found)]))
        formats = (severity, body, body if place is None else link, body, body, body)
        rows.append(_row(row, zip(texts, formats, strict=True), looks.row_height(_measured(texts))))
        if place is not None:
            at = place if isinstance(place, Cell) else place.first
            area = at.a1 if isinstance(place, Cell) else f"{place.first.a1}:{place.last.a1}"
            location = quoteattr(f"{quote_sheetname(at.sheet)}!{area}")
            links.append(f'<hyperlink ref="C{row}" location={location}/>')
    return "".join(rows), "".join(links)


def _row(number: int, cells: Iterable[tuple[str, int]], height: float | None = None) -> str:
    tall = "" if height is None else f' ht="{height}" customHeight="1"'
    written = "".join(
        f'<c r="{get_column_letter(n)}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
        f"{_safe(text)}</t></is></c>"
        for n, (text, style) in enumerate(cells, 1)
    )
    return f'<row r="{number}"{tall}>{written}</row>'


def _safe(text: str) -> str:
    """A text as XML can hold it: characters that it cannot are left out."""
    return escape("".join(char for char in text if char in "\t\n" or (char >= " " and char not in "\ufffe\uffff")))


def _measured(texts: Iterable[str]) -> Iterator[tuple[str, float]]:
    return zip(texts, (width for _, width in _COLUMNS), strict=True)
