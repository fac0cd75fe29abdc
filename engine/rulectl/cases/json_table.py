"""JSON lines (or one JSON list) as a table: a column for each term that a case may give, and the line as it stood."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from rulectl.cases.facts import FactReader
from rulectl.cases.formats import lent
from rulectl.cases.headings import Plan, PlannedColumn, readable
from rulectl.cases.json_cases import open_json
from rulectl.cases.reader import Reject, Unreadable
from rulectl.cases.table import Chunk, frame_of
from rulectl.cases.typed import text_of
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Rulebook

ROWS = 50_000


class JsonTable:
    """Cases of a JSON file; see `table.Table`. Each is read as JSON has it, and handed on as the texts that mean the
    same."""

    headings = ("JSON",)

    def __init__(self, stream: BinaryIO, file: str, rulebook: Rulebook, encoding: str | None) -> None:
        self.file = file
        self.findings: tuple[Finding, ...] = ()
        self._stream = stream
        self._rulebook = rulebook
        self._encoding = encoding
        self._terms = readable(rulebook)
        columns = tuple(PlannedColumn(n, term.name, term) for n, term in enumerate(self._terms, start=1))
        self.columns = Plan(1 + len(columns), ("JSON", *(c.heading for c in columns)), columns, ())

    def chunks(self) -> Iterator[Chunk]:
        self._stream.seek(0)
        cases = open_json(
            lent(self._stream),
            self.file,
            self._rulebook,
            FactReader(self._rulebook),
            encoding=self._encoding,
            once=False,
        )
        if isinstance(cases, Unreadable):  # it was open before; the file is another now
            raise OSError
        rows = iter(cases)
        while part := list(islice(rows, ROWS)):
            rejects = tuple(row for row in part if isinstance(row, Reject))
            kept = [
                (row.number, (row.raw[0], *(text_of(row.facts.get(t.id), t.type) for t in self._terms)))
                for row in part
                if not isinstance(row, Reject)
            ]
            digest = 0
            for row in part:
                digest = zlib.crc32(row.raw[0].encode("utf-8", "surrogatepass"), digest)
            self.findings = cases.findings
            yield Chunk(frame_of(kept, 1 + len(self._terms)), rejects, 1, len(part), 0, digest)

    def done(self) -> float:
        return 0.0


def open_json_table(stream: BinaryIO, file: str, rulebook: Rulebook, encoding: str | None) -> JsonTable | Unreadable:
    """A JSON file from a seekable stream."""
    found = open_json(lent(stream), file, rulebook, FactReader(rulebook), encoding=encoding)
    return found if isinstance(found, Unreadable) else JsonTable(stream, file, rulebook, encoding)
