"""XML as a small tree, from whoever it comes: no document types, so no entities; bounded size, depth and count.

Nothing outside the file is ever fetched, since there is nothing in what is left of XML that could ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 100
MAX_NODES = 2_000_000
_PARTED = " "


@dataclass(slots=True)
class Node:
    """An element: namespace, local name, attributes (of a namespace: `namespace name`), text, children, line."""

    space: str
    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute, blank where it is not there."""
        return self.attributes.get(name, "")

    def all(self, *names: str) -> Iterator[Node]:
        """The children of these names and of the same namespace, in order."""
        return (child for child in self.children if child.name in names and child.space == self.space)

    def first(self, *names: str) -> Node | None:
        return next(self.all(*names), None)

    def said(self, name: str) -> str:
        """The text of a child, trimmed; blank where it is not there."""
        child = self.first(name)
        return child.text.strip() if child is not None else ""


class RefusedError(Exception):
    """Why XML is not read: the slug of a finding and its fields. Never leaves this room."""

    def __init__(self, slug: str, **fields: object) -> None:
        super().__init__(slug)
        self.slug = slug
        self.fields = fields


class _Tree:
    """Builds the tree from expat's events."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=_PARTED)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.open: list[Node] = []
        self.root: Node | None = None
        self.count = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(_PARTED)
        node = Node(space, local, attributes, self.parser.CurrentLineNumber)
        self.count += 1
        if len(self.open) >= MAX_DEPTH or self.count > MAX_NODES:
            raise RefusedError("dmn-too-large", line=node.line)
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def _end(self, _: str) -> None:
        self.open.pop()

    def _data(self, data: str) -> None:
        self.open[-1].text += data

    def _doctype(self, *_: object) -> None:
        raise RefusedError("dmn-doctype", line=self.parser.CurrentLineNumber)


def tree(data: bytes) -> Node:
    """The root of a document. Raises RefusedError when it is none, or none that is read."""
    if len(data) > MAX_BYTES:
        raise RefusedError("dmn-too-large", line=1)
    building = _Tree()
    try:
        building.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise RefusedError("dmn-not-xml", line=error.lineno) from None
    except (ValueError, LookupError):
        # an encoding that nobody knows
        raise RefusedError("dmn-not-xml", line=1) from None
    assert building.root is not None
    return building.root
