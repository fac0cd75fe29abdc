"""What is open, in columns as in the one-case engine: drawn tables of every hit policy, frames with many blanks."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.columnar import tables
from rulectl.columnar.engine import ColumnarEngine
from rulectl.runtime import index
from rulectl.runtime.engine import Engine
from tests.columnar.test_agree import frame, row, said
from tests.runtime.test_doubting import drawn_book, drawn_case


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**40))
def test_rows_that_lack_facts_are_decided_as_cases_are(seed: int) -> None:
    r = Random(seed)
    book = drawn_book(r)
    careful, columns = Engine(book, quick=False), ColumnarEngine(book)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "DENSE_RULES", r.choice([0, 1024]))
        patch.setattr(tables, "_COMBINATIONS", r.choice([0, 1 << 16]))
        patch.setattr(tables, "_TOGETHER", r.choice([1, 1, 64]))
        patch.setattr("rulectl.columnar.forgetting.KEPT_STATES", r.choice([-(10**6), 150_000, 150_000]))
        for _ in range(3):
            cases = [drawn_case(r) for _ in range(r.choice([1, 20]))]
            decided = columns.decide(frame(book, cases))
            for at, case in enumerate(cases):
                assert row(decided, book, at) == said(careful.decide(case))
