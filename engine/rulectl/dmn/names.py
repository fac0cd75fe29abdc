"""The names of DMN: namespaces by version, hit policies, types, and the namespace of what DMN cannot say.

Source: DMN 1.2 (formal/19-01-05), 1.3, 1.4 and 1.5 (formal/24-01-01); each version has a namespace of its own, and the
parts that are read here are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from rulectl.model.policy import HitPolicy
from rulectl.types import Kind

VERSIONS: Mapping[str, str] = {
    "1.2": "http://www.omg.org/spec/DMN/20180521/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/",
}
"""Version -> the beginning of its namespaces; `MODEL/`, `FEEL/` or `DMNDI/` follows."""

OWN = "urn:rulectl:dmn:1"
"""The namespace of the extension elements in which rulectl keeps what DMN cannot say."""

DC = "http://www.omg.org/spec/DMN/20180521/DC/"
DI = "http://www.omg.org/spec/DMN/20180521/DI/"

POLICIES: Mapping[tuple[str, str], HitPolicy] = {policy.dmn: policy for policy in HitPolicy}
"""Hit policy and aggregation as DMN writes them (section 8.2.10)."""

TYPES: Mapping[str, Kind] = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "date and time": Kind.DATETIME,
    "dateTime": Kind.DATETIME,
    "dayTimeDuration": Kind.DURATION,
    "days and time duration": Kind.DURATION,
    # not in the standard, and in many files
    "integer": Kind.NUMBER,
    "long": Kind.NUMBER,
    "double": Kind.NUMBER,
    "decimal": Kind.NUMBER,
}
"""The types of FEEL that a term can have."""

UNTYPED = frozenset(("", "Any", "any", "<Undefined>", "undefined"))
"""References that say nothing of a type."""


def version_of(namespace: str) -> str | None:
    """`https://www.omg.org/spec/DMN/20191111/MODEL/` -> `1.3`; None for any other namespace."""
    return next((version for version, start in VERSIONS.items() if namespace == start + "MODEL/"), None)
