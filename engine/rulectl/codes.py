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

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple

from rulectl.data import data_folder

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


class Code(NamedTuple):
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
def _files(start: str) -> tuple[str, ...]:
    """The text of the files of the catalogue whose names start so, in the order of their names, a line end before."""
    paths = sorted(data_folder("rulectl.catalog").glob(f"{start}*.toml"))
    return tuple("\n" + path.read_text("utf-8") for path in paths)


@cache
def _entry(start: str, key: str) -> Mapping[str, Any] | None:
    """One entry of the catalogue. Parsing all of it takes longer than compiling a small workbook, and most runs say a
    sentence or two; so its lines are cut out, from its heading to the next, and parsed alone."""
    for text in _files(start):
        found = text.find(f"\n[{key}]\n")
        if found >= 0:
            end = text.find("\n[", found + 1)
            entry: Mapping[str, Any] = _parsed(text[found : end if end >= 0 else None])[key]
            return entry
    return None


def _parsed(text: str) -> dict[str, Any]:
    import tomllib  # late: most runs find nothing to tell of

    return tomllib.loads(text)


def _entries(start: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for text in _files(start):
        yield from _parsed(text).items()


@cache
def registry() -> Mapping[str, Code]:
    """All codes by slug, in the order of their numbers."""
    found: dict[str, Code] = {}
    for slug, entry in _entries("rb"):
        if slug in found:
            raise ValueError(f"slug {slug} stands twice in the catalogue")
        found[slug] = _code(slug, entry)
    return dict(sorted(found.items(), key=lambda item: item[1].code))


@cache
def by_slug(slug: str) -> Code:
    """The code of a slug; KeyError when the catalogue has none (a test keeps code and catalogue together)."""
    entry = _entry("rb", slug)
    if entry is None:
        raise KeyError(slug)
    return _code(slug, entry)


def by_code(code: str) -> Code | None:
    """`RB203` -> its entry, None when there is none."""
    return next((entry for entry in registry().values() if entry.code == code.upper()), None)


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """The other sentences of the product (help, summaries, headings): key -> language -> text."""
    return dict(_entries("text"))


def has_text(key: str) -> bool:
    """Whether there is a sentence of that key."""
    return _entry("text", key) is not None


def say(key: str, lang: Language, /, **fields: object) -> str:
    """A sentence of the product in a language, its fields filled in."""
    entry = _entry("text", key)
    if entry is None:
        raise KeyError(key)
    text: str = entry[lang]
    return text.format(**fields)
