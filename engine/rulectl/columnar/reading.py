"""Columns of raw values into columns of states: each distinct value is read once, by the one reader of facts.

Four kinds of column would have too many distinct values for that. Free text that no rule reads is only looked through
for what may not stand in a cell. Text of which rules name a few is sorted into these and all others. Plain numbers of
up to 15 digits and moments in digits are parsed as columns. Lists are read item by item (parting.py). Whatever in these
is not plain (a thousands mark, a blank, a unit) is read value by value like everything else, so a bad value costs
nothing but itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from rulectl.cases.facts import Slot
from rulectl.cases.placeholders import NOTHING
from rulectl.columnar.codes import Codes, Mask, Numbered, constant
from rulectl.columnar.columns import Coded, Column, Texts
from rulectl.columnar.days import DayCodes, parsed, whole
from rulectl.columnar.measuring import Measuring, Read
from rulectl.columnar.parting import ListReader
from rulectl.columnar.states import BLANK, State, given
from rulectl.lang.region import Partition
from rulectl.lang.scope import Problem
from rulectl.types import Kind
from rulectl.values import Value

KNOWN_TEXTS = 50_000
"""So many distinct texts of a term are remembered from one frame to the next."""

_SAMPLE, _MANY = 8_192, 4_096
"""A column whose first rows hold many distinct values is taken to hold many."""

_WIDE = "一-鿿。！，：；？（）％￥“”‘’【】《》…·×"
_FIRST = rf"!\"$-&)*,.0-;>-Z\]-_a-~{_WIDE}"
_INNER = rf"!-*,-~{_WIDE}—"
_ORDINARY = rf"^(?:[{_FIRST}](?:[ {_INNER}]*[{_INNER}])?)?$"
"""Texts that are read as they stand: nothing invisible in them, no blank around them, no `1E+17`, no `="…"`, and in
front no sign with which something begins that stands for nothing; that may also be a word (`_WORDS`)."""

_WORDS = pl.Series([text for text in NOTHING if text.isalpha() or text[0].isalpha()])
_WORD_LENGTH = 4

_ORDINARY_LENGTH = 1_000

_SIMPLE = "^[0-9A-Za-z][0-9A-Za-z._/:#-]{0,63}$"
"""Texts, such as the numbers of cases and orders, that are read as they stand and need neither quotes nor a guard."""

_TEXT = pl.String()

_NO_ITEMS = (pl.List, pl.Array, pl.Struct, pl.Object)
"""What in a list is no item but more of them, or anything."""

_FEW_LISTS = 256
"""So few distinct texts of lists in the sample are quicker read whole."""


@dataclass(slots=True)
class TermReader:
    """How one term is read. `points`: the end points and texts that tables ask for; None when no table asks for
    classes. `fine`: whether an expression may ask for the values themselves."""

    slot: Slot
    points: Partition | None
    fine: bool
    states: Numbered[State] = field(default_factory=lambda: Numbered(BLANK))
    _texts: dict[str, int] = field(default_factory=dict)
    _enum: pl.Enum | None = None
    _lut: Codes = field(default_factory=lambda: np.zeros(0, np.int32))
    _mixed_up: bool = True
    _many: bool = False
    _simple: bool = True
    _lists: ListReader | None = None
    _days: DayCodes | None = None
    measuring: Measuring = field(init=False)

    def __post_init__(self) -> None:
        self.measuring = Measuring(self.slot, self.points)

    @property
    def free(self) -> bool:
        """Whether this is text whose value no rule looks at."""
        kind = self.slot.term.type
        return kind.kind is Kind.STRING and not kind.many and not kind.values and not self.fine

    def read(self, series: pl.Series) -> Read:
        """One column of a frame; raw text, or typed as a file or a program holds it."""
        if series.dtype == pl.Null:
            series = series.cast(_TEXT)
        if series.dtype in (pl.Categorical, pl.Enum):
            series = series.cast(_TEXT)
        if self.slot.term.type.many:
            read = self._read_lists(series)
            if read is not None:
                return read
        if series.dtype != pl.String:
            return self._typed(series)
        # looked at anew only where the texts met so far leave it open: a sample costs as much as reading a column
        if not self._many and not 0 < len(self._texts) <= _MANY:
            self._many = series.head(_SAMPLE).n_unique() > _MANY
        if self.free and self._many:
            return self._free_text(series)
        if self._many and self.measuring.of_moments:
            return self.measuring.moments(series, parsed(series))
        if self._many and self.measuring.of_numbers:
            return self.measuring.numbers(series)
        return self._coded(series)

    def _read_lists(self, series: pl.Series) -> Read | None:
        """Lists item by item; None where they are few, or come as something else."""
        self._lists = self._lists or ListReader(self.slot)
        if series.dtype == pl.String:
            self._many = self._many or series.head(_SAMPLE).n_unique() > _FEW_LISTS
            if not self._many or not self._lists.parts:
                return None
            lists, bad = self._lists.texts(series)
        elif isinstance(series.dtype, pl.List | pl.Array) and not isinstance(series.dtype.inner, _NO_ITEMS):
            lists, bad = self._lists.native(series)
        else:
            return None
        return Read(lists, lists.null, bad)

    # -- few distinct values ------------------------------------------------------------------------------------

    def _coded(self, series: pl.Series) -> Read:
        read = self._good(self._numbers_of(series))
        if len(self._texts) > KNOWN_TEXTS:  # what was read goes on with the states that it knows
            self.forget()
        return read

    def _good(self, codes: Codes) -> Read:
        """State numbers, -1 for what cannot be read."""
        bad = codes == BAD_CODE
        if bad.any():
            codes = np.where(bad, np.int32(BLANK_CODE), codes).astype(np.int32)
            return Read(Coded(codes, self.states), codes == BLANK_CODE, bad)
        return Read(Coded(codes, self.states), codes == BLANK_CODE, None)

    def _numbers_of(self, series: pl.Series) -> Codes:
        """The state numbers of a column of texts; -1 for what cannot be read."""
        if self._enum is None:
            self._learn(series.drop_nulls().unique())
        assert self._enum is not None
        found = series.cast(self._enum, strict=False)
        if found.null_count() > series.null_count():
            self._learn(series.filter(found.is_null() & series.is_not_null()).unique())
            found = series.cast(self._enum, strict=False)
        # the first text is the blank one
        numbers = found.to_physical().fill_null(0).to_numpy()
        codes: Codes = self._lut.take(numbers) if self._mixed_up else numbers.astype(np.int32)
        return codes

    def _learn(self, texts: pl.Series) -> None:
        # a blank first, as among the states: then the texts often have the numbers of their states
        for text in ("", *texts.to_list()):
            if text in self._texts:
                continue
            value = self.slot.text(text)
            self._texts[text] = BAD_CODE if isinstance(value, Problem) else self.states.number(given(value))
        self._enum = pl.Enum(list(self._texts))
        self._lut = np.array([*self._texts.values()], np.int32)
        self._mixed_up = bool((self._lut != np.arange(len(self._lut))).any())

    def forget(self) -> None:
        """Forget the texts met so far."""
        self._texts = {}
        self._enum = None
        self.states = Numbered(BLANK)
        self._days = None

    def _typed(self, series: pl.Series) -> Read:
        """Native values: by distinct value, but for numbers in a number's column."""
        if series.dtype.is_numeric() and self.measuring.of_numbers:
            if series.dtype.is_float() or series.dtype.is_integer():
                return self.measuring.native_numbers(series)
            if series.head(_SAMPLE).n_unique() > _MANY:
                return self.measuring.numbers(series.cast(_TEXT))
        if series.dtype == pl.Date and self.slot.term.type.kind is Kind.DATE:
            self._days = self._days or DayCodes()
            by_day = self._days.of(series, self._native, BLANK_CODE)
            if by_day is not None:
                return self._good(by_day)
        if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is None and self.measuring.of_moments:
            self._many = self._many or series.head(_SAMPLE).n_unique() > _MANY
            if self._many:
                return self.measuring.moments(series, whole(series))
        if series.dtype == pl.Boolean:
            lut = np.array([self._native(False), self._native(True), BLANK_CODE], np.int32)
            return self._good(lut.take(series.cast(pl.UInt8).fill_null(2).to_numpy()))
        if series.dtype in _NO_ITEMS:
            values = series.to_list()
            keys = list(map(repr, values))
            numbered = {key: self._native(value) for key, value in dict(zip(keys, values, strict=True)).items()}
            return self._good(np.array([numbered[key] for key in keys], np.int32))
        found = series.unique()
        order = pl.Series("code", [self._native(value) for value in found.to_list()], pl.Int32)
        codes = (
            pl.DataFrame({"value": series})
            .join(
                pl.DataFrame({"value": found, "code": order}),
                on="value",
                how="left",
                nulls_equal=True,
                maintain_order="left",
            )["code"]
            .to_numpy()
        )
        return self._good(codes)

    def _native(self, raw: object) -> int:
        value = self.slot.native(raw)
        return BAD_CODE if isinstance(value, Problem) else self.states.number(given(value))

    # -- many distinct values -----------------------------------------------------------------------------------

    def _free_text(self, series: pl.Series) -> Read:
        """Text whose value no expression reads: the texts that tables name, and all others."""
        rows = len(series)
        # looked at as long as it was so: one question instead of five
        short = series.str.len_bytes() <= _WORD_LENGTH
        words = series.is_in(_WORDS.implode()) & short if short.any() else None
        self._simple = self._simple and not series.null_count() and series.str.contains(_SIMPLE).all()
        self._simple = self._simple and (words is None or not words.any())
        if self._simple and self.points is None:
            return Read(Texts(constant(rows, 1), _FREE, series, True), np.zeros(rows, np.bool_), None)
        plain = _asked(series, pl.first().str.contains(_ORDINARY) & (pl.first().str.len_bytes() < _ORDINARY_LENGTH))
        plain = plain if words is None else plain & ~words
        null = series.is_null() | (series == "")
        named = [] if self.points is None else list(self.points.points)
        states: Numbered[State] = Numbered(BLANK, given(_OTHER), *(given(name) for name in named))
        if named:
            found = series.cast(pl.Enum(named), strict=False).to_physical()
            codes = (found.cast(pl.Int32) + 2).fill_null(1).to_numpy().copy()
        else:
            codes = constant(rows, 1)
        blank = null.to_numpy()
        if null.any():
            codes[blank] = 0
        odd = (~plain.fill_null(False) & ~null).arg_true().to_numpy()
        bad: Mask | None = None
        if len(odd):
            blank = blank.copy()
            known: dict[str, int] = {}
            for row, text in zip(odd.tolist(), series.gather(odd).to_list(), strict=True):
                code = known.get(text)
                if code is None:
                    code = known[text] = self._free_code(text, states)
                if code == BAD_CODE:
                    bad = np.zeros(rows, np.bool_) if bad is None else bad
                    bad[row] = True
                    code = BLANK_CODE
                codes[row] = code
                blank[row] = code == BLANK_CODE
        return Read(Texts(codes, states, self._as_read(series, odd), self._simple), blank, bad)

    def _as_read(self, series: pl.Series, odd: npt.NDArray[np.integer[Any]]) -> pl.Series:
        """The texts as values: the odd ones without what nobody sees."""
        if not len(odd):
            return series
        values = [self.slot.text(text) for text in series.gather(odd).to_list()]
        return series.scatter(odd, [value if isinstance(value, str) else None for value in values])

    def _free_code(self, text: str, states: Numbered[State]) -> int:
        value = self.slot.text(text)
        if isinstance(value, Problem):
            return BAD_CODE
        state = given(value)
        return states.numbers.get(state, 1)


BLANK_CODE, BAD_CODE = 0, -1
_OTHER = "\0"
"""Stands for every text that no rule names: no cell can hold it."""

_FREE: Numbered[State] = Numbered(BLANK, given(_OTHER))
"""The states of a text that no rule names, or of none."""


def _asked(series: pl.Series, question: pl.Expr) -> pl.Series:
    """What a question about the first column of a frame, of several parts, says of a series."""
    return series.to_frame().select_seq(question).to_series()


def blank_column(rows: int, default: Value) -> Coded:
    """A term that the frame does not hold."""
    return Coded(constant(rows), Numbered(given(default)))


def defaulted(read: Read, default: Value) -> Column:
    """The column with its blanks filled."""
    if default is None or not read.null.any():
        return read.column
    filled = given(default)
    if isinstance(read.column, Texts):
        states = Numbered(*read.column.states.items)
        codes = np.where(read.null, states.number(filled), read.column.codes).astype(np.int32)
        return Texts(codes, states, read.column.series.set(pl.Series(read.null), default))
    codes, states = read.column.exact()
    return Coded(np.where(read.null, states.number(filled), codes).astype(np.int32), states)
