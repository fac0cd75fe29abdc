"""Lists by what they hold: a class number with a bit for each text that some test names.

Whether a list holds a text is what most cells ask of a list, in any combination (`包含 甲`, `不含 甲;乙`). So a list is
to these cells what it holds of the texts they name, and all of them are one column (runtime/bundling.py), where each
would else be a question of its own to every list. The rules that hold of a list are then one OR of bit vectors a text
(runtime/leaf.py), since most rules ask for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from rulectl.lang.region import FIRST
from rulectl.lang.syntax import AllOf, Except, Is, Literal, OneOf, Test
from rulectl.runtime.memo import Asked
from rulectl.values import Value

KEPT_BYTES: Final = 1 << 22
"""So much is remembered of which rules hold of what lists hold, for each column of a leaf."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The classes of lists: FIRST, and above its bits one for each of `texts` that the list holds, `bit[text]`."""

    texts: tuple[str, ...]
    bit: dict[str, int] = field(compare=False)

    @staticmethod
    def over(texts: Iterable[str]) -> Contents:
        """Of lists that may hold these texts."""
        named = tuple(sorted(set(texts)))
        return Contents(named, {text: 1 << place for place, text in enumerate(named, FIRST.bit_length())})

    @property
    def size(self) -> int:
        """One more than the last class number."""
        return 1 << FIRST.bit_length() + len(self.texts)

    def locate(self, value: Value) -> int:
        """The class of a list."""
        number = FIRST
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str):
                number |= self.bit.get(item, 0)
        return number

    def coarser(self, other: Contents, number: int) -> int:
        """The class in `other`, of which all texts are among these, of a class of values."""
        return FIRST | sum([other.bit[text] for text in other.texts if number & self.bit[text]])

    def met(self, tests: Sequence[Test], number: int) -> bool:
        """Whether lists of a class meet all of some tests."""
        return all(self._meets(test, number) for test in tests)

    def _meets(self, test: Test, number: int) -> bool:
        match test:
            case OneOf(items):
                return any(self._meets(item, number) for item in items)
            case AllOf(items):
                return all(self._meets(item, number) for item in items)
            case Except(inner):
                return not self._meets(inner, number)
            case Is(op, Literal(value=str(text))):
                return bool(number & self.bit[text]) is (op == "=")
            case _:
                raise AssertionError(test)


def texts_asked(test: Test) -> Iterator[str | None]:
    """The texts that a test asks a list for; None for whatever else it asks."""
    match test:
        case OneOf(items) | AllOf(items) if items:
            for item in items:
                yield from texts_asked(item)
        case Except(inner):
            yield from texts_asked(inner)
        case Is("=" | "!=", Literal(value=str(text))):
            yield text
        case _:
            yield None


class Held:
    """The bit vectors of such a column (as `leaf.Steps` are those of another): which rules hold of lists of a class.
    There are no steps between lists at which vectors could be kept (`every`, `bounds`, `masks`)."""

    every: ClassVar[int] = 0
    bounds: ClassVar[list[int]] = []
    masks: ClassVar[list[int]] = []
    __slots__ = ("_by_text", "_contents", "_free", "_others", "absent", "holds", "unknown", "waits")

    def __init__(self, contents: Contents, asked: Sequence[tuple[int, Sequence[Test]]], size: int) -> None:
        """`asked` are (bit, tests) of the rules that ask something; the others hold everywhere."""
        self._contents = contents
        self.waits = sum([1 << bit for bit, _ in asked])
        # what is asked of a list says nothing of none
        self.unknown = (1 << size) - 1
        self.absent = self._free = self.unknown & ~self.waits
        self._by_text: dict[int, int] = {}
        self._others: list[tuple[int, Sequence[Test]]] = []
        for bit, tests in asked:
            match tests:
                case [Is("=", Literal(value=str(text)))]:
                    own = contents.bit[text]
                    self._by_text[own] = self._by_text.get(own, 0) | 1 << bit
                case _:
                    self._others.append((1 << bit, tests))
        self.holds: Callable[[int], int] = Asked(KEPT_BYTES // (size // 8 + 64), self._holds).__getitem__

    def _holds(self, klass: int) -> int:
        """The rules that hold of lists of a class, or of null known for certain."""
        if klass < FIRST:
            return self.absent
        found, left = self._free, klass ^ FIRST
        while left:
            lowest = left & -left
            left ^= lowest
            found |= self._by_text.get(lowest, 0)
        for bit, tests in self._others:
            if self._contents.met(tests, klass):
                found |= bit
        return found
