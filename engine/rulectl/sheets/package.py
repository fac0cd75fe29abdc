"""The zip that a workbook is: whether it may be opened at all, and its parts as XML.

Nothing is trusted: sizes are bounded before unpacking, document types are refused (so no entities), external links are
not followed, macros are never looked at.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.parsers import expat

from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace

MAX_UNPACKED = 512 * 2**20
MAX_ENTRIES = 5_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODF = "application/vnd.oasis.opendocument.spreadsheet"


class UnreadableError(Exception):
    """A part of the package cannot be read: the slug of why, and what to name. Never leaves this room."""

    def __init__(self, slug: str, what: str) -> None:
        super().__init__(what)
        self.slug = slug
        self.what = what


def refusal(path: Path) -> Finding | None:
    """Why a file is not read at all, None when it looks like a workbook."""
    place, name = FilePlace(path.name), path.name
    if name.startswith("~$"):
        return finding("lock-file", place, file=name)
    if not path.is_file():
        return finding("file-not-found", place, file=str(path))
    try:
        with path.open("rb") as stream:
            if stream.read(8) == _OLE:
                # a password wraps the package in an OLE file that names it in its directory
                wrapped = "EncryptedPackage".encode("utf-16-le") in stream.read(8 * 2**20)
                slug = "encrypted-workbook" if wrapped else "old-workbook"
                return finding(slug, place, file=name, kind=".xls")
        with zipfile.ZipFile(path) as package:
            return _package_refusal(package, name)
    except (OSError, zipfile.BadZipFile, ValueError):
        return finding("not-a-workbook", place, file=name)


def _package_refusal(package: zipfile.ZipFile, name: str) -> Finding | None:
    place = FilePlace(name)
    entries = package.infolist()
    names = {entry.filename for entry in entries}
    size = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        return finding("workbook-too-large", place, file=name, what=f"{len(entries)} > {MAX_ENTRIES}")
    if size > MAX_UNPACKED:
        return finding("workbook-too-large", place, file=name, what=f"{size >> 20} MB > {MAX_UNPACKED >> 20} MB")
    if any(entry.flag_bits & 1 for entry in entries):
        return finding("encrypted-workbook", place, file=name)
    if "mimetype" in names and package.getinfo("mimetype").file_size == len(_ODF):
        return finding("old-workbook", place, file=name, kind=".ods")
    if "xl/workbook.bin" in names:
        return finding("old-workbook", place, file=name, kind=".xlsb")
    if not names & {"_rels/.rels", "xl/workbook.xml"} or "[Content_Types].xml" not in names:
        return finding("not-a-workbook", place, file=name)
    return None


def parse(
    package: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Run a part of the package through expat; names arrive without the prefix of the first. Raises UnreadableError."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise UnreadableError("damaged-workbook", part)

    def first(name: str, attributes: dict[str, str]) -> None:
        # nearly every program writes the main namespace without a prefix: spare a call for each of its elements
        if ":" in name:
            parser.StartElementHandler = lambda name, a: start(name.rpartition(":")[2], a)
            parser.EndElementHandler = end and (lambda name: end(name.rpartition(":")[2]))
        else:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        start(name.rpartition(":")[2], attributes)

    parser.StartElementHandler = first
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        with package.open(part) as stream:
            parser.ParseFile(stream)
    except (KeyError, expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise UnreadableError("damaged-workbook", part) from error
    except (NotImplementedError, RuntimeError) as error:  # an unknown compression, an encrypted entry
        raise UnreadableError("damaged-workbook", part) from error


def links_of(package: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The relations of a part: id -> (target, kind)."""
    folder, name = posixpath.split(part)
    source = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, a: Mapping[str, str]) -> None:
        if tag == "Relationship" and a.get("TargetMode") != "External":
            target = a.get("Target", "")
            whole = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[a.get("Id", "")] = (whole, a.get("Type", "").rpartition("/")[2])

    if source in package.namelist():
        parse(package, source, start)
    return found
