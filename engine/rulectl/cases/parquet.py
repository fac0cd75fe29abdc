"""Parquet in and out: typed columns, a slice of rows at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from rulectl.cases.headings import Plan, plan
from rulectl.cases.reader import Unreadable
from rulectl.cases.table import ROW, Chunk, positions
from rulectl.cases.typed import texts
from rulectl.diagnostics import Finding, finding, has_errors
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace
from rulectl.types import Type

ROWS = 100_000
"""Rows of a chunk."""


class ParquetTable:
    """Rows of a Parquet file; see `table.Table`."""

    def __init__(self, path: Path, file: str, columns: Plan, rows: int, size: int) -> None:
        self.file = file
        self.columns = columns
        self.headings = columns.headings
        self.findings: tuple[Finding, ...] = columns.findings
        self._path = path
        self._rows = rows
        self._size = size
        types: dict[int, Type] = {c.index: c.term.type for c in columns.columns}
        self._types = [types.get(n) for n in range(columns.width)]
        self._done = 0.0

    def chunks(self) -> Iterator[Chunk]:
        """The rows from the start. Raises OSError where the file is damaged."""
        for start in range(0, self._rows, self._size):
            found = self._slice(start)
            columns = [
                texts(found.to_series(n), type_).alias(name)
                for n, (name, type_) in enumerate(zip(positions(self.columns.width), self._types, strict=True))
            ]
            rows = pl.int_range(start + 1, start + 1 + found.height, dtype=pl.Int64, eager=True).alias(ROW)
            frame = pl.DataFrame([rows, *columns])
            kept = frame.filter(pl.any_horizontal(pl.col(positions(self.columns.width)) != ""))
            digest = zlib.crc32(frame.hash_rows().to_numpy().tobytes())
            self._done = (start + found.height) / max(1, self._rows)
            blank = frame.height - kept.height
            yield Chunk(kept, (), self.columns.width, found.height, blank, digest)

    def _slice(self, start: int) -> pl.DataFrame:
        """Rows from one on. Raises OSError where the file is damaged there."""
        try:
            return pl.scan_parquet(self._path, glob=False).slice(start, self._size).collect()
        except pl.exceptions.PolarsError as error:
            raise OSError(str(error)) from error

    def done(self) -> float:
        return self._done


def open_parquet(path: Path, file: str, rulebook: Rulebook, size: int = ROWS) -> ParquetTable | Unreadable:
    """A Parquet file by its path."""
    try:
        scan = pl.scan_parquet(path, glob=False)
        headings = tuple(scan.collect_schema().names())
        rows = int(scan.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError):
        return Unreadable((finding("broken-case-file", FilePlace(file), file=file, kind="Parquet"),))
    columns = plan(headings, rulebook, file)
    if has_errors(columns.findings):
        return Unreadable(columns.findings)
    return ParquetTable(path, file, columns, rows, size)


def write_parquet(parts: Sequence[Path], headings: Sequence[str], target: Path) -> None:
    """Frames, each in a file of its own, as one. Numbers have as many decimals as any part needs; where 38 digits do
    not hold them all, they are texts."""
    schemas = [pl.read_parquet_schema(part) for part in parts]
    if not schemas:
        pl.DataFrame(schema=dict.fromkeys(headings, pl.String)).write_parquet(target)
        return
    names = list(schemas[0])
    common = {name: _common([schema[name] for schema in schemas]) for name in names}
    scans = [
        pl.scan_parquet(part, glob=False).select(pl.col(name).cast(common[name]).alias(name) for name in names)
        for part in parts
    ]
    renamed = dict(zip(names, _apart(headings), strict=True))
    pl.concat(scans).rename(renamed).sink_parquet(target, compression="zstd", maintain_order=True)


def _apart(headings: Sequence[str]) -> list[str]:
    """Headings, none twice."""
    seen: dict[str, int] = {}
    found = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        found.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return found


def _common(types: Sequence[pl.DataType]) -> pl.DataType:
    """The type that holds what all of these hold."""
    first = types[0]
    if all(one == first for one in types):
        return first
    if any(isinstance(one, pl.List) for one in types):
        inner = [one.inner for one in types if isinstance(one, pl.List)]
        return pl.List(_common([one for one in inner if isinstance(one, pl.DataType)]))
    if all(isinstance(one, pl.Decimal) for one in types):
        return pl.Decimal(38, max(one.scale for one in types if isinstance(one, pl.Decimal)))
    return next((one for one in types if one == pl.String), first)
