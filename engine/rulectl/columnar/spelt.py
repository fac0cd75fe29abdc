"""What the cells of a column stand for, found by their bytes: for columns of few values, without a text for each cell.

The words of a cell (`cases/spans.py`) are hashed by multiplication (Dietzfelbinger et al., "A reliable randomized
algorithm for the closest-pair problem", 1997: odd factors drawn at random, the upper bits count); the slot that they
fall into holds the number of a text met before, whose words are then compared, so that a wrong one is never taken. Of
texts that fall into one slot the others go to the next table. Only cells whose words were never met become texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import SystemRandom

import numpy as np
import numpy.typing as npt

from rulectl.cases.spans import WORD, Cells, Words
from rulectl.columnar.codes import Codes

LONGEST = 64
"""Bytes of a cell at most. Texts of many words are found more quickly as texts."""

_BITS = 16
"""A table has so many bits of slots, and more where many texts are known: a quarter of the slots at most is taken."""

_SAMPLE = 1_024
"""So many cells become texts before the others are looked for again."""

_NOBODY = 1 << 8
"""A word that no cell has: nothing stands before its first byte."""

_TABLES = 16
"""Tables at most. No text fell past the fifth among 50,000; whoever made texts that did would be found slowly."""

Places = npt.NDArray[np.int32]


class Spelt:
    """What texts stand for, as small integers. `number` says it of a text, once."""

    def __init__(self, number: Callable[[str], int]) -> None:
        self._number = number
        self._known: dict[str, int] = {}
        self._keys: list[Words] = [np.array([_NOBODY], np.uint64)]
        self._codes: Codes = np.zeros(1, np.int32)
        self._tables: list[Places] = []
        self._factors: list[list[np.uint64]] = []
        self._shift = np.uint64(0)

    def of(self, cells: Cells) -> Codes:
        """What each cell stands for; none may be longer than LONGEST."""
        words = cells.words(max(1, -(-cells.longest // WORD)))
        while len(self._keys) < len(words):
            self._keys.append(np.zeros(len(self._codes), np.uint64))
            self._tables = []
        at = self._found(words)
        left = np.flatnonzero(at == 0)
        while len(left):
            if not self._learn(cells.at(left[:_SAMPLE]), [word[left[:_SAMPLE]] for word in words]):
                return self._one_by_one(cells, at, left)
            at[left] = self._found([word[left] for word in words])
            left = left[at[left] == 0]
        return self._codes.take(at)

    def _found(self, words: Sequence[Words]) -> Places:
        """The number of the text of each cell, 0 for one that is not known."""
        if not self._tables:
            self._arrange()
        at = self._looked_up(0, words)
        for table in range(1, len(self._tables)):
            left = np.flatnonzero(at == 0)
            if not len(left):
                break
            at[left] = self._looked_up(table, [word[left] for word in words])
        return at

    def _looked_up(self, table: int, words: Sequence[Words]) -> Places:
        at = self._tables[table].take(self._slots(table, words))
        same = np.ones(len(at), np.bool_)
        for number, keys in enumerate(self._keys):
            same &= keys.take(at) == (words[number] if number < len(words) else 0)
        at *= same
        return at

    def _slots(self, table: int, words: Sequence[Words]) -> npt.NDArray[np.int64]:
        factors = self._factors[table]
        mixed = words[0] * factors[0]
        for word, factor in zip(words[1:], factors[1:], strict=False):
            mixed += word * factor
        mixed >>= self._shift
        return mixed.view(np.int64)

    def _learn(self, cells: Cells, words: Sequence[Words]) -> bool:
        """Take in some texts; whether any was new."""
        fresh = {text: row for row, text in enumerate(cells.texts()) if text not in self._known}
        if not fresh:
            return False
        at = np.array([*fresh.values()], np.int64)
        codes = [self._number(text) for text in fresh]
        start = len(self._codes)
        self._known |= {text: start + number for number, text in enumerate(fresh)}
        self._codes = np.concatenate([self._codes, np.array(codes, np.int32)])
        none = np.zeros(len(at), np.uint64)
        self._keys = [
            np.concatenate([keys, words[number][at] if number < len(words) else none])
            for number, keys in enumerate(self._keys)
        ]
        self._arrange()
        return True

    def _arrange(self) -> None:
        """Put all texts into tables."""
        count = len(self._codes)
        bits = max(_BITS, (4 * count).bit_length())
        self._shift = np.uint64(64 - bits)
        self._tables, self._factors = [], []
        left = np.arange(1, count, dtype=np.int32)
        while (len(left) or not self._tables) and len(self._tables) < _TABLES:
            self._factors.append([np.uint64(_RANDOM.getrandbits(64) | 1) for _ in self._keys])
            table = np.zeros(1 << bits, np.int32)
            slots = self._slots(len(self._tables), [keys[left] for keys in self._keys])
            table[slots] = left
            self._tables.append(table)
            left = left[table[slots] != left]

    def _one_by_one(self, cells: Cells, at: Places, left: npt.NDArray[np.int64]) -> Codes:
        """The same where known texts have no slot in any table."""
        for row, text in zip(left.tolist(), cells.at(left).texts(), strict=True):
            if text not in self._known:
                self._learn(cells.at(np.array([row])), [word[[row]] for word in cells.words(len(self._keys))])
            at[row] = self._known[text]
        return self._codes.take(at)


_RANDOM = SystemRandom()
