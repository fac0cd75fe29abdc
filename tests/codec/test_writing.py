"""Nodes are written as json.dumps writes them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rulectl.codec.writing import writer

NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

inline, compact = writer(", ", ": "), writer(",", ":", ordered=True)


@given(NODES)
def test_text_is_that_of_json(node: object) -> None:
    assert inline(node) == json.dumps(node, ensure_ascii=False)
    assert compact(node) == json.dumps(node, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
