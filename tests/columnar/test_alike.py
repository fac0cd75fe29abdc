"""Combinations are found again by their numbers, whatever their hashes are."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.columnar import codes
from rulectl.columnar.alike import Alike
from rulectl.columnar.codes import Part, Rows

FRAMES = st.lists(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20), max_size=6)


@given(FRAMES, st.booleans())
def test_each_is_made_once_and_found_again(frames: list[set[tuple[int, int]]], clash: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if clash:  # all in one place: then some are made anew, and none is taken for another
            patch.setattr(codes, "_SCATTER", np.uint64(0))
        kept, things = Alike(), (object(), object())
        made: list[tuple[int, int]] = []
        for frame in frames:
            pairs = sorted(frame) * 2
            parts = [Part(np.array(column, np.int32), 6) for column in zip(*pairs, strict=True)]

            def make(fresh: Rows, pairs: list[tuple[int, int]] = pairs) -> pl.DataFrame:
                new = [pairs[n] for n in fresh.tolist()]
                made.extend(new)
                return pl.DataFrame({"said": [f"{a}-{b}" for a, b in new]}, schema={"said": pl.String})

            found = kept.of(things, parts, make)
            assert found is not None
            said, rows = found
            assert said["said"].gather(rows).to_list() == [f"{a}-{b}" for a, b in pairs]
        if not clash:
            assert len(made) == len(set(made))


def test_other_things_are_made_anew() -> None:
    kept, one = Alike(), Part(np.zeros(2, np.int32), 1)
    for number in range(3):

        def make(fresh: Rows, number: int = number) -> pl.DataFrame:
            return pl.DataFrame({"said": [str(number)] * len(fresh)})

        found = kept.of((object(),), [one], make)
        assert found is not None
        said, rows = found
        assert said["said"].gather(rows).to_list() == [str(number)] * 2


def test_nothing_is_made_where_hardly_two_rows_are_alike() -> None:
    one = Part(np.arange(3, dtype=np.int32), 3)
    assert Alike().of((object(),), [one], lambda _: pl.DataFrame()) is None


def test_numbers_may_grow() -> None:
    kept, thing = Alike(), object()
    for size in (1, 3, 70, 2**20, 2**30):
        numbers = pl.Series([0, size - 1, 0, size - 1])
        parts = [Part(numbers.cast(pl.Int32).to_numpy(), size)] * 3

        def make(new: Rows, numbers: pl.Series = numbers) -> pl.DataFrame:
            return pl.DataFrame({"n": numbers.gather(new)})

        found = kept.of((thing,) * 3, parts, make)
        assert found is not None
        assert found[0]["n"].gather(found[1]).to_list() == numbers.to_list()


def test_sets_that_differ_in_few_bits_are_told_apart_by_their_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule of 1,024 alone, and each pair of some, as bits: comparing the words themselves would take a hundred
    times as long. The upmost bit of a word must not be the same as two of the next."""
    sets = [(rule, rule) for rule in range(1024)] + list(combinations((*range(34, 1024, 64), *range(63, 1024, 64)), 2))
    words = np.zeros((len(sets), 16), np.uint64)
    for rules in np.array(sets, np.uint64).T:
        words[np.arange(len(sets)), (rules // 64).astype(np.int64)] |= np.uint64(1) << rules % 64
    unique, compared = np.unique, []

    def watched(items: Rows, axis: int | None = None, **more: Any) -> Any:
        compared.append(axis)
        return unique(items, axis=axis, **more)

    monkeypatch.setattr(np, "unique", watched)
    at, numbers = codes.distinct_words(np.concatenate([words, words]))
    assert 0 not in compared
    assert len(at) == len(sets)
    assert (numbers[: len(sets)] == numbers[len(sets) :]).all()
