"""What rules may fall away that rest on a value which may yet change, in columns (of one case: runtime/sight.py).

A term that is provisional is read with its value when rules are matched, and as unknown when what may change is judged.
So of the rules that hold some are sure to and some may fall: one by one, all together, and, where none of that moves
what is said, with another rule that comes to hold as they fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.bits import Bits, Words, lowest_bits
from rulectl.columnar.codes import Codes, Numbered, distinct_words
from rulectl.model.policy import Gives, Takes
from rulectl.runtime.doubting import Doubting
from rulectl.runtime.resolve import NOTHING, Spoken


class Holding(NamedTuple):
    """The rules that hold in some rows, those of them that are sure to, and those that could come to hold."""

    hits: Words
    sure: Words
    open: Words

    @property
    def falling(self) -> Words:
        return self.hits ^ self.sure


class Falling:
    """What may fall away in one table."""

    def __init__(self, told: Doubting, bits: Bits) -> None:
        self._told = told
        self._bits = bits
        self._outputs = told.plan.outputs
        self._said = cache(self._said_by)

    def moved(self, column: int, moved: Words, holding: Holding, moving: Words) -> Words:
        """The rules that keep an output column from being settled: those that could hold and would change what is said
        (`moved`), and those that fall away; `moving` are the rules that would change what the sure ones say."""
        policy = self._outputs.policies[column]
        first = policy.takes is Takes.FIRST and policy.gives is Gives.ONE
        causes = self._of_first(column, holding) if first else self._of_several(column, holding)
        found = moved | causes
        (still,) = (found == 0).all(axis=1).nonzero()
        joint = holding.open.take(still, axis=0) & moving.take(still, axis=0)
        some = joint.any(axis=1)
        found[still[some]] = joint[some] | holding.falling[still[some]]
        return found

    def _of_first(self, column: int, holding: Holding) -> Words:
        """The rules whose falling changes what the first one says."""
        said = self._said(column)
        first = lowest_bits(holding.hits)
        mark = np.zeros_like(holding.hits)
        (some,) = (first >= 0).nonzero()
        mark[some, first[some] >> 6] = np.uint64(1) << (first[some] & 63).astype(np.uint64)
        now, falling = said.take(first), holding.falling
        one = (mark & falling).any(axis=1) & (said.take(lowest_bits(holding.hits ^ mark)) != now)
        several = np.bitwise_count(falling).sum(axis=1) > 1
        every = several & (said.take(lowest_bits(holding.sure)) != now)
        return np.where(every[:, None], falling, np.where(one[:, None], mark, np.uint64(0)))

    def _of_several(self, column: int, holding: Holding) -> Words:
        """The same of every other policy: asked of the one-case engine, once for each combination of rules."""
        at, number = distinct_words(np.concatenate([holding.hits, holding.sure], axis=1))
        hits, sure = (self._bits.rules(words.take(at, axis=0)) for words in (holding.hits, holding.sure))
        causes = [self._told.bits(self._causes(column, *one)) for one in zip(hits, sure, strict=True)]
        packed = b"".join([one.to_bytes(8 * self._bits.words, "little") for one in causes])
        return np.frombuffer(packed, np.uint64).reshape(len(at), self._bits.words).take(number, axis=0)

    def _causes(self, column: int, rules: Sequence[int], sure: Sequence[int]) -> Sequence[int]:
        """Of some rules that hold, where only some are sure to, those whose falling changes what a column says: by
        itself, or all at once."""

        def said(hits: Sequence[int]) -> Spoken:
            return self._outputs.resolve(column, hits, lambda rule, at: self._told.plan.spoken[rule][at])

        now, falling = said(rules), frozenset(rules).difference(sure)
        if len(falling) > 1 and said(sure) != now:
            return tuple(falling)
        return [rule for rule in falling if said([one for one in rules if one != rule]) != now]

    def _said_by(self, column: int) -> npt.NDArray[np.int32]:
        """What each rule says, by bit, as numbers that are equal where that is; and last what none says."""
        numbered: Numbered[Spoken] = Numbered(NOTHING)
        spoken = self._told.plan.spoken
        said: Codes = np.array(
            [*(numbered.number(spoken[rule][column]) for rule in self._bits.rule.tolist()), 0], np.int32
        )
        return said
