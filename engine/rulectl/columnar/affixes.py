"""Amounts as shops write them, in columns: `￥1,299.00`, `35元`, `3 天`.

What stands before and after the digits is the same in all rows of a column, or nearly so. Whether it leaves the number
as it is, is asked of the one reader of facts, once for each such pair, with a few numbers as probes; then the digits
alone are parsed, as a column. All else (`1.5万`, `-￥5`, `三天`) is read value by value.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from rulectl.cases.facts import Slot
from rulectl.lang.scope import Problem
from rulectl.types import within
from rulectl.values import Value

_MOST = 64
"""So many different pairs are looked into; a column with more of them is none of amounts."""

_PROBES = ("1", "7", "25", "360", "0.5", "1234.56", "999999", "1,234", "12,345,678.9")
_FEWEST = 4
"""So many probes must lie in the range of the term."""

_AROUND = r"[^0-9.,+\-eE]{0,6}"
_WHOLE = r"(?:[0-9]{1,15}|[1-9][0-9]{0,2}(?:,[0-9]{3})+)"
_AMOUNT = rf"^({_AROUND})({_WHOLE}(?:\.[0-9]{{1,15}})?)({_AROUND})$"
_LENGTH = 16


class Affixes:
    """What may stand around the numbers of one term."""

    __slots__ = ("_known", "_slot")

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._known: dict[tuple[str, str], bool] = {}

    def bared(self, texts: pl.Series, plain: pl.Series) -> tuple[pl.Series, pl.Series]:
        """The texts with their digits alone where that says the same, and which are plain numbers by then."""
        at = (~plain & texts.is_not_null() & (texts != "")).arg_true()
        if not len(at):
            return texts, plain
        found = texts.gather(at).str.extract_groups(_AMOUNT).struct.unnest()
        found.columns = ["before", "number", "after"]
        pairs = found.select("before", "after").drop_nulls().unique()
        if pairs.height > _MOST:
            return texts, plain
        good = pairs.filter(
            pl.Series([self._neutral(before, after) for before, after in pairs.iter_rows()], dtype=pl.Boolean)
        )
        mine = found.with_columns(pl.col("number").str.replace_all(",", "", literal=True)).with_columns(at=at)
        mine = mine.filter(pl.col("number").str.len_bytes() <= _LENGTH).join(good, on=["before", "after"], how="semi")
        if not mine.height:
            return texts, plain
        return texts.clone().scatter(mine["at"], mine["number"]), plain.clone().scatter(mine["at"], True)

    def _neutral(self, before: str, after: str) -> bool:
        """Whether a number between these two is read as that number."""
        known = self._known.get((before, after))
        if known is None:
            if len(self._known) > _MOST:
                self._known.clear()
            probes = [(probe, Decimal(probe.replace(",", ""))) for probe in _PROBES]
            asked = [(probe, number) for probe, number in probes if within(number, self._slot.term.type)]
            same = [_is(self._slot.text(before + probe + after), number) for probe, number in asked]
            known = self._known[before, after] = len(same) >= _FEWEST and all(same)
        return known


def _is(value: Value | Problem, number: Decimal) -> bool:
    return isinstance(value, Decimal) and value == number
