"""Rows of words and lists of names are found again, whatever falls into the same place."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from rulectl.columnar import codes, met
from rulectl.columnar.met import Met, Words
from rulectl.columnar.wanted import Wanted


@pytest.mark.parametrize("seed", range(30))
def test_rows_of_words_come_to_what_was_worked_out_of_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    r = Random(seed)
    monkeypatch.setattr(met, "_LEAST_BITS", r.choice([1, 4, 12]))
    monkeypatch.setattr(met, "_MOST_BYTES", r.choice([100, 1 << 24]))
    if seed % 5 == 0:
        monkeypatch.setattr(codes, "_SCATTER", np.uint64(0))  # all in one place
    width, known, asked = r.choice([1, 2, 5]), Met(), 0

    def work_out(words: Words) -> codes.Codes:
        nonlocal asked
        asked += len(words)
        return np.array([sum(row) for row in words.tolist()], np.int32)

    every = np.array([[r.randrange(4) for _ in range(width)] for _ in range(300)], np.uint64)
    for _ in range(4):
        some = every[[r.randrange(300) for _ in range(r.choice([0, 1, 400]))]]
        assert known.of(some, work_out).tolist() == some.sum(axis=1).tolist()
    if met._MOST_BYTES > 100 and met._LEAST_BITS == 12 and seed % 5:
        assert asked <= len(np.unique(every, axis=0)), "each was worked out once"


@pytest.mark.parametrize("count", [3, 300])
def test_lists_of_names_by_number(count: int) -> None:
    r = Random(count)
    names = [f"n{n}" for n in range(count)]
    wanted = Wanted(names)
    for _ in range(3):
        lists = [tuple(r.sample(names, r.randrange(min(count, 40)))) for _ in range(50)]
        numbers = wanted.numbers_of(lists)
        assert [wanted.items[number] for number in numbers] == lists
        assert wanted.lists(numbers).to_list() == [list(one) for one in lists]
        assert wanted.texts(numbers, [name.upper() for name in names]).to_list() == [";".join(x).upper() for x in lists]
        assert wanted.counts(numbers) == {
            n: sum(n in one for one in lists) for n in names if any(n in x for x in lists)
        }
    assert [number for number, one in zip(numbers, lists, strict=True) if not one] == [0] * lists.count(())
