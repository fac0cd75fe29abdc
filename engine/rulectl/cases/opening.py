"""Any case file as a table: plain or compressed, by its name, its first bytes or what the caller says it is."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from rulectl.cases.delimited import open_delimited, table_of
from rulectl.cases.delimited_file import DelimitedFile, mark_of, unwrapped
from rulectl.cases.formats import BROKEN, Format, packed_as
from rulectl.cases.headings import by_heading, readable
from rulectl.cases.pieces import SIZE
from rulectl.cases.reader import Unreadable, unopened
from rulectl.cases.sifted import Sifted
from rulectl.cases.table import Table
from rulectl.diagnostics import Finding, finding
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace

_HEAD = 64
_IN_MEMORY = 1 << 24
"""Bytes of a pipe that are not put on disk."""


class CaseSource(NamedTuple):
    """A case file: its raw seekable stream, its path (None: it came through a pipe), its name as people know it, and
    what the caller says of it: format, encoding, size of the pieces it is read in; and the same file where it is
    already being read."""

    stream: BinaryIO
    path: str | None
    file: str
    wanted: str | None = None
    encoding: str | None = None
    size: int = SIZE
    begun: DelimitedFile | None = None


def source_of(cases: str | Path | BinaryIO, encoding: str | None = None) -> CaseSource | Unreadable:
    """A case file by its path, or a stream of one."""
    if not isinstance(cases, str | Path):
        return _seekable(cases, None, name_of(cases), encoding)
    path = Path(cases)
    try:
        stream = path.open("rb")
    except OSError:
        return unopened(path)
    return _seekable(stream, str(path), path.name, encoding)


def _seekable(stream: BinaryIO, path: str | None, file: str, encoding: str | None) -> CaseSource | Unreadable:
    """A stream, copied where it can be read but once."""
    if stream.seekable():
        return CaseSource(stream, path, file, None, encoding)
    copy = copied(stream, file)
    return Unreadable((copy,)) if isinstance(copy, Finding) else CaseSource(copy, None, file, None, encoding)


def copied(stream: BinaryIO, file: str) -> BinaryIO | Finding:
    """What comes through a pipe, in a stream that can be read again: in memory, or on disk where it is long."""
    copy = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.seek(0)
    except OSError:
        with suppress(OSError):  # what it holds has no more room now than before
            copy.close()
        return _no_room(file)
    return cast(BinaryIO, copy)


def _no_room(file: str) -> Finding:
    """A case file that cannot be copied to where the system keeps what is passing."""
    try:
        folder = tempfile.gettempdir()
    except OSError:  # there is no such folder that could be written
        folder = os.environ.get("TMPDIR", "/tmp")
    return finding("no-room-to-read", FilePlace(file), file=file, folder=folder)


def name_of(cases: str | Path | BinaryIO) -> str:
    """What a case file is called; a stream that is no file of its own came through standard input."""
    path = cases if isinstance(cases, str | Path) else getattr(cases, "name", None)
    return Path(path).name if isinstance(path, str | Path) else "stdin"


def open_table(source: CaseSource, rulebook: Rulebook, settled: bool = False) -> Table | Unreadable:
    """The table in a case file. `settled`: its encoding is to be found by reading all of it."""
    if source.begun is not None and not settled:
        return _sifted(table_of(source.begun, rulebook), rulebook)
    file = source.file
    if file.startswith("~$"):
        return Unreadable((finding("lock-file", FilePlace(file), file=file),))
    try:
        stream, packed, form = unwrapped(source.stream, file, source.wanted)
    except BROKEN:
        source.stream.seek(0)
        kind = packed_as(source.stream.read(_HEAD))
        return Unreadable((finding("broken-case-file", FilePlace(file), file=file, kind=kind),))
    match form:
        case Format.XLSX | Format.PARQUET:
            opener = _opener(form)
            if source.path is not None and not packed and Path(source.path).is_file():
                return _sifted(opener(Path(source.path), file, rulebook), rulebook)
            try:
                copy = _spooled(stream)
            except BROKEN:
                return Unreadable((finding("broken-case-file", FilePlace(file), file=file, kind=packed),))
            except OSError:
                return Unreadable((_no_room(file),))
            return _sifted(opener(copy, file, rulebook), rulebook)
        case Format.JSONL:
            from rulectl.cases.json_table import open_json_table  # late, like the next

            return open_json_table(stream, file, rulebook, source.encoding)
        case Format.CSV | Format.TSV:
            mark = mark_of(form)
            found = open_delimited(
                stream, file, rulebook, encoding=source.encoding, delimiter=mark, settled=settled, size=source.size
            )
            return _sifted(found, rulebook)


def _sifted(table: Table | Unreadable, rulebook: Rulebook) -> Table | Unreadable:
    return table if isinstance(table, Unreadable) else Sifted(table, by_heading(readable(rulebook)))


def _opener(form: Format) -> Callable[[Path, str, Rulebook], Table | Unreadable]:
    """What reads workbooks or Parquet, each imported where there is one: most cases are delimited text."""
    if form is Format.XLSX:
        from rulectl.cases.workbook import open_workbook

        return open_workbook
    from rulectl.cases.parquet import open_parquet

    return open_parquet


def _spooled(stream: BinaryIO) -> Path:
    """A copy on disk of what must be read from a file of its own; taken away when the process ends."""
    handle, name = tempfile.mkstemp(prefix="rulectl-")
    atexit.register(lambda: Path(name).unlink(missing_ok=True))
    with os.fdopen(handle, "wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return Path(name)
