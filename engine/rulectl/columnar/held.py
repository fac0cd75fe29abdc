"""Which rules hold of lists, as bits: for each text that a list holds an OR of the rules that ask for it.

As `contents.Held` of one case, for all sets of texts that occur in a frame at once. Most rules ask a list for one text;
what the others ask is worked out in columns too, from the bits of the texts they name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rulectl.columnar.codes import Codes, Mask, Rows
from rulectl.lang.syntax import AllOf, Except, Is, Literal, OneOf, Test
from rulectl.runtime.contents import Contents
from rulectl.runtime.lowering import NONE, Slot

Words = npt.NDArray[np.uint64]

_ONE = np.uint64(1)


class HeldBits(NamedTuple):
    """What the rules of a table ask one list. `free` are those that ask nothing, `asking` the others; `by_text` those
    that ask for one text alone, in the order of texts, and `others` are bits of rules with what they ask."""

    contents: Contents
    free: Words
    asking: Words
    by_text: Words
    others: tuple[tuple[int, Sequence[Test]], ...]

    @staticmethod
    def of(slot: Slot, contents: Contents, bit: Rows, words: int) -> HeldBits:
        """`bit` is that of each rule."""
        place = {text: number for number, text in enumerate(contents.texts)}
        by_text = np.zeros((len(contents.texts), words), np.uint64)
        free, asking = np.zeros(words, np.uint64), np.zeros(words, np.uint64)
        others: list[tuple[int, Sequence[Test]]] = []
        for mine, ref in zip(bit.tolist(), slot.refs, strict=True):
            word, mask = mine >> 6, _ONE << np.uint64(mine & 63)
            if ref == NONE:
                free[word] |= mask
                continue
            asking[word] |= mask
            match slot.tests(ref):
                case [Is("=", Literal(value=str(text)))]:
                    by_text[place[text], word] |= mask
                case tests:
                    others.append((mine, tests))
        return HeldBits(contents, free, asking, by_text, tuple(others))

    def holds(self, sets: Words) -> Words:
        """The rules that hold of lists with these texts, (sets, words)."""
        bits = np.unpackbits(sets.view(np.uint8), axis=1, count=len(self.by_text), bitorder="little")
        # as truth values end to end, they are looked through four times as fast
        row, text = np.divmod(np.flatnonzero(bits.view(np.bool_)), len(self.by_text))
        sizes = np.bincount(row, minlength=len(sets))
        found = or_of(self.by_text, text, sizes)
        found |= self.free
        for mine, tests in self.others:
            named = {name: bits[:, place] == 1 for place, name in enumerate(self.contents.texts)}
            met = np.logical_and.reduce([_met(test, named) for test in tests])
            found[met, mine >> 6] |= _ONE << np.uint64(mine & 63)
        return found


def or_of(words: Words, at: Rows | Codes, sizes: Rows) -> Words:
    """The OR of so many rows of words for each size, given by their places end to end."""
    found = np.zeros((len(sizes), words.shape[1]), np.uint64)
    (full,) = sizes.nonzero()
    if len(full):
        start = (np.cumsum(sizes) - sizes)[full]
        # word by word is three times as fast as row by row
        for word in range(words.shape[1]):
            found[full, word] = np.bitwise_or.reduceat(words[:, word].take(at), start)
    return found


def _met(test: Test, held: dict[str, Mask]) -> Mask:
    """Which lists meet a test, by which of them hold each text."""
    match test:
        case OneOf(items):
            either: Mask = np.logical_or.reduce([_met(item, held) for item in items])
            return either
        case AllOf(items):
            both: Mask = np.logical_and.reduce([_met(item, held) for item in items])
            return both
        case Except(inner):
            return ~_met(inner, held)
        case Is(op, Literal(value=str(text))):
            return held[text] if op == "=" else ~held[text]
        case _:
            raise AssertionError(test)
