"""A pause of the search for garbage, for work that makes very many small objects and not one cycle among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for garbage: reference counts free what is no longer needed, and looking through all that was
    made for cycles, again and again as it grows, takes from a quarter of the time (cases of which no two are alike) to
    more than anything else (a large rulebook)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
