"""The pause of the search for garbage leaves things as they were, whatever happens within it."""

from __future__ import annotations

import gc

import pytest

from rulectl.collecting import uncollected


@pytest.mark.parametrize("before", [True, False])
def test_it_is_as_before(before: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        with uncollected():
            assert not gc.isenabled()
            with uncollected():
                assert not gc.isenabled()
            assert not gc.isenabled()
        assert gc.isenabled() is before
        with pytest.raises(ZeroDivisionError), uncollected():
            print(1 // 0)
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
