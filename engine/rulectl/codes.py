"""The registry of findings: every code, its severity and its sentences, read from the catalogue.

The catalogue is TOML, one file a floor, so that a person who writes better than they program can mend a sentence and a
test can see that none lacks a language. A code is never reused. Entry:

    [unclosed-range]
    code = "RB203"
    severity = "error"
    message.zh = "..."     # one sentence, {fields} in braces
    message.en = "..."
    help.zh / help.en      # what to write instead; may use the same fields
    example = "[1..5"      # a text that earns this finding
    instead = "[1..5]"
    why.zh / why.en        # optional: more for `rulectl explain-code`
    proved.zh / undecided.zh ...  # of a check: the sentence when it finds nothing, and when it cannot tell
    counterexample.zh ...  # of a check whose code is also told of a case: the sentence when it finds a case
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return (Severity.ERROR, Severity.WARNING, Severity.NOTICE).index(self)


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding; texts by language."""

    code: str
    slug: str
    severity: Severity
    message: Mapping[str, str]
    help: Mapping[str, str]
    why: Mapping[str, str]
    example: str
    instead: str
    proved: Mapping[str, str]
    undecided: Mapping[str, str]
    counterexample: Mapping[str, str]


def _code(slug: str, entry: Mapping[str, Any]) -> Code:
    return Code(
        entry["code"],
        slug,
        Severity(entry["severity"]),
        entry["message"],
        entry.get("help", {}),
        entry.get("why", {}),
        entry.get("example", ""),
        entry.get("instead", ""),
        entry.get("proved", {}),
        entry.get("undecided", {}),
        entry.get("counterexample", {}),
    )


@cache
def registry() -> Mapping[str, Code]:
    """All codes by slug, in the order of their numbers."""
    found: dict[str, Code] = {}
    for file in sorted(files("rulectl.catalog").iterdir(), key=lambda f: f.name):
        if file.name.startswith("rb") and file.name.endswith(".toml"):
            for slug, entry in tomllib.loads(file.read_text("utf-8")).items():
                if slug in found:
                    raise ValueError(f"slug {slug} stands twice in the catalogue")
                found[slug] = _code(slug, entry)
    return dict(sorted(found.items(), key=lambda item: item[1].code))


def by_slug(slug: str) -> Code:
    """The code of a slug; KeyError when the catalogue has none (a test keeps code and catalogue together)."""
    return registry()[slug]


def by_code(code: str) -> Code | None:
    """`RB203` -> its entry, None when there is none."""
    return next((entry for entry in registry().values() if entry.code == code.upper()), None)


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """The other sentences of the product (help, summaries, headings): key -> language -> text."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(files("rulectl.catalog").iterdir(), key=lambda f: f.name):
        if file.name.startswith("text") and file.name.endswith(".toml"):
            found.update(tomllib.loads(file.read_text("utf-8")))
    return found


def say(key: str, lang: Language, /, **fields: object) -> str:
    """A sentence of the product in a language, its fields filled in."""
    return texts()[key][lang].format(**fields)
