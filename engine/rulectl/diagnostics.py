"""A finding: one diagnostic, as data. The code is chosen where the mistake is found; the sentence is made late.

Idea from Gleam and Cedar: findings are values that passes return, never exceptions and never printed from below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rulectl.codes import Code, Language, Severity, by_slug, say
from rulectl.source import Location, Place
from rulectl.values import Value, plain_text

Fields = tuple[tuple[str, str], ...]
"""What fills the sentence of a code, by name."""

_PART = "\x1f"
"""Parts the names of a list in a field, which is made before anyone knows the reader's language: a unit separator,
which no name can hold."""


@dataclass(frozen=True, slots=True)
class Note:
    """Another place that belongs to the finding, e.g. where the list of allowed values stands; `key` names its sentence
    in the text catalogue (`note-allowed-values`)."""

    key: str
    at: Location


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic. `fields` fill the sentence of the code; the rest says whom and what it touches: `case` is one
    that shows it, values by the names of terms. `accepted` is the reason for which it was accepted, where it was."""

    slug: str
    at: Location
    fields: Fields = ()
    notes: tuple[Note, ...] = ()
    table: str = ""
    rules: tuple[str, ...] = ()
    case: tuple[tuple[str, Value], ...] = ()
    verdict: str = ""
    severity_override: Severity | None = None
    accepted: str = ""

    @property
    def info(self) -> Code:
        return by_slug(self.slug)

    @property
    def code(self) -> str:
        return self.info.code

    @property
    def severity(self) -> Severity:
        return self.severity_override or self.info.severity

    def message(self, lang: Language) -> str:
        """One sentence: what is wrong; of a check that found nothing or could not tell, that."""
        if not self.verdict:
            return sentence(self.slug, self.fields, lang)
        info = self.info
        answers = {"proved": info.proved, "undecided": info.undecided, "counterexample": info.counterexample}
        other = answers.get(self.verdict, {})
        return _filled(other.get(lang, info.message[lang]), self.fields, lang)

    def example(self, lang: Language) -> dict[str, str]:
        """The case that shows it, each value as it is written in a cell in a language; an empty list is `[]`."""
        return {name: plain_text(value, lang) if value != () else "[]" for name, value in self.case}

    def help(self, lang: Language) -> str:
        """What to write instead; empty when the sentence says it all, or nothing is wrong."""
        if self.verdict in ("proved", "undecided"):
            return ""
        return advice(self.slug, self.fields, lang)


def sentence(slug: str, fields: Fields, lang: Language) -> str:
    """What a code says is wrong."""
    return _filled(by_slug(slug).message[lang], fields, lang)


def advice(slug: str, fields: Fields, lang: Language) -> str:
    """What it says to write instead; may be empty."""
    template = by_slug(slug).help.get(lang, "")
    return _filled(template, fields, lang).rstrip() if template else ""


def listed(names: Sequence[str], most: int | None = None) -> str:
    """Names as one field of a finding, beyond the first `most` an ellipsis; the sentence parts them as its language
    does."""
    return _PART.join(names[:most]) + ("…" if most is not None and len(names) > most else "")


def _filled(template: str, fields: Fields, lang: Language) -> str:
    text = template.format(**dict(fields))
    return text.replace(_PART, say("report-list-comma", lang)) if _PART in text else text


def finding(
    slug: str,
    at: Location | Place,
    /,
    *,
    notes: Iterable[Note] = (),
    table: str = "",
    rules: Iterable[str] = (),
    case: Mapping[str, Value] | None = None,
    verdict: str = "",
    severity: Severity | None = None,
    **fields: object,
) -> Finding:
    """A finding of the code `slug` at a place; `fields` are turned into text here, once."""
    where = at if isinstance(at, Location) else Location(at)
    return Finding(
        slug,
        where,
        tuple((name, str(value)) for name, value in fields.items()),
        tuple(notes),
        table,
        tuple(rules),
        tuple((case or {}).items()),
        verdict,
        severity,
    )


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(f.severity is Severity.ERROR for f in findings)
