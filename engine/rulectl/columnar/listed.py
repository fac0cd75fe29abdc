"""What several rules add to a list of texts, some of them texts of a row's own, for all rows at once.

Each rule that holds takes a slot, in the order of the rules. All that may stand in a slot of any row is one column of
lists; a slot is a column of places in that, and the list of a row is what stands in its slots, end to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import polars as pl

from rulectl.columnar.codes import Codes, constant, occurring
from rulectl.columnar.owned import Own, held
from rulectl.runtime.resolve import Spoken
from rulectl.types import Type
from rulectl.values import Value


class Added(NamedTuple):
    """What is added in each row: by number a list that `said` knows, or nothing; or a list of the row's own."""

    codes: Codes
    size: int
    said: Callable[[int], Spoken]
    own: Own | None


Slot = Value | int
"""What a rule adds: texts, or the place among those that are `added` of what differs. No text is a number."""


def end_to_end(
    starts: Codes, slots: Mapping[int, Sequence[Slot]], added: Sequence[Added], type_: Type, repeats: bool
) -> Own | None:
    """The list of each row, which has the `slots` of its start; None where lists cannot be held. `repeats`: whether
    what comes again stays."""
    own = [one.own.values for one in added if one.own is not None]
    size = sum(map(len, own))
    plain: dict[Value, int] = {}

    def place_of(value: Value) -> int:
        return plain.setdefault(value if isinstance(value, tuple) else (value,), size + len(plain))

    places: list[Codes] = []
    before = 0
    for one in added:
        mine = constant(one.size)
        for code in occurring(one.codes):
            said = one.said(code)
            mine[code] = place_of(said if isinstance(said, tuple) else ())
        found = mine.take(one.codes)
        if one.own is not None:
            found = np.where(one.own.rows, one.own.places + np.int32(before), found)
            before += len(one.own.values)
        places.append(found)
    columns: list[Codes] = []
    for column in zip_longest(*slots.values(), fillvalue=()):
        fixed, live = constant(max(slots) + 1), constant(max(slots) + 1, -1)
        for start, slot in zip(slots, column, strict=True):
            if isinstance(slot, int):
                live[start] = slot
            else:
                fixed[start] = place_of(slot)
        chosen, whose = fixed.take(starts), live.take(starts)
        for at, found in enumerate(places):
            chosen = np.where(whose == at, found, chosen)
        columns.append(chosen)
    others = held(list(plain), type_)
    if others is None:
        return None
    lists = pl.concat([*own, others])
    frame = pl.DataFrame([lists.gather(pl.Series(chosen)).alias(str(n)) for n, chosen in enumerate(columns)])
    whole = frame.select(pl.concat_list(pl.all())).to_series()
    if not repeats:
        whole = whole.list.unique(maintain_order=True)
    return Own(np.arange(len(starts), dtype=np.int32), whole)
