"""Formats of cells as numbers: a cell's format with another fill, and formats of our own (ECMA-376 part 1, 18.8)."""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

from rulectl.sheets.graft import Element, Package, child, grown, make

_STYLES = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINE = "D5DADF"


class Look(NamedTuple):
    """A format of our own: colours are RRGGBB, blank for none."""

    font: str
    size: int = 10
    bold: bool = False
    colour: str = "212529"
    fill: str = ""
    bordered: bool = True


class Styles:
    """The formats of a workbook; new ones are put behind those that are there."""

    def __init__(self, package: Package) -> None:
        links = package.links(package.workbook)
        part = next((link.target for link in links if link.kind == "styles"), None)
        if part is None:
            part = package.add("xl/styles{}.xml", f'<styleSheet xmlns="{_SPACE}"/>'.encode(), _STYLES)
            package.link(package.workbook, "styles", part)
        self._root = package.tree(part)
        self._formats = self._list("cellXfs")
        if not len(self._formats):
            plain = dict.fromkeys(("numFmtId", "fontId", "fillId", "borderId", "xfId"), "0")
            self._add("cellXfs", make(self._formats, "xf", **plain))
        self._known: dict[object, int] = {}

    def filled(self, number: int, colour: str) -> int:
        """The number of a format that is another but for its fill."""
        key = (number, colour)
        if key not in self._known:
            old = self._formats[number] if number < len(self._formats) else self._formats[0]
            new = deepcopy(old)
            new.set("fillId", str(self._fill(colour)))
            new.set("applyFill", "1")
            self._known[key] = self._add("cellXfs", new)
        return self._known[key]

    def of(self, look: Look) -> int:
        """The number of a format of our own."""
        if look not in self._known:
            new = make(
                self._formats,
                "xf",
                numFmtId="0",
                fontId=str(self._font(look)),
                fillId=str(self._fill(look.fill) if look.fill else 0),
                borderId=str(self._border() if look.bordered else 0),
                xfId="0",
                applyFont="1",
                applyFill="1",
                applyBorder="1",
                applyAlignment="1",
            )
            grown(new, "alignment", vertical="center", wrapText="1" if look.bordered else "0")
            self._known[look] = self._add("cellXfs", new)
        return self._known[look]

    def _fill(self, colour: str) -> int:
        key = ("fill", colour)
        if key not in self._known:
            fills = self._list("fills")
            while len(fills) < 2:
                kind = ("none", "gray125")[len(fills)]
                grown(grown(fills, "fill"), "patternFill", patternType=kind)
            new = make(fills, "fill")
            solid = grown(new, "patternFill", patternType="solid")
            grown(solid, "fgColor", rgb=f"FF{colour}")
            grown(solid, "bgColor", rgb=f"FF{colour}")
            self._known[key] = self._add("fills", new)
        return self._known[key]

    def _font(self, look: Look) -> int:
        new = make(self._list("fonts"), "font")
        if look.bold:
            grown(new, "b")
        grown(new, "sz", val=str(look.size))
        grown(new, "color", rgb=f"FF{look.colour}")
        grown(new, "name", val=look.font)
        return self._add("fonts", new)

    def _border(self) -> int:
        if "border" not in self._known:
            new = make(self._list("borders"), "border")
            for side in ("left", "right", "top", "bottom"):
                grown(grown(new, side, style="thin"), "color", rgb=f"FF{_LINE}")
            grown(new, "diagonal")
            self._known["border"] = self._add("borders", new)
        return self._known["border"]

    def _list(self, name: str) -> Element:
        """A list of the style sheet, made where there is none; their order is prescribed."""
        found = child(self._root, name)
        if found is None:
            order = ["numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs"]
            found = make(self._root, name)
            before = [one for one in order[: order.index(name)] if child(self._root, one) is not None]
            at = 0 if not before else list(self._root).index(child(self._root, before[-1])) + 1
            self._root.insert(at, found)
        return found

    def _add(self, name: str, new: Element) -> int:
        """Append to a list; the number of the new one."""
        entries = self._list(name)
        entries.append(new)
        entries.set("count", str(len(entries)))
        return len(entries) - 1
