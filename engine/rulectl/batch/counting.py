"""Facts counted across the cases of a whole file, before any is decided: a first pass over it, in bounded memory.

The pass hands what the aggregates need of each case that can be read to `columnar.across`, and keeps what the case
itself will ask, in the order of the file; the counts are looked up chunk by chunk. What is much lies in the folder of
the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from rulectl.batch.once import Once
from rulectl.cases.facts import FactReader
from rulectl.cases.table import Chunk, Table
from rulectl.columnar.across import ASKED, IDS, ROW, VALUE, Across
from rulectl.columnar.counted import Needed
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.points import ID, Spool
from rulectl.model.rulebook import Rulebook


class Counting:
    """The facts counted across the cases of one file. `ids`: whether the cases behind each count are wanted."""

    def __init__(self, rulebook: Rulebook, table: Table, unique: bool, ids: bool) -> None:
        self._rulebook = rulebook
        self._table = table
        self._unique = unique
        self._ids = ids
        self._across: list[tuple[Across, Spool]] = []

    def count(self, chunks: Iterable[Chunk], folder: Path) -> None:
        """Read the whole file and count."""
        own = folder / "counting"
        own.mkdir(exist_ok=True)
        for aggregate in self._rulebook.aggregates:
            place = own / aggregate.term
            self._across.append((Across(aggregate, self._ids, place), Spool(ASKED, [ROW], place / "asked")))
        reader = ColumnarEngine(self._rulebook, FactReader(self._rulebook))
        needed = Needed(self._rulebook)
        once = Once(own)
        if self._unique:
            once.open(0)
        for chunk in chunks:
            cases = reader.read(
                chunk.frame.drop(ROW), self._table.columns, file=self._table.file, numbers=chunk.frame[ROW].to_numpy()
            )
            named = pl.DataFrame({ROW: pl.Series(cases.numbers, dtype=pl.Int64), ID: cases.ids})
            late = list(once.again(named[ID], named[ROW])) if self._unique else []
            first = ~pl.int_range(pl.len()).is_in(late)
            made = needed.columns(cases.columns, len(cases.at))
            for (_, own_facts), (across, asked) in zip(made, self._across, strict=True):
                facts = named.with_columns(**own_facts)
                if late:
                    facts = facts.filter(first)
                across.add(facts)
                asked.add(across.asks(facts))
            if self._unique:
                named = named.filter(first)
                once.keep(named[ID], named[ROW])
        for across, _ in self._across:
            across.count()

    def of(self, chunk: Chunk) -> pl.DataFrame:
        """The counts of the rows of a chunk, in their order: a column for each aggregate's term (`Across.values`), and
        one of ids (`TERM ids`) where they are wanted."""
        found = chunk.frame.select(ROW)
        for aggregate, (across, asked) in zip(self._rulebook.aggregates, self._across, strict=True):
            counts = across.values(asked.between(*_ends(found[ROW]))).rename({VALUE: aggregate.term})
            if self._ids:
                counts = counts.rename({IDS: f"{aggregate.term} ids"})
            if counts[ROW].equals(found[ROW]):  # most cases ask
                found = found.hstack(counts.drop(ROW))
            else:
                found = found.join(counts, on=ROW, how="left", maintain_order="left")
        return found


def _ends(rows: pl.Series) -> tuple[int, int]:
    """The first and the last of ascending row numbers; of none, a span that holds none."""
    return (rows[0], rows[-1]) if len(rows) else (0, -1)
