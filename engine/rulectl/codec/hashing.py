"""The content hash of a rulebook: over what it means, so that a moved column or a respelt cell does not change it."""

from __future__ import annotations

import json
from hashlib import sha256

from rulectl.codec.document import document
from rulectl.model.rulebook import LANGUAGE_VERSION, Rulebook


def content_hash(rulebook: Rulebook) -> str:
    """`sha256:...`; the same for equal rulebooks, whatever their cells, texts and file."""
    whole = {"language": LANGUAGE_VERSION, **document(rulebook, meaning=True)}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # a lone surrogate can come out of a damaged file; it must not stop the hash
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
