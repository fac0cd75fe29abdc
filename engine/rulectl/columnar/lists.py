"""Lists of texts put together row by row: all texts of a frame in one column, cut where rows begin.

What several tables say of a row is one list. A list made in Python for each row takes longer than deciding it; here
each table writes its texts for all rows at once to their places in one flat column of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from rulectl.columnar.codes import Codes, Numbered

Texts = Sequence[Sequence[str]]
"""Some texts by number."""


def end_to_end(parts: Sequence[tuple[Codes, Texts]], rows: int) -> pl.Series:
    """The texts of each row end to end: of each part those of the row's number."""
    sizes = [np.array([len(texts) for texts in lists], np.int64).take(codes) for codes, lists in parts]
    total = sum(sizes, np.zeros(rows, np.int64))
    place = np.cumsum(total) - total
    flat = np.empty(int(total.sum()), np.int32)
    names: Numbered[str] = Numbered()
    for (codes, lists), size in zip(parts, sizes, strict=True):
        for n in range(int(size.max(initial=0))):
            (at,) = (size > n).nonzero()
            lut = np.array([names.number(texts[n]) if len(texts) > n else -1 for texts in lists], np.int32)
            flat[place[at] + n] = lut.take(codes[at])
        place += size
    row = pl.Series("row", np.repeat(np.arange(rows, dtype=np.int64), total)).set_sorted()
    text = pl.Series("text", names.items, pl.String).gather(flat)
    cut = pl.DataFrame([row, text]).group_by("row", maintain_order=True).agg("text").get_column("text")
    if len(cut) == rows:
        return cut
    said = total > 0
    number = np.where(said, np.cumsum(said) - 1, len(cut))
    return cut.extend(pl.Series("text", [[]], pl.List(pl.String))).gather(number)
