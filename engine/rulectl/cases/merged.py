"""Merged cells of a sheet of cases: a merged cell is every cell that it covers, as in a rulebook (semantics section 3).
Exports of orders merge what is the same for all pieces of an order; a reader has it in the first row alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Area = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last cell of a merged area, as row and column from 0."""


class Merges:
    """The merged areas of a sheet whose cases begin in row `skip`. `down`: how many of them reach over several rows."""

    def __init__(self, areas: Iterable[Area], skip: int) -> None:
        mine = [area for area in areas if area[0][0] >= skip]
        self.down = sum(last[0] > first[0] for first, last in mine)
        self._skip = skip
        self._from: dict[int, list[Area]] = {}
        for area in mine:
            self._from.setdefault(area[0][0], []).append(area)

    def filled(self, rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
        """The rows, from the first case on. One that says nothing of its own stays blank."""
        if not self._from:
            yield from rows
            return
        running: list[tuple[Area, object]] = []
        for number, row in enumerate(rows, start=self._skip):
            running = [one for one in running if one[0][1][0] >= number]
            running += [(area, row[area[0][1]]) for area in self._from.get(number, ()) if area[0][1] < len(row)]
            if running and any(cell not in ("", None) for cell in row):
                for ((_, left), (_, right)), value in running:
                    row[left : right + 1] = [value] * len(row[left : right + 1])
            yield row


def filled_down(rows: Sequence[list[str]], areas: Iterable[Area], first: int) -> None:
    """Fill headings that reach over several rows into each of these; `first` is the number of the first row."""
    for (top, left), (bottom, right) in areas:
        if left == right and first <= top < first + len(rows):
            for row in rows[top - first + 1 : bottom - first + 1]:
                if left < len(row):
                    row[left] = rows[top - first][left]
