"""Case ids met so far in a file of any length: an id that comes again is told of with the row that had it first.

Most exports are sorted by id: as long as ids only ascend, the last one is all that is looked at. When one does not,
64-bit hashes of all ids so far are held in sorted runs (8 bytes a case); where a hash is met again, the texts decide.
The texts lie on disk, chunk by chunk, and are what is read when a run is gone on with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

_RUN = 1 << 22
_ID, _ROW = "id", "row"


class Once:
    """The ids of the cases decided so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "ids"
        self._count = 0
        self._last: str | None = None
        self._ascending = True
        self._runs: list[pl.Series] = []

    def open(self, chunks: int) -> None:
        """Go on after so many chunks."""
        self._folder.mkdir(exist_ok=True)
        self._count = chunks
        for file in sorted(self._folder.iterdir()):
            if int(file.stem) >= chunks:
                file.unlink()
        for frame in self._kept():
            ids = frame[_ID]
            if len(ids) and self._ascending:
                self._ascending = self._ascends(ids)
                self._last = ids[-1]
        if not self._ascending:
            self._learn_all()

    def again(self, ids: pl.Series, rows: pl.Series) -> dict[int, int]:
        """Position among `ids` -> the row that had this id first."""
        if not len(ids) or (self._ascending and self._ascends(ids)):
            return {}
        if self._ascending:
            self._ascending = False
            self._learn_all()
        mine = pl.DataFrame({_ID: ids, _ROW: rows}).with_row_index("at")
        suspects = mine.filter(pl.col(_ID).is_duplicated() | self._known(ids))
        if not suspects.height:
            return {}
        named = suspects.select(_ID).unique()
        before = [frame.join(named, on=_ID, how="semi") for frame in self._kept()]
        firsts = pl.concat([*before, suspects.select(_ID, _ROW)]).group_by(_ID).agg(pl.col(_ROW).min().alias("first"))
        late = suspects.join(firsts, on=_ID).filter(pl.col(_ROW) != pl.col("first"))
        return dict(zip(late["at"].to_list(), late["first"].to_list(), strict=True))

    def keep(self, ids: pl.Series, rows: pl.Series) -> None:
        """The ids that were decided in a chunk; to be called once a chunk."""
        frame = pl.DataFrame({_ID: ids, _ROW: rows})
        # packed, they would take three times as long to write
        frame.write_ipc(self._folder / f"{self._count:07}.arrow")
        self._count += 1
        self._learn(ids)

    def _kept(self) -> Iterator[pl.DataFrame]:
        for number in range(self._count):
            yield pl.read_ipc(self._folder / f"{number:07}.arrow")

    def _learn_all(self) -> None:
        for frame in self._kept():
            self._learn(frame[_ID])

    def _learn(self, ids: pl.Series) -> None:
        if not len(ids):
            return
        if self._ascending:
            self._last = ids[-1]
            return
        run = ids.hash().sort()
        while self._runs and len(self._runs[-1]) <= len(run) < _RUN:
            run = pl.concat([self._runs.pop(), run]).sort()
        self._runs.append(run)

    def _ascends(self, ids: pl.Series) -> bool:
        if self._last is not None and not ids[0] > self._last:
            return False
        return bool((ids.slice(1) > ids.slice(0, len(ids) - 1)).all())

    def _known(self, ids: pl.Series) -> pl.Series:
        """Which ids have a hash that was met before."""
        hashes = ids.hash()
        found = pl.repeat(False, len(ids), eager=True)
        for run in self._runs:
            at = run.search_sorted(hashes).clip(0, len(run) - 1)
            found |= run.gather(at) == hashes
        return found
