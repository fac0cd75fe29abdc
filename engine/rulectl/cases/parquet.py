"""Parquet in and out: typed columns, a slice of rows at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
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
from rulectl.values import number_text

ROWS = 100_000
"""Rows of a chunk."""

_GROUP = 1 << 17
"""Rows of a row group, wherever the parts of a file begin."""

_DIGITS = 38
"""A number of a Parquet file has no more."""


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


def write_parquet(parts: Sequence[Path], headings: Sequence[str], numeric: Sequence[bool], target: Path) -> None:
    """Frames, each in a file of its own, as one: the same bytes into however many they are cut. `numeric` columns hold
    numbers as texts without an exponent. They become numbers with as many decimals as any of them needs; where 38
    digits do not hold them all, they stay texts, as people read them."""
    if not parts:
        pl.DataFrame(schema=dict.fromkeys(headings, pl.String)).write_parquet(target)
        return
    schema = pl.read_parquet_schema(parts[0])
    numbers = [name for name, is_number in zip(schema, numeric, strict=True) if is_number]
    extents = [pl.scan_parquet(part, glob=False).select(_extents(numbers, schema)).collect() for part in parts]
    longest = pl.concat(extents).max()
    columns = [_fitted(name, schema, longest) if name in numbers else pl.col(name) for name in schema]
    scans = [pl.scan_parquet(part, glob=False).select(columns) for part in parts]
    renamed = dict(zip(schema, _apart(headings), strict=True))
    whole = pl.concat(scans).rename(renamed)
    whole.sink_parquet(target, compression="zstd", maintain_order=True, row_group_size=_GROUP)


def _extents(names: Iterable[str], schema: Mapping[str, pl.DataType]) -> Iterator[pl.Expr]:
    """The most digits before the point and after it, in each of some columns of numbers."""
    for name in names:
        texts = pl.col(name).explode() if isinstance(schema[name], pl.List) else pl.col(name)
        digits = texts.str.strip_prefix("-")
        size, point = digits.str.len_bytes(), digits.str.find(".", literal=True)
        yield pl.coalesce(point, size).max().alias(f"{name} whole")
        yield (size - point - 1).max().fill_null(0).alias(f"{name} scale")


def _fitted(name: str, schema: Mapping[str, pl.DataType], longest: pl.DataFrame) -> pl.Expr:
    """A column of numbers in the one type that holds them all."""
    many = isinstance(schema[name], pl.List)
    whole, scale = longest[f"{name} whole"].item() or 0, longest[f"{name} scale"].item()
    if whole + scale <= _DIGITS:
        type_ = pl.Decimal(_DIGITS, scale)
        return pl.col(name).cast(pl.List(type_) if many else type_)
    return pl.col(name).list.eval(_read_text(pl.element())) if many else _read_text(pl.col(name))


def _read_text(texts: pl.Expr) -> pl.Expr:
    """Numbers as people read them: some with an exponent."""
    return texts.map_elements(lambda text: number_text(Decimal(text)), return_dtype=pl.String)


def _apart(headings: Sequence[str]) -> list[str]:
    """Headings, none twice."""
    seen: dict[str, int] = {}
    found = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        found.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return found
