"""Any case file as a table: plain or compressed, by its name, its first bytes or what the caller says it is."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rulectl.cases.delimited import open_delimited
from rulectl.cases.formats import BROKEN, Format, kind_of, packed_as, sniffed, unpacked
from rulectl.cases.json_table import open_json_table
from rulectl.cases.parquet import open_parquet
from rulectl.cases.pieces import SIZE
from rulectl.cases.reader import Unreadable
from rulectl.cases.table import Table
from rulectl.cases.workbook import open_workbook
from rulectl.diagnostics import finding
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace

_HEAD = 64


@dataclass(frozen=True, slots=True)
class CaseSource:
    """A case file: its raw seekable stream, its path (None: it came through a pipe), its name as people know it, and
    what the caller says of it: format, encoding, size of the pieces it is read in."""

    stream: BinaryIO
    path: str | None
    file: str
    wanted: str | None = None
    encoding: str | None = None
    size: int = SIZE

    def share(self) -> float:
        """How much of the raw bytes was read: 0 to 1."""
        at = self.stream.tell()
        total = os.fstat(self.stream.fileno()).st_size if self.path is not None else 0
        return min(1.0, at / total) if total else 0.0


def open_table(source: CaseSource, rulebook: Rulebook, settled: bool = False) -> Table | Unreadable:
    """The table in a case file. `settled`: its encoding is to be found by reading all of it."""
    file = source.file
    source.stream.seek(0)
    packed = packed_as(source.stream.read(_HEAD))
    stream = unpacked(source.stream, packed)
    try:
        stream.seek(0)
        head = stream.read(_HEAD)
        stream.seek(0)
    except BROKEN:
        return Unreadable((finding("broken-case-file", FilePlace(file), file=file, kind=packed),))
    form = _format(file, head, source.wanted)
    match form:
        case Format.XLSX | Format.PARQUET:
            path = Path(source.path) if source.path is not None and not packed else _spooled(stream)
            opener = open_workbook if form is Format.XLSX else open_parquet
            return opener(path, file, rulebook)
        case Format.JSONL:
            return open_json_table(stream, file, rulebook, source.encoding)
        case Format.CSV | Format.TSV:
            delimiter = "\t" if form is Format.TSV else None
            return open_delimited(
                stream,
                file,
                rulebook,
                encoding=source.encoding,
                delimiter=delimiter,
                settled=settled,
                size=source.size,
            )


def _format(file: str, head: bytes, wanted: str | None) -> Format:
    """By what the caller says, the name, and where the name says nothing or the bytes say otherwise, by the bytes."""
    if wanted is not None:
        return Format(wanted)
    named = kind_of(file).format
    if "." not in file and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return Format.JSONL
    return sniffed(head, named)


def _spooled(stream: BinaryIO) -> Path:
    """A copy on disk of what must be read from a file of its own; taken away when the process ends."""
    handle, name = tempfile.mkstemp(prefix="rulectl-")
    atexit.register(lambda: Path(name).unlink(missing_ok=True))
    with os.fdopen(handle, "wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return Path(name)
