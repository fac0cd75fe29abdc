"""Where numbers lie among end points, held to numpy's binary search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.columnar.columns import ends_of
from rulectl.columnar.ruler import Ruler
from rulectl.values import number

POINTS = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1).map(float),
    st.integers(-99_999, 99_999).map(lambda n: n / 100),
    st.sampled_from([0.0, 5e-15, 1e-15, 999_999_999_999_999.0]),
)


@given(st.lists(POINTS, max_size=40), st.lists(POINTS, max_size=40))
def test_a_number_is_found_where_a_search_finds_it(points: list[float], others: list[float]) -> None:
    ends = np.array(sorted(set(points)))
    ends = np.stack([ends, np.nextafter(ends, np.inf)], axis=1).ravel()
    values = np.array([*points, *others, *ends.tolist()])
    assert Ruler.of(ends).places(values).tolist() == np.searchsorted(ends, values, "right").tolist()


@pytest.mark.parametrize("points", [[], [7], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10**14], list(range(3000))])
def test_crowded_and_empty_rulers(points: list[int]) -> None:
    ruler = ends_of([number(point) for point in points])
    values = np.linspace(-10, 3010, 50_021)
    assert ruler.places(values).tolist() == np.searchsorted(ruler.ends[:-1], values, "right").tolist()
