"""The content hash of a rulebook: over what it means, so that a moved column or a respelt cell does not change it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from rulectl.codec.document import document
from rulectl.codec.tables import Encoded
from rulectl.model.rulebook import LANGUAGE_VERSION, Rulebook


def content_hash(rulebook: Rulebook, tables: Sequence[Encoded] | None = None) -> str:
    """`sha256:...`; the same for equal rulebooks, whatever their cells, texts and file. `tables` are its own, where
    they have been encoded already."""
    encoded = [Encoded.of(table) for table in rulebook.tables] if tables is None else tables
    whole = {"language": LANGUAGE_VERSION, **document(rulebook, encoded, meaning=True)}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # a lone surrogate can come out of a damaged file; it must not stop the hash
    digest = sha256(text.encode("utf-8", "surrogatepass"))
    for table in encoded:
        digest.update("".join(table.meanings()).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return f"sha256:{digest.hexdigest()}"
