"""Documents against the schema of rulebooks, both ways: on the way out and on the way in.

jsonschema-rs says at once whether a document fits (a book of a hundred thousand rules in a second); only where it does
not, or is nested too deeply for it, is jsonschema asked, which says in words what is the matter and where. The two
agree on every document (a test holds them to that).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from typing import Any as Json

from rulectl.codec.formats import FORMATS, rulebook_schema
from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace, Location

if TYPE_CHECKING:
    import jsonschema_rs

MAX_FINDINGS = 20
"""How many faults of one file are worth telling."""


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # late: a sealed text is not held to the schema again

    return jsonschema_rs.Draft202012Validator(rulebook_schema(), formats=dict(FORMATS), validate_formats=True)


def fits(document: Json) -> bool:
    """Whether a document fits the schema for certain; False where jsonschema is to be asked."""
    try:
        return _validator().is_valid(document)
    except ValueError:  # nested too deeply, or a text that is not Unicode
        return False


def validate(document: Json, file: str) -> tuple[Finding, ...]:
    """Findings where a document does not fit the schema; none when it does."""
    if fits(document):
        return ()
    from rulectl.codec.faults import faults  # brings the whole of jsonschema, which a sound file does not need

    found = []
    for pointer, message in faults(document):
        short = message if len(message) <= 200 else message[:200] + "…"
        at = Location(FilePlace(file), pointer)
        found.append(finding("json-invalid", at, file=file, pointer=pointer or "/", what=short))
        if len(found) == MAX_FINDINGS:
            break
    return tuple(found)
