"""The cells of a sheet that show per cents: 0.05 shown as 5%, which calamine does not say. Where a term counts per
cents the cell means 5, as people see it (ECMA-376 part 1, 18.8.30 and 18.8.45).

Most workbooks have no such format, which their styles say; only where they have, the cells are looked through.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from rulectl.cases.sheet_parts import blocks_of, part_of, place_of

_STYLES = "xl/styles.xml"
_BUILT_IN = ("9", "10")
"""Percentages that every Excel has."""
_NOISE = re.compile(r'"[^"]*"|\\.|;.*', re.DOTALL)


def percents(path: Path, sheet: str) -> Mapping[int, frozenset[int]]:
    """Row -> columns, both from 0, of the numbers that show per cents; none where the sheet's parts are not found."""
    found: dict[int, set[int]] = {}
    try:
        with zipfile.ZipFile(path) as package:
            styles = _styles(package)
            part = part_of(package, sheet) if styles else None
            if part is not None:
                cell = re.compile(
                    rb'<(?:\w{1,20}:)?c\b(?=[^<>]*\bs="(?:' + b"|".join(styles) + rb')")(?![^<>]*\bt="[^n])([^<>/]*+)>'
                )
                for block in blocks_of(package, part):
                    for attributes in cell.findall(block):
                        place = place_of(attributes)
                        if place is not None:
                            found.setdefault(place[0], set()).add(place[1])
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ElementTree.ParseError):
        return {}
    return {row: frozenset(columns) for row, columns in found.items()}


def _styles(package: zipfile.ZipFile) -> tuple[bytes, ...]:
    """The numbers of the cell styles that show per cents."""
    root = ElementTree.fromstring(package.read(_STYLES))
    formats = root.findall(".//{*}numFmt")
    ids = {one.get("numFmtId") for one in formats if "%" in _NOISE.sub("", one.get("formatCode", ""))}
    styles = root.findall("{*}cellXfs/*")
    return tuple(str(at).encode() for at, one in enumerate(styles) if one.get("numFmtId") in {*ids, *_BUILT_IN})
