"""XML as text: elements with attributes and children, one a line, the same each time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = _TEXT | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Element:
    """An element with children, or with a text."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    text: str | None = None


def element(
    name: str,
    attributes: Mapping[str, str] | None = None,
    children: Iterable[Element | None] = (),
    text: str | None = None,
) -> Element:
    """An element; blank attributes and children that are None are left out."""
    kept = tuple((key, value) for key, value in (attributes or {}).items() if value != "")
    return Element(name, kept, tuple(child for child in children if child is not None), text)


def document(root: Element) -> bytes:
    """The file of a document, in UTF-8."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(_lines(root, 0))).encode("utf-8")


def _lines(node: Element, depth: int) -> Iterator[str]:
    indent = "  " * depth
    attributes = "".join(f' {key}="{_escaped(value, _ATTRIBUTE)}"' for key, value in node.attributes)
    if node.text is not None:
        yield f"{indent}<{node.name}{attributes}>{_escaped(node.text, _TEXT)}</{node.name}>\n"
    elif not node.children:
        yield f"{indent}<{node.name}{attributes}/>\n"
    else:
        yield f"{indent}<{node.name}{attributes}>\n"
        for child in node.children:
            yield from _lines(child, depth + 1)
        yield f"{indent}</{node.name}>\n"


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    """A text as XML can hold it; control characters, which it cannot, become a mark of their own."""
    return "".join(marks.get(char, char) for char in _FORBIDDEN.sub("\ufffd", text))
