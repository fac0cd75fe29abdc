"""What a batch holds: nothing in cycles, and what is free goes back unless the user has said otherwise."""

from __future__ import annotations

import gc

import polars as pl
import pytest

import rulectl
from rulectl.batch import heap
from tests.columnar.test_family_in_columns import drawn


def test_what_the_user_says_of_memory_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "_RJEM_MALLOC_CONF"):
        monkeypatch.delenv(name, raising=False)
    assert heap.of_worker().keys() == {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "_RJEM_MALLOC_CONF"}
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "narenas:4")
    assert heap.of_worker().keys() == {"MALLOC_MMAP_THRESHOLD_"}
    heap.spare()
    assert heap.of_worker().keys() == {"MALLOC_MMAP_THRESHOLD_"}


def test_what_a_batch_says_is_not_taken_for_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "")
    monkeypatch.delenv("_RJEM_MALLOC_CONF")
    heap.spare()
    assert "_RJEM_MALLOC_CONF" in heap.of_worker()


def test_deciding_leaves_no_cycles() -> None:
    """Garbage is not looked for while a frame is decided, so that there must be none."""
    book = rulectl.load("after_sales")
    cases = drawn(1, 400)
    frame = pl.DataFrame(cases, infer_schema_length=None)
    book.decide_many(frame.head(200))
    gc.collect()
    book.decide_many(frame.slice(200))
    assert gc.collect() < 200
