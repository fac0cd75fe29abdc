"""A workbook's package with a few parts changed: whatever is not touched goes over byte for byte.

A library that reads a workbook and writes it anew keeps what it knows of: pictures, perhaps; not the drop-downs of
later Excels, slicers or form controls. So an annotated copy is made by changing the parts that carry fills and
comments, and nothing else. (ECMA-376 part 2, Open Packaging Conventions: parts, content types, relationships.)
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from lxml import etree

from rulectl.sheets.package import UnreadableError

Element = Any
"""An element of lxml, which has no types of its own."""

_TYPES = "[Content_Types].xml"
_TYPES_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
TRANSITIONAL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class Link(NamedTuple):
    """A relationship of a part: its id, the last word of its type, the part that it leads to."""

    id: str
    kind: str
    target: str


class Package:
    """The parts of a workbook. Raises UnreadableError for what cannot be read."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UnreadableError("damaged-workbook", path.name) from error
        self._trees: dict[str, Element] = {}
        self._new: dict[str, bytes] = {}
        self.names = set(self._zip.namelist())
        main = next((link for link in self.links("") if link.kind == "officeDocument"), None)
        self.workbook = main.target if main else "xl/workbook.xml"

    def __enter__(self) -> Package:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    def read(self, part: str) -> bytes:
        """A part as it stands now."""
        if part in self._new:
            return self._new[part]
        try:
            return self._zip.read(part)
        except (
            KeyError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise UnreadableError("damaged-workbook", part) from error

    def write(self, part: str, content: bytes) -> None:
        """A part anew."""
        self._new[part] = content
        self.names.add(part)

    def tree(self, part: str) -> Element:
        """The root of a part, to be changed in place."""
        if part not in self._trees:
            # entities are not looked up, so that they cannot grow; sizes are bounded when a package is opened
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
            try:
                root = etree.fromstring(self.read(part), parser)
            except etree.XMLSyntaxError as error:
                raise UnreadableError("damaged-workbook", part) from error
            if root.getroottree().docinfo.doctype:
                raise UnreadableError("damaged-workbook", part)
            self._trees[part] = root
        return self._trees[part]

    def links(self, part: str) -> list[Link]:
        """Where a part leads, inside the package."""
        source = _links_of(part)
        if source not in self.names:
            return []
        return [
            Link(one.get("Id", ""), one.get("Type", "").rpartition("/")[2], _whole(part, one.get("Target", "")))
            for one in children(self.tree(source), "Relationship")
            if one.get("TargetMode") != "External"
        ]

    def link(self, part: str, kind: str, target: str, *, transitional: bool = False) -> str:
        """A new relationship between parts; its id."""
        source = _links_of(part)
        if source not in self.names:
            self.write(source, f'<Relationships xmlns="{_LINKS_NAMESPACE}"/>'.encode())
        root = self.tree(source)
        taken = {one.get("Id") for one in root}
        id_ = next(f"rIdNote{n}" for n in range(1, len(taken) + 2) if f"rIdNote{n}" not in taken)
        space = TRANSITIONAL if transitional else self.relations
        etree.SubElement(
            root, etree.QName(_LINKS_NAMESPACE, "Relationship"), Id=id_, Type=f"{space}/{kind}", Target=f"/{target}"
        )
        return id_

    @property
    def relations(self) -> str:
        """The namespace of relationships in this package: that of its dialect, transitional or strict."""
        for one in children(self.tree(_links_of("")), "Relationship"):
            space, _, kind = one.get("Type", "").rpartition("/")
            if kind == "officeDocument":
                return str(space)
        return TRANSITIONAL

    def add(self, pattern: str, content: bytes, content_type: str) -> str:
        """A new part, named by the first free number in a pattern such as `xl/comments{}.xml`."""
        part = next(p for n in range(1, len(self.names) + 2) if (p := pattern.format(n)) not in self.names)
        self.write(part, content)
        root = self.tree(_TYPES)
        etree.SubElement(root, etree.QName(_TYPES_NAMESPACE, "Override"), PartName=f"/{part}", ContentType=content_type)
        return part

    def save(self, path: Path) -> None:
        """Write the package; parts that were not looked at are copied as they are."""
        for part, root in self._trees.items():
            self._new[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in self._zip.infolist():
                content = self._new.pop(entry.filename, None)
                out.writestr(entry, self.read(entry.filename) if content is None else content)
            for part, content in self._new.items():
                out.writestr(part, content)


def _links_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _whole(part: str, target: str) -> str:
    folder = posixpath.dirname(part)
    return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))


def local(element: Element) -> str:
    """The name of an element without its namespace; blank for a comment."""
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""


def namespace(element: Element) -> str:
    return str(etree.QName(element).namespace)


def children(element: Element, name: str) -> list[Element]:
    """The children of a name, whatever their namespace."""
    return [child for child in element if local(child) == name]


def child(element: Element, name: str) -> Element | None:
    return next(iter(children(element, name)), None)


def make(parent: Element, name: str, /, **attributes: str) -> Element:
    """A new element in the namespace of its parent, not yet in it."""
    return parent.makeelement(etree.QName(etree.QName(parent).namespace, name), attributes)


def grown(parent: Element, name: str, /, **attributes: str) -> Element:
    """A new last child."""
    new = make(parent, name, **attributes)
    parent.append(new)
    return new


def put(parent: Element, new: Element, later: tuple[str, ...]) -> None:
    """Put a child before the first of the elements that must follow it."""
    at = next((n for n, one in enumerate(parent) if local(one) in later), len(parent))
    parent.insert(at, new)
