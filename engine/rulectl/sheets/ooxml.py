"""The raw cells of a workbook, in one pass a sheet.

Why not openpyxl here: it builds an object for every styled cell (a manager's sheet has a million empty ones), fails
whole on a style sheet that other programs wrote badly, and is slower than reading can be allowed to be. SpreadsheetML
(ECMA-376 part 1, section 18) is read straight by expat, by local names, so that "strict" files work too.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rulectl.sheets.package import UnreadableError, links_of, parse
from rulectl.source import column_number

MAX_CELLS = 4_000_000

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_ELSEWHERE = re.compile(r"(?<![\w.])\[[0-9]+\]")
"""How a formula names another workbook; `Table1[1]` is a column of a table."""
_INVISIBLE = str.maketrans({"\u00a0": " ", "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None})


@dataclass(slots=True)
class RawCell:
    """A cell as the file has it: `type` is SpreadsheetML's (n, s, str, inlineStr, b, e, d), `text` the stored value,
    `linked` whether its formula looks into another workbook."""

    type: str
    style: int
    text: str | None
    formula: bool = False
    linked: bool = False
    struck: bool = False
    half_struck: bool = False


@dataclass(slots=True)
class RawSheet:
    """The cells of a sheet by row and column that hold anything, and what the sheet says about rows and columns."""

    name: str
    hidden: bool = False
    rows: dict[int, dict[int, RawCell]] = field(default_factory=dict)
    merges: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Styles:
    """By cell format (`s`): the number format's id, and whether the font is struck through; custom formats by id."""

    formats: list[int] = field(default_factory=list)
    struck: list[bool] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Shared:
    """A shared string: its text, cleaned, and whether all of it or a part is struck through."""

    text: str
    struck: bool
    half_struck: bool


@dataclass(slots=True)
class RawBook:
    """A workbook as the file has it; `others` are the kinds of content in it that are never looked at."""

    sheets: list[RawSheet]
    styles: Styles
    shared: list[Shared]
    date1904: bool
    others: frozenset[str] = frozenset()


def read_package(path: Path) -> RawBook:
    """All sheets of a workbook that `refusal` let through. Raises UnreadableError."""
    with zipfile.ZipFile(path) as package:
        main = next((t for t, kind in links_of(package, "").values() if kind == "officeDocument"), "xl/workbook.xml")
        links = links_of(package, main)
        listed, date1904 = _workbook(package, main)
        by_kind = {kind: target for target, kind in links.values()}
        shared = _shared(package, by_kind["sharedStrings"]) if "sharedStrings" in by_kind else []
        styles = _styles(package, by_kind["styles"]) if "styles" in by_kind else Styles()
        sheets = []
        for name, link, hidden in listed:
            target, kind = links.get(link, ("", ""))
            if kind == "worksheet":  # chart and dialog sheets hold no cells
                sheets.append(_sheet(package, target, RawSheet(name, hidden)))
        return RawBook(sheets, styles, shared, date1904, _others(package))


def _others(package: zipfile.ZipFile) -> frozenset[str]:
    """Kinds of content that could do something, and are left alone: `macros`, `embedded` files, `controls`."""
    parts = [name.lower() for name in package.namelist()]
    kinds = {
        "macros": any(part.endswith("vbaproject.bin") or part.startswith("xl/macrosheets/") for part in parts),
        "embedded": any(part.startswith("xl/embeddings/") for part in parts),
        "controls": any(part.startswith(("xl/activex/", "xl/ctrlprops/")) for part in parts),
    }
    return frozenset(kind for kind, there in kinds.items() if there)


def _workbook(package: zipfile.ZipFile, part: str) -> tuple[list[tuple[str, str, bool]], bool]:
    """The sheets (name, relation, hidden) in order, and whether dates count from 1904."""
    sheets: list[tuple[str, str, bool]] = []
    dates: list[bool] = [False]

    def start(tag: str, a: Mapping[str, str]) -> None:
        if tag == "sheet":
            link = next((value for key, value in a.items() if key.endswith(":id")), "")
            sheets.append((a.get("name", ""), link, a.get("state", "visible") != "visible"))
        elif tag == "workbookPr":
            dates[0] = a.get("date1904", "0") in ("1", "true", "on")

    parse(package, part, start)
    return sheets, dates[0]


def _on(attributes: Mapping[str, str]) -> bool:
    return attributes.get("val", "1") not in ("0", "false", "off")


def _hidden(attributes: Mapping[str, str]) -> bool:
    return attributes.get("hidden") in ("1", "true", "on")


def clean(text: str) -> str:
    """Text without outer spaces, zero-width characters and Excel's `_x000D_`; line ends are `\\n`, spaces plain."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), text)
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


class _RichText:
    """Collects the text of `<si>` or `<is>`: runs joined, phonetic hints left out, struck when every run is."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.struck_runs: list[bool] = []
        self.phonetic = self.run_struck = self.in_run = self.in_text = False

    def start(self, tag: str, a: Mapping[str, str]) -> None:
        if tag == "t":
            self.in_text = not self.phonetic
        elif tag == "rPh":
            self.phonetic = True
        elif tag == "r":
            self.in_run, self.run_struck = True, False
        elif tag == "strike" and self.in_run:
            self.run_struck = _on(a)

    def end(self, tag: str) -> None:
        if tag == "t":
            if self.in_text:
                self.struck_runs.append(self.run_struck and self.in_run)
            self.in_text = False
        elif tag == "rPh":
            self.phonetic = False
        elif tag == "r":
            self.in_run = False

    def text(self, data: str) -> None:
        if self.in_text:
            self.parts.append(data)

    def struck(self) -> tuple[bool, bool]:
        """Whether all of it, and whether a part alone, is struck through."""
        struck = any(self.struck_runs)
        whole = struck and all(self.struck_runs)
        return whole, struck and not whole


def _shared(package: zipfile.ZipFile, part: str) -> list[Shared]:
    found: list[Shared] = []
    rich = _RichText()

    def start(tag: str, a: Mapping[str, str]) -> None:
        nonlocal rich
        if tag == "si":
            rich = _RichText()
        else:
            rich.start(tag, a)

    def end(tag: str) -> None:
        if tag == "si":
            found.append(Shared(clean("".join(rich.parts)), *rich.struck()))
        else:
            rich.end(tag)

    parse(package, part, start, end, lambda data: rich.text(data))
    return found


def _styles(package: zipfile.ZipFile, part: str) -> Styles:
    """Number formats and struck fonts; a style sheet that cannot be read is as good as none."""
    found = Styles()
    fonts: list[bool] = []
    path: list[str] = []

    def start(tag: str, a: Mapping[str, str]) -> None:
        inside = path[-1] if path else ""
        if tag == "numFmt" and inside == "numFmts":
            found.codes[int(a.get("numFmtId", "0"))] = a.get("formatCode", "")
        elif tag == "font" and inside == "fonts":
            fonts.append(False)
        elif tag == "strike" and path[-2:] == ["fonts", "font"]:
            fonts[-1] = _on(a)
        elif tag == "xf" and inside == "cellXfs":
            found.formats.append(int(a.get("numFmtId", "0")))
            font = int(a.get("fontId", "0"))
            found.struck.append(0 <= font < len(fonts) and fonts[font])
        path.append(tag)

    def end(_: str) -> None:
        path.pop()

    try:
        parse(package, part, start, end)
    except UnreadableError:
        return Styles()
    return found


def _sheet(package: zipfile.ZipFile, part: str, sheet: RawSheet) -> RawSheet:
    """Fill a sheet with the cells that hold something."""
    cells = _Cells(sheet)
    parse(package, part, cells.start, cells.end, cells.text)
    return sheet


class _Cells:
    """Collects the cells of a sheet. The order of the branches is that of their frequency."""

    def __init__(self, sheet: RawSheet) -> None:
        self.sheet = sheet
        self.columns: dict[str, int] = {}
        self.row: dict[int, RawCell] = {}
        self.number = self.column = self.kept = 0
        self.kind, self.style = "n", 0
        self.value: list[str] | None = None
        self.rich: _RichText | None = None
        self.formula = self.in_value = self.in_formula = self.linked = False

    def start(self, tag: str, a: Mapping[str, str]) -> None:
        if tag == "c":
            reference = a.get("r")
            if reference is None:
                self.column += 1
            else:
                letters = reference.rstrip("0123456789")
                column = self.columns.get(letters)
                self.column = column or self.columns.setdefault(letters, column_number(letters.upper()))
            self.kind, self.style = a.get("t", "n"), int(a.get("s", 0))
            self.value = None
            self.formula = self.linked = False
        elif tag == "v":
            self.in_value = True
            self.value = []
        elif self.rich is not None:
            self.rich.start(tag, a)
        elif tag == "is":
            self.rich = _RichText()
        elif tag == "f":
            self.formula = self.in_formula = True
        elif tag == "row":
            self.number = int(a.get("r", self.number + 1))
            self.column = 0
            self.row = self.sheet.rows.setdefault(self.number, {})
            if _hidden(a):
                self.sheet.hidden_rows.add(self.number)
        elif tag == "mergeCell":
            self.sheet.merges.append(a.get("ref", ""))
        elif tag == "col" and _hidden(a):
            self.sheet.hidden_columns.append((int(a.get("min", "1")), int(a.get("max", "1"))))

    def end(self, tag: str) -> None:
        if tag == "v":
            self.in_value = False
        elif tag == "c":
            if self.value is not None or self.formula or self.rich is not None:
                self._keep()
        elif self.rich is not None:
            self.rich.end(tag)
        elif tag == "f":
            self.in_formula = False
        elif tag == "row" and not self.row:
            self.sheet.rows.pop(self.number, None)

    def text(self, data: str) -> None:
        if self.in_value and self.value is not None:
            self.value.append(data)
        elif self.rich is not None:
            self.rich.text(data)
        elif self.in_formula:
            self.linked = self.linked or _ELSEWHERE.search(data) is not None

    def _keep(self) -> None:
        """Put the cell that ends here into its row."""
        rich, self.rich = self.rich, None
        parts = self.value if rich is None else rich.parts
        raw = RawCell(self.kind, self.style, None if parts is None else "".join(parts), self.formula, self.linked)
        if rich is not None:
            raw.struck, raw.half_struck = rich.struck()
        self.row[self.column] = raw
        self.kept += 1
        if self.kept > MAX_CELLS:
            raise UnreadableError("workbook-too-large", f"{self.sheet.name}: {self.kept} > {MAX_CELLS}")
