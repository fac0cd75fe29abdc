"""The turns that tables take in the short way, in firing order, and what the written function needs for each.

A table is looked up by codes (runtime/answers.py), by cells (cells.py), or with many others at once (board.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from rulectl.runtime.answers import Answers
from rulectl.runtime.board import MANY_TABLES, Board, can_share
from rulectl.runtime.cells import Cells, cells_of
from rulectl.runtime.encoder import Encoder
from rulectl.runtime.plan import Plan
from rulectl.runtime.written import StepShape, named


class Turn(NamedTuple):
    """Whose turn it is, with its cells; `reads` are the terms whose codes it asks for; `chained`: some of these are
    what other tables say; `writes`: later tables ask for what it says; `merged`: terms that are merged after it."""

    answers: Answers | Board
    cells: Cells | None
    reads: frozenset[str]
    chained: bool
    writes: bool
    merged: tuple[str, ...]


def turns_of(
    plan: Plan, tables: Sequence[Answers], encoders: Mapping[str, Encoder], given: frozenset[str]
) -> list[Turn]:
    """The turns of all tables; `given` are the terms that cases give."""
    turns: list[Turn] = []
    for numbers, settled in zip(plan.strata, plan.settled_in, strict=True):
        merged = tuple(term for term in settled if len(plan.writers[term]) > 1)
        mine = [tables[number] for number in numbers]
        if len(mine) >= MANY_TABLES and all(map(can_share, mine)):
            reads = frozenset[str]().union(*(table.plan.reads for table in mine))
            turns.append(Turn(Board(mine, plan.coding), None, reads, False, True, merged))
            continue
        for table in mine:
            writes = any(encoders[output.term].partition is not None for output in table.plan.table.outputs)
            after = merged if table is mine[-1] else ()
            cells = cells_of(table, encoders, given)
            turns.append(Turn(table, cells, table.plan.reads, bool(table.chained), writes, after))
    return turns


def step_of(
    at: int, turn: Turn, places: Mapping[str, int], alone: int | None, merge: Callable[..., object]
) -> tuple[StepShape, dict[str, object]]:
    """A turn as a step of the program, and the objects that it needs under their numbered names. `places` are those of
    the values; `alone` are, where it is the only table, the codes that are known before; `merge` merges terms."""
    answers, cells, _, chained, writes, merged = turn
    parts: dict[str, object] = {}
    if merged:
        parts[f"merged{at}"] = partial(merge, merged)
    if chained:
        assert isinstance(answers, Answers)
        parts |= {f"reads{at}": answers.mask, f"onward{at}": (cells or answers).onward}
    if cells is None:
        parts |= {f"answers{at}": answers, f"mask{at}": answers.mask}
        return StepShape(None, 0, False, writes, chained, bool(merged)), parts
    values = tuple(places[column.encoder.term.id] for column in cells.raw)
    parts |= {f"made{at}": cells.made, f"mask{at}": cells.mask, f"unpack{at}": cells.struct.iter_unpack}
    parts |= {f"rules{at}": cells.answers.rules, f"of_rule{at}": cells.answers.of_rule}
    parts |= {f"careful{at}": cells.careful, f"make{at}": cells.make}
    parts |= dict(named(f"box{at}_", cells.masks))
    whole = cells.mask == alone
    return StepShape(values, len(cells.boxed), cells.stretched, writes, chained, bool(merged), whole), parts
