"""Facts counted across the cases of a whole file, before any is decided: a first pass over it, in bounded memory.

The pass keeps what the aggregates themselves need of each case that can be read: its keys, its time, what is counted.
That is put in files by the first key, so that all cases of a group are in one of 64 parts; each part is then counted
by itself, and the counts are read back chunk by chunk. Small files stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from rulectl.batch.once import Once
from rulectl.cases.facts import FactReader
from rulectl.cases.table import Chunk, Table
from rulectl.columnar.across import COUNTS, ID, IDS, OF, ROW, TIME, VALUE, count, key
from rulectl.columnar.counted import Needed
from rulectl.columnar.engine import ColumnarEngine
from rulectl.model.rulebook import Rulebook

PARTS = 64
IN_MEMORY = 1_000_000
"""So many cases are counted without a file."""

_PART = "part"


class Counting:
    """The facts counted across the cases of one file. `ids`: whether the cases behind each count are wanted."""

    def __init__(self, rulebook: Rulebook, table: Table, unique: bool, ids: bool) -> None:
        self._rulebook = rulebook
        self._table = table
        self._unique = unique
        self._ids = ids
        self._frames: list[pl.DataFrame] = []
        self._folder: Path | None = None
        self._counts: list[pl.DataFrame] = []
        self._asked = Needed(rulebook)

    def count(self, chunks: Iterable[Chunk], folder: Path) -> None:
        """Read the whole file and count."""
        reader = ColumnarEngine(self._rulebook, FactReader(self._rulebook))
        once = Once(folder / "counting")
        if self._unique:
            (folder / "counting").mkdir(exist_ok=True)
            once.open(0)
        kept = files = 0
        for chunk in chunks:
            frame = self._needed(reader, chunk, once)
            kept += frame.height
            self._frames.append(frame)
            if kept > IN_MEMORY and self._folder is None:
                self._folder = folder / "counting"
                self._folder.mkdir(exist_ok=True)
            if self._folder is not None:
                for held in self._frames:
                    held.sort(_PART).write_parquet(self._folder / f"cases{files:07}.parquet", row_group_size=16_384)
                    files += 1
                self._frames.clear()
        if self._folder is None:
            self._counts = [self._counted(pl.concat(self._frames))] if self._frames else []
            self._frames.clear()
            return
        whole = pl.scan_parquet(self._folder / "cases*.parquet")
        for part in range(PARTS):
            cases = whole.filter(pl.col(_PART) == part).collect()
            self._counted(cases).write_parquet(self._folder / f"counts{part:02}.parquet", row_group_size=16_384)

    def of(self, chunk: Chunk) -> pl.DataFrame:
        """The counts of the rows of a chunk, in their order: a column for each aggregate's term (texts; null: unknown),
        and one of ids (`TERM ids`) where they are wanted."""
        rows = chunk.frame.select(ROW)
        if not chunk.frame.height:
            return self._blank().join(rows, on=ROW, how="right")
        low, high = chunk.frame[ROW][0], chunk.frame[ROW][-1]
        if self._folder is None:
            held = self._counts[0] if self._counts else self._blank()
            at, to = held[ROW].search_sorted(pl.Series([low, high + 1])).to_list()
            mine = held.slice(at, to - at)
        else:
            files = pl.scan_parquet(self._folder / "counts*.parquet")
            mine = files.filter(pl.col(ROW).is_between(low, high)).collect()
        return rows.join(mine, on=ROW, how="left", maintain_order="left")

    def _blank(self) -> pl.DataFrame:
        schema: dict[str, pl.DataType] = {ROW: pl.Int64()}
        for aggregate in self._rulebook.aggregates:
            schema[aggregate.term] = pl.String()
            if self._ids:
                schema[f"{aggregate.term} ids"] = pl.List(pl.String())
        return pl.DataFrame(schema=schema)

    def _counted(self, cases: pl.DataFrame) -> pl.DataFrame:
        """All aggregates over some cases, in the order of their rows."""
        found = cases.select(ROW).sort(ROW)
        for number, aggregate in enumerate(self._rulebook.aggregates):
            names = {key(n): f"{number} {key(n)}" for n in range(len(aggregate.by))}
            names |= {name: f"{number} {name}" for name in (TIME, OF, COUNTS)}
            own = cases.select(ROW, ID, *(pl.col(held).alias(name) for name, held in names.items()))
            counts = count(aggregate, own, self._ids).rename({VALUE: aggregate.term})
            if self._ids:
                counts = counts.rename({IDS: f"{aggregate.term} ids"})
            found = found.join(counts, on=ROW, how="left", maintain_order="left")
        return found

    def _needed(self, reader: ColumnarEngine, chunk: Chunk, once: Once) -> pl.DataFrame:
        """The cases of a chunk that can be read and were not read before, with the columns of every aggregate."""
        cases = reader.read(
            chunk.frame.drop(ROW), self._table.columns, file=self._table.file, numbers=chunk.frame[ROW].to_numpy()
        )
        columns: dict[str, pl.Series] = {ROW: pl.Series(cases.numbers, dtype=pl.Int64), ID: cases.ids}
        for number, aggregate in enumerate(self._rulebook.aggregates):
            columns |= {
                f"{number} {name}": held
                for name, held in self._asked.columns(aggregate, cases.columns, len(cases.at)).items()
            }
        firsts = [f"{n} {key(0)}" for n, a in enumerate(self._rulebook.aggregates) if a.by]
        frame = pl.DataFrame(columns)
        # aggregates by different first keys cannot share parts; then all cases are in one
        same = len({a.by[:1] for a in self._rulebook.aggregates}) == 1 and firsts
        part = (pl.col(firsts[0]).hash() % PARTS).cast(pl.Int32) if same else pl.lit(0, pl.Int32)
        frame = frame.with_columns(part.alias(_PART))
        if self._unique:
            late = once.again(frame[ID], frame[ROW])
            if late:
                frame = frame.filter(~pl.int_range(pl.len()).is_in(list(late)))
            once.keep(frame[ID], frame[ROW])
        return frame
