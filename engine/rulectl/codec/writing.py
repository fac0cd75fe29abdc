"""JSON text of many small nodes.

`json.dumps` makes its encoder anew for each call, which takes longer than the few characters of an entry: two thirds of
the time, for the entries and rules of a large table. Here the encoder is made once. The text is that of `json.dumps`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any as Json


def writer(item: str, key: str, *, ordered: bool = False) -> Callable[[Json], str]:
    """What writes a node as text; the separators between items and after keys, and whether keys are put in order."""
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(item, key), sort_keys=ordered)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python whose json is not in C
        return encoder.encode
    quote = json.encoder.encode_basestring
    parts = make(None, encoder.default, quote, None, key, item, ordered, False, True)

    def write(node: Json) -> str:
        return quote(node) if type(node) is str else "".join(parts(node, 0))

    return write
