"""Lists put together row by row: all items of a frame in one column, cut where rows begin.

What several tables say of a row is one list. A list made in Python for each row takes longer than deciding it; here
each table writes its texts for all rows at once to their places in one flat column of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.columnar.codes import Codes, Mask, Numbered

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
    return cut(pl.Series("text", names.items, pl.String).gather(flat), total)


def cut(flat: pl.Series, sizes: npt.NDArray[np.int64], null: Mask | None = None) -> pl.Series:
    """Lists of so many items each, in order; null instead of an empty list where that is said."""
    rows = len(sizes)
    row = pl.Series("row", np.repeat(np.arange(rows, dtype=np.int64), sizes)).set_sorted()
    made = pl.DataFrame([row, flat.alias("item")]).group_by("row", maintain_order=True).agg("item").get_column("item")
    said = sizes > 0
    if len(made) == rows:
        return made
    number = pl.Series(np.where(said, np.cumsum(said) - 1, len(made)))
    if null is not None and null.any():
        number = number.set(pl.Series(null), None)
    # in one piece: of two it takes seven times as long to look lists up
    return made.extend(pl.Series("item", [[]], pl.List(flat.dtype))).rechunk().gather(number)
