"""Lists put together in columns, held to lists put together in Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rulectl.columnar.lists import end_to_end

LISTS = st.lists(st.lists(st.sampled_from(["甲", "乙", "", "a;b"]), max_size=3), min_size=1, max_size=4)


@given(st.data(), st.lists(LISTS, max_size=4), st.integers(0, 6))
def test_texts_end_to_end(data: st.DataObject, lists: list[list[list[str]]], rows: int) -> None:
    drawn = [[data.draw(st.integers(0, len(texts) - 1)) for _ in range(rows)] for texts in lists]
    parts = [(np.array(codes, np.int32), texts) for codes, texts in zip(drawn, lists, strict=True)]
    wanted = [[t for codes, texts in zip(drawn, lists, strict=True) for t in texts[codes[r]]] for r in range(rows)]
    assert end_to_end(parts, rows).to_list() == wanted
