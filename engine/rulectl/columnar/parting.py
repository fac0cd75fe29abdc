"""Lists as cells and programs hold them into columns of items: each distinct item is read once, by the reader of cells.

A text is parted at the marks that part lists wherever it holds none of the signs that would make more of them, such as
quotation marks (lang/literals.py says which); what has such signs, or no item at all, is read whole, by distinct text.
A text without a mark is one item and a whole cell, which may say that there is nothing. Items are fewer than the lists
they make, so they are remembered where lists could not be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.facts import Slot
from rulectl.columnar.codes import Codes, Known, Mask, Numbered
from rulectl.columnar.contained import Lists
from rulectl.lang.literals import parting, value_of
from rulectl.lang.scope import Problem
from rulectl.values import Value

KNOWN_ITEMS = 50_000
"""So many distinct items of a term are remembered from one frame to the next."""

_LONGEST = 10_000
"""Longer texts are read whole: they may be too long."""

_BAD, _NONE = -2, -1
"""In place of an item's number: it cannot be read, or it is no item."""

Sizes = npt.NDArray[np.int64]


class ListReader:
    """Reads the lists of one term."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._item = slot.term.type.item
        self._unit = slot.term.unit
        found = parting(slot.term.type)
        self.parts = found is not None
        """Whether texts can be parted at all."""
        marks, signs = found or ("", "")
        others = marks.replace(";", "")
        self._odd, self._other_marks, self._rare = (f"[{re.escape(some)}]" for some in (signs, others, signs + others))
        self.forget()

    def forget(self) -> None:
        """Forget the items met so far."""
        self.values: Numbered[Value] = Numbered()
        self._texts: dict[str, int] = {"": _NONE}
        self._enum = pl.Enum([""])
        self._lut = np.array([_NONE], np.int32)
        self._alone = Known()

    def native(self, series: pl.Series) -> tuple[Lists, Mask | None]:
        """Lists as a program holds them, and the rows that cannot be read."""
        lists = series.arr.to_list() if isinstance(series.dtype, pl.Array) else series
        flat = lists.explode(empty_as_null=False, keep_nulls=False)
        if flat.dtype == pl.String:
            numbers = self._of_texts(flat)
            codes: Codes = self._lut.take(numbers)
        else:
            codes = self._of_values(flat)
        return self._made(codes, _sizes(lists), lists.is_null().to_numpy(), ())

    def texts(self, series: pl.Series) -> tuple[Lists, Mask | None]:
        """The same of texts."""
        null = series.is_null() | (series == "")
        odd = (series.str.len_bytes() > _LONGEST).fill_null(False)
        rare = series.str.contains(self._rare).any()  # in most columns there is nothing to be looked for by itself
        if rare:
            odd |= series.str.contains(self._odd).fill_null(False)
        some = series.set(odd, None) if odd.any() else series
        if rare:
            some = some.str.replace_all(self._other_marks, ";")
        lists = some.str.split(";")
        sizes = _sizes(lists)
        numbers = self._of_texts(lists.explode(empty_as_null=False, keep_nulls=False))
        codes = self._lut.take(numbers)
        alone = np.repeat(sizes == 1, sizes)
        codes[alone] = self._of_alone(numbers[alone])
        blank = codes == _NONE
        if blank.any():
            found = np.bincount(_row_of(sizes)[~blank], minlength=len(sizes)) == 0
            odd |= pl.Series(found & (sizes > 0)) & ~null
        whole = odd.arg_true()
        return self._made(codes, sizes, null.to_numpy(), self._read_whole(whole, series))

    def _read_whole(self, at: pl.Series, series: pl.Series) -> Sequence[tuple[int, Value | Problem]]:
        """Rows whose texts are not parted, and what they come to."""
        texts = series.gather(at).to_list()
        known = {text: self._slot.text(text) for text in set(texts)}
        return [(row, known[text]) for row, text in zip(at.to_list(), texts, strict=True)]

    def _of_alone(self, numbers: Codes) -> Codes:
        """The numbers of items that are all there is in a cell, each told by the number of its text."""
        texts = list(self._texts)

        def read(number: int) -> int:
            value = self._slot.text(texts[number])
            if isinstance(value, Problem):
                return 0
            return 2 + self.values.number(value[0]) if isinstance(value, tuple) and len(value) == 1 else 1

        return self._alone.of(numbers, len(texts), read) - np.int32(2)

    def _of_texts(self, flat: pl.Series) -> Codes:
        """The numbers of texts among those that were met, as `_lut` has them."""
        found = flat.cast(self._enum, strict=False)
        if found.null_count() > flat.null_count():
            for text in flat.filter(found.is_null() & flat.is_not_null()).unique().to_list():
                self._texts[text] = self._number(text)
            self._enum = pl.Enum(list(self._texts))
            self._lut = np.array([*self._texts.values()], np.int32)
            found = flat.cast(self._enum, strict=False)
        # the first text is the blank one
        return found.to_physical().fill_null(0).to_numpy().astype(np.int32)

    def _of_values(self, flat: pl.Series) -> Codes:
        """The numbers of values of any other type."""
        values = flat.unique()
        numbers = pl.Series("number", [self._number(value) for value in values.to_list()], pl.Int32)
        known = pl.DataFrame({"value": values, "number": numbers})
        found = (
            flat.alias("value").to_frame().join(known, on="value", how="left", nulls_equal=True, maintain_order="left")
        )
        return found["number"].to_numpy()

    def _number(self, raw: object) -> int:
        """The number of an item: in a list, text and native values are read alike."""
        value = value_of(raw, self._item, self._unit)
        if isinstance(value, Problem):
            return _BAD
        return _NONE if value is None else self.values.number(value)

    def _made(
        self, codes: Codes, sizes: Sizes, null: Mask, whole: Sequence[tuple[int, Value | Problem]]
    ) -> tuple[Lists, Mask | None]:
        """Lists of items, those that were read `whole` among them."""
        bad = np.zeros(len(sizes), np.bool_)
        null = null.copy()
        if len(codes) and codes.min() < 0:
            row = _row_of(sizes)
            bad[row[codes == _BAD]] = True
            left = (codes >= 0) & ~bad[row]
            codes, sizes = codes[left], np.bincount(row[left], minlength=len(sizes))
        if whole:
            lists = [value if isinstance(value, tuple) else () for _, value in whole]
            at = np.array([row for row, _ in whole], np.int64)
            bad[at] = [isinstance(value, Problem) for _, value in whole]
            null[at] = [value is None for _, value in whole]
            sizes[at] = 0
            own = np.zeros(len(sizes), np.bool_)
            own[at] = True
            sizes[at] = [len(one) for one in lists]
            mine = np.repeat(own, sizes)
            every = np.empty(len(mine), np.int32)
            every[~mine] = codes
            every[mine] = [self.values.number(item) for item in chain.from_iterable(lists)]
            codes = every
        made = Lists(codes, sizes, null | bad, self.values)
        if len(self._texts) > KNOWN_ITEMS or len(self.values) > KNOWN_ITEMS:  # what was read goes on with its own
            self.forget()
        return made, bad if bad.any() else None


def _sizes(lists: pl.Series) -> Sizes:
    return lists.list.len().fill_null(0).to_numpy().astype(np.int64)


def _row_of(sizes: Sizes) -> npt.NDArray[np.int64]:
    """The row of each item."""
    return np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
