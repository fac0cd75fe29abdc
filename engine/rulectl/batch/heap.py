"""Memory that was freed goes back to the system: what allocators are told, and when they are asked.

Two allocators serve a batch beside Python's own: that of the C library (numpy's arrays, whatever is longer than 512
bytes) and that of polars (jemalloc). Both keep what was freed for whoever asks next, each thread in a store of its
own, which is quick and may hold twice what is in use: frames come and go in one thread and are read in another. So a
batch has few stores, and long blocks are the system's own.

The settings are those of mallopt(3) and of jemalloc's `opt.*`; where there is another C library nothing is told, and
where the user has told something it stays.
"""

from __future__ import annotations

import ctypes
import gc
import os
from contextlib import suppress

_ARENAS, _LONG = -8, -3
"""M_ARENA_MAX and M_MMAP_THRESHOLD of mallopt: stores, and from how many bytes on a block is the system's own."""

_POLARS = "_RJEM_MALLOC_CONF"

_HERE = "narenas:2,dirty_decay_ms:100,muzzy_decay_ms:0"
"""Freed pages go back after a tenth of a second. At once would cost a batch of quick rows a tenth of its time."""

_WORKERS = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 17),
    _POLARS: "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0",
}
"""A worker is there because rows take long: it gives back everything at once, for a hundredth of its time."""


def spare() -> None:
    """Have this process keep little of what it frees; to be called before polars is loaded."""
    os.environ.setdefault(_POLARS, _HERE)
    for name, option, value in (("MALLOC_ARENA_MAX", _ARENAS, 1), ("MALLOC_MMAP_THRESHOLD_", _LONG, 1 << 20)):
        if name not in os.environ:
            with suppress(AttributeError, TypeError):
                _library().mallopt(option, value)


def of_worker() -> dict[str, str]:
    """What the environment of a worker says of memory, beside what the user says."""
    return {name: value for name, value in _WORKERS.items() if os.environ.get(name) in (None, _HERE)}


def give_back(cycles: bool = True) -> None:
    """Give back what is free; look first for `cycles` that nobody holds."""
    if cycles:
        gc.collect()
    with suppress(AttributeError, TypeError):
        _library().malloc_trim(0)


def _library() -> ctypes.CDLL:
    """The C library. Raises TypeError where it goes by a name of its own; there is no mallopt there either."""
    return ctypes.CDLL(None)
