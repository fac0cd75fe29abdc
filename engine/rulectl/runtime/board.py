"""Many small tables that ask about inputs alone, looked at together.

Table by table, a case pays for each what it costs to go there: three hundred tables of ten rules took 2.4 milliseconds
where a case lacks inputs, most of it spent on fetching from memory what each of them keeps. So the rules of all of them
are the bits of one integer, 64 for each table, and which of them stand or hold is one AND for each input (the bit
vectors of a leaf, runtime/leaf.py, a floor higher). What a table says hangs on its bits and on the inputs that it
lacks; these come again, and it is asked itself only where they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial, reduce
from itertools import chain
from operator import and_
from struct import Struct
from typing import Final

from rulectl.lang.region import ABSENT, UNKNOWN, Partition
from rulectl.model.outcome import Firing
from rulectl.runtime.answers import KEPT, Answer, Answers, More, Said
from rulectl.runtime.coding import Coding
from rulectl.runtime.index import Index
from rulectl.runtime.memo import Asked, Memo
from rulectl.runtime.merge import Contribution
from rulectl.runtime.sight import Standing
from rulectl.values import Value

MANY_TABLES: Final = 16
"""Fewer tables are asked one by one."""

LANE: Final = 64
"""Bits for the rules of one table."""

KEPT_BYTES: Final = 1 << 24
"""So much may be remembered of which rules stand, for each input by its classes."""


class Board:
    """Some tables; `board[codes]` is what they say together, None where one of them does not settle the case."""

    def __init__(self, tables: Sequence[Answers], coding: Coding) -> None:
        self._coding = coding
        self._answers = tables
        self._lanes = Struct(f"<{len(tables)}Q")
        self.mask = 0
        for table in tables:
            self.mask |= table.mask

    def __getitem__(self, codes: int) -> Said | None:
        standing, inputs, tables = self._made
        holding = standing
        blank = 0
        for shift, ones, masks, absent, bit in inputs:
            number = codes >> shift & ones
            standing &= masks[number]
            if number == UNKNOWN:
                holding &= absent
                blank |= bit
        size, unpack = self._lanes.size, self._lanes.unpack
        stand = unpack(standing.to_bytes(size, "little"))
        hold = unpack((standing & holding).to_bytes(size, "little"))
        found: list[Said] = []
        for stands, holds, (first, known, own, table) in zip(stand, hold, tables, strict=True):
            hits, open_ = holds, stands ^ holds
            if first:
                hits &= -hits
                open_ = stands & (hits - 1)
            key = (hits, open_, blank & own) if open_ else hits
            said = known.get(key)
            if said is None:
                said = table.look(codes & table.mask)
                if said is None:
                    return None
                known.keep(key, said)
            found.append(said)
        return _together(found)

    @cached_property
    def _made(self) -> tuple[int, Sequence[_Input], Sequence[_Table]]:
        """All rules, the inputs and the tables; made when the first case comes."""
        asking: dict[str, dict[int, list[Standing]]] = {}
        every: list[int] = []
        for at, table in enumerate(self._answers):
            leaf = table.leaf()
            every.append(leaf.every)
            for column, steps in leaf.steps:
                name = next(iter(table.plan.lowered.columns[column].names))
                asking.setdefault(name, {}).setdefault(at, []).append(Standing(steps, table.keyed.coarse[column]))
        kept = KEPT_BYTES // max(1, len(asking)) // (self._lanes.size + 64)
        owns = [0] * len(every)
        inputs: list[_Input] = []
        for number, (name, columns) in enumerate(asking.items()):
            asked = [(rules, columns.get(at, ())) for at, rules in enumerate(every)]
            masks = Asked(kept, partial(self._standing, asked))
            inputs.append((*self._coding.fields[name], masks, masks[ABSENT], 1 << number))
            for at in columns:
                owns[at] |= 1 << number
        tables: list[_Table] = [(t.first, Memo(KEPT), own, t) for t, own in zip(self._answers, owns, strict=True)]
        return self._packed(every), inputs, tables

    def _packed(self, lanes: Sequence[int]) -> int:
        return int.from_bytes(self._lanes.pack(*lanes), "little")

    def _standing(self, asked: Sequence[tuple[int, Sequence[Standing]]], number: int) -> int:
        """The rules of which no test is false in a class of an input: of each table all, but for what it asks of it."""
        return self._packed([reduce(and_, [one[number] for one in columns], every) for every, columns in asked])


_Known = Memo[int | tuple[int, int, int], Said]
"""What a table says by the rules that hold; where more may come to, by these and by the inputs that it lacks, too."""

_Input = tuple[int, int, Asked[int, int], int, int]
"""The field of an input, by class number the rules of which no test is false, those that hold of null, and its bit."""

_Table = tuple[bool, _Known, int, Answers]
"""Whether the first hit decides, what is known of it, the bits of the inputs that it asks about, and the table."""


def can_share(table: Answers) -> bool:
    """Whether a table may stand on a board: few rules that ask about inputs alone."""
    plan = table.plan
    if type(plan.index) is not Index or len(plan.lowered.numbers) > min(LANE, plan.index.most):
        return False
    plain = all(isinstance(column.classes, Partition) and len(column.names) == 1 for column in plan.lowered.columns)
    return plain and table.told and not table.chained


def _together(found: Sequence[Said]) -> Said:
    """What several tables say, as one answer."""
    outputs: dict[str, Value] = {}
    derived: dict[str, Value] = {}
    fired: list[tuple[Firing, ...]] = []
    shares: list[tuple[str, Contribution]] = []
    behind: list[tuple[str, frozenset[str]]] = []
    codes = marks = urgent = total = open_ = 0
    for firings, said, code, more in found:
        fired.append(firings)
        outputs.update(said)
        codes += code
        if more is not None:
            marks |= more.marks
            urgent += more.urgent
            total += more.total
            open_ |= more.open
            derived.update(more.derived)
            shares += more.shares
            behind += more.behind
    more = More(derived, marks, tuple(shares), urgent, total, open_, tuple(behind))
    return Answer(tuple(chain.from_iterable(fired)), outputs, codes, more)
