"""Comments on the cells of a sheet: the texts in one part, the yellow boxes in another (ECMA-376 part 1, 18.7; part 4,
VML). Comments that are there stay, behind what is put in front of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from openpyxl.utils import get_column_letter

from rulectl.sheets import looks
from rulectl.sheets.graft import Element, Package, child, children, grown, make, namespace, put

AUTHOR = "rulectl"
_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_SPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_KIND = (
    f'<v:shapetype {_SPACES} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_EMPTY = f'<xml {_SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>{_KIND}</xml>'
_WIDTH = 255
"""Of a box, in points; some 48 digits."""

_AFTER_DRAWING = (
    "legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst".split()  # noqa: SIM905
)
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class At(NamedTuple):
    """A cell, counted from 1."""

    row: int
    column: int

    @property
    def a1(self) -> str:
        return f"{get_column_letter(self.column)}{self.row}"


def add_comments(package: Package, part: str, sheet: Element, said: Mapping[At, str]) -> None:
    """Put comments on cells of the sheet that is a part of the package."""
    links = {link.kind: link.target for link in package.links(part)}
    comments = links.get("comments") or _new_comments(package, part, sheet)
    root = package.tree(comments)
    author = _author(root)
    texts = child(root, "commentList")
    if texts is None:
        texts = grown(root, "commentList")
    known = {one.get("ref"): one for one in children(texts, "comment")}
    fresh: list[tuple[At, str]] = []
    for at, text in said.items():
        if at.a1 in known:
            _before(known[at.a1], f"{text}\n\n")
        else:
            comment = grown(texts, "comment", ref=at.a1, authorId=author)
            _run(grown(comment, "text"), text)
            fresh.append((at, text))
    if fresh:
        _boxes(package, part, sheet, links.get("vmlDrawing"), fresh)


def _new_comments(package: Package, part: str, sheet: Element) -> str:
    space = namespace(sheet)
    empty = f'<comments xmlns="{space}"><authors/><commentList/></comments>'.encode()
    comments = package.add("xl/comments{}.xml", empty, _COMMENTS)
    package.link(part, "comments", comments)
    return comments


def _author(root: Element) -> str:
    """The number of the author that these comments have."""
    authors = child(root, "authors")
    if authors is None:
        authors = make(root, "authors")
        root.insert(0, authors)
    names = [one.text for one in children(authors, "author")]
    if AUTHOR not in names:
        grown(authors, "author").text = AUTHOR
        names.append(AUTHOR)
    return str(names.index(AUTHOR))


def _run(parent: Element, text: str) -> Element:
    run = grown(parent, "r")
    said = grown(run, "t")
    said.text = text
    said.set(_XML_SPACE, "preserve")
    return run


def _before(comment: Element, text: str) -> None:
    """Say something before what a comment says already."""
    whole = child(comment, "text")
    if whole is None:
        whole = grown(comment, "text")
    for bare in children(whole, "t"):
        # a text without runs becomes one, so that another can stand before it
        run = _run(whole, bare.text or "")
        whole.replace(bare, run)
    whole.insert(0, _run(whole, text))


def _boxes(package: Package, part: str, sheet: Element, drawing: str | None, fresh: list[tuple[At, str]]) -> None:
    """The boxes of new comments. The drawing is edited as text: Excel itself writes some that are no XML."""
    if drawing is None:
        drawing = package.add("xl/drawings/vmlDrawingNote{}.vml", _EMPTY.encode(), _DRAWING)
        id_ = package.link(part, "vmlDrawing", drawing, transitional=True)
        linked = make(sheet, "legacyDrawing")
        linked.set(f"{{{package.relations}}}id", id_)
        put(sheet, linked, tuple(_AFTER_DRAWING))
    text = package.read(drawing).decode("utf-8", "replace")
    last = max((int(n) for n in re.findall(r"_x0000_s(\d{1,9})", text)), default=1024)
    kind = "" if "_x0000_t202" in text else _KIND
    shapes = "".join(_box(last + n, at, said) for n, (at, said) in enumerate(fresh, 1))
    head, closing, tail = text.rpartition("</xml>")
    package.write(drawing, f"{head}{kind}{shapes}{closing}{tail}".encode())


def _box(number: int, at: At, text: str) -> str:
    lines = sum(looks.shown_width(line) // 48 + 1 for line in text.split("\n"))
    style = (
        "position:absolute;margin-left:59.25pt;margin-top:1.5pt;"
        f"width:{_WIDTH}pt;height:{min(18 + 14 * lines, 360)}pt;z-index:{number};visibility:hidden"
    )
    return (
        f'<v:shape {_SPACES} id="_x0000_s{number}" type="#_x0000_t202" style={quoteattr(style)}'
        ' fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"/><x:ClientData ObjectType="Note"><x:MoveWithCells/>'
        f"<x:SizeWithCells/><x:AutoFill>False</x:AutoFill><x:Row>{at.row - 1}</x:Row>"
        f"<x:Column>{at.column - 1}</x:Column></x:ClientData></v:shape>"
    )
