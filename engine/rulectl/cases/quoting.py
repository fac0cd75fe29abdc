"""Where quotes and line ends stand in some bytes of delimited text, looked at in columns (RFC 4180).

Python's lock is asked for as seldom as can be: a piece is being read while the rest of the program is loaded.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BREAK, RETURN, QUOTE = ord("\n"), ord("\r"), ord('"')

Data = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


def alone(body: bytes) -> bool:
    """Whether a carriage return stands before anything but a line break."""
    if b"\r" not in body:
        return False
    data = np.frombuffer(body, np.uint8)
    returns = data == RETURN
    return bool(returns[-1]) or bool((returns[:-1] & (data[1:] != BREAK)).any())


def well_quoted(data: Data, quotes: Places, delimiter: str) -> bool:
    """Whether quotes stand around whole cells only, doubled inside; whether these hold line breaks is not asked."""
    opening, closing = quotes[::2], quotes[1::2]
    if len(opening) != len(closing):
        return False
    # a doubled quote ends one stretch and begins the next
    good = np.zeros(256, np.bool_)
    good[[ord(delimiter), BREAK, QUOTE]] = True
    before = good[data[opening - 1]]
    before[:1] |= opening[:1] == 0
    good[RETURN] = True
    last = len(data) - 1
    after = good[data[np.minimum(closing + 1, last)]]
    return bool(before.all() and after.all())
